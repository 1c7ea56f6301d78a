//! Messages on their way: which is due, what is tried again when, what has become one message meanwhile, and what is left out.
//! A storm's start and end that could not be told in between become one message in the past tense. Sends nothing, reads no
//! clock and throws no dice: time and chance are arguments.

use crate::model::Time;
use crate::model::notice::{Moment, Notice, Outcome, Topic};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Messages that wait, of all channels together.
pub const MAX_WAITING: usize = 256;
/// About the bytes of all that wait.
pub const MAX_BYTES: usize = 1 << 20;
/// Messages of one channel in an hour; ends are not counted, since each belongs to a start that was told.
pub const MAX_PER_HOUR: usize = 12;
/// What is told begins with what is known two seconds later: mostly the switch port, and the name of the device.
pub const SETTLE: Duration = Duration::from_secs(2);
/// A storm that is over for less may flicker.
pub const SETTLE_OVER: Duration = Duration::from_secs(10);
/// News that old is none.
pub const EXPIRES: Duration = Duration::from_secs(86_400);
/// What began before the program was started again waits until the engine has seen whether it goes on: a minute (see
/// `memory.rs`), and some seconds for the end to be told.
pub const RESUMES: Duration = Duration::from_secs(75);
/// First and longest pause between attempts. A storm that ends should be told of within a minute of its end.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A receiver that asks for more patience gets as much as this.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);
/// What a receiver refuses for good (a wrong address or password) is tried again for the case that somebody mends it.
const AFTER_REFUSAL: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);
/// Starts remembered that were left out, whose ends are left out with them.
const MAX_SKIPPED: usize = 256;

/// A message that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    id: u64,
    /// For whom.
    pub channel: Arc<str>,
    /// A start, a change, or what has no duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Notice>,
    /// An end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Notice>,
    tries: u32,
    #[serde(skip)]
    due: Time,
    #[serde(skip)]
    flying: bool,
}

impl Parcel {
    fn key(&self) -> Option<&Arc<str>> {
        self.begun.as_ref().or(self.over.as_ref()).map(|notice| &notice.key)
    }

    fn born(&self) -> Time {
        self.begun.as_ref().or(self.over.as_ref()).map_or(Time::MIN, |notice| notice.at)
    }

    fn weight(&self) -> usize {
        self.begun.iter().chain(&self.over).map(Notice::weight).sum()
    }

    /// The first to make room: what is no storm, then what waits longest.
    fn rank(&self) -> (bool, Time) {
        let storm = self.begun.iter().chain(&self.over).any(|notice| notice.topic == Topic::Storm);
        (storm, self.born())
    }
}

/// A message to be sent now. Whoever takes it says what became of it by [`Outbox::ended`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// For [`Outbox::ended`].
    pub id: u64,
    /// For whom.
    pub channel: Arc<str>,
    /// A start, a change, or what has no duration; `None` where only the end is left to tell.
    pub begun: Option<Notice>,
    /// The end. With a start: both have become one message.
    pub over: Option<Notice>,
    /// Messages of this channel that were left out since the last that was delivered.
    pub left_out: u64,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was taken.
    Delivered,
    /// It was not.
    Failed {
        /// Where in the span of the next pause.
        chance: Chance,
        /// What the receiver asks for.
        retry_after: Option<Duration>,
        /// It will not be taken before somebody mends something.
        refused: bool,
    },
}

/// A share from 0 to 1, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance(pub u16);

/// All messages that wait.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    parcels: Vec<Parcel>,
    next: u64,
    /// When messages of a channel were put in within the last hour.
    lately: BTreeMap<Arc<str>, VecDeque<Time>>,
    left_out: BTreeMap<Arc<str>, u64>,
    /// Starts that were left out, by channel and key.
    skipped: BTreeSet<(Arc<str>, Arc<str>)>,
    counts: BTreeMap<(Arc<str>, Outcome), u64>,
}

impl Outbox {
    /// With what an earlier run has left.
    #[must_use]
    pub fn resume(now: Time, parcels: Vec<Parcel>) -> Self {
        let mut outbox = Self::default();
        for mut parcel in parcels.into_iter().take(MAX_WAITING) {
            let open = parcel.over.is_none() && parcel.begun.as_ref().is_some_and(|notice| notice.moment.opens());
            (parcel.due, parcel.flying) = (if open { now.plus(RESUMES) } else { now }, false);
            // Another run's attempts say nothing of this one's receivers.
            parcel.tries = 0;
            outbox.next += 1;
            parcel.id = outbox.next;
            outbox.parcels.push(parcel);
        }
        outbox
    }

    /// All that wait, oldest first: what goes to the disk.
    #[must_use]
    pub fn parcels(&self) -> &[Parcel] {
        &self.parcels
    }

