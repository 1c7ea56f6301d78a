//! NAT-PMP's question for the external address (RFC 6886, 3.2), and what a gateway with NAT-PMP or PCP (RFC 6887)
//! answers. Opens no port.

use std::net::Ipv4Addr;

/// UDP port of both protocols.
pub const PORT: u16 = 5351;
/// Version 0, opcode 0: what is the external address?
pub const REQUEST: [u8; 2] = [0, 0];

/// What a gateway says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its external address; 0.0.0.0: it has none now.
    External(Ipv4Addr),
    /// NAT-PMP is there and refuses, by its result code (2: not authorised, 3: no network).
    Refused(u16),
    /// It speaks PCP alone.
    Pcp,
}

/// Reads an answer.
#[must_use]
pub fn parse(datagram: &[u8]) -> Option<Answer> {
    match datagram {
        [0, 128, 0, 0, _, _, _, _, a, b, c, d, ..] => Some(Answer::External(Ipv4Addr::new(*a, *b, *c, *d))),
        // Version 0 and result 1: another version is wanted, which PCP is (RFC 6886, 3.5; RFC 6887, 9).
        [0, 128, 0, 1, ..] | [2, _, _, 1, ..] => Some(Answer::Pcp),
        [0, 128, high, low, ..] if [*high, *low] != [0, 0] => Some(Answer::Refused(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        assert_eq!(parse(&[0, 128, 0, 0, 0, 0, 0, 9, 192, 0, 0, 2]), Some(Answer::External([192, 0, 0, 2].into())));
        assert_eq!(parse(&[0, 128, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0]), Some(Answer::Refused(3)));
        assert_eq!(parse(&[0, 128, 0, 1]), Some(Answer::Pcp));
        assert_eq!(parse(&[2, 128, 0, 1, 0, 0, 0, 0]), Some(Answer::Pcp));
        assert_eq!(parse(&[0, 128, 0, 0, 0, 0, 0, 9, 192]), None);
        assert_eq!(parse(&[0, 0]), None);
        assert_eq!(parse(&[]), None);
    }
}
