//! The incident on real software: a Linux bridge as the hub, smcroute as the second router's multicast proxy, snmpd,
//! miniupnpd, minidlna, Prometheus, and the built `stormglass` on the PC. Everything lives in namespaces that end with
//! this program, even if it is killed; nothing is sent outside them. Needs root and the Debian packages of `.ci/run`;
//! what is missing makes the trials ignored with the reason, or fail under `STORMGLASS_LAB=require`.

#![expect(unreachable_pub, reason = "the modules of a test program are its own")]
#![expect(clippy::disallowed_methods, reason = "the lab is outside: it waits, measures and sends by itself")]

mod agent;
mod doctor;
mod drop_in;
mod gateway;
mod lan;
#[path = "../namespaces/mod.rs"]
mod namespaces;
mod net;
mod probe;
mod recording;
mod snmp_v3;
mod terminal;
mod trials;

use libtest_mimic::{Arguments, Trial};
use std::process::ExitCode;

/// Set for the run inside the namespaces.
const INSIDE: &str = "STORMGLASS_LAB_INSIDE";
/// Programs without which no trial can run, with the Debian package of each.
const NEEDED: [(&str, &str); 20] = [
    ("nsenter", "util-linux"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("sysctl", "procps"),
    ("nft", "nftables"),
    ("smcrouted", "smcroute"),
    ("snmpd", "snmpd"),
    ("miniupnpd", "miniupnpd"),
    ("upnpc", "miniupnpc"),
    ("minidlnad", "minidlna"),
    ("gssdp-discover", "gupnp-tools"),
    ("prometheus", "prometheus"),
    ("promtool", "prometheus"),
    ("prometheus-snmp-exporter", "prometheus-snmp-exporter"),
    ("tcpdump", "tcpdump"),
    ("dnsmasq", "dnsmasq-base"),
    ("radvd", "radvd"),
    ("igmpproxy", "igmpproxy"),
    ("pppoe-discovery", "pppoe"),
    ("setpriv", "util-linux"),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    if let Some(code) = net::errand() {
        return code;
    }
    let inside = std::env::var_os(INSIDE).is_some();
    let missing = if inside { None } else { namespaces::missing(&NEEDED) };
    if !inside && missing.is_none() && !arguments.list {
        return namespaces::enter(INSIDE, "1");
    }
    if inside && let Err(error) = net::run("mount -t tmpfs tmpfs /run") {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    arguments.test_threads = Some(1);
    let trial = |(name, run): (&'static str, trials::Run)| match missing.clone() {
        None => Trial::test(name, move || run().map_err(libtest_mimic::Failed::from)),
        Some(missing) => Trial::ignorable_test(name, move || namespaces::left_out(missing)),
    };
    libtest_mimic::run(&arguments, trials::TRIALS.map(trial).into()).exit_code()
}
