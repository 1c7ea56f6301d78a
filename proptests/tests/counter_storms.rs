//! Laws of storms that only counters tell of: what happens to counters is none, a greater storm is not found later, what
//! flickers is one, and the order in which switches answer does not matter.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use stormglass::engine::{Engine, Input, Output, Settings};
use stormglass::model::Time;
use stormglass::model::observation::{Counter, CounterKind, Gap, Poll, PollSample, PortSample};
use stormglass::model::verdict::{Phase, Severity, Verdict};
use stormglass_proptests::config;

const PORTS: usize = 4;
const EVERY: Duration = Duration::from_secs(10);

/// A switch that counts, and the engine that polls it.
struct Net {
    engine: Engine,
    now: Time,
    uptime: u32,
    /// By target and port: multicast in, multicast out.
    counts: BTreeMap<(Arc<str>, usize), [u64; 2]>,
    wide: bool,
    /// Added to every ifIndex.
    offset: u32,
    said: Vec<Arc<Verdict>>,
}

impl Net {
    fn new(wide: bool, start: u64) -> Self {
        let now = Time::from_secs(1_800_000_000);
        let counts =
            ["a", "b", "c"].into_iter().flat_map(|name| (0..PORTS).map(move |port| ((name.into(), port), [start; 2])));
        let engine = Engine::new(Settings::default());
        Self { engine, now, uptime: 500_000, counts: counts.collect(), wide, offset: 0, said: Vec::new() }
    }

    /// Time goes by; each port of the target carries this many multicasts a second, in and out.
    fn pass(&mut self, target: &str, rates: &[[u64; 2]; PORTS]) {
        let seconds = EVERY.as_secs();
        for (port, rates) in rates.iter().enumerate() {
            let counts = self.counts.get_mut(&(target.into(), port)).expect("a port");
            for (count, rate) in counts.iter_mut().zip(rates) {
                *count = count.wrapping_add(rate * seconds);
            }
        }
    }

    fn tick(&mut self) {
        self.now = self.now.plus(EVERY);
        self.uptime = self.uptime.wrapping_add(1000);
        self.engine.tick(self.now);
        while let Some(output) = self.engine.poll() {
            if let Output::Changed(verdict) = output {
                self.said.push(verdict);
            }
        }
    }

    fn answer(&mut self, target: &str) {
        let port = |port: usize| {
            let counts = self.counts[&(Arc::from(target), port)];
            let mut sample = PortSample {
                if_index: self.offset + port as u32 + 1,
                name: format!("ge{port}").into(),
                if_type: 6,
                oper_up: true,
                speed_bps: 1_000_000_000,
                ..PortSample::default()
            };
            for (kind, count) in [CounterKind::InMulticast, CounterKind::OutMulticast].into_iter().zip(counts) {
                let count = if self.wide { Counter::C64(count) } else { Counter::C32(count as u32) };
                *sample.counters.get_mut(kind) = Some(count);
            }
            sample
        };
        let sample = PollSample {
            target: target.into(),
            at: self.now,
            took: Duration::from_millis(3),
            sys_uptime: Some(self.uptime),
            sys_name: String::new(),
            sys_descr: String::new(),
            ports: (0..PORTS).map(port).collect(),
            topology: None,
            problems: Vec::new(),
        };
        self.engine.handle(self.now, Input::Poll(Poll::Answered(Box::new(sample))));
    }

    fn lose(&mut self, target: &str) {
        let gap = Gap { target: target.into(), at: self.now, reason: "timeout", message: String::new() };
        self.engine.handle(self.now, Input::Poll(Poll::Gap(gap)));
    }

    fn round(&mut self, rates: &[[u64; 2]; PORTS]) {
        self.tick();
        self.pass("a", rates);
        self.answer("a");
    }

    fn open(&self) -> Vec<Arc<Verdict>> {
        self.engine.verdicts().into_iter().filter(|verdict| verdict.phase != Phase::Over).collect()
    }
}

const QUIET: [[u64; 2]; PORTS] = [[3, 9]; PORTS];

fn storm(pps: u64) -> [[u64; 2]; PORTS] {
    [[3, pps + 9], [pps, 9], [3, pps + 9], [3, pps + 9]]
}

/// What happens to an agent between two polls.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Nothing,
    Lost,
    /// It answers with what it had.
    Stale,
    Restart,
    /// Somebody clears the counters.
    Cleared,
    /// Every ifIndex is another, as after a card was put in.
    Renumbered,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => Just(Happens::Nothing),
        2 => Just(Happens::Lost),
        2 => Just(Happens::Stale),
        1 => Just(Happens::Restart),
        1 => Just(Happens::Cleared),
        1 => Just(Happens::Renumbered),
    ]
}

