//! The page's part about gateways: what is open on each, whether it can be reached, and what is wrong. Judges nothing.

use super::escape::Html;
use super::pen::cut;
use super::table;
use crate::explain::reach::{Assessment, MappingReach};
use crate::model::device::{Gateway, Reach};
use crate::model::text::Language;
use crate::view::upnp::{connection_status, lease};
use crate::view::upnp_list_words;
use crate::view::upnp_words::say;

/// Gateways shown.
const MAX_GATEWAYS: usize = 16;
/// Mappings shown of each.
const MAX_MAPPINGS: usize = 256;
/// Findings shown of each.
const MAX_FINDINGS: usize = 32;
/// Characters shown of a problem: a device's own words may be in it.
const PROBLEM: usize = 200;
/// What the section says by itself.
mod words {
    use crate::model::text::Text;

    pub(super) const TITLE: Text = Text {
        en: "Open ports (UPnP port mappings)",
        ja: "開いているポート（UPnPポートマッピング）",
    };
    pub(super) const NOBODY: Text =
        Text { en: "No gateway has answered.", ja: "応答したゲートウェイはありません。" };
    pub(super) const COLUMNS: [Text; 6] = [
        Text { en: "Open", ja: "ポート" },
        Text { en: "Leads to", ja: "転送先" },
        Text { en: "Description", ja: "説明" },
        Text { en: "Lease", ja: "期間" },
        Text { en: "", ja: "" },
        Text { en: "From the Internet (IPv4)", ja: "インターネットから（IPv4）" },
    ];
    pub(super) const TARGET: Text = Text { en: "{client}, port {port}", ja: "{client}、ポート{port}" };
    pub(super) const ON: Text = Text { en: "on", ja: "有効" };
    pub(super) const OFF: Text = Text { en: "off", ja: "無効" };
    pub(super) const OUTSIDE: Text = Text { en: "outside address {address}", ja: "外部アドレス {address}" };
    pub(super) const UP_FOR: Text = Text { en: "up for {time}", ja: "接続時間 {time}" };
    pub(super) const LINE: Text = Text { en: "line {down}/{up} Mbit/s", ja: "回線 {down}/{up} Mbit/s" };
    pub(super) const FIREWALL: Text = Text { en: "IPv6 firewall {state}", ja: "IPv6ファイアウォール {state}" };
    pub(super) const BECAUSE: Text = Text { en: "{word}: {sentence}", ja: "{word}：{sentence}" };
}

/// The section.
pub(super) fn section(html: &mut Html, gateways: &[&Gateway], assessment: &Assessment, language: Language) {
    html.raw("<section><h2>").text(words::TITLE.template(language)).raw("</h2>");
    if gateways.is_empty() {
        html.raw("<p>").text(words::NOBODY.template(language)).raw("</p>");
    }
    for gateway in gateways.iter().take(MAX_GATEWAYS) {
        one(html, gateway, assessment, language);
    }
    html.raw("</section>");
}

fn one(html: &mut Html, gateway: &Gateway, assessment: &Assessment, language: Language) {
    html.raw("<h3>").text(&gateway.friendly_name).raw("</h3><p>").text(&facts(gateway, language)).raw("</p>");
    if let Some(reach) = assessment.gateway(gateway.key()) {
        html.raw("<p>").text(&reach.sentence(language)).raw(" ").text(&reach.remedy(language)).raw("</p>");
    }
    let findings = assessment.findings.iter().filter(|finding| finding.gateway == gateway.key());
    for finding in findings.take(MAX_FINDINGS) {
        html.raw("<p class=\"lack\"><b>").text(&finding.sentence(language)).raw("</b> ");
        html.text(&finding.remedy(language)).raw("</p>");
    }
    let mut rows = gateway.mappings.iter().take(MAX_MAPPINGS).enumerate().map(|(place, mapping)| {
        let judged = assessment.mapping(gateway.key(), place);
        let client = judged.map_or(&mapping.internal_client, |judged| &judged.client.called);
        let target = [("client", client.clone()), ("port", mapping.internal_port.to_string())];
        let state = if mapping.enabled { words::ON } else { words::OFF };
        vec![
            format!("{} {}", mapping.protocol.as_str(), mapping.external_port),
            say(&words::TARGET, language, target),
            mapping.description.clone(),
            lease(mapping.lease_seconds, language),
            state.template(language).to_owned(),
            judged.map_or_else(String::new, |judged| reachable(judged, language)),
        ]
    });
    table(html, &words::COLUMNS.map(|text| text.template(language)), &mut rows);
    for problem in &gateway.problems {
        html.raw("<p class=\"lack\">").text(&cut(&problem.say(language), PROBLEM)).raw("</p>");
    }
}

