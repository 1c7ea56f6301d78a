//! A MAC address. Does not know vendors (`vendor` does).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A 48-bit IEEE 802 MAC address (EUI-48).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MacAddr(pub [u8; 6]);

impl Ord for MacAddr {
    /// The order of the bytes, which is that of the numbers: tables are searched by it, and comparing one word takes a
    /// quarter of the time.
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_u64().cmp(&other.as_u64())
    }
}

impl PartialOrd for MacAddr {
    #[inline]
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl MacAddr {
    /// `ff:ff:ff:ff:ff:ff`.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// `00:00:00:00:00:00`, which no device has.
    pub const ZERO: Self = Self([0; 6]);

    /// The I/G bit (IEEE 802-2014, 8.2.2): a group address, broadcast included.
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// The U/L bit: not from a vendor's block (random, virtual or set by hand).
    #[must_use]
    pub const fn is_local(self) -> bool {
        self.0[0] & 2 != 0
    }

    /// A virtual-router address: VRRP and CARP (RFC 9568, 7.3), HSRP v1/v2, GLBP. Several devices send from it by design.
    #[must_use]
    pub const fn is_virtual_router(self) -> bool {
        matches!(
            self.0,
            [0x00, 0x00, 0x5e, 0x00, 0x01 | 0x02, _]
                | [0x00, 0x00, 0x0c, 0x07, 0xac, _]
                | [0x00, 0x00, 0x0c, 0x9f, 0xf0..=0xff, _]
                | [0x00, 0x07, 0xb4, _, _, _]
        )
    }

    /// The address as a number.
    #[inline]
    #[must_use]
    pub fn as_u64(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// The address has the interface identifier that is made of this MAC (modified EUI-64; RFC 4291, appendix A): it is that
    /// of no other device.
    #[must_use]
    pub fn is_in(self, ip: std::net::IpAddr) -> bool {
        let [a, b, c, d, e, f] = self.0;
        let made = [a ^ 2, b, c, 0xff, 0xfe, d, e, f];
        matches!(ip, std::net::IpAddr::V6(v6) if v6.octets()[8..] == made)
    }

    /// Likely another interface of one device: the same block, at most `reach` apart, as makers number the sides of a
    /// router. Equal addresses are not neighbours.
    #[must_use]
    pub fn is_neighbour_of(self, other: Self, reach: u64) -> bool {
        self != other && self.0[..3] == other.0[..3] && self.as_u64().abs_diff(other.as_u64()) <= reach
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, f] = self.0;
        write!(out, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for MacAddr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for MacAddr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not a MAC address.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a MAC address: write six pairs of hexadecimal digits, as in 3c:84:6a:10:00:c8")]
pub struct ParseMacError;

impl FromStr for MacAddr {
    type Err = ParseMacError;

    /// Accepts `aa:bb:cc:dd:ee:ff`, `aa-bb-cc-dd-ee-ff` and `aabbccddeeff`, either case.
    fn from_str(text: &str) -> Result<Self, ParseMacError> {
        let separated = text.split([':', '-']).collect::<Vec<_>>();
        let mut bytes = [0; 6];
        if separated.len() == 6 {
            for (byte, part) in bytes.iter_mut().zip(separated) {
                if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(ParseMacError);
                }
                *byte = u8::from_str_radix(part, 16).map_err(|_| ParseMacError)?;
            }
        } else {
            if text.len() != 12 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(ParseMacError);
            }
            let number = u64::from_str_radix(text, 16).map_err(|_| ParseMacError)?;
            bytes.copy_from_slice(&number.to_be_bytes()[2..]);
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let mac = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0x00, 0xc8]);
        assert_eq!(mac.to_string().parse(), Ok(mac));
        assert_eq!("3C-84-6A-10-00-C8".parse(), Ok(mac));
        assert_eq!("3c846a1000c8".parse(), Ok(mac));
        assert_eq!("3c:84:6a:10:00".parse::<MacAddr>(), Err(ParseMacError));
        assert_eq!("+c:84:6a:10:00:c8".parse::<MacAddr>(), Err(ParseMacError));
    }

    #[test]
    fn neighbours_share_a_block() {
        let lan: MacAddr = "3c:84:6a:10:00:c8".parse().expect("a literal");
        assert!(lan.is_neighbour_of("3c:84:6a:10:00:c9".parse().expect("a literal"), 8));
        assert!(!lan.is_neighbour_of(lan, 8));
        let made = |ip: &str| lan.is_in(ip.parse().expect("a literal"));
        assert!(made("fe80::3e84:6aff:fe10:c8") && !made("fe80::3e84:6aff:fe10:c9") && !made("192.168.1.1"));
        assert!(!lan.is_neighbour_of("3c:84:6a:10:01:c9".parse().expect("a literal"), 8));
    }
}
