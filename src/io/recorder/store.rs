//! The folder of recordings: files appear complete, by renaming, and the oldest make room. A disk that is full or gone
//! costs the recording and is counted.

use super::{Settings, Trigger};
use crate::model::Time;
use crate::model::recording::{RecorderStatus, Recording};
use crate::observe::tape::Stretch;
use crate::wire::capture_file::write;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

/// Recordings written at the same time, one per capture.
const MAX_OPEN: usize = 64;
/// How our files are called, so that nothing else in the folder is touched.
const PREFIX: &str = "stormglass-";
const SUFFIX: &str = ".pcapng";
const PARTIAL: &str = ".pcapng.partial";

/// A recording that is being written.
struct Open {
    file: File,
    partial: PathBuf,
    path: PathBuf,
    storms: Vec<Arc<str>>,
    frames: u64,
    left_out: u64,
    bytes: u64,
}

pub(super) struct Store {
    settings: Settings,
    open: BTreeMap<u64, Open>,
    status: RecorderStatus,
}

impl Store {
    /// Opens the folder, and removes what a recorder that was cut off has left.
    pub(super) fn open(settings: &Settings) -> io::Result<Self> {
        fs::create_dir_all(&settings.folder)?;
        // Whether it may be written to shows now, and not when the storm is there.
        let probe = settings.folder.join(format!("{PREFIX}probe{PARTIAL}"));
        File::create(&probe)?;
        for name in names(settings)? {
            if name.ends_with(PARTIAL) {
                fs::remove_file(settings.folder.join(name))?;
            }
        }
        let mut store = Self { settings: settings.clone(), open: BTreeMap::new(), status: RecorderStatus::default() };
        store.make_room()?;
        Ok(store)
    }

    pub(super) const fn status(&self) -> &RecorderStatus {
        &self.status
    }

    pub(super) fn begin(&mut self, reel: u64, interface: &str, trigger: &Trigger) -> io::Result<Option<Recording>> {
        if self.open.len() >= MAX_OPEN {
            return Err(self.failed("busy", &ErrorKind::QuotaExceeded.into()));
        }
        let name = file_name(trigger);
        let path = self.settings.folder.join(format!("{name}{SUFFIX}"));
        let partial = self.settings.folder.join(format!("{name}-{reel}{PARTIAL}"));
        let mut head = Vec::new();
        let storm = format!("storm {} since {}", trigger.storm, trigger.started);
        write::start(&mut head, interface, self.settings.snaplen as u32, &[&storm, &trigger.sentence]);
        let file = File::create(&partial).map_err(|error| self.failed(reason(&error), &error))?;
        let storms = vec![Arc::clone(&trigger.storm)];
        self.open.insert(reel, Open { file, partial, path, storms, frames: 0, left_out: 0, bytes: 0 });
        self.append(reel, &head)
    }

    /// A storm that began while another was being recorded is in the same file.
    pub(super) fn also(&mut self, reel: u64, storm: Arc<str>) -> io::Result<Option<Recording>> {
        if let Some(open) = self.open.get_mut(&reel)
            && open.storms.len() < MAX_OPEN
            && !open.storms.contains(&storm)
        {
            open.storms.push(storm);
        }
        Ok(None)
    }

    pub(super) fn write(&mut self, reel: u64, stretch: &Stretch) -> io::Result<Option<Recording>> {
        self.status.left_out += stretch.left_out;
        if let Some(open) = self.open.get_mut(&reel) {
            open.frames += stretch.frames;
            open.left_out += stretch.left_out;
        }
        self.append(reel, &stretch.blocks)
    }

    /// Completes a recording: it has its name only once it is whole and on the disk.
    pub(super) fn end(&mut self, reel: u64, now: Time) -> io::Result<Option<Recording>> {
        let mut tail = Vec::new();
        write::statistics(&mut tail, now, self.open.get(&reel).map_or(0, |open| open.left_out));
        self.append(reel, &tail)?;
        let Some(open) = self.open.remove(&reel) else { return Ok(None) };
        let named = open.file.sync_all().and_then(|()| fs::rename(&open.partial, &open.path));
        if let Err(error) = named {
            drop(fs::remove_file(&open.partial));
            return Err(self.failed(reason(&error), &error));
        }
        self.status.written += 1;
        if let Err(error) = self.make_room() {
            tracing::debug!("the folder of recordings can't be listed: {error}");
        }
        Ok(Some(Recording {
            storms: open.storms,
            path: open.path.display().to_string().into(),
            at: now,
            frames: open.frames,
            left_out: open.left_out,
            bytes: open.bytes,
        }))
    }

    /// Writes to a recording; one that fails is given up, and what belongs to it later is passed over.
    fn append(&mut self, reel: u64, bytes: &[u8]) -> io::Result<Option<Recording>> {
        let Some(open) = self.open.get_mut(&reel) else { return Ok(None) };
        open.bytes += bytes.len() as u64;
        let Err(error) = open.file.write_all(bytes) else { return Ok(None) };
        if let Some(open) = self.open.remove(&reel) {
            // A file that is of no use must not keep the disk full.
            drop(fs::remove_file(&open.partial));
        }
        Err(self.failed(reason(&error), &error))
    }

    fn failed(&mut self, reason: &'static str, error: &io::Error) -> io::Error {
        *self.status.errors.entry(reason).or_default() += 1;
        let folder = self.settings.folder.display();
        io::Error::new(
            error.kind(),
            format!("a recording in {folder} failed ({error}): make room there, or choose another"),
        )
    }

    /// Removes the oldest recordings until the rest is within the limits. Names begin with the time.
    fn make_room(&mut self) -> io::Result<()> {
        let mut kept = Vec::new();
        for name in names(&self.settings)?.into_iter().filter(|name| name.ends_with(SUFFIX)) {
            let path = self.settings.folder.join(name);
            kept.push((fs::metadata(&path).map_or(0, |about| about.len()), path));
        }
        let mut bytes = kept.iter().map(|(bytes, _)| bytes).sum::<u64>();
        let mut files = kept.len();
        for (size, path) in kept {
            if files <= self.settings.max_files && bytes <= self.settings.max_bytes {
                break;
            }
            fs::remove_file(&path)?;
            files -= 1;
            bytes -= size;
        }
        (self.status.files, self.status.bytes) = (files as u64, bytes);
        Ok(())
    }
}

/// Our files in the folder, oldest first.
fn names(settings: &Settings) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(&settings.folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && name.starts_with(PREFIX)
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// `stormglass-20260131T201405Z-eth0-l3_reflector-3c846a1000c8`.
fn file_name(trigger: &Trigger) -> String {
    let time = trigger.started.rfc3339();
    let time = time.split('.').next().unwrap_or_default().replace(['-', ':'], "");
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    let storm = trigger.storm.chars().map(plain).take(100).collect::<String>();
    format!("{PREFIX}{time}Z-{storm}")
}

/// Why a file could not be written, as the metrics name it.
pub(in crate::io) fn reason(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => "no_space",
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => "permission",
        _ => "other",
    }
}
