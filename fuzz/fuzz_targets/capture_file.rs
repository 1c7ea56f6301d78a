//! The readers of pcap and pcapng, on any bytes in windows of any size: frames lie within the window, every step gets on, and
//! what is wrong is told with its place. The first byte chooses the size of the windows.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::wire::capture_file::{MAX_WANTED, Reader, Step};

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, file)) = bytes.split_first() else { return };
    let size = usize::from(first) + 1;
    let mut reader = Reader::default();
    let (mut start, mut end, mut frames) = (0, 0, 0);
    for _ in 0..4 * file.len() + 16 {
        match reader.step(&file[start..end]) {
            Step::Frame { meta, bytes, consumed } => {
                frames += 1;
                assert_eq!(meta.number, frames);
                assert!(bytes.start <= bytes.end && bytes.end <= end - start && consumed <= end - start);
                start += consumed;
            }
            Step::More { consumed, wanted } => {
                start += consumed;
                assert!(start <= end && wanted <= MAX_WANTED);
                if end == file.len() {
                    let _ = reader.finish(&file[start..end], wanted).map(|damage| damage.to_string());
                    return assert_eq!(reader.frames(), frames);
                }
                end = (start + wanted.max(size)).max(end).min(file.len());
            }
            Step::Damaged(damage) => return assert!(damage.byte <= file.len() as u64 && damage.frame == frames),
        }
    }
    panic!("it does not end");
});
