//! Which moments of a storm are worth a message: that it has begun, that it is another's or of another cause than was told, that
//! it is over, and that it is back. Compares the verdicts of one snapshot with what it told before, so that a change that was
//! missed in between costs nothing. Writes no words, and knows no receiver.

use super::Snapshot;
use crate::model::notice::{Moment, Topic};
use crate::model::verdict::{Phase, Severity, Verdict};
use crate::model::{MacAddr, Time};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Storms remembered, so as not to be told of again; those that are over make room, the oldest first.
const MAX_TALES: usize = 256;
/// Other names told of one storm: what flaps between two says nothing more.
const MAX_CHANGES: u8 = 3;
/// The same storm within this time of its end is told as one that is back.
const RETURNS_WITHIN: Duration = Duration::from_secs(3600);
/// A warning that comes with every search is told once in this time.
const WARN_AGAIN_AFTER: Duration = Duration::from_secs(86_400);
/// A feed that is opened anew is no blindness; and after the start the feeds take some seconds.
const BLIND_AFTER: Duration = Duration::from_secs(60);

/// One moment that is worth a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// What it is about.
    pub topic: Topic,
    /// Which moment of it.
    pub moment: Moment,
    /// The same for all moments of one storm.
    pub key: Arc<str>,
    /// What is known; `None` where it is about no storm.
    pub verdict: Option<Arc<Verdict>>,
}

/// A storm that was told of.
#[derive(Clone, Debug)]
struct Tale {
    key: Arc<str>,
    id: Arc<str>,
    segment: Arc<str>,
    cause: &'static str,
    culprit: (Option<MacAddr>, Option<Arc<str>>),
    started: Time,
    /// When it was last seen under this name, or its end.
    seen: Time,
    open: bool,
    /// Somebody was told that it goes on.
    told: bool,
    changes: u8,
}

impl Tale {
    fn of(now: Time, verdict: &Verdict) -> Self {
        let open = verdict.phase != Phase::Over;
        Self {
            key: format!("{}/{}", verdict.segment, verdict.started.as_nanos()).into(),
            id: Arc::clone(&verdict.id),
            segment: Arc::clone(&verdict.segment),
            cause: verdict.cause,
            culprit: culprit(verdict),
            started: verdict.started,
            seen: if open { now } else { verdict.ended.unwrap_or(now) },
            open,
            told: false,
            changes: 0,
        }
    }
}

/// Who is blamed. A port alone is somebody as well; beside a MAC it is not, since it is often found only later.
fn culprit(verdict: &Verdict) -> (Option<MacAddr>, Option<Arc<str>>) {
    let party = verdict.culprit.as_ref();
    let mac = party.and_then(|party| party.mac);
    (mac, party.and_then(|party| party.port.clone()).filter(|_| mac.is_none()))
}

/// Whether a storm is to be told of at all: not while it is muted.
#[must_use]
pub const fn wanted(verdict: &Verdict) -> bool {
    !verdict.hushed()
}

/// What was told.
#[derive(Clone, Debug, Default)]
pub struct Teller {
    /// Oldest first.
    tales: Vec<Tale>,
    warned: BTreeMap<Arc<str>, Time>,
    blind_since: Option<Time>,
    blind_told: bool,
}

impl Teller {
    /// One that takes what is known at the start as told: the run before has done that.
    #[must_use]
    pub fn new(now: Time, known: &[Arc<Verdict>]) -> Self {
        let mut teller = Self::default();
        for verdict in oldest_first(known) {
            match verdict.severity {
                // The run before has told of it.
                Severity::Storm => teller.tales.push(Tale { told: wanted(verdict), ..Tale::of(now, verdict) }),
                Severity::Warning => drop(teller.warned.insert(Arc::clone(&verdict.id), verdict.detected)),
            }
        }
        teller
    }

    /// What is new in a snapshot. `now` is not earlier than in any call before.
    pub fn observe(&mut self, now: Time, snapshot: &Snapshot) -> Vec<Told> {
        let mut told = self.verdicts(now, &snapshot.verdicts);
        let sees = snapshot.feed_counts.iter().any(|(feed, count)| count.working > 0 && *feed != "discovery");
        told.extend(self.sight(now, sees));
        told
    }

