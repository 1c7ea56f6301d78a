//! Maker of a device by its MAC. Knows the IEEE's blocks as one packed file, nothing of networks or devices.
//!
//! `vendor.bin` is written by `harness/vendor-table` and is one raw deflate stream (RFC 1951) of:
//! three list lengths (u32, little endian) for prefixes of 24, 28 and 36 bits; for each list its sorted prefixes as byte
//! columns, highest byte first, then two byte columns with the number of the maker's name, high byte first; then the
//! names, sorted and joined by line feeds. Columns because the file then has 0.43 MB (0.52 as rows), and because a binary
//! search can read them where they lie. Measured on a busy machine: inflated once, at first use, in 15-35 ms, with 1.8 MB of
//! resident memory; then about a microsecond for each look-up, which is for verdicts and pages, not for frames.

use std::io::Read;
use std::sync::OnceLock;

use super::MacAddr;

mod short;

pub use short::short_name;

static PACKED: &[u8] = include_bytes!("vendor.bin");

/// Most bytes the inflated table may have; today's has 1.6 MB. A limit although the file is our own: it is one bad commit
/// away from being another's.
const INFLATED_LIMIT: u64 = 8 << 20;

/// Prefix lengths of the lists in bits, in the file's order: MA-L, MA-M, MA-S (with the older IAB).
const LISTS: [usize; 3] = [24, 28, 36];

/// The maker's registered name, by the longest registered prefix.
///
/// `None` for group addresses, for random and local ones (the U/L bit), and where the register hides the holder.
#[must_use]
pub fn vendor(mac: MacAddr) -> Option<&'static str> {
    static TABLE: OnceLock<Table> = OnceLock::new();
    if mac.is_group() || mac.is_local() {
        return None;
    }
    // A damaged file makes an empty table: no names is a smaller harm than no diagnosis. A test reads the real file.
    TABLE.get_or_init(|| Table::inflate(PACKED).unwrap_or_default()).find(mac)
}

/// The inflated file, searched in place.
#[derive(Default)]
struct Table {
    plain: Vec<u8>,
    lists: [List; LISTS.len()],
    /// Where each name begins, and one past the end of the last.
    names: Vec<u32>,
}

/// Where the columns of one list lie in the file.
#[derive(Default, Clone, Copy)]
struct List {
    start: usize,
    length: usize,
}

impl Table {
    fn inflate(packed: &[u8]) -> Option<Self> {
        let mut plain = Vec::new();
        flate2::read::DeflateDecoder::new(packed).take(INFLATED_LIMIT).read_to_end(&mut plain).ok()?;
        plain.shrink_to_fit();
        let mut lists = [List::default(); LISTS.len()];
        let mut start = LISTS.len() * 4;
        for ((list, bits), length) in lists.iter_mut().zip(LISTS).zip(plain.chunks_exact(4)) {
            let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
            *list = List { start, length };
            start = start.checked_add(length.checked_mul(columns(bits) + 2)?)?;
        }
        let text = std::str::from_utf8(plain.get(start..)?).ok()?;
        let begins = text.match_indices('\n').map(|(at, _)| start + at + 1);
        let names = std::iter::once(start).chain(begins).chain([plain.len() + 1]);
        let names = names.map(|at| u32::try_from(at).ok()).collect::<Option<Vec<_>>>()?;
        Some(Self { lists, names, plain })
    }

    fn find(&self, mac: MacAddr) -> Option<&str> {
        LISTS.iter().zip(self.lists).rev().find_map(|(&bits, list)| {
            let name = self.search(list, bits, mac.as_u64() >> (48 - bits))?;
            let (begin, end) = (*self.names.get(name)?, *self.names.get(name + 1)?);
            let bytes = self.plain.get(usize::try_from(begin).ok()?..usize::try_from(end).ok()?.checked_sub(1)?)?;
            std::str::from_utf8(bytes).ok()
        })
    }

    /// The number of the name that `prefix` has in `list`.
    fn search(&self, list: List, bits: usize, prefix: u64) -> Option<usize> {
        let (mut low, mut high) = (0, list.length);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.row(list, 0..columns(bits), middle)?.cmp(&prefix) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => {
                    let name = self.row(list, columns(bits)..columns(bits) + 2, middle)?;
                    return usize::try_from(name).ok();
                }
            }
        }
        None
    }

    /// The bytes of one row in some columns, as a number.
    fn row(&self, list: List, columns: std::ops::Range<usize>, row: usize) -> Option<u64> {
        let mut number = 0;
        for column in columns {
            number = number << 8 | u64::from(*self.plain.get(list.start + column * list.length + row)?);
        }
        Some(number)
    }
}

/// Byte columns that a prefix of `bits` bits takes.
const fn columns(bits: usize) -> usize {
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
    fn first_and_last_entries_are_found() {
        let table = Table::inflate(PACKED).expect("the committed file");
        for (list, bits) in table.lists.into_iter().zip(LISTS) {
            assert!(list.length > 5_000, "{bits}-bit prefixes: {}", list.length);
            for row in [0, list.length / 3, list.length - 1] {
                let prefix = table.row(list, 0..columns(bits), row).expect("inside the list");
                let name = table.row(list, columns(bits)..columns(bits) + 2, row).map(|n| usize::try_from(n).ok());
                assert_eq!(Some(table.search(list, bits, prefix)), name);
            }
            let rows = (0..list.length).map(|row| table.row(list, 0..columns(bits), row));
            assert!(rows.is_sorted_by(|a, b| a < b), "{bits}-bit prefixes are sorted and unique");
        }
        assert!(table.names.len() > 30_000);
    }

    #[test]
    fn addresses_that_no_maker_gave() {
        for mac in ["02:42:ac:11:00:02", "da:a1:19:00:00:01", "01:00:5e:7f:ff:fa", "ff:ff:ff:ff:ff:ff"] {
            assert_eq!(of(mac), None, "{mac}");
        }
    }

    #[test]
    fn stays_small() {
        let table = Table::inflate(PACKED).expect("the committed file");
        let bytes = table.plain.capacity() + table.names.capacity() * size_of::<u32>();
        assert!(PACKED.len() < 600_000, "{} bytes packed", PACKED.len());
        assert!(bytes < 2_000_000, "{bytes} bytes in memory");
    }

    #[test]
    fn a_damaged_file_is_no_table() {
        assert!(Table::inflate(&[]).is_none_or(|table| table.find(MacAddr::ZERO).is_none()));
        assert!(Table::inflate(&PACKED[..PACKED.len() / 2]).is_none());
        let mut lying = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut lying, &[0xff; 64]).expect("to memory");
        assert!(Table::inflate(&lying.finish().expect("to memory")).is_none());
    }
}
