//! Which router leads out, is it the only one, and can a port opened on it be reached at all? What UPnP and NAT-PMP say,
//! judged as everywhere in this program (`explain::reach`).

use super::{Answer, Check, Fate, Judge, Look, Said, Status};
use crate::explain::reach::class::of_address;
use crate::explain::reach::{Assessment, ExternalClass, GatewayFinding};
use crate::model::device::Discovery;
use crate::model::probe::{Refusal, SEARCH};
use crate::model::text::Text;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The check.
pub(super) static CHECK: Check = Check {
    id: "gateways",
    question: Text {
        en: "Is there one way to the Internet, and can opened ports be reached?",
        ja: "インターネットへの出口は1つで、開放したポートに到達できますか?",
    },
    judge: Judge::Whole(judge),
};

/// Findings about gateways that belong here; those about single ports are `upnp-probe`'s.
const OURS: [&str; 4] = ["two_gateways", "double_nat", "answers_from_wan", "opened_in_vain"];
/// Classes of an external address to which nothing can come from outside over IPv4.
const NO_ENTRY: [ExternalClass; 5] = [
    ExternalClass::DsLite,
    ExternalClass::Cgnat,
    ExternalClass::DoubleNat,
    ExternalClass::Private,
    ExternalClass::NoAddress,
];
/// Ports named of one gateway.
const MAX_PORTS: usize = 6;
/// Findings named; more are counted by `upnp-probe`.
const MAX_FINDINGS: usize = 8;

const DEFAULT: Text =
    Text { en: "The default gateway is {who}.", ja: "デフォルトゲートウェイは {who} です。" };
const NO_ROUTE: Text = Text {
    en: "This computer has no default gateway: whether the LAN has one was not judged.",
    ja: "このコンピューターにはデフォルトゲートウェイが設定されていないため、LANの出口は判定していません。",
};
const UNREAD: Text = Text {
    en: "Could not look: the routes of this computer could not be read.",
    ja: "このコンピューターの経路を読み取れず、調べられませんでした。",
};
const NO_UPNP: Text = Text {
    en: "No gateway answered UPnP: no port can be opened by it.",
    ja: "UPnPに応答したゲートウェイはありません(UPnPでポートが開放されることはありません)。",
};
const STOPPED: Text = Text {
    en: "UPnP was not asked: something was found before, and another packet could feed it.",
    ja: "すでに異常が見つかったため、UPnPの探索は送信しませんでした。",
};
const NOT_SEARCHED: Text = Text {
    en: "UPnP was not asked; `--yes` allows it.",
    ja: "UPnPの探索はしていません(`--yes` で許可できます)。",
};
const FAILED: Text =
    Text { en: "UPnP could not be asked ({why}).", ja: "UPnPの探索ができませんでした({why})。" };
const OPENED: Text = Text {
    en: "{count} ports are open on {gateway} all the same ({ports}); whoever opened them believes that they work.",
    ja: "それでも {gateway} では {count} 個のポートが開けられています({ports})。開けたプログラムは、使えるものと思っています。",
};
const NAT_PMP: Text = Text {
    en: "{gateway} says by NAT-PMP that its external address is {address} ({class}).",
    ja: "{gateway} はNAT-PMPで、外部アドレスを {address} と答えました({class})。",
};
const NAT_PMP_ONLY: Text = Text {
    en: "{gateway} speaks NAT-PMP or PCP and does not tell its external address.",
    ja: "{gateway} はNAT-PMPまたはPCPに対応していますが、外部アドレスは答えませんでした。",
};

