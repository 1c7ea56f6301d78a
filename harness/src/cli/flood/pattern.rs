//! What a flood is made of: a frame, and how the next one differs from it. One type for each pattern and one line in
//! [`PATTERNS`]. Sends nothing.

use std::net::Ipv4Addr;
use stormglass_harness::mac::Mac;
use stormglass_harness::packets::{self, ArpOperation, Ipv4};

/// Every pattern.
pub(super) const PATTERNS: &[&dyn Pattern] = &[&Incident, &Forged, &Steady];

/// The Echo of the incident, whose search it was, and the router that sent it back.
const ECHO: (Mac, Ipv4Addr) = (Mac([0x44, 0x00, 0x49, 0x10, 0x00, 0x0a]), Ipv4Addr::new(192, 168, 1, 10));
const ROUTER: (Mac, Ipv4Addr) = (Mac([0x3c, 0x84, 0x6a, 0x10, 0x00, 0xc8]), Ipv4Addr::new(192, 168, 1, 100));
/// First source of the patterns whose sources differ; a source's number is added to both.
const FIRST_SOURCE: (Mac, Ipv4Addr) = (Mac([0x02, 0x1b, 0, 0, 0, 0]), Ipv4Addr::new(10, 0, 0, 0));

/// How frames of a flood differ from one another, by their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variation {
    /// So many datagrams of one source, told apart by their IP identification, in turn.
    Datagrams(u32),
    /// Every frame is a datagram of its own, from a source with its own MAC and IP address.
    Sources {
        /// Forged ones there are, a power of two.
        forged: u32,
        /// The odd factor that brings them in an order that looks like none.
        factor: u32,
        /// One frame in so many is of the first heavy source, one in the square of it of the second, and so on; 0: none.
        heavy_one_in: u32,
    },
}

/// Heavy sources of a flood that has any: their numbers are 0 and up, and those of forged ones begin after them.
pub(super) const HEAVY: u32 = 3;

/// One kind of flood.
pub(super) trait Pattern: std::fmt::Debug + Sync {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// What it is, for the help.
    fn help(&self) -> &'static str;
    /// Frames that are heard before it, as in any LAN: who owns which address.
    fn before(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
    /// The frame that the others are made of.
    fn template(&self) -> Vec<u8>;
    /// How they differ.
    fn variation(&self, seed: u64) -> Variation;

    /// The heavy sources, and how many of `sent` frames each has sent.
    fn heavy(&self, sent: u64) -> Vec<(Mac, u64)> {
        let Variation::Sources { heavy_one_in: one_in @ 1.., .. } = self.variation(0) else { return Vec::new() };
        let mut every = 1;
        let each = (0..HEAVY).map(|number| {
            every *= u64::from(one_in);
            // Frame n is of heavy source h if n mod every = h; see `program`.
            let frames = (sent + every - 1).saturating_sub(u64::from(number)) / every;
            (source(number).0, frames)
        });
        each.collect()
    }
}

/// A source by its number.
pub(super) fn source(number: u32) -> (Mac, Ipv4Addr) {
    let Mac(mut mac) = FIRST_SOURCE.0;
    mac[2..].copy_from_slice(&number.to_be_bytes());
    (Mac(mac), Ipv4Addr::from_bits(FIRST_SOURCE.1.to_bits() | number))
}

/// An M-SEARCH for everything (UPnP Device Architecture 2.0, 1.3.2), padded so that the frame has the 264 bytes with which
/// other receivers were measured.
fn search(mac: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let mut text =
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 3\r\nST: ssdp:all\r\n\
                    USER-AGENT: "
            .to_owned();
    text.extend(std::iter::repeat_n('x', 218 - text.len()));
    text.push_str("\r\n\r\n");
    let header = Ipv4 { source: ip, destination: packets::SSDP_GROUP, ttl: 3, id: 1 };
    packets::udp_group(mac, &header, (50_000, 1900), text.as_bytes())
}

#[derive(Debug)]
struct Incident;

impl Pattern for Incident {
    fn name(&self) -> &'static str {
        "incident"
    }

    fn help(&self) -> &'static str {
        "28 searches of one device that a router sends back, over and over"
    }

    /// The Echo asks for the router, and the router answers: both are known by their own word.
    fn before(&self) -> Vec<Vec<u8>> {
        let ask = packets::arp(ArpOperation::Request, ECHO, ROUTER);
        let answer = packets::arp(ArpOperation::Reply, ROUTER, ECHO);
        vec![ask, answer]
    }

    fn template(&self) -> Vec<u8> {
        search(ROUTER.0, ECHO.1)
    }

    fn variation(&self, _seed: u64) -> Variation {
        Variation::Datagrams(28)
    }
}

#[derive(Debug)]
struct Forged;

impl Pattern for Forged {
    fn name(&self) -> &'static str {
        "forged"
    }

    fn help(&self) -> &'static str {
        "2^20 forged sources, and among them three heavy ones with 1/4, 1/16 and 1/64 of the frames"
    }

    fn template(&self) -> Vec<u8> {
        search(FIRST_SOURCE.0, FIRST_SOURCE.1)
    }

    fn variation(&self, seed: u64) -> Variation {
        // Any odd factor visits every number once.
        Variation::Sources { forged: 1 << 20, factor: (seed as u32).wrapping_mul(0x9e37_79b8) | 1, heavy_one_in: 4 }
    }
}

#[derive(Debug)]
struct Steady;

impl Pattern for Steady {
    fn name(&self) -> &'static str {
        "steady"
    }

    fn help(&self) -> &'static str {
        "fresh datagrams of 32 devices in turn, for a steady rate"
    }

    fn template(&self) -> Vec<u8> {
        search(FIRST_SOURCE.0, FIRST_SOURCE.1)
    }

    fn variation(&self, _seed: u64) -> Variation {
        Variation::Sources { forged: 32, factor: 1, heavy_one_in: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_length_that_was_measured_with() {
        for pattern in PATTERNS {
            assert_eq!(pattern.template().len(), 264, "{}", pattern.name());
        }
    }
}
