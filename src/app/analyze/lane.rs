//! One capture file being tallied: frames in, a summary for every second of file time out, and at once when a replica
//! rule fires. The same hand-over as live; only the time comes from the file.

use super::when::Span;
use crate::io::capture::file::{CaptureFile, FileError};
use crate::model::Time;
use crate::model::frames::{FrameMeta, FrameSummary, LinkType};
use crate::observe::chronicle::Chronicle;
use crate::observe::replica::{ReplicaRules, WINDOW};
use crate::observe::sources::Load;
use crate::observe::tally::Tally;
use crate::wire::capture_file::Again;
use crate::wire::tunnel::{self, Tunnel};
use std::net::IpAddr;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::Duration;

/// Interfaces of one file that are tallied apart; frames of further ones are tallied with the last.
const MAX_INTERFACES: usize = 8;
/// Frames written a little out of order, as several interfaces in one file are, stand where they are; a greater step
/// back is a clock that was set, or files put together, and time goes on from where it was.
const OUT_OF_ORDER_NANOS: u64 = 2_000_000_000;
/// The hash secret keeps an attacker from choosing collisions live; a file is not written against the seed it is read
/// with, and one seed makes the parts of a rotated capture agree about a datagram.
const SEED: u64 = 0x5eed;

/// The start of the whole second after `time`.
pub(super) fn next_second(time: Time) -> Time {
    Time::from_secs(time.as_nanos().div_euclid(1_000_000_000).saturating_add(1))
}

/// Time stamps of a file made into a time that does not run backwards.
#[derive(Debug)]
struct Steady {
    latest: Time,
    shift_nanos: i64,
    steps: u64,
}

impl Steady {
    #[inline]
    fn time(&mut self, stamp: Time) -> Time {
        let time = Time::from_nanos(stamp.as_nanos().saturating_add(self.shift_nanos));
        if time >= self.latest {
            self.latest = time;
        } else {
            self.step_back(time);
        }
        self.latest
    }

    #[cold]
    fn step_back(&mut self, time: Time) {
        let back = self.latest.nanos_since(time);
        if back > OUT_OF_ORDER_NANOS {
            self.shift_nanos = self.shift_nanos.saturating_add(i64::try_from(back).unwrap_or(i64::MAX));
            self.steps += 1;
        }
    }
}

/// What was counted up to a time.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) until: Time,
    pub(super) summaries: Vec<FrameSummary>,
    /// What the file calls addresses, as far as it was read anew.
    pub(super) names: Vec<(IpAddr, Arc<str>)>,
}

/// What all files have in common while they are read.
#[derive(Debug)]
pub(super) struct Common {
    /// What is looked at.
    pub(super) span: Span,
    /// Frames that may still be looked at.
    pub(super) left: u64,
    /// What a report shows of the frames, where one is asked for.
    pub(super) chronicle: Option<Chronicle>,
}

/// A file being tallied.
#[derive(Debug)]
pub(super) struct Lane {
    file: CaptureFile,
    counter: Counter,
    done: bool,
    /// Frames outside the time that is looked at.
    outside: u64,
    /// Names of the file that were handed over.
    named: usize,
}

impl Lane {
    /// `name`: of the segment of its first interface. `first`: time of its first frame, from which on it is counted.
    pub(super) fn new(file: CaptureFile, name: Arc<str>, first: Time) -> Self {
        Self { file, counter: Counter::new(name, first), done: false, outside: 0, named: 0 }
    }

    /// The segment name of its first interface.
    pub(super) fn name(&self) -> &Arc<str> {
        &self.counter.name
    }

    /// Time of the latest frame.
    pub(super) fn latest(&self) -> Time {
        self.counter.steady.latest
    }

    /// Time of the first frame that was looked at.
    pub(super) fn began(&self) -> Option<Time> {
        self.counter.began
    }

    /// Frames looked at so far.
    pub(super) fn frames(&self) -> u64 {
        self.file.frames() - self.outside
    }

    /// The whole file has been handed over.
    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// Interfaces tallied apart.
    pub(super) fn places(&self) -> usize {
        self.counter.tallies.len()
    }

