//! The ledgers of a target's ports at rest: a row of bytes that says of each port in what it differs from the one before.
//! Knows what a ledger holds, and not what that means.
//!
//! A poll reads all ports of a switch by the same few PDUs, so that times and sets of counters repeat from port to port
//! and cost nothing; a counter takes as many bytes as it has digits (in base 128). A ledger of twelve counters is 144
//! bytes in use and about 54 at rest (`benches/fleet.rs` prints it).

use super::ledger::{Aside, KINDS, Kinds, Ledger, SHARED};
use super::ports::Rates;
use crate::model::Time;
use crate::model::observation::CounterKind;

// What differs from the port before, in the first byte of each ledger.
const KNOWN: u8 = 1;
const WHICH: u8 = 1 << 1;
const UPTIMES: u8 = 1 << 2;
const COUNTED: u8 = 1 << 3;
const LEG: u8 = 1 << 4;
const DISCONTINUITY: u8 = 1 << 5;
const STATE: u8 = 1 << 6;
/// There is something aside; it is written out.
const ASIDE: u8 = 1 << 7;

/// Room beyond what is used, as a part of it: counters grow, and a digit more should not move the whole row.
const SPARE: usize = 16;

/// Ledgers at rest, in the order in which they were packed.
#[derive(Clone, Debug, Default)]
pub struct Packed(Vec<u8>);

impl Packed {
    /// Keeps these ledgers instead. `scratch`: bytes to work with, whatever is in them.
    pub fn pack(&mut self, ledgers: &[Ledger], scratch: &mut Vec<u8>) {
        scratch.clear();
        let mut before = Ledger::default();
        for ledger in ledgers {
            write(scratch, &before, ledger);
            before = Ledger { aside: None, ..ledger.clone() };
        }
        let (wanted, has) = (scratch.len(), self.0.capacity());
        if has < wanted || has > wanted + wanted / 4 {
            // Let go of the old row first: the two need not be there at once.
            self.0 = Vec::new();
            self.0.reserve_exact(wanted + wanted / SPARE);
        }
        self.0.clear();
        self.0.extend_from_slice(scratch);
    }

    /// Adds the first `count` ledgers to `into`.
    pub fn unpack(&self, count: usize, into: &mut Vec<Ledger>) {
        let mut bytes = Reader(&self.0);
        let mut before = Ledger::default();
        into.reserve(count);
        for _ in 0..count {
            let ledger = read(&mut bytes, &before);
            before = Ledger { aside: None, ..ledger.clone() };
            into.push(ledger);
        }
    }

    /// Bytes taken, those to spare included.
    #[must_use]
    pub fn size(&self) -> usize {
        self.0.capacity()
    }
}

fn state(ledger: &Ledger) -> u64 {
    u64::from(ledger.timed) | u64::from(ledger.has_discontinuity) << 1 | u64::from(ledger.declared) << 2
}

fn write(out: &mut Vec<u8>, before: &Ledger, ledger: &Ledger) {
    let differs = [
        (KNOWN, ledger.known != before.known || ledger.wide != before.wide),
        (WHICH, ledger.which != before.which),
        (UPTIMES, ledger.uptimes != before.uptimes),
        (COUNTED, ledger.counted != before.counted),
        (LEG, ledger.leg != before.leg),
        (DISCONTINUITY, ledger.discontinuity != before.discontinuity),
        (STATE, state(ledger) != state(before)),
        (ASIDE, ledger.aside.is_some()),
    ];
    let head = differs.iter().filter(|(_, differs)| *differs).fold(0, |head, (bit, _)| head | bit);
    out.push(head);
    if head & KNOWN != 0 {
        number(out, u64::from(ledger.known.0));
        number(out, u64::from(ledger.wide.0));
    }
    if head & WHICH != 0 {
        number(out, u64::from(ledger.which));
    }
    if head & UPTIMES != 0 {
        for (uptime, before) in ledger.uptimes.iter().zip(before.uptimes) {
            signed(out, i64::from(*uptime) - i64::from(before));
        }
    }
    if head & COUNTED != 0 {
        signed(out, ledger.counted.as_nanos().wrapping_sub(before.counted.as_nanos()));
    }
    if head & LEG != 0 {
        number(out, u64::from(ledger.leg));
    }
    if head & DISCONTINUITY != 0 {
        number(out, u64::from(ledger.discontinuity));
    }
    if head & STATE != 0 {
        number(out, state(ledger));
    }
    for kind in CounterKind::ALL.into_iter().filter(|kind| ledger.known.has(*kind)) {
        number(out, ledger.values[kind as usize]);
    }
    if let Some(aside) = &ledger.aside {
        write_aside(out, ledger.counted, aside);
    }
}

