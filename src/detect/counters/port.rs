//! One port of the watch: four columns, their memory, and when they alarm. Knows no other port and keeps no alarm itself.

use super::alarm::{Alarm, Counted, Direction};
use super::limits::CounterLimits;
use super::series::{Height, Look, Series};
use crate::detect::Thresholds;
use crate::model::Time;
use crate::model::observation::CounterKind;
use crate::observe::ports::Rates;
use std::sync::Arc;
use std::time::Duration;

/// Above this share of broadcasts it is no media.
const MEDIA_BROADCASTS: f64 = 0.1;
/// Octets that nearly all frames of television have, all in all (1,358 by themselves). A tenth of others of 300 still fits.
const TELEVISION_OCTETS: f64 = 1200.0;
/// Up to so many times what a port with television is used to there may be more of it: a head-end adds some channels, and a
/// loop adds all that fits.
const MORE_MEDIA: f64 = 3.0;

/// The rates of one direction, per second.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    multicast: f64,
    broadcast: f64,
    unicast: f64,
    octets: Option<f64>,
}

impl Reading {
    /// `None` where no packets are counted.
    pub(super) fn of(rates: &Rates, direction: Direction) -> Option<Self> {
        let [unicast, multicast, broadcast, octets] = match direction {
            Direction::In => {
                [CounterKind::InUnicast, CounterKind::InMulticast, CounterKind::InBroadcast, CounterKind::InOctets]
            }
            Direction::Out => {
                [CounterKind::OutUnicast, CounterKind::OutMulticast, CounterKind::OutBroadcast, CounterKind::OutOctets]
            }
        }
        .map(|kind| rates.get(kind));
        if [unicast, multicast, broadcast] == [None; 3] {
            return None;
        }
        let [unicast, multicast, broadcast] = [unicast, multicast, broadcast].map(Option::unwrap_or_default);
        Some(Self { multicast, broadcast, unicast, octets })
    }

    fn group(&self) -> f64 {
        self.multicast + self.broadcast
    }

    fn of_column(&self, counted: Counted) -> f64 {
        match counted {
            Counted::Group => self.group(),
            Counted::Broadcast => self.broadcast,
            Counted::All => self.group() + self.unicast,
        }
    }

    fn broadcast_share(&self) -> f64 {
        if self.group() > 0.0 { self.broadcast / self.group() } else { 0.0 }
    }

    /// Mean length of the frames to all, octets. `unicast_octets`: that of the port's unicasts before, 0 if unknown.
    /// Where unicasts are more than half, and theirs is not known, it can't be told.
    fn frame_octets(&self, unicast_octets: f64) -> Option<f64> {
        let (octets, group) = (self.octets?, self.group());
        if group <= 0.0 {
            return None;
        }
        if self.unicast * 10.0 <= group {
            return Some(octets / (group + self.unicast));
        }
        let of_group = (octets - self.unicast * unicast_octets) / group;
        (unicast_octets > 0.0 && (self.unicast <= group || of_group > 0.0)).then_some(of_group.max(0.0))
    }
}

/// A port. There are half a million of these: every byte is half a megabyte.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) name: Arc<str>,
    /// When it last had rates, in minutes since 1970.
    pub(super) minute: i32,
    /// Mean length of its frames in octets while nothing stood out, in and out; 0 is unknown.
    octets: [u16; 2],
    /// In and out: a multicast or broadcast packet was ever counted.
    counts_groups: [bool; 2],
    /// In and out: there is an alarm.
    pub(super) alarmed: [bool; 2],
    /// In and out: all groups (or all packets, where groups are not counted), and broadcasts.
    series: [[Series; 2]; 2],
}

/// What a reading is judged with.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) at: Time,
    /// Since the reading before.
    pub(super) span: Duration,
    pub(super) thresholds: &'a Thresholds,
}

impl Port {
    pub(super) fn new(name: Arc<str>, minute: i32) -> Self {
        Self {
            name,
            minute,
            octets: [0; 2],
            counts_groups: [false; 2],
            alarmed: [false; 2],
            series: Default::default(),
        }
    }

    /// Another minute has begun.
    pub(super) fn turn(&mut self, minute: i32, limits: &CounterLimits) {
        if minute != self.minute {
            self.series.iter_mut().flatten().for_each(|series| series.close_minute(limits));
            self.minute = minute;
        }
    }

    /// Takes a reading; gives the alarm there is after it.
    pub(super) fn observe(
        &mut self,
        direction: Direction,
        reading: Reading,
        mut before: Option<Alarm>,
        moment: &Moment<'_>,
    ) -> Option<Alarm> {
        let way = direction as usize;
        if reading.group() > 0.0 && !self.counts_groups[way] {
            // What was learned of all packets says nothing of these.
            (self.counts_groups[way], self.series[way], before) = (true, Default::default(), None);
        }
        let first = if self.counts_groups[way] { Counted::Group } else { Counted::All };
        let columns = [first, Counted::Broadcast];
        let limits = &moment.thresholds.counters;
        let rates = columns.map(|column| reading.of_column(column));
        let heights = rates.map(Height::of);
        let looks = [0, 1].map(|n| self.series[way][n].look(heights[n], limits));
        let lowest = moment.thresholds.storm_pps as f64;
        let stands_out = |n: usize| rates[n] >= lowest && (looks[n].unusual || looks[n].is_cold());
        if before.is_none() && !stands_out(0) && !stands_out(1) {
            // As nearly always: no floor is below the lowest.
            self.learn(way, &reading, heights);
            return None;
        }
        let facts = Facts { reading, frame_octets: reading.frame_octets(f64::from(self.octets[way])), moment };
        let after = match before {
            Some(alarm) => {
                let column = columns.iter().position(|&column| column == alarm.counted).unwrap_or(0);
                let told = alarm.usual_pps.is_none()
                    && self.series[way][column].minutes() >= limits.memory_minutes.max(limits.warm_minutes)
                    && !looks[column].unusual;
                // A cold start: what began before us may be what the port is used to. Its memory tells.
                if told { None } else { facts.goes_on(alarm) }
            }
            None => [0, 1].into_iter().find_map(|n| facts.begins(columns[n], looks[n])),
        };
        match &after {
            // The baseline stands still, or a storm would become what the port is used to.
            Some(alarm) if alarm.usual_pps.is_some() => {}
            Some(alarm) if alarm.clearing() => {}
            // In a cold start nobody knows yet; where it was already known, learning is what tells.
            Some(_) => self.learn(way, &reading, heights),
            None => {
                if before.is_some() {
                    self.series[way].iter_mut().for_each(Series::calm);
                } else {
                    self.learn(way, &reading, heights);
                }
            }
        }
        after
    }

