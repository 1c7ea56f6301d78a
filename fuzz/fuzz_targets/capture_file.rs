//! Capture files made of any bytes, read through windows of any size: the reader moves on or stops, never runs past the
//! window, and gives the same frames however it is fed; what it gives goes through the tally and the report's chronicle.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::Arc;
use stormglass::model::Time;
use stormglass::model::frames::FrameMeta;
use stormglass::observe::chronicle::Chronicle;
use stormglass::wire::capture_file::{MAX_WANTED, Reader, Record, Step};

fuzz_target!(|bytes: &[u8]| {
    let Some((&size, file)) = bytes.split_first() else { return };
    let whole = frames(file, usize::MAX, false);
    for quickly in [false, true] {
        assert_eq!(whole, frames(file, usize::from(size) + 1, quickly), "however it is fed");
    }
    let name: Arc<str> = "file".into();
    let mut chronicle = Chronicle::new(Time::from_secs(1_700_000_000));
    for (meta, frame) in &whole {
        chronicle.frame(&name, meta, frame);
    }
    assert!(chronicle.timeline().buckets().len() <= 480);
});

/// All frames of a file that is handed over `step` bytes at a time. `quickly`: by the short way, wherever it leads on.
fn frames(file: &[u8], step: usize, quickly: bool) -> Vec<(FrameMeta, Vec<u8>)> {
    let mut reader = Reader::default();
    let mut found = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        let front = if quickly { reader.record(&file[start..end]) } else { None };
        if let Some(Record { meta, bytes, length }) = front {
            assert!(bytes.end <= length && length <= end - start);
            assert_eq!(meta.number, found.len() as u64 + 1);
            found.push((meta, file[start..end][bytes].to_vec()));
            start += length;
            continue;
        }
        match reader.step(&file[start..end]) {
            Step::Frame { meta, bytes, consumed } => {
                assert!(bytes.end <= end - start && consumed <= end - start);
                assert_eq!(meta.number, found.len() as u64 + 1);
                found.push((meta, file[start..end][bytes].to_vec()));
                start += consumed;
            }
            Step::More { consumed, wanted } => {
                assert!(consumed <= end - start && wanted <= MAX_WANTED);
                start += consumed;
                let missing = (start + wanted).saturating_sub(end);
                assert!(missing > 0, "it must not ask for what it has");
                if start + wanted > file.len() {
                    // What is left is too little: the window is the rest, once.
                    if end == file.len() {
                        let damage = reader.finish(&file[start..], wanted);
                        assert!(damage.is_none_or(|damage| damage.byte <= file.len() as u64));
                        break;
                    }
                    end = file.len();
                } else {
                    end = (end + missing.max(step.min(file.len()))).min(file.len());
                }
            }
            Step::Damaged(damage) => {
                assert_eq!(damage.frame, found.len() as u64);
                break;
            }
        }
        assert!(reader.names().len() <= 1024);
    }
    found
}
