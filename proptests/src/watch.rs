//! Lets the engine judge a world, fed through the tally and by polls as the io floor feeds it: a flush each second, at once
//! when a replica rule fires, and a tick twice a second. Brings the clock: virtual time.

use crate::polls;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use stormglass::detect::Expected;
use stormglass::detect::expected::Entries;
use stormglass::engine::{Engine, FeedStatus, Input, Output, Settings, State};
use stormglass::explain::Own;
use stormglass::model::frames::{FrameMeta, LinkType, OwnerClaim, OwnerProof};
use stormglass::model::observation::{Counter, Gap, Poll};
use stormglass::model::verdict::Verdict;
use stormglass::model::{MacAddr, Time};
use stormglass::observe::replica::ReplicaRules;
use stormglass::observe::tally::Tally;
use stormglass_harness::rng::Rng;
use stormglass_harness::{CapturedFrame, Mac, Scenario, World, packets};

/// When the worlds begin: 2027-01-15T08:00:00Z.
const EPOCH_S: i64 = 1_800_000_000;
/// Virtual time goes by in steps of this.
const STEP: Duration = Duration::from_millis(10);
/// A tally in which nothing is urgent is due after this long.
const USUAL: Duration = Duration::from_secs(1);
/// How often the engine's owner lets time pass.
const TICK_INTERVAL: Duration = Duration::from_millis(500);

/// So many frames within so short a time are no healthy network any more: when a storm is there, for the clock.
const BUSY: (usize, Duration) = (20, Duration::from_millis(200));

/// How switches are polled.
#[derive(Clone, Copy, Debug)]
pub struct Polling {
    /// How often.
    pub every: Duration,
    /// Share of the polls that are not answered, 0 to 1.
    pub loss: f64,
}

/// How a world is watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// Share of the frames that are lost before the tally, 0 to 1.
    pub drop_share: f64,
    /// The program is started this late: what came before is not seen.
    pub start_at: Duration,
    /// Questions for an owner are answered as ARP would answer them.
    pub answers: bool,
    /// The switches that have an agent are polled.
    pub polls: Option<Polling>,
    /// Nothing is captured.
    pub no_capture: bool,
    /// The program is restarted then, with nothing remembered.
    pub restart_at: Option<Duration>,
    /// Frames are handed over this often instead of once a second; not less often than ten times a second once a rule fires.
    pub flush_every: Option<Duration>,
    /// Of what is due at the same moment, polls and time come before frames.
    pub frames_last: bool,
    /// The traffic of every device is told to be expected up to this rate.
    pub expect_pps: Option<u64>,
}

/// What was seen and said.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every verdict at each change of it, with the virtual time.
    pub said: Vec<(Duration, Arc<Verdict>)>,
    /// The verdicts at the end, newest first.
    pub last: Vec<Arc<Verdict>>,
    /// When the first frame was captured that the second router had sent on, whether it reached the tally or not.
    pub first_copy: Option<Duration>,
    /// When it was first busy at the capturing host, after the first storm had begun.
    pub first_busy: Option<Duration>,
    /// Copies by the second router that reached the tally.
    pub copies: u64,
    /// Frames that reached the tally.
    pub frames: u64,
    /// When the state was first other than quiet, and what was told then.
    pub noticed: Option<(Duration, String)>,
    /// When a poll brought renewed counters, of any switch.
    pub refreshed: Vec<Duration>,
    /// What happened, by the world's own narrator.
    pub happened: Vec<(Duration, String)>,
    /// Frames that went into or out of a port of the world.
    pub frame_events: u64,
    /// Packets a second, on average over the time of the first storm, by which more went out of a port of a managed switch than
    /// before, at most of those to groups, and of unicasts out of half of them; where its agent counts octets alone, that it dropped: what else there is may be television.
    pub loudest_pps: f64,
}

impl Report {
    /// Everything that was said, for a failure's message.
    #[must_use]
    pub fn story(&self) -> String {
        let line = |(at, verdict): &(Duration, Arc<Verdict>)| {
            let culprit = verdict.culprit.as_ref().and_then(|c| c.mac).map(|mac| mac.to_string());
            let port = verdict.culprit.as_ref().and_then(|c| c.port.as_deref());
            format!(
                "{:8.3} s {} {:?} {:?} {:.2} culprit {} at {} frames {} peak {}/s: {}\n",
                at.as_secs_f64(),
                verdict.cause,
                verdict.severity,
                verdict.phase,
                verdict.confidence,
                culprit.as_deref().unwrap_or("nobody"),
                port.unwrap_or("no port"),
                verdict.frames,
                verdict.peak_pps,
                verdict.sentence
            )
        };
        self.said.iter().map(line).collect()
    }

