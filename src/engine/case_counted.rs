//! What counters have to do with a storm's life: they open one where no frame tells of it, hold it open while a port stands
//! out, and are evidence where frames have told already. Recognises nothing.

use super::case::{Case, Cases, blank, long_over, nobody, write};
use super::floods::Floods;
use super::lans::{Group, Node, interface_of};
use crate::detect::counters::attribution::MIN_INTERVALS;
use crate::detect::counters::{CounterWatch, Direction};
use crate::explain::causes::{Times, cause};
use crate::explain::counted::{CounterFinding, PortKey};
use crate::explain::scene::DEVICE_REACH;
use crate::model::observation::THIS_HOST;
use crate::model::verdict::{Evidence, Party, Phase, Verdict};
use crate::model::{MacAddr, Time};
use crate::observe::targets::Targets;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The cause of what has none.
pub(super) const UNEXPLAINED: &str = "unexplained";
/// The cause by which everything circles.
pub(super) const RING: &str = "l2_loop";
/// Ports kept per storm.
const MAX_PORTS: usize = 64;
/// Evidence kept per storm.
const MAX_EVIDENCE: usize = 16;
/// What an over storm still has in the counters: the interval in which it ended, and the clocks' difference.
const SLACK: Duration = Duration::from_secs(2);

/// Where counters have seen a storm.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    /// No frame has told of it.
    alone: bool,
    group: Group,
    ports: BTreeSet<PortKey>,
    /// Targets that they lead to.
    through: BTreeSet<Arc<str>>,
}

impl Counters {
    /// The storm was seen at a switch that `found` only shows to be behind a port.
    fn is_nearer_than(&self, found: &CounterFinding) -> bool {
        // The port that only passes it on is known beside the one behind it, and does not make it seen there again.
        let mut behind = self.ports.iter().filter(|(target, _)| found.through.contains(target)).peekable();
        behind.peek().is_some() && !behind.any(|port| found.ports.contains(port))
    }
}

/// What a finding is taken with.
pub(super) struct Seen<'a> {
    pub(super) now: Time,
    /// Where: the switches and interfaces of the segment.
    pub(super) group: &'a Group,
    /// Who does it: a device, or a port.
    pub(super) culprit: Option<Party>,
    /// The longest interval between two polls of it.
    pub(super) span: Duration,
    pub(super) times: &'a Times,
    /// Whose tables tell who is in the segment.
    pub(super) targets: &'a Targets,
}

impl Case {
    /// It goes on.
    pub(super) fn open(&self) -> bool {
        self.verdict.phase != Phase::Over
    }

    /// Only counters have told of it.
    pub(super) fn is_counted(&self) -> bool {
        self.counters.as_ref().is_some_and(|counters| counters.alone)
    }

    /// Only counters have told of it, and what is captured as `segment` is where they have: an interface of ours is there,
    /// or the switches know one of `macs`, whose storm it is; or nothing is known of where it is, nor of why.
    pub(super) fn counted_in(&self, segment: &str, macs: &BTreeSet<MacAddr>, targets: &Targets) -> bool {
        self.counters.as_ref().filter(|counters| counters.alone).is_some_and(|counters| {
            counters.group.interfaces.contains(interface_of(segment).0)
                || knows(&counters.group, macs, targets)
                || self.verdict.cause == UNEXPLAINED && is_nowhere(&counters.group, targets)
        })
    }

    /// Frames tell of it too.
    pub(super) fn join_frames(&mut self) {
        if let Some(counters) = &mut self.counters {
            counters.alone = false;
        }
    }

