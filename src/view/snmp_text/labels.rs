//! The labels of tables' rows, each row's written once, escaped and ready to be copied. Knows no values but those that
//! name rows.

use super::values::{index_text, text};
use crate::mib::{Cell, Column, Indexes, Object, Rows, Table};
use crate::model::snmp::Value;
use crate::view::sink::{Again, Seen, Sink};
use std::iter::Peekable;

/// Bytes of a label's value, about: room is made for so many.
const ABOUT_A_VALUE: usize = 16;

/// The labels of all rows of tables whose rows are named alike: `{ifAlias="",ifDescr="Port 7",ifIndex="7",ifName="ge7"} `.
#[derive(Default)]
pub(super) struct LabelRows<'a> {
    /// In order.
    names: Vec<&'static str>,
    /// In order of their indexes, which differ.
    rows: Vec<LabelRow<'a>>,
    /// Where all these indexes are those of a column: as a rule, and then of every column.
    indexes: Option<&'a Indexes>,
    text: Vec<u8>,
    /// Where each label begins in the text of its row, for each row as many as there are names.
    cuts: Vec<u32>,
}

struct LabelRow<'a> {
    index: &'a [u32],
    start: usize,
    end: usize,
    seen: Seen,
}

/// Where the value of a label comes from.
#[derive(Clone, Copy)]
enum From {
    /// The part of the index with this number.
    Index(usize),
    /// The lookup with this number.
    Lookup(usize),
}

