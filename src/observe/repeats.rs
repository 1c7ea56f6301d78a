//! Frames that repeat byte for byte, as a storm's do: recognised by comparing them with the few seen last, which costs a
//! tenth of reading and hashing them. Remembers what the frame path found out about each, and counts those that change
//! nothing but a number here, as a run that the tables are told of later. Finds out nothing itself.

use super::replica::{Slot, WINDOW};
use super::sources::{Load, Place};
use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};
use crate::wire::digest::Secret;

/// Sets × ways: frames remembered. Few datagrams circulate at once (28 in the incident's captures). With one place for
/// each hash more than half of those shared theirs and pushed one another out; what is not used is not touched.
const SETS: usize = 32;
const WAYS: usize = 4;
const PLACES: usize = SETS * WAYS;
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
    /// Where its source was counted last.
    pub(super) place: Place,
    /// TTL or hop limit.
    pub(super) ttl: u8,
}

/// Frames counted here since the tables were told last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// How many, how long, and when the last one came.
    pub(super) load: Load,
    /// Number of the last one.
    pub(super) number: u64,
}

/// How a frame was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is none of those remembered.
    New,
    /// It is the one at this place, and has to be counted.
    At(usize),
    /// It goes on with a run, and has been counted with it.
    Counted,
}

struct Remembered {
    shape: Shape,
    /// A run is under way.
    runs: bool,
    run: Run,
    known: Known,
    bytes: [u8; MAX_BYTES],
}

/// What two equal frames have in common beside their bytes, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shape(u64);

impl Shape {
    #[inline]
    fn of(meta: &FrameMeta, length: usize) -> Self {
        let link = match meta.link {
            LinkType::Ethernet => 0,
            LinkType::LinuxSll => 1,
            LinkType::LinuxSll2 => 2,
            LinkType::RawIp => 3,
            // Such a frame cannot be read, and is not remembered.
            LinkType::Other(_) => 4,
        };
        let vlan = meta.vlan.map_or(0, |vlan| 1 << 16 | u64::from(vlan));
        Self((length as u64) << 40 | u64::from(meta.interface) << 24 | vlan << 4 | link)
    }
}