    /// A storm of frames that `found` is the other side of: in the same segment, and no other device's.
    fn is_of_frames(&self, seen: &Seen<'_>, found: &CounterFinding) -> bool {
        let named = self.counters.as_ref().filter(|counters| !counters.alone).map(|counters| &counters.ports);
        let at_its_port = named.is_some_and(|ports| found.ports.iter().any(|port| ports.contains(port)));
        let here = seen.group.interfaces.contains(interface_of(&self.verdict.segment).0)
            || knows(seen.group, &self.macs, seen.targets);
        let mac = |party: Option<&Party>| party.and_then(|party| party.mac);
        let same = match (found.device, mac(self.verdict.culprit.as_ref())) {
            (Some(one), Some(other)) => {
                one == other || one.is_neighbour_of(other, DEVICE_REACH) || self.macs.contains(&one)
            }
            _ => true,
        };
        let counted = self.is_counted() || self.was_counted();
        !counted && (at_its_port || here && same) && self.verdict.severity >= found.finding.severity
    }

    fn adds(&mut self, seen: &Seen<'_>, found: &CounterFinding) -> Option<Arc<Verdict>> {
        let ports = found.ports.iter().cloned().collect();
        let through = found.through.iter().cloned().collect();
        self.counters.get_or_insert_with(|| Counters { alone: false, group: seen.group.clone(), ports, through });
        let verdict = Arc::make_mut(&mut self.verdict);
        for fact in &found.finding.evidence {
            enter(&mut verdict.evidence, fact);
        }
        let finding = &found.finding;
        if is_sharper(finding.cause, verdict.cause) {
            (verdict.cause, verdict.culprit) = (finding.cause, seen.culprit.clone());
            verdict.confidence = verdict.confidence.max(finding.confidence);
            write(verdict, seen.times);
            return Some(Arc::clone(&self.verdict));
        }
        if let Some(ports) = self.new_ends(seen, found) {
            let verdict = Arc::make_mut(&mut self.verdict);
            verdict.confidence = verdict.confidence.max(finding.confidence);
            verdict.culprit = Some(ports);
            write(verdict, seen.times);
            return Some(Arc::clone(&self.verdict));
        }
        let verdict = Arc::make_mut(&mut self.verdict);
        let named = seen.culprit.as_ref().filter(|_| found.device.is_some());
        let (Some(culprit), Some(party)) = (&mut verdict.culprit, named) else { return None };
        if culprit.port.is_some() {
            return None;
        }
        culprit.port = party.port.clone();
        write(verdict, seen.times);
        Some(Arc::clone(&self.verdict))
    }

    /// What goes round keeps its senders' MACs, so that frames name nobody: the ports at which the ring is closed counters
    /// tell, where they find the same cause. Once more of them are known than before, those.
    fn new_ends(&self, seen: &Seen<'_>, found: &CounterFinding) -> Option<Party> {
        let ends = seen.culprit.as_ref().filter(|ends| ends.mac.is_none() && ends.port.is_some())?;
        let known = self.verdict.culprit.as_ref();
        let many = |party: &Party| party.port.as_deref().map_or(0, |ports| ports.split(" and ").count());
        let more = nobody(&self.verdict) && known.is_none_or(|known| many(known) < many(ends));
        (found.finding.cause == self.verdict.cause && more).then(|| ends.clone())
    }

    /// The same storm as before, by its ports.
    fn goes_on_at(&self, seen: &Seen<'_>, found: &CounterFinding) -> bool {
        self.counters.as_ref().filter(|counters| counters.alone).is_some_and(|counters| {
            let place = !counters.group.nodes.is_disjoint(&seen.group.nodes);
            let unknown = counters.ports.is_empty() || found.ports.is_empty();
            let nearer = found.ports.iter().any(|(target, _)| counters.through.contains(target));
            let farther = counters.ports.iter().any(|(target, _)| found.through.contains(target));
            let same = found.ports.iter().any(|port| counters.ports.contains(port));
            place && (unknown || nearer || farther || same)
        })
    }

