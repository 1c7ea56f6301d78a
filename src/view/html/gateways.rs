//! The page's part about gateways: what is open on each, whether it can be reached, and what is wrong. Judges nothing.

use super::escape::Html;
use super::table;
use crate::explain::reach::{Assessment, MappingReach};
use crate::model::device::{Gateway, Reach};
use crate::model::text::Language;

/// Gateways shown.
const MAX_GATEWAYS: usize = 16;
/// Mappings shown of each.
const MAX_MAPPINGS: usize = 256;
/// Findings shown of each.
const MAX_FINDINGS: usize = 32;
/// The page speaks this language.
const LANGUAGE: Language = Language::English;

/// The section.
pub(super) fn section(html: &mut Html, gateways: &[&Gateway], assessment: &Assessment) {
    html.raw("<section><h2>Open ports (UPnP port mappings)</h2>");
    if gateways.is_empty() {
        html.raw("<p>No gateway has answered.</p>");
    }
    for gateway in gateways.iter().take(MAX_GATEWAYS) {
        one(html, gateway, assessment);
    }
    html.raw("</section>");
}

fn one(html: &mut Html, gateway: &Gateway, assessment: &Assessment) {
    html.raw("<h3>").text(&gateway.friendly_name).raw("</h3><p>").text(&facts(gateway)).raw("</p>");
    if let Some(reach) = assessment.gateway(gateway.key()) {
        html.raw("<p>").text(&reach.sentence(LANGUAGE)).raw(" ").text(&reach.remedy(LANGUAGE)).raw("</p>");
    }
    let findings = assessment.findings.iter().filter(|finding| finding.gateway == gateway.key());
    for finding in findings.take(MAX_FINDINGS) {
        html.raw("<p class=\"lack\"><b>").text(&finding.sentence(LANGUAGE)).raw("</b> ");
        html.text(&finding.remedy(LANGUAGE)).raw("</p>");
    }
    let mut rows = gateway.mappings.iter().take(MAX_MAPPINGS).enumerate().map(|(place, mapping)| {
        let judged = assessment.mapping(gateway.key(), place);
        let lease =
            if mapping.lease_seconds == 0 { "for ever".to_owned() } else { format!("{} s", mapping.lease_seconds) };
        let client = judged.map_or(&mapping.internal_client, |judged| &judged.client.called);
        vec![
            format!("{} {}", mapping.protocol.as_str(), mapping.external_port),
            format!("{client}, port {}", mapping.internal_port),
            mapping.description.clone(),
            lease,
            if mapping.enabled { "on" } else { "off" }.to_owned(),
            judged.map_or_else(String::new, reachable),
        ]
    });
    table(html, &["Open", "Leads to", "Description", "Lease", "", "From the Internet (IPv4)"], &mut rows);
    for problem in &gateway.problems {
        html.raw("<p class=\"lack\">").text(problem).raw("</p>");
    }
}

/// What it says about its line, in one line.
fn facts(gateway: &Gateway) -> String {
    let mut facts = vec![format!(
        "outside address {}",
        gateway.external_address.map_or_else(|| "unknown".to_owned(), |ip| ip.to_string())
    )];
    if let Some(primary) = gateway.primary() {
        facts.extend(primary.status.clone());
        facts
            .extend(primary.uptime_seconds.map(|uptime| format!("up for {}", crate::view::upnp::lease(uptime.max(1)))));
    }
    for link in &gateway.links {
        let rates = [link.down_bits_per_second, link.up_bits_per_second].map(|rate| rate.map(|rate| rate / 1_000_000));
        if let [Some(down), Some(up)] = rates {
            facts.push(format!("line {down}/{up} Mbit/s"));
        }
    }
    if let Some(firewall) = gateway.ipv6_firewall {
        facts.push(format!("IPv6 firewall {}", if firewall.enabled { "on" } else { "off" }));
    }
    facts.join(" · ")
}

/// The answer with what decides it.
fn reachable(judged: &MappingReach) -> String {
    let word = crate::view::reach::word(Some(judged), LANGUAGE);
    match judged.reach {
        Reach::Reachable => word.to_owned(),
        Reach::Unreachable | Reach::Unknown => format!("{word}: {}", judged.reason().sentence(LANGUAGE)),
    }
}
