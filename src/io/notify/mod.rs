//! Messages out of the house: one file for each kind of channel, one line for each in [`Kind`]. Sends what it is given, once, and
//! says what came of it; when to send and when again is decided elsewhere.

pub mod discord;
pub mod email;
pub mod heartbeat;
mod http;
pub mod mqtt;
pub mod net;
pub mod ntfy;
pub mod queue;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use net::{Dialer, Endpoint, Trust};

use crate::engine::Snapshot;
use crate::io::snmp::auth::Secret;
use crate::model::notice::Topic;
use crate::view::notify::{Manner, Message};
use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// One message within this time, from the name server to the last answer.
const SEND_WITHIN: Duration = Duration::from_secs(30);

/// What comes of a message: what the receiver said, in a few words.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<String, SendError>> + Send + 'a>>;

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct SendError {
    /// What failed, and what to do; shows no secret.
    pub what: String,
    /// It will not be taken before somebody mends something.
    pub refused: bool,
    /// What the receiver asks for.
    pub retry_after: Option<Duration>,
}

impl SendError {
    /// It may go better later.
    #[must_use]
    pub fn later(what: impl Into<String>) -> Self {
        Self { what: what.into(), refused: false, retry_after: None }
    }

    /// It will not, unless somebody mends something.
    #[must_use]
    pub fn refused(what: impl Into<String>) -> Self {
        Self { what: what.into(), refused: true, retry_after: None }
    }
}

/// A message that is put into words once the receiver listens: until then it may have become another one. Asked for words
/// once in each attempt; afterwards it stays as it is.
pub trait Draft: Send + Sync {
    /// The words.
    fn message(&self) -> Message;
}

impl Draft for Message {
    fn message(&self) -> Message {
        self.clone()
    }
}

/// One way to a person.
pub trait Channel: Send + Sync {
    /// Sends a message.
    fn send(&self, draft: Arc<dyn Draft>) -> Sending<'_>;

    /// Learns how things are, for channels that show a state beside their messages.
    fn show(&self, _snapshot: &Arc<Snapshot>) {}

    /// Says goodbye, where that is done.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// A channel as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelSettings {
    /// Its name in the configuration and the metrics.
    pub name: Arc<str>,
    /// How its messages are written.
    pub manner: Manner,
    /// What is told there.
    pub events: BTreeSet<Topic>,
    /// Where to.
    pub kind: Kind,
}

/// The kinds of channels, each with what it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// JSON to a URL.
    Webhook(webhook::Settings),
    /// ntfy.
    Ntfy(ntfy::Settings),
    /// A Discord webhook.
    Discord(discord::Settings),
    /// Mail.
    Email(email::Settings),
    /// An MQTT broker, and Home Assistant behind it.
    Mqtt(mqtt::Settings),
}

impl ChannelSettings {
    /// Ready to send. `trying`: by somebody who tries it, beside a service that runs.
    #[must_use]
    pub fn open(&self, dialer: &Arc<Dialer>, trying: bool) -> Arc<dyn Channel> {
        let dialer = Arc::clone(dialer);
        match self.kind.clone() {
            Kind::Webhook(settings) => Arc::new(webhook::Webhook { settings, dialer }),
            Kind::Ntfy(settings) => Arc::new(ntfy::Ntfy { settings, dialer }),
            Kind::Discord(settings) => Arc::new(discord::Discord { settings, dialer }),
            Kind::Email(settings) => {
                Arc::new(email::Email { settings, dialer, utc_offset_seconds: self.manner.utc_offset_seconds })
            }
            Kind::Mqtt(settings) => Arc::new(mqtt::Mqtt::open(settings, self.manner.clone(), dialer, trying)),
        }
    }
}

/// Everything that is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The channels.
    pub channels: Vec<ChannelSettings>,
    /// The sign of life.
    pub heartbeat: Option<heartbeat::Settings>,
    /// The interface that everything leaves through.
    pub interface: Option<String>,
}

impl Settings {
    /// Nobody is told anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.heartbeat.is_none()
    }
}

/// How somebody proves who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Login {
    /// Not at all.
    #[default]
    None,
    /// `Authorization: Bearer`.
    Token(Secret),
    /// User and password.
    Password(String, Secret),
}

/// Within the time that one message may take.
async fn in_time(sending: impl Future<Output = Result<String, SendError>>) -> Result<String, SendError> {
    let late = || SendError::later(format!("not finished within {} s", SEND_WITHIN.as_secs()));
    tokio::time::timeout(SEND_WITHIN, sending).await.unwrap_or_else(|_| Err(late()))
}
