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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: AgentsArgs,
    }

    fn printed(form: Form, line: &[&str]) -> Result<String, Failure> {
        let Line { args } = Line::parse_from([&["agents"], line].concat());
        config(form, &args, Addresses::ports("127.0.0.1:20000").expect("loopback"))
    }

    #[test]
    fn every_form_names_every_agent() {
        let line = ["--count", "2", "--interval", "15s", "--exporter", "127.0.0.1:9116", "--community", "a \"b\""];
        for (form, expected) in [
            (Form::List, "127.0.0.1:20000\n127.0.0.1:20001\n".to_owned()),
            (
                Form::FileSd,
                format!(
                    "- targets: [\"127.0.0.1:20000\"]\n  labels: {{ name: {} }}\n\
                     - targets: [\"127.0.0.1:20001\"]\n  labels: {{ name: {} }}\n",
                    agent_name(0),
                    agent_name(1)
                ),
            ),
            (
                Form::Stormglass,
                format!(
                    "capture: {{ interfaces: none }}\nupnp: {{ interfaces: none }}\nsnmp:\n  auths:\n    \
                     fleet: {{ version: 2c, community: \"a \\\"b\\\"\" }}\n  interval: 15s\n  timeout: 10s\n  targets:\n    \
                     - {{ name: {}, address: \"127.0.0.1:20000\", auth: fleet }}\n    \
                     - {{ name: {}, address: \"127.0.0.1:20001\", auth: fleet }}\n",
                    agent_name(0),
                    agent_name(1)
                ),
            ),
            (
                Form::Prometheus,
                "scrape_configs:\n  - job_name: snmp\n    scrape_interval: 15s\n    scrape_timeout: 10s\n    \
                 metrics_path: /snmp\n    params:\n      module: [if_mib]\n    relabel_configs:\n      \
                 - { source_labels: [__address__], target_label: __param_target }\n      \
                 - { source_labels: [__param_target], target_label: instance }\n      \
                 - { target_label: __address__, replacement: \"127.0.0.1:9116\" }\n    static_configs:\n      \
                 - targets:\n          - \"127.0.0.1:20000\"\n          - \"127.0.0.1:20001\"\n"
                    .to_owned(),
            ),
        ] {
            assert_eq!(printed(form, &line).expect("room for two"), expected, "{form:?}");
        }
    }

    #[test]
    fn more_agents_than_ports_are_refused() {
        let refused = printed(Form::FileSd, &["--count", "50000"]).expect_err("there are not so many ports");
        assert!(refused.to_string().contains("use a lower port or a wider network"), "{refused}");
    }
}