fn judge(look: &Look) -> Answer {
    let mut answer = match &look.default_routes {
        None => Answer::new(Status::Unable, Said::plain(&UNREAD)),
        Some(routes) => match routes.iter().find(|(_, hop)| hop.is_ipv4()) {
            Some((_, hop)) => Answer::new(Status::Ok, Said::with(&DEFAULT, [("who", called(look, *hop))])),
            None => Answer::new(Status::Unasked, Said::plain(&NO_ROUTE)),
        },
    };
    if let Some((gateway, external)) = look.nat_pmp {
        let gateway = called(look, gateway.into());
        let said = match external {
            Some(address) => {
                let class = of_address(address, false).id().to_owned();
                Said::with(&NAT_PMP, [("gateway", gateway), ("address", address.to_string()), ("class", class)])
            }
            None => Said::with(&NAT_PMP_ONLY, [("gateway", gateway)]),
        };
        answer.seen.push(said);
    }
    match &look.discovery {
        Some((discovery, assessment)) => answer.and(searched(discovery, assessment)),
        None => answer.and(not_searched(look)),
    }
}

fn called(look: &Look, ip: IpAddr) -> String {
    let heard = look.places.iter().filter_map(|place| place.heard.as_ref().ok()).map(|heard| &heard.owners);
    let mac = heard.chain([&look.neighbours]).flat_map(|owners| owners.of(ip)).map(|owner| owner.mac).next();
    mac.map_or_else(|| ip.to_string(), |mac| look.called(mac, Some(ip)))
}

fn searched(discovery: &Discovery, assessment: &Assessment) -> Answer {
    if discovery.gateways.is_empty() {
        return Answer::new(Status::Ok, Said::plain(&NO_UPNP));
    }
    let classes = assessment.gateways.iter().map(|gateway| {
        let rule = gateway.class.rule();
        Said { text: &rule.sentence, facts: gateway.facts.clone() }
    });
    let mut answer = Answer { status: Status::Ok, seen: classes.collect(), remedy: Vec::new() };
    let mut told = BTreeSet::new();
    for (gateway, reach) in discovery.gateways.iter().zip(&assessment.gateways) {
        let open = gateway.mappings.iter().filter(|mapping| mapping.enabled).collect::<Vec<_>>();
        if open.is_empty() || !NO_ENTRY.contains(&reach.class) {
            continue;
        }
        told.insert(reach.key.as_str());
        let named = open.iter().take(MAX_PORTS);
        let ports = named.map(|mapping| format!("{} {}", mapping.protocol.as_str(), mapping.external_port));
        let mut facts = reach.facts.clone();
        facts.insert("count", open.len().to_string());
        facts.insert("ports", ports.collect::<Vec<_>>().join(", "));
        answer.status = Status::Warning;
        answer.seen.push(Said { text: &OPENED, facts });
        answer.remedy.push(Said { text: &reach.class.rule().remedy, facts: reach.facts.clone() });
    }
    let vain =
        |finding: &GatewayFinding| finding.kind.id == "opened_in_vain" && told.contains(finding.gateway.as_str());
    let findings = assessment.findings.iter().filter(|finding| OURS.contains(&finding.kind.id) && !vain(finding));
    for finding in findings.take(MAX_FINDINGS) {
        answer.status = Status::Warning;
        answer.seen.push(Said { text: &finding.kind.sentence, facts: finding.facts.clone() });
        let remedy = Said { text: &finding.kind.remedy, facts: finding.facts.clone() };
        if !answer.remedy.contains(&remedy) {
            answer.remedy.push(remedy);
        }
    }
    answer
}

fn not_searched(look: &Look) -> Answer {
    let fates = look.places.iter().filter_map(|place| place.sent.get(SEARCH.id)).collect::<Vec<_>>();
    let failed = fates.iter().find_map(|fate| if let Fate::Failed(why) = fate { Some(why.clone()) } else { None });
    if let Some(why) = failed {
        return Answer::new(Status::Unable, Said::with(&FAILED, [("why", why)]));
    }
    let stopped = fates.contains(&&Fate::Refused(Refusal::Stopped));
    Answer::new(Status::Unasked, Said::plain(if stopped { &STOPPED } else { &NOT_SEARCHED }))
}
