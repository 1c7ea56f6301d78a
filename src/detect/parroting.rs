//! How much of what a device says by mDNS another has just said, over a minute or two: a reflector that sends every question
//! back says hardly anything else, at rates that no storm has. Counts; blames nobody.

use crate::model::Time;
use std::time::Duration;

/// What is counted together; the stretch before it still speaks.
const STRETCH: Duration = Duration::from_secs(60);
/// So many messages of others, said again, are no chance.
const MIN_ECHOES: u32 = 10;
/// In so many different seconds: a burst is one or two.
const MIN_SECONDS: u32 = 5;
/// So many in a hundred of its messages are those of others. A host that hears its own question from another does not ask it
/// (RFC 6762, 7.3).
const MOSTLY_PERCENT: u32 = 90;

/// Messages, of these the repeated ones, and the seconds in which there were any of those.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    said: u32,
    echoes: u32,
    seconds: u32,
}

/// The messages of one device.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parroting {
    since: Time,
    second: i64,
    present: Count,
    before: Count,
}

impl Parroting {
    /// Adds messages up to `at`.
    pub fn add(&mut self, at: Time, said: u64, echoes: u64) {
        let age = at.since(self.since);
        if age >= STRETCH {
            self.before = if age < STRETCH * 2 { self.present } else { Count::default() };
            (self.present, self.since) = (Count::default(), at);
        }
        let few = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let present = &mut self.present;
        present.said = present.said.saturating_add(few(said));
        present.echoes = present.echoes.saturating_add(few(echoes));
        let second = at.as_nanos().div_euclid(1_000_000_000);
        if echoes > 0 && second != self.second {
            self.second = second;
            present.seconds = present.seconds.saturating_add(1);
        }
    }

    /// Messages of others that it has said again, lately, and all that it said.
    #[must_use]
    pub fn lately(&self) -> (u32, u32) {
        let sum = |one: u32, other: u32| one.saturating_add(other);
        (sum(self.present.echoes, self.before.echoes), sum(self.present.said, self.before.said))
    }

    /// It says again what others say, and nothing else.
    #[must_use]
    pub fn is_all_it_says(&self) -> bool {
        let (echoes, said) = self.lately();
        let seconds = self.present.seconds.saturating_add(self.before.seconds);
        let mostly = u64::from(echoes) * 100 >= u64::from(said) * u64::from(MOSTLY_PERCENT);
        echoes >= MIN_ECHOES && seconds >= MIN_SECONDS && mostly
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reflector_is_told_from_a_host_that_asks_the_same_now_and_then() {
        // Seconds, messages and repeated ones in each, and whether that is all it says.
        for (seconds, said, echoes, expected) in [
            (10, 1, 1, true),
            (9, 1, 1, false),
            (5, 2, 2, true),
            (2, 20, 20, false),
            (60, 5, 4, false),
            (60, 1, 0, false),
        ] {
            let mut parroting = Parroting::default();
            for second in 0..seconds {
                parroting.add(Time::from_secs(1_000 + second), said, echoes);
            }
            assert_eq!(parroting.is_all_it_says(), expected, "{seconds} s of {echoes} in {said}");
            parroting.add(Time::from_secs(2_000), 1, 0);
            assert!(!parroting.is_all_it_says(), "what was long ago says nothing");
        }
    }
}
