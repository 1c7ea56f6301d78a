//! The history of storms on the disk: `storms.jsonl`, to which lines are appended, and its predecessor. A disk that is full,
//! read-only or gone costs the history and is counted; nothing else waits for it. Knows no form of a line.

use crate::io::recorder::reason;
use crate::model::Time;
use crate::model::history::StorageStatus;
use crate::view::history::{Entry, History, Kept, MAX_LINE, encode};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The file of the newest lines.
pub const FILE: &str = "storms.jsonl";
/// The file before it, complete.
const BEFORE: &str = "storms.jsonl.1";
/// Held by whoever writes, so that two do not.
const LOCK: &str = "storms.lock";
/// Size at which a new file is begun, bytes: the two have twice this, far below the promised 50 MB, and a file that begins
/// with all that is known has at most `MAX_HISTORY` lines of `MAX_LINE`, 8 MiB.
const MAX_FILE: u64 = 12_000_000;

/// Reads what is remembered in a folder. A file that is not there is empty.
///
/// # Errors
/// The folder is not there, or a file in it can't be read.
pub fn read(folder: &Path) -> io::Result<History> {
    let mut history = History::default();
    fs::metadata(folder)?;
    for name in [BEFORE, FILE] {
        match File::open(folder.join(name)) {
            Ok(file) => read_lines(file, &mut history)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(history)
}

/// Whether there is a history in the folder, be it an empty one.
#[must_use]
pub fn exists(folder: &Path) -> bool {
    [BEFORE, FILE].iter().any(|name| folder.join(name).exists())
}

fn read_lines(file: File, history: &mut History) -> io::Result<()> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut within_long = false;
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let ends = line.pop_if(|byte| *byte == b'\n').is_some();
        // What is longer than a line may be is one spoiled line, whatever its parts look like.
        if !within_long && !line.is_empty() {
            history.line(&line);
        }
        within_long = !ends && (within_long || line.len() > MAX_LINE);
    }
}

/// The writer.
#[derive(Debug)]
pub struct Storage {
    folder: PathBuf,
    /// `None`: to be opened before the next write.
    file: Option<File>,
    lock: Option<File>,
    size: u64,
    history: History,
    status: StorageStatus,
    max_file: u64,
}

impl Storage {
    /// Reads the history, and begins to keep it on. A folder that can't be used now is tried again with every write.
    ///
    /// # Errors
    /// A newer program has written there: its history is not to be mixed with ours.
    pub fn open(folder: &Path) -> Result<Self, Newer> {
        let mut storage = Self {
            folder: folder.to_owned(),
            file: None,
            lock: None,
            size: 0,
            history: History::default(),
            status: StorageStatus::default(),
            max_file: MAX_FILE,
        };
        match read(folder) {
            Ok(history) => storage.history = history,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => storage.failed(&error),
        }
        if let Some(version) = storage.history.newer() {
            return Err(Newer { folder: folder.to_owned(), version });
        }
        if storage.history.unreadable() > 0 {
            let lines = storage.history.unreadable();
            tracing::warn!("storage.path: {lines} torn or spoiled lines in {} were passed over", folder.display());
        }
        if let Err(error) = storage.ready() {
            storage.failed(&error);
        }
        Ok(storage)
    }

    /// What was read, and written since.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// How it goes.
    #[must_use]
    pub const fn status(&self) -> &StorageStatus {
        &self.status
    }

    /// Writes what is new; without `all`, small changes can wait. What fails is written with the next call.
    pub fn keep(&mut self, now: Time, kept: &Kept<'_>, all: bool) {
        let news = self.history.news(now, kept, all);
        if news.is_empty() {
            return;
        }
        match self.append(&news) {
            Ok(()) => {
                if self.status.written.is_none() && !self.status.errors.is_empty() {
                    tracing::info!("storage.path: the history of storms is written to {} now", self.folder.display());
                }
                self.status.written = Some(now);
                for entry in news {
                    self.history.take(entry);
                }
            }
            Err(error) => {
                // Half a line may be in the file: it is looked at anew before the next one.
                self.file = None;
                self.failed(&error);
            }
        }
    }

    fn append(&mut self, news: &[Entry]) -> io::Result<()> {
        self.ready()?;
        let text = news.iter().map(encode).collect::<String>();
        if self.size > 0 && self.size + text.len() as u64 > self.max_file {
            self.rotate()?;
        }
        let Some(file) = &mut self.file else { return Err(ErrorKind::NotFound.into()) };
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        self.measured(self.size + text.len() as u64);
        Ok(())
    }

