//! Messages that wait, on the disk: `outbox.jsonl`, written anew with each change and put in place by its name, so that it is the
//! old one or the new one and never half of either. A disk that is full or gone costs what a restart would keep; the messages
//! themselves wait in memory. Knows no form of a line.

use crate::engine::outbox::Parcel;
use crate::view::notify::store;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// The file.
pub const FILE: &str = "outbox.jsonl";
const NEW: &str = "outbox.jsonl.new";
/// Bytes read; what is written has less (see `MAX_BYTES` of the outbox).
const MAX_READ: u64 = 8 << 20;

/// Where messages wait.
#[derive(Debug)]
pub struct Queue {
    folder: Option<PathBuf>,
    written: String,
    errors: u64,
    failing: bool,
}

impl Queue {
    /// In this folder, or in memory alone; and what an earlier run has left there.
    #[must_use]
    pub fn open(folder: Option<&Path>) -> (Self, Vec<Parcel>) {
        let mut queue = Self { folder: folder.map(Path::to_owned), written: String::new(), errors: 0, failing: false };
        let Some(folder) = folder else { return (queue, Vec::new()) };
        let place = folder.join(FILE);
        let mut bytes = Vec::new();
        match File::open(&place).and_then(|file| file.take(MAX_READ).read_to_end(&mut bytes)) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => queue.failed(&error),
        }
        let read = store::decode(&bytes);
        if let Some(version) = read.newer {
            tracing::warn!(
                "notify: {} has messages of version {version}, written by a newer stormglass; they are given up",
                place.display()
            );
        }
        if read.unreadable > 0 {
            tracing::warn!("notify: {} torn or spoiled lines in {} were passed over", read.unreadable, place.display());
        }
        (queue, read.parcels)
    }

    /// Attempts to write that failed since the start.
    #[must_use]
    pub const fn errors(&self) -> u64 {
        self.errors
    }

    /// Whether [`Queue::keep`] would do anything: mostly nothing waits, and nothing is on the disk.
    #[must_use]
    pub fn cares(&self, parcels: &[Parcel]) -> bool {
        self.folder.is_some() && !(parcels.is_empty() && self.written.is_empty() && !self.failing)
    }

    /// Writes all that wait, if that is anything else than what was written last.
    pub fn keep(&mut self, parcels: &[Parcel]) {
        let Some(folder) = self.folder.clone() else { return };
        let text = store::encode(parcels);
        if text == self.written && !self.failing {
            return;
        }
        match write(&folder, &text) {
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    tracing::info!("notify: messages that wait are kept in {} now", folder.display());
                }
                self.written = text;
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &io::Error) {
        self.errors += 1;
        if !std::mem::replace(&mut self.failing, true) {
            let folder = self.folder.as_deref().unwrap_or(Path::new("")).display();
            tracing::warn!(
                "notify: messages that wait can't be kept in {folder}: {error}; make room, or make it writable. They wait in \
                 memory, and would be lost with a restart"
            );
        }
    }
}

fn write(folder: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let (new, place) = (folder.join(NEW), folder.join(FILE));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_data()
    });
    if let Err(error) = written {
        // Half a file takes the room that is lacking.
        let _ = fs::remove_file(&new);
        return Err(error);
    }
    fs::rename(&new, &place)?;
    File::open(folder)?.sync_all()
}
