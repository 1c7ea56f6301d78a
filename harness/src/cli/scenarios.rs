//! Lists the scenarios that are compiled in, and describes one of them or one from a file: what there is, what happens,
//! and what a judge should say. Runs nothing.

use super::Failure;
use clap::Args;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use stormglass_harness::storms::{INJECTORS, injector};
use stormglass_harness::{Scenario, World};

/// Which scenario.
#[derive(Debug, Args)]
pub(crate) struct ScenariosArgs {
    /// Describe this scenario; without it all are listed.
    name: Option<String>,
    /// Describe the scenario in this file.
    #[arg(long, value_name = "FILE", conflicts_with = "name")]
    file: Option<PathBuf>,
    /// Run it, and write what happens in it.
    #[arg(long)]
    story: bool,
    /// Seed of the run.
    #[arg(long, default_value_t = 1, requires = "story")]
    seed: u64,
}

/// Lists or describes.
pub(crate) fn run(args: &ScenariosArgs) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    let scenario = match (&args.name, &args.file) {
        (Some(name), _) => Some(Scenario::builtin(name)?),
        (None, Some(file)) => {
            let read = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            Some(Scenario::parse(&file.display().to_string(), &read)?)
        }
        (None, None) => None,
    };
    match scenario {
        Some(scenario) => {
            describe(&mut text, &scenario)?;
            if args.story {
                story(&mut text, &scenario, args.seed)?;
            }
        }
        None => list(&mut text)?,
    }
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn list(text: &mut String) -> Result<(), Failure> {
    writeln!(text, "scenarios:")?;
    for name in Scenario::names() {
        writeln!(text, "  {name:24} {}", Scenario::builtin(name)?.about)?;
    }
    writeln!(text, "\nwhat can happen in a scenario (kind):")?;
    for injector in INJECTORS {
        writeln!(text, "  {:24} {}", injector.id(), injector.about())?;
    }
    Ok(())
}

fn describe(text: &mut String, scenario: &Scenario) -> Result<(), Failure> {
    writeln!(text, "{}: {}\n{} s\n", scenario.name, scenario.about, scenario.duration.as_secs_f64())?;
    for (index, switch) in scenario.switches.iter().enumerate() {
        let managed = if switch.managed { "" } else { ", without an agent" };
        writeln!(text, "{}: {} ports{managed}", switch.name, switch.ports)?;
        for host in scenario.hosts.iter().filter(|host| host.switch == index) {
            let seen = if host.name == scenario.capture { ", captures" } else { "" };
            let vlan = if host.vlan == 1 { String::new() } else { format!(", VLAN {}", host.vlan) };
            writeln!(text, "  port {:2}  {} {} {}{vlan}{seen}", host.port, host.name, host.mac, host.ip)?;
        }
        for trunk in &scenario.trunks {
            let near = trunk.ends.into_iter().find(|end| end.switch == index);
            if let Some((near, far)) = near.and_then(|near| Some((near, trunk.far_end(near)?))) {
                writeln!(text, "  port {:2}  to {} port {}", near.port, scenario.switches[far.switch].name, far.port)?;
            }
        }
    }
    for storm in &scenario.storms {
        let until = storm.until.map_or_else(|| "the end".to_owned(), |until| format!("{} s", until.as_secs_f64()));
        let about = injector(&storm.kind).map_or("", |injector| injector.about());
        writeln!(text, "\nfrom {} s to {until}: {}\n  {about}", storm.from.as_secs_f64(), storm.kind)?;
    }
    let expected = &scenario.expected;
    let Some(cause) = &expected.cause else {
        writeln!(text, "\nexpected: nothing is said")?;
        return Ok(());
    };
    writeln!(text, "\nexpected: {cause} ({})", expected.severity.as_deref().unwrap_or("any severity"))?;
    let macs = expected.culprit_macs.iter().map(ToString::to_string).collect::<Vec<_>>();
    writeln!(text, "  culprit: {}", if macs.is_empty() { "nobody".to_owned() } else { macs.join(" or ") })?;
    if !expected.ports.is_empty() {
        writeln!(text, "  port: {}", expected.ports.join(" or "))?;
    }
    if let Some(within) = expected.within_s {
        writeln!(text, "  within {within} s")?;
    }
    Ok(())
}

fn story(text: &mut String, scenario: &Scenario, seed: u64) -> Result<(), Failure> {
    let mut world = World::new(scenario, seed);
    let frames = world.advance(scenario.duration);
    writeln!(text, "\nseed {seed}:")?;
    for event in world.take_events() {
        writeln!(text, "  {:8.3} s  {}", event.at.as_secs_f64(), event.text)?;
    }
    writeln!(text, "  {} frames captured; {} in and out of ports", frames.len(), world.frame_events())?;
    Ok(())
}
