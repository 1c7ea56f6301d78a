//! Laws of the resolver of bridge ports: what is proved is found, and what does not exist is never named.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use stormglass::mib::resolver::resolve;
use stormglass::model::observation::PortSample;
use stormglass::model::topology::Way;
use stormglass_proptests::config;

fn interface(if_index: u32, if_type: u32, name: String) -> PortSample {
    PortSample { if_index, if_type, name: name.into(), ..PortSample::default() }
}

/// Physical ports from `first` on, named by their numbers from 1.
fn row(first: u32, count: u32) -> Vec<PortSample> {
    (0..count).map(|port| interface(first + port, 6, format!("Gi1/0/{}", port + 1))).collect()
}

proptest! {
    #![proptest_config(config(2000))]

    /// A table that leads each port to another interface is believed, whatever the order.
    #[test]
    fn any_permutation_is_followed(first in 1_u32..100_000, order in Just((0..24_u32).collect::<Vec<_>>()).prop_shuffle()) {
        let base = (1..).zip(&order).map(|(port, place)| (port, first + place)).collect::<BTreeMap<u32, u32>>();
        let used = base.keys().copied().collect::<BTreeSet<u32>>();
        let found = resolve(&base, &row(first, 24), &used);
        prop_assert!(found.unresolved.is_empty());
        for (port, if_index) in base {
            prop_assert_eq!(found.ports[&port].if_index, if_index);
            prop_assert_eq!(found.ports[&port].way, Way::BasePortTable);
        }
    }

    /// Without a table the offset is found from the names, from any ports in use, with other interfaces around.
    #[test]
    fn any_offset_is_found(
        first in 200_u32..1_000_000,
        count in 4_u32..60,
        chosen in vec(any::<prop::sample::Index>(), 2..20),
        vlans in btree_set(1_u32..199, 0..5),
    ) {
        let mut ports = vlans.iter().map(|vlan| interface(*vlan, 6, format!("Vlan-interface{vlan}"))).collect::<Vec<_>>();
        ports.extend(row(first, count));
        let used = chosen.iter().map(|index| index.index(count as usize) as u32 + 1).collect::<BTreeSet<u32>>();
        let found = resolve(&BTreeMap::new(), &ports, &used);
        for port in used {
            prop_assert_eq!(found.ports.get(&port).map(|found| found.if_index), Some(first + port - 1));
        }
    }

    /// Whatever the tables say: every port in use is either led to an interface that exists, or known as unresolved, and
    /// no confidence is more than certainty.
    #[test]
    fn no_port_is_invented(
        interfaces in btree_map(0_u32..300, (prop::sample::select(vec![0_u32, 1, 6, 24, 53, 54, 131, 136, 161]), "[a-z]{0,3}[0-9]{0,2}"), 0..40),
        base in btree_map(any::<u32>().prop_map(|port| port % 300), any::<u32>().prop_map(|port| port % 400), 0..40),
        used in btree_set(prop_oneof![0_u32..300, any::<u32>()], 0..100),
    ) {
        let ports = interfaces.into_iter().map(|(index, (kind, name))| interface(index, kind, name)).collect::<Vec<_>>();
        let found = resolve(&base, &ports, &used);
        let known = found.ports.keys().chain(&found.unresolved).copied().collect::<BTreeSet<u32>>();
        prop_assert!(known.iter().eq(used.iter().filter(|port| **port > 0)));
        prop_assert_eq!(found.ports.len() + found.unresolved.len(), known.len());
        for resolved in found.ports.values() {
            prop_assert!(ports.iter().any(|port| port.if_index == resolved.if_index), "{:?}", resolved);
            prop_assert!((0.0..=1.0).contains(&resolved.confidence));
        }
    }
}
