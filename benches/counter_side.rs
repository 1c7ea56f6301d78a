//! The counter side of the detector: how fast it is, and how often it would cry wolf over healthy ports. Knows no SNMP and
//! no network.
//!
//! `cargo bench -p stormglass --no-default-features --bench counter_side -- PORT_DAYS` (100,000). The port-days are drawn by
//! seed, a minute at a time, and fed to the detector as polls of 60 s.
//!
//! What is drawn, from measurements on switches and captures (multicasts in, mean per second: half of all ports below 0.11,
//! 90 % below 14, 95 % below 50, 99 % below 4,148): a level that follows the day, slow noise, Poisson counts; bursts of one
//! to five minutes up to eight times the level, several a day; once a week the whole site announces itself after a power
//! cut, up to 1,000 a second within one minute; television that is switched on and off, channels of 900 packets of 1,358
//! octets; imaging by multicast at night.
//! An alarm counts when it would be told by itself ([`Alarm::sure`](stormglass::detect::counters::Alarm::sure)), and apart
//! where it is not yet known what is usual (`cold`: each week starts anew, which is far more often than programs do).
//! What is approximated: minutes stand for polls of 10 s, so that a burst shorter than a minute is spread; ports are drawn
//! for themselves, so that flooding (which needs several) plays no part: agents without group counters are left out, as
//! they give no verdict without it. Ports below 0.11 packets a second are counted and not drawn: Poisson counts of theirs
//! do not reach the absolute floor of 100 a second in the age of the universe.

use std::sync::Arc;
use std::time::{Duration, Instant};
use stormglass::detect::Thresholds;
use stormglass::detect::counters::CounterWatch;
use stormglass::engine::{Engine, Input, Settings};
use stormglass::model::Time;
use stormglass::model::observation::{Counter, CounterKind, Poll, PollSample, PortSample};
use stormglass::observe::ports::{About, Moment, PortStatus, Rates};

/// Ports drawn at a time.
const AT_ONCE: usize = 50;
/// Days that each is watched.
const DAYS: usize = 7;
/// Confirmed alarms of each class that are shown.
const EXAMPLES: usize = 6;
/// A storm at the end of those days: what killed the home that this project began in.
const STORM_PPS: f64 = 1800.0;
/// It goes on for longer than a weak alarm must.
const STORM_MINUTES: usize = 18;

fn main() {
    let numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<usize>().ok());
    let port_days = numbers.max().unwrap_or(100_000);
    speed();
    poll_in_a_storm();
    if port_days > 0 {
        healthy(port_days);
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed())
}

fn status(name: usize) -> PortStatus {
    PortStatus {
        name: format!("Gi1/0/{name:02}").into(),
        if_index: name as u32,
        about: Arc::new(About { descr: "".into(), alias: "".into() }),
        if_type: 6,
        speed_bps: 1_000_000_000,
        admin_up: true,
        oper_up: true,
        rates: Rates::default(),
        rates_at: Moment::NEVER,
        seen: Time::from_secs(0),
    }
}

/// Samples (a port, a direction) per second of the detector alone.
fn speed() {
    let mut rng = Rng(1);
    let sets = [0; 16].map(|_| {
        let mut ports = (0..52).map(status).collect::<Vec<_>>();
        for port in &mut ports {
            port.rates = Rates::from_fn(|kind| Some(rng.below(60.0) * if kind.is_octets() { 300.0 } else { 1.0 }));
        }
        ports
    });
    let mut watch = CounterWatch::default();
    let (target, thresholds) = ("switch".into(), Thresholds::default());
    let polls = 40_000_usize;
    let (_, took) = timed(|| {
        for poll in 0..polls {
            let at = Time::from_secs(1_800_000_000 + poll as i64 * 10);
            watch.observe(&target, at, sets[poll % sets.len()].iter(), &thresholds);
        }
    });
    assert!(watch.is_calm(), "nothing stands out");
    let samples = (polls * 52 * 2) as f64;
    println!(
        "detector: {:.1} million samples/s, {:.1} µs for a poll of 52 ports",
        samples / took.as_secs_f64() / 1e6,
        took.as_secs_f64() / polls as f64 * 1e6
    );
}

