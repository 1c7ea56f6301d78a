//! A walk over columns of tables, several in one PDU, without I/O: `next` says what to ask, `on_reply` takes the answer.
//! Knows no sockets, no clock and no encoding.
//!
//! Each PDU asks for sysUpTime too, and every cell is dated by the one it came with, so that a rate computed from it is
//! honest. Every column goes on from its own last row: nothing that an agent sent is asked for again, though it cut its
//! answer off in the middle of a row, or one column has holes where the others have none.

use super::exchange::{GEN_ERR, Limits, NO_SUCH_NAME, Reply, Request, TOO_BIG, WalkError};
use super::if_mib::IF_NUMBER;
use super::pace::Pace;
use super::rows::{Column, Rows};
use super::system::SYS_UP_TIME;
use super::titles::uptime_alone;
use super::{Module, Object};
use crate::model::Time;
use crate::model::snmp::{Bindings, MAX_ARCS, Oid, Value};
use std::collections::VecDeque;

/// Rows that room is made for because they are expected. What an agent says of itself must not cost memory.
const MAX_RESERVED: usize = 1024;

#[derive(Debug)]
enum Task {
    Scalars(Vec<&'static Object>),
    Columns(Group),
}

/// Columns that are asked for in the same PDUs.
#[derive(Debug)]
struct Group {
    columns: Vec<Active>,
    /// Names seen of the longest column.
    rows: usize,
    /// Rows that there probably are. Wrong, it costs a request, and nothing else.
    expected: Option<usize>,
    /// They are not looked behind.
    trusted: bool,
}

/// A column still being read.
#[derive(Debug)]
struct Active {
    object: &'static Object,
    /// Its place in the rows.
    place: usize,
    /// The index of its last name, empty at the start.
    cursor: Vec<u32>,
    /// Names seen.
    seen: usize,
    ended: bool,
}

/// A walk in progress.
#[derive(Debug)]
pub struct Walk {
    limits: Limits,
    tasks: VecDeque<Task>,
    pace: Pace,
    asks_uptime: bool,
    /// sysUpTime is wanted as a scalar, and taken from the first PDU with columns.
    keeps_uptime: bool,
    rows: Rows,
    row_count: usize,
    byte_count: usize,
    started: Option<Time>,
}

impl Walk {
    /// A walk over `scalars` and then over each group of columns; columns of a group share rows and should share PDUs.
    #[must_use]
    pub fn new<'a>(
        scalars: &[&'static Object],
        groups: impl IntoIterator<Item = &'a [&'static Object]>,
        limits: Limits,
    ) -> Self {
        let width = limits.columns.max(1);
        let mut walk = Self {
            limits,
            tasks: scalars.chunks(width).map(|chunk| Task::Scalars(chunk.to_vec())).collect(),
            pace: Pace::new(limits.max_repetitions),
            asks_uptime: true,
            keeps_uptime: false,
            rows: Rows::default(),
            row_count: 0,
            byte_count: 0,
            started: None,
        };
        for columns in groups.into_iter().flat_map(|group| group.chunks(width)) {
            let columns = columns.iter().map(|&object| walk.begin(object)).collect();
            walk.tasks.push_back(Task::Columns(Group { columns, rows: 0, expected: None, trusted: false }));
        }
        walk
    }

    /// A walk over everything in a module.
    #[must_use]
    pub fn module(module: &Module, limits: Limits) -> Self {
        Self::columns_of(module, module.tables.iter().map(|table| table.columns), limits)
    }

