//! Dated facts from the SNMP feed: a poll that was answered, or a gap. Knows no encoding.

use super::Time;
use super::topology::Topology;
use std::sync::Arc;
use std::time::Duration;

use super::MacAddr;

/// The name of the target that is this host itself: what its own interfaces count.
pub const THIS_HOST: &str = "this host";

/// What one poll of one target brought.
#[derive(Clone, Debug)]
pub enum Poll {
    /// It answered.
    Answered(Box<PollSample>),
    /// It did not. A lost poll is data.
    Gap(Gap),
}

/// A dated absence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Name of the target.
    pub target: Arc<str>,
    /// When the poll was given up.
    pub at: Time,
    /// Identifier for the metric label `reason`: `timeout`, `refused`, `malformed`, …
    pub reason: &'static str,
    /// The sentence for the person: what, where, what to do.
    pub message: String,
}

/// An answered poll.
#[derive(Clone, Debug)]
pub struct PollSample {
    /// Name of the target.
    pub target: Arc<str>,
    /// When the first PDU of it was answered.
    pub at: Time,
    /// How long the poll took.
    pub took: Duration,
    /// `sysUpTime` of the PDU that brought the counters, hundredths of a second (RFC 3418).
    pub sys_uptime: Option<u32>,
    /// `sysName`, `sysDescr`, `sysObjectID`; empty where not answered.
    pub sys_name: String,
    /// See `sys_name`.
    pub sys_descr: String,
    /// Interfaces by ifIndex, in order.
    pub ports: Vec<PortSample>,
    /// What the slow tables say, where any was read in this poll.
    pub topology: Option<Box<Topology>>,
    /// What was odd, counted by reason.
    pub problems: Vec<String>,
}

/// One row of ifTable and ifXTable (RFC 2863). Counters are `None` where the agent has no such object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSample {
    /// `ifIndex`.
    pub if_index: u32,
    /// `ifName`, else `ifDescr`, else the index: what the port is known by through reboots.
    pub name: Arc<str>,
    /// `ifDescr`.
    pub descr: Arc<str>,
    /// `ifAlias`.
    pub alias: Arc<str>,
    /// `ifType` (6 is ethernetCsmacd).
    pub if_type: u32,
    /// `ifHighSpeed` × 10⁶, else `ifSpeed`; bits per second, 0 if unknown.
    pub speed_bps: u64,
    /// `ifAdminStatus` is up, or not told.
    pub admin_up: bool,
    /// `ifOperStatus` is up, or not told.
    pub oper_up: bool,
    /// `ifPhysAddress`, where it is 6 bytes.
    pub mac: Option<MacAddr>,
    /// `ifCounterDiscontinuityTime`, hundredths of a second.
    pub discontinuity: Option<u32>,
    /// The counters.
    pub counters: PortCounters,
    /// `sysUpTime` of the PDU that brought each counter, by [`CounterKind`]; `None`: that of the whole poll.
    pub uptimes: [Option<u32>; CounterKind::ALL.len()],
}

impl PortSample {
    /// `sysUpTime` of the PDU that brought this counter, hundredths of a second; `of_poll` where it is not known.
    #[must_use]
    pub fn uptime_of(&self, kind: CounterKind, of_poll: Option<u32>) -> Option<u32> {
        self.uptimes[kind as usize].or(of_poll)
    }
}

/// Which counter of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CounterKind {
    /// See [`PortCounters::in_octets`].
    InOctets,
    /// See [`PortCounters::out_octets`].
    OutOctets,
    /// See [`PortCounters::in_unicast`].
    InUnicast,
    /// See [`PortCounters::out_unicast`].
    OutUnicast,
    /// See [`PortCounters::in_multicast`].
    InMulticast,
    /// See [`PortCounters::out_multicast`].
    OutMulticast,
    /// See [`PortCounters::in_broadcast`].
    InBroadcast,
    /// See [`PortCounters::out_broadcast`].
    OutBroadcast,
    /// See [`PortCounters::in_discards`].
    InDiscards,
    /// See [`PortCounters::out_discards`].
    OutDiscards,
    /// See [`PortCounters::in_errors`].
    InErrors,
    /// See [`PortCounters::out_errors`].
    OutErrors,
}

