//! Configurations with every agent of a fleet in them, for the programs that are to poll it. Writes text, starts nothing.

use super::Failure;
use super::agents::{AgentsArgs, Form};
use std::fmt::Write as _;
use stormglass_harness::snmp::answer::agent_name;
use stormglass_harness::snmp::fleet::Addresses;

/// The configuration in this form.
pub(crate) fn config(form: Form, args: &AgentsArgs, addresses: Addresses) -> Result<String, Failure> {
    let mut targets = Vec::with_capacity(args.count as usize);
    for number in 0..args.count {
        let address =
            addresses.of(number).ok_or("there are not so many addresses: use a lower port or a wider network")?;
        targets.push((agent_name(number), address.to_string()));
    }
    let mut text = String::new();
    match form {
        Form::Stormglass => stormglass(&mut text, args, &targets)?,
        Form::FileSd => file_sd(&mut text, &targets)?,
        Form::Prometheus => prometheus(&mut text, args, &targets)?,
        Form::List => targets.iter().try_for_each(|(_, address)| writeln!(text, "{address}"))?,
    }
    Ok(text)
}

type Targets = [(String, String)];

/// Nothing but the agents is looked at: no interface is captured or searched.
fn stormglass(text: &mut String, args: &AgentsArgs, targets: &Targets) -> Result<(), Failure> {
    let community = serde_json::Value::from(args.community.as_str());
    writeln!(text, "capture: {{ interfaces: none }}\nupnp: {{ interfaces: none }}\nsnmp:")?;
    writeln!(text, "  auths:\n    fleet: {{ version: 2c, community: {community} }}")?;
    writeln!(text, "  interval: {}\n  timeout: {}\n  targets:", args.interval, args.timeout)?;
    for (name, address) in targets {
        writeln!(text, "    - {{ name: {name}, address: \"{address}\", auth: fleet }}")?;
    }
    Ok(())
}

fn file_sd(text: &mut String, targets: &Targets) -> Result<(), Failure> {
    for (name, address) in targets {
        writeln!(text, "- targets: [\"{address}\"]\n  labels: {{ name: {name} }}")?;
    }
    Ok(())
}

/// As the exporters' documentation has it: the target becomes a parameter, the exporter the address.
fn prometheus(text: &mut String, args: &AgentsArgs, targets: &Targets) -> Result<(), Failure> {
    writeln!(text, "scrape_configs:\n  - job_name: snmp\n    scrape_interval: {}", args.interval)?;
    writeln!(
        text,
        "    scrape_timeout: {}\n    metrics_path: /snmp\n    params:\n      module: [if_mib]",
        args.timeout
    )?;
    writeln!(text, "    relabel_configs:\n      - {{ source_labels: [__address__], target_label: __param_target }}")?;
    writeln!(text, "      - {{ source_labels: [__param_target], target_label: instance }}")?;
    writeln!(text, "      - {{ target_label: __address__, replacement: \"{}\" }}", args.exporter)?;
    writeln!(text, "    static_configs:\n      - targets:")?;
    targets.iter().try_for_each(|(_, address)| writeln!(text, "          - \"{address}\""))?;
    Ok(())
}
