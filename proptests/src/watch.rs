//! Lets the engine judge a world, fed through the tally as the io floor feeds it: a flush each second, at once when a
//! replica rule fires, and a tick twice a second. Brings the clock: virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use stormglass::engine::{Engine, Input, Output, Settings};
use stormglass::explain::Own;
use stormglass::model::frames::{FrameMeta, LinkType, OwnerClaim, OwnerProof};
use stormglass::model::verdict::Verdict;
use stormglass::model::{MacAddr, Time};
use stormglass::observe::replica::ReplicaRules;
use stormglass::observe::tally::Tally;
use stormglass_harness::rng::Rng;
use stormglass_harness::{Mac, Scenario, World, packets};

/// When the worlds begin: 2027-01-15T08:00:00Z.
const EPOCH_S: i64 = 1_800_000_000;
/// Virtual time goes by in steps of this.
const STEP: Duration = Duration::from_millis(10);
/// How often the engine's owner lets time pass.
const TICK_INTERVAL: Duration = Duration::from_millis(500);

/// How a world is watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Watch {
    /// Share of the frames that are lost before the tally, 0 to 1.
    pub drop_share: f64,
    /// The program is started this late: what came before is not seen.
    pub start_at: Duration,
    /// Questions for an owner are answered as ARP would answer them.
    pub answers: bool,
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
    /// Copies by the second router that reached the tally.
    pub copies: u64,
    /// Frames that reached the tally.
    pub frames: u64,
}

impl Report {
    /// Everything that was said, for a failure's message.
    #[must_use]
    pub fn story(&self) -> String {
        let line = |(at, verdict): &(Duration, Arc<Verdict>)| {
            let culprit = verdict.culprit.as_ref().and_then(|c| c.mac).map(|mac| mac.to_string());
            format!(
                "{:8.3} s {} {:?} {:?} {:.2} culprit {} frames {} peak {}/s: {}\n",
                at.as_secs_f64(),
                verdict.cause,
                verdict.severity,
                verdict.phase,
                verdict.confidence,
                culprit.as_deref().unwrap_or("nobody"),
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
    dropped: u64,
    report: Report,
}

/// Lets the engine judge `scenario` with `seed` to its end.
#[must_use]
pub fn watch(scenario: &Scenario, seed: u64, watch: Watch) -> Report {
    let start = time(watch.start_at);
    let interface: Arc<str> = "eth0".into();
    let mut engine = Engine::new(Settings { can_ask: watch.answers, ..Settings::default() });
    if let Some(own) = own(scenario, &interface) {
        engine.handle(start, Input::Own(own));
    }
    let tally = Tally::new(interface, ReplicaRules::default(), Some(start), seed ^ 0x5eed);
    let mut bench = Bench { scenario, watch, engine, tally, dropped: 0, report: Report::default() };
    bench.run(seed);
    bench.report.last = bench.engine.verdicts();
    bench.report
}

fn time(at: Duration) -> Time {
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
    fn run(&mut self, seed: u64) {
        let mut world = World::new(self.scenario, seed);
        let mut loss = Rng::new(seed ^ 0x1055);
        let router = [self.scenario.second_router.lan_mac, self.scenario.second_router.wan_mac];
        let mut number = 0;
        let (mut flushed, mut ticked) = (self.watch.start_at, self.watch.start_at);
        let mut now = Duration::ZERO;
        while now < self.scenario.duration {
            now += STEP;
            for frame in world.advance(now) {
                let source = packets::source_of(&frame.bytes);
                let copy = source.is_some_and(|mac| router.contains(&mac)) && packets::routable(&frame.bytes).is_some();
                if copy {
                    self.report.first_copy.get_or_insert(frame.at);
                }
                if frame.at < self.watch.start_at {
                    continue;
                }
                if loss.chance(self.watch.drop_share) {
                    self.dropped += 1;
                    continue;
                }
                number += 1;
                self.report.frames += 1;
                self.report.copies += u64::from(copy);
                let meta = FrameMeta {
                    at: time(frame.at),
                    number,
                    interface: 0,
                    link: LinkType::Ethernet,
                    vlan: None,
                    original_len: frame.bytes.len() as u32,
                };
                self.tally.frame(&meta, &frame.bytes);
            }
            if now < self.watch.start_at {
                continue;
            }
            if now - flushed >= self.tally.due_after() {
                flushed = now;
                let summary = self.tally.flush(time(now), std::mem::take(&mut self.dropped));
                self.engine.handle(time(now), Input::Frames(Box::new(summary)));
                self.collect(now);
            }
            if now - ticked >= TICK_INTERVAL {
                ticked = now;
                self.engine.tick(time(now));
                self.collect(now);
            }
        }
    }

    fn collect(&mut self, now: Duration) {
        let mut claims: BTreeMap<Arc<str>, Vec<OwnerClaim>> = BTreeMap::new();
        while let Some(output) = self.engine.poll() {
            match output {
                Output::Changed(verdict) => self.report.said.push((now, verdict)),
                // Nobody searches for devices here.
                Output::Mapping(_) | Output::Moved(_) | Output::Device(_) => {}
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
