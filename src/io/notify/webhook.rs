//! The generic webhook: JSON by POST to a URL. Knows no form of the JSON.

use super::http::{Ask, ask};
use super::net::{Dialer, Endpoint, Trust};
use super::{Channel, Draft, Login, Sending, in_time};
use crate::view::notify::webhook;
use std::sync::Arc;

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The URL.
    pub endpoint: Endpoint,
    /// Whom to trust there.
    pub trust: Trust,
    /// Who we are.
    pub login: Login,
}

/// The channel.
#[derive(Debug)]
pub struct Webhook {
    pub(super) settings: Settings,
    pub(super) dialer: Arc<Dialer>,
}

impl Channel for Webhook {
    fn send(&self, draft: Arc<dyn Draft>) -> Sending<'_> {
        let Settings { endpoint, trust, login } = &self.settings;
        Box::pin(in_time(async move {
            let body = || webhook::body(&draft.message()).to_string();
            ask(&self.dialer, Ask { endpoint, trust, login, body: Some(&body) }).await
        }))
    }
}