impl CounterKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::InOctets,
        Self::OutOctets,
        Self::InUnicast,
        Self::OutUnicast,
        Self::InMulticast,
        Self::OutMulticast,
        Self::InBroadcast,
        Self::OutBroadcast,
        Self::InDiscards,
        Self::OutDiscards,
        Self::InErrors,
        Self::OutErrors,
    ];

    /// The key in JSON: `in_octets`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::InOctets => "in_octets",
            Self::OutOctets => "out_octets",
            Self::InUnicast => "in_unicast",
            Self::OutUnicast => "out_unicast",
            Self::InMulticast => "in_multicast",
            Self::OutMulticast => "out_multicast",
            Self::InBroadcast => "in_broadcast",
            Self::OutBroadcast => "out_broadcast",
            Self::InDiscards => "in_discards",
            Self::OutDiscards => "out_discards",
            Self::InErrors => "in_errors",
            Self::OutErrors => "out_errors",
        }
    }

    /// Counts octets; every other counts packets.
    #[must_use]
    pub const fn is_octets(self) -> bool {
        matches!(self, Self::InOctets | Self::OutOctets)
    }
}

/// A counter as read: its value and its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// Counter32: wraps at 2³².
    C32(u32),
    /// Counter64.
    C64(u64),
}

/// The counters of a port, 64-bit where the agent has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PortCounters {
    /// `ifHCInOctets`, else `ifInOctets`.
    pub in_octets: Option<Counter>,
    /// `ifHCOutOctets`, else `ifOutOctets`.
    pub out_octets: Option<Counter>,
    /// `ifHCInUcastPkts`, else `ifInUcastPkts`.
    pub in_unicast: Option<Counter>,
    /// `ifHCOutUcastPkts`, else `ifOutUcastPkts`.
    pub out_unicast: Option<Counter>,
    /// `ifHCInMulticastPkts`, else `ifInMulticastPkts`.
    pub in_multicast: Option<Counter>,
    /// `ifHCOutMulticastPkts`, else `ifOutMulticastPkts`.
    pub out_multicast: Option<Counter>,
    /// `ifHCInBroadcastPkts`, else `ifInBroadcastPkts`.
    pub in_broadcast: Option<Counter>,
    /// `ifHCOutBroadcastPkts`, else `ifOutBroadcastPkts`.
    pub out_broadcast: Option<Counter>,
    /// `ifInDiscards`.
    pub in_discards: Option<Counter>,
    /// `ifOutDiscards`.
    pub out_discards: Option<Counter>,
    /// `ifInErrors`.
    pub in_errors: Option<Counter>,
    /// `ifOutErrors`.
    pub out_errors: Option<Counter>,
}

impl PortCounters {
    /// The counter of that kind.
    #[must_use]
    pub const fn get(&self, kind: CounterKind) -> Option<Counter> {
        match kind {
            CounterKind::InOctets => self.in_octets,
            CounterKind::OutOctets => self.out_octets,
            CounterKind::InUnicast => self.in_unicast,
            CounterKind::OutUnicast => self.out_unicast,
            CounterKind::InMulticast => self.in_multicast,
            CounterKind::OutMulticast => self.out_multicast,
            CounterKind::InBroadcast => self.in_broadcast,
            CounterKind::OutBroadcast => self.out_broadcast,
            CounterKind::InDiscards => self.in_discards,
            CounterKind::OutDiscards => self.out_discards,
            CounterKind::InErrors => self.in_errors,
            CounterKind::OutErrors => self.out_errors,
        }
    }

    /// Where the counter of that kind is kept.
    pub const fn get_mut(&mut self, kind: CounterKind) -> &mut Option<Counter> {
        match kind {
            CounterKind::InOctets => &mut self.in_octets,
            CounterKind::OutOctets => &mut self.out_octets,
            CounterKind::InUnicast => &mut self.in_unicast,
            CounterKind::OutUnicast => &mut self.out_unicast,
            CounterKind::InMulticast => &mut self.in_multicast,
            CounterKind::OutMulticast => &mut self.out_multicast,
            CounterKind::InBroadcast => &mut self.in_broadcast,
            CounterKind::OutBroadcast => &mut self.out_broadcast,
            CounterKind::InDiscards => &mut self.in_discards,
            CounterKind::OutDiscards => &mut self.out_discards,
            CounterKind::InErrors => &mut self.in_errors,
            CounterKind::OutErrors => &mut self.out_errors,
        }
    }
}
