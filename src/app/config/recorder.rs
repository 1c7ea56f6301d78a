//! `recorder:`, the flight recorder: which folder, and how much of what.

use super::Interval;
use crate::io::recorder::Settings;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// `recorder:`; without a path nothing is recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recorder {
    /// The folder; the flag `--recorder.path` outranks it.
    pub path: Option<PathBuf>,
    /// [`Settings::before`].
    pub before: Option<Interval>,
    /// [`Settings::after`].
    pub after: Option<Interval>,
    /// [`Settings::snaplen`], bytes.
    pub snaplen: Option<usize>,
    /// [`Settings::max_files`].
    pub max_files: Option<usize>,
    /// [`Settings::max_bytes`], in MiB.
    pub max_mib: Option<u64>,
}

/// The tape is of fixed size: a longer time before the onset would leave less room for each second.
const MAX_BEFORE: Duration = Duration::from_secs(60);
const MAX_AFTER: Duration = Duration::from_secs(600);

impl Recorder {
    /// What is recorded, defaults included; `None`: nothing.
    #[must_use]
    pub fn settings(&self) -> Option<Settings> {
        let default = Settings::default();
        Some(Settings {
            folder: self.path.clone()?,
            before: self.before.map_or(default.before, |before| before.0),
            after: self.after.map_or(default.after, |after| after.0),
            snaplen: self.snaplen.unwrap_or(default.snaplen),
            max_files: self.max_files.unwrap_or(default.max_files),
            max_bytes: self.max_mib.map_or(default.max_bytes, |mib| mib << 20),
        })
    }

    /// Numbers that cannot be meant.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let long = |time: Option<Interval>, most: Duration| time.is_some_and(|time| time.0 > most);
        let wrong = [
            (long(self.before, MAX_BEFORE), "recorder.before: at most 60s fit the recorder's tape"),
            (long(self.after, MAX_AFTER), "recorder.after: at most 10m; a storm looks the same after that"),
            (
                self.snaplen.is_some_and(|bytes| !(64..=65_535).contains(&bytes)),
                "recorder.snaplen: 64 to 65535 bytes; the headers are within 128",
            ),
            (self.max_files == Some(0), "recorder.max_files: 0 keeps nothing; leave recorder.path out instead"),
            (
                self.max_mib.is_some_and(|mib| !(16..=1 << 20).contains(&mib)),
                "recorder.max_mib: 16 to 1048576; one recording may take 8 MiB and more",
            ),
        ];
        wrong.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, message)| Err(message))
    }
}

#[cfg(test)]
mod tests {
    use crate::app::config::parse;

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let good = "recorder: {path: /var/lib/stormglass, before: 5s, snaplen: 256, max_mib: 64}";
        let settings = parse(good, "s.yml").expect("good").recorder.settings().expect("a path");
        assert_eq!((settings.before.as_secs(), settings.after.as_secs(), settings.max_bytes), (5, 10, 64 << 20));
        assert!(parse("", "s.yml").expect("empty").recorder.settings().is_none());
        for (line, says) in [
            ("before: 2m", "at most 60s"),
            ("after: 1h", "at most 10m"),
            ("snaplen: 20", "64 to 65535"),
            ("max_files: 0", "keeps nothing"),
            ("max_mib: 1", "16 to"),
            ("folder: /tmp", "unknown field"),
        ] {
            let error = parse(&format!("recorder:\n  {line}\n"), "s.yml").expect_err(line).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
