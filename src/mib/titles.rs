//! What rows are called, remembered from one scrape of a device to the next: names, descriptions and what an administrator
//! wrote hardly change, and are a quarter of what the module `storm` reads. Knows no requests, and no counters.

use super::memory::REMEMBERED;
use super::rows::Column;
use super::system::SYS_UP_TIME;
use super::walk::Walk;
use super::{Indexes, Limits, Module, Object, Rows, Table};
use crate::model::Time;
use crate::model::snmp::Value;

/// The columns of a device that serve as labels alone. They hold until the device restarts, until it shows a row that is
/// not among them, or for [`REMEMBERED`]: a new name of an old row is seen then.
#[derive(Debug)]
pub struct Titles {
    read_at: Time,
    /// sysUpTime at the last scrape.
    uptime: u32,
    /// Of all columns that are not empty.
    indexes: Indexes,
    columns: Vec<Texts>,
}

/// The texts of a column, one behind the other: a switch of 52 ports costs 4 KB, and thousands are remembered.
#[derive(Debug)]
struct Texts {
    object: &'static Object,
    bytes: Box<[u8]>,
    /// Where each ends; none if the device lacks the column.
    ends: Box<[u32]>,
}

/// The tables of a module whose rows have titles that are labels alone.
fn titled(module: &Module) -> impl Iterator<Item = &'static Table> {
    module.tables.iter().copied().filter(|table| table.lookups_hidden && !table.lookups.is_empty())
}

/// The titles that a module reads.
fn titles(module: &Module) -> impl Iterator<Item = &'static Object> {
    titled(module).flat_map(|table| table.columns.iter().copied().filter(|column| is_title(table, column)))
}

fn is_title(table: &Table, column: &Object) -> bool {
    table.lookups.iter().any(|lookup| std::ptr::eq(*lookup, column))
}

impl Titles {
    /// From what a whole walk over a module brought; `None` where there are no titles, or they are not alike.
    #[must_use]
    pub fn learn(at: Time, module: &Module, rows: &Rows) -> Option<Self> {
        let uptime = rows.uptime?;
        let mut found = Self { read_at: at, uptime, indexes: Indexes::default(), columns: Vec::new() };
        for object in titles(module) {
            let texts = match rows.columns(object).next().filter(|column| !column.indexes().is_empty()) {
                None => Texts { object, bytes: Box::default(), ends: Box::default() },
                Some(column) => {
                    if found.indexes.is_empty() {
                        found.indexes = column.indexes().clone();
                    }
                    Texts::of(column).filter(|_| found.indexes == *column.indexes())?
                }
            };
            found.columns.push(texts);
        }
        // A column that could not be read in full must not be taken for one that ends there.
        (!found.indexes.is_empty() && rows.unreadable.is_empty() && found.cover(rows)).then_some(found)
    }

    /// A walk over the rest of the module, if its titles are known.
    #[must_use]
    pub fn rest(&self, now: Time, module: &Module, limits: Limits) -> Option<Walk> {
        let known = |object: &Object| self.columns.iter().any(|texts| std::ptr::eq(texts.object, object));
        if now.since(self.read_at) >= REMEMBERED || titles(module).next().is_none() || !titles(module).all(known) {
            return None;
        }
        let rest = |table: &&'static Table| {
            let table = *table;
            table.columns.iter().copied().filter(|column| !(table.lookups_hidden && is_title(table, column)))
        };
        let groups = module.tables.iter().map(|table| rest(table).collect::<Vec<_>>()).collect::<Vec<_>>();
        let walk = Walk::columns_of(module, groups.iter().map(Vec::as_slice), limits);
        let all = titled(module).count() == module.tables.len();
        Some(if all { walk.trusting(self.indexes.len()) } else { walk })
    }

    /// Adds the titles to what that walk brought. False if they may hold no longer: then all is to be read.
    pub fn complete(&mut self, rows: &mut Rows) -> bool {
        let Some(uptime) = rows.uptime.filter(|&uptime| uptime >= self.uptime && self.cover(rows)) else {
            return false;
        };
        self.uptime = uptime;
        rows.columns.extend(self.columns.iter().map(|texts| texts.column(&self.indexes, uptime)));
        true
    }

    /// Every row of an interface has a title. A row that has gone is no harm.
    fn cover(&self, rows: &Rows) -> bool {
        let covered = |indexes: &Indexes| {
            let mut known = self.indexes.iter();
            *indexes == self.indexes || indexes.iter().all(|index| known.any(|title| title == index))
        };
        rows.columns.iter().map(Column::indexes).all(covered)
    }
}

impl Texts {
    /// `None` if a value is no text.
    fn of(column: &Column) -> Option<Self> {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for value in column.values() {
            let Value::Octets(text) = value else { return None };
            bytes.extend_from_slice(text);
            ends.push(u32::try_from(bytes.len()).ok()?);
        }
        Some(Self { object: column.object, bytes: bytes.into(), ends: ends.into() })
    }

    fn column(&self, indexes: &Indexes, uptime: u32) -> Column {
        let mut column = Column::new(self.object);
        column.reserve(self.ends.len());
        let mut start = 0;
        for (index, &end) in indexes.iter().zip(&self.ends) {
            column.push(index, Value::Octets(self.bytes[start..end as usize].to_vec()), Some(uptime));
            start = end as usize;
        }
        column
    }
}

/// Whether sysUpTime, which comes with every PDU, is all that a module wants of what is in no table.
pub(super) fn uptime_alone(module: &Module) -> bool {
    matches!(module.scalars, [object] if std::ptr::eq(*object, &raw const SYS_UP_TIME)) && !module.tables.is_empty()
}

#[cfg(test)]
#[path = "titles_tests.rs"]
mod tests;