    /// What became of messages since the start, by channel.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<(Arc<str>, Outcome), u64> {
        &self.counts
    }

    /// Counts what happened outside: an attempt at a sign of life.
    pub fn count(&mut self, channel: &Arc<str>, outcome: Outcome) {
        *self.counts.entry((Arc::clone(channel), outcome)).or_default() += 1;
    }

    /// How many wait for a channel.
    #[must_use]
    pub fn waiting(&self, channel: &str) -> u64 {
        self.parcels.iter().filter(|parcel| *parcel.channel == *channel).count() as u64
    }

    /// Takes a notice for a channel.
    pub fn put(&mut self, now: Time, channel: &Arc<str>, notice: Notice) {
        match notice.moment {
            Moment::Over => self.over(now, channel, notice),
            Moment::Once => {
                if self.may_speak(now, channel) {
                    self.push(now, channel, (Some(notice), None));
                }
            }
            Moment::Begun | Moment::Changed | Moment::Returned => self.opens(now, channel, notice),
        }
        self.make_room();
    }

    fn opens(&mut self, now: Time, channel: &Arc<str>, notice: Notice) {
        let waiting = self.find(channel, &notice.key);
        let Some(index) = waiting else {
            if self.may_speak(now, channel) {
                self.push(now.plus(SETTLE), channel, (Some(notice), None));
            } else if self.skipped.len() < MAX_SKIPPED {
                self.skipped.insert((Arc::clone(channel), notice.key));
            }
            return;
        };
        let parcel = &mut self.parcels[index];
        parcel.over = None;
        match (&parcel.begun, notice.moment) {
            // Its end was not told yet, and it goes on: there is nothing to say.
            (None, Moment::Returned) => drop(self.parcels.remove(index)),
            (None, _) => parcel.begun = Some(notice),
            (Some(known), _) => {
                let (at, moment) = (known.at, known.moment);
                // Still the first that is told of it.
                let moment = if notice.moment == Moment::Returned { Moment::Returned } else { moment };
                parcel.begun = Some(Notice { at, moment, ..notice });
                // It has shown that it goes on: an earlier run's message need not wait for that.
                parcel.due = parcel.due.min(now.plus(SETTLE));
            }
        }
    }

    fn over(&mut self, now: Time, channel: &Arc<str>, notice: Notice) {
        if self.skipped.remove(&(Arc::clone(channel), Arc::clone(&notice.key))) {
            return;
        }
        match self.find(channel, &notice.key) {
            Some(index) => {
                let parcel = &mut self.parcels[index];
                parcel.over = Some(notice);
                parcel.due = parcel.due.min(now.plus(SETTLE_OVER));
            }
            None => self.push(now.plus(SETTLE_OVER), channel, (None, Some(notice))),
        }
    }

    /// The last that waits for a channel and is about this; not one that is under way.
    fn find(&self, channel: &str, key: &str) -> Option<usize> {
        let about = |parcel: &Parcel| parcel.key().is_some_and(|known| **known == *key);
        self.parcels.iter().rposition(|parcel| *parcel.channel == *channel && !parcel.flying && about(parcel))
    }

    fn push(&mut self, due: Time, channel: &Arc<str>, (begun, over): (Option<Notice>, Option<Notice>)) {
        self.next += 1;
        let channel = Arc::clone(channel);
        self.parcels.push(Parcel { id: self.next, channel, begun, over, tries: 0, due, flying: false });
    }

    /// Counts one more message of the hour, or leaves it out.
    fn may_speak(&mut self, now: Time, channel: &Arc<str>) -> bool {
        let lately = self.lately.entry(Arc::clone(channel)).or_default();
        while lately.front().is_some_and(|at| now.since(*at) >= HOUR) {
            lately.pop_front();
        }
        let may = lately.len() < MAX_PER_HOUR;
        if may {
            lately.push_back(now);
        } else {
            self.leave_out(&Arc::clone(channel), Outcome::Dropped);
        }
        may
    }

    fn leave_out(&mut self, channel: &Arc<str>, outcome: Outcome) {
        *self.left_out.entry(Arc::clone(channel)).or_default() += 1;
        self.count(channel, outcome);
    }

    fn make_room(&mut self) {
        while self.parcels.len() > MAX_WAITING || self.parcels.iter().map(Parcel::weight).sum::<usize>() > MAX_BYTES {
            let waiting = self.parcels.iter().enumerate().filter(|(_, parcel)| !parcel.flying);
            let Some((index, _)) = waiting.min_by_key(|(_, parcel)| parcel.rank()) else { return };
            let parcel = self.parcels.remove(index);
            self.leave_out(&parcel.channel, Outcome::Dropped);
        }
    }

    /// The next message that is due, of a channel that is not busy; what has waited for too long is given up.
    pub fn poll(&mut self, now: Time) -> Option<Delivery> {
        self.expire(now);
        let index = (0..self.parcels.len()).filter(|index| self.may_fly(*index) && self.parcels[*index].due <= now);
        let index = index.min_by_key(|index| (self.parcels[*index].due, self.parcels[*index].id))?;
        self.parcels[index].flying = true;
        Some(self.delivery(index))
    }

    /// Its channel is idle, and nothing older is about the same.
    fn may_fly(&self, index: usize) -> bool {
        let parcel = &self.parcels[index];
        let busy = self.parcels.iter().any(|other| other.flying && other.channel == parcel.channel);
        let earlier = self.parcels[..index].iter();
        !busy && !earlier.clone().any(|other| other.channel == parcel.channel && other.key() == parcel.key())
    }

    /// When [`Outbox::poll`] may have something; `None`: not before something is put in or ends.
    #[must_use]
    pub fn next_due(&self) -> Option<Time> {
        (0..self.parcels.len()).filter(|index| self.may_fly(*index)).map(|index| self.parcels[index].due).min()
    }

    /// A delivery that is under way and of which nothing was said yet, with what came in about the same meanwhile; `None`: nothing
    /// did. Whoever waits for a receiver to answer tells it what is so then, not what was so when it began to wait.
    pub fn amend(&mut self, id: u64) -> Option<Delivery> {
        let index = self.parcels.iter().position(|parcel| parcel.id == id && parcel.flying)?;
        let before = self.parcels.len();
        self.join(index);
        (self.parcels.len() < before).then(|| self.delivery(index))
    }

    fn delivery(&self, index: usize) -> Delivery {
        let parcel = &self.parcels[index];
        Delivery {
            id: parcel.id,
            channel: Arc::clone(&parcel.channel),
            begun: parcel.begun.clone(),
            over: parcel.over.clone(),
            left_out: self.left_out.get(&parcel.channel).copied().unwrap_or(0),
        }
    }

    /// What became of a delivery.
    pub fn ended(&mut self, now: Time, id: u64, ended: Ended) {
        let Some(index) = self.parcels.iter().position(|parcel| parcel.id == id && parcel.flying) else { return };
        let channel = Arc::clone(&self.parcels[index].channel);
        match ended {
            Ended::Delivered => {
                self.parcels.remove(index);
                self.left_out.remove(&channel);
                self.count(&channel, Outcome::Delivered);
                // It works again: whoever waits for its pause to end need not. What was never tried keeps its time.
                for parcel in self.parcels.iter_mut().filter(|parcel| parcel.channel == channel && parcel.tries > 0) {
                    parcel.due = parcel.due.min(now);
                }
            }
            Ended::Failed { chance, retry_after, refused } => {
                self.count(&channel, Outcome::Failed);
                let parcel = &mut self.parcels[index];
                parcel.flying = false;
                parcel.tries = parcel.tries.saturating_add(1);
                let pause = if refused { AFTER_REFUSAL } else { pause(parcel.tries) };
                // From half of the pause to all of it: receivers of many are not asked by all at once.
                let pause = pause / 2 + pause / 2 * u32::from(chance.0.min(1000)) / 1000;
                parcel.due = now.plus(pause.max(retry_after.unwrap_or_default().min(LONGEST_ASKED)));
                self.join(index);
            }
        }
    }

    /// What came in about the same while this one was under way becomes one with it.
    fn join(&mut self, index: usize) {
        let (channel, key) = (Arc::clone(&self.parcels[index].channel), self.parcels[index].key().cloned());
        let same = |parcel: &Parcel| parcel.channel == channel && parcel.key() == key.as_ref();
        while let Some(later) = (index + 1..self.parcels.len()).find(|later| same(&self.parcels[*later])) {
            let later = self.parcels.remove(later);
            let parcel = &mut self.parcels[index];
            if let Some(newer) = later.begun {
                let first = parcel.begun.as_ref();
                let (at, moment) = first.map_or((newer.at, newer.moment), |first| (first.at, first.moment));
                (parcel.begun, parcel.over) = (Some(Notice { at, moment, ..newer }), None);
            }
            if later.over.is_some() {
                parcel.over = later.over;
            }
        }
    }

    fn expire(&mut self, now: Time) {
        let old = |parcel: &Parcel| {
            let newest = parcel.begun.iter().chain(&parcel.over).map(|notice| notice.at).max();
            !parcel.flying && newest.is_none_or(|at| now.since(at) >= EXPIRES)
        };
        while let Some(index) = self.parcels.iter().position(old) {
            let parcel = self.parcels.remove(index);
            self.leave_out(&parcel.channel, Outcome::Expired);
        }
    }

    /// Gives up what is for a channel that there is no more.
    pub fn retain(&mut self, channels: &BTreeSet<Arc<str>>) {
        for parcel in self.parcels.iter().filter(|parcel| !channels.contains(&parcel.channel)) {
            *self.counts.entry((Arc::clone(&parcel.channel), Outcome::Dropped)).or_default() += 1;
        }
        self.parcels.retain(|parcel| channels.contains(&parcel.channel));
        self.left_out.retain(|channel, _| channels.contains(channel));
        self.lately.retain(|channel, _| channels.contains(channel));
        self.skipped.retain(|(channel, _)| channels.contains(channel));
    }

    /// Whoever is configured anew may have been mended: what waits for a pause to end is tried at once.
    pub fn hurry(&mut self, now: Time) {
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.tries > 0) {
            parcel.due = parcel.due.min(now);
        }
    }
}

fn pause(tries: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(8)).min(LONGEST_PAUSE)
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
