//! The incident on real software: a Linux bridge as the hub, smcroute as the second router's multicast proxy, snmpd,
//! miniupnpd, minidlna, Prometheus, and the built `stormglass` on the PC. Everything lives in namespaces that end with
//! this program, even if it is killed; nothing is sent outside them. Needs root and the Debian packages of `.ci/run`;
//! what is missing makes the trials ignored with the reason, or fail under `STORMGLASS_LAB=require`.

#![expect(unreachable_pub, reason = "the modules of a test program are its own")]
#![expect(clippy::disallowed_methods, reason = "the lab is outside: it waits, measures and sends by itself")]

mod agent;
mod net;
mod trials;

use libtest_mimic::{Arguments, Completion, Trial};
use std::process::{Command, ExitCode};

/// Set for the run inside the namespaces.
const INSIDE: &str = "STORMGLASS_LAB_INSIDE";
/// Programs without which no trial can run, with the Debian package of each.
const NEEDED: [(&str, &str); 13] = [
    ("unshare", "util-linux"),
    ("ip", "iproute2"),
    ("tc", "iproute2"),
    ("sysctl", "procps"),
    ("nft", "nftables"),
    ("smcrouted", "smcroute"),
    ("snmpd", "snmpd"),
    ("miniupnpd", "miniupnpd"),
    ("upnpc", "miniupnpc"),
    ("minidlnad", "minidlna"),
    ("prometheus", "prometheus"),
    ("promtool", "prometheus"),
    ("tcpdump", "tcpdump"),
];

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    if let Some(code) = net::errand() {
        return code;
    }
    let inside = std::env::var_os(INSIDE).is_some();
    let missing = if inside { None } else { missing() };
    if !inside && missing.is_none() && !arguments.list {
        return enter();
    }
    if inside && let Err(error) = net::run("mount -t tmpfs tmpfs /run") {
        eprintln!("{error}");
        return ExitCode::FAILURE;
    }
    arguments.test_threads = Some(1);
    let required = std::env::var("STORMGLASS_LAB").is_ok_and(|value| value == "require");
    let trial = |(name, run): (&'static str, trials::Run)| match missing.clone() {
        None => Trial::test(name, move || run().map_err(libtest_mimic::Failed::from)),
        Some(missing) => Trial::ignorable_test(name, move || {
            if required { Err(missing.into()) } else { Ok(Completion::ignored_with(missing)) }
        }),
    };
    libtest_mimic::run(&arguments, trials::TRIALS.map(trial).into()).exit_code()
}

/// What is missing to run, if anything.
fn missing() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1).map(str::to_owned));
    if uid.as_deref() != Some("0") {
        return Some("needs root".to_owned());
    }
    let paths = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];
    let here = |program: &str| paths.iter().any(|path| std::path::Path::new(path).join(program).exists());
    if let Some((program, package)) = NEEDED.iter().find(|(program, _)| !here(program)) {
        return Some(format!("needs {program}: apt-get install {package}"));
    }
    let allowed = Command::new("unshare").args(["--net", "--mount", "--pid", "--fork", "true"]).output();
    (!allowed.is_ok_and(|output| output.status.success())).then(|| "may not make namespaces here".to_owned())
}

/// Runs this program again in namespaces that end with it.
fn enter() -> ExitCode {
    let Ok(program) = std::env::current_exe() else { return ExitCode::FAILURE };
    let status = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .arg(program)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status();
    match status {
        Ok(status) => ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)),
        Err(error) => {
            eprintln!("unshare: {error}");
            ExitCode::FAILURE
        }
    }
}