    /// The same storm as in an earlier run of the program: in the same segment, by the same device or at the same port; of
    /// the same cause where neither is known.
    fn went_on_at(&self, seen: &Seen<'_>, found: &CounterFinding) -> bool {
        let here = seen.group.name().is_some_and(|name| *name == self.verdict.segment);
        let (one, other) = (self.verdict.culprit.as_ref(), seen.culprit.as_ref());
        let macs = one.and_then(|party| party.mac).zip(other.and_then(|party| party.mac));
        let ports = place(one).zip(place(other));
        let same = match (macs, ports) {
            (Some((one, other)), _) => one == other || one.is_neighbour_of(other, DEVICE_REACH),
            (None, Some((one, other))) => one == other,
            (None, None) => found.finding.cause == self.verdict.cause,
        };
        self.was_counted() && here && same
    }

    /// It goes on: what is known of its places is what is seen now.
    fn is_seen_again(&mut self, seen: &Seen<'_>, found: &CounterFinding) {
        self.counters = Some(Counters {
            alone: true,
            group: seen.group.clone(),
            ports: found.ports.iter().take(MAX_PORTS).cloned().collect(),
            through: found.through.iter().take(MAX_PORTS).cloned().collect(),
        });
        // Nobody counted while the program was away.
        self.last = self.last.max(found.finding.started.minus(seen.span));
        self.earlier = None;
    }

    fn counts(&mut self, seen: &Seen<'_>, found: CounterFinding) {
        let farther = self.counters.as_ref().is_some_and(|counters| counters.is_nearer_than(&found));
        let finding = found.finding;
        let fresh = finding.last.since(self.last).as_secs_f64() * finding.rate as f64;
        if let Some(counters) = &mut self.counters {
            counters.group.nodes.extend(seen.group.nodes.iter().cloned());
            counters.group.interfaces.extend(seen.group.interfaces.iter().cloned());
            if found.ports.iter().any(|(target, _)| counters.through.contains(target)) && !farther {
                // Nearer to the source: what was known passes it on.
                counters.ports.clear();
                counters.through.clear();
            }
            let room = if farther { 0 } else { MAX_PORTS.saturating_sub(counters.ports.len()) };
            counters.ports.extend(found.ports.into_iter().take(room));
            let room = if farther { 0 } else { MAX_PORTS.saturating_sub(counters.through.len()) };
            counters.through.extend(found.through.into_iter().take(room));
        }
        let verdict = Arc::make_mut(&mut self.verdict);
        verdict.frames += fresh.round() as u64;
        verdict.peak_pps = verdict.peak_pps.max(finding.rate);
        verdict.current_pps = finding.rate;
        verdict.started = verdict.started.min(finding.started);
        verdict.severity = verdict.severity.max(finding.severity);
        (verdict.phase, verdict.ended) = (Phase::Active, None);
        // A better-known cause is not given up for a guess.
        let same = finding.cause == verdict.cause || is_sharper(finding.cause, verdict.cause);
        let surer = finding.confidence > verdict.confidence && !is_sharper(verdict.cause, finding.cause);
        if !farther && (same || surer) {
            if !knows_more(verdict.culprit.as_ref(), seen.culprit.as_ref()) {
                verdict.culprit.clone_from(&seen.culprit);
            }
            verdict.cause = finding.cause;
            verdict.confidence = finding.confidence;
            verdict.protocol = finding.protocol;
            verdict.evidence = finding.evidence;
            verdict.candidates = finding.candidates;
            verdict.lacks = finding.lacks;
            self.macs.extend(finding.macs);
        }
        self.last = self.last.max(finding.last);
        write(verdict, seen.times);
    }
}

/// The first says more precisely what the other is told for until then.
pub(super) fn is_sharper(one: &str, other: &str) -> bool {
    cause(one).is_some_and(|one| one.sharpens().contains(&other))
}

/// The port of a culprit, without what it leads to.
fn place(culprit: Option<&Party>) -> Option<&str> {
    culprit?.port.as_deref()?.split(", an uplink").next()
}

/// A device has been named at the port at which now none is: the tables are read less often than the counters.
fn knows_more(known: Option<&Party>, now: Option<&Party>) -> bool {
    known.is_some_and(|known| known.mac.is_some())
        && now.is_some_and(|now| now.mac.is_none() && place(Some(now)).is_some())
        && place(known) == place(now)
}

