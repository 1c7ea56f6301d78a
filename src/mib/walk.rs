//! A walk over columns of tables, several in one PDU, without I/O: `next` says what to ask, `on_reply` takes the answer.
//! Knows no sockets, no clock and no encoding.
//!
//! Rows are kept aligned: every row is taken whole from one PDU, together with the sysUpTime that the same PDU carries,
//! so that a rate computed from it is honest. What an agent cut off, or what lies beyond the slowest column, is asked
//! for again.

use super::exchange::{GEN_ERR, Limits, NO_SUCH_NAME, Reply, Request, TOO_BIG, WalkError};
use super::rows::{Part, Row, Rows};
use super::series::Series;
use super::system::SYS_UP_TIME;
use super::{Module, Object};
use crate::model::Time;
use crate::model::snmp::{Oid, Value, VarBind};
use std::collections::VecDeque;

#[derive(Debug)]
enum Task {
    Scalars(Vec<&'static Object>),
    Columns { part: usize, columns: Vec<Active>, cursor: Vec<u32> },
}

/// A column still being read: which, and its place in the part.
#[derive(Clone, Copy, Debug)]
struct Active {
    object: &'static Object,
    place: usize,
}

/// How many rows to ask for at once. Zero stands for GETNEXT.
#[derive(Clone, Copy, Debug)]
struct Pace {
    repetitions: u32,
    ceiling: u32,
    timeouts: u32,
    strikes: u32,
    bulk_answered: bool,
}

/// A walk in progress.
#[derive(Debug)]
pub struct Walk {
    limits: Limits,
    tasks: VecDeque<Task>,
    pace: Pace,
    asks_uptime: bool,
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
        let repetitions = limits.repetitions.max(1);
        let mut walk = Self {
            limits,
            tasks: scalars.chunks(width).map(|chunk| Task::Scalars(chunk.to_vec())).collect(),
            pace: Pace { repetitions, ceiling: repetitions, timeouts: 0, strikes: 0, bulk_answered: false },
            asks_uptime: true,
            rows: Rows::default(),
            row_count: 0,
            byte_count: 0,
            started: None,
        };
        for columns in groups.into_iter().flat_map(|group| group.chunks(width)) {
            let task = walk.part(columns, Vec::new());
            walk.tasks.push_back(task);
        }
        walk
    }

    /// A walk over everything in a module.
    #[must_use]
    pub fn module(module: &Module, limits: Limits) -> Self {
        Self::new(module.scalars, module.tables.iter().map(|table| table.columns), limits)
    }

    /// Begins with GETNEXT and never uses GETBULK: for SNMPv1, and for agents whose GETBULK is known to be broken.
    #[must_use]
    pub fn without_bulk(mut self) -> Self {
        self.pace.repetitions = 0;
        self.pace.ceiling = 0;
        self
    }