    /// A walk over a module's scalars and these of its columns, table by table.
    pub(super) fn columns_of<'a>(
        module: &Module,
        groups: impl IntoIterator<Item = &'a [&'static Object]>,
        limits: Limits,
    ) -> Self {
        // sysUpTime alone is not worth a request: it comes with the columns.
        let keeps_uptime = uptime_alone(module);
        let scalars = if keeps_uptime { &[] } else { module.scalars };
        Self { keeps_uptime, ..Self::new(scalars, groups, limits) }
    }

    /// Begins with GETNEXT and never uses GETBULK: for SNMPv1, and for agents whose GETBULK is known to be broken.
    #[must_use]
    pub fn without_bulk(mut self) -> Self {
        self.pace = Pace::new(0);
        self
    }

    /// Asks for as many rows at once as there probably are, and one more, which shows the end. A wrong number costs a
    /// request and nothing else.
    #[must_use]
    pub fn expecting(mut self, rows: usize) -> Self {
        self.expect(rows);
        self
    }

    /// Asks for so many rows and looks behind them in the last PDUs' columns only: for tables that are known to have the
    /// same rows. Should there be more, those columns show it, and the others lack the last ones this once.
    #[must_use]
    pub fn trusting(mut self, rows: usize) -> Self {
        self.expect(rows);
        let groups = self.tasks.iter_mut().filter_map(|task| match task {
            Task::Columns(group) => Some(group),
            Task::Scalars(_) => None,
        });
        groups.rev().skip(1).for_each(|group| group.trusted = true);
        self
    }

    fn expect(&mut self, rows: usize) {
        for task in &mut self.tasks {
            if let Task::Columns(group) = task {
                group.expected.get_or_insert(rows);
            }
        }
    }

    fn begin(&mut self, object: &'static Object) -> Active {
        self.rows.columns.push(Column::new(object));
        Active { object, place: self.rows.columns.len() - 1, cursor: Vec::new(), seen: 0, ended: false }
    }

    /// What to ask now; `None` when all is read.
    ///
    /// # Errors
    /// [`WalkError::Deadline`] when the time is over.
    pub fn next(&mut self, now: Time) -> Result<Option<Request>, WalkError> {
        let Some(task) = self.tasks.front() else { return Ok(None) };
        if now >= self.limits.deadline {
            return Err(WalkError::Deadline { rows: self.row_count });
        }
        self.started.get_or_insert(now);
        self.rows.stats.requests += 1;
        let (oids, wanted) = match task {
            Task::Scalars(objects) => (objects.iter().map(|object| Oid::new(object.oid)).collect(), 0),
            Task::Columns(group) => {
                let uptime = self.asks_uptime.then(|| Oid::new(SYS_UP_TIME.oid));
                let columns = group.columns.iter().map(|column| Oid::joined(column.object.oid, &column.cursor));
                // The non-repeater is what makes GETBULK need sysUpTime; an agent without it gets GETNEXT.
                let wanted = if self.asks_uptime { group.wanted(self.limits.repetitions) } else { 0 };
                (uptime.into_iter().chain(columns).collect(), wanted)
            }
        };
        Ok(Some(Request { oids, repetitions: self.pace.ask(wanted), attempt: self.pace.timeouts() }))
    }

    /// Takes the answer to the last request.
    ///
    /// # Errors
    /// The walk is over: see [`WalkError`].
    pub fn on_reply(&mut self, now: Time, reply: Reply) -> Result<(), WalkError> {
        match reply {
            Reply::Timeout => {
                self.pace.lost(self.limits.retries).map_err(|attempts| WalkError::Timeout { attempts })?;
                self.rows.stats.retried += 1;
                Ok(())
            }
            Reply::Status(status, index) => self.on_status(status, index),
            Reply::Malformed => self.on_malformed(),
            Reply::Bindings(bindings) => {
                self.rows.first_answer.get_or_insert(now);
                self.rows.stats.bindings += bindings.len() as u64;
                self.rows.stats.took = self.started.map(|started| now.since(started)).unwrap_or_default();
                match self.tasks.pop_front() {
                    None => Ok(()),
                    Some(Task::Scalars(objects)) => self.on_scalars(&objects, bindings),
                    Some(Task::Columns(group)) => self.on_columns(group, bindings),
                }
            }
        }
    }

    /// What was read so far. Complete only after `next` gave `None`.
    #[must_use]
    pub fn into_rows(self) -> Rows {
        self.rows
    }

    /// Max-repetitions that this agent answers, for the next walk to begin with; `None` if it was never too many.
    #[must_use]
    pub fn settled_repetitions(&self) -> Option<u32> {
        self.pace.settled(self.limits.max_repetitions)
    }

    /// What it has cost so far.
    #[must_use]
    pub fn stats(&self) -> super::Stats {
        self.rows.stats
    }

    fn on_status(&mut self, status: i32, index: u32) -> Result<(), WalkError> {
        self.pace.heard();
        match (status, self.tasks.front_mut()) {
            // SNMPv1 has no exceptions: it names the binding it has nothing for (RFC 1157, 4.1.3).
            (NO_SUCH_NAME, Some(task)) if index > 0 => {
                let place = index as usize - 1;
                match task {
                    Task::Scalars(objects) if place < objects.len() => drop(objects.remove(place)),
                    Task::Columns(_) if self.asks_uptime && place == 0 => self.asks_uptime = false,
                    Task::Columns(group) if place.wrapping_sub(usize::from(self.asks_uptime)) < group.columns.len() => {
                        group.columns.remove(place - usize::from(self.asks_uptime));
                    }
                    _ => return Err(WalkError::Status { status }),
                }
                let empty = match task {
                    Task::Scalars(objects) => objects.is_empty(),
                    Task::Columns(group) => group.columns.is_empty(),
                };
                if empty {
                    self.tasks.pop_front();
                }
                Ok(())
            }
            (TOO_BIG | GEN_ERR, Some(_)) => {
                self.rows.stats.retried += 1;
                if self.pace.too_big() { Ok(()) } else { self.split().map_err(|()| WalkError::Status { status }) }
            }
            _ => Err(WalkError::Status { status }),
        }
    }

    /// One binding of an agent may be wrong for ever: narrow it down, and lose that column alone.
    fn on_malformed(&mut self) -> Result<(), WalkError> {
        self.pace.heard();
        self.rows.stats.retried += 1;
        if self.pace.row_by_row() {
            return Ok(());
        }
        let alone = match self.tasks.front() {
            Some(Task::Scalars(objects)) if objects.len() == 1 => objects[0],
            Some(Task::Columns(group)) if group.columns.len() == 1 => group.columns[0].object,
            _ => return self.split().map_err(|()| WalkError::Malformed),
        };
        self.tasks.pop_front();
        self.rows.unreadable.push(alone);
        Ok(())
    }

    /// Halves the columns of the current task; all go on from where they are.
    fn split(&mut self) -> Result<(), ()> {
        let (first, second) = match self.tasks.pop_front() {
            Some(Task::Scalars(mut first)) if first.len() > 1 => {
                let second = first.split_off(first.len() / 2);
                (Task::Scalars(first), Task::Scalars(second))
            }
            Some(Task::Columns(mut first)) if first.columns.len() > 1 => {
                let columns = first.columns.split_off(first.columns.len() / 2);
                let second = Group { columns, ..first };
                (Task::Columns(first), Task::Columns(second))
            }
            _ => return Err(()),
        };
        self.tasks.push_front(second);
        self.tasks.push_front(first);
        Ok(())
    }

    fn on_scalars(&mut self, objects: &[&'static Object], mut bindings: Bindings) -> Result<(), WalkError> {
        if bindings.len() < objects.len() {
            return Err(WalkError::Shape { got: bindings.len(), want: objects.len() });
        }
        // Timeouts on the way here say nothing about GETBULK.
        self.pace.restart();
        for (place, &object) in objects.iter().enumerate() {
            let Some((name, value)) = bindings.take(place) else { break };
            if name.strip_prefix(object.oid) == Some(&[0]) && !value.is_absent() {
                self.count(0, value.size())?;
                if std::ptr::eq(object, &raw const IF_NUMBER)
                    && let Some(rows) = value.as_u32()
                {
                    self.expect(rows as usize);
                }
                self.rows.scalars.push((object, value));
            }
        }
        Ok(())
    }

    fn on_columns(&mut self, mut group: Group, mut bindings: Bindings) -> Result<(), WalkError> {
        let (first, width) = (usize::from(self.asks_uptime), group.columns.len());
        if bindings.len() < first + width {
            // Cut off within the first row: there are too many columns for the agent's answers.
            let (got, want) = (bindings.len(), first + width);
            self.tasks.push_front(Task::Columns(group));
            self.rows.stats.retried += 1;
            return self.split().map_err(|()| WalkError::Shape { got, want });
        }
        self.pace.answered();
        if let (0, Some(rows)) = (group.rows, group.expected) {
            group.columns.iter().for_each(|column| self.rows.columns[column.place].reserve(rows.min(MAX_RESERVED)));
        }
        let uptime =
            bindings.get(0).filter(|(name, _)| self.asks_uptime && name.strip_prefix(SYS_UP_TIME.oid) == Some(&[0]));
        let uptime = uptime.and_then(|(_, value)| value.as_u32());
        if let (None, Some(uptime)) = (self.rows.uptime, uptime) {
            self.rows.uptime = Some(uptime);
            if self.keeps_uptime {
                self.rows.scalars.push((&SYS_UP_TIME, Value::TimeTicks(uptime)));
            }
        }
        for place in first..bindings.len() {
            let column = &mut group.columns[(place - first) % width];
            let Some((name, value)) = bindings.take(place).filter(|_| !column.ended) else { continue };
            if !column.step(name, &value)? {
                continue;
            }
            let new_row = column.seen > group.rows;
            group.rows = group.rows.max(column.seen);
            let index = if new_row { 4 * column.cursor.len() } else { 0 };
            let size = if value.is_absent() { 0 } else { value.size() };
            self.count(usize::from(new_row), index + size)?;
            if !value.is_absent() {
                self.rows.columns[column.place].push(&column.cursor, value, uptime);
            }
            column.ended = group.trusted && group.expected.is_some_and(|rows| column.seen >= rows);
        }
        group.columns.retain(|column| !column.ended);
        // Where an answer is cut off in mid-row, the columns at its end fall behind: they come first in the next one.
        group.columns.sort_by_key(|column| column.seen);
        if group.columns.is_empty() {
            // Tables that are read together mostly have the same rows.
            self.expect(group.rows);
        } else {
            self.tasks.push_front(Task::Columns(group));
        }
        Ok(())
    }

    fn count(&mut self, rows: usize, bytes: usize) -> Result<(), WalkError> {
        self.row_count += rows;
        self.byte_count += bytes;
        if self.row_count > self.limits.rows {
            return Err(WalkError::Limit { what: "rows", limit: self.limits.rows });
        }
        if self.byte_count > self.limits.bytes {
            return Err(WalkError::Limit { what: "bytes", limit: self.limits.bytes });
        }
        Ok(())
    }
}