/// The switches of the group have one of these behind a port.
fn knows(group: &Group, macs: &BTreeSet<MacAddr>, targets: &Targets) -> bool {
    let tables = group.nodes.iter().filter_map(|node| targets.surroundings(node.name()));
    tables.into_iter().any(|tables| macs.iter().any(|mac| tables.place(*mac).is_some()))
}

/// Nothing tells in which LAN the group is: it is of switches that have no forwarding database, or tell none.
fn is_nowhere(group: &Group, targets: &Targets) -> bool {
    let tells = |node: &Node| targets.status(node.name()).is_none_or(|status| status.fdb_read.is_some());
    group.interfaces.is_empty() && !group.nodes.iter().any(tells)
}

/// A fact that says more of the same takes the place of the one before.
fn enter(evidence: &mut Vec<Evidence>, fact: &Evidence) {
    match evidence.iter().position(|known| known.feed == fact.feed && known.claim == fact.claim) {
        Some(place) => evidence[place].clone_from(fact),
        None if evidence.len() < MAX_EVIDENCE => evidence.push(fact.clone()),
        None => {}
    }
}

impl Cases {
    /// Takes what counters show. Gives the verdict if it changed in what a person would be told.
    pub(super) fn take_counted(&mut self, seen: &Seen<'_>, found: CounterFinding) -> Option<Arc<Verdict>> {
        if let Some(case) = self.cases.iter_mut().find(|case| case.went_on_at(seen, &found)) {
            case.is_seen_again(seen, &found);
        }
        let by_frames = |case: &&mut Case| case.is_of_frames(seen, &found);
        if let Some(case) = self.cases.iter_mut().filter(|case| case.open()).find(by_frames) {
            return case.adds(seen, &found);
        }
        // Counters are behind: what they show now may have been before a storm of frames ended.
        // (Where an agent is slow, rates are over two of its renewals.)
        let began = found.finding.last.minus(seen.span * 2 + SLACK);
        let memory = |case: &Case| !case.is_counted() && case.verdict.ended.is_some_and(|ended| began <= ended);
        if self.cases.iter_mut().any(|case| memory(case) && case.is_of_frames(seen, &found)) {
            return None;
        }
        if self.may_be_of_frames(seen, &found, began) {
            return None;
        }
        let last = found.finding.last;
        let known = self.cases.iter().rposition(|case| case.goes_on_at(seen, &found) && !long_over(case, last));
        let Some(index) = known else { return self.open_counted(seen, found) };
        let index = self.take_in(index, &found);
        let before = Arc::clone(&self.cases[index].verdict);
        if !self.cases[index].open() && last <= self.cases[index].last {
            return None;
        }
        self.cases[index].counts(seen, found);
        let after = Arc::clone(&self.cases[index].verdict);
        if before.severity < after.severity {
            self.count(index);
        }
        let told = |v: &Verdict| (v.cause, v.severity, v.phase, v.culprit.clone());
        (told(&before) != told(&after)).then_some(after)
    }

    /// What counters had told of each of these ports by itself was the storm `index`, which is of them together. Gives its place.
    fn take_in(&mut self, index: usize, found: &CounterFinding) -> usize {
        let ports = found.ports.iter().collect::<BTreeSet<_>>();
        let is_part = |case: &Case| {
            let its = case.counters.as_ref().filter(|counters| counters.alone && !counters.ports.is_empty());
            case.open()
                && is_sharper(found.finding.cause, case.verdict.cause)
                && its.is_some_and(|counters| counters.ports.iter().all(|port| ports.contains(port)))
        };
        let part = |(place, case): (usize, &Case)| (place != index && is_part(case)).then_some(place);
        let parts = self.cases.iter().enumerate().filter_map(part).collect::<Vec<_>>();
        parts.iter().rev().for_each(|place| drop(self.cases.remove(*place)));
        index - parts.iter().filter(|place| **place < index).count()
    }