fn write_aside(out: &mut Vec<u8>, counted: Time, aside: &Aside) {
    number(out, u64::from(aside.kinds.0) << 1 | u64::from(aside.single.is_some()));
    for kind in CounterKind::ALL.into_iter().filter(|kind| aside.kinds.has(*kind)) {
        let (uptime, read) = aside.times[kind as usize];
        // 0 stands for none.
        number(out, uptime.map_or(0, |uptime| u64::from(uptime) + 1));
        signed(out, read.as_nanos().wrapping_sub(counted.as_nanos()));
    }
    for bits in aside.single.iter().flat_map(Rates::bits) {
        out.extend_from_slice(&bits.to_le_bytes());
    }
}

fn read(bytes: &mut Reader<'_>, before: &Ledger) -> Ledger {
    let mut ledger = Ledger { values: [0; KINDS], aside: None, ..before.clone() };
    let head = bytes.byte();
    if head & KNOWN != 0 {
        (ledger.known, ledger.wide) = (Kinds(bytes.number() as u16), Kinds(bytes.number() as u16));
    }
    if head & WHICH != 0 {
        ledger.which = bytes.number() as u32;
    }
    if head & UPTIMES != 0 {
        for place in 0..SHARED {
            ledger.uptimes[place] = (i64::from(before.uptimes[place]).wrapping_add(bytes.signed())) as u32;
        }
    }
    if head & COUNTED != 0 {
        ledger.counted = Time::from_nanos(before.counted.as_nanos().wrapping_add(bytes.signed()));
    }
    if head & LEG != 0 {
        ledger.leg = bytes.number() as u32;
    }
    if head & DISCONTINUITY != 0 {
        ledger.discontinuity = bytes.number() as u32;
    }
    if head & STATE != 0 {
        let state = bytes.number();
        (ledger.timed, ledger.has_discontinuity) = (state & 1 != 0, state & 2 != 0);
        ledger.declared = (state >> 2) as u8;
    }
    for kind in CounterKind::ALL.into_iter().filter(|kind| ledger.known.has(*kind)) {
        ledger.values[kind as usize] = bytes.number();
    }
    if head & ASIDE != 0 {
        ledger.aside = Some(Box::new(read_aside(bytes, ledger.counted)));
    }
    ledger
}

fn read_aside(bytes: &mut Reader<'_>, counted: Time) -> Aside {
    let head = bytes.number();
    let kinds = Kinds((head >> 1) as u16);
    let mut times = [(None, counted); KINDS];
    for kind in CounterKind::ALL.into_iter().filter(|kind| kinds.has(*kind)) {
        let uptime = bytes.number().checked_sub(1).map(|uptime| uptime as u32);
        times[kind as usize] = (uptime, Time::from_nanos(counted.as_nanos().wrapping_add(bytes.signed())));
    }
    let single = (head & 1 != 0).then(|| Rates::from_bits([(); KINDS].map(|()| bytes.four())));
    Aside { kinds, times, single }
}

