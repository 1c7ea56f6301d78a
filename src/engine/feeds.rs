//! Which sources of facts work and which do not: ten thousand targets are as quick to sum up as one. Knows what a feed
//! says of itself and nothing of what it brings.

use crate::model::Time;
use crate::model::observation::Poll;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Feeds kept: interfaces, targets and searches.
const MAX_FEEDS: usize = 16_384;
/// Feeds listed in a snapshot that fail, and as many that work.
pub(super) const MAX_LISTED: usize = 64;

/// Whether one source of facts works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FeedStatus {
    /// `capture`, `snmp` or `discovery`.
    pub feed: &'static str,
    /// Interface or target.
    pub name: Arc<str>,
    /// It works.
    pub ok: bool,
    /// What is wrong and what to do, or what it sees; empty where there is nothing to say.
    pub message: String,
    /// When it last worked.
    pub last_success: Option<Time>,
}

/// Whether a feed works, without its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// `capture`, `snmp` or `discovery`.
    pub feed: &'static str,
    /// Interface or target.
    pub name: Arc<str>,
    /// It works.
    pub ok: bool,
}

/// All feeds of one kind together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedCount {
    /// How many work.
    pub working: usize,
    /// How many do not.
    pub failing: usize,
    /// When one of them last worked.
    pub last_success: Option<Time>,
}

