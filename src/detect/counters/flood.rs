//! Fan-out: what comes in at one port and goes out of all the others is flooded. What goes out of a port is then what
//! comes in at all the others together, whatever the agent counts: octets do where its packet columns stand still.

use super::limits::CounterLimits;
use crate::model::observation::CounterKind;
use crate::observe::ports::PortStatus;
use std::sync::Arc;

/// `ifType` ethernetCsmacd.
const ETHERNET: u32 = 6;
/// Below this many octets per second nothing is said of flooding: 100 small packets.
const MIN_OCTETS: f64 = 10_000.0;
/// Below this many packets per second neither.
const MIN_PACKETS: f64 = 100.0;
/// A port that brings less than this part of the whole is not where it comes from.
const SOURCE_SHARE: f64 = 0.1;
/// Ports of another VLAN get nothing of a flood: less than this part of it.
const NOTHING: f64 = 0.05;
/// One port in so many may be of another VLAN, or blocked by the tree.
const SPARED: usize = 4;
/// What is flooded goes out of a port at this part of its rate at least: counters of one poll are not read at one moment.
const FULLY: f64 = 0.8;
/// The same by octets, which do not tell a flood to all from a stream to most of them: what the least gets is all that can be
/// flooded, and a host's own download beside a stream to others is hardly ever just as much.
const FULLY_OCTETS: f64 = 0.95;
/// A mirror port (SPAN) gets nearly all that comes in, at this part of it at least.
const MIRRORED: f64 = 0.9;
/// A flood comes in at one port, or at two of a switch that stands between others.
const MAX_SOURCES: usize = 2;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// Octets of any frames: the one thing that every agent counts.
    Octets,
    /// Multicasts and broadcasts.
    Groups,
    /// Unicasts: those that a switch floods are to addresses that it does not know.
    Unicasts,
}

impl Traffic {
    fn of(self, port: &PortStatus) -> Option<(f64, f64)> {
        use CounterKind::{
            InBroadcast, InMulticast, InOctets, InUnicast, OutBroadcast, OutMulticast, OutOctets, OutUnicast,
        };
        let sum = |kinds: [CounterKind; 2]| {
            kinds.into_iter().filter_map(|kind| port.rates.get(kind)).reduce(|sum, rate| sum + rate)
        };
        Some(match self {
            Self::Octets => (port.rates.get(InOctets)?, port.rates.get(OutOctets)?),
            Self::Groups => (sum([InMulticast, InBroadcast])?, sum([OutMulticast, OutBroadcast])?),
            Self::Unicasts => (port.rates.get(InUnicast)?, port.rates.get(OutUnicast)?),
        })
    }

    const fn least(self) -> f64 {
        match self {
            Self::Octets => MIN_OCTETS,
            Self::Groups | Self::Unicasts => MIN_PACKETS,
        }
    }
}

/// A switch that sends what comes in at one port out of all others.
#[derive(Clone, Debug, PartialEq)]
pub struct Flood {
    /// Ports that bring it in, with their rate per second, the strongest first. A loop has at least two.
    pub sources: Vec<(Arc<str>, f64)>,
    /// Ports that are up.
    pub ports: usize,
    /// By how much out differs from what the other ports bring in, 0 to 0.2; with other traffic, by how much less than the
    /// flood goes out of the least of the ports.
    pub residual: f64,
    /// Other traffic that comes in, per second, which goes where it should.
    pub beside: f64,
}