    /// MACs that were ever blamed.
    #[must_use]
    pub fn blamed(&self) -> BTreeSet<MacAddr> {
        self.said.iter().filter_map(|(_, verdict)| verdict.culprit.as_ref()?.mac).collect()
    }

    /// Causes that were ever given.
    #[must_use]
    pub fn causes(&self) -> BTreeSet<&'static str> {
        self.said.iter().map(|(_, verdict)| verdict.cause).collect()
    }
}

/// The same address in stormglass's own type.
#[must_use]
pub fn mac_addr(mac: Mac) -> MacAddr {
    MacAddr(mac.0)
}

struct Bench<'a> {
    scenario: &'a Scenario,
    watch: Watch,
    engine: Engine,
    tally: Tally,
    seed: u64,
    number: u64,
    dropped: u64,
    flushed: Duration,
    ticked: Duration,
    polled: Duration,
    loss: Rng,
    /// Times of the latest frames, to see when it gets busy.
    latest: VecDeque<Duration>,
    counters: BTreeMap<usize, Arc<[Option<Counter>]>>,
    /// What had gone out of ports before the first storm began.
    at_onset: Option<(Duration, Vec<[f64; 2]>)>,
    report: Report,
}

/// Lets the engine judge `scenario` with `seed` to its end.
#[must_use]
pub fn watch(scenario: &Scenario, seed: u64, watch: Watch) -> Report {
    let (engine, tally) = started(scenario, watch, watch.start_at, seed);
    let mut bench = Bench {
        scenario,
        watch,
        engine,
        tally,
        seed,
        number: 0,
        dropped: 0,
        flushed: watch.start_at,
        ticked: watch.start_at,
        polled: watch.start_at,
        loss: Rng::new(seed ^ 0x1055),
        latest: VecDeque::new(),
        counters: BTreeMap::new(),
        at_onset: None,
        report: Report::default(),
    };
    bench.run();
    bench.report.last = bench.engine.verdicts();
    bench.report
}

/// The program, as it is when it has just been started.
fn started(scenario: &Scenario, watch: Watch, at: Duration, seed: u64) -> (Engine, Tally) {
    let interface: Arc<str> = "eth0".into();
    let expected = watch.expect_pps.map_or_else(Entries::default, |max_pps| {
        let entry = |mac: Mac| {
            let until = time(scenario.duration * 2);
            Arc::new(Expected { mac: Some(mac_addr(mac)), group: None, max_pps, until, why: "all of it".into() })
        };
        scenario.device_names().into_keys().map(entry).collect()
    });
    let mut engine = Engine::new(Settings { can_ask: watch.answers, expected, ..Settings::default() });
    if let Some(own) = own(scenario, &interface) {
        engine.handle(time(at), Input::Own(own));
    }
    if !watch.no_capture {
        let status = FeedStatus {
            feed: "capture",
            name: Arc::clone(&interface),
            ok: true,
            message: String::new(),
            last_success: Some(time(at)),
        };
        engine.handle(time(at), Input::Feed(status));
    }
    if watch.polls.is_some() {
        let managed = scenario.switches.iter().filter(|switch| switch.managed);
        let targets = managed.map(|switch| (switch.name.as_str().into(), "192.0.2.1:161".to_owned()));
        engine.handle(time(at), Input::Targets(targets.collect()));
    }
    (engine, Tally::new(interface, ReplicaRules::default(), Some(time(at)), seed ^ 0x5eed))
}

/// What the capture's filter takes and a network card passes on: what goes to groups, ARP, IPv6 as far as worlds have it, and
/// answers of DHCP servers. Other unicasts neither reach it nor count as lost.
fn is_let_through(frame: &[u8]) -> bool {
    let to_a_group = frame.first().is_some_and(|octet| octet & 1 != 0);
    let ethertype = frame.get(12..14);
    let from_dhcp_server = || frame.get(23) == Some(&17) && frame.get(34..36) == Some(&[0, 67]);
    to_a_group || ethertype != Some(&[0x08, 0x00]) || from_dhcp_server()
}

