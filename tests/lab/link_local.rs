//! A switch that has no address but the one that IPv6 gives itself, fe80::…, which means nothing without the interface that
//! it is behind (RFC 4007, 6): polled, scraped and checked as `fe80::…%eth0`, against Debian's snmpd.

use super::agent::{ADDRESS, PROGRAM, api};
use super::net::{Home, Result, get, output, text, wait};
use super::trials::check;
use std::process::Command;
use std::time::Duration;

const SOON: Duration = Duration::from_secs(20);

/// The switch's own link-local address.
fn address_of_switch() -> Result<String> {
    let mut found = String::new();
    wait("the switch's link-local address", SOON, || {
        let shown = output("ip -n sw -6 -o addr show dev br0 scope link -tentative")?;
        let address = shown.split_whitespace().find_map(|word| word.strip_suffix("/64"));
        found = address.unwrap_or_default().to_owned();
        Ok(!found.is_empty())
    })?;
    Ok(found)
}

/// `stormglass snmp check` on the PC: its exit code and all it says.
fn checked(target: &str) -> Result<(Option<i32>, String)> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "pc", PROGRAM, "snmp", "check", target]);
    command.args(["--community", "quiet", "--watch", "1s", "--timeout", "3s"]);
    let said = command.output().map_err(|error| error.to_string())?;
    Ok((said.status.code(), String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()))
}

/// The zone is part of the address, by whichever way a device is read; one that is not there is said.
pub fn read_by_zone() -> Result<()> {
    let mut home = Home::build("link-local")?;
    let config = home.file("snmpd.conf", "agentaddress udp6:[::]:161\nsysName hub\nrocommunity6 quiet\n")?;
    let (state, pid) = (text(&home.dir.join("snmpd-state")), text(&home.dir.join("snmpd.pid")));
    let line = format!("env SNMP_PERSISTENT_DIR={state} snmpd -f -Lo -C -c {} -p {pid}", text(&config));
    home.start_logged("sw", &line, "snmpd")?;
    let place = format!("{}%eth0", address_of_switch()?);
    let config = format!(
        "snmp:\n  interval: 3s\n  timeout: 2s\n  auths: {{quiet: {{version: 2, community: quiet}}}}\n  targets:\n    \
         - {{name: hub, address: \"{place}\", auth: quiet}}\n\
         capture: {{interfaces: none}}\nupnp: {{interfaces: none}}\nweb: {{listen: [\"{ADDRESS}\"]}}\n"
    );
    let config = home.file("stormglass.yml", &config)?;
    home.start_logged("pc", &format!("{PROGRAM} serve --config.file {}", text(&config)), "stormglass")?;
    let polled = wait("hub is polled", SOON, || Ok(api("targets")?["targets"][0]["up"] == true));
    polled.map_err(|error| format!("{error}\n{}\n{}", home.log("stormglass"), home.log("snmpd")))?;
    let targets = api("targets")?;
    check(targets["targets"][0]["sys_name"] == "hub", "its name is known", &targets)?;
    for target in ["hub".to_owned(), place.replace('%', "%25")] {
        let scraped = get(&format!("http://{ADDRESS}/snmp?target={target}&module=system"))?;
        check(scraped.contains("sysName{sysName=\"hub\"} 1"), &target, &scraped)?;
    }
    let (code, said) = checked(&place)?;
    check(code == Some(1) && said.contains("v2c yes ("), "the check reads it", &said)?;
    let elsewhere = place.replace("eth0", "nowhere");
    let (code, said) = checked(&elsewhere)?;
    check(code == Some(2) && said.contains("nowhere"), "a zone that is not there", &said)
}
