//! Recorded walks of real devices in the form of snmpsim's `.snmprec` files: `OID|TAG|VALUE` a line. Reads the plain
//! ones; variation modules are refused.

use super::table::{Oid, Table, Value};

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct WalkError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Reads a walk.
///
/// # Errors
/// A line that is not `OID|TAG|VALUE`, an unknown tag, or a value that is not of its tag.
pub fn parse(text: &[u8]) -> Result<Table, WalkError> {
    let mut table = Table::default();
    for (line, bytes) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if bytes.is_empty() || bytes.starts_with(b"#") {
            continue;
        }
        if let Some((oid, value)) = entry(bytes).map_err(|reason| WalkError { line, reason })? {
            table.set(oid, value);
        }
    }
    Ok(table)
}

/// `None`: the line says that there is no such object.
fn entry(line: &[u8]) -> Result<Option<(Oid, Value)>, &'static str> {
    let mut parts = line.splitn(3, |byte| *byte == b'|');
    let (Some(oid), Some(tag), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
        return Err("a line is OID|TAG|VALUE");
    };
    let oid = parse_oid(oid).ok_or("the object identifier is not numbers with dots")?;
    let (tag, hex) = tag.strip_suffix(b"x").map_or((tag, false), |tag| (tag, true));
    let bytes = if hex { unhex(value).ok_or("the value is not hexadecimal")? } else { value.to_vec() };
    let text = || std::str::from_utf8(&bytes).ok().map(str::trim);
    // Some recorders write counters beyond their width, or with the sign that their highest bit would be: what counts is
    // what the wire would carry.
    let number = || text().and_then(|text| text.parse::<i128>().ok()).ok_or("the value is not a number");
    let number32 = || number().map(|number| number as u32);
    let value = match tag {
        b"2" => Value::Integer(text().and_then(|text| text.parse().ok()).ok_or("the value is not a number")?),
        b"4" => Value::Octets(bytes),
        b"5" => Value::Null,
        b"6" => Value::Oid(parse_oid(&bytes).ok_or("the value is not an object identifier")?),
        b"64" => Value::Ip(address(&bytes, hex).ok_or("the value is not an IPv4 address")?),
        b"65" => Value::Counter32(number32()?),
        b"66" => Value::Gauge32(number32()?),
        b"67" => Value::TimeTicks(number32()?),
        b"68" => Value::Opaque(bytes),
        b"70" => Value::Counter64(number()? as u64),
        // noSuchObject, noSuchInstance, endOfMibView.
        b"128" | b"129" | b"130" => return Ok(None),
        _ => return Err("the tag is none of 2, 4, 4x, 5, 6, 64, 64x, 65, 66, 67, 68, 70, 128, 129, 130"),
    };
    Ok(Some((oid, value)))
}

fn parse_oid(text: &[u8]) -> Option<Oid> {
    let text = std::str::from_utf8(text).ok()?.trim().trim_start_matches('.');
    text.split('.').map(|arc| arc.parse().ok()).collect()
}

fn address(bytes: &[u8], hex: bool) -> Option<std::net::Ipv4Addr> {
    if hex {
        return Some(<[u8; 4]>::try_from(bytes).ok()?.into());
    }
    std::str::from_utf8(bytes).ok()?.trim().parse().ok()
}

fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_each_tag() {
        let text = b"1.3.6.1.2.1.1.1.0|4|a | in text\n1.3.6.1.2.1.2.2.1.6.1|4x|001132aabbcc\r\n\
            1.3.6.1.2.1.1.3.0|67|3501241207\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.8072\n1.3.6.1.2.1.4.20.1.1|64x|c0a80101\n\
            1.3.6.1.2.1.2.2.1.10.1|65|5000000000\n1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615\n\
            1.3.6.1.2.1.2.2.1.8.1|2|-1\n";
        let table = parse(text).expect("a walk");
        assert_eq!(table.len(), 8);
        assert_eq!(table.get(&[1, 3, 6, 1, 2, 1, 1, 1, 0]), Some(&Value::Octets(b"a | in text".to_vec())));
        assert_eq!(table.get(&[1, 3, 6, 1, 2, 1, 2, 2, 1, 8, 1]), Some(&Value::Integer(-1)));
        assert_eq!(table.get(&[1, 3, 6, 1, 2, 1, 2, 2, 1, 10, 1]), Some(&Value::Counter32(705_032_704)));
        assert_eq!(table.get(&[1, 3, 6, 1, 2, 1, 4, 20, 1, 1]), Some(&Value::Ip([192, 168, 1, 1].into())));
    }

    #[test]
    fn numbers_are_what_the_wire_would_carry() {
        let text = b"1.3.1|66|-1\n1.3.2|65|-1\n1.3.3|70|-1\n1.3.5|129|\n1.3.6|68x|9f7804426d0000\n1.3.7|5|\n";
        let table = parse(text).expect("a walk");
        assert_eq!(table.get(&[1, 3, 1]), Some(&Value::Gauge32(u32::MAX)));
        assert_eq!(table.get(&[1, 3, 2]), Some(&Value::Counter32(u32::MAX)));
        assert_eq!(table.get(&[1, 3, 3]), Some(&Value::Counter64(u64::MAX)));
        assert_eq!(table.get(&[1, 3, 5]), None, "it says that there is none");
        assert_eq!(table.get(&[1, 3, 6]), Some(&Value::Opaque(vec![0x9f, 0x78, 4, 0x42, 0x6d, 0, 0])));
        assert_eq!(table.get(&[1, 3, 7]), Some(&Value::Null));
    }

    #[test]
    fn an_error_names_its_line() {
        for (text, line) in [("1.3|4", 1), ("1.3|2|1\n1.x|2|1", 2), ("#\n\n1.3|4x|abc", 3), ("1.3|2:random|", 1)] {
            assert_eq!(parse(text.as_bytes()).map_err(|error| error.line), Err(line), "{text}");
        }
    }
}
