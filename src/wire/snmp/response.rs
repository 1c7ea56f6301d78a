//! Responses of SNMPv1 and SNMPv2c, read strictly: what is not quite a number is an error and never a zero, since a
//! counter that reads 0 looks like a restart. Knows no requests.

use super::ber::{Element, Reader};
use super::{DecodeError, Identity, MAX_BINDINGS, Version, tag};
use crate::model::snmp::{Bindings, MAX_ARCS, Oid, Value};

/// Bytes of the shortest binding with a column's name, for a guess at how many there are.
const SHORT_BINDING: usize = 18;

/// A response, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// Whose it is.
    pub identity: Identity<'a>,
    /// error-status (RFC 3416, 3); 0 is none. What follows an error is not read.
    pub status: i32,
    /// error-index: which binding of the request, from 1; 0 is none.
    pub index: u32,
    /// Names and values.
    pub bindings: Bindings,
}

impl<'a> Response<'a> {
    /// Reads a datagram.
    ///
    /// # Errors
    /// It is no response of SNMPv1 or SNMPv2c from the first byte to the last.
    pub fn decode(datagram: &'a [u8]) -> Result<Self, DecodeError> {
        let mut outer = Reader::new(datagram, "message");
        let mut message = outer.expect(tag::SEQUENCE, "not a message: no SEQUENCE")?;
        outer.end()?;
        let version = version(message.expect(tag::INTEGER, "no version")?)?;
        let community = message.expect(tag::OCTETS, "no community")?.rest();
        let pdu = message.expect(tag::RESPONSE, "not a response")?;
        message.end()?;
        let Answer { request_id, status, index, bindings } = read_pdu(pdu)?;
        let identity = Identity { version, community, request_id };
        Ok(Self { identity, status, index, bindings })
    }
}

/// A Response PDU of any version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// request-id.
    pub request_id: i32,
    /// error-status (RFC 3416, 3); 0 is none. What follows an error is not read.
    pub status: i32,
    /// error-index: which binding of the request, from 1; 0 is none.
    pub index: u32,
    /// Names and values.
    pub bindings: Bindings,
}

/// Reads the content of a Response PDU.
pub(super) fn read_pdu(pdu: Reader<'_>) -> Result<Answer, DecodeError> {
    let mut pdu = pdu.called("PDU");
    let request_id = pdu.expect(tag::INTEGER, "no request-id")?.signed()?;
    let status = pdu.expect(tag::INTEGER, "no error-status")?.signed()?;
    let index = pdu.expect(tag::INTEGER, "no error-index")?;
    let index = u32::try_from(index.signed()?).map_err(|_| index.error("a negative error-index"))?;
    let list = pdu.expect(tag::SEQUENCE, "no binding list")?.called("binding list");
    pdu.end()?;
    let bindings = if status == 0 { bindings(list)? } else { Bindings::default() };
    Ok(Answer { request_id, status, index, bindings })
}

/// Whose response it is, even if the rest of it is spoiled or cut off; `None` if it is no response, or not to be known.
#[must_use]
pub fn identity(datagram: &[u8]) -> Option<Identity<'_>> {
    let inside = |element: Element<'_>, tag: u8| (element.tag == tag).then_some(());
    let mut outer = Reader::new(datagram, "message");
    let message = outer.element_cut_off().ok()?;
    inside(message, tag::SEQUENCE)?;
    let mut message = message.content;
    let version = version(message.expect(tag::INTEGER, "no version").ok()?).ok()?;
    let community = message.expect(tag::OCTETS, "no community").ok()?.rest();
    let pdu = message.element_cut_off().ok()?;
    inside(pdu, tag::RESPONSE)?;
    let mut pdu = pdu.content;
    let request_id = pdu.expect(tag::INTEGER, "no request-id").ok()?.signed().ok()?;
    Some(Identity { version, community, request_id })
}

fn version(number: Reader<'_>) -> Result<Version, DecodeError> {
    match number.signed()? {
        0 => Ok(Version::V1),
        1 => Ok(Version::V2c),
        _ => Err(number.error("neither SNMPv1 nor SNMPv2c")),
    }
}

fn bindings(mut list: Reader<'_>) -> Result<Bindings, DecodeError> {
    let mut bindings = Bindings::with_capacity((list.rest().len() / SHORT_BINDING).min(MAX_BINDINGS));
    let mut arcs = [0; MAX_ARCS];
    while !list.is_empty() {
        if bindings.len() == MAX_BINDINGS {
            return Err(list.error("more bindings than are read"));
        }
        let mut binding = list.expect(tag::SEQUENCE, "a binding is no SEQUENCE")?.called("name");
        let count = binding.expect(tag::OID, "not an object identifier")?.arcs(&mut arcs)?;
        binding = binding.called("value");
        let value = value(binding.element()?)?;
        binding.end()?;
        bindings.push(&arcs[..count], value);
    }
    Ok(bindings)
}

fn value(Element { tag, content }: Element<'_>) -> Result<Value, DecodeError> {
    let nothing = |value: Value| content.end().map(|()| value);
    Ok(match tag {
        tag::INTEGER => Value::Integer(content.signed()?),
        tag::OCTETS => Value::Octets(content.rest().to_vec()),
        tag::NULL => nothing(Value::Null)?,
        tag::OID => {
            let mut arcs = [0; MAX_ARCS];
            let count = content.arcs(&mut arcs)?;
            Value::ObjectId(Oid::new(&arcs[..count]))
        }
        tag::IP_ADDRESS => {
            Value::IpAddress(content.rest().try_into().map_err(|_| content.error("an IpAddress is four bytes"))?)
        }
        tag::COUNTER32 => Value::Counter32(content.unsigned32()?),
        tag::GAUGE32 | tag::UINTEGER32 => Value::Gauge32(content.unsigned32()?),
        tag::TIME_TICKS => Value::TimeTicks(content.unsigned32()?),
        tag::COUNTER64 => Value::Counter64(content.unsigned64()?),
        tag::NO_SUCH_OBJECT => nothing(Value::NoSuchObject)?,
        tag::NO_SUCH_INSTANCE => nothing(Value::NoSuchInstance)?,
        tag::END_OF_MIB_VIEW => nothing(Value::EndOfMibView)?,
        // A type that is not known is kept as it came; what is made of elements is no value.
        _ if tag & tag::CONSTRUCTED == 0 => Value::Opaque(content.rest().to_vec()),
        _ => return Err(content.error("not a value")),
    })
}
