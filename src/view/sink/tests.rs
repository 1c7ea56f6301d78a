//! What goes in comes out, whatever the writer says about it.

use super::*;
use std::io::Read as _;

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(bytes).read_to_end(&mut text).expect("gzip");
    text
}

/// Writes by `write`; checks that gzip gives the same text as plain, and gives its size and the size of the gzip.
fn check(write: impl Fn(&mut dyn Sink)) -> (usize, usize) {
    let (mut plain, mut zipped) = (Vec::new(), Vec::new());
    let mut keep = |chunk: &[u8]| plain.extend_from_slice(chunk);
    let mut out = Plain::new(&mut keep);
    write(&mut out);
    out.finish();
    let mut keep = |chunk: &[u8]| zipped.extend_from_slice(chunk);
    let mut out = Gzip::new(&mut keep);
    write(&mut out);
    out.finish();
    assert!(unzipped(&zipped) == plain, "{} bytes became others", plain.len());
    (plain.len(), zipped.len())
}

/// Numbers that look like chance, by seed (Numerical Recipes' generator).
fn numbers(seed: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(seed), |n| Some(n.wrapping_mul(1_664_525).wrapping_add(1_013_904_223)))
}

#[test]
fn gzip_gives_back_every_length() {
    for length in (0..600).chain([32_767, 32_768, 32_769, 200_000]) {
        let text = b"ab{c}\n".iter().copied().cycle().take(length).collect::<Vec<_>>();
        check(|out| out.text(&text));
        check(|out| out.number(&text));
        check(|out| {
            let mut seen = Seen::default();
            for _ in 0..3 {
                out.again(Again { text: &text, seen: &mut seen });
                out.number(b"17");
            }
        });
    }
}

#[test]
fn plain_keeps_pieces_of_every_length_wherever_a_chunk_ends() {
    let letters = (b' '..=b'~').cycle().take(3 * CHUNK).collect::<Vec<_>>();
    let (mut expected, mut written) = (Vec::new(), Vec::new());
    let mut keep = |chunk: &[u8]| written.extend_from_slice(chunk);
    let mut out = Plain::new(&mut keep);
    let mut seen = [Seen::default(); 2];
    for length in (0..300).cycle().take(1_500).chain([CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK]) {
        let [name, labels] = [length % 35, length].map(|length| &letters[length % 95..][..length]);
        let number = Digits::of(7_u64.pow(length as u32 % 23));
        let [seen_name, seen_labels] = &mut seen;
        out.line(Again { text: name, seen: seen_name }, Again { text: labels, seen: seen_labels }, &number);
        out.text(labels);
        [name, labels, number.text(&mut [0; Digits::ROOM]), labels]
            .into_iter()
            .for_each(|piece| expected.extend_from_slice(piece));
    }
    out.finish();
    assert!(written == expected, "{} bytes became others", expected.len());
}

#[test]
fn gzip_gives_back_noise() {
    let noise = numbers(7).take(300_000).map(|n| (n >> 24) as u8).collect::<Vec<_>>();
    let (plain, zipped) = check(|out| out.text(&noise));
    assert!(zipped < plain + plain / 20, "{zipped} bytes of {plain}");
    check(|out| noise.chunks(97).for_each(|piece| out.number(piece)));
}

#[test]
fn repeated_pieces_cost_little_near_and_far() {
    // 60 rows lie within the reach of a match, 2,000 do not.
    for (rows, at_most) in [(60, 12), (2_000, 6)] {
        let (plain, zipped) = check(|out| {
            let rows =
                (0..rows).map(|n| format!("{{ifAlias=\"\",ifDescr=\"GigabitEthernet 1/0/{n}\",ifIndex=\"{n}\"}} "));
            let mut rows = rows.map(|row| (row, Seen::default())).collect::<Vec<_>>();
            for family in 0..30 {
                let (name, mut seen) = (format!("\nfamily{family}"), Seen::default());
                for ((row, row_seen), value) in rows.iter_mut().zip(numbers(family)) {
                    let (name, row) = (name.as_bytes(), row.as_bytes());
                    out.line(
                        Again { text: name, seen: &mut seen },
                        Again { text: row, seen: row_seen },
                        &Digits::of(u64::from(value >> 22)),
                    );
                }
            }
        });
        assert!(zipped * at_most < 2 * plain, "{rows} rows: {zipped} of {plain}");
    }
}

#[test]
fn a_piece_taken_for_another_is_written_all_the_same() {
    check(|out| {
        let mut seen = Seen::default();
        for piece in [&b"one text"[..], b"another", b"", b"x", b"another and more"] {
            out.again(Again { text: piece, seen: &mut seen });
            out.again(Again { text: piece, seen: &mut seen.part(3) });
            out.again(Again { text: piece, seen: &mut seen.part(usize::MAX / 2) });
        }
    });
}

#[test]
fn chunks_are_bounded() {
    let mut longest = 0;
    let mut keep = |chunk: &[u8]| longest = longest.max(chunk.len());
    let mut out = Plain::new(&mut keep);
    (0..100_000).for_each(|_| out.text(b"stormglass_up{target=\"hub\"} 1\n"));
    out.finish();
    assert!(longest <= CHUNK);
    let mut longest = 0;
    let mut keep = |chunk: &[u8]| longest = longest.max(chunk.len());
    let mut out = Gzip::new(&mut keep);
    numbers(3).take(1_000_000).for_each(|n| out.number(n.to_string().as_bytes()));
    out.finish();
    assert!(longest <= 2 * CHUNK, "{longest}");
}

#[test]
fn any_mixture_of_pieces_comes_back() {
    for seed in 0..24 {
        check(|out| {
            let mut next = numbers(seed);
            let mut chance = move |below: u32| (next.next().unwrap_or_default() >> 12) % below;
            let pieces = (0..40).map(|n| {
                let length = if chance(9) == 0 { chance(70_000) } else { chance(90) };
                (0..length).map(|at| ((at % (2 + n)) as u8).wrapping_mul(7).wrapping_add(b' ')).collect::<Vec<_>>()
            });
            let pieces = pieces.collect::<Vec<_>>();
            let mut seen = vec![Seen::default(); pieces.len()];
            for _ in 0..chance(400) {
                let n = chance(40) as usize;
                // Sometimes with the mark of another piece.
                let mark = if chance(20) == 0 { 0 } else { n };
                match chance(5) {
                    0 => out.text(&pieces[n]),
                    1 => out.number(&pieces[n]),
                    2 => {
                        let mut fresh = Seen::default();
                        let name = Again { text: &pieces[chance(40) as usize], seen: &mut fresh };
                        out.line(name, Again { text: &pieces[n], seen: &mut seen[mark] }, &Digits::of(u64::MAX));
                    }
                    _ => out.again(Again { text: &pieces[n], seen: &mut seen[mark] }),
                }
            }
        });
    }
}
