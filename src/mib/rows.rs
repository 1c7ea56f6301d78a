//! What a walk brought: rows of tables, each from one PDU and dated by the sysUpTime of that PDU. Knows no requests.

use super::Object;
use crate::model::Time;
use crate::model::snmp::Value;
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

/// A row of a part. Its cells come from one PDU.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What follows the column in the instance's name.
    pub index: Vec<u32>,
    /// sysUpTime in the PDU that brought the row, hundredths of a second.
    pub uptime: Option<u32>,
    /// A cell for each column of the part; `None` where the row has a hole.
    pub cells: Vec<Option<Value>>,
}

/// Columns that were read together.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which.
    pub columns: Vec<&'static Object>,
    /// Rows in increasing order of their index.
    pub rows: Vec<Row>,
}

/// A cell with its place and date.
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    /// Index of its row.
    pub index: &'a [u32],
    /// What it holds.
    pub value: &'a Value,
    /// sysUpTime in the PDU that brought it, hundredths of a second.
    pub uptime: Option<u32>,
}

/// All that was collected from a target.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Objects with the one instance 0, where the agent has them.
    pub scalars: Vec<(&'static Object, Value)>,
    /// Rows of tables.
    pub parts: Vec<Part>,
    /// Objects whose values could not be decoded; their cells are missing from there on.
    pub unreadable: Vec<&'static Object>,
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

    /// The cells of a column, in increasing order of their index.
    pub fn column<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = Cell<'a>> + 'a {
        self.placed(object).flat_map(|(part, place)| {
            part.rows.iter().filter_map(move |row| {
                let value = row.cells.get(place)?.as_ref()?;
                Some(Cell { index: &row.index, value, uptime: row.uptime })
            })
        })
    }

    /// The cell of a column at an index.
    #[must_use]
    pub fn cell<'a>(&'a self, object: &'a Object, index: &[u32]) -> Option<Cell<'a>> {
        self.placed(object).find_map(|(part, place)| {
            let row = part.rows.binary_search_by(|row| row.index.as_slice().cmp(index)).ok()?;
            let row = &part.rows[row];
            let value = row.cells.get(place)?.as_ref()?;
            Some(Cell { index: &row.index, value, uptime: row.uptime })
        })
    }

    /// Whether any row has a cell in this column: whether the agent has the object.
    #[must_use]
    pub fn has(&self, object: &Object) -> bool {
        self.column(object).next().is_some()
    }

    /// Adds what another walk of the same target brought.
    pub fn append(&mut self, other: Self) {
        self.scalars.extend(other.scalars);
        self.parts.extend(other.parts);
        self.unreadable.extend(other.unreadable);
        self.first_answer = self.first_answer.or(other.first_answer);
        self.stats.requests += other.stats.requests;
        self.stats.retried += other.stats.retried;
        self.stats.bindings += other.stats.bindings;
        self.stats.took += other.stats.took;
    }

    /// A column may lie in several parts, where a walk had to ask for fewer columns half-way: their rows follow on.
    /// Objects are statics: the same object is at the same address.
    fn placed<'a>(&'a self, object: &'a Object) -> impl Iterator<Item = (&'a Part, usize)> + 'a {
        self.parts.iter().filter_map(|part| {
            part.columns.iter().position(|column| std::ptr::eq(*column, object)).map(|place| (part, place))
        })
    }
}