    /// Counts frames until there is something to hand over; `None` after the end of the file.
    pub(super) fn next(&mut self, common: &mut Common) -> Option<Batch> {
        if self.done {
            return None;
        }
        loop {
            // Two ways for one thing: a frame that may have come by either would be kept in memory in between, and wait there.
            let then = match self.file.at_hand() {
                Some((meta, place)) => self.take(meta, place, common),
                None => match self.file.next_place() {
                    Some((meta, place)) => self.take_other(meta, place, common),
                    None => break,
                },
            };
            match then {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(Some(batch)) => return Some(self.named(batch)),
                ControlFlow::Break(None) => break,
            }
        }
        self.done = true;
        // A summary ends within the second that it belongs to, and after its last frame.
        let until = self.latest().plus(Duration::from_nanos(1));
        let batch = self.counter.flush(until, self.file.dropped());
        Some(self.named(batch))
    }

    /// Counts a frame. Breaks off with what is to be handed over, or with nothing at the end of what is looked at.
    #[inline(always)]
    fn take(&mut self, mut meta: FrameMeta, place: Range<usize>, common: &mut Common) -> ControlFlow<Option<Batch>> {
        if common.left == 0 || !common.span.holds(meta.at) {
            return self.pass(meta.at, common);
        }
        common.left -= 1;
        if !self.counter.knows(meta.interface) {
            self.counter.learn(meta.interface, self.file.interface_name(meta.interface), meta.at);
            self.counter.look_for_a_tunnel(self.file.bytes(place.clone()));
        }
        let bytes = self.file.bytes(place.clone());
        match self.counter.count(&mut meta, bytes, common.chronicle.is_some()) {
            Some(goes_on) => {
                if goes_on {
                    self.same_again(&meta, place, common);
                }
                ControlFlow::Continue(())
            }
            None => match self.counter.count_and_tell(&meta, bytes, &mut common.chronicle) {
                Some(batch) => ControlFlow::Break(Some(batch)),
                None => ControlFlow::Continue(()),
            },
        }
    }

    /// Counts the copies that follow a frame at once, up to the moment in which something else is to be done than to count.
    #[inline(always)]
    fn same_again(&mut self, meta: &FrameMeta, place: Range<usize>, common: &mut Common) {
        let before = self.counter.quiet_until(meta.at).min(common.span.end());
        let again = self.file.same_again(meta, place, before, common.left);
        if again.frames > 0 {
            common.left -= again.frames;
            self.counter.same_again(meta, &again);
        }
    }

    #[inline(never)]
    fn take_other(&mut self, meta: FrameMeta, place: Range<usize>, common: &mut Common) -> ControlFlow<Option<Batch>> {
        self.take(meta, place, common)
    }

    /// Leaves out a frame; breaks off where no other can be wanted.
    #[cold]
    fn pass(&mut self, at: Time, common: &Common) -> ControlFlow<Option<Batch>> {
        self.outside += 1;
        let is_past = common.left == 0 || common.span.is_past(at.minus(Duration::from_nanos(OUT_OF_ORDER_NANOS)));
        if is_past { ControlFlow::Break(None) } else { ControlFlow::Continue(()) }
    }

    fn named(&mut self, mut batch: Batch) -> Batch {
        let names = self.file.names();
        batch.names = names.get(self.named..).unwrap_or(&[]).to_vec();
        self.named = names.len();
        batch
    }