    /// Frames a second of each of the rings that go on, by frames, and whose places are not known yet.
    pub(super) fn rings(&self) -> impl Iterator<Item = u64> {
        let open = self.cases.iter().filter(|case| case.open() && !case.is_counted()).map(|case| &case.verdict);
        let nowhere = open.filter(|verdict| verdict.cause == RING && verdict.culprit.is_none());
        nowhere.map(|verdict| verdict.current_pps)
    }

    /// Where a ring is that frames tell of.
    pub(super) fn find_ring(&mut self, seen: &Seen<'_>, found: &CounterFinding) -> Option<Arc<Verdict>> {
        let its = |case: &&mut Case| case.open() && case.verdict.cause == RING && case.is_of_frames(seen, found);
        self.cases.iter_mut().find(its)?.adds(seen, found)
    }

    /// Frames tell of a storm, and counters of one that may well be the same: of switches of which nothing tells where they
    /// are, and without a reason of its own. Two storms are more than is known, until the series of both were long enough
    /// to be told apart (`trace`).
    fn may_be_of_frames(&self, seen: &Seen<'_>, found: &CounterFinding, began: Time) -> bool {
        let finding = &found.finding;
        let early = finding.last.since(finding.started) < seen.span * (MIN_INTERVALS as u32 + 2);
        let at_the_time = |case: &Case| case.open() || case.verdict.ended.is_some_and(|ended| began <= ended);
        let by_frames = |case: &&Case| !case.is_counted() && case.verdict.severity >= finding.severity;
        finding.cause == UNEXPLAINED
            && early
            && is_nowhere(seen.group, seen.targets)
            && self.cases.iter().filter(by_frames).any(at_the_time)
    }

    fn open_counted(&mut self, seen: &Seen<'_>, found: CounterFinding) -> Option<Arc<Verdict>> {
        let finding = &found.finding;
        let verdict = blank(seen.group.name()?, seen.now, finding);
        let mut case = Case {
            verdict: Arc::new(verdict),
            macs: BTreeSet::new(),
            // The first sample counted what came in the interval before it.
            last: finding.started.minus(seen.span),
            not_before: Time::MIN,
            times: *seen.times,
            counters: Some(Counters {
                alone: true,
                group: seen.group.clone(),
                ports: BTreeSet::new(),
                through: BTreeSet::new(),
            }),
            earlier: None,
        };
        case.counts(seen, found);
        self.push(case)
    }

    /// Lets storms that only counters know clear and end: a port that is below for a while has calmed down.
    pub(super) fn settle(
        &mut self,
        now: Time,
        watch: &CounterWatch,
        floods: &Floods,
        changed: &mut dyn FnMut(Arc<Verdict>),
    ) {
        for case in self.cases.iter_mut().filter(|case| case.open() && case.is_counted()) {
            let Some(counters) = &case.counters else { continue };
            let standing = standing(counters, watch, floods);
            let phase = match standing {
                Some(true) => Phase::Active,
                Some(false) => Phase::Clearing,
                None => Phase::Over,
            };
            if phase == case.verdict.phase {
                continue;
            }
            let times = case.times;
            let verdict = Arc::make_mut(&mut case.verdict);
            verdict.phase = phase;
            if phase != Phase::Active {
                verdict.current_pps = 0;
            }
            if phase == Phase::Over {
                verdict.ended = Some(case.last.min(now));
            }
            write(verdict, &times);
            changed(Arc::clone(&case.verdict));
        }
    }

