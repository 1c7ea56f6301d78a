//! BRIDGE-MIB's spanning tree (RFC 4188, dot1dStp): where the root is, how often the tree was rebuilt, which ports rest.

use super::{Index, Syntax, Table, objects};

/// dot1dStpProtocolSpecification.
pub static PROTOCOLS: &[(u32, &str)] = &[(1, "unknown"), (2, "decLb100"), (3, "ieee8021d")];

/// dot1dStpPortState.
pub static PORT_STATES: &[(u32, &str)] =
    &[(1, "disabled"), (2, "blocking"), (3, "listening"), (4, "learning"), (5, "forwarding"), (6, "broken")];

objects!(SCALARS, [1, 3, 6, 1, 2, 1, 17, 2], {
    PROTOCOL = 1 "dot1dStpProtocolSpecification" Syntax::EnumInfo(PROTOCOLS), "Which spanning tree protocol runs.";
    PRIORITY = 2 "dot1dStpPriority" Syntax::Gauge, "The bridge's own priority; the lowest becomes the root.";
    TIME_SINCE_CHANGE = 3 "dot1dStpTimeSinceTopologyChange" Syntax::Gauge,
        "Hundredths of a second since the bridge last saw the topology change.";
    TOP_CHANGES = 4 "dot1dStpTopChanges" Syntax::Counter, "Topology changes seen by the bridge.";
    DESIGNATED_ROOT = 5 "dot1dStpDesignatedRoot" Syntax::Octets, "The root: two bytes priority, six bytes address.";
    ROOT_COST = 6 "dot1dStpRootCost" Syntax::Gauge, "The cost of the way to the root; 0 is the root itself.";
    ROOT_PORT = 7 "dot1dStpRootPort" Syntax::Gauge, "The bridge port towards the root; 0 is the root itself.";
});

objects!(PORT_COLUMNS, [1, 3, 6, 1, 2, 1, 17, 2, 15, 1], {
    PORT_PRIORITY = 2 "dot1dStpPortPriority" Syntax::Gauge, "The port's priority.";
    PORT_STATE = 3 "dot1dStpPortState" Syntax::EnumInfo(PORT_STATES), "What the port does with frames.";
    PORT_ENABLE = 4 "dot1dStpPortEnable" Syntax::Gauge, "Takes part: 1 enabled, 2 disabled.";
    PORT_PATH_COST = 5 "dot1dStpPortPathCost" Syntax::Gauge, "What the port adds to the cost of a way to the root.";
    PORT_DESIGNATED_ROOT = 6 "dot1dStpPortDesignatedRoot" Syntax::Octets, "The root by what is heard at the port.";
    PORT_DESIGNATED_COST = 7 "dot1dStpPortDesignatedCost" Syntax::Gauge, "The designated port's cost to the root.";
    PORT_DESIGNATED_BRIDGE = 8 "dot1dStpPortDesignatedBridge" Syntax::Octets,
        "The bridge that serves the port's segment: two bytes priority, six bytes address.";
    PORT_DESIGNATED_PORT = 9 "dot1dStpPortDesignatedPort" Syntax::Octets, "That bridge's port.";
    PORT_FORWARD_TRANSITIONS = 10 "dot1dStpPortForwardTransitions" Syntax::Counter,
        "Times the port went from learning to forwarding.";
});

/// Ports of the spanning tree. Their roles (root, designated, alternate) are not in this MIB: they follow from the
/// scalars and the designated bridge.
pub static PORT_TABLE: Table = Table {
    name: "dot1dStpPortTable",
    indexes: &[Index::number("dot1dStpPort")],
    lookups: &[],
    lookups_hidden: false,
    columns: PORT_COLUMNS,
};
