//! MQTT 3.1.1 as far as a publisher needs it (OASIS standard, 2014): CONNECT with a last will, PUBLISH at QoS 1, PINGREQ and
//! DISCONNECT out; CONNACK, PUBACK and PINGRESP in. Knows no connection.

use thiserror::Error;

/// Longest packet that is read, bytes: a broker answers a publisher with five at most, and a retained message of somebody else
/// is never asked for.
const MAX_PACKET: usize = 64 << 10;

/// What a client says first.
#[derive(Clone, Debug)]
pub struct Connect<'a> {
    /// Unlike that of any other client at the broker.
    pub client_id: &'a str,
    /// Seconds without a packet after which the broker gives us up.
    pub keep_alive: u16,
    /// Topic and payload that the broker publishes, retained, when we are gone without a word.
    pub will: Option<(&'a str, &'a str)>,
    /// User, and password where there is one.
    pub login: Option<(&'a str, Option<&'a str>)>,
}

/// What a broker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// Its return code; 0: welcome.
    ConnAck(u8),
    /// It has taken the message of this number.
    PubAck(u16),
    /// It is there.
    PingResp,
    /// Something that a publisher need not know.
    Other(u8),
}

/// What is no MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MqttError {
    /// A length of more than four bytes (2.2.3).
    #[error("a packet's length has more than 4 bytes")]
    Length,
    /// Longer than anything a publisher is told.
    #[error("a packet is longer than {MAX_PACKET} bytes")]
    TooLong,
    /// It ends before it says what it should.
    #[error("a packet is too short for its type")]
    Short,
}

fn packet(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length = parts.iter().map(|part| part.len()).sum::<usize>();
    let mut out = vec![kind];
    let mut rest = length;
    loop {
        let digit = (rest % 128) as u8;
        rest /= 128;
        out.push(if rest > 0 { digit | 0x80 } else { digit });
        if rest == 0 {
            break;
        }
    }
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// A string with its length in front (1.5.3); what is longer than that can say is cut.
fn string(text: &str) -> Vec<u8> {
    let end = (0..=text.len().min(usize::from(u16::MAX))).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let mut out = (end as u16).to_be_bytes().to_vec();
    out.extend_from_slice(&text.as_bytes()[..end]);
    out
}

/// CONNECT with a clean session.
#[must_use]
pub fn connect(connect: &Connect<'_>) -> Vec<u8> {
    let mut flags = 0b10;
    let mut payload = string(connect.client_id);
    if let Some((topic, message)) = connect.will {
        // Retained, at QoS 1.
        flags |= 0b10_1100;
        payload.extend(string(topic));
        payload.extend(string(message));
    }
    if let Some((user, password)) = connect.login {
        flags |= 0b1000_0000;
        payload.extend(string(user));
        if let Some(password) = password {
            flags |= 0b0100_0000;
            payload.extend(string(password));
        }
    }
    packet(0x10, &[&string("MQTT"), &[4, flags], &connect.keep_alive.to_be_bytes(), &payload])
}

/// PUBLISH at QoS 1. `id` is not 0.
#[must_use]
pub fn publish(topic: &str, payload: &[u8], retain: bool, id: u16) -> Vec<u8> {
    packet(0x32 | u8::from(retain), &[&string(topic), &id.to_be_bytes(), payload])
}

/// PINGREQ.
pub const PING: [u8; 2] = [0xc0, 0];
/// DISCONNECT: the last will is not published.
pub const DISCONNECT: [u8; 2] = [0xe0, 0];

/// The first packet of `bytes` and its length; `None`: it has not come in full yet.
///
/// # Errors
/// See [`MqttError`].
pub fn parse(bytes: &[u8]) -> Result<Option<(Packet, usize)>, MqttError> {
    let Some((kind, rest)) = bytes.split_first() else { return Ok(None) };
    let mut length = 0;
    let mut used = 0;
    loop {
        let Some(digit) = rest.get(used) else { return Ok(None) };
        length |= usize::from(digit & 0x7f) << (7 * used);
        used += 1;
        if digit & 0x80 == 0 {
            break;
        }
        if used == 4 {
            return Err(MqttError::Length);
        }
    }
    if length > MAX_PACKET {
        return Err(MqttError::TooLong);
    }
    let Some(body) = rest.get(used..used + length) else { return Ok(None) };
    let packet = match (kind >> 4, body) {
        (2, [_, code, ..]) => Packet::ConnAck(*code),
        (4, [high, low, ..]) => Packet::PubAck(u16::from_be_bytes([*high, *low])),
        (2 | 4, _) => return Err(MqttError::Short),
        (13, _) => Packet::PingResp,
        (other, _) => Packet::Other(other),
    };
    Ok(Some((packet, 1 + used + length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_with_a_will_and_a_login() {
        let said = connect(&Connect {
            client_id: "sg",
            keep_alive: 30,
            will: Some(("a", "offline")),
            login: Some(("u", Some("p"))),
        });
        let expected = b"\x10\x20\x00\x04MQTT\x04\xee\x00\x1e\x00\x02sg\x00\x01a\x00\x07offline\x00\x01u\x00\x01p";
        assert_eq!(said[..2], [0x10, (expected.len() - 2) as u8]);
        assert_eq!(said[2..], expected[2..]);
        let bare = connect(&Connect { client_id: "sg", keep_alive: 0, will: None, login: None });
        assert_eq!(bare, b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x00\x00\x02sg");
    }

    #[test]
    fn lengths_have_up_to_four_bytes() {
        assert_eq!(publish("t", b"hi", true, 7), b"\x33\x07\x00\x01t\x00\x07hi");
        let long = publish("t", &[0; 300], false, 1);
        assert_eq!(long[..3], [0x32, 0xb1, 0x02]);
        assert_eq!(string(&"é".repeat(40_000)).len(), 2 + 65_534);
    }

    #[test]
    fn answers_are_read_whole_or_not_at_all() {
        for (bytes, expected) in [
            (&b""[..], Ok(None)),
            (b"\x20", Ok(None)),
            (b"\x20\x02\x00", Ok(None)),
            (b"\x20\x02\x00\x05", Ok(Some((Packet::ConnAck(5), 4)))),
            (b"\x40\x02\x01\x02\xd0\x00", Ok(Some((Packet::PubAck(258), 4)))),
            (b"\xd0\x00", Ok(Some((Packet::PingResp, 2)))),
            (b"\x30\x01x", Ok(Some((Packet::Other(3), 3)))),
            (b"\x40\x01x", Err(MqttError::Short)),
            (b"\x40\xff\xff\xff\xff\x01", Err(MqttError::Length)),
            (b"\x40\xff\xff\xff\x7f", Err(MqttError::TooLong)),
        ] {
            assert_eq!(parse(bytes), expected, "{bytes:?}");
        }
    }
}
