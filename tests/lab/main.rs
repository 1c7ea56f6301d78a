//! The incident on real software: a Linux bridge as the hub, smcroute as the second router's multicast proxy, snmpd,
//! miniupnpd, minidlna, Prometheus, and the built `stormglass` on the PC. Each trial lives in namespaces that end with it,
//! even if it is killed; nothing is sent outside them. Needs root and the Debian packages of `.ci/run`;
//! what is missing makes the trials ignored with the reason, or fail under `STORMGLASS_LAB=require`.

#![expect(unreachable_pub, reason = "the modules of a test program are its own")]
#![expect(clippy::disallowed_methods, reason = "the lab is outside: it waits, measures and sends by itself")]

mod agent;
#[path = "../namespaces/apart.rs"]
mod apart;
#[path = "../loopback/authority.rs"]
mod authority;
mod doctor;
mod drop_in;
mod gateway;
mod lan;
mod link_local;
#[path = "../namespaces/mod.rs"]
mod namespaces;
mod net;
mod notify;
mod probe;
mod recording;
mod send;
mod snmp_v3;
mod storms;
mod terminal;
mod trials;

use libtest_mimic::Arguments;
use std::process::ExitCode;

/// Set for the run inside the namespaces, to the trial's name.
const INSIDE: &str = "STORMGLASS_LAB_INSIDE";
/// Programs without which no trial can run, with the Debian package of each.
const NEEDED: [(&str, &str); 25] = [
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
    ("avahi-daemon", "avahi-daemon"),
    ("arp-scan", "arp-scan"),
    ("setpriv", "util-linux"),
    ("mosquitto", "mosquitto"),
    ("mosquitto_sub", "mosquitto-clients"),
    ("aiosmtpd", "python3-aiosmtpd"),
];

/// How many of the trials have the machine for themselves: storms and what is held against the clock.
const ALONE: usize = 15;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    if let Some(code) = net::errand() {
        return code;
    }
    let set_up = || net::run("mount -t tmpfs tmpfs /run");
    apart::Trials { variable: INSIDE, needed: &NEEDED, trials: trials::TRIALS, alone: ALONE, set_up }.run(arguments)
}
