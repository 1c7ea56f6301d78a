//! Where there is no systemd, there is nobody to tell.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

/// Whoever started us and wants to be told: nobody.
#[derive(Debug)]
pub struct Supervisor(Infallible);

impl Supervisor {
    /// `None`.
    ///
    /// # Errors
    /// None.
    pub const fn from_environment() -> io::Result<Option<Self>> {
        Ok(None)
    }

    /// A sign of life is wanted at least this often.
    #[must_use]
    pub const fn watchdog(&self) -> Option<Duration> {
        match self.0 {}
    }

    /// The start is over, or a reload is.
    pub const fn ready(&self) {
        match self.0 {}
    }

    /// The configuration is being read anew.
    pub const fn reloading(&self) {
        match self.0 {}
    }

    /// The end has begun.
    pub const fn stopping(&self) {
        match self.0 {}
    }

    /// A sign of life.
    pub const fn alive(&self) {
        match self.0 {}
    }
}
