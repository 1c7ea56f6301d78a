//! Decides which announcements lead to a fetch, and when: an announcement costs its sender nothing, so that a flood of
//! them must not become a flood of HTTP requests. Fetches nothing; time comes with each call.

use crate::model::Time;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

/// Descriptions known or waited for.
pub const MAX_PLACES: usize = 1024;
/// Fetches that wait.
pub const MAX_WAITING: usize = 64;
/// Fetches at once.
pub const MAX_RUNNING: usize = 4;
/// Fetches that one address can cause in [`AGAIN_AFTER`]: a NAS with media servers has 6 descriptions.
pub const MAX_PER_SOURCE: u32 = 8;
/// One device's description is not fetched again before this.
pub const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// A description this old is fetched again at the next announcement: names change.
pub const REREAD_AFTER: Duration = Duration::from_secs(3600);
/// Between the starts of two fetches.
pub const PACE: Duration = Duration::from_millis(100);
/// Between two searches for room.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Bounds of an announcement's life: the standard's shortest is 1,800 s (UPnP Device Architecture 2.0, 1.2.2), some
/// send less; more than a day is a mistake.
pub const LIFE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(86_400));
/// Life of an announcement that names none.
pub const DEFAULT_LIFE: Duration = Duration::from_secs(1800);

/// How long an announcement with this `max-age` is valid.
#[must_use]
pub fn life(max_age_seconds: Option<u32>) -> Duration {
    max_age_seconds.map_or(DEFAULT_LIFE, |seconds| Duration::from_secs(seconds.into()).clamp(LIFE.0, LIFE.1))
}

/// Where a description is: its URL, and the interface that it was announced on.
pub type Place = (String, u32);

/// An announcement of a device that is here.
#[derive(Clone, Debug)]
pub struct Alive<T> {
    /// Where its description is.
    pub place: Place,
    /// The UDN that it announces, root device's or an embedded one's.
    pub udn: String,
    /// It announces the root device itself.
    pub root: bool,
    /// `ssdp:update`: something has changed.
    pub update: bool,
    /// Who sent it.
    pub source: IpAddr,
    /// What the fetch needs.
    pub cargo: T,
}

/// What follows from an announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// The device is known by this UDN and needs no fetch.
    Known(String),
    /// A fetch waits, or runs, or has just failed.
    Waiting,
    /// Not followed, for this reason.
    Refused(&'static str),
}

#[derive(Clone, Debug)]
struct Known<T> {
    /// UDN of the root device, from the description.
    described: Option<String>,
    /// The same, from an announcement, for a description that cannot be read.
    announced: String,
    read: Option<Time>,
    tried: Option<Time>,
    /// When it may be fetched, if it is to be.
    due: Option<Time>,
    running: bool,
    /// It said goodbye while its description was being read: what comes of that is no sign of life.
    departed: bool,
    heard: Time,
    source: IpAddr,
    cargo: T,
}

/// What is known, waits and runs.
#[derive(Clone, Debug)]
pub struct Plan<T> {
    places: BTreeMap<Place, Known<T>>,
    /// Devices, by UDN and kind of address, and when a description of theirs was last fetched.
    tried: BTreeMap<(String, bool), Time>,
    /// Fetches caused by an address, and when the count began.
    sources: BTreeMap<IpAddr, (Time, u32)>,
    waiting: usize,
    running: usize,
    next_start: Time,
    /// Not before this is room looked for again: looking is slow, and a flood asks each time.
    next_room: Time,
}

impl<T> Default for Plan<T> {
    fn default() -> Self {
        Self {
            places: BTreeMap::new(),
            tried: BTreeMap::new(),
            sources: BTreeMap::new(),
            waiting: 0,
            running: 0,
            next_start: Time::MIN,
            next_room: Time::MIN,
        }
    }
}

impl<T: Clone> Plan<T> {
    /// Takes an announcement.
    pub fn alive(&mut self, now: Time, alive: Alive<T>) -> Consequence {
        let Alive { place, udn, root, update, source, cargo } = alive;
        if !self.places.contains_key(&place) && self.places.len() >= MAX_PLACES && !self.make_room(now) {
            return Consequence::Refused("announcements_too_many_devices");
        }
        let device = (udn.to_ascii_lowercase(), source.is_ipv6());
        let earliest = self.tried.get(&device).map_or(now, |at| at.plus(AGAIN_AFTER)).max(now);
        let known = self.places.entry(place).or_insert_with(|| Known {
            described: None,
            announced: String::new(),
            read: None,
            tried: None,
            due: None,
            running: false,
            departed: false,
            heard: now,
            source,
            cargo: cargo.clone(),
        });
        (known.heard, known.source, known.cargo, known.departed) = (now, source, cargo, false);
        if root && !udn.is_empty() {
            known.announced = udn;
        }
        let fresh = known.read.is_some_and(|at| now.since(at) < REREAD_AFTER);
        let failed = known.read.is_none() && known.tried.is_some_and(|at| now.since(at) < AGAIN_AFTER);
        if (fresh && !update) || known.running || known.due.is_some() || failed {
            return known.described.clone().map_or(Consequence::Waiting, Consequence::Known);
        }
        if self.waiting >= MAX_WAITING {
            return Consequence::Refused("announcements_queue_full");
        }
        let again = known.tried.map_or(now, |at| at.plus(AGAIN_AFTER));
        known.due = Some(earliest.max(again));
        self.waiting += 1;
        known.described.clone().map_or(Consequence::Waiting, Consequence::Known)
    }