    /// What only counters have told of these ports has turned out to be expected.
    pub(super) fn excuse(&mut self, ports: &BTreeSet<PortKey>, changed: &mut dyn FnMut(Arc<Verdict>)) {
        let only_there = |case: &&mut Case| {
            let known = case.counters.as_ref().map(|counters| &counters.ports);
            case.open() && case.is_counted() && known.is_some_and(|known| !known.is_empty() && known.is_subset(ports))
        };
        for case in self.cases.iter_mut().filter(only_there) {
            let (last, times) = (case.last, case.times);
            let verdict = Arc::make_mut(&mut case.verdict);
            (verdict.phase, verdict.ended, verdict.current_pps) = (Phase::Over, Some(last), 0);
            write(verdict, &times);
            changed(Arc::clone(&case.verdict));
        }
    }

    /// Open storms of frames whose culprit is known and its port is not: id and frames so far.
    pub(super) fn without_port(&self) -> impl Iterator<Item = (&Arc<str>, u64)> + Clone {
        let open = self.cases.iter().filter(|case| case.open() && !case.is_counted()).map(|case| &case.verdict);
        let nowhere = |verdict: &&Arc<Verdict>| verdict.culprit.as_ref().is_some_and(|culprit| culprit.port.is_none());
        open.filter(nowhere).map(|verdict| (&verdict.id, verdict.frames))
    }

    /// A storm of frames comes in at this port. What counters had told of the port by themselves was this storm.
    pub(super) fn name_port(
        &mut self,
        storm: &str,
        key: &PortKey,
        label: String,
        evidence: &Evidence,
    ) -> Option<Arc<Verdict>> {
        let told = |case: &Case| case.is_counted() && case.counters.as_ref().is_some_and(|c| c.ports.contains(key));
        let twin = self.cases.iter().position(told).map(|index| self.cases.remove(index));
        let case = self.cases.iter_mut().find(|case| *case.verdict.id == *storm)?;
        if let Some(counters) = twin.and_then(|twin| twin.counters) {
            case.counters = Some(Counters { alone: false, ..counters });
        }
        let times = case.times;
        let verdict = Arc::make_mut(&mut case.verdict);
        verdict.culprit.as_mut()?.port = Some(label.into());
        enter(&mut verdict.evidence, evidence);
        write(verdict, &times);
        Some(Arc::clone(&case.verdict))
    }

    /// Nothing that only counters know goes on.
    pub(super) fn none_counted(&self) -> bool {
        self.cases.iter().all(|case| !case.is_counted() || !case.open())
    }

    /// Targets in the segments of storms that go on, the first `most`.
    pub(super) fn affected(&self, most: usize) -> Vec<Arc<str>> {
        let open = self.cases.iter().filter(|case| case.open()).filter_map(|case| case.counters.as_ref());
        let nodes = open.flat_map(|counters| &counters.group.nodes).filter_map(|node| match node {
            Node::Target(name) => Some(Arc::clone(name)),
            Node::Interface(_) => None,
        });
        nodes.collect::<BTreeSet<_>>().into_iter().take(most).collect()
    }
}

/// Whether a port of the storm stands out, and whether it is not below yet.
fn standing(counters: &Counters, watch: &CounterWatch, floods: &Floods) -> Option<bool> {
    let ways = [Direction::In, Direction::Out];
    let of_ports = counters.ports.iter().flat_map(|(target, port)| ways.map(|way| watch.alarm(target, port, way)));
    let of_ports = of_ports.flatten().map(|alarm| !alarm.clearing());
    let of_floods = counters.ports.iter().filter(|(target, _)| floods.stands(target)).map(|_| true);
    if let Some(best) = of_ports.chain(of_floods).max() {
        return Some(best);
    }
    // The source itself does not stand out: those that it goes to do.
    let beside = |node: &Node| -> Vec<bool> {
        match node {
            Node::Target(target) => watch.alarms_of(target).map(|alarm| !alarm.state.clearing()).collect(),
            Node::Interface(name) => {
                let host = Arc::from(THIS_HOST);
                ways.into_iter()
                    .filter_map(|way| watch.alarm(&host, name, way))
                    .map(|alarm| !alarm.clearing())
                    .collect()
            }
        }
    };
    counters.group.nodes.iter().flat_map(beside).max()
}