    /// What was wrong with the file, a sentence each, and whether nothing of it could be used.
    pub(super) fn problems(&self) -> (Vec<String>, bool) {
        let mut problems = Vec::new();
        let trouble = self.file.trouble();
        problems.extend(trouble.map(ToString::to_string));
        let Counter { unread, headless, steady, packed, .. } = &self.counter;
        let (looked_at, in_tunnels, tunnel) = packed;
        let tunnel = tunnel.filter(|_| in_tunnels * 2 > *looked_at);
        if let Some((kind, frames)) = unread {
            problems.push(format!("{frames} of {} frames are {}", self.frames(), not_read(*kind)));
        }
        if *headless {
            problems.push(
                "its frames have no MAC addresses (raw IP), so that nobody can be named: capture on the network card itself"
                    .to_owned(),
            );
        }
        if steady.steps > 0 {
            problems.push(format!(
                "its time steps back {} times; times after that are later than in the file",
                steady.steps
            ));
        }
        if let Some(Tunnel { name, header }) = tunnel {
            problems.push(format!(
                "its frames are packed in {name}, and what is inside was not looked at: take the {header} bytes in front off \
                 (editcap -C {header} FILE UNPACKED), and analyze that"
            ));
        }
        (problems, trouble.is_some_and(FileError::is_fatal) || tunnel.is_some())
    }
}

/// Why frames of a link type are not read, and how to capture instead.
fn not_read(kind: u32) -> String {
    let instead = match kind {
        u32::MAX => return "of an interface that the file does not describe".to_owned(),
        // 802.11 bare, with Prism, radiotap and AVS headers, and PPI.
        105 | 119 | 127 | 163 | 192 => {
            ": they were taken off the air (802.11, monitor mode). Capture on a cable, or on the Wi-Fi interface in its \
             normal (managed) mode"
        }
        239 => ": they come from a firewall log (NFLOG). Capture on the interface itself, as with tcpdump -i eth0",
        0 | 108 => ": they come from a loopback interface. Capture on the interface that the LAN is on",
        9 | 50 => ": they come from a dial-up line (PPP). Capture on the interface that the LAN is on",
        189 | 220 | 249 => ": they come from a USB port. Capture on the interface that the LAN is on",
        _ => ". Capture on an Ethernet interface, or on Wi-Fi in its normal mode",
    };
    format!("of link type {kind}, which is not read{instead}")
}

/// The tallies of a file, one for each interface, and their time.
#[derive(Debug)]
struct Counter {
    name: Arc<str>,
    tallies: Vec<(u16, Tally)>,
    /// What each of them calls its capture source.
    names: Vec<Arc<str>>,
    /// Index of the tally that took the last frame.
    current: usize,
    steady: Steady,
    /// End of the second that is being counted.
    second: Time,
    flushed: Time,
    /// Time of the first frame counted.
    began: Option<Time>,
    /// A link type that is not read, and the frames that were not.
    unread: Option<(u32, u64)>,
    /// Frames without a MAC address were seen.
    headless: bool,
    /// Of the frames that were looked at for it, one a summary or so, those that are packed, and how the last one is.
    packed: (u64, u64, Option<Tunnel>),
}

impl Counter {
    fn new(name: Arc<str>, first: Time) -> Self {
        Self {
            name,
            tallies: Vec::new(),
            names: Vec::new(),
            current: 0,
            steady: Steady { latest: first, shift_nanos: 0, steps: 0 },
            second: next_second(first),
            flushed: first,
            began: None,
            unread: None,
            headless: false,
            packed: (0, 0, None),
        }
    }

    /// There is a tally for `interface`, which is now the current one.
    #[inline]
    fn knows(&mut self, interface: u16) -> bool {
        if self.tallies.get(self.current).is_some_and(|(id, _)| *id == interface) {
            return true;
        }
        match self.tallies.iter().position(|(id, _)| *id == interface) {
            Some(index) => self.current = index,
            None if self.tallies.len() >= MAX_INTERFACES => self.current = MAX_INTERFACES - 1,
            None => return false,
        }
        true
    }

    /// Makes a tally for an interface. `stamp`: of its first frame.
    #[cold]
    fn learn(&mut self, interface: u16, called: Option<&str>, stamp: Time) {
        let at = self.steady.time(stamp);
        self.began.get_or_insert(at);
        let name = match (self.tallies.is_empty(), called) {
            (true, _) => Arc::clone(&self.name),
            (false, Some(called)) => format!("{}:{called}", self.name).into(),
            (false, None) => format!("{}:{interface}", self.name).into(),
        };
        self.current = self.tallies.len();
        self.names.push(Arc::clone(&name));
        self.tallies.push((interface, Tally::new(name, ReplicaRules::default(), None, SEED)));
    }

