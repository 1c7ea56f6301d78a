//! What a walk brought: columns of tables, each cell dated by the sysUpTime of the PDU that carried it. Knows no requests.

use super::Object;
use crate::model::Time;
use crate::model::snmp::Value;
use std::cmp::Ordering;
use std::time::Duration;

/// What it cost to collect, as snmp_exporter counts it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests sent, repeated ones included.
    pub requests: u64,
    /// Requests sent again, after a timeout or because the answer would have been too big.
    pub retried: u64,
    /// Variable bindings in the answers.
    pub bindings: u64,
    /// From the first request to the last answer.
    pub took: Duration,
}

/// A cell with its place and date.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// Index of its row: what follows the column in the instance's name.
    pub index: &'a [u32],
    /// What it holds.
    pub value: &'a Value,
    /// sysUpTime in the PDU that brought it, hundredths of a second.
    pub uptime: Option<u32>,
}

/// The indexes of a column's cells, in increasing order, in one buffer. As a rule all columns of a table have the same ones,
/// and to see that is to compare memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    arcs: Vec<u32>,
    /// Where each ends; it begins where the one before ends. A walk's rows and bytes are limited far below what fits.
    ends: Vec<u32>,
}

impl Indexes {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// None.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The index at a place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&[u32]> {
        let end = *self.ends.get(place)?;
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        self.arcs.get(start as usize..end as usize)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    fn push(&mut self, index: &[u32]) {
        self.arcs.extend_from_slice(index);
        self.ends.push(u32::try_from(self.arcs.len()).unwrap_or(u32::MAX));
    }
}

/// A column: its cells in increasing order of their indexes.
#[derive(Clone, Debug)]
pub struct Column {
    pub(super) object: &'static Object,
    indexes: Indexes,
    values: Vec<Value>,
    /// From which cell on which sysUpTime holds. A column comes in a few PDUs.
    uptimes: Vec<(u32, Option<u32>)>,
}

impl Column {
    pub(super) const fn new(object: &'static Object) -> Self {
        let indexes = Indexes { arcs: Vec::new(), ends: Vec::new() };
        Self { object, indexes, values: Vec::new(), uptimes: Vec::new() }
    }

    /// Makes room for so many more cells with an index of one arc.
    pub(super) fn reserve(&mut self, cells: usize) {
        self.indexes.arcs.reserve(cells);
        self.indexes.ends.reserve(cells);
        self.values.reserve(cells);
    }

    /// Adds a cell behind the last one. The caller has checked the order.
    pub(super) fn push(&mut self, index: &[u32], value: Value, uptime: Option<u32>) {
        if self.uptimes.last().is_none_or(|(_, last)| *last != uptime) {
            self.uptimes.push((u32::try_from(self.values.len()).unwrap_or(u32::MAX), uptime));
        }
        self.indexes.push(index);
        self.values.push(value);
    }

    /// The indexes of its cells.
    #[must_use]
    pub fn indexes(&self) -> &Indexes {
        &self.indexes
    }

    /// What its cells hold, in the order of their indexes.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.values.iter()
    }

    /// What the cell at a place holds.
    #[must_use]
    pub fn value(&self, place: usize) -> Option<&Value> {
        self.values.get(place)
    }

    fn at(&self, place: usize) -> Option<Cell<'_>> {
        let value = self.values.get(place)?;
        let next = self.uptimes.partition_point(|(from, _)| *from as usize <= place);
        let uptime = next.checked_sub(1).and_then(|last| self.uptimes[last].1);
        Some(Cell { index: self.indexes.get(place)?, value, uptime })
    }

    fn cells(&self) -> impl Iterator<Item = Cell<'_>> {
        (0..self.values.len()).filter_map(|place| self.at(place))
    }

    fn find(&self, index: &[u32]) -> Option<Cell<'_>> {
        // Interfaces are mostly numbered from 1 without holes.
        if let [number] = *index
            && let Some(cell) = self.at((number as usize).wrapping_sub(1)).filter(|cell| cell.index == index)
        {
            return Some(cell);
        }
        let (mut from, mut to) = (0, self.values.len());
        while from < to {
            let middle = from.midpoint(to);
            let cell = self.at(middle)?;
            match cell.index.cmp(index) {
                Ordering::Less => from = middle + 1,
                Ordering::Equal => return Some(cell),
                Ordering::Greater => to = middle,
            }
        }
        None
    }
}

/// All that was collected from a target.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Objects with the one instance 0, where the agent has them.
    pub scalars: Vec<(&'static Object, Value)>,
    /// Columns of tables.
    pub(super) columns: Vec<Column>,
    /// Objects whose values could not be decoded; their cells are missing from there on.
    pub unreadable: Vec<&'static Object>,
    /// sysUpTime in the first PDU with columns, hundredths of a second.
    pub uptime: Option<u32>,
    /// When the first answer came.
    pub first_answer: Option<Time>,
    /// What it cost.
    pub stats: Stats,
}

impl Rows {
    /// The value of a scalar.
    #[must_use]
    pub fn scalar(&self, object: &Object) -> Option<&Value> {
        self.scalars.iter().find(|(known, _)| known.oid == object.oid).map(|(_, value)| value)
    }

    /// The column of an object. One walk holds it once; two walks may have read the same.
    pub fn columns<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = &'a Column> + 'a {
        // Objects are statics: the same object is at the same address.
        self.columns.iter().filter(move |column| std::ptr::eq(column.object, object))
    }

    /// The cells of a column, in increasing order of their index.
    pub fn column<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = Cell<'a>> + 'a {
        self.columns(object).flat_map(Column::cells)
    }

    /// The cell of a column at an index.
    #[must_use]
    pub fn cell<'a>(&'a self, object: &'a Object, index: &[u32]) -> Option<Cell<'a>> {
        self.columns(object).find_map(|column| column.find(index))
    }

    /// Whether any row has a cell in this column: whether the agent has the object.
    #[must_use]
    pub fn has(&self, object: &Object) -> bool {
        self.columns(object).any(|column| !column.values.is_empty())
    }

    /// Every cell with the object that it is an instance of, column by column.
    pub fn cells(&self) -> impl Iterator<Item = (&'static Object, Cell<'_>)> {
        self.columns.iter().flat_map(|column| column.cells().map(|cell| (column.object, cell)))
    }

    /// Adds what another walk of the same target brought.
    pub fn append(&mut self, other: Self) {
        self.scalars.extend(other.scalars);
        self.columns.extend(other.columns);
        self.unreadable.extend(other.unreadable);
        self.uptime = self.uptime.or(other.uptime);
        self.first_answer = self.first_answer.or(other.first_answer);
        self.stats.requests += other.stats.requests;
        self.stats.retried += other.stats.retried;
        self.stats.bindings += other.stats.bindings;
        self.stats.took += other.stats.took;
    }
}
