//! Who may come in: the users of `--web.config.file`, by HTTP's basic authentication (RFC 7617). A bcrypt hash takes 50 to 500 ms to
//! verify, by design; a scraper that comes every few seconds with the same password is known by a keyed hash of it instead. Knows no
//! routes.

use super::problem;
use crate::app::web_access::{Access, Current};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Hashes verified at once: more would take the processor from the engine.
const AT_ONCE: usize = 1;
/// Guesses that wait for that; more are sent away.
const MAX_WAITING: usize = 16;
/// Longest `Authorization` header that is looked at, bytes.
const MAX_HEADER: usize = 1024;

/// The name of whoever asks, in the extensions of a request that was let in by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User(pub(super) Arc<str>);

/// Lets users in, and remembers them.
pub(super) struct Door {
    access: Current,
    key: hmac::Key,
    /// The last password of each user that was right, as a keyed hash of it and of the bcrypt hash it was verified against: one
    /// entry a user at most, of no use once the hash is another.
    known: Mutex<BTreeMap<Arc<str>, hmac::Tag>>,
    verifying: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// What becomes of a request.
enum Answer {
    Welcome(User),
    Wrong,
    Busy,
}

impl Door {
    pub(super) fn new(access: Current) -> Self {
        // The key lives as long as the program, and is no worse than the hashes of the standard library's maps where the system
        // gives no randomness: without it nothing is remembered.
        let random = ring::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).unwrap_or_else(|_| {
            use std::hash::{BuildHasher as _, Hasher as _};
            let word = |_| std::hash::RandomState::new().build_hasher().finish().to_ne_bytes();
            hmac::Key::new(hmac::HMAC_SHA256, &[0, 1, 2, 3].map(word).concat())
        });
        let semaphore = |places| Arc::new(Semaphore::new(places));
        Self { access, key, known: Mutex::default(), verifying: semaphore(AT_ONCE), places: semaphore(MAX_WAITING) }
    }

    async fn ask(&self, access: &Access, headers: &HeaderMap) -> Answer {
        let Some((name, password)) = credentials(headers) else { return Answer::Wrong };
        let (user, hash) = match access.users.get_key_value(name.as_str()) {
            Some((user, hash)) => (Some(user), hash.reveal().to_owned()),
            // Somebody who is not there takes as long as somebody who is.
            None => (None, access.nobody.clone()),
        };
        let proof = [hash.as_bytes(), b"\0", &password].concat();
        let remembered = |user: &Arc<str>| {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            // Compared in constant time.
            known.get(user).is_some_and(|tag| hmac::verify(&self.key, &proof, tag.as_ref()).is_ok())
        };
        if let Some(user) = user.filter(|user| remembered(user)) {
            return Answer::Welcome(User(Arc::clone(user)));
        }
        let Ok(_place) = Arc::clone(&self.places).try_acquire_owned() else { return Answer::Busy };
        let Ok(_turn) = Arc::clone(&self.verifying).acquire_owned().await else { return Answer::Busy };
        // Several requests of one scraper may have waited for the first of them.
        if let Some(user) = user.filter(|user| remembered(user)) {
            return Answer::Welcome(User(Arc::clone(user)));
        }
        let right = tokio::task::spawn_blocking(move || bcrypt::verify(password, &hash).unwrap_or(false)).await;
        match (user, right) {
            (Some(user), Ok(true)) => {
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.retain(|name, _| access.users.contains_key(name));
                known.insert(Arc::clone(user), hmac::sign(&self.key, &proof));
                Answer::Welcome(User(Arc::clone(user)))
            }
            _ => Answer::Wrong,
        }
    }
}

/// User and password of `Authorization: Basic …`.
fn credentials(headers: &HeaderMap) -> Option<(String, Vec<u8>)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok().filter(|value| value.len() <= MAX_HEADER)?;
    let (scheme, encoded) = value.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(encoded.trim()).ok())??;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let user = std::str::from_utf8(&decoded[..colon]).ok()?.to_owned();
    Some((user, decoded[colon + 1..].to_vec()))
}

/// Lets in whom the file names, and everybody where it names nobody. Sets its headers on every answer.
pub(super) async fn door(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let access = door.access.borrow().clone();
    let answer = if access.users.is_empty() { None } else { Some(door.ask(&access, request.headers()).await) };
    let mut response = match answer {
        None => next.run(request).await,
        Some(Answer::Welcome(user)) => {
            request.extensions_mut().insert(user);
            next.run(request).await
        }
        Some(Answer::Wrong) => {
            let mut response =
                problem(StatusCode::UNAUTHORIZED, "who are you? (basic_auth_users of --web.config.file)");
            let realm = HeaderValue::from_static("Basic realm=\"stormglass\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, realm);
            response
        }
        Some(Answer::Busy) => {
            let mut response =
                problem(StatusCode::SERVICE_UNAVAILABLE, "too many passwords are being verified; try later");
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            response
        }
    };
    for (name, value) in &access.headers {
        // Both were checked when the file was read.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(*name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_as_far_as_they_are_some() {
        for (value, wanted) in [
            ("Basic YWxpY2U6b3Blbg==", Some(("alice", &b"open"[..]))),
            ("basic YWxpY2U6YTpi", Some(("alice", b"a:b"))),
            ("Basic OnNlY3JldA==", Some(("", b"secret"))),
            ("Basic YWxpY2U=", None),
            ("Basic YWxpY2U6b3Blbg", None),
            ("Bearer YWxpY2U6b3Blbg==", None),
            ("Basic", None),
            ("Basic \u{1}", None),
        ] {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(header::AUTHORIZATION, value);
            }
            let wanted = wanted.map(|(user, password)| (user.to_owned(), password.to_owned()));
            assert_eq!(credentials(&headers), wanted, "{value}");
        }
        let mut headers = HeaderMap::new();
        let long = format!("Basic {}", STANDARD.encode("a:".to_owned() + &"b".repeat(MAX_HEADER)));
        headers.insert(header::AUTHORIZATION, long.parse().expect("a value"));
        assert_eq!(credentials(&headers), None);
    }

    #[tokio::test]
    async fn a_known_password_is_not_verified_again_and_a_changed_hash_is() {
        let hash = |password: &str| bcrypt::hash(password, 4).expect("a hash");
        let sender = tokio::sync::watch::Sender::new(Arc::new(Access::of([("alice", hash("open"))])));
        let door = Door::new(sender.subscribe());
        let ask = async |password: &str| {
            let mut headers = HeaderMap::new();
            let value = format!("Basic {}", STANDARD.encode(format!("alice:{password}")));
            headers.insert(header::AUTHORIZATION, value.parse().expect("a value"));
            let access = sender.borrow().clone();
            match door.ask(&access, &headers).await {
                Answer::Welcome(_) => 200,
                Answer::Wrong => 401,
                Answer::Busy => 503,
            }
        };
        assert_eq!(ask("shut").await, 401);
        assert_eq!(ask("open").await, 200);
        // Nothing can be verified any more: who is known still comes in, who is not must wait.
        let all = door.places.acquire_many(MAX_WAITING as u32).await.expect("places");
        assert_eq!((ask("open").await, ask("shut").await), (200, 503));
        drop(all);
        assert_eq!(ask("shut").await, 401);
        sender.send_replace(Arc::new(Access::of([("alice", hash("other"))])));
        assert_eq!((ask("open").await, ask("other").await), (401, 200));
        sender.send_replace(Arc::new(Access::of([("bob", hash("open"))])));
        assert_eq!(ask("other").await, 401);
    }
}
