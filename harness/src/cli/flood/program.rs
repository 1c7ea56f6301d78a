//! The programs (eBPF, RFC 9669) that make each frame of a flood different from the one before, and send it back out of the
//! interface that it seems to have come in at. Data: the kernel runs them.

use super::pattern::{HEAVY, Variation};

/// One instruction, as the kernel takes it.
pub(super) type Instruction = u64;

/// What stands for the file descriptor of the map until there is one.
pub(super) const THE_MAP: i32 = -1;

/// `XDP_ABORTED`: a frame that is not as expected goes nowhere.
const ABORTED: i32 = 0;
/// `XDP_TX`.
const TX: i32 = 3;
/// `bpf_map_lookup_elem`.
const LOOKUP: i32 = 1;

// Offsets in the frame: Ethernet without a tag, IPv4 without options, UDP.
const SOURCE_MAC_END: i16 = 8;
const IP_ID: i16 = 18;
const IP_CHECKSUM: i16 = 24;
const IP_SOURCE: i16 = 26;
const UDP_CHECKSUM: i16 = 40;
const PAYLOAD_TAIL: i16 = 200;
/// Bytes of a frame that are touched.
const TOUCHED: i32 = 208;

// Registers by what is in them; 0 to 5 do not outlast a call.
const RESULT: u8 = 0;
const ONE: u8 = 1;
const TWO: u8 = 2;
const THREE: u8 = 3;
const SUM: u8 = 5;
const FRAME: u8 = 7;
const NUMBER: u8 = 8;
const SOURCE: u8 = 9;
const STACK: u8 = 10;

const fn code(opcode: u8, to: u8, from: u8, offset: i16, value: i32) -> Instruction {
    opcode as u64
        | (to as u64 | (from as u64) << 4) << 8
        | (offset.cast_unsigned() as u64) << 16
        | (value.cast_unsigned() as u64) << 32
}

const fn set(to: u8, value: i32) -> Instruction {
    code(0xb7, to, 0, 0, value)
}
const fn copy(to: u8, from: u8) -> Instruction {
    code(0xbf, to, from, 0, 0)
}
const fn add(to: u8, value: i32) -> Instruction {
    code(0x07, to, 0, 0, value)
}
const fn add_of(to: u8, from: u8) -> Instruction {
    code(0x0f, to, from, 0, 0)
}
/// In 32 bits; the upper half becomes 0.
const fn times(to: u8, value: i32) -> Instruction {
    code(0x24, to, 0, 0, value)
}
const fn modulo(to: u8, value: i32) -> Instruction {
    code(0x97, to, 0, 0, value)
}
const fn and(to: u8, value: i32) -> Instruction {
    code(0x57, to, 0, 0, value)
}
const fn flip(to: u8, value: i32) -> Instruction {
    code(0xa7, to, 0, 0, value)
}
const fn shift_right(to: u8, bits: i32) -> Instruction {
    code(0x77, to, 0, 0, bits)
}
const fn big_endian(to: u8, bits: i32) -> Instruction {
    code(0xdc, to, 0, 0, bits)
}
const fn load_word(to: u8, from: u8, offset: i16) -> Instruction {
    code(0x61, to, from, offset, 0)
}
const fn load_double(to: u8, from: u8, offset: i16) -> Instruction {
    code(0x79, to, from, offset, 0)
}
const fn store_half(to: u8, offset: i16, from: u8) -> Instruction {
    code(0x6b, to, from, offset, 0)
}
const fn store_word(to: u8, offset: i16, from: u8) -> Instruction {
    code(0x63, to, from, offset, 0)
}
const fn store_double(to: u8, offset: i16, from: u8) -> Instruction {
    code(0x7b, to, from, offset, 0)
}
const EXIT: Instruction = code(0x95, 0, 0, 0, 0);

/// Sends the frame as it is.
pub(super) fn as_it_is() -> Vec<Instruction> {
    vec![set(RESULT, TX), EXIT]
}

