//! A Discord webhook. Knows no form of the message.

use super::http::{Ask, ask};
use super::net::{Dialer, Endpoint, Trust};
use super::{Channel, Draft, Login, Sending, in_time};
use crate::view::notify::discord;
use std::sync::Arc;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The URL, which is the password.
    pub endpoint: Endpoint,
    /// Whom to trust there.
    pub trust: Trust,
}

/// The channel.
#[derive(Debug)]
pub struct Discord {
    pub(super) settings: Settings,
    pub(super) dialer: Arc<Dialer>,
}

impl Channel for Discord {
    fn send(&self, draft: Arc<dyn Draft>) -> Sending<'_> {
        let Settings { endpoint, trust } = &self.settings;
        Box::pin(in_time(async move {
            let body = || discord::body(&draft.message()).to_string();
            ask(&self.dialer, Ask { endpoint, trust, login: &Login::None, body: Some(&body) }).await
        }))
    }
}
