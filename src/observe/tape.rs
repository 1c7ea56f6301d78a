//! The last seconds of group frames, kept ready to be written should a storm begin: each second has a place of fixed
//! size, so that a flood fills its own seconds and not those before it, which are what one wants to see. Each frame
//! costs a comparison and the copy of its first bytes; nothing is allocated once there are as many places as seconds.

use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};
use crate::wire::capture_file::write;
use std::collections::VecDeque;
use std::time::Duration;

/// Bytes of the places before the onset, together.
pub const TAPE_BYTES: usize = 4 << 20;
const SECOND: i64 = 1_000_000_000;

/// How much is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapeLimits {
    /// Time kept before the onset, in whole seconds.
    pub before: Duration,
    /// Bytes kept of each frame.
    pub snaplen: usize,
}

/// One second of frames, as pcapng blocks.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// The blocks.
    pub blocks: Vec<u8>,
    /// Frames in them.
    pub frames: u64,
    /// Frames that found no room.
    pub left_out: u64,
    second: i64,
}

/// The tape of one interface.
#[derive(Debug)]
pub struct Tape {
    limits: TapeLimits,
    place: usize,
    seconds: VecDeque<Stretch>,
    /// Emptied places, used again.
    spare: Vec<Vec<u8>>,
}

impl Tape {
    /// An empty tape.
    #[must_use]
    pub fn new(limits: TapeLimits) -> Self {
        // The second that is being filled, and the one that the onset cuts.
        let places = usize::try_from(limits.before.as_secs()).unwrap_or(60).min(60) + 2;
        Self { limits, place: TAPE_BYTES / places, seconds: VecDeque::with_capacity(places + 1), spare: Vec::new() }
    }

    /// Keeps the beginning of a frame, if it went to a group or is ARP.
    #[inline]
    pub fn frame(&mut self, meta: &FrameMeta, bytes: &[u8]) {
        // The whole of ARP, also what goes to one host: who owns which address is half of the diagnosis.
        let wanted = bytes.len() >= 14 && (bytes[0] & 1 != 0 || bytes[12..14] == [8, 6]);
        if !wanted || meta.link != LinkType::Ethernet {
            return;
        }
        let second = meta.at.as_nanos().div_euclid(SECOND);
        if self.seconds.back().is_none_or(|last| last.second < second) {
            self.begin(second);
        }
        let Some(now) = self.seconds.back_mut() else { return };
        let kept = &bytes[..bytes.len().min(self.limits.snaplen.max(14))];
        if now.blocks.len() + kept.len() + 4 + write::AROUND_FRAME + 4 > self.place {
            now.left_out += 1;
            return;
        }
        now.frames += 1;
        match meta.vlan {
            // The hardware took the tag out; in the file it stands where it stood on the wire (IEEE 802.1Q).
            Some(vlan) => {
                let [high, low] = vlan.to_be_bytes();
                let parts = [&kept[..12], &[0x81, 0, high, low], &kept[12..]];
                write::frame(&mut now.blocks, meta.at, &parts, meta.original_len.saturating_add(4));
            }
            None => write::frame(&mut now.blocks, meta.at, &[kept], meta.original_len),
        }
    }

    /// Begins a second, and lets go what has become too old.
    fn begin(&mut self, second: i64) {
        let oldest = second.saturating_sub(i64::try_from(self.limits.before.as_secs()).unwrap_or(60).min(60) + 1);
        while self.seconds.front().is_some_and(|first| first.second < oldest) {
            if let Some(mut old) = self.seconds.pop_front() {
                old.blocks.clear();
                self.spare.push(old.blocks);
            }
        }
        // At its full size from the start: pages that are not written to are not there, and one that grows by doubling would
        // end with room for half as much again.
        let blocks = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(self.place));
        self.seconds.push_back(Stretch { blocks, second, ..Stretch::default() });
    }

    /// Takes out the seconds that lie before the one of `now`, oldest first; with `all` that one as well.
    pub fn take(&mut self, now: Time, all: bool) -> Vec<Stretch> {
        let second = now.as_nanos().div_euclid(SECOND);
        let done = self.seconds.iter().take_while(|stretch| all || stretch.second < second).count();
        self.seconds.drain(..done).collect()
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.seconds.iter().map(|stretch| stretch.blocks.capacity()).sum::<usize>()
            + self.spare.iter().map(Vec::capacity).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Time {
        Time::from_secs(1_700_000_000).plus(Duration::from_millis(ms))
    }

    fn see(tape: &mut Tape, ms: u64, first: u8, vlan: Option<u16>) {
        let mut bytes = [0; 300];
        bytes[0] = first;
        let meta = FrameMeta { at: at(ms), number: 0, interface: 0, link: LinkType::Ethernet, vlan, original_len: 300 };
        tape.frame(&meta, &bytes);
    }

    fn tape(before: u64) -> Tape {
        Tape::new(TapeLimits { before: Duration::from_secs(before), snaplen: 128 })
    }

    #[test]
    fn a_flood_does_not_drown_what_came_before_it() {
        let mut tape = tape(10);
        for second in 0..30 {
            see(&mut tape, second * 1_000, 1, None);
        }
        for n in 0..200_000 {
            see(&mut tape, 30_000 + n / 200, 1, None);
        }
        assert!(tape.bytes() <= TAPE_BYTES, "{}", tape.bytes());
        let taken = tape.take(at(31_000), false);
        assert_eq!(taken.iter().map(|stretch| stretch.frames).collect::<Vec<_>>()[..11], [1; 11]);
        let flood = taken.last().expect("the flood");
        assert_eq!(flood.frames + flood.left_out, 200_000);
        assert!(flood.frames > 1_500 && flood.blocks.len() <= TAPE_BYTES / 12, "{}", flood.frames);
        assert!(tape.take(at(31_000), true).is_empty());
    }

    #[test]
    fn only_group_frames_and_the_tag_where_it_was() {
        let mut tape = tape(2);
        see(&mut tape, 0, 2, None);
        assert!(tape.take(at(5_000), true).is_empty(), "unicast is nobody's business");
        see(&mut tape, 0, 1, Some(7));
        see(&mut tape, 900, 1, None);
        assert!(tape.take(at(999), false).is_empty(), "the second is not over");
        let taken = tape.take(at(1_000), false);
        assert_eq!((taken.len(), taken[0].frames), (1, 2));
        assert_eq!(taken[0].blocks.len(), 2 * (128 + 32) + 4);
        assert_eq!(taken[0].blocks[28 + 12..28 + 16], [0x81, 0, 0, 7]);
    }
}