/// Sends a frame like `template`, varied by its number, which the only entry of the map counts.
pub(super) fn of(variation: Variation, template: &[u8]) -> Vec<Instruction> {
    let mut program = vec![
        // From xdp_md: where the frame begins and ends.
        load_word(FRAME, ONE, 0),
        load_word(THREE, ONE, 4),
        copy(TWO, FRAME),
        add(TWO, TOUCHED),
        // The next instruction is passed over if the frame is long enough.
        code(0xbd, TWO, THREE, 2, 0), // if TWO <= THREE
        set(RESULT, ABORTED),
        EXIT,
        // The number of this frame.
        set(ONE, 0),
        store_word(STACK, -4, ONE),
        copy(TWO, STACK),
        add(TWO, -4),
        code(0x18, ONE, 1, 0, THE_MAP),
        0, // the second half of the instruction before
        code(0x85, 0, 0, 0, LOOKUP),
        code(0x55, RESULT, 0, 2, 0), // if RESULT != 0
        set(RESULT, ABORTED),
        EXIT,
        load_double(NUMBER, RESULT, 0),
        copy(ONE, NUMBER),
        add(ONE, 1),
        store_double(RESULT, 0, ONE),
    ];
    program.extend(match variation {
        Variation::Datagrams(count) => datagrams(count, template),
        Variation::Sources { forged, factor, heavy_one_in } => sources((forged, factor, heavy_one_in), template),
    });
    program.extend([set(RESULT, TX), EXIT]);
    program
}

fn datagrams(count: u32, template: &[u8]) -> Vec<Instruction> {
    let mut program = vec![
        copy(ONE, NUMBER),
        modulo(ONE, count.cast_signed()),
        add(ONE, 1),
        set(SUM, words(template, &[IP_ID, IP_CHECKSUM])),
        add_of(SUM, ONE),
        big_endian(ONE, 16),
        store_half(FRAME, IP_ID, ONE),
    ];
    program.extend(finish_checksum());
    program
}

fn sources((forged, factor, heavy_one_in): (u32, u32, u32), template: &[u8]) -> Vec<Instruction> {
    let mut program = Vec::new();
    if heavy_one_in > 0 {
        let mut every = 1_u32;
        for heavy in 0..HEAVY {
            every = every.saturating_mul(heavy_one_in);
            // Three instructions for each one that is left, and the four below.
            let over = 5 * (HEAVY - heavy - 1) + 4;
            program.extend([
                copy(ONE, NUMBER),
                modulo(ONE, every.cast_signed()),
                set(SOURCE, heavy.cast_signed()),
                code(0x55, ONE, 0, 1, heavy.cast_signed()), // if ONE != heavy, go on
                code(0x05, 0, 0, over as i16, 0),           // else all is said
            ]);
        }
    }
    program.extend([
        copy(SOURCE, NUMBER),
        times(SOURCE, factor.cast_signed()),
        and(SOURCE, (forged - 1).cast_signed()),
        add(SOURCE, HEAVY.cast_signed()),
        // The IP header's sum: what does not change, and the two halves of the source address, 10.0.0.0 and its number.
        set(SUM, words(template, &[IP_CHECKSUM, IP_SOURCE, IP_SOURCE + 2]) + 0x0a00),
        copy(ONE, SOURCE),
        shift_right(ONE, 16),
        add_of(SUM, ONE),
        copy(ONE, SOURCE),
        and(ONE, 0xffff),
        add_of(SUM, ONE),
        copy(ONE, SOURCE),
        big_endian(ONE, 32),
        store_word(FRAME, SOURCE_MAC_END, ONE),
        copy(ONE, SOURCE),
        add(ONE, 0x0a00_0000),
        big_endian(ONE, 32),
        store_word(FRAME, IP_SOURCE, ONE),
        // A datagram of its own, without a UDP checksum, as IPv4 allows (RFC 768).
        store_double(FRAME, PAYLOAD_TAIL, NUMBER),
        set(ONE, 0),
        store_half(FRAME, UDP_CHECKSUM, ONE),
    ]);
    program.extend(finish_checksum());
    program
}

/// Folds the sum to the checksum of the header (RFC 1071) and writes it.
fn finish_checksum() -> [Instruction; 10] {
    [
        copy(ONE, SUM),
        shift_right(ONE, 16),
        and(SUM, 0xffff),
        add_of(SUM, ONE),
        copy(ONE, SUM),
        shift_right(ONE, 16),
        add_of(SUM, ONE),
        flip(SUM, 0xffff),
        big_endian(SUM, 16),
        store_half(FRAME, IP_CHECKSUM, SUM),
    ]
}

/// The sum of the 16-bit words of the template's IP header but those at `without`.
fn words(template: &[u8], without: &[i16]) -> i32 {
    let header = (14..34).step_by(2).filter(|at| !without.contains(at));
    let word = |at: i16| template.get(at as usize..)?.first_chunk().map(|word| i32::from(u16::from_be_bytes(*word)));
    header.filter_map(word).sum()
}

#[cfg(test)]
mod tests {
    use super::super::pattern::{PATTERNS, source};
    use super::*;
    use std::collections::BTreeSet;

