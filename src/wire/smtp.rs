//! Replies of a mail server (RFC 5321, 4.2): a code, and lines of text. Knows no connection and no command.

use thiserror::Error;

/// Longest reply that is read, bytes: a greeting with all extensions of a big provider has some hundred.
const MAX_REPLY: usize = 16 << 10;

/// What a server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The text of each line.
    pub lines: Vec<String>,
}

/// What is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SmtpError {
    /// A line does not begin with three digits.
    #[error("it does not speak SMTP")]
    NoReply,
    /// It does not end.
    #[error("its reply is longer than {MAX_REPLY} bytes")]
    TooLong,
}

impl Reply {
    /// The server is content.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.code >= 200 && self.code < 400
    }

    /// It offers an extension (RFC 5321, 4.1.1.1); `parameter`: with this word after it.
    #[must_use]
    pub fn offers(&self, extension: &str, parameter: Option<&str>) -> bool {
        self.lines.iter().skip(1).any(|line| {
            let mut words = line.split([' ', '=']).filter(|word| !word.is_empty());
            words.next().is_some_and(|word| word.eq_ignore_ascii_case(extension))
                && parameter.is_none_or(|wanted| words.any(|word| word.eq_ignore_ascii_case(wanted)))
        })
    }

    /// Its text in one line, without what could harm a terminal; at most 200 characters.
    #[must_use]
    pub fn text(&self) -> String {
        let text = self.lines.join(" ");
        let harmless = text.chars().filter(|c| !c.is_control()).take(200).collect::<String>();
        format!("{} {harmless}", self.code)
    }
}

/// The first reply of `bytes` and its length; `None`: it has not come in full yet.
///
/// # Errors
/// See [`SmtpError`].
pub fn parse(bytes: &[u8]) -> Result<Option<(Reply, usize)>, SmtpError> {
    let mut reply = Reply { code: 0, lines: Vec::new() };
    let mut used = 0;
    while let Some(end) = bytes[used..].iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(&bytes[used..used + end]);
        used += end + 1;
        let line = line.trim_end_matches('\r');
        let code = line.get(..3).filter(|code| code.bytes().all(|digit| digit.is_ascii_digit()));
        reply.code = code.and_then(|code| code.parse().ok()).ok_or(SmtpError::NoReply)?;
        reply.lines.push(line.get(4..).unwrap_or_default().to_owned());
        if line.as_bytes().get(3) != Some(&b'-') {
            return Ok(Some((reply, used)));
        }
        if used > MAX_REPLY {
            return Err(SmtpError::TooLong);
        }
    }
    if bytes.len() > MAX_REPLY { Err(SmtpError::TooLong) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_one_line_and_of_many() {
        let (reply, used) = parse(b"250-mx greets you\r\n250-STARTTLS\r\n250 AUTH PLAIN LOGIN\r\n220 next")
            .expect("good")
            .expect("whole");
        assert_eq!((reply.code, used), (250, 55));
        assert!(
            reply.offers("starttls", None)
                && reply.offers("AUTH", Some("login"))
                && !reply.offers("AUTH", Some("XOAUTH2"))
        );
        assert!(!reply.offers("mx", None));
        assert_eq!(parse(b"250-mx\r\n250").expect("so far"), None);
        assert_eq!(parse(b"354\r\n").expect("good").map(|(reply, _)| reply.text()), Some("354 ".to_owned()));
        assert_eq!(parse(b"HTTP/1.1 400 Bad Request\r\n"), Err(SmtpError::NoReply));
        assert_eq!(parse(&b"250-x\r\n".repeat(5_000)), Err(SmtpError::TooLong));
        assert_eq!(parse(&[b'2'; 20_000]), Err(SmtpError::TooLong));
        assert_eq!(parse("2é0 x\n".as_bytes()), Err(SmtpError::NoReply));
    }
}