impl<'a> LabelRows<'a> {
    /// Writes the labels of all rows that have a cell in any column of these tables, whose rows are named alike.
    pub(super) fn of(tables: &[&'static Table], rows: &'a Rows) -> Self {
        let Some(table) = tables.first() else { return Self::default() };
        let indexes = table.indexes.iter().enumerate().map(|(place, part)| (part.label, From::Index(place)));
        let lookups = table.lookups.iter().enumerate().map(|(place, lookup)| (lookup.name, From::Lookup(place)));
        let mut labels = indexes.chain(lookups).collect::<Vec<_>>();
        labels.sort_by_key(|(name, _)| *name);
        // An index that is looked up as well: the index is the better name.
        labels.dedup_by_key(|(name, _)| *name);
        let columns = tables.iter().flat_map(|table| table.columns).flat_map(|object| rows.columns(object));
        let (known, indexes) = indexes_of(columns);
        let mut found = Self {
            names: labels.iter().map(|(name, _)| *name).collect(),
            rows: known.into_iter().map(LabelRow::new).collect(),
            indexes,
            text: Vec::new(),
            cuts: Vec::new(),
        };
        found.fill(table, rows, &labels);
        found
    }

    fn fill(&mut self, table: &'static Table, rows: &'a Rows, labels: &[(&'static str, From)]) {
        let mut lookups = table.lookups.iter().map(|lookup| Lookup::of(lookup, rows, self.indexes)).collect::<Vec<_>>();
        // What stands before each value.
        let begins = labels.iter().enumerate().map(|(nth, (name, _))| {
            let between = if nth == 0 { "{" } else { "\"," };
            (between.len(), format!("{between}{name}=\""))
        });
        let begins = begins.collect::<Vec<_>>();
        let of_row = begins.iter().map(|(_, begin)| begin.len() + ABOUT_A_VALUE).sum::<usize>();
        self.text.reserve(of_row * self.rows.len());
        self.cuts.reserve(labels.len() * self.rows.len());
        // Ends of the parts of an index, in `parts`.
        let (mut parts, mut ends) = (Vec::new(), Vec::new());
        for (nth, row) in self.rows.iter_mut().enumerate() {
            parts.clear();
            ends.clear();
            let mut rest = row.index;
            for part in table.indexes {
                rest = index_text(part.syntax, rest, &mut parts);
                ends.push(parts.len());
            }
            row.start = self.text.len();
            for ((_, from), (between, begin)) in labels.iter().zip(&begins) {
                let offset = self.text.len() - row.start + between;
                self.cuts.push(u32::try_from(offset).expect("a walk's bytes are limited far below"));
                self.text.extend_from_slice(begin.as_bytes());
                match from {
                    // Digits, dots and colons.
                    From::Index(place) => {
                        let start = place.checked_sub(1).map_or(0, |before| ends[before]);
                        self.text.extend_from_slice(&parts[start..ends[*place]]);
                    }
                    From::Lookup(place) => {
                        if let Some(value) = lookups[*place].value(nth, row.index) {
                            escaped(value, &mut self.text);
                        }
                    }
                }
            }
            self.text.extend_from_slice(if labels.is_empty() { b"{} " } else { b"\"} " });
            row.end = self.text.len();
        }
    }

    /// The place of a row, which lies at or soon after `from` if columns are gone through in order.
    fn find(&self, from: usize, index: &[u32]) -> usize {
        let here = |place: &usize| self.rows.get(*place).is_some_and(|row| row.index == index);
        let near = [from, from + 1].into_iter().find(here);
        near.unwrap_or_else(|| self.search(index))
    }

    #[cold]
    fn search(&self, index: &[u32]) -> usize {
        self.rows.binary_search_by(|row| row.index.cmp(index)).expect("every row of the table has labels")
    }

    /// The labels of the row at a place, and the space behind them.
    #[inline]
    pub(super) fn again(&mut self, place: usize) -> Again<'_> {
        let row = &mut self.rows[place];
        Again { text: &self.text[row.start..row.end], seen: &mut row.seen }
    }

    /// The labels of all rows, in order, for a column that has a cell in every row; `None` for another.
    #[inline]
    pub(super) fn in_step(&mut self, column: &Column) -> Option<impl Iterator<Item = Again<'_>>> {
        let text = &self.text;
        let all = self.indexes == Some(column.indexes());
        all.then(|| self.rows.iter_mut().map(|row| Again { text: &text[row.start..row.end], seen: &mut row.seen }))
    }

    /// Where among the labels one of this name belongs, or is.
    pub(super) fn place_of(&self, own: &Own) -> Result<usize, usize> {
        self.names.binary_search(&own.name)
    }

    /// The labels of the row with one more, `at` its place in the order. A label of that name that is there already stays.
    pub(super) fn write_with<S: Sink + ?Sized>(
        &mut self,
        place: usize,
        (own, at): (&Own, Result<usize, usize>),
        out: &mut S,
    ) {
        let Err(at) = at else { return out.again(self.again(place)) };
        let row = &self.rows[place];
        let text = &self.text[row.start..row.end];
        let cuts = &self.cuts[place * self.names.len()..][..self.names.len()];
        match cuts.get(at) {
            Some(cut) => {
                let (before, after) = text.split_at(*cut as usize);
                out.again(Again { text: before, seen: &mut row.seen.part(0) });
                out.text(own.text());
                out.text(b",");
                out.again(Again { text: after, seen: &mut row.seen.part(before.len()) });
            }
            None => {
                let before = &text[..text.len() - 2];
                out.again(Again { text: before, seen: &mut row.seen.part(0) });
                out.text(if cuts.is_empty() { b"" } else { b"," });
                out.text(own.text());
                out.text(b"} ");
            }
        }
    }
}

/// A column whose values are labels.
enum Lookup<'a> {
    /// It has a cell in every row.
    InStep(&'a Column),
    /// It is in the order of the rows, as all are: gone through once.
    Sparse(Peekable<Box<dyn Iterator<Item = Cell<'a>> + 'a>>),
}

impl<'a> Lookup<'a> {
    fn of(object: &'static Object, rows: &'a Rows, indexes: Option<&Indexes>) -> Self {
        let mut columns = rows.columns(object);
        match (columns.next(), columns.next()) {
            (Some(column), None) if indexes == Some(column.indexes()) => Self::InStep(column),
            _ => {
                let cells: Box<dyn Iterator<Item = Cell<'a>>> = Box::new(rows.column(object));
                Self::Sparse(cells.peekable())
            }
        }
    }

