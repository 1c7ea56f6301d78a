//! A storm's life: findings of one moment become one verdict with a start, a phase and an end. Recognises nothing.

use super::case_counted::{Counters, RING, UNEXPLAINED, is_sharper};
use super::lans;
use super::memory::{Earlier, is_counted};
use super::snapshot::Delays;
use crate::detect::Thresholds;
use crate::detect::counters::{Counted, CounterWatch, Direction};
use crate::explain::causes::{Times, cause};
use crate::explain::scene::DEVICE_REACH;
use crate::explain::{Finding, Own, Scene, Suspect, words};
use crate::model::verdict::{Candidate, Evidence, Party, Phase, Severity, Verdict};
use crate::model::{MacAddr, Time};
use crate::observe::targets::Targets;
use crate::observe::topology::{PortOf, PortRole, Role};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Verdicts remembered, the open ones included; the ones over longest go first.
pub const MAX_HISTORY: usize = 128;
/// MACs, origins and groups kept per storm.
const MAX_PER_CASE: usize = 64;
/// The same storm within a minute is one that flickered, not a new one.
const STORM_RETURNS_WITHIN: Duration = Duration::from_secs(60);
/// A bounded reflection answers every search anew; devices search at least every quarter of an hour.
const WARNING_RETURNS_WITHIN: Duration = Duration::from_secs(900);

/// What a finding is taken with.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// A summary has just come, so that the new frames of the finding count.
    pub(super) fresh: bool,
    /// How the sentences tell the time.
    pub(super) times: &'a Times,
    /// Behind which switch port is whom.
    pub(super) targets: &'a Targets,
    /// Which ports carry more than they are used to.
    pub(super) counters: &'a CounterWatch,
    /// This host, whose interfaces may be in one LAN.
    pub(super) own: &'a Own,
}

impl Context<'_> {
    /// The device behind a suspect, and its switch port.
    fn party(&self, scene: &Scene<'_>, suspect: Suspect) -> Party {
        let port = suspect.mac.and_then(|mac| self.targets.port_of(mac));
        let port = port.map(|port| named_port(&port).into());
        Party { port, ..scene.party(suspect) }
    }

    /// What the switch counts at the port of a suspect, where that stands out: a second feed that says the same.
    fn counted(&self, suspect: Suspect) -> Option<Evidence> {
        let port = self.targets.port_of(suspect.mac?)?;
        let alarm = self.counters.alarm(&port.target, &port.port, Direction::In)?;
        let what = if alarm.counted == Counted::Group { "group frames" } else { "packets" };
        Some(Evidence {
            claim: format!("The flood comes in at {} {}, where that MAC is", port.target, port.port),
            observed: format!("{} {what} a second came in there", words::number(alarm.pps.round() as u64)),
            expected: match alarm.usual_pps {
                Some(usual) => format!("about {usual:.0} a second, as usual there"),
                None => "far fewer; what is usual there is not known yet".to_owned(),
            },
            feed: "snmp",
            display_filter: String::new(),
            frame_numbers: None,
        })
    }
}

/// `hub ge7`, and that it is an uplink, where it is: the device is then somewhere behind it.
fn named_port(place: &PortOf) -> String {
    port_label(&place.target, &place.port, &place.role)
}

/// The same, of a port that is known otherwise.
pub(super) fn port_label(target: &str, port: &str, role: &PortRole) -> String {
    let port = format!("{target} {port}");
    match (role.role, &role.leads_to) {
        (Role::Uplink, Some(name)) => format!("{port}, an uplink to {name}"),
        (Role::Uplink, None) => format!("{port}, an uplink"),
        (Role::Edge | Role::Unknown, _) => port,
    }
}

/// One storm or warning and what belongs to it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) verdict: Arc<Verdict>,
    pub(super) macs: BTreeSet<MacAddr>,
    pub(super) last: Time,
    /// The end of the forerunner: what began before it was told with that one.
    pub(super) not_before: Time,
    pub(super) times: Times,
    /// What counters have to do with it.
    pub(super) counters: Option<Counters>,
    /// Known from an earlier run of the program, and not seen in this one yet.
    pub(super) earlier: Option<Earlier>,
}

/// All storms and warnings, newest last.
#[derive(Debug, Default)]
pub(super) struct Cases {
    pub(super) cases: Vec<Case>,
    started: BTreeMap<(Arc<str>, &'static str), u64>,
    delays: Delays,
    forgotten: u64,
    /// Storms that have turned out to be a part of another one, until they are told of.
    absorbed: Vec<Arc<Verdict>>,
}

impl Cases {
    /// Newest first.
    pub(super) fn verdicts(&self) -> Vec<Arc<Verdict>> {
        let mut verdicts = self.cases.iter().map(|case| Arc::clone(&case.verdict)).collect::<Vec<_>>();
        verdicts.sort_by_key(|verdict| std::cmp::Reverse(verdict.started));
        verdicts
    }