    fn part(&mut self, columns: &[&'static Object], cursor: Vec<u32>) -> Task {
        self.rows.parts.push(Part { columns: columns.to_vec(), rows: Vec::new() });
        let columns = columns.iter().enumerate().map(|(place, &object)| Active { object, place }).collect();
        Task::Columns { part: self.rows.parts.len() - 1, columns, cursor }
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
        let attempt = self.pace.timeouts;
        self.rows.stats.requests += 1;
        Ok(Some(match task {
            Task::Scalars(objects) => Request {
                oids: objects.iter().map(|object| Oid::new(object.oid)).collect(),
                repetitions: None,
                attempt,
            },
            Task::Columns { columns, cursor, .. } => {
                let uptime = self.asks_uptime.then(|| Oid::new(SYS_UP_TIME.oid));
                let columns = columns.iter().map(|column| Oid::joined(column.object.oid, cursor));
                let oids = uptime.into_iter().chain(columns).collect();
                // The non-repeater is what makes GETBULK need sysUpTime; an agent without it gets GETNEXT.
                let bulk = (self.pace.repetitions > 0 && self.asks_uptime).then_some(self.pace.repetitions);
                Request { oids, repetitions: bulk, attempt }
            }
        }))
    }

    /// Takes the answer to the last request.
    ///
    /// # Errors
    /// The walk is over: see [`WalkError`].
    pub fn on_reply(&mut self, now: Time, reply: Reply) -> Result<(), WalkError> {
        match reply {
            Reply::Timeout => self.on_timeout(),
            Reply::Status(status, index) => self.on_status(status, index),
            Reply::Malformed => self.on_malformed(),
            Reply::Bindings(bindings) => {
                self.rows.first_answer.get_or_insert(now);
                self.rows.stats.bindings += bindings.len() as u64;
                self.rows.stats.took = self.started.map(|started| now.since(started)).unwrap_or_default();
                match self.tasks.pop_front() {
                    None => Ok(()),
                    Some(Task::Scalars(objects)) => self.on_scalars(objects, bindings),
                    Some(Task::Columns { part, columns, cursor }) => self.on_columns(part, columns, cursor, &bindings),
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
        (0 < self.pace.ceiling && self.pace.ceiling < self.limits.repetitions).then_some(self.pace.ceiling)
    }

    /// What it has cost so far.
    #[must_use]
    pub fn stats(&self) -> super::Stats {
        self.rows.stats
    }

    /// A lost packet, an answer too big for the path, or an agent that cannot do GETBULK: ask for less, and with the
    /// last attempt as simply as possible.
    fn on_timeout(&mut self) -> Result<(), WalkError> {
        let pace = &mut self.pace;
        pace.timeouts += 1;
        if pace.timeouts > self.limits.retries {
            return Err(WalkError::Timeout { attempts: pace.timeouts });
        }
        self.rows.stats.retried += 1;
        if pace.repetitions == pace.ceiling && pace.ceiling > 1 {
            pace.strikes += 1;
            if pace.strikes >= 2 {
                (pace.ceiling, pace.strikes) = (pace.ceiling / 2, 0);
            }
        }
        let last = pace.timeouts == self.limits.retries;
        pace.repetitions = if last || pace.repetitions == 0 { 0 } else { (pace.repetitions / 4).max(1) };
        Ok(())
    }

    fn on_status(&mut self, status: i32, index: u32) -> Result<(), WalkError> {
        self.pace.timeouts = 0;
        match (status, self.tasks.front_mut()) {
            // SNMPv1 has no exceptions: it names the binding it has nothing for (RFC 1157, 4.1.3).
            (NO_SUCH_NAME, Some(task)) if index > 0 => {
                let place = index as usize - 1;
                match task {
                    Task::Scalars(objects) if place < objects.len() => drop(objects.remove(place)),
                    Task::Columns { .. } if self.asks_uptime && place == 0 => self.asks_uptime = false,
                    Task::Columns { columns, .. }
                        if place.wrapping_sub(usize::from(self.asks_uptime)) < columns.len() =>
                    {
                        columns.remove(place - usize::from(self.asks_uptime));
                    }
                    _ => return Err(WalkError::Status { status }),
                }
                let empty = match task {
                    Task::Scalars(objects) => objects.is_empty(),
                    Task::Columns { columns, .. } => columns.is_empty(),
                };
                if empty {
                    self.tasks.pop_front();
                }
                Ok(())
            }
            (TOO_BIG | GEN_ERR, Some(_)) => {
                self.rows.stats.retried += 1;
                // Down to GETNEXT: some agents answer every GETBULK so.
                if self.pace.repetitions > 0 {
                    self.pace.repetitions /= 2;
                    self.pace.ceiling = self.pace.repetitions;
                    return Ok(());
                }
                self.split().map_err(|()| WalkError::Status { status })
            }
            _ => Err(WalkError::Status { status }),
        }
    }

    /// One binding of an agent may be wrong for ever: narrow it down, and lose that column alone.
    fn on_malformed(&mut self) -> Result<(), WalkError> {
        self.pace.timeouts = 0;
        self.rows.stats.retried += 1;
        if self.pace.repetitions > 1 {
            self.pace.repetitions = 1;
            return Ok(());
        }
        let alone = match self.tasks.front() {
            Some(Task::Scalars(objects)) if objects.len() == 1 => objects[0],
            Some(Task::Columns { columns, .. }) if columns.len() == 1 => columns[0].object,
            _ => return self.split().map_err(|()| WalkError::Malformed),
        };
        self.tasks.pop_front();
        self.rows.unreadable.push(alone);
        Ok(())
    }

    /// Halves the columns of the current task. Rows read so far stay; both halves go on from the same row.
    fn split(&mut self) -> Result<(), ()> {
        let (first, second) = match self.tasks.pop_front() {
            Some(Task::Scalars(objects)) if objects.len() > 1 => {
                let (first, second) = objects.split_at(objects.len() / 2);
                (Task::Scalars(first.to_vec()), Task::Scalars(second.to_vec()))
            }
            Some(Task::Columns { columns, cursor, .. }) if columns.len() > 1 => {
                let objects = columns.iter().map(|column| column.object).collect::<Vec<_>>();
                let (first, second) = objects.split_at(objects.len() / 2);
                (self.part(first, cursor.clone()), self.part(second, cursor))
            }
            _ => return Err(()),
        };
        self.tasks.push_front(second);
        self.tasks.push_front(first);
        Ok(())
    }

    fn on_scalars(&mut self, objects: Vec<&'static Object>, bindings: Vec<VarBind>) -> Result<(), WalkError> {
        if bindings.len() < objects.len() {
            return Err(WalkError::Shape { got: bindings.len(), want: objects.len() });
        }
        self.pace.timeouts = 0;
        // Timeouts on the way here say nothing about GETBULK.
        self.pace.repetitions = self.pace.ceiling;
        for (object, binding) in objects.into_iter().zip(bindings) {
            if binding.oid.below(object.oid) == Some(&[0]) && !binding.value.is_absent() {
                self.count(0, binding.value.size())?;
                self.rows.scalars.push((object, binding.value));
            }
        }
        Ok(())
    }

    fn on_columns(
        &mut self,
        part: usize,
        columns: Vec<Active>,
        cursor: Vec<u32>,
        bindings: &[VarBind],
    ) -> Result<(), WalkError> {
        let (uptime, cells) = match bindings.split_first() {
            Some((first, rest)) if self.asks_uptime => {
                let uptime = (first.oid.below(SYS_UP_TIME.oid) == Some(&[0])).then_some(&first.value);
                (uptime.and_then(Value::as_u32), rest)
            }
            _ => (None, bindings),
        };
        let repetitions = cells.chunks_exact(columns.len());
        if repetitions.len() == 0 {
            // Cut off within the first row: there are too many columns for the agent's answers.
            let (got, want) = (bindings.len(), columns.len() + usize::from(self.asks_uptime));
            self.tasks.push_front(Task::Columns { part, columns, cursor });
            self.rows.stats.retried += 1;
            return self.split().map_err(|()| WalkError::Shape { got, want });
        }
        self.answered();
        let series = columns
            .iter()
            .enumerate()
            .map(|(place, column)| Series::read(column.object, &cursor, repetitions.clone().map(|row| &row[place])))
            .collect::<Result<Vec<_>, _>>()?;
        // Beyond the slowest column rows are incomplete: they are asked for again, from there.
        let slowest = series.iter().filter(|series| !series.ended).map(|series| series.last).min().map(<[u32]>::to_vec);
        self.keep_rows(part, &columns, &series, uptime, slowest.as_deref())?;
        let Some(cursor) = slowest else { return Ok(()) };
        let columns = columns
            .into_iter()
            .zip(&series)
            .filter(|(_, series)| !series.ended || *series.last > *cursor)
            .map(|(column, _)| column)
            .collect();
        self.tasks.push_front(Task::Columns { part, columns, cursor });
        Ok(())
    }

    /// An answer came: ask for more at once, up to the ceiling. An agent that has answered GETNEXT only keeps it.
    fn answered(&mut self) {
        let pace = &mut self.pace;
        pace.timeouts = 0;
        if pace.repetitions > 0 {
            pace.bulk_answered = true;
            if pace.repetitions == pace.ceiling {
                pace.strikes = 0;
            }
        }
        if pace.bulk_answered && pace.ceiling > 0 {
            pace.repetitions = (pace.repetitions * 2).clamp(1, pace.ceiling);
        }
    }

    /// Merges the series of all columns into rows, up to and including the row `until`.
    fn keep_rows(
        &mut self,
        part: usize,
        columns: &[Active],
        series: &[Series<'_>],
        uptime: Option<u32>,
        until: Option<&[u32]>,
    ) -> Result<(), WalkError> {
        let width = self.rows.parts[part].columns.len();
        let mut heads = vec![0; series.len()];
        loop {
            let heads_now = series.iter().zip(&heads).filter_map(|(series, &head)| series.cells.get(head));
            let Some(index) = heads_now.map(|(index, _)| *index).min() else { return Ok(()) };
            if until.is_some_and(|until| index > until) {
                return Ok(());
            }
            let mut row = Row { index: index.to_vec(), uptime, cells: vec![None; width] };
            let mut size = 4 * index.len();
            for ((series, head), column) in series.iter().zip(&mut heads).zip(columns) {
                if let Some((_, value)) = series.cells.get(*head).filter(|(at, _)| *at == index) {
                    *head += 1;
                    if !value.is_absent() {
                        size += value.size();
                        row.cells[column.place] = Some((*value).clone());
                    }
                }
            }
            self.count(1, size)?;
            self.rows.parts[part].rows.push(row);
        }
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