    /// The next description to be fetched at `now`, if any. Its end is told by [`Plan::read`].
    pub fn next(&mut self, now: Time, refused: &mut dyn FnMut(&'static str)) -> Option<(Place, T)> {
        if self.running >= MAX_RUNNING || now < self.next_start {
            return None;
        }
        self.tried.retain(|_, at| now.since(*at) < AGAIN_AFTER);
        self.sources.retain(|_, (began, _)| now.since(*began) < AGAIN_AFTER);
        loop {
            let due = self.places.iter().filter(|(_, known)| known.due.is_some_and(|due| due <= now));
            let place = due.min_by_key(|(_, known)| known.due).map(|(place, _)| place.clone())?;
            let known = self.places.get_mut(&place)?;
            known.due = None;
            self.waiting -= 1;
            let (_, count) = self.sources.entry(known.source).or_insert((now, 0));
            if *count >= MAX_PER_SOURCE {
                // Its next announcement, in some minutes, has another chance.
                refused("announcements_too_many_from_one");
                continue;
            }
            *count += 1;
            known.tried = Some(now);
            known.running = true;
            if !known.announced.is_empty() {
                self.tried.insert((known.announced.to_ascii_lowercase(), known.source.is_ipv6()), now);
            }
            self.running += 1;
            self.next_start = now.plus(PACE);
            return Some((place, known.cargo.clone()));
        }
    }

    /// A fetch has ended: with the root device's UDN (empty where the description names none), or in vain. Gives the
    /// UDN that the device is known by, if there is one and it has not said goodbye meanwhile.
    pub fn read(&mut self, now: Time, place: &Place, described: Option<&str>) -> Option<String> {
        self.running = self.running.saturating_sub(1);
        let known = self.places.get_mut(place)?;
        known.running = false;
        if std::mem::take(&mut known.departed) {
            return None;
        }
        if let Some(udn) = described {
            known.read = Some(now);
            let udn = if udn.is_empty() { known.announced.as_str() } else { udn };
            known.described = (!udn.is_empty()).then(|| udn.to_owned());
        }
        known.described.clone().or_else(|| (!known.announced.is_empty()).then(|| known.announced.clone()))
    }

    /// The device said goodbye while its description was being read: to be asked before [`Plan::read`].
    #[must_use]
    pub fn has_departed(&self, place: &Place) -> bool {
        self.places.get(place).is_some_and(|known| known.departed)
    }

    /// The device said goodbye: when it comes back, its description is fetched again (not before [`AGAIN_AFTER`]).
    pub fn gone(&mut self, udn: &str) {
        for known in self.places.values_mut() {
            let of_device = |name: &str| !name.is_empty() && name.eq_ignore_ascii_case(udn);
            if of_device(&known.announced) || known.described.as_deref().is_some_and(of_device) {
                known.read = None;
                known.departed = known.running;
                self.waiting -= usize::from(known.due.take().is_some());
            }
        }
    }

    /// Forgets what was not heard of for the longest life; else, if that gives no room, the one heard of longest ago
    /// that is not waited for.
    fn make_room(&mut self, now: Time) -> bool {
        if now < self.next_room {
            return false;
        }
        self.next_room = now.plus(LOOK_AGAIN);
        self.places.retain(|_, known| known.due.is_some() || known.running || now.since(known.heard) < LIFE.1);
        if self.places.len() < MAX_PLACES {
            return true;
        }
        let idle = self.places.iter().filter(|(_, known)| known.due.is_none() && !known.running);
        let waited = idle.filter(|(_, known)| now.since(known.heard) >= AGAIN_AFTER).min_by_key(|(_, k)| k.heard);
        let Some(place) = waited.map(|(place, _)| place.clone()) else { return false };
        self.places.remove(&place).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_secs(1_000_000 + seconds)
    }

    fn alive(location: &str, udn: &str, source: u8) -> Alive<()> {
        let source = IpAddr::from([192, 168, 1, source]);
        Alive { place: (location.into(), 2), udn: udn.into(), root: true, update: false, source, cargo: () }
    }

    fn next(plan: &mut Plan<()>, now: Time) -> Option<String> {
        plan.next(now, &mut |_| {}).map(|((location, _), ())| location)
    }

    #[test]
    fn a_device_is_fetched_once_and_known() {
        let mut plan = Plan::default();
        assert_eq!(plan.alive(at(0), alive("a", "uuid:1", 1)), Consequence::Waiting);
        // The services of one device announce the same place, by UDNs of their own.
        let embedded = Alive { root: false, ..alive("a", "uuid:1-wan", 1) };
        assert_eq!(plan.alive(at(0), embedded.clone()), Consequence::Waiting);
        assert_eq!(next(&mut plan, at(0)).as_deref(), Some("a"));
        assert_eq!(next(&mut plan, at(9)), None);
        assert_eq!(plan.read(at(1), &("a".into(), 2), Some("uuid:1")).as_deref(), Some("uuid:1"));
        assert_eq!(plan.alive(at(2), embedded), Consequence::Known("uuid:1".into()));
        assert_eq!(next(&mut plan, at(100)), None);
        let later = REREAD_AFTER.as_secs() as i64 + 2;
        plan.alive(at(later), alive("a", "uuid:1", 1));
        assert_eq!(next(&mut plan, at(later)).as_deref(), Some("a"), "names change");
    }

    #[test]
    fn what_is_read_after_a_goodbye_is_no_sign_of_life() {
        let mut plan = Plan::default();
        let place = ("a".to_owned(), 2);
        let fetch = |plan: &mut Plan<()>, now| {
            plan.alive(now, alive("a", "uuid:1", 1));
            assert_eq!(next(plan, now).as_deref(), Some("a"));
        };
        fetch(&mut plan, at(0));
        plan.gone("uuid:1");
        assert!(plan.has_departed(&place));
        assert_eq!(plan.read(at(1), &place, Some("uuid:1")), None);
        // It came back before its description was there: it is there.
        fetch(&mut plan, at(100));
        plan.gone("uuid:1");
        plan.alive(at(101), alive("a", "uuid:1", 1));
        assert_eq!(plan.read(at(102), &place, Some("uuid:1")).as_deref(), Some("uuid:1"));
    }

    #[test]
    fn one_fetch_a_minute_whatever_a_device_says() {
        let mut plan = Plan::default();
        let mut fetched = Vec::new();
        for second in 0..180 {
            let update = Alive { update: true, ..alive("a", "uuid:1", 1) };
            plan.alive(at(second), update);
            plan.gone("uuid:1");
            // The same device at ever new places.
            plan.alive(at(second), alive(&format!("b{second}"), "uuid:1", 1));
            plan.alive(at(second), alive("a", "uuid:1", 1));
            if let Some(place) = next(&mut plan, at(second)) {
                plan.read(at(second), &(place.clone(), 2), Some("uuid:1"));
                fetched.push(second);
            }
        }
        let windows = fetched.iter().filter(|second| **second < 60).count();
        assert!(windows <= MAX_PER_SOURCE as usize, "{fetched:?}");
    }

    #[test]
    fn a_flood_of_forged_devices_does_not_become_one_of_requests() {
        let mut plan = Plan::default();
        let (mut refused, mut fetched) = (0, 0);
        for n in 0..100_000_u32 {
            let source = u8::try_from(n % 3).expect("small");
            let told = plan.alive(at(0), alive(&format!("http://x/{n}"), &format!("uuid:{n}"), source));
            refused += u32::from(matches!(told, Consequence::Refused(_)));
        }
        for tenth in 0..600 {
            if let Some(place) = next(&mut plan, at(0).plus(PACE * tenth)) {
                fetched += 1;
                plan.read(at(0).plus(PACE * tenth), &(place, 2), None);
            }
        }
        assert!(plan.places.len() <= MAX_PLACES && refused > 99_000 - MAX_PLACES as u32);
        assert_eq!(fetched, MAX_PER_SOURCE * 3);
    }

    #[test]
    fn fetches_are_paced_and_few_at_once() {
        let mut plan = Plan::default();
        for n in 0..10 {
            plan.alive(at(0), alive(&format!("p{n}"), &format!("uuid:{n}"), n));
        }
        assert!(next(&mut plan, at(0)).is_some());
        assert_eq!(next(&mut plan, at(0)), None, "not before the pace allows it");
        let started = (1..10).filter(|n| next(&mut plan, at(*n)).is_some()).count();
        assert_eq!(started, MAX_RUNNING - 1, "until one has ended");
        assert_eq!(plan.read(at(10), &("p0".into(), 2), None).as_deref(), Some("uuid:0"), "known by its announcement");
        assert!(next(&mut plan, at(10)).is_some());
    }

    #[test]
    fn lives_are_bounded() {
        let check = |age, seconds| assert_eq!(life(age), Duration::from_secs(seconds));
        check(None, 1800);
        check(Some(0), 60);
        check(Some(120), 120);
        check(Some(u32::MAX), 86_400);
    }
}