    fn learn(&mut self, way: usize, reading: &Reading, heights: [Height; 2]) {
        for (series, height) in self.series[way].iter_mut().zip(heights) {
            series.learn(height);
        }
        let all = reading.of_column(Counted::All);
        if let Some(octets) = reading.octets.filter(|_| all >= 1.0 && reading.unicast >= reading.group()) {
            // An eighth of the way: what is usual, not what was last.
            let (known, now) = (f64::from(self.octets[way]), octets / all);
            let mean = if known == 0.0 { now } else { known + (now - known) / 8.0 };
            self.octets[way] = (mean + 0.5) as u16;
        }
    }
}

struct Facts<'a> {
    reading: Reading,
    frame_octets: Option<f64>,
    moment: &'a Moment<'a>,
}

impl Facts<'_> {
    /// Television and other media: long multicast frames, at a rate that media has.
    fn is_media(&self, counted: Counted, usual_pps: Option<f64>) -> bool {
        let limits = &self.moment.thresholds.counters;
        let pps = self.reading.group();
        let least = if pps <= limits.stream_pps {
            limits.stream_octets
        } else if pps <= usual_pps.unwrap_or(limits.stream_pps) * MORE_MEDIA {
            limits.stream_octets.max(TELEVISION_OCTETS)
        } else {
            return false;
        };
        counted == Counted::Group
            && self.reading.broadcast_share() <= MEDIA_BROADCASTS
            && self.frame_octets.is_some_and(|octets| octets >= least)
    }

    /// 1 where so much is no burst of what is usual; in a cold start nobody can tell, and the absolute floor decides.
    fn strong(&self, pps: f64, usual_pps: Option<f64>) -> u8 {
        let limits = &self.moment.thresholds.counters;
        // As the floor, no more than the cap is asked for, but on a port that is used to nearly as much.
        let most = |usual: f64| limits.floor_cap_pps.max(MORE_MEDIA * usual);
        let sure = |usual: f64| pps >= (limits.weak_factor * usual).min(most(usual));
        u8::from(usual_pps.is_none_or(sure))
    }

    fn begins(&self, counted: Counted, look: Look) -> Option<Alarm> {
        let (thresholds, at) = (self.moment.thresholds, self.moment.at);
        let pps = self.reading.of_column(counted);
        let usual_pps = look.usual_pps();
        let floor = thresholds.counters.floor(thresholds.storm_pps as f64, usual_pps);
        // Of all packets there is no absolute floor: any backup moves thousands a second.
        let unusual = if look.is_cold() { counted != Counted::All } else { look.unusual };
        if !unusual || pps < floor || self.is_media(counted, usual_pps) {
            return None;
        }
        Some(Alarm {
            since: at,
            at,
            above_at: at,
            span: self.moment.span,
            pps,
            broadcast_share: self.reading.broadcast_share(),
            frame_octets: self.frame_octets,
            usual_pps,
            counted,
            polls: 1,
            strong_polls: self.strong(pps, usual_pps),
            floor,
            below_since: None,
        })
    }

    fn goes_on(&self, before: Alarm) -> Option<Alarm> {
        let (limits, at) = (&self.moment.thresholds.counters, self.moment.at);
        let pps = self.reading.of_column(before.counted);
        if !before.sure(limits) && self.is_media(before.counted, before.usual_pps) {
            // Television came on after a burst. A storm, once told, is not hidden by it.
            return None;
        }
        let mut alarm = Alarm {
            at,
            pps,
            span: self.moment.span,
            broadcast_share: self.reading.broadcast_share(),
            frame_octets: self.frame_octets,
            ..before
        };
        if pps >= alarm.floor {
            alarm.polls = alarm.polls.saturating_add(1);
            alarm.strong_polls = alarm.strong_polls.saturating_add(self.strong(pps, alarm.usual_pps));
        }
        if pps >= alarm.floor * limits.clear_share {
            (alarm.below_since, alarm.above_at) = (None, at);
        } else if !alarm.confirmed(limits.confirm_polls)
            || at.since(*alarm.below_since.get_or_insert(at)) >= limits.clear_after
        {
            // A burst is over when it is over; a storm when it has not come back.
            return None;
        }
        Some(alarm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_stays_small() {
        // With the vector's spare room and the target's own share: below 96 (measured by the bench `fleet`).
        assert!(size_of::<Port>() <= 80, "{}", size_of::<Port>());
    }
}
