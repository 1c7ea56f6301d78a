//! Who may ask. Every request must name a host that is ours: a page elsewhere can have its own name resolved to our address
//! (DNS rebinding), and then reads with the browser's help whatever we serve, but it cannot change the name in `Host`. What
//! changes state must come from our own page besides.
//!
//! Names that nobody can get in the public DNS need no list: addresses, names without a dot, and the domains kept for
//! machines (RFC 6761, 6762, 8375, and ICANN's `internal`). All others are in `web.allowed_hosts`.

use super::problem;
use super::users::User;
use crate::io::http_server::Peer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

/// Domains that no public name server answers for.
const OWN_DOMAINS: [&str; 5] = [".localhost", ".local", ".home.arpa", ".internal", ".test"];

/// The names in `web.allowed_hosts`, in lower case.
pub(super) type Allowed = tokio::sync::watch::Receiver<Arc<[String]>>;

/// Refuses requests to hosts that are not ours.
pub(super) async fn host(State(allowed): State<Allowed>, request: Request, next: Next) -> Response {
    // HTTP/1.0 knows no Host; browsers do.
    let named = request.headers().get(header::HOST).map(|value| value.to_str().unwrap_or("\u{fffd}"));
    if named.is_some_and(|named| !is_ours(named, &allowed.borrow())) {
        return problem(
            StatusCode::MISDIRECTED_REQUEST,
            "this name is not known here: use the address of this computer, or add the name to web.allowed_hosts in the \
             configuration",
        );
    }
    next.run(request).await
}

fn is_ours(named: &str, allowed: &[String]) -> bool {
    let Ok(authority) = named.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host().trim_end_matches('.').to_ascii_lowercase();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok();
    let own = !host.contains('.') || OWN_DOMAINS.iter().any(|domain| host.ends_with(domain));
    // A number alone is an address in another form to some clients: 2130706433 is 127.0.0.1.
    !host.is_empty() && (address || own || allowed.contains(&host))
}

/// Whether a request that changes state comes from our own page, or from this computer by hand.
///
/// A browser says with each POST where its page came from (`Origin`, RFC 6454; Fetch standard), and no script can change
/// that; the token of the form stands behind it, for what forwards requests without that header. Neither keeps out a
/// person on the LAN, who can open the page as well: that is what users in `--web.config.file` are for. Who has come in by
/// name (`user`) and is no browser may do it from anywhere. What a stranger
/// could do meanwhile is bounded by the check itself: one search at a time, and not while anything goes on.
pub(super) fn may_change(from: &From, token: Option<&str>, ours: &str) -> bool {
    let From { headers, peer, user } = from;
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"));
    let Some(host) = text(header::HOST) else { return false };
    match text(header::ORIGIN) {
        Some(origin) => {
            let from = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            from.is_some_and(|from| from.eq_ignore_ascii_case(host)) && token == Some(ours)
        }
        // Browsers send it always: this is curl, or a script of the administrator's.
        None => {
            *user || peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback()) || token == Some(ours)
        }
    }
}

/// Where a request comes from.
pub(super) struct From {
    /// What it says itself.
    pub(super) headers: HeaderMap,
    /// The other end of the connection.
    pub(super) peer: Option<Peer>,
    /// Whoever asks has come in by name and password.
    pub(super) user: bool,
}

impl<S: Sync> FromRequestParts<S> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let (peer, user) = (parts.extensions.get::<Peer>().copied(), parts.extensions.get::<User>().is_some());
        Ok(Self { headers: parts.headers.clone(), peer, user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_that_can_be_rebound_need_the_list() {
        let allowed = ["storm.example.com".to_owned()];
        for (host, ours) in [
            ("127.0.0.1:10116", true),
            ("192.168.1.20", true),
            ("[::1]:10116", true),
            ("[fd00::20]", true),
            ("localhost:10116", true),
            ("pi", true),
            ("nas.local:10116", true),
            ("NAS.Home.Arpa", true),
            ("glass.test", true),
            ("storm.example.com", true),
            ("STORM.example.com.:443", true),
            ("storm.example.com.evil.net", false),
            ("evil.net:10116", false),
            ("evil.net@127.0.0.1", false),
            ("127.0.0.1@evil.net", false),
            ("127.0.0.1.evil.net", false),
            ("local.evil.net", false),
            ("", false),
            ("a b", false),
        ] {
            assert_eq!(is_ours(host, &allowed), ours, "{host}");
        }
    }

    #[test]
    fn state_changes_from_our_own_page_alone() {
        let ours = "0123";
        let lan = Some(Peer(([192, 168, 1, 7], 5000).into()));
        let here = Some(Peer((std::net::Ipv6Addr::LOCALHOST, 5000).into()));
        for (origin, peer, token, may) in [
            (Some("http://192.168.1.20:10116"), lan, Some("0123"), true),
            (Some("https://192.168.1.20:10116"), lan, Some("0123"), true),
            (Some("http://192.168.1.20:10116"), lan, None, false),
            (Some("http://192.168.1.20:10116"), lan, Some("4567"), false),
            (Some("http://evil.net"), lan, Some("0123"), false),
            (Some("http://evil.net"), here, None, false),
            (Some("null"), here, Some("0123"), false),
            (Some("http://192.168.1.20"), lan, Some("0123"), false),
            (None, lan, None, false),
            (None, lan, Some("0123"), true),
            (None, here, None, true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "192.168.1.20:10116".parse().expect("a value"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().expect("a value"));
            }
            let from = From { headers: headers.clone(), peer, user: false };
            assert_eq!(may_change(&from, token, ours), may, "{origin:?} {peer:?} {token:?}");
            // A name does not help a page that makes its reader's browser ask.
            let from = From { user: true, ..from };
            assert_eq!(may_change(&from, token, ours), may || origin.is_none(), "{origin:?} {peer:?} {token:?}");
        }
    }
}
