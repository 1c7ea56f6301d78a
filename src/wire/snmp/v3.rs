//! SNMPv3 messages of the User-based Security Model (RFC 3412, 6; RFC 3414, 2.4): the frame around a PDU, written and read
//! in place. Knows no keys and no clock: who signs, encrypts and judges the time is its caller.

use super::ber::Reader;
use super::request::{Ask, Backwards, EncodeError};
use super::response::{Answer, read_pdu};
use super::{DecodeError, MAX_MESSAGE, tag};

/// msgFlags: the message is signed.
pub const AUTH: u8 = 1;
/// msgFlags: the scoped PDU is encrypted. Never without [`AUTH`].
pub const PRIVACY: u8 = 2;
/// msgFlags: what is wrong with the message may be told by a Report.
pub const REPORTABLE: u8 = 4;

/// msgVersion of SNMPv3, and msgSecurityModel of the USM.
const VERSION: i32 = 3;
const USM: i32 = 3;
/// Bytes of the longest msgAuthenticationParameters (RFC 7860, SHA-512).
pub const MAX_MAC: usize = 48;

/// What the security model adds (RFC 3414, 2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Security<'a> {
    /// msgAuthoritativeEngineID.
    pub engine_id: &'a [u8],
    /// msgAuthoritativeEngineBoots.
    pub boots: u32,
    /// msgAuthoritativeEngineTime, seconds.
    pub time: u32,
    /// msgUserName.
    pub user: &'a [u8],
    /// msgAuthenticationParameters; zeros while they are not known.
    pub mac: &'a [u8],
    /// msgPrivacyParameters: the salt.
    pub salt: &'a [u8],
}

/// A message around a scoped PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// msgID.
    pub id: i32,
    /// msgFlags.
    pub flags: u8,
    /// Who speaks, and how it is known.
    pub security: Security<'a>,
    /// With [`PRIVACY`] the encrypted bytes, else the scoped PDU.
    pub data: &'a [u8],
}

/// A scoped PDU (RFC 3412, 6.8) with an answer in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scoped<'a> {
    /// contextEngineID.
    pub engine_id: &'a [u8],
    /// contextName.
    pub context: &'a [u8],
    /// A Response; `None` for a Report or anything else.
    pub answer: Option<Answer>,
}

/// Whom a scoped PDU is for, and its request-id.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// contextEngineID.
    pub engine_id: &'a [u8],
    /// contextName.
    pub context: &'a [u8],
    /// request-id.
    pub request_id: i32,
}

/// Writes a scoped PDU with a request. What `out` held is gone.
///
/// # Errors
/// See [`EncodeError`]; `out` is then of no use.
pub fn encode_scoped<'a>(
    out: &mut Vec<u8>,
    scope: &Scope<'_>,
    ask: Ask,
    names: impl DoubleEndedIterator<Item = &'a [u32]>,
) -> Result<(), EncodeError> {
    let mut back = Backwards::new(out);
    back.pdu(scope.request_id, ask, names)?;
    back.octets(scope.context);
    back.octets(scope.engine_id);
    back.wrap(tag::SEQUENCE, 0);
    back.finish()
}

/// Writes a message, and gives where its msgAuthenticationParameters begin. What `out` held is gone.
///
/// # Errors
/// See [`EncodeError`]; `out` is then of no use.
pub fn encode_message(out: &mut Vec<u8>, message: &Message<'_>) -> Result<usize, EncodeError> {
    let Security { engine_id, boots, time, user, mac, salt } = message.security;
    let mut back = Backwards::new(out);
    if message.flags & PRIVACY == 0 {
        back.raw(message.data);
    } else {
        back.octets(message.data);
    }
    let end = back.len();
    back.octets(salt);
    back.raw(mac);
    let mac_at = back.len();
    back.wrap(tag::OCTETS, mac_at - mac.len());
    back.octets(user);
    back.number(i64::from(time));
    back.number(i64::from(boots));
    back.octets(engine_id);
    back.wrap(tag::SEQUENCE, end);
    back.wrap(tag::OCTETS, end);
    let end = back.len();
    back.number(i64::from(USM));
    back.octets(&[message.flags]);
    back.number(MAX_MESSAGE as i64);
    back.number(i64::from(message.id));
    back.wrap(tag::SEQUENCE, end);
    back.number(i64::from(VERSION));
    back.wrap(tag::SEQUENCE, 0);
    back.finish()?;
    Ok(out.len() - mac_at)
}

