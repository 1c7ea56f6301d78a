//! Captures converted by Wireshark's own tools into every format that they and we can: the verdict must not depend on the
//! coat. Without the tools each trial is ignored with the reason, or fails under `STORMGLASS_LAB=require`.

#[allow(dead_code, reason = "each test program uses a part of it")]
mod captures;
#[allow(dead_code, reason = "nothing here needs a namespace")]
mod namespaces;

use captures::{Encoding, ROUTER, SECOND, healthy_minute, incident_constant, mac_text};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, ExitCode};
use tempfile::TempDir;

/// Name of the trial, the program it needs, its Debian package, and the commands that make `out` of `in` (a pcap file).
const TRIALS: [(&str, &str, &str, &[&str]); 13] = [
    ("editcap_pcap", "editcap", "wireshark-common", &["editcap -F pcap in out"]),
    ("editcap_nanosecond_pcap", "editcap", "wireshark-common", &["editcap -F nsecpcap in out"]),
    ("editcap_modified_pcap", "editcap", "wireshark-common", &["editcap -F modpcap in out"]),
    ("editcap_pcapng", "editcap", "wireshark-common", &["editcap -F pcapng in out"]),
    ("editcap_snapshot_length", "editcap", "wireshark-common", &["editcap -s 96 in out"]),
    (
        "editcap_comments_and_secrets",
        "editcap",
        "wireshark-common",
        &["editcap -F pcapng -a 3:first -a 700:storm --capture-comment whole --inject-secrets tls,secrets in out"],
    ),
    (
        "mergecap_of_halves",
        "mergecap",
        "wireshark-common",
        &["editcap -r in one 1-300", "editcap in two 1-300", "mergecap -w out two one"],
    ),
    ("tshark_rewrites", "tshark", "tshark", &["tshark -r in -w out"]),
    ("gzip", "gzip", "gzip", &["sh -c", "gzip -c in > out"]),
    ("zstd_fast", "zstd", "zstd", &["zstd -q -1 in -o out"]),
    ("zstd_small", "zstd", "zstd", &["zstd -q -19 in -o out"]),
    ("zstd_frames", "zstd", "zstd", &["sh -c", "head -c 9999 in | zstd -q > out; tail -c +10000 in | zstd -q >> out"]),
    ("zstd_checksum_of_pcapng", "zstd", "zstd", &["editcap -F pcapng in one", "zstd -q --check one -o out"]),
];

fn main() -> ExitCode {
    let trial =
        |(name, program, package, commands): (&'static str, &'static str, &'static str, &'static [&'static str])| {
            Trial::ignorable_test(name, move || {
                let here = |program: &str| Command::new(program).arg("--version").output().is_ok();
                if !here(program) || !here(commands[0].split(' ').next().unwrap_or_default()) {
                    return namespaces::left_out(format!("needs {program}: apt-get install {package}"));
                }
                check(commands).map(|()| libtest_mimic::Completion::Completed)
            })
        };
    libtest_mimic::run(&Arguments::from_args(), TRIALS.map(trial).into()).exit_code()
}

fn check(commands: &[&str]) -> Result<(), Failed> {
    let folder = TempDir::new()?;
    let capture = healthy_minute().and(incident_constant(2).later(60 * SECOND));
    std::fs::write(folder.path().join("in"), Encoding::PCAP.write(&capture))?;
    std::fs::write(folder.path().join("secrets"), "CLIENT_RANDOM 00 00\n")?;
    if let ["sh -c", script] = commands {
        run(folder.path(), "sh", &["-c", script])?;
    } else {
        for command in commands {
            let mut words = command.split(' ');
            let program = words.next().unwrap_or_default();
            run(folder.path(), program, &words.collect::<Vec<_>>())?;
        }
    }
    let (plain, converted) = (analyze(folder.path(), "in")?, analyze(folder.path(), "out")?);
    for key in
        ["cause", "severity", "culprit", "origins", "groups", "protocol", "frames", "peak_pps", "started", "evidence"]
    {
        if plain["verdicts"][0][key] != converted["verdicts"][0][key] {
            return Err(
                format!("{key}: {:#} is not {:#}", converted["verdicts"][0][key], plain["verdicts"][0][key]).into()
            );
        }
    }
    let culprit = &converted["verdicts"][0]["culprit"]["mac"];
    let alike = plain["frames"] == converted["frames"] && *culprit == mac_text(ROUTER.mac);
    if alike { Ok(()) } else { Err(format!("{converted:#}").into()) }
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), Failed> {
    let output = Command::new(program).args(arguments).current_dir(folder).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(format!("{program} {arguments:?}: {said}").into()) }
}

fn analyze(folder: &Path, file: &str) -> Result<Value, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    let output = command.args(["analyze", "--format", "json", file]).current_dir(folder).env("TZ", "UTC").output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.code() != Some(1) {
        return Err(format!("{file}: {:?}: {said}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
