//! Mail: one message to a mail server (RFC 5321), encrypted from the first byte (RFC 8314) or by STARTTLS (RFC 3207), with a login
//! where one is given (RFC 4954). The dialogue is our own: `lettre` adds 27 crates, mostly Unicode tables for domain
//! names, and a second way to trust certificates and to fail beside ours. Knows no form of the mail.

use super::net::{Dialer, Stream, Trust, encrypt};
use super::{Channel, Draft, Login, SendError, Sending, in_time};
use crate::io::clock::Clock;
use crate::io::snmp::auth::Secret;
use crate::view::notify::email::{Envelope, base64, mail};
use crate::wire::smtp::{Reply, parse};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From the first byte; port 465.
    Tls,
    /// Once both have said hello; port 587.
    StartTls,
    /// Not at all: for a server on this computer or in the lab.
    None,
}

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub encryption: Encryption,
    /// Whom to trust there.
    pub trust: Trust,
    /// Who we are.
    pub login: Login,
    /// Sender.
    pub from: String,
    /// Receivers.
    pub to: Vec<String>,
}

/// The channel.
#[derive(Debug)]
pub struct Email {
    pub(super) settings: Settings,
    pub(super) dialer: Arc<Dialer>,
    pub(super) utc_offset_seconds: i32,
}

impl Channel for Email {
    fn send(&self, draft: Arc<dyn Draft>) -> Sending<'_> {
        Box::pin(in_time(async move { self.deliver(&*draft).await }))
    }
}

/// A conversation with a server.
struct Talk<'a> {
    host: &'a str,
    stream: Box<dyn Stream>,
    heard: Vec<u8>,
}

impl Talk<'_> {
    async fn reply(&mut self) -> Result<Reply, SendError> {
        loop {
            let host = self.host;
            let strange = |error| SendError::refused(format!("{host}: {error}: check server and port"));
            if let Some((reply, used)) = parse(&self.heard).map_err(strange)? {
                self.heard.drain(..used);
                return Ok(reply);
            }
            let mut buffer = [0; 2048];
            let read = self.stream.read(&mut buffer).await.map_err(|error| self.broken(&error.to_string()))?;
            if read == 0 {
                return Err(self.broken("it hung up"));
            }
            self.heard.extend_from_slice(&buffer[..read]);
        }
    }

    fn broken(&self, why: &str) -> SendError {
        SendError::later(format!("{}: the connection broke ({why})", self.host))
    }

    /// Says a line and takes what comes back; `what` it was about, since a line may be a password.
    async fn say(&mut self, line: &str, what: &str) -> Result<Reply, SendError> {
        let text = format!("{line}\r\n");
        self.stream.write_all(text.as_bytes()).await.map_err(|error| self.broken(&error.to_string()))?;
        self.stream.flush().await.map_err(|error| self.broken(&error.to_string()))?;
        let reply = self.reply().await?;
        if reply.is_good() { Ok(reply) } else { Err(refused(self.host, what, &reply)) }
    }
}

/// 4yz may go better later, 5yz will not (RFC 5321, 4.2.1).
fn refused(host: &str, what: &str, reply: &Reply) -> SendError {
    let what_to_do = match reply.code {
        530 => "it wants a login: set `username` and `password`",
        534 | 535 => "check `username` and `password`; many providers want a password made for this program",
        550..=554 => "check `from` and `to`, and whether this login may send as `from`",
        400..500 => "it is tried again",
        _ => "see what it says",
    };
    let text = format!("{host} refuses {what} ({}): {what_to_do}", reply.text());
    if (400..500).contains(&reply.code) { SendError::later(text) } else { SendError::refused(text) }
}

impl Email {
    async fn deliver(&self, draft: &dyn Draft) -> Result<String, SendError> {
        let Settings { host, port, encryption, trust, from, to, .. } = &self.settings;
        let stream = self.dialer.connect(host, *port).await?;
        let greeted = match encryption {
            Encryption::Tls => self.greet(encrypt(stream, host, trust).await?).await?,
            Encryption::None => self.greet(Box::new(stream)).await?,
            Encryption::StartTls => {
                let (mut talk, hello) = self.greet(Box::new(stream)).await?;
                if !hello.offers("STARTTLS", None) {
                    let text = "it offers no STARTTLS: use `tls: tls` with its port for that (mostly 465)";
                    return Err(SendError::refused(format!("{host}: {text}")));
                }
                talk.say("STARTTLS", "STARTTLS").await?;
                // What was said before the encryption counts for nothing (RFC 3207, 4.2).
                let stream = encrypt(talk.stream, host, trust).await?;
                let mut talk = Talk { host, stream, heard: Vec::new() };
                let hello = talk.say("EHLO stormglass.invalid", "the greeting").await?;
                (talk, hello)
            }
        };
        let (mut talk, hello) = greeted;
        if let Login::Password(user, password) = &self.settings.login {
            log_in(&mut talk, &hello, user, password).await?;
        }
        talk.say(&format!("MAIL FROM:<{from}>"), "the sender").await?;
        for one in to {
            talk.say(&format!("RCPT TO:<{one}>"), &format!("the receiver {one}")).await?;
        }
        talk.say("DATA", "the mail").await?;
        let message = draft.message();
        // The same message sent again is the same mail.
        let id = format!("{}{:?}{}", message.notice.key, message.moment, message.notice.at.as_nanos());
        let envelope = Envelope { from: from.clone(), to: to.clone(), id };
        let mail = mail(&message, &envelope, Clock::start().now(), self.utc_offset_seconds);
        let taken = talk.say(&format!("{mail}."), "the mail").await?;
        // It is taken: how the goodbye goes does not matter.
        let _ = talk.say("QUIT", "the goodbye").await;
        Ok(taken.text())
    }

    async fn greet(&self, stream: Box<dyn Stream>) -> Result<(Talk<'_>, Reply), SendError> {
        let host = self.settings.host.as_str();
        let mut talk = Talk { host, stream, heard: Vec::new() };
        let greeting = talk.reply().await?;
        if !greeting.is_good() {
            return Err(refused(host, "us", &greeting));
        }
        let hello = talk.say("EHLO stormglass.invalid", "the greeting").await?;
        Ok((talk, hello))
    }
}

async fn log_in(talk: &mut Talk<'_>, hello: &Reply, user: &str, password: &Secret) -> Result<(), SendError> {
    let password = password.reveal();
    if hello.offers("AUTH", Some("PLAIN")) {
        let both = base64(format!("\0{user}\0{password}").as_bytes());
        return talk.say(&format!("AUTH PLAIN {both}"), "the login").await.map(drop);
    }
    if hello.offers("AUTH", Some("LOGIN")) {
        talk.say("AUTH LOGIN", "the login").await?;
        talk.say(&base64(user.as_bytes()), "the user").await?;
        return talk.say(&base64(password.as_bytes()), "the login").await.map(drop);
    }
    let text = "it offers no login by password (AUTH PLAIN or LOGIN) here: take `username` out, or use another `tls`";
    Err(SendError::refused(format!("{}: {text}", talk.host)))
}
