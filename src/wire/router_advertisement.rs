//! IPv6 Router Advertisements (RFC 4861, 4.2): who wants to be a router, for how long, with which prefixes. Knows no
//! sockets, and judges nobody.

use std::net::Ipv6Addr;

/// Prefixes kept of one advertisement; a home has one or two.
pub const MAX_PREFIXES: usize = 8;
/// DNS servers kept.
pub const MAX_DNS: usize = 4;
/// Options read; a packet of 1,500 bytes holds no more that matter.
const MAX_OPTIONS: usize = 64;

/// An advertisement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertisement {
    /// Seconds that it may be the default router; 0: it is none.
    pub lifetime_seconds: u16,
    /// Prefixes with their lengths, on-link or for addresses.
    pub prefixes: Vec<(Ipv6Addr, u8)>,
    /// DNS servers (RFC 8106).
    pub dns: Vec<Ipv6Addr>,
}

/// Reads an ICMPv6 message. An option that is cut short or empty ends the options.
#[must_use]
pub fn parse(message: &[u8]) -> Option<Advertisement> {
    let fixed = message.get(..16).filter(|fixed| fixed[..2] == [134, 0])?;
    let mut found =
        Advertisement { lifetime_seconds: u16::from_be_bytes([fixed[6], fixed[7]]), ..Advertisement::default() };
    let mut rest = &message[16..];
    for _ in 0..MAX_OPTIONS {
        let (Some(&kind), Some(&units)) = (rest.first(), rest.get(1)) else { break };
        let length = usize::from(units) * 8;
        let Some(option) = rest.get(..length).filter(|_| units > 0) else { break };
        match (kind, units) {
            (3, 4) if found.prefixes.len() < MAX_PREFIXES => {
                let prefix = (address(&option[16..]), option[2].min(128));
                // Valid lifetime 0 takes a prefix back.
                if option[4..8] != [0; 4] && !found.prefixes.contains(&prefix) {
                    found.prefixes.push(prefix);
                }
            }
            (25, 3..) => {
                let room = MAX_DNS - found.dns.len();
                found.dns.extend(option[8..].as_chunks::<16>().0.iter().take(room).map(|bytes| Ipv6Addr::from(*bytes)));
            }
            _ => {}
        }
        rest = &rest[length..];
    }
    Some(found)
}

/// The address at the start of 16 bytes or more; what is missing is zero.
fn address(bytes: &[u8]) -> Ipv6Addr {
    Ipv6Addr::from(bytes.first_chunk::<16>().copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(last: u8, valid: u8) -> Vec<u8> {
        let mut option = vec![3, 4, 64, 0xc0, 0, 0, 0, valid, 0, 0, 0, 0, 0, 0, 0, 0];
        option.extend([0x20, 1, 0xd, 0xb8, 0, last, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        option
    }

    fn message(options: &[Vec<u8>]) -> Vec<u8> {
        let mut message = vec![134, 0, 0, 0, 64, 0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
        message.extend(options.concat());
        message
    }

    #[test]
    fn prefixes_and_dns_are_read() {
        let mut dns = vec![25, 3, 0, 0, 0, 0, 0, 9];
        dns.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        let link = vec![1, 1, 2, 0, 0, 0, 0, 1];
        let found = parse(&message(&[link, prefix(1, 9), prefix(1, 9), prefix(2, 0), dns])).expect("an advertisement");
        assert_eq!(found.lifetime_seconds, 0x0708);
        assert_eq!(found.prefixes, [("2001:db8:1::".parse().expect("a literal"), 64)]);
        assert_eq!(found.dns, ["fd00::1".parse::<Ipv6Addr>().expect("a literal")]);
    }

    #[test]
    fn what_is_wrong_ends_it() {
        assert_eq!(parse(&message(&[])[..15]), None);
        assert_eq!(parse(&[135; 40]), None);
        for options in [vec![3, 0, 1, 1], vec![3, 4, 64], prefix(1, 9)[..31].to_vec()] {
            assert_eq!(parse(&message(&[options])).map(|found| found.prefixes), Some(vec![]));
        }
        let many = (0..40).map(|n| prefix(n, 9)).collect::<Vec<_>>();
        assert_eq!(parse(&message(&many)).map(|found| found.prefixes.len()), Some(MAX_PREFIXES));
    }
}
