//! Puts the IEEE's blocks of MAC addresses, as crate `oui-data` lists them, in the file that `stormglass` embeds.
//! Knows the layout of that file (told in `src/model/vendor.rs`), not how it is searched.
//!
//! ```text
//! cargo run --release --manifest-path harness/vendor-table/Cargo.toml -- src/model/vendor.bin
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

/// Hexadecimal digits of the prefixes in each of the three lists: MA-L, MA-M, and MA-S with the older IAB.
const LISTS: [usize; 3] = [6, 7, 9];

/// Bytes of the place of a name.
const PLACE: usize = 3;

/// Registered, but says nothing about the device: the holder is hidden, or the block is split into smaller ones.
const SILENT: [&str; 3] = ["", "Private", "IEEE Registration Authority"];

/// Prefixes of each length, with the maker's name.
type Blocks = BTreeMap<usize, BTreeMap<u64, String>>;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: stormglass-vendor-table FILE   (in this project: src/model/vendor.bin)");
        return ExitCode::from(2);
    };
    let file = blocks().and_then(|blocks| pack(&blocks));
    match file.and_then(|file| std::fs::write(&path, file).map_err(|e| e.to_string())) {
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

/// Rows, because a binary search then ends within one page of memory.
fn pack(blocks: &Blocks) -> Result<Vec<u8>, String> {
    let names = blocks.values().flat_map(BTreeMap::values).map(String::as_str).collect::<BTreeSet<_>>();
    let mut places = BTreeMap::new();
    let mut text = Vec::new();
    for name in names {
        places.insert(name, text.len());
        text.extend(name.as_bytes());
        text.push(b'\n');
    }
    if text.len() >= 1 << (8 * PLACE) {
        return Err(format!("{} bytes of names: the layout holds 16 MiB", text.len()));
    }
    let empty = BTreeMap::new();
    let lists = LISTS.map(|digits| (digits, blocks.get(&digits).unwrap_or(&empty)));
    let mut file = Vec::new();
    for (_, list) in lists {
        let length = u32::try_from(list.len()).map_err(|e| e.to_string())?;
        file.extend(length.to_le_bytes());
    }
    for (digits, list) in lists {
        for (prefix, name) in list {
            file.extend(&prefix.to_be_bytes()[8 - digits.div_ceil(2)..]);
            file.extend(&places[name.as_str()].to_be_bytes()[size_of::<usize>() - PLACE..]);
        }
    }
    file.extend(text);
    Ok(file)
}
