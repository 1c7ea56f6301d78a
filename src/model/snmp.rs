//! SNMP's own words: object identifiers, values, bindings. Knows no encoding, no MIB and no client library.

use std::fmt;
use std::str::FromStr;

/// Arcs an object identifier may have (RFC 2578, 3.5).
pub const MAX_ARCS: usize = 128;

/// An object identifier, or a part of one (a row's index). Ordered as the agents order them: arc by arc.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Oid(Vec<u32>);

impl Oid {
    /// From its arcs.
    #[must_use]
    pub fn new(arcs: &[u32]) -> Self {
        Self(arcs.to_vec())
    }

    /// `prefix` followed by `rest`.
    #[must_use]
    pub fn joined(prefix: &[u32], rest: &[u32]) -> Self {
        let mut arcs = Vec::with_capacity(prefix.len() + rest.len());
        arcs.extend_from_slice(prefix);
        arcs.extend_from_slice(rest);
        Self(arcs)
    }

    /// Its arcs.
    #[must_use]
    pub fn arcs(&self) -> &[u32] {
        &self.0
    }

    /// What follows `prefix`, if this lies below it: the index of a row, where `prefix` is a column.
    #[must_use]
    pub fn below(&self, prefix: &[u32]) -> Option<&[u32]> {
        self.0.strip_prefix(prefix)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, arc) in self.0.iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            write!(out, "{dot}{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Why a text is not an object identifier.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an object identifier: write numbers below 4294967296 with dots between, at most 128, as in 1.3.6.1.2.1.1")]
pub struct ParseOidError;

impl FromStr for Oid {
    type Err = ParseOidError;

    /// Accepts `1.3.6.1` and `.1.3.6.1`.
    fn from_str(text: &str) -> Result<Self, ParseOidError> {
        let arcs = text.strip_prefix('.').unwrap_or(text).split('.').take(MAX_ARCS + 1);
        let arcs = arcs.map(|arc| arc.parse().map_err(|_| ParseOidError)).collect::<Result<Vec<u32>, _>>()?;
        if arcs.len() > MAX_ARCS { Err(ParseOidError) } else { Ok(Self(arcs)) }
    }
}

/// The value of an object (RFC 2578, 7.1; RFC 3416, 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// INTEGER, Integer32.
    Integer(i32),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// OBJECT IDENTIFIER.
    ObjectId(Oid),
    /// IpAddress.
    IpAddress([u8; 4]),
    /// Counter32: wraps at 2³².
    Counter32(u32),
    /// Gauge32 and Unsigned32.
    Gauge32(u32),
    /// TimeTicks: hundredths of a second, wrapping at 2³² (497 days).
    TimeTicks(u32),
    /// Counter64.
    Counter64(u64),
    /// Opaque, and every type this program does not know.
    Opaque(Vec<u8>),
    /// NULL.
    Null,
    /// noSuchObject: the agent has no such object.
    NoSuchObject,
    /// noSuchInstance: the object, but not this instance of it.
    NoSuchInstance,
    /// endOfMibView: nothing lies behind this name.
    EndOfMibView,
}

impl Value {
    /// One of the three exceptions of RFC 3416, or NULL: there is no value.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Null | Self::NoSuchObject | Self::NoSuchInstance | Self::EndOfMibView)
    }

    /// The number, if it is one that cannot be negative. A negative INTEGER gives `None`.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match *self {
            Self::Integer(number) => u64::try_from(number).ok(),
            Self::Counter32(number) | Self::Gauge32(number) | Self::TimeTicks(number) => Some(u64::from(number)),
            Self::Counter64(number) => Some(number),
            _ => None,
        }
    }

    /// The number, if it fits 32 bits.
    #[must_use]
    pub fn as_u32(&self) -> Option<u32> {
        self.as_u64().and_then(|number| u32::try_from(number).ok())
    }

    /// The bytes of a string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Octets(bytes) | Self::Opaque(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A string as text: what is not UTF-8 is replaced, NUL and what follows it cut off (agents pad with it).
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        let bytes = self.as_bytes()?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    /// About how many bytes it holds: what limits are counted in.
    #[must_use]
    pub fn size(&self) -> usize {
        match self {
            Self::Octets(bytes) | Self::Opaque(bytes) => 16 + bytes.len(),
            Self::ObjectId(oid) => 16 + 4 * oid.arcs().len(),
            _ => 16,
        }
    }
}

/// A name and its value, as a reply carries them (RFC 3416, 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VarBind {
    /// The instance.
    pub oid: Oid,
    /// Its value, or why there is none.
    pub value: Value,
}