/// The whole engine, while every port of a switch storms.
fn poll_in_a_storm() {
    let mut engine = Engine::new(Settings::default());
    let (mut calm, mut storm) = (Duration::ZERO, Duration::ZERO);
    let polls = 1200_u32;
    for poll in 0..polls {
        let at = Time::from_secs(1_800_000_000 + i64::from(poll) * 10);
        let storms = poll >= polls / 2;
        let input = Input::Poll(sample(at, u64::from(poll), storms));
        let ((), took) = timed(|| engine.handle(at, input));
        *(if storms { &mut storm } else { &mut calm }) += took;
        while engine.poll().is_some() {}
    }
    let micros = |sum: Duration| sum.as_secs_f64() * 1e6 / f64::from(polls / 2);
    println!(
        "engine: {:.1} µs for a poll of 52 ports in quiet, {:.1} µs in a storm at all of them",
        micros(calm),
        micros(storm)
    );
    assert!(!engine.verdicts().is_empty(), "a storm");
}

fn sample(at: Time, poll: u64, storms: bool) -> Poll {
    let ports = (0..52_u64).map(|number| {
        let mut port = PortSample {
            if_index: number as u32 + 1,
            name: format!("Gi1/0/{number:02}").into(),
            if_type: 6,
            speed_bps: 1_000_000_000,
            oper_up: true,
            ..PortSample::default()
        };
        for kind in CounterKind::ALL.into_iter().take(8) {
            let groups = !kind.is_octets() && kind > CounterKind::OutUnicast;
            let usual = if kind.is_octets() { 300_000 } else { 200 + number } * (poll + 1);
            let storm = if storms && groups { 18_000 * (poll - 599) } else { 0 };
            *port.counters.get_mut(kind) = Some(Counter::C64(usual + storm));
        }
        port
    });
    Poll::Answered(Box::new(PollSample {
        target: "switch".into(),
        at,
        took: Duration::from_millis(40),
        sys_uptime: Some((poll as u32 + 1) * 1000),
        sys_name: String::new(),
        sys_descr: String::new(),
        ports: ports.collect(),
        topology: None,
        problems: Vec::new(),
    }))
}

/// Xorshift: quick, and good enough for counts.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, most: f64) -> f64 {
        self.unit() * most
    }

    /// Between two numbers, evenly in their logarithm.
    fn between(&mut self, least: f64, most: f64) -> f64 {
        least * (most / least).powf(self.unit())
    }

    /// Nearly normal: four evenly distributed numbers.
    fn normal(&mut self) -> f64 {
        let word = self.next();
        let sum = (0..4).map(|part| ((word >> (16 * part)) & 0xffff) as f64 / 65_536.0).sum::<f64>();
        (sum - 2.0) * 1.732
    }
}

/// What a port is.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Edge,
    Uplink,
    Television,
    HeadEnd,
}

/// Each with its share of all ports, per mille; the rest is below 0.11 a second and not drawn.
const CLASSES: [(Class, usize, &str); 4] = [
    (Class::Edge, 400, "0.11 to 14 a second"),
    (Class::Uplink, 50, "14 to 50 a second"),
    (Class::Television, 40, "television, 50 to 4,148"),
    (Class::HeadEnd, 10, "more than that"),
];

/// A healthy port.
struct Healthy {
    class: Class,
    level: f64,
    slow: f64,
    /// Minutes left of a burst, and how many times the level it is.
    burst: (usize, f64),
    /// Minutes left of television, and its channels.
    media: (usize, f64),
    /// The minute of the week in which power comes back.
    power_cut: usize,
}

impl Healthy {
    fn new(class: Class, rng: &mut Rng) -> Self {
        let level = match class {
            Class::Edge => rng.between(0.11, 14.0),
            Class::Uplink | Class::Television => rng.between(14.0, 50.0),
            Class::HeadEnd => rng.between(50.0, 200.0),
        };
        let media = if class == Class::HeadEnd { (usize::MAX, rng.between(5.0, 11.0)) } else { (0, 0.0) };
        let power_cut = rng.below((DAYS * 1440) as f64) as usize;
        Self { class, level, slow: 0.0, burst: (0, 1.0), media, power_cut }
    }

