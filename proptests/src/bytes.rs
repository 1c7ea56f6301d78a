//! Strategies for bytes that hurt: any, and valid ones with a few bytes wrong, cut, or doubled.

use proptest::prelude::*;
use std::sync::OnceLock;
use std::time::Duration;
use stormglass::model::frames::LinkType;
use stormglass_harness::{Scenario, World};

/// Any bytes, short ones more often.
pub fn any_bytes(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..64), proptest::collection::vec(any::<u8>(), 0..max)]
}

/// One of `seeds` with some bytes changed, cut out or put in.
pub fn spoiled(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let damage = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..8);
    (prop::sample::select(seeds), damage).prop_map(|(mut bytes, damage)| {
        for (index, value, kind) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, value),
                2 => {
                    bytes.remove(at);
                }
                _ => bytes[at] = value,
            }
        }
        bytes
    })
}

/// Every kind of link.
pub fn link_type() -> impl Strategy<Value = LinkType> {
    prop_oneof![
        Just(LinkType::Ethernet),
        Just(LinkType::LinuxSll),
        Just(LinkType::LinuxSll2),
        Just(LinkType::RawIp),
        any::<u32>().prop_map(LinkType::Other)
    ]
}

/// One frame of each length that the hosts of a home send: ARP, SSDP, mDNS, IGMP, DHCP, IPv6, PPPoE.
///
/// # Panics
/// Never: a test of the harness reads every scenario that is compiled in.
#[must_use]
pub fn home_frames() -> Vec<Vec<u8>> {
    static FRAMES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FRAMES
        .get_or_init(|| {
            let mut scenario = Scenario::builtin("warning").expect("the harness tests its scenarios");
            scenario.duration = Duration::from_secs(1200);
            let mut frames: Vec<Vec<u8>> = Vec::new();
            for frame in World::new(&scenario, 1).advance(scenario.duration) {
                let alike = |known: &Vec<u8>| known.len() == frame.bytes.len() && known[12..14] == frame.bytes[12..14];
                if !frames.iter().any(alike) {
                    frames.push(frame.bytes.to_vec());
                }
            }
            frames
        })
        .clone()
}