proptest! {
    #![proptest_config(config(60))]

    /// Whatever happens to an agent and its counters, a quiet network stays one.
    #[test]
    fn what_happens_to_counters_is_no_storm(
        wide in any::<bool>(),
        // A narrow one wraps soon.
        start in prop_oneof![any::<u64>(), u64::from(u32::MAX) * 2 - 3000..u64::from(u32::MAX) * 2 + 3],
        events in proptest::collection::vec(happens(), 50..300),
    ) {
        let mut net = Net::new(wide, start >> 1);
        for event in events {
            net.tick();
            match event {
                Happens::Stale => net.answer("a"),
                _ => net.pass("a", &QUIET),
            }
            match event {
                Happens::Lost => net.lose("a"),
                Happens::Restart => {
                    net.uptime = 300;
                    net.counts.values_mut().for_each(|counts| *counts = [40; 2]);
                    net.answer("a");
                }
                Happens::Cleared => {
                    net.counts.values_mut().for_each(|counts| *counts = [0; 2]);
                    net.answer("a");
                }
                Happens::Renumbered => {
                    net.offset += 1000;
                    net.answer("a");
                }
                Happens::Nothing => net.answer("a"),
                Happens::Stale => {}
            }
        }
        prop_assert!(net.said.is_empty(), "{:#?}", net.said);
    }

    /// A storm above the floor is told in the second renewed poll, and its port named; a greater one is not told later.
    #[test]
    fn a_storm_is_told_in_two_renewed_polls(
        rounds in 70_usize..120, pps in 120_u64..200_000, more in 0_u64..200_000, lost in 0_usize..3,
    ) {
        let told_after = |pps: u64| {
            let mut net = Net::new(true, 1 << 40);
            for _ in 0..rounds {
                net.round(&QUIET);
            }
            // A few polls are lost as it begins: what counts are those that are answered.
            for _ in 0..lost {
                net.tick();
                net.pass("a", &storm(pps));
                net.lose("a");
            }
            let told = (1..=6).find(|_| {
                net.round(&storm(pps));
                !net.open().is_empty()
            });
            (told, net.open())
        };
        let (told, verdicts) = told_after(pps);
        prop_assert_eq!(told, Some(2));
        prop_assert_eq!(verdicts.len(), 1);
        let verdict = &verdicts[0];
        prop_assert_eq!(verdict.severity, Severity::Storm);
        prop_assert_eq!(verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref()), Some("a ge1"));
        prop_assert!(told_after(pps + more).0 <= told);
    }

    /// A rate that goes up and down around what began it is one storm, told once; and it ends a minute after it has.
    #[test]
    fn what_flickers_is_one_storm(pps in 500_u64..50_000, low in proptest::collection::vec(10_u64..=100, 10..60)) {
        let mut net = Net::new(true, 0);
        for _ in 0..80 {
            net.round(&QUIET);
        }
        net.round(&storm(pps));
        net.round(&storm(pps));
        prop_assert_eq!(net.open().len(), 1);
        let mut quiet = 0;
        for part in low {
            // Never a whole minute below.
            quiet = if part < 50 { quiet + 1 } else { 0 };
            let pps = if quiet > 5 { pps } else { pps * part / 100 };
            quiet = if quiet > 5 { 0 } else { quiet };
            net.round(&storm(pps));
            prop_assert_eq!(net.open().len(), 1);
        }
        let storms = net.said.iter().filter(|verdict| verdict.started == net.said[0].started).count();
        prop_assert_eq!(storms, net.said.len(), "one storm");
        for _ in 0..9 {
            net.round(&QUIET);
        }
        prop_assert!(net.open().is_empty(), "{:#?}", net.open());
    }

    /// In which order switches answer within a round makes no difference to what is said of them in the end.
    #[test]
    fn the_order_of_answers_does_not_matter(pps in 200_u64..50_000, order in Just(["a", "b", "c"]).prop_shuffle()) {
        let verdicts = |order: [&str; 3]| {
            let mut net = Net::new(true, 7);
            for round in 0..90 {
                net.tick();
                for target in order {
                    let rates = match (round >= 80, target) {
                        (true, "a") => storm(pps),
                        (true, "b") => storm(pps / 2),
                        _ => QUIET,
                    };
                    net.pass(target, &rates);
                    net.answer(target);
                }
            }
            let mut ids = net.open().iter().map(|v| (v.id.to_string(), v.severity, v.peak_pps, v.frames)).collect::<Vec<_>>();
            ids.sort();
            ids
        };
        prop_assert_eq!(verdicts(order), verdicts(["a", "b", "c"]));
    }
}