/// The model's time of a virtual one.
#[must_use]
pub fn time(at: Duration) -> Time {
    Time::from_secs(EPOCH_S).plus(at)
}

fn own(scenario: &Scenario, interface: &Arc<str>) -> Option<Own> {
    let host = scenario.host(&scenario.capture)?;
    let (mac, ip) = (mac_addr(host.mac), IpAddr::from(host.ip));
    Some(Own {
        macs: BTreeSet::from([mac]),
        ips: BTreeSet::from([ip]),
        addresses: vec![(Arc::clone(interface), mac, ip)],
        ..Own::default()
    })
}

impl Bench<'_> {
    fn run(&mut self) {
        let mut world = World::new(self.scenario, self.seed);
        let mut now = Duration::ZERO;
        while now < self.scenario.duration {
            now += STEP;
            if self.at_onset.is_none() && self.scenario.storms.iter().any(|storm| now >= storm.from) {
                self.at_onset = Some((now - STEP, self.out_of_ports(&world)));
            }
            for frame in world.advance(now) {
                self.frame(&frame);
            }
            if now < self.watch.start_at {
                continue;
            }
            if self.watch.restart_at.is_some_and(|at| (at..at + STEP).contains(&now)) {
                (self.engine, self.tally) = started(self.scenario, self.watch, now, self.seed ^ 1);
            }
            if self.watch.frames_last {
                self.poll(&world, now);
                self.tick(now);
                self.flush(now);
            } else {
                self.flush(now);
                self.poll(&world, now);
                self.tick(now);
            }
        }
        self.report.frame_events = world.frame_events();
        self.report.loudest_pps = self.loudest_pps(&world);
        self.report.happened = world.take_events().into_iter().map(|event| (event.at, event.text)).collect();
    }

    /// What has gone out of each port of the managed switches so far: groups, and unicasts, as [`Report::loudest_pps`] counts
    /// them.
    fn out_of_ports(&self, world: &World) -> Vec<[f64; 2]> {
        let managed = (0..world.switches().len()).filter(|index| self.scenario.switches[*index].managed);
        let out = managed.flat_map(|index| {
            let switch = &world.switches()[index];
            let octets_alone = switch.manners().zero_packets;
            switch.ports().filter(|(_, port)| port.up).map(move |(_, port)| {
                let out = &port.outgoing;
                let dropped = out.discards as f64;
                if octets_alone { [dropped; 2] } else { [(out.multicast + out.broadcast) as f64, out.unicast as f64] }
            })
        });
        out.collect()
    }

    fn loudest_pps(&self, world: &World) -> f64 {
        let Some((from, before)) = &self.at_onset else { return 0.0 };
        let storm = self.scenario.storms.first();
        let until = storm.and_then(|storm| storm.until).unwrap_or(self.scenario.duration);
        let lasted = until.saturating_sub(*from).as_secs_f64().max(1.0);
        let rest = self.scenario.duration.as_secs_f64() - from.as_secs_f64();
        let after = self.out_of_ports(world);
        let more = |kind: usize| {
            let both = after.iter().zip(before).map(move |(after, before)| (after[kind], before[kind]));
            let mut more = both
                .map(|(after, before)| {
                    // What is usual there goes on.
                    let usual = before / from.as_secs_f64().max(1.0);
                    (after - before - usual * rest) / lasted
                })
                .collect::<Vec<_>>();
            more.sort_by(f64::total_cmp);
            more
        };
        // Unicasts are flooded if they go out of most ports; those that one port has more of are somebody's.
        let unicasts = more(1);
        let flooded = unicasts.get(unicasts.len() / 2).copied().unwrap_or(0.0);
        more(0).last().copied().unwrap_or(0.0).max(flooded)
    }

    fn frame(&mut self, frame: &CapturedFrame) {
        let router = &self.scenario.second_router;
        let source = packets::source_of(&frame.bytes);
        let foreign = |packet: packets::Routable| packet.source != router.ip;
        let copy = source.is_some_and(|mac| [router.lan_mac, router.wan_mac].contains(&mac))
            && packets::routable(&frame.bytes).is_some_and(foreign);
        if copy {
            self.report.first_copy.get_or_insert(frame.at);
        }
        self.busy(frame.at);
        if !is_let_through(&frame.bytes) {
            return;
        }
        if frame.at < self.watch.start_at || self.watch.no_capture {
            return;
        }
        if self.loss.chance(self.watch.drop_share) {
            self.dropped += 1;
            return;
        }
        self.number += 1;
        self.report.frames += 1;
        self.report.copies += u64::from(copy);
        let meta = FrameMeta {
            at: time(frame.at),
            number: self.number,
            interface: 0,
            link: LinkType::Ethernet,
            vlan: frame.vlan,
            original_len: frame.bytes.len() as u32,
        };
        self.tally.frame(&meta, &frame.bytes);
    }

    fn busy(&mut self, at: Duration) {
        let begun = self.scenario.storms.iter().any(|storm| at >= storm.from);
        if !begun || self.report.first_busy.is_some() {
            return;
        }
        self.latest.push_back(at);
        if self.latest.len() > BUSY.0 {
            self.latest.pop_front();
        }
        if let Some(first) = self.latest.front().filter(|first| self.latest.len() == BUSY.0 && at - **first <= BUSY.1) {
            self.report.first_busy = Some(*first);
        }
    }

    fn flush(&mut self, now: Duration) {
        let due = self.tally.due_after();
        let due = match self.watch.flush_every {
            // What is urgent stays so.
            Some(every) if due < USUAL => every.min(due),
            Some(every) => every,
            None => due,
        };
        if self.watch.no_capture || now - self.flushed < due {
            return;
        }
        self.flushed = now;
        let summary = self.tally.flush(time(now), std::mem::take(&mut self.dropped));
        self.engine.handle(time(now), Input::Frames(Box::new(summary)));
        self.collect(now);
    }

    fn tick(&mut self, now: Duration) {
        if now - self.ticked < TICK_INTERVAL {
            return;
        }
        self.ticked = now;
        self.engine.tick(time(now));
        self.collect(now);
        if self.watch.polls.is_some() && self.report.noticed.is_none() {
            let snapshot = self.engine.snapshot(time(now));
            if matches!(snapshot.state, State::Warning | State::Storm) {
                self.report.noticed = Some((now, snapshot.sentence));
            }
        }
    }

    fn poll(&mut self, world: &World, now: Duration) {
        let Some(polling) = self.watch.polls.filter(|polling| now - self.polled >= polling.every) else { return };
        self.polled = now;
        for index in (0..world.switches().len()).filter(|index| self.scenario.switches[*index].managed) {
            let sample = polls::sample(world, index);
            let poll = if self.loss.chance(polling.loss) {
                let message = "no answer".to_owned();
                Poll::Gap(Gap { target: sample.target, at: time(now), reason: "timeout", message })
            } else {
                let counters = polls::fingerprint(&sample);
                if self.counters.insert(index, Arc::clone(&counters)).is_some_and(|before| before != counters) {
                    self.report.refreshed.push(now);
                }
                Poll::Answered(Box::new(sample))
            };
            self.engine.handle(time(now), Input::Poll(poll));
            self.collect(now);
        }
        self.report.refreshed.dedup();
    }

    fn collect(&mut self, now: Duration) {
        let mut claims: BTreeMap<Arc<str>, Vec<OwnerClaim>> = BTreeMap::new();
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Changed(verdict) => self.report.said.push((now, verdict)),
                // Nobody searches for devices here, and no switch is asked.
                Output::Mapping(_) | Output::Noted(_) | Output::Moved(_) | Output::Device(_) | Output::LookUp(_) => {}
                Output::AskOwner { interface, ip } => {
                    let owner = self.scenario.hosts.iter().find(|host| IpAddr::from(host.ip) == ip);
                    if let Some(host) = owner.filter(|_| self.watch.answers) {
                        let claim = OwnerClaim { ip, mac: mac_addr(host.mac), proof: OwnerProof::Arp, at: time(now) };
                        claims.entry(interface).or_default().push(claim);
                    }
                }
            }
        }
        for (interface, claims) in claims {
            self.engine.handle(time(now), Input::Owners { interface: Some(interface), claims });
        }
    }
}