type Key = (&'static str, Arc<str>);

/// All feeds.
#[derive(Debug, Default)]
pub struct Feeds {
    working: BTreeMap<Key, Arc<FeedStatus>>,
    failing: BTreeMap<Key, Arc<FeedStatus>>,
    counts: BTreeMap<&'static str, FeedCount>,
    refused: u64,
}

impl Feeds {
    /// Takes what a feed says of itself.
    pub(super) fn report(&mut self, status: FeedStatus) {
        let (feed, name) = (status.feed, Arc::clone(&status.name));
        self.put((feed, name), status.ok, status.last_success, || status.message);
    }

    /// A poll says by itself whether its target works.
    pub(super) fn polled(&mut self, poll: &Poll) {
        match poll {
            Poll::Answered(sample) => {
                self.put(("snmp", Arc::clone(&sample.target)), true, Some(sample.at), String::new);
            }
            Poll::Gap(gap) => self.put(("snmp", Arc::clone(&gap.target)), false, None, || gap.message.clone()),
        }
    }

    fn put(&mut self, key: Key, ok: bool, at: Option<Time>, message: impl FnOnce() -> String) {
        let (mine, other) =
            if ok { (&mut self.working, &mut self.failing) } else { (&mut self.failing, &mut self.working) };
        let moved = other.remove(&key);
        let count = self.counts.entry(key.0).or_default();
        count.last_success = count.last_success.max(at);
        if moved.is_none() && !mine.contains_key(&key) && mine.len() + other.len() >= MAX_FEEDS {
            self.refused += 1;
            return;
        }
        if moved.is_some() {
            *(if ok { &mut count.failing } else { &mut count.working }) -= 1;
        }
        let known = mine.entry(key).or_insert_with_key(|(feed, name)| {
            *(if ok { &mut count.working } else { &mut count.failing }) += 1;
            // One that fails has worked before: since when it does not is what an alert asks.
            let last_success = moved.and_then(|before| before.last_success);
            Arc::new(FeedStatus { feed, name: Arc::clone(name), ok, message: String::new(), last_success })
        });
        let known = Arc::make_mut(known);
        known.message = message();
        known.last_success = at.or(known.last_success);
    }

    /// Forgets a feed.
    pub(super) fn gone(&mut self, feed: &'static str, name: Arc<str>) {
        let key = (feed, name);
        let Some(count) = self.counts.get_mut(feed) else { return };
        count.working -= usize::from(self.working.remove(&key).is_some());
        count.failing -= usize::from(self.failing.remove(&key).is_some());
        if count.working + count.failing == 0 {
            self.counts.remove(feed);
        }
    }

    /// Forgets the feeds of targets that are not wanted any more.
    pub(super) fn retain_targets(&mut self, wanted: impl Fn(&str) -> bool) {
        let all = self.working.keys().chain(self.failing.keys());
        let gone = all.filter(|(feed, name)| *feed == "snmp" && !wanted(name)).cloned().collect::<Vec<_>>();
        for (feed, name) in gone {
            self.gone(feed, name);
        }
    }

    /// All of them, those that fail first.
    pub fn all(&self) -> impl Iterator<Item = &FeedStatus> {
        self.failing.values().chain(self.working.values()).map(|status| &**status)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.working.len() + self.failing.len()
    }

    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds to `into` the next feeds `after` one, `most` at most, in an order that does not depend on which of them work:
    /// whoever reads them bit by bit reads none twice.
    pub fn coverage_after(&self, after: Option<&Coverage>, most: usize, into: &mut Vec<Coverage>) {
        let from = after.map_or(Bound::Unbounded, |last| Bound::Excluded((last.feed, Arc::clone(&last.name))));
        let range = (from, Bound::Unbounded);
        let mut working = self.working.range(range.clone()).peekable();
        let mut failing = self.failing.range(range).peekable();
        for _ in 0..most {
            let ok = match (working.peek(), failing.peek()) {
                (Some((one, _)), Some((other, _))) => one < other,
                (one, _) => one.is_some(),
            };
            let Some(((feed, name), _)) = (if ok { working.next() } else { failing.next() }) else { return };
            into.push(Coverage { feed, name: Arc::clone(name), ok });
        }
    }

    /// Names of those of a kind that work, in order.
    pub(super) fn working(&self, feed: &'static str) -> impl Iterator<Item = &str> {
        let rest = self.working.range((feed, Arc::from(""))..);
        rest.take_while(move |((kind, _), _)| *kind == feed).map(|((_, name), _)| &**name)
    }

    /// At most [`MAX_LISTED`] that fail, then as many that work.
    pub(super) fn listed(&self) -> Vec<Arc<FeedStatus>> {
        let failing = self.failing.values().take(MAX_LISTED);
        failing.chain(self.working.values().take(MAX_LISTED)).cloned().collect()
    }

    /// How many work and how many do not, by kind.
    #[must_use]
    pub const fn counts(&self) -> &BTreeMap<&'static str, FeedCount> {
        &self.counts
    }

    /// Feeds that found no room.
    pub(super) const fn refused(&self) -> u64 {
        self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::observation::Gap;

    fn status(feed: &'static str, name: &str, ok: bool, at: Option<i64>) -> FeedStatus {
        let message = if ok { "" } else { "broken" }.to_owned();
        FeedStatus { feed, name: name.into(), ok, message, last_success: at.map(Time::from_secs) }
    }

    #[test]
    fn counts_and_lists_follow_every_change() {
        let mut feeds = Feeds::default();
        feeds.report(status("capture", "eth0", true, Some(5)));
        for n in 0..200 {
            feeds.report(status("snmp", &format!("s{n:03}"), n % 2 == 0, Some(n)));
        }
        let count = feeds.counts()["snmp"];
        assert_eq!((count.working, count.failing, count.last_success), (100, 100, Some(Time::from_secs(199))));
        let listed = feeds.listed();
        assert!(listed[..MAX_LISTED].iter().all(|feed| !feed.ok) && listed[MAX_LISTED..].iter().all(|feed| feed.ok));
        assert_eq!((listed.len(), &*listed[MAX_LISTED].name), (2 * MAX_LISTED, "eth0"));
        // One that fails keeps the time of its last success, and one that recovers loses its message.
        let gap = Gap { target: "s000".into(), at: Time::from_secs(300), reason: "timeout", message: "no".to_owned() };
        feeds.polled(&Poll::Gap(gap));
        let failed = feeds.all().find(|feed| &*feed.name == "s000").expect("kept");
        assert_eq!((failed.ok, &*failed.message, failed.last_success), (false, "no", Some(Time::from_secs(0))));
        feeds.report(status("snmp", "s000", true, Some(400)));
        let mended = feeds.all().find(|feed| &*feed.name == "s000").expect("kept");
        assert_eq!((mended.ok, &*mended.message, mended.last_success), (true, "", Some(Time::from_secs(400))));
        feeds.retain_targets(|name| name == "s001");
        let count = feeds.counts()["snmp"];
        assert_eq!((count.working, count.failing, feeds.all().count()), (0, 1, 2));
        feeds.gone("capture", "eth0".into());
        assert!(!feeds.counts().contains_key("capture"));
    }

    #[test]
    fn feeds_are_bounded() {
        let mut feeds = Feeds::default();
        for n in 0..MAX_FEEDS + 3 {
            feeds.report(status("snmp", &n.to_string(), true, None));
        }
        assert_eq!((feeds.all().count(), feeds.refused(), feeds.counts()["snmp"].working), (MAX_FEEDS, 3, MAX_FEEDS));
    }
}
