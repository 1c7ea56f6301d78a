//! Tables that change slowly and cost much, each with its own rhythm beside the counters: what is read for each, when it
//! is due, and what all of them together say. Knows no sockets and no clock.

use super::bridge::{BASE_BRIDGE_ADDRESS, BASE_PORT_IF_INDEX};
use super::forwarding::{fdb, forwarding, has_vlan_fdb, plain_fdb};
use super::memory::MAX_PORTS;
use super::poll::{mac_of, single};
use super::surroundings::{owners, remotes, spanning_tree};
use super::{Limits, Object, Rows, Walk, bridge, ether_like, ip_mib, lldp, q_bridge, stp};
use crate::model::Time;
use crate::model::observation::PortSample;
use crate::model::topology::Topology;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A table that a device lacks is not asked for again before that.
pub const LACKING_FOR: Duration = Duration::from_secs(3600);
/// While a storm goes on, the spanning tree is read again at each poll, but not more often than that.
const IN_STORM: Duration = Duration::from_secs(2);

/// A slow feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slow {
    /// The spanning tree.
    Stp,
    /// The forwarding database.
    Fdb,
    /// Devices heard by LLDP.
    Lldp,
    /// ARP and neighbour tables.
    Neighbours,
    /// Pause frames of each port.
    Pauses,
}

impl Slow {
    /// All of them, the one that matters most in a storm first.
    pub const ALL: [Self; 5] = [Self::Fdb, Self::Stp, Self::Pauses, Self::Lldp, Self::Neighbours];

    /// What it is called in a problem.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stp => "spanning tree",
            Self::Fdb => "forwarding database",
            Self::Lldp => "LLDP neighbours",
            Self::Neighbours => "ARP and neighbour tables",
            Self::Pauses => "pause frames",
        }
    }

    /// How often it is read where nothing is wrong. A big forwarding database is expensive.
    #[must_use]
    pub const fn every(self) -> Duration {
        Duration::from_secs(match self {
            // Two columns, and most devices have neither.
            Self::Pauses => 30,
            Self::Stp => 60,
            Self::Fdb | Self::Lldp | Self::Neighbours => 900,
        })
    }

    /// Read at once when something begins to stand out: where a device is may have changed, and how the tree looks.
    const fn matters_in_alarm(self) -> bool {
        matches!(self, Self::Fdb | Self::Stp | Self::Pauses)
    }

    /// Read again and again while a storm goes on, which may be theirs. Not the forwarding database, which is expensive: the few addresses that
    /// matter are looked up by name.
    const fn matters_in_storm(self) -> bool {
        matches!(self, Self::Stp | Self::Pauses)
    }

    /// The walk that reads it.
    #[must_use]
    pub fn walk(self, limits: Limits) -> Walk {
        let base: &[&Object] = &[&BASE_PORT_IF_INDEX];
        match self {
            Self::Fdb => fdb(limits),
            Self::Stp => {
                let ports: &[&Object] = &[&stp::PORT_STATE, &stp::PORT_DESIGNATED_BRIDGE];
                let scalars: &[&Object] = &[
                    &BASE_BRIDGE_ADDRESS,
                    &stp::DESIGNATED_ROOT,
                    &stp::ROOT_PORT,
                    &stp::TOP_CHANGES,
                    &stp::TIME_SINCE_CHANGE,
                ];
                Walk::new(scalars, [base, ports], limits)
            }
            Self::Lldp => {
                let local: &[&Object] = &[&lldp::LOC_PORT_ID, &lldp::LOC_PORT_DESC];
                let remote: &[&Object] = &[
                    &lldp::REM_CHASSIS_ID_SUBTYPE,
                    &lldp::REM_CHASSIS_ID,
                    &lldp::REM_SYS_NAME,
                    &lldp::REM_SYS_CAP_ENABLED,
                ];
                Walk::new(&[], [base, local, remote], limits)
            }
            Self::Neighbours => {
                let old: &[&Object] = &[&ip_mib::NET_TO_MEDIA_PHYS_ADDRESS, &ip_mib::NET_TO_MEDIA_TYPE];
                let new: &[&Object] = &[
                    &ip_mib::NET_TO_PHYSICAL_PHYS_ADDRESS,
                    &ip_mib::NET_TO_PHYSICAL_TYPE,
                    &ip_mib::NET_TO_PHYSICAL_STATE,
                ];
                Walk::new(&[], [old, new], limits)
            }
            Self::Pauses => {
                let pauses: &[&Object] = &[&ether_like::IN_PAUSE_FRAMES, &ether_like::HC_IN_PAUSE_FRAMES];
                Walk::new(&[], [pauses], limits)
            }
        }
    }

    /// What is to be read besides, after what the first walk brought.
    #[must_use]
    pub fn more(self, first: &Rows) -> Option<fn(Limits) -> Walk> {
        (self == Self::Fdb && !has_vlan_fdb(first)).then_some(plain_fdb as fn(Limits) -> Walk)
    }

    /// The device has nothing of the kind. A bridge whose forwarding database is empty has just been started.
    #[must_use]
    pub fn is_lacking(self, rows: &Rows) -> bool {
        let objects: &[&'static Object] = match self {
            Self::Fdb => &[&q_bridge::Q_FDB_PORT, &bridge::FDB_PORT, &BASE_PORT_IF_INDEX],
            Self::Stp => &[&stp::PORT_STATE],
            Self::Lldp => &[&lldp::LOC_PORT_ID, &lldp::REM_CHASSIS_ID],
            Self::Neighbours => &[&ip_mib::NET_TO_MEDIA_PHYS_ADDRESS, &ip_mib::NET_TO_PHYSICAL_PHYS_ADDRESS],
            Self::Pauses => &[&ether_like::IN_PAUSE_FRAMES, &ether_like::HC_IN_PAUSE_FRAMES],
        };
        !objects.iter().any(|object| rows.has(object))
    }
}