    /// Gives a frame its time and counts it for the current tally's interface; tells whether it goes on with a run. `None`:
    /// something is to be done with it before, or `more` than that, by [`Self::count_and_tell`].
    #[inline(always)]
    fn count(&mut self, meta: &mut FrameMeta, bytes: &[u8], more: bool) -> Option<bool> {
        meta.at = self.steady.time(meta.at);
        if meta.link != LinkType::Ethernet {
            self.unusual(meta.link);
        }
        let (_, tally) = &mut self.tallies[self.current];
        if more || meta.at >= self.second || tally.is_due(self.flushed, meta.at) {
            return None;
        }
        Some(tally.frame(meta, bytes))
    }

    /// The time before which copies of a frame that came at `at` and went on with a run are counted and nothing else: they
    /// don't change when a summary is due. [`Time::MIN`] where the file's time is not the one that counts.
    #[inline(always)]
    fn quiet_until(&self, at: Time) -> Time {
        if self.steady.shift_nanos != 0 {
            return Time::MIN;
        }
        at.plus(WINDOW).min(self.second).min(self.tallies[self.current].1.due_at(self.flushed))
    }

    /// Counts copies of a frame that went on with a run.
    #[inline(always)]
    fn same_again(&mut self, meta: &FrameMeta, again: &Again) {
        self.steady.latest = again.at;
        let Again { frames, at, .. } = *again;
        let load = Load { frames, bytes: frames * u64::from(meta.original_len), at };
        self.tallies[self.current].1.same_again(&load, meta.number + frames);
    }

    /// A mirror that is sent over a network packs every frame: a sample tells.
    #[cold]
    fn look_for_a_tunnel(&mut self, bytes: &[u8]) {
        self.packed.0 += 1;
        if let Some(tunnel) = tunnel::of(bytes) {
            self.packed.1 += 1;
            self.packed.2 = Some(tunnel);
        }
    }

    /// Counts a frame that has its time; gives what was counted before it, if that is due.
    #[inline(never)]
    fn count_and_tell(&mut self, meta: &FrameMeta, bytes: &[u8], chronicle: &mut Option<Chronicle>) -> Option<Batch> {
        let is_due = meta.at >= self.second || self.tallies[self.current].1.is_due(self.flushed, meta.at);
        let batch = is_due.then(|| self.flush_before(meta.at));
        if is_due {
            self.look_for_a_tunnel(bytes);
        }
        self.tallies[self.current].1.frame(meta, bytes);
        if let Some(chronicle) = chronicle {
            chronicle.frame(&self.names[self.current], meta, bytes);
        }
        batch
    }

    /// Notes what a person should know of frames without an Ethernet header.
    fn unusual(&mut self, link: LinkType) {
        match link {
            LinkType::Ethernet | LinkType::LinuxSll | LinkType::LinuxSll2 => {}
            LinkType::RawIp => self.headless = true,
            LinkType::Other(kind) => self.unread.get_or_insert((kind, 0)).1 += 1,
        }
    }

    /// What was counted before a frame that came at `at`, up to the end of the second if that is over.
    fn flush_before(&mut self, at: Time) -> Batch {
        let until = if at >= self.second { std::mem::replace(&mut self.second, next_second(at)) } else { at };
        self.flush(until, 0)
    }

