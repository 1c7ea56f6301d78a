//! A message as a mail (RFC 5322, MIME): plain text in UTF-8. Whatever a device calls itself, no header can be split by it: the
//! subject is encoded whole (RFC 2047), the text as base64. Knows no server.

use super::Message;
use crate::model::Time;

/// Bytes of text in one encoded word: 52 of base64 and its frame, behind `Subject: `, keep a line below 76 (RFC 2047, 2).
const WORD: usize = 39;
/// Bytes of text in a line of base64 of 76 characters (RFC 2045, 6.8).
const LINE: usize = 57;

/// Who writes to whom; addresses of [`is_address`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Sender.
    pub from: String,
    /// Receivers.
    pub to: Vec<String>,
    /// For `Message-ID`: the same message sent again is the same mail, and a mailbox may show it once.
    pub id: String,
}

/// A plain address, `pi@example.org` (RFC 5321's dot-string and a host, ASCII): nothing in it can end a header or a command.
#[must_use]
pub fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_ok = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let domain_ok = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    text.len() <= 254
        && !local.is_empty()
        && !domain.is_empty()
        && local.chars().all(local_ok)
        && domain.chars().all(domain_ok)
        && ![local, domain].iter().any(|part| part.starts_with('.') || part.ends_with('.') || part.contains(".."))
}

/// The mail, with lines that end in CR LF; no line is longer than 998 bytes or begins with a dot.
#[must_use]
pub fn mail(message: &Message, envelope: &Envelope, now: Time, utc_offset_seconds: i32) -> String {
    let host = envelope.from.split_once('@').map_or("localhost", |(_, host)| host);
    let id = envelope.id.chars().filter(char::is_ascii_alphanumeric).take(64).collect::<String>();
    let mut out = String::new();
    let mut header = |name: &str, value: &str| {
        out.push_str(&format!("{name}: {value}\r\n"));
    };
    header("Date", &date(now, utc_offset_seconds));
    header("From", &format!("stormglass <{}>", envelope.from));
    header("To", &envelope.to.join(",\r\n "));
    header("Subject", &encoded_words(&message.title));
    header("Message-ID", &format!("<{id}.stormglass@{host}>"));
    // No holiday notice answers it (RFC 3834).
    header("Auto-Submitted", "auto-generated");
    if message.is_urgent() {
        header("X-Priority", "1");
    }
    header("MIME-Version", "1.0");
    header("Content-Type", "text/plain; charset=utf-8");
    header("Content-Transfer-Encoding", "base64");
    out.push_str("\r\n");
    for line in message.plain().replace('\n', "\r\n").as_bytes().chunks(LINE) {
        out.push_str(&base64(line));
        out.push_str("\r\n");
    }
    out
}

/// `=?UTF-8?B?…?=`, as many as are needed, folded; cut between characters.
fn encoded_words(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (0..=WORD.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(if end == 0 { rest.len() } else { end });
        words.push(format!("=?UTF-8?B?{}?=", base64(word.as_bytes())));
        rest = after;
    }
    words.join("\r\n ")
}

/// `Fri, 27 Nov 2026 14:03:20 +0900` (RFC 5322, 3.3).
fn date(now: Time, utc_offset_seconds: i32) -> String {
    let local = now.as_nanos().saturating_add(i64::from(utc_offset_seconds).saturating_mul(1_000_000_000));
    let stamp = jiff::Timestamp::from_nanosecond(i128::from(local)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let sign = if utc_offset_seconds < 0 { '-' } else { '+' };
    let minutes = utc_offset_seconds.unsigned_abs() / 60;
    let zone = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    format!("{} {zone}", stamp.strftime("%a, %d %b %Y %H:%M:%S"))
}

/// RFC 4648, with padding.
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * place) & 63) as usize];
            out.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfb]), "//77");
    }

    #[test]
    fn addresses_are_plain() {
        for good in ["pi@example.org", "a.b+tag@mail.example.co.jp", "root@localhost"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["", "pi", "@x", "a@", "a b@c", "a@b\r\nBcc: c@d", "<a@b>", ".a@b", "a@b..c", "a@b,c@d", "é@b", "a@@b"]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn dates_have_the_zone_of_the_reader() {
        let time = Time::from_secs(1_700_000_000);
        assert_eq!(date(time, 9 * 3600), "Wed, 15 Nov 2023 07:13:20 +0900");
        assert_eq!(date(time, -12_600), "Tue, 14 Nov 2023 18:43:20 -0330");
    }
}
