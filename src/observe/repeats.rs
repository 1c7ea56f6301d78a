//! Frames that repeat byte for byte, as a storm's do: recognised by comparing them with the few seen last, which costs a
//! quarter of reading and hashing them. Remembers what the frame path found out about each; finds out nothing itself.

use super::replica::Slot;
use super::sources::Place;
use crate::model::MacAddr;
use crate::model::frames::{FrameMeta, LinkType, SourceKey};
use crate::wire::digest::Secret;

/// Frames remembered. Few datagrams circulate at once (28 in the incident's captures), and all places together fit the
/// second-level cache of a small processor.
const PLACES: usize = 32;
/// Bytes of the longest frame remembered: discovery and its kin fit; longer ones are read and hashed each time.
const MAX_BYTES: usize = 512;
/// Where the words that choose the place are: in IPv4 over Ethernet the length and identification, and the ports and
/// the checksum of UDP. Of other frames any bytes do.
const WORDS: [usize; 2] = [16, 34];

/// What was found out about a frame that repeated one before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    /// Its datagram.
    pub(super) slot: Slot,
    /// Whose it is.
    pub(super) key: SourceKey,
    /// Where it was counted last.
    pub(super) place: Place,
    /// Source MAC.
    pub(super) source: MacAddr,
    /// TTL or hop limit.
    pub(super) ttl: u8,
}

struct Remembered {
    /// Length of the frame.
    length: usize,
    interface: u16,
    link: LinkType,
    vlan: Option<u16>,
    known: Known,
    bytes: [u8; MAX_BYTES],
}

/// The frames that repeated others lately.
pub(super) struct Repeats {
    places: Box<[Option<Remembered>; PLACES]>,
    /// Keeps an attacker from making two frames of a storm push each other out.
    secret: Secret,
}

impl std::fmt::Debug for Repeats {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repeats").field("known", &self.places.iter().flatten().count()).finish()
    }
}

impl Repeats {
    pub(super) fn new(secret: Secret) -> Self {
        Self { places: Box::new([const { None }; PLACES]), secret }
    }

    #[inline]
    fn place(&self, bytes: &[u8]) -> Option<usize> {
        let [one, two] = WORDS.map(|at| bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word)));
        Some(self.secret.mix(one?, two?) as usize % PLACES)
    }

    /// What is known of exactly this frame.
    #[inline]
    pub(super) fn find(&mut self, meta: &FrameMeta, bytes: &[u8]) -> Option<&mut Known> {
        let place = self.place(bytes)?;
        let one = self.places[place].as_mut()?;
        let same = (one.length, one.interface, one.vlan) == (bytes.len(), meta.interface, meta.vlan)
            && one.link == meta.link
            && one.bytes.get(..bytes.len()) == Some(bytes);
        same.then_some(&mut one.known)
    }

    /// Remembers a frame in the place of another.
    pub(super) fn remember(&mut self, meta: &FrameMeta, frame: &[u8], known: Known) {
        let (Some(place), true) = (self.place(frame), frame.len() <= MAX_BYTES) else { return };
        let (interface, link, vlan, length) = (meta.interface, meta.link, meta.vlan, frame.len());
        let fresh = Remembered { length, interface, link, vlan, known, bytes: [0; MAX_BYTES] };
        self.places[place].insert(fresh).bytes[..length].copy_from_slice(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use crate::model::frames::Protocol;
    use crate::observe::sources::TopSources;

    #[test]
    fn only_exactly_this_frame_is_known() {
        let mut repeats = Repeats::new(Secret::new(7));
        let meta =
            |link, interface, vlan| FrameMeta { at: Time::MIN, number: 1, interface, link, vlan, original_len: 0 };
        let key = SourceKey { vlan: 0, mac: MacAddr::ZERO, ip: None, group: None, protocol: Protocol::Other };
        let place = TopSources::new(Secret::new(7)).count(&key, (60, Time::MIN), true);
        let known = || Known { slot: Slot::default(), key, place, source: MacAddr::ZERO, ttl: 9 };
        let here = meta(LinkType::Ethernet, 0, None);
        for length in [0, 41, 42, 60, MAX_BYTES, MAX_BYTES + 1] {
            let frame = vec![7; length];
            repeats.remember(&here, &frame, known());
            let found = repeats.find(&here, &frame).map(|known| known.ttl);
            assert_eq!(found, (42..=MAX_BYTES).contains(&length).then_some(9), "{length} bytes");
            for at in 0..length {
                let mut other = frame.clone();
                other[at] ^= 1;
                assert!(repeats.find(&here, &other).is_none(), "byte {at} of {length}");
            }
        }
        let frame = [7; 60];
        repeats.remember(&here, &frame, known());
        assert!(repeats.find(&here, &frame[..59]).is_none());
        for other in [meta(LinkType::LinuxSll, 0, None), meta(LinkType::Ethernet, 1, None)] {
            assert!(repeats.find(&other, &frame).is_none(), "{other:?}");
        }
        assert!(repeats.find(&meta(LinkType::Ethernet, 0, Some(7)), &frame).is_none(), "another VLAN");
    }
}
