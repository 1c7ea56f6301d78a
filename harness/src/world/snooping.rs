//! IGMP snooping of one switch (RFC 4541): which ports want which group. Learns from reports and queries, and sends nothing.

use crate::Mac;
use crate::packets;
use std::collections::BTreeMap;
use std::time::Duration;

/// Groups kept; with more the switch floods them, as real ones do.
const MAX_GROUPS: usize = 256;
/// RFC 2236, 8.4: group membership interval, with the default query interval and robustness.
const MEMBER_FOR: Duration = Duration::from_secs(260);
/// RFC 2236, 8.5: other querier present interval.
const QUERIER_FOR: Duration = Duration::from_secs(255);

/// What the switch has heard.
#[derive(Clone, Debug, Default)]
pub(super) struct Snooping {
    /// VLAN and group MAC to ports, with the time of the last report.
    members: BTreeMap<(u16, Mac), BTreeMap<usize, Duration>>,
    /// Ports at which a querier was heard, and when.
    queriers: BTreeMap<(u16, usize), Duration>,
}

impl Snooping {
    /// Takes note of what comes in at `port`.
    pub(super) fn hear(&mut self, now: Duration, vlan: u16, port: usize, frame: &[u8]) {
        match packets::igmp_of(frame) {
            Some((0x11, _)) => {
                self.queriers.insert((vlan, port), now);
            }
            Some((0x12 | 0x16, group)) => {
                let key = (vlan, packets::group_mac(group));
                if self.members.len() < MAX_GROUPS || self.members.contains_key(&key) {
                    self.members.entry(key).or_default().insert(port, now);
                }
            }
            Some((0x17, group)) => {
                if let Some(ports) = self.members.get_mut(&(vlan, packets::group_mac(group))) {
                    ports.remove(&port);
                }
            }
            _ => {}
        }
    }

    /// Whether a frame to `group` leaves by `port`. Without a querier memberships are not renewed, and the switch floods;
    /// 224.0.0.x is always flooded (RFC 4541, 2.1.2), and so is IPv6, which these switches do not look into.
    pub(super) fn passes(&self, now: Duration, vlan: u16, group: Mac, port: usize) -> bool {
        let [a, b, c, d, e, _] = group.0;
        if [a, b, c] != [0x01, 0x00, 0x5e] || [d, e] == [0, 0] {
            return true;
        }
        let young = |seen: &Duration, limit| now.saturating_sub(*seen) < limit;
        if !self.queriers.iter().any(|((of, _), seen)| *of == vlan && young(seen, QUERIER_FOR)) {
            return true;
        }
        self.queriers.get(&(vlan, port)).is_some_and(|seen| young(seen, QUERIER_FOR))
            || self
                .members
                .get(&(vlan, group))
                .and_then(|ports| ports.get(&port))
                .is_some_and(|seen| young(seen, MEMBER_FOR))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packets::Igmp;
    use std::net::Ipv4Addr;

    #[test]
    fn streams_go_where_they_are_wanted_once_somebody_asks() {
        let (group, now) = (Ipv4Addr::new(239, 1, 2, 3), Duration::from_secs(1));
        let mac = packets::group_mac(group);
        let host = Mac([2, 0, 0, 0, 0, 1]);
        let mut snooping = Snooping::default();
        snooping.hear(now, 1, 3, &packets::igmp(host, [10, 0, 0, 1].into(), 1, Igmp::Report(group)));
        assert!(snooping.passes(now, 1, mac, 5), "no querier: flooded");
        snooping.hear(now, 1, 2, &packets::igmp(host, [10, 0, 0, 2].into(), 1, Igmp::GeneralQuery));
        let ports = |snooping: &Snooping, now| (1..6).filter(|p| snooping.passes(now, 1, mac, *p)).collect::<Vec<_>>();
        assert_eq!(ports(&snooping, now), [2, 3]);
        assert_eq!(ports(&snooping, now + QUERIER_FOR), [1, 2, 3, 4, 5], "the querier is gone");
        assert!(snooping.passes(now, 1, packets::group_mac(packets::MDNS_GROUP), 5), "224.0.0.x is flooded");
    }
}
