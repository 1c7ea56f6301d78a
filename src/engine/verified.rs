//! Storms that are over and of which somebody has checked that they do not come back. Checks nothing itself.

use super::Engine;
use crate::model::Time;
use crate::model::history::Remembered;
use crate::model::verdict::{Phase, Verdict};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A storm by its id and its start: the same cause may come again.
pub type StormKey = (Arc<str>, Time);

impl Engine {
    /// Storms and warnings that had ended by `at`.
    fn over(&self, at: Time) -> BTreeSet<StormKey> {
        let ended = |verdict: &Arc<Verdict>| verdict.phase == Phase::Over && verdict.ended.is_some_and(|end| end <= at);
        let over = self.cases.verdicts().into_iter().filter(ended);
        over.map(|verdict| (Arc::clone(&verdict.id), verdict.started)).collect()
    }

    /// What an earlier run knew, and had verified, as far as it is still remembered as over; `now`: a time that lay in the future then
    /// has become that.
    pub(super) fn recall(&mut self, now: Time, past: Vec<Remembered>) {
        let verified = past.iter().filter(|past| past.verified);
        let verified = verified.map(|past| (Arc::clone(&past.verdict.id), past.verdict.started.min(now)));
        let verified = verified.collect::<Vec<_>>();
        self.cases.remember(now, past, &self.settings.times);
        let over = self.over(now);
        self.verified.extend(verified.into_iter().filter(|key| over.contains(key)));
    }

    /// Bounded by the verdicts that there are. It is written to the disk with them within a minute: a program that is killed
    /// before knows less when it is started again, and says so.
    pub(super) fn verify(&mut self, at: Time) {
        self.verified = self.over(at);
    }

    /// One that has come back has to be verified anew.
    pub(super) fn keep_verified(&mut self, now: Time) {
        if !self.verified.is_empty() {
            let over = self.over(now);
            self.verified.retain(|key| over.contains(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Input, Settings, State};
    use crate::model::verdict::Severity;
    use std::time::Duration;

    const NOW: Time = Time::from_secs(1_700_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn over(id: &str, ended: Time) -> Remembered {
        let verdict = Verdict {
            id: id.into(),
            severity: Severity::Storm,
            phase: Phase::Over,
            started: ended.minus(HOUR),
            ended: Some(ended),
            ..Verdict::blank("eth0".into(), "chatty_source")
        };
        Remembered { at: ended, verdict, verified: false }
    }

    /// The engine that is started after another has ended, with what that one knew.
    fn started_again(engine: &Engine, now: Time) -> Engine {
        let snapshot = engine.snapshot(NOW);
        let verified = |verdict: &Verdict| snapshot.is_verified(verdict);
        let past = snapshot.verdicts.iter().rev();
        let past = past.map(|v| Remembered { at: NOW, verdict: (**v).clone(), verified: verified(v) }).collect();
        let mut next = Engine::new(Settings::default());
        next.handle(now, Input::Remembered(past));
        next.tick(now);
        next
    }

    #[test]
    fn what_was_verified_stays_verified_when_the_program_is_started_again() {
        let mut first = Engine::new(Settings::default());
        let ends = [("early", NOW.minus(HOUR * 2)), ("late", NOW.minus(HOUR))];
        first.handle(NOW, Input::Remembered(ends.map(|(id, ended)| over(id, ended)).to_vec()));
        let state = |engine: &Engine, now| engine.snapshot(now).state;
        assert_eq!(state(&started_again(&first, NOW), NOW), State::Over, "nobody has verified it");
        first.handle(NOW, Input::Verified(NOW.minus(HOUR + HOUR / 2)));
        let second = started_again(&first, NOW);
        let verified = |engine: &Engine| engine.verified.iter().map(|(id, _)| id.to_string()).collect::<Vec<_>>();
        assert_eq!((verified(&second), state(&second, NOW)), (vec!["early".to_owned()], State::Over));
        first.handle(NOW, Input::Verified(NOW));
        let third = started_again(&first, NOW);
        assert_eq!(verified(&third), ["early", "late"]);
        assert_ne!(state(&third, NOW), State::Over);
        // A clock that is behind what was written: the storms began in the future, and are verified all the same.
        assert_eq!(verified(&started_again(&third, NOW.minus(HOUR * 9))), ["early", "late"]);
    }
}
