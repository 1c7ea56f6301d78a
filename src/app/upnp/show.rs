//! The commands that only look: list, devices, show, export.

use super::look::{Look, look};
use super::screen::Screen;
use super::{Common, FINDINGS, Format};
use crate::explain::reach::{self, Assessment};
use crate::io::around::Around;
use crate::io::clock::Clock;
use crate::view;
use crate::view::upnp::Judged;
use crate::view::upnp_list_words as list_words;
use std::process::ExitCode;

/// What is wrong with the gateways, and whether their mappings can be reached, by what this host knows around it. Hosts
/// that mappings lead to are asked for, where that is permitted, and devices get their makers.
fn assess(look: &mut Look) -> anyhow::Result<Assessment> {
    let clock = Clock::start();
    let mut around = Around::read(clock.now())?;
    around.call(look.told.names.clone());
    around.know(&look.discovery.devices);
    around.name_makers(&mut look.discovery.devices);
    let gateways = &look.discovery.gateways;
    around.ask(gateways, &clock);
    let mut assessment = reach::assess_now(gateways, &around.surroundings(look.told.map_e));
    // "Never heard of" is news from a program that listens all day. One look hears of few, and proves nothing of a host
    // that it could not ask for.
    assessment.findings.retain(|finding| {
        let gateway = gateways.iter().find(|gateway| gateway.key() == finding.gateway);
        let mapping = gateway.and_then(|gateway| gateway.mappings.get(finding.mapping?));
        let client = mapping.and_then(|mapping| mapping.internal_client.parse().ok());
        finding.kind.id != reach::NEVER_SEEN_ID || !client.is_some_and(|ip| around.is_unasked(ip))
    });
    Ok(assessment)
}

fn status(look: &Look, assessment: &Assessment) -> ExitCode {
    let findings = view::upnp::worth_a_look(&look.discovery, assessment);
    if findings { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS }
}

/// `upnp-probe list`.
pub(super) fn list(common: &Common, screen: &Screen) -> anyhow::Result<ExitCode> {
    let mut look = look(common, screen)?;
    let assessment = assess(&mut look)?;
    let judged = Judged { assessment: &assessment, language: screen.language };
    if common.json() {
        screen.json(&view::reach::gateways(look.discovery.gateways.iter(), &assessment, screen.language), false)?;
    } else if screen.terminal {
        screen.print(&view::upnp::render(&look.discovery, judged, &mut |head, rows| screen.draw(head, rows)))?;
    } else {
        screen.print(&view::upnp::plain(&look.discovery, judged))?;
    }
    look.explain_silence(screen);
    Ok(status(&look, &assessment))
}

/// `upnp-probe devices`.
pub(super) fn devices(common: &Common, screen: &Screen) -> anyhow::Result<ExitCode> {
    let mut look = look(common, screen)?;
    Around::read(Clock::start().now())?.name_makers(&mut look.discovery.devices);
    let devices = &look.discovery.devices;
    if common.json() {
        screen.json(&view::upnp::devices_json(devices.iter(), screen.language), false)?;
    } else if screen.terminal {
        screen.print(&view::upnp::devices(devices, screen.language, &mut |head, rows| screen.draw(head, rows)))?;
    } else {
        screen
            .print(&view::upnp::devices(devices, screen.language, &mut |head, rows| view::upnp::columns(head, rows)))?;
    }
    if devices.is_empty() {
        look.explain_silence(screen);
    }
    Ok(ExitCode::SUCCESS)
}

/// `upnp-probe show DEVICE`.
pub(super) fn show(common: &Common, screen: &Screen, wanted: &str) -> anyhow::Result<ExitCode> {
    let look = look(common, screen)?;
    let device = look.device(wanted, screen)?;
    let reach = look.reach_device(device, screen)?;
    let tree = look.tree(&reach, true, screen)?;
    if common.json() {
        screen.json(&view::upnp_tree::json(&tree, screen.language), false)?;
    } else {
        screen.print(&view::upnp_tree::tree(&tree, screen.language))?;
    }
    let troubled = tree.devices.iter().flat_map(|d| &d.services).any(|service| service.problem.is_some());
    Ok(if troubled || !tree.problems.is_empty() { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
}

/// `upnp-probe export`.
pub(super) fn export(common: &Common, screen: &Screen) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(common.format != Some(Format::Text), list_words::EXPORT_IS_DATA.template(screen.language));
    let mut look = look(common, screen)?;
    let assessment = assess(&mut look)?;
    if common.format == Some(Format::Csv) {
        screen.without_colour().print(&view::upnp_csv::csv(&look.discovery.gateways, &assessment))?;
    } else {
        let gateways = view::reach::gateways(look.discovery.gateways.iter(), &assessment, screen.language);
        let all = serde_json::json!({
            "devices": view::upnp::devices_json(look.discovery.devices.iter(), screen.language),
            "gateways": gateways,
        });
        screen.json(&all, false)?;
    }
    look.explain_silence(screen);
    Ok(status(&look, &assessment))
}
