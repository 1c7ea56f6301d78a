//! The same text as the writer's, made in the simplest way: a list of strings for each family. What the writer is judged by.

use super::{Scrape, costs};
use crate::mib::{IndexSyntax, Object, Rows, Syntax, Table};
use crate::model::snmp::{Oid, Value};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;

const WRAP: u64 = 1 << 53;

#[derive(Default)]
struct Family {
    help: String,
    counter: bool,
    /// Labels with their braces, and the value.
    series: Vec<(String, String)>,
}

type Families = BTreeMap<String, Family>;

/// Writes the families of all modules, each once, in the order of their names.
pub(super) fn write(scrapes: &[Scrape<'_>], out: &mut String) {
    let mut families = Families::new();
    for scrape in scrapes {
        let fresh = module_families(scrape);
        for (name, family) in fresh {
            // Two modules may hold one object, sysUpTime above all: the first one's value is taken.
            families.entry(name).or_insert(family);
        }
        // With one module the series are snmp_exporter's as they always were; several need to be told apart.
        let labels = if scrapes.len() > 1 { format!("{{module=\"{}\"}}", scrape.module.name) } else { String::new() };
        for (name, help, value) in costs(&scrape.rows.stats, scrape.took) {
            let family = families.entry(name.to_owned()).or_default();
            help.clone_into(&mut family.help);
            family.series.push((labels.clone(), value));
        }
    }
    for (name, family) in &families {
        let kind = if family.counter { "counter" } else { "gauge" };
        let _ = writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        for (labels, value) in &family.series {
            let _ = writeln!(out, "{name}{labels} {value}");
        }
    }
}

fn module_families(scrape: &Scrape<'_>) -> Families {
    let mut families = Families::new();
    for (object, value) in &scrape.rows.scalars {
        add(&mut families, object, value, Vec::new());
    }
    for table in scrape.module.tables {
        let mut labels = Labels { table, rows: scrape.rows, known: BTreeMap::new() };
        for column in table.columns {
            let hidden = table.lookups_hidden && table.lookups.iter().any(|lookup| lookup.oid == column.oid);
            if hidden {
                continue;
            }
            for cell in scrape.rows.column(column) {
                add(&mut families, column, cell.value, labels.of(cell.index));
            }
        }
    }
    families
}

/// The labels of rows, found once for all columns.
struct Labels<'a> {
    table: &'a Table,
    rows: &'a Rows,
    known: BTreeMap<Vec<u32>, Vec<(&'static str, String)>>,
}

impl Labels<'_> {
    fn of(&mut self, index: &[u32]) -> Vec<(&'static str, String)> {
        if let Some(known) = self.known.get(index) {
            return known.clone();
        }
        let mut labels = Vec::new();
        let mut rest = index;
        for part in self.table.indexes {
            let (text, after) = index_text(part.syntax, rest);
            labels.push((part.label, text));
            rest = after;
        }
        for &lookup in self.table.lookups {
            let text = self.rows.cell(lookup, index).map(|cell| text(cell.value)).unwrap_or_default();
            labels.push((lookup.name, text));
        }
        self.known.insert(index.to_vec(), labels.clone());
        labels
    }
}

