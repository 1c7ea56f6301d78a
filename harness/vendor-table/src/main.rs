//! Packs the IEEE's blocks of MAC addresses, as crate `oui-data` lists them, into the file that `stormglass` embeds.
//! Knows the layout of that file (told in `src/model/vendor.rs`), not how it is searched.
//!
//! ```text
//! cargo run --release --manifest-path harness/vendor-table/Cargo.toml -- src/model/vendor.bin
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::ExitCode;

/// Hexadecimal digits of the prefixes in each of the three lists: MA-L, MA-M, and MA-S with the older IAB.
const LISTS: [usize; 3] = [6, 7, 9];

/// Registered, but says nothing about the device: the holder is hidden, or the block is split into smaller ones.
const SILENT: [&str; 3] = ["", "Private", "IEEE Registration Authority"];

/// Prefixes of each length, with the maker's name.
type Blocks = BTreeMap<usize, BTreeMap<u64, String>>;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: stormglass-vendor-table FILE   (in this project: src/model/vendor.bin)");
        return ExitCode::from(2);
    };
    let packed = blocks().and_then(|blocks| pack(&blocks));
    match packed.and_then(|packed| std::fs::write(&path, packed).map_err(|e| e.to_string())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", path.to_string_lossy());
            ExitCode::FAILURE
        }
    }
}

/// The entries worth embedding. Company identifiers (CID) are left out: no device may use one in its address.
fn blocks() -> Result<Blocks, String> {
    let mut blocks = Blocks::new();
    for entry in oui_data::OUI_ENTRIES.values() {
        // Some names hold line feeds and runs of blanks.
        let name = entry.organization().replace("\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
        if matches!(entry.registry(), oui_data::Registry::Cid) || SILENT.contains(&name.as_str()) {
            continue;
        }
        let prefix = entry.oui();
        if !LISTS.contains(&prefix.len()) {
            return Err(format!("prefix {prefix}: {} digits, expected one of {LISTS:?}", prefix.len()));
        }
        let number = u64::from_str_radix(prefix, 16).map_err(|e| format!("prefix {prefix}: {e}"))?;
        blocks.entry(prefix.len()).or_default().insert(number, name);
    }
    Ok(blocks)
}

/// Columns compress better than rows: the high bytes of sorted prefixes hardly change.
fn pack(blocks: &Blocks) -> Result<Vec<u8>, String> {
    let names = blocks.values().flat_map(BTreeMap::values).map(String::as_str).collect::<BTreeSet<_>>();
    let mut numbers = BTreeMap::new();
    for (i, name) in names.iter().enumerate() {
        let i = u16::try_from(i).map_err(|_| format!("{} names: the layout holds 65,536", names.len()))?;
        numbers.insert(*name, i);
    }
    let empty = BTreeMap::new();
    let lists = LISTS.map(|digits| (digits, blocks.get(&digits).unwrap_or(&empty)));
    let mut plain = Vec::new();
    for (_, list) in lists {
        let length = u32::try_from(list.len()).map_err(|e| e.to_string())?;
        plain.extend(length.to_le_bytes());
    }
    for (digits, list) in lists {
        for column in (0..digits.div_ceil(2)).rev() {
            plain.extend(list.keys().map(|prefix| prefix.to_le_bytes()[column]));
        }
        for column in [1, 0] {
            plain.extend(list.values().map(|name| numbers[name.as_str()].to_le_bytes()[column]));
        }
    }
    plain.extend(names.iter().copied().collect::<Vec<_>>().join("\n").as_bytes());
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    deflated.write_all(&plain).and_then(|()| deflated.finish()).map_err(|e| e.to_string())
}