/// Seven bits in each byte, the lowest first; the highest bit says that more follow (LEB128).
fn number(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Small numbers of either sign become small ones without.
fn signed(out: &mut Vec<u8>, value: i64) {
    number(out, (value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
}

/// What is left to read. There is always as much as was written; beyond the end there would be zeros.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> u64 {
        let (mut value, mut shift) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 || shift > 63 {
                return value;
            }
        }
    }

    fn signed(&mut self) -> i64 {
        let value = self.number();
        (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
    }

    fn four(&mut self) -> u32 {
        u32::from_le_bytes([(); 4].map(|()| self.byte()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ledgers with everything in them that there can be, the extremes of every number among them.
    fn ledgers() -> Vec<Ledger> {
        let extremes = [0, 1, 0x7f, 0x80, 1 << 35, u64::MAX >> 1, u64::MAX];
        let times = [i64::MIN, -1, 0, 1_800_000_000_000_000_000, i64::MAX].map(Time::from_nanos);
        let one = |n: usize| {
            let pick = |step: usize| extremes[(n * 3 + step) % extremes.len()];
            let time = |step: usize| times[(n + step) % times.len()];
            let mut ledger = Ledger {
                known: Kinds((pick(1) as u16) & 0xfff),
                wide: Kinds((pick(2) as u16) & 0xfff),
                which: pick(3) as u32 & 0xff_ffff,
                uptimes: [pick(4) as u32, pick(5) as u32, pick(6) as u32],
                timed: n.is_multiple_of(2),
                declared: (n % 256) as u8,
                has_discontinuity: n.is_multiple_of(3),
                discontinuity: pick(0) as u32,
                leg: pick(1) as u32,
                counted: time(0),
                ..Ledger::default()
            };
            for kind in CounterKind::ALL.into_iter().filter(|kind| ledger.known.has(*kind)) {
                ledger.values[kind as usize] = pick(kind as usize);
            }
            let mut single = Rates::default();
            single.set(CounterKind::OutErrors, Some(n as f64));
            if n.is_multiple_of(5) {
                let kinds = Kinds(pick(4) as u16 & 0xfff);
                let mut times = [(None, ledger.counted); KINDS];
                for kind in CounterKind::ALL.into_iter().filter(|kind| kinds.has(*kind)) {
                    times[kind as usize] = ((n.is_multiple_of(2)).then_some(pick(2) as u32), time(kind as usize));
                }
                ledger.aside = Some(Box::new(Aside { kinds, times, single: (n.is_multiple_of(10)).then_some(single) }));
            }
            ledger
        };
        (0..200).map(one).collect()
    }

    #[test]
    fn what_is_unpacked_is_what_was_packed() {
        let (before, mut packed, mut after) = (ledgers(), Packed::default(), Vec::new());
        packed.pack(&before, &mut vec![9; 99]);
        packed.unpack(before.len(), &mut after);
        for (n, (before, after)) in before.iter().zip(&after).enumerate() {
            // Every field is in the text, and rates bit by bit.
            assert_eq!(format!("{before:?}"), format!("{after:?}"), "ledger {n}");
        }
        assert_eq!(after.len(), before.len());
    }

    #[test]
    fn ports_that_were_read_together_take_little() {
        let mut ledger =
            Ledger { timed: true, uptimes: [1, 2, 3], counted: Time::from_secs(1_800_000_000), ..Ledger::default() };
        for kind in CounterKind::ALL {
            ledger.known.set(kind, true);
        }
        let (mut packed, mut scratch) = (Packed::default(), Vec::new());
        packed.pack(&vec![ledger.clone(); 100], &mut scratch);
        assert!(packed.size() < 100 * 15, "a byte each for twelve zeros, and what differs: {}", packed.size());
        // Fewer ports give the room back, and so do none.
        packed.pack(&[ledger], &mut scratch);
        assert!(packed.size() < 64, "{}", packed.size());
        packed.pack(&[], &mut scratch);
        assert_eq!(packed.size(), 0);
    }

    #[test]
    fn beyond_the_end_there_are_zeros() {
        let mut ledgers = Vec::new();
        Packed::default().unpack(2, &mut ledgers);
        assert!(ledgers.iter().all(|ledger| ledger.known == Kinds::default() && ledger.aside.is_none()));
        assert_eq!(Reader(&[0xff; 20]).number(), u64::MAX);
    }
}