/// When each was last read.
#[derive(Clone, Debug, Default)]
pub struct Schedule {
    read: BTreeMap<Slow, Time>,
}

impl Schedule {
    /// What is due at `now`. In a `storm` what matters there is due at almost every poll; an `alarm` is the moment in
    /// which something begins to stand out.
    #[must_use]
    pub fn due(&self, now: Time, storm: bool, alarm: bool) -> BTreeSet<Slow> {
        let is_due = |slow: Slow| {
            let urgent = (alarm && slow.matters_in_alarm()) || (storm && slow.matters_in_storm());
            let wait = if urgent { IN_STORM } else { slow.every() };
            self.read.get(&slow).is_none_or(|read| now.since(*read) >= wait)
        };
        Slow::ALL.into_iter().filter(|slow| is_due(*slow)).collect()
    }

    /// The device was asked for these, in a poll begun at `now` that it answered.
    pub fn asked(&mut self, now: Time, tables: &BTreeSet<Slow>) {
        self.read.extend(tables.iter().map(|slow| (*slow, now)));
    }
}

/// What the feeds in `read` say, from all their rows.
#[must_use]
pub fn topology(rows: &Rows, ports: &[PortSample], read: &BTreeSet<Slow>, at: Time) -> Topology {
    let has = |slow| read.contains(&slow);
    let mut problems = Vec::new();
    Topology {
        fdb: has(Slow::Fdb).then(|| forwarding(rows, ports, &mut problems)),
        stp: has(Slow::Stp).then(|| spanning_tree(rows, ports)),
        remotes: has(Slow::Lldp).then(|| remotes(rows, ports, &mut problems)),
        owners: if has(Slow::Neighbours) { owners(rows, at) } else { Vec::new() },
        pauses: has(Slow::Pauses).then(|| pauses(rows)),
        bridge: rows.scalar(&BASE_BRIDGE_ADDRESS).and_then(mac_of),
        problems,
    }
}

/// dot3InPauseFrames of each port, the 64-bit one where there is one.
fn pauses(rows: &Rows) -> BTreeMap<u32, u64> {
    let columns = [&ether_like::IN_PAUSE_FRAMES, &ether_like::HC_IN_PAUSE_FRAMES];
    let cells = columns.into_iter().flat_map(|column| rows.column(column));
    cells.filter_map(|cell| Some((single(cell.index)?, cell.value.as_u64()?))).take(2 * MAX_PORTS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_table_has_its_rhythm() {
        let at = |seconds: i64| Time::from_secs(1_000_000 + seconds);
        let mut schedule = Schedule::default();
        let all = schedule.due(at(0), false, false);
        assert_eq!(all.len(), Slow::ALL.len(), "nothing was read yet");
        assert_eq!(schedule.due(at(10), false, false).len(), Slow::ALL.len(), "an unanswered poll has read nothing");
        schedule.asked(at(10), &all);
        assert!(schedule.due(at(20), false, false).is_empty());
        assert!(schedule.due(at(45), false, false).iter().eq([&Slow::Pauses]));
        assert!(schedule.due(at(70), false, false).iter().eq([&Slow::Stp, &Slow::Pauses]));
        assert!(schedule.due(at(20), true, false).iter().eq([&Slow::Stp, &Slow::Pauses]), "in a storm");
        assert!(schedule.due(at(11), true, false).is_empty(), "not more often than that");
        assert!(schedule.due(at(20), false, true).iter().eq([&Slow::Stp, &Slow::Fdb, &Slow::Pauses]), "when it begins");
        assert_eq!(schedule.due(at(910), false, false).len(), Slow::ALL.len());
    }
}
