//! The sign of life: a URL that is fetched again and again, as healthchecks.io and others want it. Its silence is the alert,
//! somewhere else. Decides nothing; whoever calls it has made sure that there is life.

use super::http::{Ask, ask};
use super::net::{Dialer, Endpoint, Trust};
use super::{Login, SendError, in_time};
use std::time::Duration;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The URL, which is a secret.
    pub endpoint: Endpoint,
    /// Whom to trust there.
    pub trust: Trust,
    /// How often.
    pub interval: Duration,
}

/// Gives one.
///
/// # Errors
/// It was not taken.
pub async fn beat(dialer: &Dialer, settings: &Settings) -> Result<String, SendError> {
    let Settings { endpoint, trust, .. } = settings;
    in_time(ask(dialer, Ask { endpoint, trust, login: &Login::None, body: None })).await
}
