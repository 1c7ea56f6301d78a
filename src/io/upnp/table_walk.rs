//! When to go on and when to stop reading a gateway's table of mappings, index by index. Pure: knows no request.

use crate::model::text::Sentence;
use crate::wire::soap::Fault;

/// Entries read of one connection. miniupnpd allows 1,000 by default; nothing in a home comes near.
pub(super) const MAX_ENTRIES: u32 = 4096;
/// Entries in a row that are unreadable, or repeat what was read: beyond that the list has no end.
const MAX_USELESS_RUN: u32 = 16;
/// Errors in a row that end the list.
const MAX_FAULT_RUN: u32 = 3;
/// Requests in a row without an answer, after which the gateway is left alone.
const MAX_SILENT_RUN: u32 = 2;

/// What one index brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Got {
    /// A mapping that this table had not shown before.
    New,
    /// One that it had.
    Repeated,
    /// An answer that makes no sense.
    Unreadable,
    /// An error; 713 and 714 are the regular end.
    Fault(Fault),
    /// No answer, and why.
    Silence(Sentence),
    /// No time left to ask.
    OutOfTime(Sentence),
}

/// Why the walk is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The gateway said so.
    Regular,
    /// Another error than 713 or 714, first at this index.
    Fault(u32, Fault),
    /// No answers from this index on.
    Silence(u32, Sentence),
    /// Nothing new came for too long, or too much came.
    Endless,
}

/// A walk over the indices of one table.
#[derive(Clone, Debug, Default)]
pub(super) struct TableWalk {
    next: u32,
    useless_run: u32,
    fault_run: u32,
    silent_run: u32,
    unreadable: Vec<u32>,
}

impl TableWalk {
    /// The index to ask for.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Indices within the list that brought no mapping.
    pub(super) fn unreadable(&self) -> &[u32] {
        &self.unreadable
    }

    /// Takes what [`TableWalk::next`] brought, and moves on or ends.
    pub(super) fn on(&mut self, got: Got) -> Option<End> {
        let index = self.next;
        self.next += 1;
        self.fault_run = if matches!(got, Got::Fault(_)) { self.fault_run + 1 } else { 0 };
        self.silent_run = if matches!(got, Got::Silence(_)) { self.silent_run + 1 } else { 0 };
        self.useless_run = if got == Got::New { 0 } else { self.useless_run + 1 };
        match got {
            Got::New | Got::Repeated => {}
            Got::Fault(Fault { code: 713 | 714, .. }) => return Some(End::Regular),
            // 401, 602, 606 (no such action, not allowed): it will not tell, whatever the index.
            Got::Fault(fault) if self.fault_run >= MAX_FAULT_RUN || matches!(fault.code, 401 | 602 | 606) => {
                let first = self.forget(self.fault_run, index);
                return Some(End::Fault(first, fault));
            }
            Got::OutOfTime(why) => return Some(End::Silence(index, why)),
            Got::Silence(why) if self.silent_run >= MAX_SILENT_RUN => {
                let first = self.forget(self.silent_run, index);
                return Some(End::Silence(first, why));
            }
            Got::Unreadable | Got::Fault(_) | Got::Silence(_) => self.unreadable.push(index),
        }
        if self.useless_run >= MAX_USELESS_RUN {
            self.unreadable.retain(|at| *at + MAX_USELESS_RUN <= index);
            return Some(End::Endless);
        }
        (self.next >= MAX_ENTRIES).then_some(End::Endless)
    }

    /// The run that ended at `index` was the end of the list, not a series of unreadable entries. Gives its first index.
    fn forget(&mut self, run: u32, index: u32) -> u32 {
        let first = index + 1 - run;
        self.unreadable.retain(|at| *at < first);
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::text::Text;

    const fn word(word: &'static str) -> Sentence {
        Sentence::of(Text { en: word, ja: word })
    }

    fn fault(code: u32) -> Got {
        Got::Fault(Fault { code, text: String::new() })
    }

    /// `n` new, `r` repeated, `u` unreadable, `s` silence, `t` out of time, `e` 713, `i` 402, `a` 606.
    #[track_caller]
    fn check(script: &str, expected: Option<&str>, unreadable: &[u32]) {
        let mut walk = TableWalk::default();
        let mut end = None;
        for (at, step) in script.chars().enumerate() {
            assert_eq!(end, None, "{script} goes on at {at}");
            end = walk.on(match step {
                'n' => Got::New,
                'r' => Got::Repeated,
                'u' => Got::Unreadable,
                's' => Got::Silence(word("s")),
                't' => Got::OutOfTime(word("t")),
                'e' => fault(713),
                'i' => fault(402),
                _ => fault(606),
            });
        }
        let said = end.map(|end| match end {
            End::Regular => "regular".to_owned(),
            End::Fault(at, fault) => format!("{} at {at}", fault.code),
            End::Silence(at, why) => format!("{why} at {at}"),
            End::Endless => "endless".to_owned(),
        });
        assert_eq!((said.as_deref(), walk.unreadable()), (expected, unreadable), "{script}");
    }

    #[test]
    fn a_bad_entry_is_passed_and_an_end_is_an_end() {
        check("e", Some("regular"), &[]);
        check("nnunne", Some("regular"), &[2]);
        check("nsne", Some("regular"), &[1]);
        check("nine", Some("regular"), &[1]);
        check("nniii", Some("402 at 2"), &[]);
        check("nuiii", Some("402 at 2"), &[1]);
        check("a", Some("606 at 0"), &[]);
        check("nnss", Some("s at 2"), &[]);
        check("nnst", Some("t at 3"), &[2]);
        check("nurn", None, &[1]);
        check(&format!("nu{}", "r".repeat(15)), Some("endless"), &[]);
        check(&format!("n{}", "u".repeat(16)), Some("endless"), &[]);
        check(&"n".repeat(MAX_ENTRIES as usize), Some("endless"), &[]);
    }
}
