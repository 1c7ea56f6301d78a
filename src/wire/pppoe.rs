//! PPPoE discovery (RFC 2516, 5): who looks for a line, and who offers one. Opens no session.

/// What a discovery packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Discovery {
    /// PADI: a client looks for a concentrator. Only the WAN side of a router, or a computer that dials, sends it.
    Initiation,
    /// PADO: a concentrator answers.
    Offer,
    /// PADR, PADS, PADT or another, by its code.
    Other(u8),
}

/// Reads what follows the EtherType 0x8863 or 0x8864. `None`: a session's data, or nothing of PPPoE.
#[must_use]
pub fn parse(packet: &[u8]) -> Option<Discovery> {
    match *packet.first_chunk::<6>()? {
        // Version 1, type 1; code 0 is a session's.
        [0x11, 0x09, 0, 0, ..] => Some(Discovery::Initiation),
        [0x11, 0x07, 0, 0, ..] => Some(Discovery::Offer),
        [0x11, code, ..] if code != 0 => Some(Discovery::Other(code)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes() {
        assert_eq!(parse(&[0x11, 9, 0, 0, 0, 4, 1, 1, 0, 0]), Some(Discovery::Initiation));
        assert_eq!(parse(&[0x11, 7, 0, 0, 0, 0]), Some(Discovery::Offer));
        assert_eq!(parse(&[0x11, 0xa7, 0, 5, 0, 0]), Some(Discovery::Other(0xa7)));
        assert_eq!(parse(&[0x11, 0, 0, 5, 0, 0]), None);
        assert_eq!(parse(&[0x11, 9, 0]), None);
        assert_eq!(parse(&[0x21, 9, 0, 0, 0, 0]), None);
    }
}