    fn verdicts(&mut self, now: Time, verdicts: &[Arc<Verdict>]) -> Vec<Told> {
        let mut told = Vec::new();
        for verdict in oldest_first(verdicts) {
            match verdict.severity {
                Severity::Storm => {
                    let one = self.storm(now, verdict, verdicts);
                    told.extend(self.unless_muted(verdict, one));
                }
                Severity::Warning if wanted(verdict) => told.extend(self.warning(now, verdict)),
                Severity::Warning => {}
            }
        }
        self.make_room(now);
        told
    }

    fn storm(&mut self, now: Time, verdict: &Arc<Verdict>, all: &[Arc<Verdict>]) -> Option<Told> {
        let open = verdict.phase != Phase::Over;
        let tell = |moment, key: &Arc<str>| {
            Some(Told { topic: Topic::Storm, moment, key: Arc::clone(key), verdict: Some(Arc::clone(verdict)) })
        };
        let Some(index) = self.known(verdict).or_else(|| self.renamed(verdict, all)) else {
            if !open {
                // It came and went between two looks: its end says all there is to say.
                let tale = Tale::of(now, verdict);
                let key = Arc::clone(&tale.key);
                self.tales.push(tale);
                return tell(Moment::Over, &key);
            }
            let lately = |tale: &&Tale| tale.id == verdict.id && now.since(tale.seen) < RETURNS_WITHIN;
            let moment = if self.tales.iter().any(|tale| lately(&tale)) { Moment::Returned } else { Moment::Begun };
            let tale = Tale::of(now, verdict);
            let key = Arc::clone(&tale.key);
            self.tales.push(tale);
            return tell(moment, &key);
        };
        let tale = self.tales.get_mut(index)?;
        let was_open = tale.open;
        let other = tale.cause != verdict.cause || tale.culprit != culprit(verdict);
        (tale.id, tale.cause, tale.culprit) = (Arc::clone(&verdict.id), verdict.cause, culprit(verdict));
        (tale.segment, tale.started, tale.open) = (Arc::clone(&verdict.segment), verdict.started, open);
        tale.seen = if open { now } else { verdict.ended.unwrap_or(now) };
        let key = Arc::clone(&tale.key);
        match (was_open, open) {
            (true, false) => tell(Moment::Over, &key),
            (false, true) => tell(Moment::Returned, &key),
            (true, true) if other && tale.changes < MAX_CHANGES => {
                tale.changes += 1;
                tell(Moment::Changed, &key)
            }
            _ => None,
        }
    }

    /// A muted storm is followed all the same: its end is told to whoever was told that it had begun, and that it goes on to
    /// whoever was not, when the mute has ended.
    fn unless_muted(&mut self, verdict: &Arc<Verdict>, one: Option<Told>) -> Option<Told> {
        let index = self.known(verdict)?;
        let tale = &mut self.tales[index];
        let over = one.as_ref().is_some_and(|one| one.moment == Moment::Over);
        if !wanted(verdict) {
            return one.filter(|_| over && std::mem::take(&mut tale.told));
        }
        if one.is_none() && (tale.told || !tale.open) {
            return None;
        }
        let began = || Told {
            topic: Topic::Storm,
            moment: Moment::Begun,
            key: Arc::clone(&tale.key),
            verdict: Some(Arc::clone(verdict)),
        };
        let one = one.filter(|one| over || tale.told || one.moment != Moment::Changed).unwrap_or_else(began);
        tale.told = !over;
        Some(one)
    }

    /// The tale of a verdict: the same start, or the one that goes on under its id.
    fn known(&self, verdict: &Verdict) -> Option<usize> {
        let last =
            |test: &dyn Fn(&Tale) -> bool| self.tales.iter().rposition(|tale| tale.id == verdict.id && test(tale));
        last(&|tale| tale.started == verdict.started).or_else(|| last(&|tale| tale.open || verdict.started < tale.seen))
    }

    /// The tale of a storm that has another id now: it is open, nobody has its id any more, and what this one is began while
    /// that one went on.
    fn renamed(&self, verdict: &Verdict, all: &[Arc<Verdict>]) -> Option<usize> {
        let lost = |tale: &Tale| tale.open && all.iter().all(|known| known.id != tale.id);
        let mut found = self.tales.iter().enumerate().filter(|(_, tale)| lost(tale) && verdict.started <= tale.seen);
        let (first, _) = found.clone().next()?;
        Some(found.find(|(_, tale)| tale.segment == verdict.segment).map_or(first, |(index, _)| index))
    }

