//! How storms of frames and ports of switches went up and down together: where no forwarding table says where a culprit
//! is, the port that brings in what the capture sees is the one. Keeps short series; the arithmetic is the detector's.

use super::{Engine, Output, push};
use crate::detect::counters::attribution::{Attribution, MIN_INTERVALS, attribute};
use crate::detect::counters::{CounterWatch, Direction};
use crate::explain::counted::{PortKey, counted};
use crate::model::Time;
use crate::model::observation::THIS_HOST;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Storms followed whose culprit has no port yet.
const MAX_STORMS: usize = 8;
/// Moments kept of each, and the least time between two.
const MAX_MOMENTS: usize = 1024;
/// See [`MAX_MOMENTS`].
const MOMENT: Duration = Duration::from_secs(1);
/// Ports followed, and intervals kept of each.
const MAX_PORTS: usize = 256;
/// See [`MAX_PORTS`].
const MAX_INTERVALS: usize = 32;

/// One interval of a port: its end, its length, packets per second in.
#[derive(Clone, Copy, Debug)]
struct Interval {
    at: Time,
    span: Duration,
    pps: f64,
}

/// The series.
#[derive(Debug, Default)]
pub(super) struct Traces {
    /// By the id of the storm: frames so far, at each moment.
    storms: BTreeMap<Arc<str>, VecDeque<(Time, u64)>>,
    ports: BTreeMap<PortKey, VecDeque<Interval>>,
}

impl Traces {
    /// Notes how many frames the storms have had so far that have no port yet.
    pub(super) fn note<'a>(&mut self, now: Time, storms: impl Iterator<Item = (&'a Arc<str>, u64)> + Clone) {
        self.storms.retain(|id, _| storms.clone().any(|(open, _)| open == id));
        for (id, frames) in storms {
            if !self.storms.contains_key(id) && self.storms.len() >= MAX_STORMS {
                continue;
            }
            let moments = self.storms.entry(Arc::clone(id)).or_default();
            if moments.back().is_some_and(|(at, _)| now.since(*at) < MOMENT) {
                continue;
            }
            if moments.len() >= MAX_MOMENTS {
                moments.pop_front();
            }
            moments.push_back((now, frames));
        }
        if self.storms.is_empty() {
            self.ports.clear();
        }
    }

    /// Notes what comes in at the ports of a target that stand out.
    fn poll(&mut self, target: &Arc<str>, watch: &CounterWatch) {
        self.ports.retain(|(of, port), _| of != target || watch.alarm(of, port, Direction::In).is_some());
        for alarm in watch.alarms_of(target).filter(|alarm| alarm.direction == Direction::In) {
            let key = (alarm.target, alarm.port);
            if !self.ports.contains_key(&key) && self.ports.len() >= MAX_PORTS {
                continue;
            }
            let intervals = self.ports.entry(key).or_default();
            if intervals.back().is_some_and(|last| last.at >= alarm.state.at) {
                continue;
            }
            if intervals.len() >= MAX_INTERVALS {
                intervals.pop_front();
            }
            intervals.push_back(Interval { at: alarm.state.at, span: alarm.state.span, pps: alarm.state.pps });
        }
    }

    /// The port of a target at which a storm comes in, if one alone explains it.
    fn port(&self, storm: &str, target: &Arc<str>) -> Option<(PortKey, f64, usize)> {
        let moments = self.storms.get(storm)?;
        let ports = self.ports.iter().filter(|((of, _), _)| of == target).collect::<Vec<_>>();
        let (_, longest) = ports.iter().max_by_key(|(_, intervals)| intervals.len())?;
        // Of the time before the storm was followed nothing is known.
        let began = moments.front()?.0;
        let times = longest.iter().filter(|interval| interval.at.minus(interval.span) >= began).collect::<Vec<_>>();
        if times.len() < MIN_INTERVALS {
            return None;
        }
        // This storm first, then the others: two at once are told apart.
        let others = self.storms.iter().filter(|(id, _)| ***id != *storm).map(|(_, moments)| moments);
        let source = |moments: &VecDeque<(Time, u64)>| {
            let of = |interval: &&Interval| {
                let frames = frames_at(moments, interval.at) - frames_at(moments, interval.at.minus(interval.span));
                frames / interval.span.as_secs_f64().max(1e-3)
            };
            times.iter().map(of).collect::<Vec<_>>()
        };
        let sources = std::iter::once(moments).chain(others).map(source).collect::<Vec<_>>();
        let rate = |intervals: &VecDeque<Interval>, at: Time| {
            intervals.iter().find(|interval| interval.at == at).map_or(0.0, |interval| interval.pps)
        };
        let series = |(_, intervals): &(&PortKey, &VecDeque<Interval>)| {
            times.iter().map(|time| rate(intervals, time.at)).collect::<Vec<_>>()
        };
        match attribute(&sources, &ports.iter().map(series).collect::<Vec<_>>()) {
            Attribution::Port(share) => Some((ports[share.port].0.clone(), share.share, times.len())),
            Attribution::Candidates(_) | Attribution::TooShort => None,
        }
    }
}

/// Frames up to a moment, evenly between two that were noted.
fn frames_at(moments: &VecDeque<(Time, u64)>, at: Time) -> f64 {
    let next = moments.partition_point(|(noted, _)| *noted < at);
    match (next.checked_sub(1).and_then(|before| moments.get(before)), moments.get(next)) {
        (Some((from, less)), Some((to, more))) => {
            let part = at.since(*from).as_secs_f64() / to.since(*from).as_secs_f64().max(1e-9);
            *less as f64 + (more.saturating_sub(*less)) as f64 * part
        }
        (Some((_, frames)), None) | (None, Some((_, frames))) => *frames as f64,
        (None, None) => 0.0,
    }
}

impl Engine {
    /// Notes the course of storms whose culprit has no port.
    pub(super) fn trace(&mut self, now: Time) {
        let Self { traces, cases, .. } = self;
        traces.note(now, cases.without_port());
    }

    /// Looks for their ports among those of a target whose rates are new.
    pub(super) fn trace_ports(&mut self, target: &Arc<str>) {
        if self.traces.storms.is_empty() || **target == *THIS_HOST {
            return;
        }
        self.traces.poll(target, &self.counters);
        let storms = self.traces.storms.keys().cloned().collect::<Vec<_>>();
        for storm in storms {
            let Some((key, share, intervals)) = self.traces.port(&storm, target) else { continue };
            let label = self.label(&key);
            let evidence = counted(
                format!("What comes in at {label} goes up and down with this storm"),
                format!("{:.0} % of it is explained, over {intervals} intervals", share * 100.0),
                "no other port does; no forwarding table was needed".to_owned(),
            );
            if let Some(changed) = self.cases.name_port(&storm, &key, label, &evidence) {
                push(&mut self.outputs, Output::Changed(changed));
            }
        }
    }
}
