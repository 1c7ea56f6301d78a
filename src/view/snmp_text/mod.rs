//! The answer to `/snmp?target=`: rows as Prometheus text 0.0.4, with the names, labels and values of snmp_exporter, so
//! that dashboards made for it work unchanged. The labels of a row are written once and copied to all its series: nothing
//! is allocated for a series, and what is kept grows with the rows alone. Knows no storms.

mod labels;
mod values;

use self::labels::{LabelRows, Own};
use self::values::{enum_text, number, octets, phys_address, text};
use super::sink::{Seen, Sink};
use crate::mib::{Module, Object, Rows, Stats, Syntax, Table};
use crate::model::snmp::{Oid, Value};
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
    help: String,
    counter: bool,
    /// The scrape that has brought it; `None` for what every scrape adds to.
    of: Option<usize>,
    sources: Vec<Source<'a>>,
}

/// By the full name, in the order in which they are written.
type Families<'a> = BTreeMap<String, Family<'a>>;

/// Writes the families of all modules, each once, in the order of their names.
pub fn write<S: Sink + ?Sized>(scrapes: &[Scrape<'_>], out: &mut S) {
    let mut families = Families::new();
    let mut tables = Vec::new();
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
            for object in table.columns {
                let values = || scrape.rows.column(object).map(|cell| cell.value);
                if !hidden(table, object) && values().any(|value| fits(object, value)) {
                    let source = Source::Column { object, rows: scrape.rows, table: labels };
                    add(&mut families, place, object, source);
                }
            }
        }
        // With one module the series are snmp_exporter's as they always were; several need to be told apart.
        let labels = if scrapes.len() > 1 { format!("{{module=\"{}\"}}", scrape.module.name) } else { String::new() };
        for (name, help, value) in costs(&scrape.rows.stats, scrape.took) {
            let fresh = || Family { help: help.to_owned(), counter: false, of: None, sources: Vec::new() };
            let family = families.entry(name.to_owned()).or_insert_with(fresh);
            family.sources.push(Source::Cost(labels.clone(), value));
        }
    }
    let mut line_end = "";
    for (name, family) in &families {
        let kind = if family.counter { "counter" } else { "gauge" };
        let head = format!("{line_end}# HELP {name} {}\n# TYPE {name} {kind}", family.help);
        out.text(head.as_bytes());
        // With the line feed in front of it, the name is one piece that repeats.
        let name = format!("\n{name}");
        let mut begin = Begin { text: name.as_bytes(), seen: Seen::default() };
        for source in &family.sources {
            series(source, &mut tables, &mut begin, out);
        }
        line_end = "\n";
    }
    out.text(line_end.as_bytes());
    out.finish();
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
fn add<'a>(families: &mut Families<'a>, place: usize, object: &Object, source: Source<'a>) {
    let suffix = if matches!(object.syntax, Syntax::EnumInfo(_)) { "_info" } else { "" };
    let family = families.entry(format!("{}{suffix}", object.name)).or_insert_with(|| Family {
        help: format!("{} - {}", object.help, Oid::new(object.oid)),
        counter: object.syntax == Syntax::Counter,
        of: Some(place),
        sources: Vec::new(),
    });
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
    fn write<S: Sink + ?Sized>(&mut self, out: &mut S) {
        out.again(self.text, &mut self.seen);
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
            let mut digits = itoa::Buffer::new();
            if let Some(number) = plain_number(object, value, &mut digits) {
                begin.write(out);
                out.text(b" ");
                out.number(number.as_bytes());
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
    let mut digits = itoa::Buffer::new();
    let mut place = 0;
    for cell in rows.column(object) {
        let Some(number) = number(cell.value, &mut digits) else { continue };
        place = labels.find(place, cell.index);
        begin.write(out);
        labels.write(place, out);
        out.number(number.as_bytes());
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
    let mut place = 0;
    for cell in rows.column(object) {
        if !fits(object, cell.value) {
            continue;
        }
        own_label(object, cell.value, &mut own);
        place = labels.find(place, cell.index);
        begin.write(out);
        labels.write_with(place, &own, out);
        out.text(b"1");
    }
}

fn plain_number<'a>(object: &Object, value: &Value, digits: &'a mut itoa::Buffer) -> Option<&'a str> {
    matches!(object.syntax, Syntax::Gauge | Syntax::Counter).then(|| number(value, digits)).flatten()
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