    /// Segment and address of whoever is behind what goes on, the culprits first, storms before warnings.
    pub(super) fn suspects(&self) -> Vec<(Arc<str>, MacAddr)> {
        let mut open = self.cases.iter().filter(|case| case.verdict.phase != Phase::Over).collect::<Vec<_>>();
        open.sort_by_key(|case| (std::cmp::Reverse(case.verdict.severity), case.verdict.started));
        let of = |case: &&Case, mac: MacAddr| (Arc::clone(&case.verdict.segment), mac);
        let culprits = open.iter().filter_map(|case| Some(of(case, case.verdict.culprit.as_ref()?.mac?)));
        let others = open.iter().flat_map(|case| case.macs.iter().map(move |mac| of(case, *mac)));
        culprits.chain(others).collect()
    }

    /// Nothing goes on.
    pub(super) fn is_quiet(&self) -> bool {
        self.cases.iter().all(|case| case.verdict.phase == Phase::Over)
    }

    /// Storms begun since the start, by segment and cause.
    pub(super) fn started(&self) -> &BTreeMap<(Arc<str>, &'static str), u64> {
        &self.started
    }

    /// How long verdicts took.
    pub(super) fn delays(&self) -> &Delays {
        &self.delays
    }

    /// Verdicts that had to make room.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// Takes a finding: a new storm, or the next moment of a known one. Gives the verdict if it changed in what a
    /// person would be told.
    pub(super) fn take(&mut self, scene: &Scene<'_>, finding: Finding, context: &Context<'_>) -> Option<Arc<Verdict>> {
        let segment = &scene.segment.id;
        let fits = |case: &Case| {
            let bounded_after_storm = case.verdict.phase == Phase::Over && finding.severity < case.verdict.severity;
            let same = case.verdict.segment == *segment || lans::one_lan(context.own, &case.verdict.segment, segment);
            // Counters told of it first, and frames now tell what it is.
            let counted = case.open() && case.counted_in(segment, &finding.macs, context.targets);
            (counted || same && belongs(case, &finding))
                && !long_over(case, finding.last)
                && !(bounded_after_storm && finding.last > case.last)
        };
        let known = self.cases.iter().enumerate().filter(|(_, case)| fits(case));
        let known = known.map(|(index, case)| (closeness(case, &finding), index)).collect::<Vec<_>>();
        let Some((_, index)) = known.iter().copied().max() else { return self.open(scene, finding, context) };
        self.absorb(index, known.iter().map(|(_, other)| *other), &finding);
        let case = &mut self.cases[index];
        if case.verdict.segment != *segment && !case.is_counted() {
            // Seen by another interface of the same LAN, which does not count its frames again.
            return if case.open() { case.goes_on(&finding, scene, false) } else { None };
        }
        if case.verdict.phase == Phase::Over && finding.last <= case.last {
            return None; // The memory of what is already over.
        }
        // Bounded echoes do not keep a storm alive that has ended; once it is over they are a warning of their own.
        if finding.severity < case.verdict.severity {
            let tail = finding.started <= case.last;
            return if tail { case.goes_on(&finding, scene, context.fresh) } else { None };
        }
        // Counters have told more precisely what this is.
        if cause(case.verdict.cause).is_some_and(|known| known.sharpens().contains(&finding.cause)) {
            return case.goes_on(&finding, scene, context.fresh);
        }
        // A better-known cause is not given up for a guess, but what goes on goes on; that which says more precisely what
        // it is takes its place.
        let sharper = is_sharper(finding.cause, case.verdict.cause);
        if finding.cause != case.verdict.cause && !sharper && finding.confidence <= case.verdict.confidence {
            return case.goes_on(&finding, scene, context.fresh);
        }
        let before = Arc::clone(&case.verdict);
        case.update(scene, finding, context);
        let after = Arc::clone(&case.verdict);
        if before.severity < after.severity {
            self.count(index);
        }
        let told = |v: &Verdict| (v.cause, v.severity, v.phase, v.culprit.clone());
        (told(&before) != told(&after)).then_some(after)
    }

