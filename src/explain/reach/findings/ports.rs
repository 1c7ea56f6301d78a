//! Findings about what is open: services that should not be, the same thing twice, and openings in vain.

use super::{FindingKind, Hit, Mapped, Severity, View};
use crate::model::device::{MappingProtocol, Reach};
use crate::model::text::{Facts, Text};
use std::collections::BTreeMap;

/// A port by which devices are managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagementPort {
    /// The port of the device.
    pub port: u16,
    /// What is there.
    pub service: &'static str,
}

/// Ports by which devices are managed or give everything away, all TCP (IANA's registry, and the makers' manuals).
const MANAGEMENT_PORTS: &[ManagementPort] = &[
    ManagementPort { port: 21, service: "FTP" },
    ManagementPort { port: 22, service: "SSH" },
    ManagementPort { port: 23, service: "Telnet" },
    ManagementPort { port: 80, service: "HTTP" },
    ManagementPort { port: 135, service: "Windows RPC" },
    ManagementPort { port: 139, service: "NetBIOS (SMB)" },
    ManagementPort { port: 443, service: "HTTPS" },
    ManagementPort { port: 445, service: "SMB" },
    ManagementPort { port: 548, service: "AFP" },
    ManagementPort { port: 873, service: "rsync" },
    ManagementPort { port: 1433, service: "SQL Server" },
    ManagementPort { port: 2049, service: "NFS" },
    ManagementPort { port: 2375, service: "Docker" },
    ManagementPort { port: 3306, service: "MySQL" },
    ManagementPort { port: 3389, service: "Remote Desktop (RDP)" },
    ManagementPort { port: 5000, service: "Synology DSM (HTTP)" },
    ManagementPort { port: 5001, service: "Synology DSM (HTTPS)" },
    ManagementPort { port: 5432, service: "PostgreSQL" },
    ManagementPort { port: 5900, service: "VNC" },
    ManagementPort { port: 6379, service: "Redis" },
    ManagementPort { port: 7547, service: "TR-069" },
    ManagementPort { port: 8006, service: "Proxmox VE" },
    ManagementPort { port: 8080, service: "HTTP (8080)" },
    ManagementPort { port: 8123, service: "Home Assistant" },
    ManagementPort { port: 8291, service: "MikroTik Winbox" },
    ManagementPort { port: 8443, service: "HTTPS (8443)" },
    ManagementPort { port: 8728, service: "MikroTik API" },
    ManagementPort { port: 9000, service: "Portainer" },
    ManagementPort { port: 10_000, service: "Webmin" },
    ManagementPort { port: 37_777, service: "Dahua DVR" },
];

/// What is managed by a TCP port, if anything.
#[must_use]
pub fn management_port(port: u16) -> Option<ManagementPort> {
    MANAGEMENT_PORTS.iter().find(|known| known.port == port).copied()
}

/// A door for whoever guesses the password.
pub(super) static MANAGEMENT_PORT: FindingKind = FindingKind {
    id: "management_port",
    severity: Severity::Danger,
    sentence: Text {
        en: "{service} of {client} is opened to the whole Internet by {port} on {gateway} (\"{description}\"; {reach}).",
        ja: "{client} の {service} が、{gateway} の {port} でインターネット全体に公開されています(「{description}」、{reach_ja})。",
    },
    remedy: Text {
        en: "If nobody needs it from outside, remove the mapping and switch UPnP port opening off in the device. Otherwise \
             reach it through a VPN, or at least update it and use two-factor sign-in.",
        ja: "外部から使わないのであれば、このポート開放を削除し、機器のUPnPポート開放機能を無効にしてください。必要な場合はVPN経由で\
             使うか、少なくとも最新の状態に更新し、二段階認証を有効にしてください。",
    },
    look: management,
};

/// What the device listens on counts, not by which number it is reached from outside; where everything is forwarded,
/// that is worst of all. One that cannot be reached from outside is no danger.
fn management(view: &View<'_>) -> Vec<Hit> {
    let open = |one: &Mapped<'_>| {
        one.reach.reach != Reach::Unreachable
            && one.mapping.enabled
            && one.mapping.remote_host.is_none()
            && one.mapping.protocol != MappingProtocol::Udp
    };
    let hits = view.mappings().filter(open).filter_map(|one| {
        let service = match (one.mapping.external_port, management_port(one.mapping.internal_port)) {
            (_, Some(known)) => known.service,
            (0, None) => "*",
            _ => return None,
        };
        let reach_ja = if one.reach.reach == Reach::Reachable { "到達可" } else { "到達できるかは不明" };
        let reach = one.reach.reach.id();
        let facts = [("service", service), ("reach", reach), ("reach_ja", reach_ja)]
            .map(|(name, fact)| (name, fact.to_owned()));
        Some(view.mapping_hit(one, Facts::from(facts)))
    });
    hits.collect()
}

/// Which of the two counts is anybody's guess.
pub(super) static DUPLICATE: FindingKind = FindingKind {
    id: "duplicate_mapping",
    severity: Severity::Notice,
    sentence: Text {
        en: "{port} of {gateway} leads to {client} and to {other}: which of them gets a connection is not defined.",
        ja: "{gateway} の {port} は {client} と {other} の両方に向けられています。どちらに届くかは決まっていません。",
    },
    remedy: Text { en: "Remove the one that is not wanted.", ja: "不要な方を削除してください。" },
    look: duplicates,
};

fn duplicates(view: &View<'_>) -> Vec<Hit> {
    let mut known: BTreeMap<_, Mapped<'_>> = BTreeMap::new();
    let mut hits = Vec::new();
    for one in view.mappings().filter(|one| one.mapping.enabled) {
        let mapping = one.mapping;
        let key = (
            one.gateway.key(),
            mapping.connection,
            mapping.protocol.as_str(),
            mapping.external_port,
            mapping.remote_host.as_deref(),
        );
        match known.get(&key) {
            Some(first) => {
                let other = ("other", first.reach.client.called.clone());
                hits.push(view.mapping_hit(one, Facts::from([other])));
            }
            None => {
                known.insert(key, one);
            }
        }
    }
    hits
}

/// The question of the person who cannot reach the NAS.
pub(super) static IN_VAIN: FindingKind = FindingKind {
    id: "opened_in_vain",
    severity: Severity::Warning,
    sentence: Text {
        en: "Ports open on {gateway}: {count}. None of them can be reached from the Internet over IPv4: {class_name} \
             ({address}).",
        ja: "{gateway} で {count} 個のポートが開けられていますが、インターネットからIPv4で到達できるものはありません\
             ({class_name_ja}、{address})。",
    },
    remedy: Text {
        en: "See what the gateway's class says; what opened the ports believes that they work.",
        ja: "ルーターの判定をご覧ください。ポートを開けたプログラムは、使えるものと思っています。",
    },
    look: in_vain,
};

fn in_vain(view: &View<'_>) -> Vec<Hit> {
    let in_vain = view.gateways().filter(|(_, reach)| {
        !reach.mappings.is_empty() && reach.mappings.iter().all(|mapping| mapping.reach == Reach::Unreachable)
    });
    let hits = in_vain.map(|(gateway, reach)| {
        let address = reach.facts.get("address").cloned().unwrap_or_default();
        let name = reach.class.rule().name;
        let facts = [
            ("count", reach.mappings.len().to_string()),
            ("class", reach.class.id().to_owned()),
            ("class_name", name.en.to_owned()),
            ("class_name_ja", name.ja.to_owned()),
            ("address", address),
        ];
        view.hit(gateway, Facts::from(facts))
    });
    hits.collect()
}