    fn flush(&mut self, until: Time, dropped: u64) -> Batch {
        self.flushed = until;
        let mut dropped = dropped;
        // Drops are told for the whole file; the first interface stands for it.
        let summaries = self.tallies.iter_mut().map(|(_, t)| t.flush(until, std::mem::take(&mut dropped))).collect();
        Batch { until, summaries, names: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_run_backwards() {
        let mut steady = Steady { latest: Time::from_secs(100), shift_nanos: 0, steps: 0 };
        let seconds = [100, 103, 102, 104, 50, 51, 51, 55];
        let times = seconds.map(|s| steady.time(Time::from_secs(s)).as_nanos() / 1_000_000_000);
        assert_eq!(times, [100, 103, 103, 104, 104, 105, 105, 109]);
        assert_eq!(steady.steps, 1);
    }

    #[test]
    fn a_second_begins_on_the_second() {
        assert_eq!(next_second(Time::from_nanos(5_000_000_000)), Time::from_secs(6));
        assert_eq!(next_second(Time::from_nanos(5_999_999_999)), Time::from_secs(6));
        assert_eq!(next_second(Time::from_nanos(-1)), Time::from_secs(0));
    }

    /// A search, by its number, time in units of 100 ms, and length on the wire.
    type Sent = (u8, u32, u32);

    fn capture(sent: &[Sent]) -> Vec<u8> {
        let mut file = [&0xa1b2_c3d4_u32.to_le_bytes()[..], &[2, 0, 4, 0], &[0; 8], &[0, 0, 4, 0, 1, 0, 0, 0]].concat();
        for (number, tenths, original) in sent {
            let mut frame =
                vec![1, 0, 0x5e, 0x7f, 0xff, 0xfa, 2, 0, 0, 0, 0, 9, 8, 0, 0x45, 0, 0, 66, 0, *number, 0, 0, 4];
            frame.extend([17, 0, 0, 192, 168, 1, 10, 239, 255, 255, 250, 0xc3, 0x50, 7, 0x6c, 0, 46, 0, 0]);
            frame.resize(80, *number);
            for field in [1_000 + tenths / 10, tenths % 10 * 100_000, 80, *original] {
                file.extend(field.to_le_bytes());
            }
            file.extend(frame);
        }
        file
    }

    /// Everything that is handed over of a file, and how many frames might have been looked at beyond it. `apart`: each frame
    /// by itself, as a report needs them.
    fn handed_over(file: &[u8], to: Time, most: u64, apart: bool) -> (String, u64) {
        let mut file = CaptureFile::from_reader(std::io::Cursor::new(file.to_vec()), None).expect("opens");
        let first = file.peek().expect("a frame").at;
        let span = Span::new(None, Some(crate::app::analyze::Moment::At(to)), first).expect("in order");
        let mut common = Common { span, left: most, chronicle: apart.then(|| Chronicle::new(first)) };
        let mut lane = Lane::new(file, "a".into(), first);
        let mut all = String::new();
        while let Some(batch) = lane.next(&mut common) {
            all += &format!("{batch:?}, {} frames\n", lane.frames());
        }
        (all, common.left)
    }

    #[test]
    fn copies_that_are_counted_together_are_counted_as_each_by_itself() {
        // Each: how many times in a row, and every how many tenths of a second.
        let bursts: [(u8, u32, u32, u32); 9] = [
            (1, 40, 0, 80),
            (1, 9, 1, 80), // into the next second
            (2, 30, 0, 80),
            (1, 20, 0, 80),
            (1, 20, 0, 90), // longer on the wire
            (1, 3, 15, 80), // more than a second apart
            (2, 50, 0, 80),
            (1, 50, 0, 80),
            (3, 1, 0, 80),
        ];
        let (mut sent, mut tenths) = (Vec::new(), 0);
        for (number, times, every, original) in bursts.iter().cycle().take(40) {
            for _ in 0..*times {
                tenths += every;
                sent.push((*number, tenths, *original));
            }
        }
        let end = Time::from_secs(100_000);
        let mut back = sent.clone();
        // Time that steps back, a little and by far.
        back[200..].iter_mut().for_each(|(_, tenths, _)| *tenths -= 5);
        back[400..].iter_mut().for_each(|(_, tenths, _)| *tenths -= 40);
        for (sent, to, most) in
            [(&sent, end, u64::MAX), (&back, end, u64::MAX), (&sent, end, 77), (&sent, Time::from_secs(1_003), 500)]
        {
            let file = capture(sent);
            let (together, left) = handed_over(&file, to, most, false);
            assert_eq!((together, left), handed_over(&file, to, most, true), "up to {to}, {most} frames");
        }
    }
}