    fn warning(&mut self, now: Time, verdict: &Arc<Verdict>) -> Option<Told> {
        if verdict.phase == Phase::Over {
            return None;
        }
        let lately = self.warned.get(&verdict.id).is_some_and(|at| now.since(*at) < WARN_AGAIN_AFTER);
        if lately {
            return None;
        }
        self.warned.insert(Arc::clone(&verdict.id), now);
        let key = format!("warning/{}/{}", verdict.segment, verdict.started.as_nanos()).into();
        Some(Told { topic: Topic::Warning, moment: Moment::Once, key, verdict: Some(Arc::clone(verdict)) })
    }

    fn sight(&mut self, now: Time, sees: bool) -> Option<Told> {
        let tell = |moment| Some(Told { topic: Topic::Blind, moment, key: "blind".into(), verdict: None });
        if sees {
            self.blind_since = None;
            return if std::mem::take(&mut self.blind_told) { tell(Moment::Over) } else { None };
        }
        let since = *self.blind_since.get_or_insert(now);
        if self.blind_told || now.since(since) < BLIND_AFTER {
            return None;
        }
        self.blind_told = true;
        tell(Moment::Begun)
    }

    fn make_room(&mut self, now: Time) {
        while self.tales.len() > MAX_TALES {
            let oldest = self.tales.iter().position(|tale| !tale.open).unwrap_or(0);
            self.tales.remove(oldest);
        }
        self.warned.retain(|_, at| now.since(*at) < WARN_AGAIN_AFTER);
        while self.warned.len() > MAX_TALES {
            self.warned.pop_first();
        }
    }
}