    /// What had no name yet, and turns out to be a part of the storm `index`, ends: its frames are that one's.
    fn absorb(&mut self, index: usize, known: impl Iterator<Item = usize>, finding: &Finding) {
        if [finding.cause, self.cases[index].verdict.cause] == [UNEXPLAINED; 2] {
            return;
        }
        for other in known.filter(|other| *other != index) {
            let case = &mut self.cases[other];
            if !case.open() || case.verdict.cause != UNEXPLAINED || case.is_counted() {
                continue;
            }
            let (last, times, macs) = (case.last, case.times, case.macs.clone());
            let verdict = Arc::make_mut(&mut case.verdict);
            (verdict.phase, verdict.ended, verdict.current_pps) = (Phase::Over, Some(last), 0);
            write(verdict, &times);
            self.absorbed.push(Arc::clone(&case.verdict));
            let room = MAX_PER_CASE.saturating_sub(self.cases[index].macs.len());
            self.cases[index].macs.extend(macs.into_iter().take(room));
        }
    }

    /// Storms that have turned out to be a part of another one since the call before.
    pub(super) fn take_absorbed(&mut self) -> Vec<Arc<Verdict>> {
        std::mem::take(&mut self.absorbed)
    }

    fn open(&mut self, scene: &Scene<'_>, finding: Finding, context: &Context<'_>) -> Option<Arc<Verdict>> {
        if scene.at.since(finding.last) >= scene.thresholds.over_after {
            return None; // Over before it was recognised, and recognised before under another name.
        }
        let forerunner =
            self.cases.iter().filter(|known| known.verdict.segment == scene.segment.id && belongs(known, &finding));
        let not_before = forerunner.filter_map(|known| known.verdict.ended).max().unwrap_or(Time::MIN);
        let mut case = Case {
            verdict: Arc::new(blank(&scene.segment.id, scene.at, &finding)),
            macs: BTreeSet::new(),
            last: finding.last,
            not_before,
            times: *context.times,
            counters: None,
            earlier: None,
        };
        case.update(scene, finding, &Context { fresh: true, ..*context });
        self.push(case)
    }

    /// Takes a new storm, where there is room for it.
    pub(super) fn push(&mut self, case: Case) -> Option<Arc<Verdict>> {
        if self.cases.len() >= MAX_HISTORY {
            self.forgotten += 1;
            // An open storm never makes room for another: forged sources must not turn into a stream of news.
            let over = self.cases.iter().enumerate().filter(|(_, case)| case.verdict.phase == Phase::Over);
            let (oldest, _) = over.min_by_key(|(_, case)| case.last)?;
            self.cases.remove(oldest);
        }
        self.cases.push(case);
        self.count(self.cases.len() - 1);
        self.cases.last().map(|case| Arc::clone(&case.verdict))
    }

    pub(super) fn count(&mut self, index: usize) {
        let verdict = &self.cases[index].verdict;
        // What is promised of frames is not promised of counters, which know no first one.
        if !self.cases[index].is_counted() {
            self.delays.add(verdict.detected.since(verdict.started));
        }
        if verdict.severity == Severity::Storm {
            *self.started.entry((Arc::clone(&verdict.segment), verdict.cause)).or_default() += 1;
        }
    }

    /// The frames around the onset of these storms are in a file. Gives those that it belongs to.
    pub(super) fn recorded(&mut self, storms: &[Arc<str>], path: &Arc<str>) -> Vec<Arc<Verdict>> {
        let mut told = Vec::new();
        for storm in storms {
            // A storm that came back has the name of its forerunner; the file is of the latest. One that has another
            // name by now is known by its segment.
            let segment =
                |case: &Case| storm.strip_prefix(&*case.verdict.segment).is_some_and(|rest| rest.starts_with('-'));
            let named = self.cases.iter().rposition(|case| case.verdict.id == *storm);
            let index = named
                .or_else(|| self.cases.iter().rposition(|case| case.verdict.phase != Phase::Over && segment(case)));
            let Some(case) = index.and_then(|index| self.cases.get_mut(index)) else { continue };
            if case.verdict.recording.as_ref() != Some(path) {
                Arc::make_mut(&mut case.verdict).recording = Some(Arc::clone(path));
                told.push(Arc::clone(&case.verdict));
            }
        }
        told
    }

    /// Moves storms of which nothing is seen any more to clearing and over.
    pub(super) fn age(&mut self, now: Time, thresholds: &Thresholds, changed: &mut dyn FnMut(Arc<Verdict>)) {
        for case in self.cases.iter_mut().filter(|case| !case.is_counted()) {
            if case.waits(now) {
                continue;
            }
            let silent = now.since(case.last);
            let phase = if silent >= thresholds.over_after {
                Phase::Over
            } else if silent >= thresholds.clearing_after {
                Phase::Clearing
            } else {
                Phase::Active
            };
            if case.verdict.phase == Phase::Over || phase == case.verdict.phase {
                continue;
            }
            let times = case.times;
            let verdict = Arc::make_mut(&mut case.verdict);
            verdict.phase = phase;
            verdict.current_pps = 0;
            if phase == Phase::Over {
                verdict.ended = Some(case.last);
            }
            write(verdict, &times);
            changed(Arc::clone(&case.verdict));
        }
    }

