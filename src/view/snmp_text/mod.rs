//! The answer to `/snmp?target=`: rows as Prometheus text 0.0.4, with the names, labels and values of snmp_exporter, so
//! that dashboards made for it work unchanged. The labels of a row are written once and copied to all its series: nothing
//! is allocated for a series, and what is kept grows with the rows alone. Knows no storms.

mod labels;
mod values;

use self::labels::{Along, LabelRows, Own};
use self::values::{arcs_text, enum_text, number, octets, phys_address, text};
use super::sink::{Again, Digits, Seen, Sink};
use crate::mib::{Column, Module, Object, Rows, Stats, Syntax, Table};
use crate::model::snmp::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// The content type of what [`write()`] gives.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// One module, as collected.
#[derive(Clone, Copy, Debug)]
pub struct Scrape<'a> {
    /// Which.
    pub module: &'a Module,
    /// What the target answered.
    pub rows: &'a Rows,
    /// How long it took, waiting included.
    pub took: Duration,
}

/// Where the series of a family come from. `table` is the place of its labels in the list of them.
enum Source<'a> {
    Scalar(&'static Object, &'a Value),
    Column {
        object: &'static Object,
        rows: &'a Rows,
        table: usize,
    },
    /// Labels with their braces, and the value.
    Cost(String, String),
}

struct Family<'a> {
    about: About,
    /// The scrape that has brought it; `None` for what every scrape adds to.
    of: Option<usize>,
    sources: Vec<Source<'a>>,
}

/// What a family's HELP and TYPE lines are made of.
#[derive(Clone, Copy)]
enum About {
    Object(&'static Object),
    Cost(&'static str),
}

/// By the full name, in the order in which they are written.
type Families<'a> = BTreeMap<Cow<'static, str>, Family<'a>>;

/// Writes the families of all modules, each once, in the order of their names.
pub fn write<S: Sink + ?Sized>(scrapes: &[Scrape<'_>], out: &mut S) {
    let mut tables = Vec::new();
    let families = families(scrapes, &mut tables);
    let (mut head, mut begin) = (Vec::new(), Vec::new());
    for (name, family) in &families {
        head.clear();
        if !begin.is_empty() {
            head.push(b'\n');
        }
        write_head(name, family.about, &mut head);
        out.text(&head);
        // With the line feed in front of it, the name is one piece that repeats.
        begin.clear();
        begin.push(b'\n');
        begin.extend_from_slice(name.as_bytes());
        let mut begin = Begin { text: &begin, seen: Seen::default() };
        for source in &family.sources {
            series(source, &mut tables, &mut begin, out);
        }
    }
    if !begin.is_empty() {
        out.text(b"\n");
    }
    out.finish();
}

/// What is to be written, and the labels of its tables.
fn families<'a>(scrapes: &[Scrape<'a>], tables: &mut Vec<LabelRows<'a>>) -> Families<'a> {
    let mut families = Families::new();
    for (place, scrape) in scrapes.iter().enumerate() {
        for (object, value) in &scrape.rows.scalars {
            if fits(object, value) {
                add(&mut families, place, object, Source::Scalar(object, value));
            }
        }
        let groups = named_alike(scrape.module);
        let first = tables.len();
        tables.extend(groups.iter().map(|group| LabelRows::of(group, scrape.rows)));
        let grouped =
            groups.iter().enumerate().flat_map(|(n, group)| group.iter().map(move |table| (first + n, *table)));
        for (labels, table) in grouped {
            for &object in table.columns {
                let mut values = scrape.rows.columns(object).flat_map(Column::values);
                if !hidden(table, object) && values.any(|value| fits(object, value)) {
                    let source = Source::Column { object, rows: scrape.rows, table: labels };
                    add(&mut families, place, object, source);
                }
            }
        }
        // With one module the series are snmp_exporter's as they always were; several need to be told apart.
        let labels = if scrapes.len() > 1 { format!("{{module=\"{}\"}}", scrape.module.name) } else { String::new() };
        for (name, help, value) in costs(&scrape.rows.stats, scrape.took) {
            let fresh = || Family { about: About::Cost(help), of: None, sources: Vec::new() };
            let family = families.entry(Cow::Borrowed(name)).or_insert_with(fresh);
            family.sources.push(Source::Cost(labels.clone(), value));
        }
    }
    families
}

/// HELP and TYPE, without the last line's end.
fn write_head(name: &str, about: About, head: &mut Vec<u8>) {
    let (help, kind) = match about {
        About::Object(object) if object.syntax == Syntax::Counter => (object.help, "counter"),
        About::Object(object) => (object.help, "gauge"),
        About::Cost(help) => (help, "gauge"),
    };
    let text = |pieces: &[&str], head: &mut Vec<u8>| {
        pieces.iter().for_each(|piece| head.extend_from_slice(piece.as_bytes()));
    };
    text(&["# HELP ", name, " ", help], head);
    if let About::Object(object) = about {
        head.extend_from_slice(b" - ");
        arcs_text(object.oid, head);
    }
    text(&["\n# TYPE ", name, " ", kind], head);
}

/// The tables of a module, those together whose rows have the same labels: ifTable and ifXTable.
fn named_alike(module: &Module) -> Vec<Vec<&'static Table>> {
    let mut groups: Vec<Vec<&'static Table>> = Vec::new();
    for table in module.tables {
        let alike = |group: &&mut Vec<&'static Table>| {
            group[0].indexes == table.indexes && std::ptr::eq(group[0].lookups, table.lookups)
        };
        match groups.iter_mut().find(alike) {
            Some(group) => group.push(table),
            None => groups.push(vec![table]),
        }
    }
    groups
}