/// Adds a series, if the value fits the object's syntax.
fn add(families: &mut Families, object: &Object, value: &Value, mut labels: Vec<(&'static str, String)>) {
    let (suffix, number) = match object.syntax {
        Syntax::Gauge | Syntax::Counter => match number(value) {
            Some(number) => ("", number),
            None => return,
        },
        Syntax::EnumInfo(names) => {
            let Some(number) = value.as_u32() else { return };
            let known = names.binary_search_by_key(&number, |&(number, _)| number);
            labels.push((object.name, known.map_or_else(|_| number.to_string(), |at| names[at].1.to_owned())));
            ("_info", "1".to_owned())
        }
        Syntax::Text => {
            labels.push((object.name, text(value)));
            ("", "1".to_owned())
        }
        Syntax::Octets => {
            labels.push((object.name, octets(value)));
            ("", "1".to_owned())
        }
        Syntax::PhysAddress => {
            labels.push((object.name, phys_address(value)));
            ("", "1".to_owned())
        }
    };
    let family = families.entry(format!("{}{suffix}", object.name)).or_default();
    if family.help.is_empty() {
        family.help = format!("{} - {}", object.help, Oid::new(object.oid));
        family.counter = object.syntax == Syntax::Counter;
    }
    family.series.push((braces(labels), number));
}

fn number(value: &Value) -> Option<String> {
    match *value {
        Value::Integer(number) => Some(number.to_string()),
        Value::Counter64(number) => Some((number % WRAP).to_string()),
        _ => value.as_u64().map(|number| number.to_string()),
    }
}

/// One part of an index as a label, and the arcs after it. Arcs that do not fit the syntax are shown as they are.
fn index_text(syntax: IndexSyntax, arcs: &[u32]) -> (String, &[u32]) {
    let bytes = |arcs: &[u32]| arcs.iter().map(|&arc| u8::try_from(arc).ok()).collect::<Option<Vec<u8>>>();
    let fitting = match syntax {
        IndexSyntax::Number => arcs.split_at_checked(1).map(|(arc, rest)| (arc[0].to_string(), rest)),
        IndexSyntax::PhysAddress => {
            arcs.split_at_checked(6).and_then(|(arcs, rest)| Some((phys_address(&Value::Octets(bytes(arcs)?)), rest)))
        }
        IndexSyntax::IpAddress => arcs
            .split_at_checked(4)
            .and_then(|(arcs, rest)| Some((octets(&Value::IpAddress(bytes(arcs)?.try_into().ok()?)), rest))),
        IndexSyntax::InetAddress => match arcs {
            [_, length, rest @ ..] => usize::try_from(*length)
                .ok()
                .and_then(|length| rest.split_at_checked(length))
                .and_then(|(arcs, rest)| Some((inet_address(&bytes(arcs)?)?, rest))),
            _ => None,
        },
    };
    fitting.unwrap_or_else(|| (Oid::new(arcs).to_string(), &[]))
}

/// An IPv4 or IPv6 address by its length (RFC 4001); a zone number of four bytes more is left out.
fn inet_address(bytes: &[u8]) -> Option<String> {
    let ip: IpAddr = match bytes {
        [a, b, c, d] | [a, b, c, d, _, _, _, _] => [*a, *b, *c, *d].into(),
        [ip @ .., _, _, _, _] if ip.len() == 16 => <[u8; 16]>::try_from(ip).ok()?.into(),
        ip => <[u8; 16]>::try_from(ip).ok()?.into(),
    };
    Some(ip.to_string())
}

fn text(value: &Value) -> String {
    match value {
        Value::Octets(bytes) | Value::Opaque(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => octets(other),
    }
}

fn octets(value: &Value) -> String {
    match value {
        Value::Octets(bytes) | Value::Opaque(bytes) if bytes.is_empty() => String::new(),
        Value::Octets(bytes) | Value::Opaque(bytes) => {
            bytes.iter().fold("0x".to_owned(), |text, byte| format!("{text}{byte:02X}"))
        }
        Value::ObjectId(oid) => oid.to_string(),
        Value::IpAddress([a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
        other => number(other).unwrap_or_default(),
    }
}

/// Six bytes: shorter addresses are filled up with zeros and longer ones cut, as snmp_exporter does it.
fn phys_address(value: &Value) -> String {
    let bytes = value.as_bytes().unwrap_or_default();
    let bytes = (0..6).map(|place| format!("{:02X}", bytes.get(place).copied().unwrap_or(0)));
    bytes.collect::<Vec<_>>().join(":")
}

fn braces(mut labels: Vec<(&'static str, String)>) -> String {
    if labels.is_empty() {
        return String::new();
    }
    labels.sort_unstable_by_key(|&(name, _)| name);
    // A column that names its own rows is both label and value.
    labels.dedup_by_key(|(name, _)| *name);
    let mut text = String::from("{");
    for (place, (name, value)) in labels.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{name}=\"");
        for character in value.chars() {
            match character {
                '\\' => text.push_str("\\\\"),
                '"' => text.push_str("\\\""),
                '\n' => text.push_str("\\n"),
                other => text.push(other),
            }
        }
        text.push('"');
    }
    text.push('}');
    text
}