impl Group {
    /// Rows to ask for: what remains of those expected, and one that shows the end unless that is known; `unknown` where
    /// nothing is.
    fn wanted(&self, unknown: u32) -> u32 {
        let seen = self.columns.iter().map(|column| column.seen).min().unwrap_or(0);
        let left = self.expected.and_then(|expected| expected.checked_sub(seen)).filter(|&left| left > 0);
        left.map_or(unknown, |left| {
            u32::try_from(left).map_or(u32::MAX, |left| left.saturating_add(u32::from(!self.trusted)))
        })
    }
}

impl Active {
    /// Takes the column's next name: true if it is one of its instances, false if the column has ended.
    fn step(&mut self, name: &[u32], value: &Value) -> Result<bool, WalkError> {
        if *value == Value::EndOfMibView {
            self.ended = true;
            return Ok(false);
        }
        // The decoders read no longer name; this bounds an index whoever decodes.
        if name.len() > MAX_ARCS {
            return Err(WalkError::Malformed);
        }
        match name.strip_prefix(self.object.oid) {
            // An empty index is the column itself: no instance, and no progress.
            Some(index) if index > self.cursor.as_slice() => {
                self.cursor.clear();
                self.cursor.extend_from_slice(index);
                self.seen += 1;
                Ok(true)
            }
            None if name > self.object.oid => {
                self.ended = true;
                Ok(false)
            }
            _ => Err(WalkError::NotIncreasing { oid: Oid::new(name) }),
        }
    }
}
