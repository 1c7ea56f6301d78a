//! ntfy: a message to a topic of a server, ntfy.sh or one's own. Knows no form of the message.

use super::http::{Ask, ask};
use super::net::{Dialer, Endpoint, Trust};
use super::{Channel, Draft, Login, Sending, in_time};
use crate::io::snmp::auth::Secret;
use crate::view::notify::ntfy;
use std::sync::Arc;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server.
    pub endpoint: Endpoint,
    /// The topic: whoever knows it can read along.
    pub topic: Secret,
    /// Whom to trust there.
    pub trust: Trust,
    /// Who we are.
    pub login: Login,
}

/// The channel.
#[derive(Debug)]
pub struct Ntfy {
    pub(super) settings: Settings,
    pub(super) dialer: Arc<Dialer>,
}

impl Channel for Ntfy {
    fn send(&self, draft: Arc<dyn Draft>) -> Sending<'_> {
        let Settings { endpoint, topic, trust, login } = &self.settings;
        Box::pin(in_time(async move {
            let body = || ntfy::body(&draft.message(), topic.reveal()).to_string();
            ask(&self.dialer, Ask { endpoint, trust, login, body: Some(&body) }).await
        }))
    }
}
