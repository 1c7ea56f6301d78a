//! Who wants which group, and who asks: IGMP (RFC 1112, 2236, 3376) and MLD (RFC 2710, 3810) messages. Knows no timers
//! and no switch.

use super::frame::{Frame, L3};
use crate::model::frames::Protocol;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Groups kept of one report; a host rarely has more than ten.
pub const MAX_GROUPS: usize = 32;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// A querier asks: for one group, or (`None`) for all.
    Query {
        /// Of the protocol: IGMP 1 to 3, MLD 1 or 2.
        version: u8,
        /// The group.
        group: Option<IpAddr>,
    },
    /// A host wants these groups.
    Report {
        /// The groups; records that leave one are left out.
        groups: Vec<IpAddr>,
    },
    /// A host does not want a group any more.
    Leave,
}

/// Reads the message in a frame that carries one.
#[must_use]
pub fn parse(frame: &Frame<'_>) -> Option<Membership> {
    let message = frame.l3.get(frame.payload_offset..)?;
    match (frame.protocol, frame.l3_kind) {
        (Protocol::Igmp, L3::Ipv4) => igmp(message),
        (Protocol::Mld, L3::Ipv6) => mld(message),
        _ => None,
    }
}

fn igmp(message: &[u8]) -> Option<Membership> {
    let group = IpAddr::V4(Ipv4Addr::from(*message.get(4..8)?.first_chunk::<4>()?));
    let asked = || Some(group).filter(|group| !group.is_unspecified());
    Some(match message[0] {
        // RFC 3376, 7.1: by length and by the code.
        0x11 if message.len() >= 12 => Membership::Query { version: 3, group: asked() },
        0x11 => Membership::Query { version: if message[1] == 0 { 1 } else { 2 }, group: asked() },
        0x12 | 0x16 => Membership::Report { groups: vec![group] },
        0x17 => Membership::Leave,
        0x22 => Membership::Report { groups: records(message, 4) },
        _ => return None,
    })
}

fn mld(message: &[u8]) -> Option<Membership> {
    let group = || Some(IpAddr::V6(Ipv6Addr::from(*message.get(8..24)?.first_chunk::<16>()?)));
    Some(match *message.first()? {
        130 => {
            let version = if message.len() >= 28 { 2 } else { 1 };
            Membership::Query { version, group: group().filter(|group| !group.is_unspecified()) }
        }
        131 => Membership::Report { groups: vec![group()?] },
        132 => Membership::Leave,
        143 => Membership::Report { groups: records(message, 16) },
        _ => return None,
    })
}

/// The groups of a version 3 (MLD 2) report; `width`: bytes of an address.
fn records(message: &[u8], width: usize) -> Vec<IpAddr> {
    let mut groups = Vec::new();
    let count = message.get(6..8).map_or(0, |n| usize::from(n[0]) << 8 | usize::from(n[1]));
    let mut rest = message.get(8..).unwrap_or(&[]);
    for _ in 0..count.min(MAX_GROUPS) {
        let (Some(head), Some(address)) = (rest.first_chunk::<4>(), rest.get(4..4 + width)) else { break };
        let [kind, auxiliary, high, low] = *head;
        let sources = usize::from(high) << 8 | usize::from(low);
        // To include nobody (types 1 and 3 without sources), or to block some (6), is not to want it.
        if matches!(kind, 2 | 4 | 5) || (matches!(kind, 1 | 3) && sources > 0) {
            let v6 = address.first_chunk::<16>().map(|bytes| IpAddr::V6(Ipv6Addr::from(*bytes)));
            groups.extend(v6.or_else(|| address.first_chunk::<4>().map(|bytes| IpAddr::V4(Ipv4Addr::from(*bytes)))));
        }
        rest = rest.get(4 + width + sources * width + usize::from(auxiliary) * 4..).unwrap_or(&[]);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: [u8; 4] = [239, 1, 2, 3];

    fn report(records: &[(u8, &[[u8; 4]])]) -> Vec<u8> {
        let mut message = vec![0x22, 0, 0, 0, 0, 0, 0, records.len() as u8];
        for (kind, sources) in records {
            message.extend([*kind, 0, 0, sources.len() as u8]);
            message.extend(GROUP);
            message.extend(sources.concat());
        }
        message
    }

    #[test]
    fn igmp_of_all_versions() {
        let group = Some(IpAddr::from(GROUP));
        let old = |kind, code, group: [u8; 4]| igmp(&[&[kind, code, 0, 0], &group[..]].concat());
        assert_eq!(old(0x11, 0, [0; 4]), Some(Membership::Query { version: 1, group: None }));
        assert_eq!(old(0x11, 100, GROUP), Some(Membership::Query { version: 2, group }));
        let third = igmp(&[0x11, 100, 0, 0, 0, 0, 0, 0, 2, 125, 0, 0]);
        assert_eq!(third, Some(Membership::Query { version: 3, group: None }));
        assert_eq!(old(0x16, 0, GROUP), Some(Membership::Report { groups: vec![GROUP.into()] }));
        assert_eq!(old(0x17, 0, GROUP), Some(Membership::Leave));
        assert_eq!(old(0x13, 0, GROUP), None);
        assert_eq!(igmp(&[0x11, 0, 0]), None);
    }

    #[test]
    fn only_those_who_want_it_count() {
        let groups = |records: &[(u8, &[[u8; 4]])]| match igmp(&report(records)) {
            Some(Membership::Report { groups }) => groups.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(groups(&[(4, &[])]), 1);
        assert_eq!(groups(&[(3, &[]), (1, &[]), (6, &[[10, 0, 0, 1]])]), 0);
        assert_eq!(groups(&[(1, &[[10, 0, 0, 1]]), (2, &[]), (5, &[[10, 0, 0, 2]])]), 3);
        let mut cut = report(&[(4, &[]), (4, &[])]);
        cut.truncate(20);
        assert_eq!(igmp(&cut), Some(Membership::Report { groups: vec![GROUP.into()] }));
        // A count that the message does not hold.
        assert_eq!(igmp(&[0x22, 0, 0, 0, 0, 0, 0xff, 0xff]), Some(Membership::Report { groups: vec![] }));
    }

    #[test]
    fn mld_of_both_versions() {
        let mut message = vec![130; 1];
        message.resize(24, 0);
        assert_eq!(mld(&message), Some(Membership::Query { version: 1, group: None }));
        message.resize(28, 0);
        assert_eq!(mld(&message), Some(Membership::Query { version: 2, group: None }));
        message[0] = 131;
        message[8] = 0xff;
        assert!(matches!(mld(&message), Some(Membership::Report { groups }) if groups.len() == 1));
        let mut second = vec![143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0];
        second.extend([0xff; 16]);
        assert!(matches!(mld(&second), Some(Membership::Report { groups }) if groups[0].is_multicast()));
        assert_eq!(mld(&[131, 0]), None);
    }
}