/// What it says about its line, in one line.
fn facts(gateway: &Gateway, language: Language) -> String {
    let unknown = || upnp_list_words::UNKNOWN.template(language).to_owned();
    let address = gateway.external_address.map_or_else(unknown, |ip| ip.to_string());
    let mut facts = vec![say(&words::OUTSIDE, language, [("address", address)])];
    if let Some(primary) = gateway.primary() {
        facts.extend(primary.status.as_deref().map(|status| connection_status(status, language)));
        let up = |uptime: u32| say(&words::UP_FOR, language, [("time", lease(uptime.max(1), language))]);
        facts.extend(primary.uptime_seconds.map(up));
    }
    for link in &gateway.links {
        let rates = [link.down_bits_per_second, link.up_bits_per_second].map(|rate| rate.map(|rate| rate / 1_000_000));
        if let [Some(down), Some(up)] = rates {
            facts.push(say(&words::LINE, language, [("down", down.to_string()), ("up", up.to_string())]));
        }
    }
    if let Some(firewall) = gateway.ipv6_firewall {
        let state = if firewall.enabled { words::ON } else { words::OFF };
        facts.push(say(&words::FIREWALL, language, [("state", state.template(language).to_owned())]));
    }
    facts.join(" · ")
}

/// The answer with what decides it.
fn reachable(judged: &MappingReach, language: Language) -> String {
    let word = crate::view::reach::word(Some(judged), language);
    match judged.reach {
        Reach::Reachable => word.to_owned(),
        Reach::Unreachable | Reach::Unknown => {
            let facts = [("word", word.to_owned()), ("sentence", judged.reason().sentence(language))];
            say(&words::BECAUSE, language, facts)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::reach::{Surroundings, assess_now};
    use crate::model::device::{Connection, GatewayKind, Ipv6Firewall, MappingProtocol, PortMapping};
    use crate::model::text::{Sentence, Text};

    #[test]
    fn both_languages_say_whether_a_port_can_be_reached() {
        let mapping = PortMapping {
            protocol: MappingProtocol::Tcp,
            external_port: 5001,
            internal_client: "192.168.1.20".into(),
            internal_port: 5001,
            description: "DSM".into(),
            enabled: true,
            lease_seconds: 3600,
            remote_host: None,
            connection: 0,
        };
        let address = [192, 0, 0, 2].into();
        let gateway = Gateway {
            udn: "uuid:1".into(),
            friendly_name: "HGW".into(),
            location: String::new(),
            kind: GatewayKind::Igd1,
            external_address: Some(address),
            connections: vec![Connection {
                external_address: crate::model::device::AddressAnswer::Is(address),
                status: Some("Connected".into()),
                uptime_seconds: Some(7200),
                ..Connection::default()
            }],
            links: Vec::new(),
            ipv6_firewall: Some(Ipv6Firewall { enabled: true, pinholes_allowed: false }),
            mappings: vec![mapping],
            problems: vec![Sentence::of(Text { en: "It sent broken XML for TCP 1.", ja: "壊れたXMLです。" })],
            complete: true,
            ip: Some([192, 168, 1, 1].into()),
            interface: "eth0".into(),
        };
        let assessment = assess_now(std::slice::from_ref(&gateway), &Surroundings::default());
        let shown = |language| {
            let mut html = Html::new();
            section(&mut html, &[&gateway], &assessment, language);
            html.finish()
        };
        let (english, japanese) = (shown(Language::English), shown(Language::Japanese));
        for said in ["outside address 192.0.0.2", "up for 2 h 0 min", "unreachable: ", "From the Internet", "Leads to"]
        {
            assert!(english.contains(said), "{said}: {english}");
        }
        for said in
            ["外部アドレス 192.0.0.2", "接続時間 2時間0分", "到達不可：", "IPv6ファイアウォール 有効", "接続済み"]
        {
            assert!(japanese.contains(said), "{said}: {japanese}");
        }
        // Nothing of the one in the other, but for the names of protocols.
        for word in ["unreachable", "outside", "Leads", "router", "Internet", "ds_lite", "Connected", "XML for"] {
            assert!(!japanese.contains(word), "{word}: {japanese}");
        }
    }
}