fn oldest_first(verdicts: &[Arc<Verdict>]) -> Vec<&Arc<Verdict>> {
    let mut sorted = verdicts.iter().collect::<Vec<_>>();
    sorted.sort_by_key(|verdict| verdict.started);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::Protocol;
    use crate::model::note::{Note, NoteKind, Subject};
    use crate::model::verdict::Party;

    fn verdict(id: &str, started: i64, ended: Option<i64>, mac: Option<u8>) -> Arc<Verdict> {
        let mac = mac.map(|last| MacAddr([2, 0, 0, 0, 0, last]));
        Arc::new(Verdict {
            id: id.into(),
            segment: "eth0".into(),
            cause: "l3_reflector",
            severity: Severity::Storm,
            confidence: 1.0,
            phase: if ended.is_some() { Phase::Over } else { Phase::Active },
            started: Time::from_secs(started),
            ended: ended.map(Time::from_secs),
            detected: Time::from_secs(started),
            culprit: mac.map(|mac| Party { mac: Some(mac), ip: None, vendor: None, port: None, name: None }),
            origins: Vec::new(),
            groups: Vec::new(),
            protocol: Protocol::Ssdp,
            frames: 1,
            peak_pps: 1,
            current_pps: 1,
            sentence: String::new(),
            evidence: Vec::new(),
            remedy: Vec::new(),
            candidates: Vec::new(),
            lacks: Vec::new(),
            recording: None,
            acknowledged: None,
            muted: None,
        })
    }

    fn moments(teller: &mut Teller, at: i64, verdicts: &[Arc<Verdict>]) -> Vec<(Moment, String)> {
        let told = teller.verdicts(Time::from_secs(at), verdicts);
        told.into_iter().map(|told| (told.moment, told.key.to_string())).collect()
    }

    #[test]
    fn one_storm_begins_is_renamed_ends_and_returns() {
        let mut teller = Teller::default();
        let key = "eth0/10000000000".to_owned();
        assert_eq!(moments(&mut teller, 11, &[verdict("a", 10, None, None)]), [(Moment::Begun, key.clone())]);
        assert_eq!(moments(&mut teller, 12, &[verdict("a", 10, None, None)]), []);
        // Its culprit is known now, and its start is earlier than thought.
        assert_eq!(moments(&mut teller, 13, &[verdict("a-1", 9, None, Some(1))]), [(Moment::Changed, key.clone())]);
        let over = verdict("a-1", 9, Some(20), Some(1));
        assert_eq!(moments(&mut teller, 25, &[Arc::clone(&over)]), [(Moment::Over, key.clone())]);
        assert_eq!(moments(&mut teller, 26, &[Arc::clone(&over)]), []);
        // Within a minute the engine takes it for the same; later for another with the same name.
        assert_eq!(moments(&mut teller, 40, &[verdict("a-1", 9, None, Some(1))]), [(Moment::Returned, key.clone())]);
        assert_eq!(moments(&mut teller, 45, &[verdict("a-1", 9, Some(41), Some(1))]), [(Moment::Over, key)]);
        let again = [verdict("a-1", 9, Some(41), Some(1)), verdict("a-1", 900, None, Some(1))];
        assert_eq!(moments(&mut teller, 901, &again), [(Moment::Returned, "eth0/900000000000".to_owned())]);
    }

    #[test]
    fn two_culprits_in_turn_are_no_flood_of_messages() {
        let mut teller = Teller::default();
        let mut said = 0;
        for at in 0..100 {
            let who = (at % 2) as u8;
            said += moments(&mut teller, 10 + at, &[verdict(&format!("a-{who}"), 10, None, Some(who))]).len();
        }
        assert_eq!(said, 1 + usize::from(MAX_CHANGES));
    }

    #[test]
    fn the_past_is_not_told_again_but_its_end_is() {
        let known = [verdict("old", 1, Some(2), None), verdict("open", 5, None, Some(1))];
        let mut teller = Teller::new(Time::from_secs(50), &known);
        assert_eq!(moments(&mut teller, 51, &known), []);
        let now = [verdict("old", 1, Some(2), None), verdict("open", 5, Some(40), Some(1))];
        assert_eq!(moments(&mut teller, 52, &now), [(Moment::Over, "eth0/5000000000".to_owned())]);
    }

    #[test]
    fn blindness_is_told_after_a_minute_and_once() {
        let mut teller = Teller::default();
        let mut at = |second, sees| teller.sight(Time::from_secs(second), sees).map(|told| told.moment);
        assert_eq!(
            [at(0, false), at(59, false), at(60, false), at(61, false)],
            [None, None, Some(Moment::Begun), None]
        );
        assert_eq!([at(62, true), at(63, true), at(64, false), at(90, true)], [Some(Moment::Over), None, None, None]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut teller = Teller::default();
        for n in 0..2_000 {
            let _ = moments(&mut teller, n, &[verdict(&format!("s{n}"), n, Some(n), None)]);
        }
        assert_eq!(teller.tales.len(), MAX_TALES);
    }

    /// Until the mute ends nobody is told anything but the end of what was told before.
    #[test]
    fn a_muted_storm_is_silent_and_its_mute_hides_no_end() {
        let muted = |verdict: Arc<Verdict>| {
            let note = Note {
                id: "1".into(),
                kind: NoteKind::Mute,
                subject: Subject::Mac(MacAddr([2, 0, 0, 0, 0, 1])),
                by: "ann".into(),
                why: "known".into(),
                at: Time::from_secs(1),
                until: Some(Time::from_secs(9_999)),
                ended: None,
            };
            Arc::new(Verdict { muted: Some(Arc::new(note)), ..(*verdict).clone() })
        };
        let open = || verdict("a", 100, None, Some(1));
        let over = || verdict("a", 100, Some(200), Some(1));
        let names = |told: Vec<(Moment, String)>| told.into_iter().map(|(moment, _)| moment).collect::<Vec<_>>();
        let mut teller = Teller::default();
        let mut look = |at, verdict| names(moments(&mut teller, at, &[verdict]));
        assert_eq!(look(101, muted(open())), []);
        assert_eq!(look(150, muted(verdict("a", 100, None, Some(2)))), []);
        assert_eq!(look(160, open()), [Moment::Begun], "the mute has ended, and it goes on");
        assert_eq!(look(170, muted(open())), []);
        assert_eq!(look(201, muted(over())), [Moment::Over], "what was told to have begun has ended");
        assert_eq!(look(300, over()), []);

        let mut teller = Teller::default();
        let mut look = |at, verdict| names(moments(&mut teller, at, &[verdict]));
        assert_eq!(look(101, muted(open())), []);
        assert_eq!(look(201, muted(over())), []);
        assert_eq!(look(300, over()), [], "nobody was told that it had begun");
    }
}