/// Whether a switch floods: out of each port ≈ in at all the others, what the port had no room for included. Needs three
/// ports that are up; with two the sum always agrees.
#[must_use]
pub fn flood<'a>(
    ports: impl Iterator<Item = &'a PortStatus>,
    traffic: Traffic,
    limits: &CounterLimits,
) -> Option<Flood> {
    let up = ports.filter(|port| port.oper_up && port.if_type == ETHERNET);
    let dropped = |port: &PortStatus| match traffic {
        // How long they were nobody counts.
        Traffic::Octets => 0.0,
        Traffic::Groups | Traffic::Unicasts => port.rates.get(CounterKind::OutDiscards).unwrap_or(0.0),
    };
    let rates = up.filter_map(|port| traffic.of(port).map(|(into, out)| (&port.name, into, out, dropped(port))));
    let mut rates = rates.collect::<Vec<_>>();
    let total = rates.iter().map(|(_, into, ..)| into).sum::<f64>();
    let nothing = |(_, into, out, dropped): &(_, f64, f64, f64)| into + out + dropped <= total * NOTHING;
    if rates.iter().filter(|rates| nothing(rates)).count() <= rates.len().saturating_sub(1) / SPARED {
        rates.retain(|rates| !nothing(rates));
    }
    if rates.len() < 3 || total < traffic.least() {
        return None;
    }
    let (mut expected, mut off) = (0.0, 0.0);
    for (_, into, out, dropped) in &rates {
        expected += total - into;
        let missing = total - into - out;
        off += if missing > 0.0 { (missing - dropped).max(0.0) } else { -missing };
    }
    let (residual, ports) = (off / expected, rates.len());
    let mut sources = rates.into_iter().map(|(name, into, ..)| (Arc::clone(name), into)).collect::<Vec<_>>();
    sources.retain(|(_, into)| *into >= total * SOURCE_SHARE);
    sources.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    // Also where nothing at all is expected, and the quotient is no number.
    (residual <= limits.residual).then_some(Flood { sources, ports, residual, beside: 0.0 })
}

/// Copies that a switch makes, among traffic that goes where it should: every packet that comes in goes out once, and one
/// that is flooded out of every other port. What goes out is then more than what comes in, by so many times the flood.
/// Gives the flood with its rate per second.
#[must_use]
pub fn copied<'a>(ports: impl Iterator<Item = &'a PortStatus>, traffic: Traffic) -> Option<Flood> {
    let fully = if traffic == Traffic::Octets { FULLY_OCTETS } else { FULLY };
    let up = ports.filter(|port| port.oper_up && port.if_type == ETHERNET);
    let mut rates =
        up.filter_map(|port| traffic.of(port).map(|(into, out)| (&port.name, into, out))).collect::<Vec<_>>();
    let total = rates.iter().map(|(_, into, _)| into).sum::<f64>();
    // Copies that a mirror port gets are made by design.
    let mirrors = rates.iter().filter(|(.., out)| *out >= total * MIRRORED).count();
    if mirrors == 1 {
        rates.retain(|(.., out)| *out < total * MIRRORED);
    }
    let excess = rates.iter().map(|(_, into, out)| out - into).sum::<f64>();
    let mut reached = rates.len().checked_sub(1)?;
    let mut pps = 0.0;
    for _ in 0..SPARED {
        pps = excess / reached.checked_sub(1).filter(|copies| *copies > 0)? as f64;
        reached = rates.iter().filter(|(.., out)| *out >= pps * fully).count().min(rates.len() - 1);
    }
    // The port that it comes in at is the one of those bringing as much that it does not go out of.
    let brings = |(_, into, _): &&(_, f64, f64)| *into >= pps * fully;
    let source = rates.iter().filter(brings).min_by(|a, b| a.2.total_cmp(&b.2))?;
    let others = rates.iter().filter(|(name, ..)| *name != source.0).map(|(.., out)| *out);
    let out = others.filter(|out| *out >= pps * fully).collect::<Vec<_>>();
    let nearly_all = out.len() + 1 + (rates.len() - 1) / SPARED >= rates.len();
    if pps < traffic.least() || !nearly_all || rates.iter().filter(brings).count() > MAX_SOURCES {
        return None;
    }
    let least = out.iter().copied().fold(f64::INFINITY, f64::min);
    Some(Flood {
        sources: vec![(Arc::clone(source.0), pps)],
        ports: out.len() + 1,
        residual: (1.0 - least / pps).max(0.0),
        beside: (total - pps).max(0.0),
    })
}

