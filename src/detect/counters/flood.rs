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
    /// By how much out differs from what the other ports bring in, 0 to 0.2.
    pub residual: f64,
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
    let rates = rates.collect::<Vec<_>>();
    let total = rates.iter().map(|(_, into, ..)| into).sum::<f64>();
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
    (residual <= limits.residual).then_some(Flood { sources, ports, residual })
}