/// The frames that repeated others lately.
pub(super) struct Repeats {
    /// Hashes of what is at the places, side by side.
    tags: Box<[[u64; WAYS]; SETS]>,
    places: Box<[Option<Remembered>]>,
    /// Where a frame was found last: the next one is most often the same again, and then need not be looked for.
    latest: usize,
    /// The places at which a run is under way, a bit each.
    running: u128,
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
        const { assert!(PLACES <= u128::BITS as usize) };
        let places = (0..PLACES).map(|_| None).collect();
        Self { tags: Box::new([[0; WAYS]; SETS]), places, latest: 0, running: 0, secret }
    }

    /// By what a frame is looked for; `None`: it is too short to be worth it.
    #[inline]
    fn tag(&self, bytes: &[u8]) -> Option<u64> {
        let word = |at: usize| bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word));
        Some(self.secret.mix(word(WORDS[0])?, word(WORDS[1])?))
    }

    /// Looks for exactly this frame, and counts it if it goes on with a run.
    #[inline(always)]
    pub(super) fn find(&mut self, meta: &FrameMeta, bytes: &[u8]) -> Found {
        let shape = Shape::of(meta, bytes.len());
        if !self.is_at(self.latest, shape, bytes) {
            match self.look_for(shape, bytes) {
                Some(place) => self.latest = place,
                None => return Found::New,
            }
        }
        let place = self.latest;
        let Some(one) = &mut self.places[place] else { return Found::New };
        // After a pause it is not a copy of the same event, which the tables decide.
        if !one.runs || meta.at.nanos_since(one.run.load.at) > WINDOW.as_nanos() as u64 {
            return Found::At(place);
        }
        one.run.load.add(meta);
        one.run.number = meta.number;
        Found::Counted
    }

    /// Counts more frames of the run that the latest frame went on with.
    #[inline]
    pub(super) fn go_on(&mut self, load: &Load, number: u64) {
        let latest = self.places[self.latest].as_mut().filter(|one| one.runs);
        debug_assert!(latest.is_some(), "copies of a frame that did not go on with a run");
        if let Some(one) = latest {
            one.run.load.join(load);
            one.run.number = number;
        }
    }

    #[inline(always)]
    fn is_at(&self, place: usize, shape: Shape, bytes: &[u8]) -> bool {
        let same = |one: &Remembered| one.shape == shape && one.bytes.get(..bytes.len()) == Some(bytes);
        self.places[place].as_ref().is_some_and(same)
    }

    #[inline]
    fn look_for(&self, shape: Shape, bytes: &[u8]) -> Option<usize> {
        let tag = self.tag(bytes)?;
        let set = tag as usize % SETS;
        let way = self.tags[set].iter().position(|known| *known == tag)?;
        Some(set * WAYS + way).filter(|place| self.is_at(*place, shape, bytes))
    }

    /// What is known of the frame at a place.
    #[inline]
    pub(super) fn known(&mut self, place: usize) -> Option<&mut Known> {
        Some(&mut self.places.get_mut(place)?.as_mut()?.known)
    }

    /// Begins a run with a frame that the tables have just been told of.
    pub(super) fn begin(&mut self, place: usize, meta: &FrameMeta) {
        if let Some(one) = self.places.get_mut(place).and_then(Option::as_mut) {
            one.runs = true;
            one.run = Run { load: Load { frames: 0, bytes: 0, at: meta.at }, number: meta.number };
            self.running |= 1 << place;
        }
    }

    /// Ends the runs of those for which `wanted` holds, which is told their places, and tells of each that has any frames.
    pub(super) fn end(&mut self, wanted: impl Fn(usize, &Known) -> bool, mut tell: impl FnMut(&Known, &Run)) {
        let mut left = self.running;
        while left != 0 {
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            let Some(one) = self.places[place].as_mut().filter(|one| wanted(place, &one.known)) else { continue };
            self.running &= !(1 << place);
            one.runs = false;
            if one.run.load.frames > 0 {
                tell(&one.known, &one.run);
            }
        }
    }

    /// The place that a frame gets if it is [remembered](Self::remember): that of the one that was seen longest ago. `None`:
    /// it is not worth one. A run there is to be [ended](Self::end) before.
    pub(super) fn place_for(&self, frame: &[u8]) -> Option<usize> {
        let tag = self.tag(frame).filter(|_| frame.len() <= MAX_BYTES)?;
        let set = tag as usize % SETS;
        let seen = |way: &usize| self.places[set * WAYS + way].as_ref().map_or(Time::MIN, |one| one.run.load.at);
        // Two frames with one tag share one place, or only the first of them would ever be found.
        let same = self.tags[set].iter().position(|known| *known == tag);
        let way = same.or_else(|| (0..WAYS).min_by_key(seen))?;
        Some(set * WAYS + way)
    }

    /// Remembers a frame at a place.
    pub(super) fn remember(&mut self, place: usize, meta: &FrameMeta, frame: &[u8], known: Known) {
        let Some(tag) = self.tag(frame) else { return };
        debug_assert!(self.running & 1 << place == 0, "frames of a run that nobody was told of");
        self.tags[place / WAYS][place % WAYS] = tag;
        let run = Run { load: Load { frames: 0, bytes: 0, at: meta.at }, number: meta.number };
        let fresh = Remembered { shape: Shape::of(meta, frame.len()), runs: false, run, known, bytes: [0; MAX_BYTES] };
        self.places[place].insert(fresh).bytes[..frame.len()].copy_from_slice(frame);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::sources::{Key, Place, TopSources};
    use crate::wire::frame;

    const HERE: FrameMeta = meta(LinkType::Ethernet, 0, None);

    const fn meta(link: LinkType, interface: u16, vlan: Option<u16>) -> FrameMeta {
        FrameMeta { at: Time::MIN, number: 1, interface, link, vlan, original_len: 60 }
    }

    fn known() -> Known {
        let frame = frame::parse(&HERE, &[7; 60]).expect("an Ethernet header is there");
        let key = Key::of(&frame);
        let index = TopSources::new(Secret::new(7)).enter(&key, &Load::of(&HERE), true);
        let place = Place { index, key };
        Known { slot: Slot::default(), place, ttl: 9 }
    }

    fn remember(repeats: &mut Repeats, meta: &FrameMeta, frame: &[u8]) {
        if let Some(place) = repeats.place_for(frame) {
            repeats.remember(place, meta, frame, known());
        }
    }

    #[test]
    fn only_exactly_this_frame_is_known() {
        let mut repeats = Repeats::new(Secret::new(7));
        for length in [0, 41, 42, 60, MAX_BYTES, MAX_BYTES + 1] {
            let frame = vec![7; length];
            remember(&mut repeats, &HERE, &frame);
            let found = repeats.find(&HERE, &frame);
            assert_eq!(matches!(found, Found::At(_)), (42..=MAX_BYTES).contains(&length), "{length} bytes");
            for at in 0..length {
                let mut other = frame.clone();
                other[at] ^= 1;
                assert_eq!(repeats.find(&HERE, &other), Found::New, "byte {at} of {length}");
            }
        }
        let frame = [7; 60];
        remember(&mut repeats, &HERE, &frame);
        assert_eq!(repeats.find(&HERE, &frame[..59]), Found::New);
        for other in [
            meta(LinkType::LinuxSll, 0, None),
            meta(LinkType::Ethernet, 1, None),
            meta(LinkType::Ethernet, 0, Some(7)),
            meta(LinkType::Ethernet, 0, Some(0)),
        ] {
            assert_eq!(repeats.find(&other, &frame), Found::New, "{other:?}");
        }
    }

    #[test]
    fn the_frames_of_a_storm_do_not_push_one_another_out() {
        for seed in 0..20 {
            let mut repeats = Repeats::new(Secret::new(seed));
            let frame = |n: u8| (0..60).map(|at| if at == 18 { n } else { at }).collect::<Vec<u8>>();
            // Each circles while twice as many others came once.
            let late = FrameMeta { at: Time::from_secs(1), ..HERE };
            for n in 28..84 {
                remember(&mut repeats, &HERE, &frame(n));
            }
            for n in 0..28 {
                remember(&mut repeats, &late, &frame(n));
            }
            let kept = (0..28).filter(|n| repeats.find(&late, &frame(*n)) != Found::New).count();
            assert!(kept >= 26, "seed {seed}: {kept} of 28");
        }
    }

    #[test]
    fn a_run_is_told_once_and_ends_with_a_pause() {
        let mut repeats = Repeats::new(Secret::new(7));
        let frame = [7; 60];
        let at = |number: u64, nanos: i64| FrameMeta { at: Time::from_nanos(nanos), number, ..HERE };
        remember(&mut repeats, &at(1, 0), &frame);
        let Found::At(place) = repeats.find(&at(2, 5), &frame) else { panic!("it is remembered") };
        repeats.begin(place, &at(2, 5));
        let pause = WINDOW.as_nanos() as i64;
        for (number, nanos) in [(3, 9), (4, 9), (5, 9 + pause)] {
            assert_eq!(repeats.find(&at(number, nanos), &frame), Found::Counted);
        }
        assert_eq!(repeats.find(&at(6, 10 + 2 * pause), &frame), Found::At(place), "more than a second later");
        let mut told = Vec::new();
        repeats.end(|_, _| false, |_, run| told.push(*run));
        assert!(told.is_empty());
        for _ in 0..2 {
            repeats.end(|_, _| true, |_, run| told.push(*run));
        }
        let load =
            told.iter().map(|run| (run.load.frames, run.load.bytes, run.load.at, run.number)).collect::<Vec<_>>();
        assert_eq!(load, [(3, 180, Time::from_nanos(9 + pause), 5)]);
        assert_eq!(repeats.find(&at(7, 9 + pause), &frame), Found::At(place), "the run has ended");
    }
}
