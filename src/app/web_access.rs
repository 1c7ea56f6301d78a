//! `--web.config.file` while the program runs: read at the start, again when it or a file that it names changes, and with every
//! reload. What is wrong is said once, and what was in force stays so. Verifies nobody.

use super::config::{ConfigError, WebFile};
use crate::io::snmp::auth::Secret;
use crate::io::tls::ServerConfig;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// How often the files are looked at: a certificate is renewed every few weeks, but whoever has just changed a password waits.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The cost of the hash that belongs to nobody, where nobody has one.
const DEFAULT_COST: u32 = 10;

/// What is in force.
#[derive(Debug, Default)]
pub struct Access {
    /// How connections are encrypted.
    pub tls: Option<Arc<ServerConfig>>,
    /// Hashes by user.
    pub users: BTreeMap<Arc<str>, Secret>,
    /// A hash of no password, which takes as long to verify as the longest of the users'.
    pub nobody: String,
    /// Headers of every answer.
    pub headers: Vec<(&'static str, String)>,
}

/// What is in force, as it is now and will be.
pub type Current = watch::Receiver<Arc<Access>>;

impl Access {
    fn new(file: WebFile) -> Self {
        let cost = |hash: &Secret| hash.reveal().parse::<bcrypt::HashParts>().ok().map(|parts| parts.get_cost());
        let cost = file.users.values().filter_map(cost).max().unwrap_or(DEFAULT_COST);
        let users = file.users.into_iter().map(|(user, hash)| (user.into(), hash)).collect();
        // A salt and a hash by their form; no password is known whose hash this is.
        let nobody = format!("$2b${cost:02}${}{}", ".".repeat(22), ".".repeat(31));
        Self { tls: file.tls, users, nobody, headers: file.headers }
    }

    #[cfg(test)]
    pub(super) fn of<const N: usize>(users: [(&str, String); N]) -> Self {
        let users = users.into_iter().map(|(user, hash)| (user.to_owned(), Secret::new(hash))).collect();
        Self::new(WebFile { users, ..WebFile::default() })
    }
}

/// The files as they were found.
type Stamps = Vec<(PathBuf, Option<(Option<SystemTime>, u64)>)>;

/// Reads the file, and tells those who live by it.
#[derive(Debug)]
pub struct WebAccess {
    file: Option<PathBuf>,
    stamps: Stamps,
    current: watch::Sender<Arc<Access>>,
    again: watch::Receiver<()>,
}

impl WebAccess {
    /// Reads it the first time; without a file everybody comes in, unencrypted. `again`: it is to be read anew.
    ///
    /// # Errors
    /// As [`WebFile::load`].
    pub fn open(file: Option<PathBuf>, again: watch::Receiver<()>) -> Result<Self, ConfigError> {
        let mut access = Self { file, stamps: Vec::new(), current: watch::Sender::new(Arc::default()), again };
        access.read()?;
        Ok(access)
    }

    /// What is in force, as it is now and will be.
    #[must_use]
    pub fn current(&self) -> Current {
        self.current.subscribe()
    }

    fn read(&mut self) -> Result<(), ConfigError> {
        let Some(file) = &self.file else { return Ok(()) };
        // Before they are read: what changes meanwhile is seen at the next look.
        let before = self.stamps_now();
        let mut read = WebFile::load(file)?;
        self.stamps = stamps(std::mem::take(&mut read.read));
        for (path, stamp) in &mut self.stamps {
            if let Some((_, earlier)) = before.iter().find(|(known, _)| known == path) {
                *stamp = *earlier;
            }
        }
        self.current.send_replace(Arc::new(Access::new(read)));
        Ok(())
    }

    /// Looks at the files until the task is dropped.
    pub async fn follow(mut self) {
        if self.file.is_none() {
            return std::future::pending().await;
        }
        let mut timer = tokio::time::interval(LOOK_EVERY);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                _ = timer.tick() => false,
                Ok(()) = self.again.changed() => true,
            };
            // The disk may take its time.
            let looked = tokio::task::spawn_blocking(move || {
                let said = self.look(asked);
                (self, said)
            });
            let said;
            // The look itself does not panic; if the runtime ends, so does everything.
            (self, said) = match looked.await {
                Ok(looked) => looked,
                Err(_) => return,
            };
            match said {
                Some(Ok(())) => tracing::info!("--web.config.file was read anew"),
                Some(Err(error)) => tracing::error!("--web.config.file: what was in force before stays so: {error}"),
                None => {}
            }
        }
    }

    fn stamps_now(&self) -> Stamps {
        stamps(self.stamps.iter().map(|(path, _)| path.clone()).chain(self.file.clone()).collect())
    }

    /// Reads what has changed; `None` if nothing has.
    fn look(&mut self, asked: bool) -> Option<Result<(), ConfigError>> {
        let now = self.stamps_now();
        if now == self.stamps && !asked {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            // Said once, and again when the files are others.
            self.stamps = now;
        }
        Some(read)
    }
}

fn stamps(mut paths: Vec<PathBuf>) -> Stamps {
    paths.sort();
    paths.dedup();
    let stamp = |path: &PathBuf| std::fs::metadata(path).ok().map(|meta| (meta.modified().ok(), meta.len()));
    paths.into_iter().map(|path| (path.clone(), stamp(&path))).collect()
}
