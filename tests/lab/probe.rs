//! `upnp-probe` against miniupnpd, minidlna and upnpc.

use super::net::{Home, Result, output, wait};
use super::trials::{check, services};
use serde_json::Value;
use std::process::Command;
use std::time::Duration;

/// Runs `upnp-probe` on the PC; exit status 1 (something deserves a look) is an answer too.
pub fn probe(arguments: &[&str]) -> Result<(i32, String, String)> {
    probe_on("pc", arguments)
}

fn probe_on(host: &str, arguments: &[&str]) -> Result<(i32, String, String)> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host, env!("CARGO_BIN_EXE_upnp-probe")]).args(arguments);
    let output = command.args(["--interface", "eth0"]).output().map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok((output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr)))
}

/// Two daemons announce themselves, are seen by their announcements alone, and are seen to go.
pub fn announcements() -> Result<()> {
    let mut home = Home::build("announcements")?;
    let program = env!("CARGO_BIN_EXE_upnp-probe");
    // No search but the first, before anybody is there: what is seen is heard.
    home.start_logged("pc", &format!("{program} watch --interface eth0 --interval 1h --format json"), "watch")?;
    wait("watch listens", Duration::from_secs(20), || Ok(home.log("watch").contains("What usually explains it")))?;
    services(&mut home)?;
    let heard = |home: &Home, change: &str, reason: &str, name: &str| -> Result<bool> {
        let log = home.log("watch");
        let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let wanted = |event: &Value| {
            event["change"] == change && event["reason"] == reason && event["device"]["friendly_name"] == name
        };
        Ok(events.into_iter().any(|event| wanted(&event)))
    };
    for name in ["Lab gateway", "NAS"] {
        wait(&format!("{name} is heard"), Duration::from_secs(60), || heard(&home, "came", "announcement", name))
            .map_err(|error| format!("{error}\n{}", home.log("watch")))?;
    }
    for (daemon, name) in [("minidlnad", "NAS"), ("miniupnpd", "Lab gateway")] {
        check(!heard(&home, "went", "goodbye", name)?, "it has not gone before", &home.log("watch"))?;
        home.end(daemon)?;
        wait(&format!("{name} is heard to go"), Duration::from_secs(15), || heard(&home, "went", "goodbye", name))
            .map_err(|error| format!("{error}\n{}", home.log("watch")))?;
    }
    Ok(())
}

/// What we add and remove is what `upnpc -l` shows, and what is refused is explained.
pub fn changes() -> Result<()> {
    let mut home = Home::build("changes")?;
    services(&mut home)?;
    let add = ["add", "--external", "7443", "--internal", ":443", "--protocol", "tcp", "--description", "a trial"];
    let list = || output("ip netns exec pc upnpc -m eth0 -l");
    // A pipe is no terminal.
    let (code, _, said) = probe(&add)?;
    check(code == 2 && said.contains("--yes") && said.contains("NewExternalPort"), "refused without a yes", &said)?;
    check(!list()?.contains("7443->"), "and nothing was sent", &said)?;
    // The gateway allows ports from 1024 on.
    let (code, _, said) = probe(&[&add[..], &["--yes"]].concat())?;
    check(code == 2 && said.contains("refused: error"), "the gateway refuses port 443", &said)?;
    let allowed = ["add", "--external", "7443", "--internal", ":1443", "--protocol", "tcp", "--yes"];
    let (code, out, said) = probe(&allowed)?;
    check(code == 0 && out.contains("now leads to 192.168.1.30:1443"), "a port is opened", &format!("{out}{said}"))?;
    check(list()?.contains("7443->192.168.1.30:1443"), "upnpc sees it", &list()?)?;
    // Another host's: secure mode.
    let foreign = ["add", "--external", "7444", "--internal", "192.168.1.20:1443", "--protocol", "tcp", "--yes"];
    let (code, _, said) = probe(&foreign)?;
    check(code == 2 && said.contains("718") && said.contains("upnp-probe list"), "explained", &said)?;
    let (code, out, said) = probe(&["remove", "tcp", "7443", "--yes"])?;
    check(code == 0 && said.contains("192.168.1.30:1443"), "it shows whom it led to", &format!("{out}{said}"))?;
    check(!list()?.contains("7443->"), "upnpc sees it gone", &list()?)?;
    let (code, out, said) = probe(&["call", "192.168.1.1", "WANIPConn1", "GetExternalIPAddress"])?;
    check(code == 0 && out.contains("11.22.33.44"), "a call", &format!("{out}{said}"))
}

/// How long the answer takes on a healthy LAN, printed and not judged: machines are busy.
pub fn upnp_answer() -> Result<()> {
    let mut home = Home::build("upnp_answer")?;
    services(&mut home)?;
    for _ in 0..3 {
        let began = std::time::Instant::now();
        let (code, out, said) = probe(&["list"])?;
        println!("    list: {:.2} s, exit status {code}", began.elapsed().as_secs_f64());
        check(out.contains("Lab gateway") && out.contains("NAS") && out.contains("51820"), "all is listed", &said)?;
    }
    let (_, out, said) = probe(&["list", "--lang", "ja"])?;
    println!("{out}");
    check(out.contains("到達性") && out.contains("壊れたXML"), "in Japanese as well", &format!("{out}{said}"))
}