fn hidden(table: &Table, object: &Object) -> bool {
    table.lookups_hidden && table.lookups.iter().any(|lookup| lookup.oid == object.oid)
}

/// Two modules may hold one object, sysUpTime above all: the first one's value is taken.
fn add<'a>(families: &mut Families<'a>, place: usize, object: &'static Object, source: Source<'a>) {
    let name = match object.syntax {
        Syntax::EnumInfo(_) => Cow::Owned(format!("{}_info", object.name)),
        _ => Cow::Borrowed(object.name),
    };
    let fresh = || Family { about: About::Object(object), of: Some(place), sources: Vec::with_capacity(1) };
    let family = families.entry(name).or_insert_with(fresh);
    if family.of == Some(place) {
        family.sources.push(source);
    }
}

/// Whether the value is one of the object's syntax. Text is made of any.
fn fits(object: &Object, value: &Value) -> bool {
    match object.syntax {
        Syntax::Gauge | Syntax::Counter => matches!(value, Value::Integer(_)) || value.as_u64().is_some(),
        Syntax::EnumInfo(_) => value.as_u32().is_some(),
        Syntax::Text | Syntax::Octets | Syntax::PhysAddress => true,
    }
}

fn costs(stats: &Stats, took: Duration) -> [(&'static str, &'static str, String); 5] {
    [
        ("snmp_scrape_duration_seconds", "Time the scrape took, waiting included.", seconds(took)),
        ("snmp_scrape_walk_duration_seconds", "Time the walk took.", seconds(stats.took)),
        ("snmp_scrape_packets_sent", "Requests sent, repeated ones included.", stats.requests.to_string()),
        ("snmp_scrape_packets_retried", "Requests sent again.", stats.retried.to_string()),
        ("snmp_scrape_pdus_returned", "Variable bindings in the answers.", stats.bindings.to_string()),
    ]
}

fn seconds(duration: Duration) -> String {
    duration.as_secs_f64().to_string()
}

/// What every series of a family begins with.
struct Begin<'a> {
    text: &'a [u8],
    seen: Seen,
}

impl Begin<'_> {
    #[inline]
    fn again(&mut self) -> Again<'_> {
        Again { text: self.text, seen: &mut self.seen }
    }

    #[inline]
    fn write<S: Sink + ?Sized>(&mut self, out: &mut S) {
        out.again(self.again());
    }
}

fn series<S: Sink + ?Sized>(source: &Source<'_>, tables: &mut [LabelRows<'_>], begin: &mut Begin<'_>, out: &mut S) {
    match source {
        Source::Cost(labels, value) => {
            begin.write(out);
            out.text(labels.as_bytes());
            out.text(b" ");
            out.number(value.as_bytes());
        }
        Source::Scalar(object, value) => {
            if let Some(number) = plain_number(object, value) {
                begin.write(out);
                out.text(b" ");
                out.number(Digits::signed(number).text(&mut [0; Digits::ROOM]));
                return;
            }
            let mut own = Own::named(object.name);
            own_label(object, value, &mut own);
            begin.write(out);
            out.text(b"{");
            out.text(own.text());
            out.text(b"} 1");
        }
        Source::Column { object, rows, table } => {
            let labels = &mut tables[*table];
            match object.syntax {
                Syntax::Gauge | Syntax::Counter => numbers(object, rows, labels, begin, out),
                _ => infos(object, rows, labels, begin, out),
            }
        }
    }
}

/// The hot path: a name, labels and a number, each ready.
fn numbers<S: Sink + ?Sized>(
    object: &'static Object,
    rows: &Rows,
    labels: &mut LabelRows<'_>,
    begin: &mut Begin<'_>,
    out: &mut S,
) {
    for column in rows.columns(object) {
        if let Some(labels) = labels.in_step(column) {
            for (value, labels) in column.values().zip(labels) {
                if let Some(number) = number(value) {
                    out.line(begin.again(), labels, &Digits::signed(number));
                }
            }
            continue;
        }
        let mut along = Along::new(column.indexes(), labels);
        for (nth, value) in column.values().enumerate() {
            let Some(number) = number(value) else { continue };
            let place = along.row_of(nth, labels);
            out.line(begin.again(), labels.again(place), &Digits::signed(number));
        }
    }
}

/// Series whose value is a label of its own.
fn infos<S: Sink + ?Sized>(
    object: &'static Object,
    rows: &Rows,
    labels: &mut LabelRows<'_>,
    begin: &mut Begin<'_>,
    out: &mut S,
) {
    let mut own = Own::named(object.name);
    let at = labels.place_of(&own);
    for column in rows.columns(object) {
        let mut along = Along::new(column.indexes(), labels);
        let mut before = None;
        for (nth, value) in column.values().enumerate().filter(|(_, value)| fits(object, value)) {
            // Most ports are of one type.
            if before.replace(value) != Some(value) {
                own_label(object, value, &mut own);
            }
            let place = along.row_of(nth, labels);
            begin.write(out);
            labels.write_with(place, (&own, at), out);
            out.text(b"1");
        }
    }
}

fn plain_number(object: &Object, value: &Value) -> Option<i64> {
    matches!(object.syntax, Syntax::Gauge | Syntax::Counter).then(|| number(value)).flatten()
}

fn own_label(object: &Object, value: &Value, own: &mut Own) {
    own.set(|out| match object.syntax {
        Syntax::EnumInfo(names) => enum_text(names, value, out),
        Syntax::Text => text(value, out),
        Syntax::PhysAddress => phys_address(value.as_bytes().unwrap_or_default(), out),
        Syntax::Octets | Syntax::Gauge | Syntax::Counter => octets(value, out),
    });
}

#[cfg(test)]
mod model;
#[cfg(test)]
#[path = "tests.rs"]
mod tests;
