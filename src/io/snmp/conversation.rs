//! A conversation with one device, in whichever way its version of SNMP is spoken: with a community through this
//! program's own codec and sockets, else by a session of SNMPv3. Knows no walks.

use super::auth::Auth;
use super::community;
use super::error::Cause;
use super::postbox::Postbox;
use super::session;
use super::transport::{Socket, Strays};
use super::v3;
use crate::io::clock::Clock;
use crate::mib::{Reply, Request};
use crate::model::snmp::Oid;
use crate::wire::snmp::Version;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// The sockets of one address family.
pub(super) struct Sockets {
    /// For versions with a community.
    pub(super) communities: Result<Postbox, String>,
    /// For the library.
    pub(super) library: Result<Socket, String>,
}

impl Sockets {
    /// Binds them in the present tokio runtime. What this host lacks is an error only for those who need it.
    pub(super) fn bind(ipv6: bool, strays: &Arc<Strays>) -> Self {
        Self {
            communities: Postbox::bind(ipv6, strays).map_err(|error| error.to_string()),
            library: Socket::bind(ipv6, Arc::clone(strays)).map_err(|error| error.to_string()),
        }
    }
}

/// What it takes to begin a conversation in any version.
#[derive(Clone, Copy)]
pub(super) struct Means<'a> {
    /// Of the device's address family.
    pub(super) sockets: &'a Sockets,
    /// What SNMPv3 remembers of all devices.
    pub(super) v3: &'a Arc<v3::Shared>,
    /// The time.
    pub(super) clock: &'a Clock,
}

/// A conversation with one device.
pub(super) enum Conversation {
    /// SNMPv1 and SNMPv2c.
    Community(community::Session),
    /// SNMPv3.
    Library(session::Session),
}

impl Conversation {
    /// Begins it. `deadline` bounds every request of it.
    ///
    /// # Errors
    /// [`Cause::NoSocket`], or [`Cause::Protocol`]: the credentials cannot be used.
    pub(super) fn open(auth: &Auth, address: SocketAddr, deadline: Duration, means: Means<'_>) -> Result<Self, Cause> {
        let Means { sockets, v3, clock } = means;
        let (version, community) = match auth {
            Auth::V1 { community } => (Version::V1, community),
            Auth::V2c { community } => (Version::V2c, community),
            Auth::V3(_) => {
                let socket = sockets.library.as_ref().map_err(|error| Cause::NoSocket(error.clone()))?;
                return session::Session::open(auth, socket.handle(address), deadline, v3, clock).map(Self::Library);
            }
        };
        let postbox = sockets.communities.as_ref().map_err(|error| Cause::NoSocket(error.clone()))?;
        Ok(Self::Community(community::Session::open(version, community.reveal(), postbox.line(address))))
    }

    /// `v1`, `v2c` or `v3`.
    pub(super) fn version(&self) -> &'static str {
        match self {
            Self::Community(session) => session.version(),
            Self::Library(session) => session.version(),
        }
    }

    /// Asks, and waits for the answer for as long as `patience`.
    ///
    /// # Errors
    /// Asking was not possible at all, or the device says why it does not answer. That nothing came back is a [`Reply`].
    pub(super) async fn ask(&mut self, request: &Request, patience: Duration) -> Result<Reply, Cause> {
        match self {
            Self::Community(session) => session.ask(request, patience).await,
            Self::Library(session) => session.ask(request, patience).await,
        }
    }

    /// Asks for exactly these names; otherwise as [`Conversation::ask`].
    ///
    /// # Errors
    /// As [`Conversation::ask`].
    pub(super) async fn get(&mut self, names: &[Oid], patience: Duration) -> Result<Reply, Cause> {
        match self {
            Self::Community(session) => session.get(names, patience).await,
            Self::Library(session) => session.get(names, patience).await,
        }
    }

    /// Why a device did not answer, as far as that can be found out within `patience`.
    pub(super) async fn silence(&self, patience: Duration) -> Option<Cause> {
        match self {
            Self::Community(session) => session.silence(),
            Self::Library(session) => match session.answered_elsewhere() {
                Some(from) => Some(Cause::Elsewhere { from }),
                None => session.silence(patience).await.map(Cause::Usm),
            },
        }
    }

    /// Whether an SNMPv3 engine answers discovery within `patience`; never, where a community is spoken.
    pub(super) async fn discovers(&self, patience: Duration) -> bool {
        match self {
            Self::Community(_) => false,
            Self::Library(session) => session.discovers(patience).await,
        }
    }
}
