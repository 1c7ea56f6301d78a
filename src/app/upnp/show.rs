//! The commands that only look: list, devices, show, export.

use super::look::{Look, look};
use super::screen::Screen;
use super::{Common, FINDINGS, Format};
use crate::io::upnp::control::Reach;
use crate::view;
use std::process::ExitCode;

fn status(look: &Look) -> ExitCode {
    if view::upnp::worth_a_look(&look.discovery) { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS }
}

/// `upnp-probe list`.
pub(super) fn list(common: &Common, screen: &Screen) -> anyhow::Result<ExitCode> {
    let look = look(common)?;
    if common.json() {
        screen.json(&look.discovery.gateways, false)?;
    } else if screen.terminal {
        screen.print(&view::upnp::render(&look.discovery, &mut |head, rows| screen.draw(head, rows)))?;
    } else {
        screen.print(&view::upnp::plain(&look.discovery))?;
    }
    look.explain_silence(screen);
    Ok(status(&look))
}

/// `upnp-probe devices`.
pub(super) fn devices(common: &Common, screen: &Screen) -> anyhow::Result<ExitCode> {
    let mut look = look(common)?;
    if common.json() {
        screen.json(&look.discovery.devices, false)?;
    } else {
        let gateways = std::mem::take(&mut look.discovery.gateways);
        let text = if screen.terminal {
            view::upnp::render(&look.discovery, &mut |head, rows| screen.draw(head, rows))
        } else {
            view::upnp::plain(&look.discovery)
        };
        look.discovery.gateways = gateways;
        screen.print(&text)?;
    }
    if look.discovery.devices.is_empty() {
        look.explain_silence(screen);
    }
    Ok(ExitCode::SUCCESS)
}

/// `upnp-probe show DEVICE`.
pub(super) fn show(common: &Common, screen: &Screen, wanted: &str) -> anyhow::Result<ExitCode> {
    let look = look(common)?;
    let device = look.device(wanted, screen)?;
    let reach = Reach::to(device.ip, &device.interface, &device.location, &look.interfaces)?;
    let tree = look.runtime.block_on(reach.tree(true, look.settings.request))?;
    if common.json() {
        screen.json(&tree, false)?;
    } else {
        screen.print(&view::upnp_tree::tree(&tree))?;
    }
    let troubled = tree.devices.iter().flat_map(|d| &d.services).any(|service| service.problem.is_some());
    Ok(if troubled || !tree.problems.is_empty() { ExitCode::from(FINDINGS) } else { ExitCode::SUCCESS })
}

/// `upnp-probe export`.
pub(super) fn export(common: &Common, screen: &Screen) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(common.format != Some(Format::Text), "export writes --format json or csv; `list` writes text");
    let look = look(common)?;
    if common.format == Some(Format::Csv) {
        screen.without_colour().print(&view::upnp_tree::csv(&look.discovery.gateways))?;
    } else {
        let all = serde_json::json!({ "devices": look.discovery.devices, "gateways": look.discovery.gateways });
        screen.json(&all, false)?;
    }
    look.explain_silence(screen);
    Ok(status(&look))
}