/// Reads a message, and tells where its msgAuthenticationParameters begin: they are signed as zeros.
///
/// # Errors
/// It is no message of the USM from the first byte to the last.
pub fn decode_message(datagram: &[u8]) -> Result<(Message<'_>, usize), DecodeError> {
    let mut outer = Reader::new(datagram, "message");
    let mut message = outer.expect(tag::SEQUENCE, "not a message: no SEQUENCE")?;
    outer.end()?;
    version(message.expect(tag::INTEGER, "no version")?)?;
    let mut global = message.expect(tag::SEQUENCE, "no msgGlobalData")?;
    let id = global.expect(tag::INTEGER, "no msgID")?.signed()?;
    global.expect(tag::INTEGER, "no msgMaxSize")?.signed()?;
    let flags = global.expect(tag::OCTETS, "no msgFlags")?;
    let &[flags] = flags.rest() else { return Err(flags.error("msgFlags are one byte")) };
    let model = global.expect(tag::INTEGER, "no msgSecurityModel")?;
    if model.signed()? != USM {
        return Err(model.error("not the User-based Security Model"));
    }
    global.end()?;
    let mut wrapped = message.expect(tag::OCTETS, "no msgSecurityParameters")?.called("security parameters");
    let mut usm = wrapped.expect(tag::SEQUENCE, "no SEQUENCE")?;
    wrapped.end()?;
    let engine_id = usm.expect(tag::OCTETS, "no engine ID")?.rest();
    let boots = number_of_31_bits(usm.expect(tag::INTEGER, "no engine boots")?)?;
    let time = number_of_31_bits(usm.expect(tag::INTEGER, "no engine time")?)?;
    let user = usm.expect(tag::OCTETS, "no user name")?.rest();
    let mac = usm.expect(tag::OCTETS, "no authentication parameters")?;
    let salt = usm.expect(tag::OCTETS, "no privacy parameters")?.rest();
    usm.end()?;
    let all = message.rest();
    let data = if flags & PRIVACY == 0 {
        message.expect(tag::SEQUENCE, "no scoped PDU")?;
        &all[..all.len() - message.rest().len()]
    } else {
        message.expect(tag::OCTETS, "no encrypted PDU")?.rest()
    };
    message.end()?;
    let security = Security { engine_id, boots, time, user, mac: mac.rest(), salt };
    Ok((Message { id, flags, security, data }, mac.offset))
}

/// Reads a scoped PDU.
///
/// # Errors
/// It is none from the first byte to the last.
pub fn decode_scoped(bytes: &[u8]) -> Result<Scoped<'_>, DecodeError> {
    let mut outer = Reader::new(bytes, "scoped PDU");
    let mut scoped = outer.expect(tag::SEQUENCE, "no SEQUENCE")?;
    outer.end()?;
    let engine_id = scoped.expect(tag::OCTETS, "no context engine ID")?.rest();
    let context = scoped.expect(tag::OCTETS, "no context name")?.rest();
    let pdu = scoped.element()?;
    scoped.end()?;
    let answer = if pdu.tag == tag::RESPONSE { Some(read_pdu(pdu.content)?) } else { None };
    Ok(Scoped { engine_id, context, answer })
}

/// msgID of a message of SNMPv3, even if the rest of it is spoiled or cut off.
#[must_use]
pub fn message_id(datagram: &[u8]) -> Option<i32> {
    let mut outer = Reader::new(datagram, "message");
    let message = outer.element_cut_off().ok().filter(|message| message.tag == tag::SEQUENCE)?;
    let mut message = message.content;
    version(message.expect(tag::INTEGER, "no version").ok()?).ok()?;
    let global = message.element_cut_off().ok().filter(|global| global.tag == tag::SEQUENCE)?;
    let mut global = global.content;
    global.expect(tag::INTEGER, "no msgID").ok()?.signed().ok()
}

fn version(number: Reader<'_>) -> Result<(), DecodeError> {
    if number.signed()? == VERSION { Ok(()) } else { Err(number.error("not SNMPv3")) }
}

fn number_of_31_bits(number: Reader<'_>) -> Result<u32, DecodeError> {
    u32::try_from(number.signed()?).map_err(|_| number.error("a negative number where none can be"))
}

#[cfg(test)]
#[path = "v3_tests.rs"]
mod tests;
