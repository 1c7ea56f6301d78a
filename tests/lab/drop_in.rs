//! `/snmp` beside Debian's prometheus-snmp-exporter, both asked for the same device: the same names, labels, types and
//! values; and a Prometheus that finds all targets by `/sd/snmp` without a line of relabelling.

use super::agent::{ADDRESS, PROGRAM};
use super::net::{Home, Result, get, text, wait};
use super::trials::{check, query};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;
use stormglass_harness::snmp::{AgentOptions, SharedTable, SnmpAgent, walk_file};

/// Where the exporter listens, on the PC.
const EXPORTER: &str = "127.0.0.1:9116";
/// Where the made-up switch answers, on the PC. Its names are odd, but UTF-8: the exporter fails a whole scrape for one that
/// is not, where we replace its letters.
const ODD_PORT: u16 = 2161;
const ODD: &str = include_str!("../walks/odd.snmprec");

/// The columns of IF-MIB (RFC 2863) as the exporter's own generator would list them: arc, name, type. Written down here, so
/// that it is not our list that is compared with itself.
const IF_ENTRY: &str = "\
1 ifIndex gauge,3 ifType EnumAsInfo,4 ifMtu gauge,5 ifSpeed gauge,6 ifPhysAddress PhysAddress48,7 ifAdminStatus gauge,\
8 ifOperStatus gauge,9 ifLastChange gauge,10 ifInOctets counter,11 ifInUcastPkts counter,12 ifInNUcastPkts counter,\
13 ifInDiscards counter,14 ifInErrors counter,15 ifInUnknownProtos counter,16 ifOutOctets counter,\
17 ifOutUcastPkts counter,18 ifOutNUcastPkts counter,19 ifOutDiscards counter,20 ifOutErrors counter,21 ifOutQLen gauge,\
22 ifSpecific OctetString";
const IF_X_ENTRY: &str = "\
2 ifInMulticastPkts counter,3 ifInBroadcastPkts counter,4 ifOutMulticastPkts counter,5 ifOutBroadcastPkts counter,\
6 ifHCInOctets counter,7 ifHCInUcastPkts counter,8 ifHCInMulticastPkts counter,9 ifHCInBroadcastPkts counter,\
10 ifHCOutOctets counter,11 ifHCOutUcastPkts counter,12 ifHCOutMulticastPkts counter,13 ifHCOutBroadcastPkts counter,\
14 ifLinkUpDownTrapEnable gauge,15 ifHighSpeed gauge,16 ifPromiscuousMode gauge,17 ifConnectorPresent gauge,\
19 ifCounterDiscontinuityTime gauge";

/// The exporter's configuration: module `if_mib`.
fn exporter_config() -> String {
    let mut text =
        "if_mib:\n  walk: [1.3.6.1.2.1.2, 1.3.6.1.2.1.31.1.1]\n  get: [1.3.6.1.2.1.1.3.0]\n  metrics:\n".to_owned();
    for (name, oid) in [("sysUpTime", "1.3.6.1.2.1.1.3"), ("ifNumber", "1.3.6.1.2.1.2.1")] {
        let _ = writeln!(text, "  - {{name: {name}, oid: {oid}, type: gauge, help: x}}");
    }
    for (entry, columns) in [("1.3.6.1.2.1.2.2.1", IF_ENTRY), ("1.3.6.1.2.1.31.1.1.1", IF_X_ENTRY)] {
        for column in columns.split(',') {
            let mut words = column.split(' ');
            let (arc, name, kind) = (words.next(), words.next(), words.next());
            let (Some(arc), Some(name), Some(kind)) = (arc, name, kind) else { continue };
            let _ = writeln!(
                text,
                "  - name: {name}\n    oid: {entry}.{arc}\n    type: {kind}\n    help: x\n    indexes: [{{labelname: ifIndex, \
                 type: gauge}}]\n    lookups:\n    - {{labels: [ifIndex], labelname: ifAlias, oid: 1.3.6.1.2.1.31.1.1.1.18, \
                 type: DisplayString}}\n    - {{labels: [ifIndex], labelname: ifDescr, oid: 1.3.6.1.2.1.2.2.1.2, type: \
                 DisplayString}}\n    - {{labels: [ifIndex], labelname: ifName, oid: 1.3.6.1.2.1.31.1.1.1.1, type: \
                 DisplayString}}"
            );
            if kind == "EnumAsInfo" {
                text.push_str(
                    "    enum_values: {1: other, 6: ethernetCsmacd, 24: softwareLoopback, 131: tunnel, 209: bridge}\n",
                );
            }
        }
    }
    text.push_str("  version: 2\n  auth: {community: public}\n");
    text
}