    /// When [`Cases::age`] will next change something.
    pub(super) fn next_deadline(&self, thresholds: &Thresholds) -> Option<Time> {
        let open = self.cases.iter().filter(|case| case.open() && !case.is_counted());
        open.map(|case| match (case.waits_until(), case.verdict.phase) {
            (Some(until), _) => until,
            (None, Phase::Active) => case.last.plus(thresholds.clearing_after),
            (None, Phase::Clearing | Phase::Over) => case.last.plus(thresholds.over_after),
        })
        .min()
    }
}

/// The same storm: same cause and device; or one that goes on and has another name now that more is known, by a MAC in
/// common.
fn belongs(case: &Case, finding: &Finding) -> bool {
    let open = case.verdict.phase != Phase::Over;
    let shared = || case.macs.iter().any(|mac| finding.macs.contains(mac));
    // What was over, and is back, by its old name; and one whom nobody was blamed for, before it is known again why.
    let sharper = cause(finding.cause).is_some_and(|found| found.sharpens().contains(&case.verdict.cause));
    let known_before = finding.cause == UNEXPLAINED && case.verdict.cause != UNEXPLAINED && nobody(&case.verdict);
    // In a ring everything circles: what may circle in one, whoever's it is, does so in the one that is known.
    let may_ring = |candidates: &[Candidate]| candidates.iter().any(|candidate| candidate.cause == RING);
    let ring = match (case.verdict.cause, finding.cause) {
        (UNEXPLAINED, RING) => open && may_ring(&case.verdict.candidates),
        (RING, UNEXPLAINED) => open && may_ring(&finding.candidates),
        _ => false,
    };
    finding.continues(case.verdict.cause, &case.macs, DEVICE_REACH)
        || ring
        || ((open || sharper || known_before) && shared())
}

/// Of several storms that a finding may belong to, the one of the same cause, or of the wider one, comes first, and one without
/// a name last.
fn closeness(case: &Case, finding: &Finding) -> u8 {
    let known = case.verdict.cause;
    let same = known == finding.cause || cause(finding.cause).is_some_and(|found| found.sharpens().contains(&known));
    match known {
        UNEXPLAINED => 0,
        _ if same => 2,
        _ => 1,
    }
}

pub(super) fn long_over(case: &Case, at: Time) -> bool {
    let within = match case.verdict.severity {
        Severity::Storm => STORM_RETURNS_WITHIN,
        Severity::Warning => WARNING_RETURNS_WITHIN,
    };
    case.verdict.phase == Phase::Over && at.since(case.last) > within
}

/// A verdict that says nothing yet but where, when and what was found.
pub(super) fn blank(segment: &Arc<str>, detected: Time, finding: &Finding) -> Verdict {
    Verdict {
        severity: finding.severity,
        confidence: finding.confidence,
        started: finding.started,
        detected,
        protocol: finding.protocol,
        ..Verdict::blank(Arc::clone(segment), finding.cause)
    }
}

impl Case {
    /// Takes only that it goes on, from a finding that knows less.
    fn goes_on(&mut self, finding: &Finding, scene: &Scene<'_>, fresh: bool) -> Option<Arc<Verdict>> {
        self.last = self.last.max(finding.last);
        let verdict = Arc::make_mut(&mut self.verdict);
        verdict.frames += if fresh { finding.fresh } else { 0 };
        verdict.current_pps = finding.rate;
        verdict.peak_pps = verdict.peak_pps.max(finding.rate);
        let back = verdict.phase != Phase::Active && scene.at.since(self.last) < scene.thresholds.clearing_after;
        if back {
            verdict.phase = Phase::Active;
            verdict.ended = None;
        }
        write(verdict, &self.times);
        back.then(|| Arc::clone(&self.verdict))
    }