    /// Opens the file for appending; a torn last line is ended first, so that it spoils no other.
    fn ready(&mut self) -> io::Result<()> {
        if self.file.is_some() {
            return Ok(());
        }
        fs::create_dir_all(&self.folder)?;
        if self.lock.is_none() {
            let lock = OpenOptions::new().create(true).append(true).open(self.folder.join(LOCK))?;
            lock.try_lock().map_err(|error| match error {
                TryLockError::WouldBlock => ErrorKind::ResourceBusy.into(),
                TryLockError::Error(error) => error,
            })?;
            self.lock = Some(lock);
        }
        let mut file = OpenOptions::new().create(true).append(true).read(true).open(self.folder.join(FILE))?;
        let mut size = file.metadata()?.len();
        if size > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
                size += 1;
            }
        }
        // The name of a new file is on the disk only with its folder.
        File::open(&self.folder)?.sync_all()?;
        self.file = Some(file);
        self.measured(size);
        Ok(())
    }

    /// Begins a new file with all that is known, so that a long storm does not push the others out.
    fn rotate(&mut self) -> io::Result<()> {
        self.file = None;
        fs::rename(self.folder.join(FILE), self.folder.join(BEFORE))?;
        self.ready()?;
        let known = self.history.everything().iter().map(encode).collect::<String>();
        if let Some(file) = &mut self.file {
            file.write_all(known.as_bytes())?;
        }
        self.measured(self.size + known.len() as u64);
        Ok(())
    }

    fn measured(&mut self, size: u64) {
        self.size = size;
        let before = fs::metadata(self.folder.join(BEFORE)).map_or(0, |file| file.len());
        self.status.bytes = size + before;
    }

    /// Counts a failure, and says it once with what to do.
    fn failed(&mut self, error: &io::Error) {
        let reason = if error.kind() == ErrorKind::ResourceBusy { "busy" } else { reason(error) };
        let first = !self.status.errors.contains_key(reason);
        *self.status.errors.entry(reason).or_default() += 1;
        if first {
            let folder = self.folder.display();
            let what_to_do = match reason {
                "no_space" => "make room on the disk",
                "permission" => "make the folder writable for this user, or choose another",
                "busy" => "another stormglass writes there: give each a folder of its own",
                _ => "make it a folder that can be written to, or choose another",
            };
            tracing::warn!(
                "storage.path: the history of storms can't be kept in {folder}: {error}; {what_to_do}. Everything else \
                 works, and it is tried again"
            );
        }
    }
}

/// The history is of a newer program.
#[derive(Debug, thiserror::Error)]
#[error(
    "storage.path: {} holds a history of version {version}, written by a newer stormglass: start that one, choose another \
     folder, or move the files {FILE}* away", folder.display()
)]
pub struct Newer {
    folder: PathBuf,
    version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::verdict::{Phase, Verdict};
    use crate::view::text::tests::example;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn keep(storage: &mut Storage, now: i64, verdicts: &[Arc<Verdict>], all: bool) {
        storage.keep(Time::from_secs(now), &Kept { verdicts, notes: &[], verified: &BTreeSet::new() }, all);
    }

    fn verdicts(n: i64, frames: u64) -> Vec<Arc<Verdict>> {
        let of = |n: i64| Verdict {
            id: format!("storm-{n}").into(),
            started: Time::from_secs(n),
            ended: Some(Time::from_secs(n + 1)),
            phase: Phase::Over,
            frames,
            ..example()
        };
        (0..n).map(of).map(Arc::new).collect()
    }

    #[test]
    fn a_torn_end_is_ended_before_the_next_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut storage = Storage::open(folder.path()).expect("new");
        keep(&mut storage, 9, &verdicts(2, 1), false);
        drop(storage);
        let file = folder.path().join(FILE);
        let whole = fs::read(&file).expect("written");
        fs::write(&file, &whole[..whole.len() - 20]).expect("torn");
        let mut storage = Storage::open(folder.path()).expect("torn");
        assert_eq!((storage.history().storms().len(), storage.history().unreadable()), (1, 1));
        keep(&mut storage, 10, &verdicts(2, 1), false);
        let read = read(folder.path()).expect("read");
        assert_eq!((read.storms().len(), read.unreadable()), (2, 1));
        assert_eq!(read.storms(), storage.history().storms());
    }

    #[test]
    fn two_files_of_bounded_size_keep_all_that_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut storage = Storage::open(folder.path()).expect("new");
        storage.max_file = 40_000;
        for frames in 1..200 {
            keep(&mut storage, frames as i64, &verdicts(4, frames), true);
        }
        assert!(folder.path().join(BEFORE).exists() && storage.status().bytes <= 2 * 40_000, "{:?}", storage.status());
        let sizes = [BEFORE, FILE].map(|name| fs::metadata(folder.path().join(name)).expect("a file").len());
        assert_eq!(sizes.iter().sum::<u64>(), storage.status().bytes);
        let read = read(folder.path()).expect("read");
        assert_eq!(read.storms(), storage.history().storms());
        assert!(read.storms().iter().all(|known| known.verdict.frames == 199));
    }

    #[test]
    fn a_folder_that_cannot_be_is_counted_and_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = folder.path().join("place");
        fs::write(&place, "in the way").expect("a file");
        let mut storage = Storage::open(&place).expect("goes on");
        keep(&mut storage, 9, &verdicts(1, 1), false);
        assert_eq!((storage.status().errors.values().sum::<u64>() >= 2, storage.status().written), (true, None));
        fs::remove_file(&place).expect("out of the way");
        keep(&mut storage, 10, &verdicts(1, 1), false);
        assert_eq!(storage.status().written, Some(Time::from_secs(10)));
        assert_eq!(read(&place).expect("read").storms().len(), 1);
        let mut other = Storage::open(&place).expect("goes on");
        keep(&mut other, 11, &verdicts(2, 1), false);
        assert!(other.status().errors.contains_key("busy"), "{:?}", other.status());
    }

    #[test]
    fn a_newer_history_is_refused_with_the_next_step() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), "{\"v\":7,\"at\":1}\n").expect("a file");
        let error = Storage::open(folder.path()).expect_err("newer").to_string();
        assert!(error.contains("version 7") && error.contains("choose another folder"), "{error}");
    }
}
