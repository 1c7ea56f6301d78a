//! A target whose address may be a host name: resolved when first needed, every few minutes, and after a failure. Asks
//! the resolver, and nobody else.

use super::target::{Place, Target};
use super::transport::lock;
use crate::model::Time;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A name is resolved again after this long, so that a device that moved is followed though its old address still answers.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// How long the resolver is waited for; it has its own retries, of 5 s and more.
const RESOLVE_WITHIN: Duration = Duration::from_secs(3);

/// The metric label `reason` of a poll without an address to ask.
pub const UNRESOLVED: &str = "unresolved";

/// The name of a target has no address now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{target} ({place}): {why}")]
pub struct Unresolved {
    target: Arc<str>,
    place: Place,
    why: String,
}

/// A target, and where it was found last.
#[derive(Debug)]
pub struct Located {
    target: Target,
    place: Place,
    last: Mutex<Last>,
}

/// What the resolver said last.
#[derive(Debug)]
struct Last {
    address: Option<SocketAddr>,
    /// When; `None`: it is to be asked before the next poll.
    found: Option<Time>,
}

impl Located {
    /// `target`, whose own address is not used, at `place`.
    #[must_use]
    pub fn new(target: Target, place: Place) -> Self {
        Self { target, last: Mutex::new(Last { address: place.address(), found: None }), place }
    }

    /// Its name in the configuration.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.target.name
    }

    /// Where it is, as the configuration says it.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The configuration says the same of both.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.target == other.target && self.place == other.place
    }

    /// The target at its present address. A name that cannot be resolved now keeps its last address, if it had one.
    ///
    /// # Errors
    /// The name has never been resolved; in words for the person who can mend it.
    pub async fn target(&self, now: Time) -> Result<Target, Unresolved> {
        let fresh = lock(&self.last).found.is_some_and(|found| now.since(found) < FRESH_FOR);
        if self.place.address().is_none() && !fresh {
            let answer = tokio::time::timeout(RESOLVE_WITHIN, self.place.resolve()).await;
            match answer.unwrap_or_else(|_| Err(format!("no answer from the resolver within {RESOLVE_WITHIN:?}"))) {
                Ok(address) => *lock(&self.last) = Last { address: Some(address), found: Some(now) },
                Err(why) if lock(&self.last).address.is_none() => {
                    return Err(Unresolved { target: Arc::clone(&self.target.name), place: self.place.clone(), why });
                }
                Err(why) => tracing::debug!(target = %self.target.name, "{why}; its last address is used"),
            }
        }
        let address = lock(&self.last).address.unwrap_or(self.target.address);
        Ok(Target { address, ..self.target.clone() })
    }

    /// It did not answer: its name is resolved again before the next poll.
    pub fn missed(&self) {
        lock(&self.last).found = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::snmp::Auth;

    fn located(text: &str) -> Located {
        let target = Target::new("hub", ([0, 0, 0, 0], 0).into(), Auth::v2c("public"));
        Located::new(target, Place::parse(text, 1161).expect("a good place"))
    }

    #[tokio::test]
    async fn names_are_resolved_and_resolved_again() {
        let start = Time::from_secs(1_700_000_000);
        assert_eq!(located("192.0.2.1").target(start).await.map(|t| t.address), Ok(([192, 0, 2, 1], 1161).into()));
        let hub = located("localhost");
        let found = hub.target(start).await.expect("every host has it");
        assert!(found.address.ip().is_loopback() && found.address.port() == 1161);
        // Nobody asks again while it is fresh; then, and after a failure, it is found anew.
        lock(&hub.last).address = Some(([192, 0, 2, 9], 1161).into());
        let soon = start.plus(FRESH_FOR - Duration::from_secs(1));
        assert_eq!(hub.target(soon).await.map(|t| t.address.ip().is_loopback()), Ok(false));
        hub.missed();
        assert_eq!(hub.target(soon).await.map(|t| t.address.ip().is_loopback()), Ok(true));
        lock(&hub.last).address = Some(([192, 0, 2, 9], 1161).into());
        let late = soon.plus(FRESH_FOR);
        assert_eq!(hub.target(late).await.map(|t| t.address.ip().is_loopback()), Ok(true));
    }

    #[tokio::test]
    async fn a_name_without_an_address_says_so() {
        // RFC 6761, 6.4: this name never exists.
        let error = located("switch.invalid").target(Time::from_secs(1)).await.expect_err("no such name");
        let text = error.to_string();
        assert!(text.starts_with("hub (switch.invalid:1161): ") && text.contains("IP address"), "{text}");
    }
}