    /// What the kernel does with the instructions that are used here; `counter` is the map.
    fn run(program: &[Instruction], frame: &mut [u8], counter: &mut u64) -> u64 {
        // Addresses as no real ones: a frame, the map's entry, the stack.
        const FRAME_AT: u64 = 0x1000;
        const MAP_AT: u64 = 0x9000;
        let mut r = [0_u64; 11];
        let mut at = 0;
        loop {
            let (op, regs, word) = (program[at] as u8, (program[at] >> 8) as u8, program[at]);
            let (to, from) = (usize::from(regs & 15), usize::from(regs >> 4));
            let offset = (word >> 16) as u16 as i16;
            let value = i64::from((word >> 32) as u32 as i32).cast_unsigned();
            at += 1;
            let mut jump = |yes: bool| at = if yes { at.wrapping_add_signed(isize::from(offset)) } else { at };
            match op {
                0xb7 => r[to] = value,
                0xbf => r[to] = r[from],
                0x07 => r[to] = r[to].wrapping_add(value),
                0x0f => r[to] = r[to].wrapping_add(r[from]),
                0x24 => r[to] = u64::from((r[to] as u32).wrapping_mul(value as u32)),
                0x97 => r[to] %= value,
                0x57 => r[to] &= value,
                0xa7 => r[to] ^= value,
                0x77 => r[to] >>= value,
                0xdc if value == 16 => r[to] = u64::from((r[to] as u16).swap_bytes()),
                0xdc => r[to] = u64::from((r[to] as u32).swap_bytes()),
                0xbd => jump(r[to] <= r[from]),
                0x55 => jump(r[to] != value),
                0x05 => jump(true),
                0x18 => at += 1,
                0x85 => r[RESULT as usize] = MAP_AT,
                0x61 => r[to] = if offset == 0 { FRAME_AT } else { FRAME_AT + frame.len() as u64 },
                0x79 => r[to] = *counter,
                0x63 if to == usize::from(STACK) => {}
                0x7b if r[to] == MAP_AT => *counter = r[from],
                0x63 | 0x6b | 0x7b => {
                    let length = if op == 0x63 {
                        4
                    } else if op == 0x6b {
                        2
                    } else {
                        8
                    };
                    let start = (r[to] - FRAME_AT) as usize + offset as usize;
                    frame[start..start + length].copy_from_slice(&r[from].to_le_bytes()[..length]);
                }
                0x95 => return r[RESULT as usize],
                other => panic!("instruction {other:#x} is not known"),
            }
        }
    }

    fn sound(frame: &[u8]) -> bool {
        let sum = frame[14..34].chunks(2).map(|w| u32::from(u16::from_be_bytes([w[0], w[1]]))).sum::<u32>();
        (sum & 0xffff) + (sum >> 16) == 0xffff
    }

    #[test]
    fn each_pattern_is_what_it_says() {
        for pattern in PATTERNS {
            let template = pattern.template();
            let program = of(pattern.variation(7), &template);
            let (mut counter, mut seen, mut sources) = (0, BTreeSet::new(), BTreeSet::new());
            let heavies = pattern.heavy(4096).into_iter().map(|(mac, count)| (mac.0, count)).collect::<Vec<_>>();
            let mut counts = vec![0; heavies.len()];
            for _ in 0..4096 {
                let mut frame = template.clone();
                assert_eq!(run(&program, &mut frame, &mut counter), u64::from(TX.cast_unsigned()));
                assert!(sound(&frame), "{}: checksum of frame {counter}", pattern.name());
                for (count, _) in counts.iter_mut().zip(&heavies).filter(|(_, (mac, _))| frame[6..12] == *mac) {
                    *count += 1;
                }
                sources.insert(frame[6..12].to_vec());
                seen.insert(frame);
            }
            assert_eq!(counts, heavies.iter().map(|(_, count)| *count).collect::<Vec<_>>(), "{}", pattern.name());
            let (datagrams, from) = match pattern.name() {
                "incident" => (28, 1),
                "steady" => (4096, 32),
                // 1/4, 1/16 and 1/64 are of the heavy ones.
                _ => (4096, 4096 - 1024 - 256 - 64 + 3),
            };
            assert_eq!((seen.len(), sources.len()), (datagrams, from), "{}", pattern.name());
        }
    }

    #[test]
    fn a_short_frame_goes_nowhere_and_a_source_is_one() {
        let program = of(Variation::Datagrams(1), &[0; 264]);
        assert_eq!(run(&program, &mut [0; 60], &mut 0), 0);
        assert_eq!(source(0x0012_3456).1.octets(), [10, 0x12, 0x34, 0x56]);
        assert_eq!(source(0x0012_3456).0.0, [2, 0x1b, 0, 0x12, 0x34, 0x56]);
    }
}