    /// The value in the row at a place; rows are asked for in order.
    fn value(&mut self, nth: usize, index: &[u32]) -> Option<&'a Value> {
        match self {
            Self::InStep(column) => column.value(nth),
            Self::Sparse(cells) => {
                while cells.next_if(|cell| cell.index < index).is_some() {}
                cells.next_if(|cell| cell.index == index).map(|cell| cell.value)
            }
        }
    }
}

impl<'a> LabelRow<'a> {
    fn new(index: &'a [u32]) -> Self {
        Self { index, start: 0, end: 0, seen: Seen::default() }
    }
}

/// Goes along a column, and tells which row each of its cells belongs to.
pub(super) struct Along<'a> {
    indexes: &'a Indexes,
    /// The column has a cell in every row.
    in_step: bool,
    at: usize,
}

impl<'a> Along<'a> {
    /// A column with these indexes, all of them among those of the rows.
    pub(super) fn new(indexes: &'a Indexes, rows: &LabelRows<'_>) -> Self {
        Self { indexes, in_step: rows.indexes == Some(indexes), at: 0 }
    }

    /// The place of the row of the column's cell with this number.
    #[inline]
    pub(super) fn row_of(&mut self, nth: usize, rows: &LabelRows<'_>) -> usize {
        if self.in_step {
            return nth;
        }
        self.at = rows.find(self.at, self.indexes.get(nth).unwrap_or_default());
        self.at
    }
}

/// The indexes of all rows, each once, in order; and the column's that has just these, if one has.
fn indexes_of<'a>(columns: impl Iterator<Item = &'a Column>) -> (Vec<&'a [u32]>, Option<&'a Indexes>) {
    let mut known: Vec<&[u32]> = Vec::new();
    let mut whole: Option<&Indexes> = None;
    for indexes in columns.map(Column::indexes).filter(|indexes| !indexes.is_empty()) {
        if whole == Some(indexes) {
            continue;
        }
        let mut at = 0;
        let fresh = indexes.iter().filter(|index| {
            while known.get(at).is_some_and(|known| known < index) {
                at += 1;
            }
            known.get(at) != Some(index)
        });
        let fresh = fresh.collect::<Vec<_>>();
        if !fresh.is_empty() {
            known.extend(fresh);
            known.sort_unstable();
            known.dedup();
            whole = (known.len() == indexes.len()).then_some(indexes);
        }
    }
    (known, whole)
}

/// A label that belongs to one series alone.
pub(super) struct Own {
    name: &'static str,
    value: Vec<u8>,
    text: Vec<u8>,
}

impl Own {
    /// With no value yet.
    pub(super) fn named(name: &'static str) -> Self {
        Self { name, value: Vec::new(), text: Vec::new() }
    }

    /// Gives it the value that `write` appends.
    pub(super) fn set(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.value.clear();
        write(&mut self.value);
        self.text.clear();
        label(self.name, &self.value, &mut self.text);
    }

    /// `name="value"`.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }
}

fn label(name: &str, value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    escape(value, out);
    out.push(b'"');
}

/// Appends a value as text, escaped.
fn escaped(value: &Value, out: &mut Vec<u8>) {
    // Nearly all names are ASCII without what is escaped: found out in one go, of many bytes at once.
    let plain = |plain: bool, &byte: &u8| plain & (byte < 0x80) & (byte != b'\\') & (byte != b'"') & (byte != b'\n');
    match value {
        Value::Octets(bytes) if bytes.iter().fold(true, plain) => out.extend_from_slice(bytes),
        value => {
            let mut shown = Vec::new();
            text(value, &mut shown);
            escape(&shown, out);
        }
    }
}

/// As Prometheus' text 0.0.4 wants it; like snmp_exporter, it leaves every other character as it is.
fn escape(value: &[u8], out: &mut Vec<u8>) {
    if !value.iter().any(|byte| matches!(byte, b'\\' | b'"' | b'\n')) {
        out.extend_from_slice(value);
        return;
    }
    for byte in value {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\n' => out.extend_from_slice(b"\\n"),
            byte => out.push(*byte),
        }
    }
}