/// How much a switch sends more often than it comes in, per second: the flood of [`copied`], wherever it comes from.
#[must_use]
pub fn copies<'a>(ports: impl Iterator<Item = &'a PortStatus>, traffic: Traffic) -> f64 {
    let up = ports.filter(|port| port.oper_up && port.if_type == ETHERNET);
    let rates = up.filter_map(|port| traffic.of(port)).collect::<Vec<_>>();
    let excess = rates.iter().map(|(into, out)| out - into).sum::<f64>();
    if rates.len() < 3 { 0.0 } else { (excess / (rates.len() - 2) as f64).max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;
    use crate::model::observation::PortSample;
    use crate::observe::ports::{About, Rates};

    /// What happens, the rates of the ports, and the flood's port with its rate.
    type Case = (&'static str, Vec<[f64; 2]>, Option<(&'static str, f64)>);

    /// Ports with these unicasts a second, in and out.
    fn ports(rates: &[[f64; 2]]) -> Vec<PortStatus> {
        let port = |(place, [into, out]): (usize, &[f64; 2])| {
            let sample = PortSample { if_type: ETHERNET, oper_up: true, ..PortSample::default() };
            let about = Arc::new(About { descr: "".into(), alias: "".into() });
            let mut port = PortStatus::new(&sample, format!("ge{place}").into(), about, Time::from_secs(0));
            port.rates = Rates::from_fn(|kind| match kind {
                CounterKind::InUnicast => Some(*into),
                CounterKind::OutUnicast => Some(*out),
                _ => None,
            });
            port
        };
        rates.iter().enumerate().map(port).collect()
    }

    #[test]
    fn copies_are_told_from_traffic_that_goes_where_it_should() {
        // A gateway that feeds five hosts, and what they send back: 600 and 150 a second.
        let usual = [[600.0, 150.0], [30.0, 120.0], [30.0, 120.0], [30.0, 120.0], [30.0, 120.0], [30.0, 120.0]];
        let plus = |source: usize, reached: &[usize], pps: f64| {
            let mut rates = usual.to_vec();
            rates[source][0] += pps;
            reached.iter().for_each(|port| rates[*port][1] += pps);
            rates
        };
        let busy =
            [[9000.0, 3000.0], [600.0, 1800.0], [600.0, 1800.0], [600.0, 1800.0], [600.0, 1800.0], [600.0, 1800.0]];
        let all = [0, 1, 2, 4, 5];
        let cases: [Case; 8] = [
            ("nothing is flooded", usual.to_vec(), None),
            ("a flood", plus(3, &all, 900.0), Some(("ge3", 900.0))),
            ("a flood that is less than what the gateway brings", plus(3, &all, 300.0), Some(("ge3", 300.0))),
            ("a flood from the gateway", plus(0, &[1, 2, 3, 4, 5], 900.0), Some(("ge0", 900.0))),
            ("one port is in another VLAN", plus(3, &all[..4], 900.0), Some(("ge3", 900.0))),
            ("a backup from one to another", plus(3, &[1], 5000.0), None),
            ("to three of five", plus(3, &[0, 1, 2], 900.0), None),
            ("a mirror port", [&busy[..], &[[0.0, 12_000.0]]].concat(), None),
        ];
        for (name, rates, expected) in cases {
            let ports = ports(&rates);
            let found = copied(ports.iter(), Traffic::Unicasts);
            let told = found.as_ref().map(|found| (&*found.sources[0].0, found.sources[0].1.round()));
            assert_eq!(told, expected, "{name}: {found:?}");
        }
        assert_eq!(copies(ports(&usual).iter(), Traffic::Unicasts), 0.0);
        assert_eq!(copies(ports(&plus(3, &all, 80.0)).iter(), Traffic::Unicasts), 80.0);
    }
}
