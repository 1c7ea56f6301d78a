//! Maker of a device by its MAC. Knows the IEEE's blocks as one file, nothing of networks or devices.
//!
//! `vendor.bin` is written by `harness/vendor-table`: three list lengths (u32, little endian) for prefixes of 24, 28 and 36
//! bits; for each list its rows, sorted, of the prefix (3, 4 or 5 bytes, highest first, right-aligned) and the place of the
//! maker's name (3 bytes); then the names, each once and ended by a line feed. It is searched where it lies in the program:
//! nothing is unpacked, no heap is taken, and of its 1.2 MB only the few pages are ever read in on which a search touches a
//! row. Packed it would have a third of that, but then the first name costs 20 ms, which is a tenth of the diagnosis of a
//! capture of two million frames, and 1.8 MB of memory for good.

use super::MacAddr;
use std::ops::Range;

mod short;

pub use short::short_name;

static FILE: &[u8] = include_bytes!("vendor.bin");

/// Bytes of the list lengths at the start of the file.
const LENGTHS: usize = LISTS.len() * 4;
/// Bytes of the place of a name.
const PLACE: usize = 3;

/// Prefix lengths of the lists in bits, in the file's order: MA-L, MA-M, MA-S (with the older IAB).
const LISTS: [usize; 3] = [24, 28, 36];

/// The maker's registered name, by the longest registered prefix.
///
/// `None` for group addresses, for random and local ones (the U/L bit), and where the register hides the holder.
#[must_use]
pub fn vendor(mac: MacAddr) -> Option<&'static str> {
    if mac.is_group() || mac.is_local() {
        return None;
    }
    find(FILE, mac)
}

/// The name that `file` has for an address. Total: a damaged file has fewer names, which is a smaller harm than no
/// diagnosis. A test reads the real one.
fn find(file: &[u8], mac: MacAddr) -> Option<&str> {
    let names = file.get(rows(file, LISTS.len())?.end..)?;
    LISTS.iter().enumerate().rev().find_map(|(list, &bits)| {
        let place = search(file.get(rows(file, list)?)?, prefix_bytes(bits), mac.as_u64() >> (48 - bits))?;
        let name = names.get(place..)?.split(|byte| *byte == b'\n').next()?;
        std::str::from_utf8(name).ok()
    })
}

/// Where the rows of one list lie; of the one after the last, nothing, where the names begin.
fn rows(file: &[u8], list: usize) -> Option<Range<usize>> {
    let (lengths, _) = file.get(..LENGTHS)?.as_chunks::<4>();
    let mut next = LENGTHS..LENGTHS;
    for (length, bits) in lengths.iter().zip(LISTS).take(list + 1) {
        let bytes = usize::try_from(u32::from_le_bytes(*length)).ok()?.checked_mul(prefix_bytes(bits) + PLACE)?;
        next = next.end..next.end.checked_add(bytes)?;
    }
    Some(next)
}

/// The place of the name that `prefix` has among `rows`, each of a prefix of so many bytes and a place.
fn search(rows: &[u8], prefix_bytes: usize, prefix: u64) -> Option<usize> {
    let width = prefix_bytes + PLACE;
    let (mut low, mut high) = (0, rows.len() / width);
    while low < high {
        let middle = low + (high - low) / 2;
        let (found, place) = rows.get(middle * width..(middle + 1) * width)?.split_at(prefix_bytes);
        match number(found).cmp(&prefix) {
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
            std::cmp::Ordering::Equal => return usize::try_from(number(place)).ok(),
        }
    }
    None
}

/// Bytes as a number, the highest first.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Bytes that a prefix of `bits` bits takes.
const fn prefix_bytes(bits: usize) -> usize {
    bits.div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mac: &str) -> Option<&'static str> {
        vendor(mac.parse().expect("a literal"))
    }

    #[test]
    fn longest_prefix_wins() {
        // The seed's router and Echo, a NAS and a Pi: 24 bits.
        assert_eq!(of("3c:84:6a:10:00:c8"), Some("TP-LINK TECHNOLOGIES CO.,LTD."));
        assert_eq!(of("00:11:32:00:00:01"), Some("Synology Incorporated"));
        assert_eq!(of("dc:a6:32:00:00:01"), Some("Raspberry Pi Trading Ltd"));
        // 28 bits inside a block of the registration authority, which itself names nobody.
        assert_eq!(of("b8:4c:87:40:00:00"), Some("Blum Novotest GmbH"));
        // 36 bits, MA-S and IAB; the neighbour block is another's.
        assert_eq!(of("8c:1f:64:af:a0:00"), Some("DATA ELECTRONIC DEVICES, INC"));
        assert_eq!(of("8c:1f:64:9b:9f:ff"), Some("QUERCUS TECHNOLOGIES, S.L."));
        assert_eq!(of("40:d8:55:0d:70:00"), Some("Avant Technologies"));
    }

    #[test]
    fn every_entry_is_found() {
        let names = &FILE[rows(FILE, LISTS.len()).expect("the committed file").end..];
        for (list, bits) in LISTS.into_iter().enumerate() {
            let rows = &FILE[rows(FILE, list).expect("the committed file")];
            let width = prefix_bytes(bits) + PLACE;
            let prefixes = rows.chunks(width).map(|row| number(&row[..width - PLACE])).collect::<Vec<_>>();
            assert!(prefixes.len() > 5_000, "{bits}-bit prefixes: {}", prefixes.len());
            assert!(prefixes.is_sorted_by(|a, b| a < b), "{bits}-bit prefixes are sorted and unique");
            assert!(prefixes.iter().all(|prefix| prefix >> bits == 0), "{bits}-bit prefixes have no more bits");
            for (row, prefix) in rows.chunks(width).zip(prefixes) {
                let place = number(&row[width - PLACE..]) as usize;
                assert_eq!(search(rows, width - PLACE, prefix), Some(place));
                assert!(place < names.len() && (place == 0 || names[place - 1] == b'\n'), "a name begins at {place}");
            }
        }
        assert!(names.ends_with(b"\n") && names.iter().filter(|byte| **byte == b'\n').count() > 30_000);
    }

    #[test]
    fn addresses_that_no_maker_gave() {
        for mac in ["02:42:ac:11:00:02", "da:a1:19:00:00:01", "01:00:5e:7f:ff:fa", "ff:ff:ff:ff:ff:ff"] {
            assert_eq!(of(mac), None, "{mac}");
        }
    }

    #[test]
    fn stays_small() {
        assert!(FILE.len() < 1_300_000, "{} bytes", FILE.len());
    }

    #[test]
    fn a_damaged_file_has_fewer_names() {
        let mac = MacAddr([0x00, 0x11, 0x32, 0, 0, 1]);
        assert_eq!(find(FILE, mac), vendor(mac));
        for length in [0, 3, LENGTHS, LENGTHS + 100, FILE.len() / 2] {
            assert_eq!(find(&FILE[..length], mac), None, "{length} bytes");
        }
        assert_eq!(find(&[0xff; 64], mac), None, "lengths beyond any file");
        let mut lying = FILE.to_vec();
        lying[..LENGTHS].fill(0);
        assert_eq!(find(&lying, mac), None, "no rows at all");
    }
}
