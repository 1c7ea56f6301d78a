//! How soon a summary is due. Replicas are news that must not wait for the end of the second; a storm that goes on is
//! not. Reads no clock and keeps no frame.

use super::replica::Sight;
use crate::model::MacAddr;

/// A summary is due this long after the one before.
const USUAL_NANOS: u64 = 1_000_000_000;
/// And this long while there is news of replicas.
const URGENT_NANOS: u64 = 100_000_000;
/// Urgent summaries in a row. In its first second a storm is recognised and named, and each tenth of it tells more;
/// after that a second is soon enough, and ten judgements a second cost as much as a hundred thousand frames.
const IN_A_ROW: u32 = 10;
/// Senders of replicas remembered as no news.
const SENDERS: usize = 8;

/// The news of replicas since the last summary.
#[derive(Debug)]
pub(super) struct Urgency {
    fired: bool,
    /// Urgent summaries since replicas came from somebody new.
    told: u32,
    senders: [MacAddr; SENDERS],
    /// The oldest of them.
    next: usize,
}

impl Default for Urgency {
    fn default() -> Self {
        Self { fired: false, told: 0, senders: [MacAddr::ZERO; SENDERS], next: 0 }
    }
}

impl Urgency {
    /// Takes how a group frame from `source` was found.
    #[inline]
    pub(super) fn see(&mut self, sight: Sight, source: MacAddr) {
        match sight {
            Sight::New | Sight::Repeat => {}
            Sight::Fired => self.fired = true,
            Sight::Fires => self.fires(source),
        }
    }

    /// A datagram begins to circulate. That is no news from whom others come already.
    fn fires(&mut self, source: MacAddr) {
        self.fired = true;
        if !self.senders.contains(&source) {
            self.senders[self.next] = source;
            self.next = (self.next + 1) % SENDERS;
            self.told = 0;
        }
    }

    /// How long after the last summary the next one is due.
    #[inline]
    pub(super) fn due_after_nanos(&self) -> u64 {
        if self.fired && self.told < IN_A_ROW { URGENT_NANOS } else { USUAL_NANOS }
    }

    /// A summary has been made.
    pub(super) fn flushed(&mut self) {
        if self.fired {
            self.told = self.told.saturating_add(1);
        } else {
            // It has ended: what comes after is news, whoever sends it.
            *self = Self::default();
        }
        self.fired = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

    /// What a second storm from `source` makes of the time until the next summary.
    fn due(urgency: &mut Urgency, sight: Sight, source: MacAddr) -> u64 {
        urgency.see(sight, source);
        urgency.due_after_nanos()
    }

    #[test]
    fn a_storm_is_urgent_for_its_first_second() {
        let mut urgency = Urgency::default();
        assert_eq!(due(&mut urgency, Sight::New, ONE), USUAL_NANOS);
        assert_eq!(due(&mut urgency, Sight::Repeat, ONE), USUAL_NANOS);
        assert_eq!(due(&mut urgency, Sight::Fires, ONE), URGENT_NANOS);
        for _ in 0..IN_A_ROW {
            assert_eq!(due(&mut urgency, Sight::Fired, ONE), URGENT_NANOS);
            urgency.flushed();
        }
        assert_eq!(due(&mut urgency, Sight::Fired, ONE), USUAL_NANOS);
        assert_eq!(due(&mut urgency, Sight::Fires, ONE), USUAL_NANOS, "another datagram by the same sender");
        let two = MacAddr([2, 0, 0, 0, 0, 2]);
        assert_eq!(due(&mut urgency, Sight::Fires, two), URGENT_NANOS, "somebody else");
        urgency.flushed();
        assert_eq!(urgency.due_after_nanos(), USUAL_NANOS);
        urgency.flushed();
        assert_eq!(due(&mut urgency, Sight::Fires, ONE), URGENT_NANOS, "it had ended");
    }
}
