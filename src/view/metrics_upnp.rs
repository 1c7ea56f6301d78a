//! `/metrics`: what gateways say about their lines, and what is judged about what is open on them. Bounded by the number
//! of gateways; writes no mapping by itself.

use super::exposition::{Exposition, Family, Kind};
use crate::explain::reach::{Assessment, CLASSES, FINDINGS};
use crate::model::device::{Gateway, Reach};
use crate::observe::catalogue::{Catalogue, GatewayRecord};
use std::collections::BTreeMap;

/// Gateways with series; more than two in one LAN is already a finding.
const MAX_GATEWAYS: usize = 16;

const REACHABILITY: Family = Family {
    name: "stormglass_upnp_gateway_reachability",
    kind: Kind::Gauge,
    labels: &["gateway", "class"],
    help: "1 for the class of the gateway's external address (ExternalIPAddress), 0 for the others; judged, never tried.",
};
const MAPPINGS_REACH: Family = Family {
    name: "stormglass_upnp_port_mappings_by_reachability",
    kind: Kind::Gauge,
    labels: &["gateway", "reachability"],
    help: "Port mappings of the gateway by whether the Internet can reach them over IPv4; judged, never tried.",
};
const FINDING: Family = Family {
    name: "stormglass_upnp_findings",
    kind: Kind::Gauge,
    labels: &["finding"],
    help: "What is wrong with gateways and their port mappings now, by kind (at most 256 in all).",
};
const NOT_JUDGED: Family = Family {
    name: "stormglass_upnp_judgements_left_off",
    kind: Kind::Gauge,
    labels: &[],
    help: "Port mappings that were not judged and findings that were not kept, because there are too many.",
};
const CONNECTED: Family = Family {
    name: "stormglass_upnp_gateway_connected",
    kind: Kind::Gauge,
    labels: &["gateway"],
    help: "1 if the gateway's ConnectionStatus is Connected.",
};
const UPTIME: Family = Family {
    name: "stormglass_upnp_gateway_uptime_seconds",
    kind: Kind::Gauge,
    labels: &["gateway"],
    help: "Uptime of the gateway's connection to the Internet, as it says (GetStatusInfo).",
};
const LINK_UP: Family = Family {
    name: "stormglass_upnp_gateway_link_up",
    kind: Kind::Gauge,
    labels: &["gateway", "link"],
    help: "1 if the gateway's PhysicalLinkStatus is Up, by line.",
};
const LINK_RATE: Family = Family {
    name: "stormglass_upnp_gateway_link_bytes_per_second",
    kind: Kind::Gauge,
    labels: &["gateway", "link", "direction"],
    help: "Layer1UpstreamMaxBitRate and Layer1DownstreamMaxBitRate of the line, divided by 8.",
};
const BYTES: Family = Family {
    name: "stormglass_upnp_gateway_bytes_total",
    kind: Kind::Counter,
    labels: &["gateway", "link", "direction"],
    help: "TotalBytesSent and TotalBytesReceived of the line; most gateways count modulo 2^32, which a gigabit fills in 34 s.",
};
const PACKETS: Family = Family {
    name: "stormglass_upnp_gateway_packets_total",
    kind: Kind::Counter,
    labels: &["gateway", "link", "direction"],
    help: "TotalPacketsSent and TotalPacketsReceived of the line, usually modulo 2^32.",
};
const FIREWALL: Family = Family {
    name: "stormglass_upnp_gateway_ipv6_firewall_enabled",
    kind: Kind::Gauge,
    labels: &["gateway"],
    help: "FirewallEnabled of WANIPv6FirewallControl, where the gateway has it.",
};

/// The families of this file, in order.
pub const FAMILIES: &[&Family] = &[
    &REACHABILITY,
    &MAPPINGS_REACH,
    &FINDING,
    &NOT_JUDGED,
    &CONNECTED,
    &UPTIME,
    &LINK_UP,
    &LINK_RATE,
    &BYTES,
    &PACKETS,
    &FIREWALL,
];

