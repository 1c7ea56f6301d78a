//! MAP-E (RFC 7597): the ports that a customer has of a shared IPv4 address. Pure arithmetic; knows no provider.

use serde::{Deserialize, Serialize};

/// A customer's share of the ports of an address (RFC 7597, 5.1): `a` bits of offset, `k` bits of PSID, and what is
/// left of the 16 counts the ports of one range.
///
/// Known services: v6プラス has an offset of 4 and a PSID of 8 bits, 15 ranges of 16 ports; OCN's virtual connect has
/// 6 and 6, 63 ranges of 16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapE {
    /// `a`: bits in front of the PSID, which are never all zero unless there are none, so that the well-known ports
    /// belong to nobody.
    pub psid_offset: u8,
    /// `k`: bits of the PSID; 0 gives the whole address.
    pub psid_length: u8,
    /// The PSID: which share.
    pub psid: u16,
}

/// Why a share makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapEError {
    /// Offset and PSID together have more than the 16 bits of a port.
    #[error("psid_offset and psid_length together are at most 16 bits, the size of a port number")]
    TooLong,
    /// The PSID does not fit into its length.
    #[error("psid does not fit into psid_length bits: check the length, or look the PSID up again in the router")]
    PsidTooLarge,
}

impl MapE {
    /// # Errors
    /// See [`MapEError`].
    pub fn check(self) -> Result<Self, MapEError> {
        if u32::from(self.psid_offset) + u32::from(self.psid_length) > 16 {
            return Err(MapEError::TooLong);
        }
        if u32::from(self.psid) >= 1 << self.psid_length {
            return Err(MapEError::PsidTooLarge);
        }
        Ok(self)
    }

    /// `m`: bits of a port within its range.
    const fn within(self) -> u32 {
        16_u32.saturating_sub(self.psid_offset as u32 + self.psid_length as u32)
    }

    /// The port is one of the share.
    #[must_use]
    pub fn contains(self, port: u16) -> bool {
        let port = u32::from(port);
        let offset = port.checked_shr(16_u32.saturating_sub(u32::from(self.psid_offset))).unwrap_or(0);
        let psid = (port >> self.within()) & ((1 << self.psid_length.min(16)) - 1);
        (self.psid_offset == 0 || offset > 0) && psid == u32::from(self.psid)
    }

    /// First and last port of each range, in order.
    pub fn ranges(self) -> impl Iterator<Item = (u16, u16)> {
        let first = u32::from(self.psid_offset > 0);
        let shift = 16_u32.saturating_sub(u32::from(self.psid_offset));
        (first..1 << self.psid_offset.min(16)).filter_map(move |offset: u32| {
            let low = (offset << shift) | (u32::from(self.psid) << self.within());
            let high = low + (1 << self.within()) - 1;
            Some((u16::try_from(low).ok()?, u16::try_from(high).ok()?))
        })
    }

    /// How many ports it has.
    #[must_use]
    pub fn count(self) -> u32 {
        self.ranges().map(|(low, high)| u32::from(high) - u32::from(low) + 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn share(psid_offset: u8, psid_length: u8, psid: u16) -> MapE {
        MapE { psid_offset, psid_length, psid }
    }

    #[test]
    fn shares_of_known_services() {
        let plus = share(4, 8, 0x34);
        assert_eq!((plus.count(), plus.ranges().count()), (240, 15));
        assert_eq!(plus.ranges().next(), Some((0x1340, 0x134f)));
        assert_eq!(plus.ranges().last(), Some((0xf340, 0xf34f)));
        assert!(plus.contains(0x1340) && plus.contains(0xf34f) && !plus.contains(0x0340) && !plus.contains(5001));
        let ocn = share(6, 6, 63);
        assert_eq!((ocn.count(), ocn.ranges().count()), (1008, 63));
        assert!(ocn.ranges().next().is_some_and(|(low, _)| low >= 1024));
        // A fixed address: every port.
        assert_eq!((share(0, 0, 0).count(), share(0, 0, 0).contains(0)), (65_536, true));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(share(10, 7, 0).check(), Err(MapEError::TooLong));
        assert_eq!(share(4, 8, 256).check(), Err(MapEError::PsidTooLarge));
        assert_eq!(share(4, 0, 1).check(), Err(MapEError::PsidTooLarge));
        assert_eq!(share(0, 16, 65_535).check(), Ok(share(0, 16, 65_535)));
    }
}
