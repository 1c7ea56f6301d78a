//! Multicast DNS (RFC 6762): the question for one host, and whether a message is a question. Pure bytes.

use std::net::Ipv4Addr;

/// Its group (RFC 6762, 3).
pub const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// Its UDP port.
pub const PORT: u16 = 5353;
/// Longest label (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// The question for the IPv4 address of `host` in `.local` (RFC 6762, 18; RFC 1035, 4.1). Longer than a label may be, the
/// name is cut.
#[must_use]
pub fn question(host: &str) -> Vec<u8> {
    let label = &host.as_bytes()[..host.len().min(MAX_LABEL)];
    // No id and no flag, as a question to the group has; one question.
    let mut message = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    message.push(label.len() as u8);
    message.extend(label);
    message.extend(b"\x05local\0");
    // Type A, class IN, answers to the group.
    message.extend([0, 1, 0, 1]);
    message
}

/// It asks: QR is 0 (RFC 6762, 18.2). An answer to the group holds no question (6).
#[must_use]
pub fn is_question(message: &[u8]) -> bool {
    message.len() >= 12 && message[2] & 0x80 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_one() {
        let message = question("stormglass-guard-00ff");
        assert_eq!(message.len(), 12 + 1 + 21 + 7 + 4);
        assert_eq!(message[12], 21);
        assert!(is_question(&message) && message.windows(21).any(|window| window == b"stormglass-guard-00ff"));
        let mut answer = message;
        answer[2] = 0x84;
        assert!(!is_question(&answer) && !is_question(&[0; 11]));
        assert_eq!(question(&"x".repeat(300))[12], 63);
    }
}