/// Writes what is known of gateways. One that does not answer any more has no numbers: they would be old.
pub fn gateways(out: &mut Exposition<'_>, catalogue: &Catalogue, assessment: &Assessment) {
    let records = catalogue.records().map(|record| (record.gateway.key(), record)).collect::<BTreeMap<_, _>>();
    let records = records.into_iter().take(MAX_GATEWAYS).collect::<Vec<_>>();
    judgements(out, &records, assessment);
    let up = records.iter().filter(|(_, record)| record.up).map(|(key, record)| (*key, &record.gateway));
    let up = up.collect::<Vec<_>>();
    let mut each = |family: &Family, value: &dyn Fn(&Gateway) -> Option<f64>| {
        out.family(family);
        for (key, gateway) in &up {
            if let Some(value) = value(gateway) {
                out.sample(family, &[key], value);
            }
        }
    };
    each(&CONNECTED, &|gateway| gateway.primary()?.is_up().map(flag));
    each(&UPTIME, &|gateway| gateway.primary()?.uptime_seconds.map(f64::from));
    links(out, &up);
    out.family(&FIREWALL);
    for (key, gateway) in &up {
        if let Some(firewall) = gateway.ipv6_firewall {
            out.sample(&FIREWALL, &[key], flag(firewall.enabled));
        }
    }
}

fn flag(value: bool) -> f64 {
    f64::from(u8::from(value))
}

fn judgements(out: &mut Exposition<'_>, records: &[(&str, &GatewayRecord)], assessment: &Assessment) {
    out.family(&REACHABILITY);
    for (key, _) in records {
        let Some(reach) = assessment.gateway(key) else { continue };
        for class in CLASSES {
            out.sample(&REACHABILITY, &[key, class.id], flag(class.class == reach.class));
        }
    }
    out.family(&MAPPINGS_REACH);
    for (key, _) in records {
        let Some(reach) = assessment.gateway(key) else { continue };
        for answer in Reach::ALL {
            let count = reach.mappings.iter().filter(|mapping| mapping.reach == answer).count();
            out.sample(&MAPPINGS_REACH, &[key, answer.id()], count as f64);
        }
    }
    out.family(&FINDING);
    // Zero where there is nothing, so that an alert on a rise sees the first one.
    for kind in FINDINGS {
        let count = assessment.findings.iter().filter(|finding| finding.kind.id == kind.id).count();
        out.sample(&FINDING, &[kind.id], count as f64);
    }
    out.family(&NOT_JUDGED);
    out.sample(&NOT_JUDGED, &[], assessment.left_off as f64);
}

fn links(out: &mut Exposition<'_>, up: &[(&str, &Gateway)]) {
    let lines = || {
        up.iter().flat_map(|(key, gateway)| {
            gateway.links.iter().enumerate().map(move |(at, link)| (*key, at.to_string(), link))
        })
    };
    out.family(&LINK_UP);
    for (key, at, link) in lines() {
        if let Some(is_up) = link.is_up() {
            out.sample(&LINK_UP, &[key, &at], flag(is_up));
        }
    }
    let mut both = |family: &Family, values: &dyn Fn(&crate::model::device::WanLink) -> [Option<u64>; 2]| {
        out.family(family);
        for (key, at, link) in lines() {
            for (direction, value) in ["up", "down"].iter().zip(values(link)) {
                if let Some(value) = value {
                    out.sample(family, &[key, &at, direction], value as f64);
                }
            }
        }
    };
    both(&LINK_RATE, &|link| {
        // Octets, as base units are: a line's rate is told in bits.
        [link.up_bits_per_second, link.down_bits_per_second].map(|bits| Some(bits? / 8))
    });
    both(&BYTES, &|link| [link.bytes_sent, link.bytes_received]);
    both(&PACKETS, &|link| [link.packets_sent, link.packets_received]);
}