    /// Packets to all and octets, per second, in the next minute of the week.
    fn minute(&mut self, minute: usize, rng: &mut Rng) -> (f64, f64) {
        self.slow = self.slow * 0.9 + rng.normal() * 0.1;
        // By day about three times as much as by night.
        let day = (std::f64::consts::TAU * (minute % 1440) as f64 / 1440.0).sin() * 0.5;
        if self.burst.0 > 0 {
            self.burst.0 -= 1;
        } else if rng.unit() < 6.0 / 1440.0 {
            self.burst = (1 + rng.below(5.0) as usize, rng.between(1.0, 8.0));
        } else {
            self.burst.1 = 1.0;
        }
        let mean = self.level * (day + self.slow).exp() * self.burst.1 * 60.0;
        let mut count = (mean + rng.normal() * mean.sqrt()).max(0.0).round();
        if minute == self.power_cut {
            // Everybody announces.
            count += rng.between(100.0, 1000.0) * 60.0;
        }
        let control = count / 60.0;
        let media = self.television(minute, rng);
        (control + media, control * 180.0 + media * 1358.0)
    }

    fn television(&mut self, minute: usize, rng: &mut Rng) -> f64 {
        match self.class {
            Class::Edge | Class::Uplink => return 0.0,
            Class::HeadEnd if rng.unit() < 10.0 / 1440.0 => self.media.1 = rng.between(5.0, 11.0).round(),
            Class::HeadEnd => {}
            Class::Television if self.media.0 > 0 => self.media.0 -= 1,
            // Imaging at three in the morning, now and then; else a channel or two some times a day.
            Class::Television if minute % 1440 == 180 && rng.unit() < 0.1 => self.media = (40, 9.0),
            Class::Television if rng.unit() < 4.0 / 1440.0 => {
                self.media = (10 + rng.below(200.0) as usize, 1.0 + rng.below(4.0).floor());
            }
            Class::Television => self.media.1 = 0.0,
        }
        self.media.1 * 900.0 * (1.0 + rng.normal() * 0.02)
    }
}

/// The estimate that the detector's stands for: median and median absolute deviation of the last 60 minutes, in steps of a
/// twelfth, with the same floor and the same two polls in a row.
#[derive(Clone)]
struct Exact {
    minutes: Vec<u8>,
    next: usize,
    above: u8,
}

impl Exact {
    fn look(&mut self, pps: f64, media: bool, thresholds: &Thresholds) -> bool {
        let level = pps.ln_1p();
        let Some((median, scale)) = self.baseline() else {
            self.learn(level);
            return false;
        };
        let limits = &thresholds.counters;
        let floor = limits.floor(thresholds.storm_pps as f64, Some(median.exp_m1()));
        if (level - median) / scale >= limits.z_at_once && pps >= floor && !media {
            self.above = self.above.saturating_add(1);
        } else {
            self.above = 0;
            self.learn(level);
        }
        self.above == limits.confirm_polls
    }

    fn learn(&mut self, level: f64) {
        let value = (level * 12.0).round() as u8;
        if self.minutes.len() < 60 {
            self.minutes.push(value);
        } else {
            self.minutes[self.next] = value;
            self.next = (self.next + 1) % 60;
        }
    }

    fn baseline(&self) -> Option<(f64, f64)> {
        if self.minutes.len() < 10 {
            return None;
        }
        let mut values = self.minutes.clone();
        let middle = values.len() / 2;
        let median = *values.select_nth_unstable(middle).1;
        values.iter_mut().for_each(|value| *value = value.abs_diff(median));
        let deviation = *values.select_nth_unstable(middle).1;
        Some((f64::from(median) / 12.0, (f64::from(deviation) / 12.0 * 1.4826).max(0.3)))
    }
}

#[derive(Default)]
struct Tally {
    port_days: usize,
    suspected: usize,
    confirmed: usize,
    storms: usize,
    /// Before it is known what is usual.
    cold: usize,
    found: usize,
    /// After more than two polls.
    found_later: usize,
    exact_days: usize,
    exact_confirmed: usize,
    exact_storms: usize,
    exact_found: usize,
    /// The first confirmed ones, in words.
    examples: Vec<String>,
}

