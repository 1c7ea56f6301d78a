//! Storms of earlier runs of the program. Those that were over stay over; one that went on when the program ended has a
//! while to show that it still does, and is then over since it was last seen. Knows no files.

use super::case::{Case, Cases, MAX_HISTORY};
use crate::explain::causes::Times;
use crate::model::Time;
use crate::model::history::Remembered;
use crate::model::verdict::{Phase, Verdict};
use std::sync::Arc;
use std::time::Duration;

/// A storm that goes on shows within this time of the start: a capture tells within a second, counters within a few polls,
/// whose interval is seldom more than ten seconds.
const SHOWS_WITHIN: Duration = Duration::from_secs(60);
/// After a longer absence nobody knows whether it went on or began anew.
const LONGEST_ABSENCE: Duration = Duration::from_secs(3600);

/// What is known of an open storm from an earlier run alone.
#[derive(Debug)]
pub(super) struct Earlier {
    /// When the last of it was seen.
    seen: Time,
    /// Until when it may show that it goes on.
    until: Time,
    /// Counters told of it, and no frames.
    by_counters: bool,
}

impl Case {
    /// An open storm of an earlier run that has not shown yet whether it goes on, nor had the time to.
    pub(super) fn waits(&mut self, now: Time) -> bool {
        let waits = self.earlier.as_ref().is_some_and(|earlier| self.last <= earlier.seen && now < earlier.until);
        if !waits {
            self.earlier = None;
        }
        waits
    }

    /// When it has waited long enough.
    pub(super) fn waits_until(&self) -> Option<Time> {
        self.earlier.as_ref().map(|earlier| earlier.until)
    }

    /// Only counters told of it, in an earlier run.
    pub(super) fn was_counted(&self) -> bool {
        self.open() && self.earlier.as_ref().is_some_and(|earlier| earlier.by_counters)
    }

    fn recalled(now: Time, past: Remembered, times: Times) -> Self {
        // The clock of a computer without a battery may be behind what it wrote before: what lies in the future would
        // never be older than anything new.
        let last = past.last_seen().min(now);
        let mut verdict = past.verdict;
        for time in [&mut verdict.started, &mut verdict.detected] {
            *time = (*time).min(now);
        }
        verdict.current_pps = 0;
        let lost = now.since(last) > LONGEST_ABSENCE;
        let open = verdict.phase != Phase::Over && !lost;
        verdict.phase = if open { Phase::Clearing } else { Phase::Over };
        verdict.ended = (!open).then_some(last);
        let by_counters = is_counted(&verdict);
        let earlier = open.then(|| Earlier { seen: last, until: now.plus(SHOWS_WITHIN), by_counters });
        let macs = verdict.culprit.iter().filter_map(|culprit| culprit.mac).collect();
        Self { verdict: Arc::new(verdict), macs, last, not_before: Time::MIN, times, counters: None, earlier }
    }
}

/// Whether no frame has told of it.
pub(super) fn is_counted(verdict: &Verdict) -> bool {
    !verdict.evidence.is_empty() && verdict.evidence.iter().all(|fact| fact.feed == "snmp")
}

impl Cases {
    /// Takes the storms of earlier runs, oldest first, as older than everything that is known. They are not counted among
    /// those begun since the start.
    pub(super) fn remember(&mut self, now: Time, past: Vec<Remembered>, times: &Times) {
        let room = MAX_HISTORY.saturating_sub(self.cases.len());
        let newest = past.into_iter().rev().take(room).collect::<Vec<_>>();
        let recalled = newest.into_iter().rev().map(|past| Case::recalled(now, past, *times)).collect::<Vec<_>>();
        self.cases.splice(0..0, recalled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Engine, Input, Settings, State};
    use crate::model::frames::Protocol;
    use crate::model::verdict::Severity;

    const NOW: Time = Time::from_secs(1_700_000_000);

    /// Known at `at` as not ended, since `started`.
    fn open(started: Time, at: Time) -> Remembered {
        let verdict = Verdict {
            id: "eth0-chatty_source".into(),
            severity: Severity::Storm,
            confidence: 0.9,
            started,
            detected: started,
            protocol: Protocol::Ssdp,
            frames: 10_000,
            peak_pps: 1_800,
            current_pps: 1_800,
            sentence: "A storm.".to_owned(),
            ..Verdict::blank("eth0".into(), "chatty_source")
        };
        Remembered { at, verdict, verified: false }
    }

    fn engine(past: Remembered) -> Engine {
        let mut engine = Engine::new(Settings::default());
        engine.handle(NOW, Input::Remembered(vec![past]));
        engine
    }

    #[test]
    fn a_storm_that_does_not_show_is_over_since_it_was_last_seen_and_searches_stay_stopped_for_a_day() {
        let second = Duration::from_secs(1);
        let seen = NOW.minus(second * 30);
        let mut engine = engine(open(NOW.minus(second * 90), seen));
        // Whether searches are allowed follows the state, which must not be quiet for a moment.
        for (after, state, phase) in [
            (0, State::Storm, Phase::Clearing),
            (59, State::Storm, Phase::Clearing),
            (61, State::Over, Phase::Over),
            (86_300, State::Over, Phase::Over),
            (86_401, State::Blind, Phase::Over),
        ] {
            let now = NOW.plus(second * after);
            engine.tick(now);
            let snapshot = engine.snapshot(now);
            assert_eq!((snapshot.state, snapshot.verdicts[0].phase), (state, phase), "{after} s later");
            assert!(engine.next_deadline().is_none_or(|deadline| deadline > now), "it does not spin");
        }
        let verdict = &engine.verdicts()[0];
        assert_eq!((verdict.ended, &*verdict.id), (Some(seen), "eth0-chatty_source"));
        assert!(engine.snapshot(NOW).storms_started.is_empty(), "it did not begin in this run");
    }

    #[test]
    fn after_a_long_absence_or_with_a_clock_that_is_behind_nothing_is_newer_than_now() {
        let hour = Duration::from_secs(3600);
        for (started, at, phase, ended) in [
            (NOW.minus(hour * 9), NOW.minus(hour * 8), Phase::Over, Some(NOW.minus(hour * 8))),
            (NOW.plus(hour * 8), NOW.plus(hour * 9), Phase::Clearing, None),
        ] {
            let engine = engine(open(started, at));
            let verdict = &engine.verdicts()[0];
            assert_eq!((verdict.phase, verdict.ended, verdict.started.min(NOW)), (phase, ended, verdict.started));
        }
    }
}