/// snmpd on the switch, the made-up switch on the PC, the exporter and stormglass beside it.
fn build(name: &str) -> Result<Home> {
    let mut home = Home::build(name)?;
    let snmpd = home.file("snmpd.conf", "agentaddress udp:192.168.1.2:161\nrocommunity public\nsysName hub\n")?;
    home.start("sw", &format!("snmpd -f -Lo -C -c {} -p {}", text(&snmpd), text(&home.dir.join("snmpd.pid"))))?;
    let this = std::env::current_exe().map_err(|error| error.to_string())?;
    home.start_logged("pc", &format!("env {}=odd-switch {}", super::net::ERRAND, text(&this)), "odd-switch")?;
    let config = home.file("snmp.yml", &exporter_config())?;
    let line = format!("prometheus-snmp-exporter --config.file={} --web.listen-address={EXPORTER}", text(&config));
    home.start_logged("pc", &line, "snmp-exporter")?;
    let config = format!(
        "snmp:\n  targets:\n    - {{name: hub, address: 192.168.1.2}}\n    - {{name: odd, address: \"127.0.0.1:{ODD_PORT}\"}}\n\
         capture: {{interfaces: none}}\nupnp: {{interfaces: none}}\nweb: {{listen: [\"{ADDRESS}\"]}}\n"
    );
    let config = home.file("stormglass.yml", &config)?;
    home.start_logged("pc", &format!("{PROGRAM} serve --config.file {}", text(&config)), "stormglass")?;
    for place in [theirs("192.168.1.2"), theirs(&format!("127.0.0.1:{ODD_PORT}")), ours("hub"), ours("odd")] {
        wait("everybody answers", Duration::from_secs(20), || get(&place).map(|text| text.contains("ifHCInOctets{")))
            .map_err(|error| format!("{error}\n{}\n{}", home.log("snmp-exporter"), home.log("stormglass")))?;
    }
    Ok(home)
}

/// Answers as the made-up switch until it is killed with the home.
pub fn odd_switch() -> std::io::Result<()> {
    let table = walk_file::parse(ODD.as_bytes()).map_err(std::io::Error::other)?;
    let _agent = SnmpAgent::start(SharedTable::new(table), AgentOptions { port: ODD_PORT, ..AgentOptions::default() })?;
    loop {
        std::thread::park();
    }
}

fn theirs(target: &str) -> String {
    format!("http://{EXPORTER}/snmp?target={target}&module=if_mib")
}

fn ours(target: &str) -> String {
    format!("http://{ADDRESS}/snmp?target={target}&module=if_mib")
}

/// Types by family, and values by series, of what was read from the device.
fn read(text: &str) -> Result<(BTreeSet<String>, BTreeMap<String, f64>)> {
    let about_the_scrape = |line: &&str| !line.contains("snmp_scrape_");
    let mut types = BTreeSet::new();
    let mut series = BTreeMap::new();
    for line in text.lines().filter(about_the_scrape) {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            types.insert(kind.to_owned());
        } else if !line.starts_with('#') {
            let (name, value) = line.rsplit_once(' ').ok_or(format!("not a series: {line}"))?;
            let value = value.parse().map_err(|_| format!("not a value: {line}"))?;
            check(series.insert(name.to_owned(), value).is_none(), "each series once", &name)?;
        }
    }
    Ok((types, series))
}

/// Ours, theirs, ours: what they say lies between what we said before and after.
fn compare(target: &str, address: &str) -> Result<usize> {
    let (types, before) = read(&get(&ours(target))?)?;
    let (their_types, theirs) = read(&get(&theirs(address))?)?;
    let (_, after) = read(&get(&ours(target))?)?;
    let differ = |what: &str, a: Vec<&String>| check(a.is_empty(), what, &format!("{a:#?}"));
    differ("families and types are the same", types.symmetric_difference(&their_types).collect())?;
    differ("series that only they have", theirs.keys().filter(|name| !before.contains_key(*name)).collect())?;
    differ("series that only we have", before.keys().filter(|name| !theirs.contains_key(*name)).collect())?;
    for (name, value) in &theirs {
        let (least, most) = (before[name], after.get(name).copied().unwrap_or(f64::NAN));
        let between = least <= *value && *value <= most;
        check(between, name, &format!("theirs {value}, ours {least} before and {most} after"))?;
    }
    Ok(theirs.len())
}

/// Names, labels, types and values, on a live agent and on one with all that is odd.
pub fn same_as_snmp_exporter() -> Result<()> {
    let _home = build("drop-in")?;
    let live = compare("hub", "192.168.1.2")?;
    let odd = compare("odd", &format!("127.0.0.1:{ODD_PORT}"))?;
    println!("    the same {live} series of snmpd and {odd} of the odd switch");
    check(live > 100 && odd > 50, "they are many", &format!("{live} and {odd}"))
}

/// The configuration of the README, and nothing else.
pub fn prometheus_needs_no_relabelling() -> Result<()> {
    let mut home = build("discovery")?;
    let config = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: snmp\n    http_sd_configs:\n      - url: \
         http://{ADDRESS}/sd/snmp\n"
    );
    let config = home.file("prometheus.yml", &config)?;
    let line = format!(
        "prometheus --config.file={} --storage.tsdb.path={} --web.listen-address=127.0.0.1:9090 --log.level=error",
        text(&config),
        text(&home.dir.join("tsdb"))
    );
    home.start_logged("pc", &line, "prometheus")?;
    let counter = "ifHCInOctets{instance=\"odd\",ifName=\"ge1\"}";
    wait("Prometheus has scraped the odd switch through us", Duration::from_secs(60), || {
        Ok(!query(counter)?.is_empty())
    })
    .map_err(|error| format!("{error}\n{}", home.log("prometheus")))?;
    let found = query(counter)?;
    check(found[0]["value"][1] == "7" && found[0]["metric"]["job"] == "snmp", "its counter", &found[0])?;
    wait("both are up", Duration::from_secs(20), || Ok(query("up{job=\"snmp\"} == 1")?.len() == 2))?;
    for series in query("count by (instance) ({job=\"snmp\", ifIndex!=\"\"})")? {
        println!("    Prometheus: {} series with an interface of {}", series["value"][1], series["metric"]["instance"]);
    }
    Ok(())
}