fn healthy(port_days: usize) {
    println!("healthy ports, polled each minute for {DAYS} days; then a storm of {STORM_PPS} a second:");
    println!(
        "{:>24} {:>10} {:>9} {:>9} {:>5} {:>22}   by median and MAD:",
        "class", "port-days", "suspected", "confirmed", "cold", "found at once + later"
    );
    let drawn = CLASSES.iter().map(|(_, share, _)| share).sum::<usize>();
    let mut sum = 0;
    let (_, took) = timed(|| {
        for (class, share, name) in CLASSES {
            let batches = (port_days * share / drawn).div_ceil(AT_ONCE * DAYS).max(1);
            let mut tally = Tally::default();
            for batch in 0..batches {
                // The slow estimate is looked at in one batch of ten.
                watch_week(class, batch as u64 * 7919 + share as u64, batch % 10 == 0, &mut tally);
            }
            println!(
                "{name:>24} {:>10} {:>9} {:>9} {:>5} {:>7} + {} of {:>5}   {} confirmed in {} port-days, {} of {} found",
                tally.port_days,
                tally.suspected,
                tally.confirmed,
                tally.cold,
                tally.found,
                tally.found_later,
                tally.storms,
                tally.exact_confirmed,
                tally.exact_days,
                tally.exact_found,
                tally.exact_storms
            );
            tally.examples.iter().for_each(|example| println!("{:>24} {example}", ""));
            sum += tally.port_days;
        }
    });
    let all = sum * 1000 / drawn;
    println!("{sum} port-days drawn in {:.0} s; with the quiet half that is not drawn {all}", took.as_secs_f64());
}

fn watch_week(class: Class, seed: u64, exact: bool, tally: &mut Tally) {
    let mut rng = Rng(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let (target, thresholds) = ("switch".into(), Thresholds::default());
    let mut watch = CounterWatch::default();
    let mut healthy = (0..AT_ONCE).map(|_| Healthy::new(class, &mut rng)).collect::<Vec<_>>();
    let mut ports = (0..AT_ONCE).map(status).collect::<Vec<_>>();
    let mut oracles = vec![Exact { minutes: Vec::new(), next: 0, above: 0 }; if exact { AT_ONCE } else { 0 }];
    let minutes = DAYS * 1440;
    let mut told = [None; AT_ONCE];
    for minute in 0..minutes + STORM_MINUTES {
        let storm = if minute >= minutes { STORM_PPS } else { 0.0 };
        for (n, (port, healthy)) in ports.iter_mut().zip(&mut healthy).enumerate() {
            let (pps, octets) = healthy.minute(minute, &mut rng);
            let (pps, octets) = (pps + storm, octets + storm * 300.0);
            port.rates = Rates::from_fn(|kind| match kind {
                CounterKind::InMulticast => Some(pps),
                CounterKind::InBroadcast => Some(0.0),
                CounterKind::InOctets => Some(octets),
                _ => None,
            });
            if let Some(oracle) = oracles.get_mut(n) {
                let media = octets >= pps * thresholds.counters.stream_octets && pps <= thresholds.counters.stream_pps;
                let found = oracle.look(pps, media, &thresholds);
                *(if storm > 0.0 { &mut tally.exact_found } else { &mut tally.exact_confirmed }) += usize::from(found);
            }
        }
        let at = Time::from_secs(1_800_000_000 + minute as i64 * 60);
        watch.observe(&target, at, ports.iter(), &thresholds);
        for alarm in watch.alarms() {
            let state = &alarm.state;
            let place = alarm.port.trim_start_matches("Gi1/0/").parse::<usize>().unwrap_or(0).min(AT_ONCE - 1);
            // In the first poll in which it is so.
            let sure = state.at == at && !state.clearing() && state.sure(&thresholds.counters);
            let news = sure && told[place].replace(state.since) != Some(state.since);
            match (storm > 0.0, state.polls) {
                (true, _) if news && minute < minutes + 2 => tally.found += 1,
                (true, _) => tally.found_later += usize::from(news),
                (false, 1) => tally.suspected += usize::from(state.since == at),
                // Only the absolute floor speaks there, and the verdict says so: a warning below `critical_pps`.
                (false, _) if news && state.usual_pps.is_none() => tally.cold += 1,
                (false, _) if news => {
                    tally.confirmed += 1;
                    if tally.examples.len() < EXAMPLES {
                        let (pps, usual) = (state.pps, state.usual_pps.unwrap_or(-1.0));
                        let Healthy { level, burst, media, .. } = &healthy[place];
                        tally.examples.push(format!(
                            "minute {minute}: {pps:.0}/s, usual {usual:.1}, level {level:.1}, burst {burst:?}, media {media:?}"
                        ));
                    }
                }
                (false, _) => {}
            }
        }
    }
    tally.port_days += AT_ONCE * DAYS;
    tally.storms += AT_ONCE;
    tally.exact_days += oracles.len() * DAYS;
    tally.exact_storms += oracles.len();
}