/// The names and values of a reply, in order. All names lie in one buffer, so that a reply of sixty numbers is two
/// allocations and not sixty: most of what a poll reads are numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings {
    arcs: Vec<u32>,
    list: Vec<Entry>,
}

/// A value, and where its name ends in the buffer; it begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    end: usize,
    value: Value,
}

impl Bindings {
    /// None yet, with room for `count`, with names of the length that columns of tables have.
    #[must_use]
    pub fn with_capacity(count: usize) -> Self {
        Self { arcs: Vec::with_capacity(count * 12), list: Vec::with_capacity(count) }
    }

    /// Adds one at the end.
    pub fn push(&mut self, name: &[u32], value: Value) {
        self.arcs.extend_from_slice(name);
        self.list.push(Entry { end: self.arcs.len(), value });
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// None.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The name and value at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<(&[u32], &Value)> {
        let entry = self.list.get(place)?;
        Some((self.name(place, entry.end), &entry.value))
    }

    /// The same, with the value taken out: NULL is left in its place.
    pub fn take(&mut self, place: usize) -> Option<(&[u32], Value)> {
        let entry = self.list.get_mut(place)?;
        let (end, value) = (entry.end, std::mem::replace(&mut entry.value, Value::Null));
        Some((self.name(place, end), value))
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u32], &Value)> {
        self.list.iter().enumerate().map(|(place, entry)| (self.name(place, entry.end), &entry.value))
    }

    fn name(&self, place: usize, end: usize) -> &[u32] {
        let start = if place == 0 { 0 } else { self.list[place - 1].end };
        &self.arcs[start..end]
    }
}

impl FromIterator<VarBind> for Bindings {
    fn from_iter<I: IntoIterator<Item = VarBind>>(bindings: I) -> Self {
        let mut all = Self::default();
        for binding in bindings {
            all.push(binding.oid.arcs(), binding.value);
        }
        all
    }
}

impl From<Vec<VarBind>> for Bindings {
    fn from(bindings: Vec<VarBind>) -> Self {
        bindings.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oids_read_what_they_write() {
        let oid: Oid = ".1.3.6.1.2.1.2.2.1.10.4294967295".parse().expect("a literal");
        assert_eq!(oid.to_string(), "1.3.6.1.2.1.2.2.1.10.4294967295");
        assert_eq!(oid.below(&[1, 3, 6, 1, 2, 1, 2, 2, 1, 10]), Some(&[u32::MAX][..]));
        assert_eq!(oid.below(&[1, 3, 6, 2]), None);
        for wrong in ["", "1..3", "1.3.x", "1.4294967296", "1.-1", "1. 3"] {
            assert_eq!(wrong.parse::<Oid>(), Err(ParseOidError), "{wrong}");
        }
        assert!(vec!["1"; MAX_ARCS].join(".").parse::<Oid>().is_ok());
        assert_eq!(vec!["1"; MAX_ARCS + 1].join(".").parse::<Oid>(), Err(ParseOidError));
    }

    #[test]
    fn oids_are_ordered_by_arcs_not_by_text() {
        let ordered =
            ["1.3.6.9", "1.3.6.10", "1.3.6.10.1", "1.3.7"].map(|text| text.parse::<Oid>().expect("a literal"));
        assert!(ordered.is_sorted());
    }

    #[test]
    fn bindings_keep_names_and_values_apart() {
        let bind = |arcs: &[u32], value| VarBind { oid: Oid::new(arcs), value };
        let listed =
            vec![bind(&[1, 3, 6], Value::Integer(1)), bind(&[], Value::Null), bind(&[2, 5], Value::Octets(vec![7]))];
        let mut bindings = Bindings::from(listed.clone());
        assert_eq!((bindings.len(), bindings.is_empty(), bindings.get(3)), (3, false, None));
        assert!(bindings.iter().eq(listed.iter().map(|binding| (binding.oid.arcs(), &binding.value))));
        assert_eq!(bindings.take(2), Some((&[2, 5][..], Value::Octets(vec![7]))));
        assert_eq!(bindings.get(2), Some((&[2, 5][..], &Value::Null)));
        assert_eq!(bindings.take(3), None);
    }

    #[test]
    fn values_convert_only_without_loss() {
        assert_eq!(Value::Integer(-1).as_u64(), None);
        assert_eq!(Value::Counter64(u64::MAX).as_u64(), Some(u64::MAX));
        assert_eq!(Value::Counter64(u64::MAX).as_u32(), None);
        assert_eq!(Value::Octets(b"lan\xff1\0\0".to_vec()).as_text().as_deref(), Some("lan\u{fffd}1"));
        assert_eq!(Value::NoSuchObject.as_u64(), None);
    }
}