    fn update(&mut self, scene: &Scene<'_>, finding: Finding, context: &Context<'_>) {
        let counted = self.is_counted();
        self.join_frames();
        let verdict = Arc::make_mut(&mut self.verdict);
        if counted {
            // What counters reckoned were not frames of it alone.
            (verdict.segment, verdict.frames) = (Arc::clone(&scene.segment.id), 0);
        }
        // What was a warning and is now a storm began, as a storm, with what makes it one.
        if finding.severity > verdict.severity {
            verdict.started = finding.started;
            verdict.detected = scene.at;
            verdict.frames = 0;
        }
        let first = verdict.frames == 0;
        verdict.started = verdict.started.min(finding.started).max(self.not_before);
        verdict.severity = verdict.severity.max(finding.severity);
        // Once the culprit is known for sure, a later moment with fewer facts does not unsay it.
        let better = nobody(verdict) && finding.culprit.is_some();
        if finding.cause != verdict.cause || finding.confidence >= verdict.confidence || better {
            // Both sides of a router may send, now one more, now the other: the one named first stays named.
            let named = verdict.culprit.as_ref().and_then(|culprit| culprit.mac).filter(|mac| {
                finding.cause == verdict.cause && finding.confidence <= verdict.confidence && finding.macs.contains(mac)
            });
            let suspect = finding.culprit.map(|suspect| Suspect { mac: named.or(suspect.mac), ..suspect });
            // Where the ring is closed only counters tell.
            let ends = verdict.culprit.take().filter(|known| known.mac.is_none() && finding.cause == verdict.cause);
            verdict.culprit = suspect.map(|suspect| context.party(scene, suspect)).or(ends);
            verdict.confidence = finding.confidence;
            verdict.evidence = finding.evidence;
            verdict.evidence.extend(finding.culprit.and_then(|suspect| context.counted(suspect)));
            verdict.candidates = finding.candidates;
            verdict.lacks = finding.lacks;
        }
        if finding.cause != verdict.cause {
            verdict.origins.clear();
        }
        verdict.cause = finding.cause;
        verdict.protocol = finding.protocol;
        if first {
            verdict.frames = finding.frames;
        } else if context.fresh {
            verdict.frames += finding.fresh;
        }
        verdict.peak_pps = verdict.peak_pps.max(finding.rate);
        verdict.current_pps = finding.rate;
        let named = finding.origins.iter().filter_map(|suspect| suspect.mac).collect::<BTreeSet<_>>();
        for suspect in finding.origins {
            let party = context.party(scene, suspect);
            // Who else is named for one address at the same moment is another device, as in a war about it.
            let other = |known: &Party| known.mac != party.mac && known.mac.is_some_and(|mac| named.contains(&mac));
            let same = |known: &Party| {
                *known == party
                    || (known.ip.is_some() && known.ip == party.ip && (party.mac.is_none() || !other(known)))
            };
            match verdict.origins.iter().position(same) {
                Some(index) if party.mac.is_some() => verdict.origins[index] = party,
                Some(_) => {}
                None if verdict.origins.len() < MAX_PER_CASE => verdict.origins.push(party),
                None => {}
            }
        }
        let groups = verdict.groups.iter().chain(&finding.groups).copied().collect::<BTreeSet<IpAddr>>();
        verdict.groups = groups.into_iter().take(MAX_PER_CASE).collect();
        self.macs.extend(finding.macs.iter().take(MAX_PER_CASE.saturating_sub(self.macs.len())));
        self.last = self.last.max(finding.last);
        self.times = *context.times;
        if scene.at.since(self.last) < scene.thresholds.clearing_after {
            verdict.phase = Phase::Active;
            verdict.ended = None;
        }
        write(verdict, context.times);
    }
}

/// No device is blamed; there may be a port.
pub(super) fn nobody(verdict: &Verdict) -> bool {
    verdict.culprit.as_ref().is_none_or(|culprit| culprit.mac.is_none())
}

/// Everything that follows from the facts of a verdict: its id and its words.
pub(super) fn write(verdict: &mut Verdict, times: &Times) {
    let culprit = verdict.culprit.as_ref().and_then(|c| c.mac);
    let counted = culprit.is_none() && is_counted(verdict);
    let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref()).filter(|_| counted);
    // Of what only counters have seen, the port is the culprit: two storms at two ports are two. One that frames have told
    // of keeps its id when counters add the ports.
    let named = |port: &str| format!("-{}", port.replace(|c: char| !c.is_alphanumeric(), "-"));
    let who = culprit.map(|mac| format!("-{}", mac.to_string().replace(':', ""))).or_else(|| port.map(named));
    let who = who.unwrap_or_default();
    verdict.id = format!("{}-{}{who}", verdict.segment, verdict.cause).into();
    if let Some(cause) = cause(verdict.cause) {
        verdict.sentence = cause.sentence(verdict, times);
        verdict.remedy = cause.remedy(verdict);
    }
}
