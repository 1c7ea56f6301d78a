//! SNMPv3 and its mistakes, against Debian's snmpd: what each wrong setting is called, and that a device which was reset
//! or replaced is followed.

use super::agent::{ADDRESS, PROGRAM, api};
use super::net::{Home, Result, get, text, wait};
use super::trials::check;
use serde_json::Value;
use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

/// The first of snmpd's ports: one for each target, since a device is read by one at a time.
const FIRST_PORT: u16 = 1161;
const PASSWORD: &str = "maplesyrup";
const PRIV_PASSWORD: &str = "golden-syrup";

/// snmpd's users: `createUser` and the access that each has.
const USERS: &str = "\
createUser md5des MD5 maplesyrup DES golden-syrup
createUser shaaes SHA maplesyrup AES golden-syrup
createUser sha224aes SHA-224 maplesyrup AES golden-syrup
createUser sha256aes192 SHA-256 maplesyrup AES-192 golden-syrup
createUser sha384aes256 SHA-384 maplesyrup AES-256 golden-syrup
createUser sha512aes256 SHA-512 maplesyrup AES-256 golden-syrup
createUser shaaes256 SHA maplesyrup AES-256 golden-syrup
createUser signed SHA maplesyrup
createUser plain
createUser narrow SHA maplesyrup
rouser md5des priv
rouser shaaes priv
rouser sha224aes priv
rouser sha256aes192 priv
rouser sha384aes256 priv
rouser sha512aes256 priv
rouser shaaes256 priv
rouser signed auth
rouser plain noauth
view nothing included .1.3.6.1.4.1.99999
rouser narrow auth -V nothing
rocommunity quiet
";

/// A target of the trial: the auth's text, and the reason that its polls fail with, if they should.
struct Case {
    name: &'static str,
    auth: String,
    reason: Option<&'static str>,
}

fn user(user: &str, level: &str, rest: &str) -> String {
    format!("{{version: 3, username: {user}, security_level: {level}{rest}}}")
}

fn sealed(name: &str, auth: &str, password: &str, privacy: &str, priv_password: &str) -> String {
    let rest = format!(
        ", password: {password}, auth_protocol: {auth}, priv_protocol: {privacy}, priv_password: {priv_password}"
    );
    user(name, "authPriv", &rest)
}

fn cases() -> Vec<Case> {
    let good =
        |name, auth, privacy| Case { name, auth: sealed(name, auth, PASSWORD, privacy, PRIV_PASSWORD), reason: None };
    let bad = |name, auth, reason| Case { name, auth, reason: Some(reason) };
    let signed = |name: &str| user(name, "authNoPriv", &format!(", password: {PASSWORD}, auth_protocol: SHA"));
    vec![
        good("md5des", "MD5", "DES"),
        good("shaaes", "SHA", "AES"),
        good("sha224aes", "SHA224", "AES"),
        good("sha256aes192", "SHA256", "AES192"),
        good("sha384aes256", "SHA384", "AES256"),
        good("sha512aes256", "SHA512", "AES256"),
        good("shaaes256", "SHA", "AES256"),
        Case { name: "signed", auth: signed("signed"), reason: None },
        Case { name: "plain", auth: user("plain", "noAuthNoPriv", ""), reason: None },
        Case { name: "quiet", auth: "{version: 2, community: quiet}".to_owned(), reason: None },
        Case { name: "first", auth: "{version: 1, community: quiet}".to_owned(), reason: None },
        bad("ghost", sealed("ghost", "SHA", PASSWORD, "AES", PRIV_PASSWORD), "unknown_user"),
        bad("ghostplain", user("ghost", "noAuthNoPriv", ""), "unknown_user"),
        bad("digest", sealed("shaaes", "SHA", "maplesugar", "AES", PRIV_PASSWORD), "wrong_digest"),
        bad("hash", sealed("shaaes", "SHA512", PASSWORD, "AES", PRIV_PASSWORD), "wrong_digest"),
        // To these, and to an unknown context, snmpd says nothing, though RFC 3414 and RFC 3412 have Reports for them.
        bad("privacy", sealed("shaaes", "SHA", PASSWORD, "AES", "golden-sugar"), "ignored"),
        bad("cipher", sealed("shaaes", "SHA", PASSWORD, "DES", PRIV_PASSWORD), "ignored"),
        bad("cisco", sealed("shaaes256", "SHA", PASSWORD, "AES256C", PRIV_PASSWORD), "ignored"),
        bad("level", sealed("signed", "SHA", PASSWORD, "AES", PRIV_PASSWORD), "unsupported_security_level"),
        bad("lower", user("shaaes", "noAuthNoPriv", ""), "access_denied"),
        bad("context", user("plain", "noAuthNoPriv", ", context_name: vlan-7"), "ignored"),
        bad("narrow", signed("narrow"), "empty_view"),
        bad("community", "{version: 2, community: loud}".to_owned(), "timeout"),
        // RFC 6761, 6.4: this name never exists.
        bad("switch.invalid", "{version: 1}".to_owned(), "unresolved"),
        bad("community1", "{version: 1, community: loud}".to_owned(), "timeout"),
    ]
}

/// snmpd on the switch, listening at a port for each of `count` targets.
fn snmpd(home: &mut Home, engine: &str, count: u16) -> Result<()> {
    let ports = (0..count).map(|n| format!("udp:192.168.1.2:{}", FIRST_PORT + n)).collect::<Vec<_>>();
    let config = format!("agentaddress {}\nsysName hub\nexactEngineID {engine}\n{USERS}", ports.join(","));
    let config = home.file("snmpd.conf", &config)?;
    let (state, pid) = (text(&home.dir.join("snmpd-state")), text(&home.dir.join("snmpd.pid")));
    let line = format!("env SNMP_PERSISTENT_DIR={state} snmpd -f -Lo -C -c {} -p {pid}", text(&config));
    home.start_logged("sw", &line, "snmpd").map(drop)
}

/// `stormglass serve` with these targets alone.
fn serve(home: &mut Home, cases: &[Case]) -> Result<()> {
    let mut config =
        "snmp:\n  interval: 3s\n  timeout: 2s\n  request_timeout: 400ms\n  retries: 1\n  auths:\n".to_owned();
    for case in cases {
        let _ = writeln!(config, "    {}: {}", case.name, case.auth);
    }
    config.push_str("  targets:\n");
    for (case, port) in cases.iter().zip(FIRST_PORT..) {
        let name = case.name;
        let address = if name.contains('.') { name } else { "192.168.1.2" };
        let _ = writeln!(config, "    - {{name: {name}, address: {address}, port: {port}, auth: {name}}}");
    }
    let _ =
        writeln!(config, "capture: {{interfaces: none}}\nupnp: {{interfaces: none}}\nweb: {{listen: [\"{ADDRESS}\"]}}");
    let config = home.file("stormglass.yml", &config)?;
    home.start_logged("pc", &format!("{PROGRAM} serve --config.file {}", text(&config)), "stormglass").map(drop)
}

/// A target as `/api/v1/targets` shows it.
fn target(name: &str) -> Result<Value> {
    let all = api("targets")?;
    let found = all["targets"].as_array().into_iter().flatten().find(|target| target["name"] == name).cloned();
    found.ok_or_else(|| format!("no target {name}: {all:#}"))
}

/// What the feed of a target says last.
fn said(name: &str) -> Result<String> {
    let status = api("status")?;
    let all = status["watched"].as_array().into_iter().chain(status["not_watched"].as_array()).flatten();
    let found = all.filter(|feed| feed["feed"] == "snmp").find(|feed| feed["name"] == name).cloned();
    Ok(found.map_or_else(|| status.to_string(), |feed| feed.to_string()))
}

pub fn credentials() -> Result<()> {
    let mut home = Home::build("snmp-v3")?;
    let cases = cases();
    snmpd(&mut home, "0x8000000001020304", u16::try_from(cases.len()).map_err(|error| error.to_string())?)?;
    serve(&mut home, &cases)?;
    for case in &cases {
        let polled = wait(case.name, Duration::from_secs(20), || {
            let target = target(case.name)?;
            // A first poll may come before snmpd listens, or has read its users.
            Ok(if case.reason.is_some() { target["reason"].as_str() == case.reason } else { target["up"] == true })
        });
        polled.map_err(|error| format!("{error}: {}\n{}", said(case.name).unwrap_or_default(), home.log("snmpd")))?;
        let seen = target(case.name)?;
        let sentence = said(case.name)?;
        println!(
            "    {:<12} {:<28} {}",
            case.name,
            case.reason.unwrap_or("reads"),
            if case.reason.is_some() { &sentence } else { "" }
        );
        check(seen["reason"].as_str() == case.reason, case.name, &sentence)?;
        check(!sentence.contains("syrup") && !sentence.contains("loud"), "no secret is shown", &sentence)?;
    }
    let metrics = get(&format!("http://{ADDRESS}/metrics"))?;
    for reason in cases.iter().filter_map(|case| case.reason) {
        check(metrics.contains(&format!("stormglass_poll_errors_total{{reason=\"{reason}\"}} ")), reason, &metrics)?;
    }
    // A scrape may name other credentials than the target's own, and several modules.
    let scraped = get(&format!("http://{ADDRESS}/snmp?target=ghost&module=system,if_mib&auth=sha512aes256"))?;
    check(scraped.contains("sysName{sysName=\"hub\"} 1") && scraped.contains("ifInOctets{"), "auth=", &scraped)?;
    for (query, parameter) in [("target=ghost&auth=none", "'auth'"), ("target=ghost&module=system,none", "module")] {
        let error = get(&format!("http://{ADDRESS}/snmp?{query}")).err().unwrap_or_default();
        check(error.contains(" 400 ") && error.contains(parameter), "a parameter that is not known", &error)?;
    }
    Ok(())
}

/// `stormglass snmp check` on the PC; its exit code and both its outputs.
fn checked(rest: &str) -> Result<(Option<i32>, String)> {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "pc", PROGRAM, "snmp", "check"]).args(rest.split(' '));
    command.env("STORMGLASS_PASSWORD", PASSWORD).env("STORMGLASS_PRIV_PASSWORD", PRIV_PASSWORD);
    let output = command.output().map_err(|error| error.to_string())?;
    let text = [output.stdout, output.stderr].concat();
    Ok((output.status.code(), String::from_utf8_lossy(&text).into_owned()))
}

/// The check reads the same device in every version, and says what is wrong where it cannot.
pub fn check_command() -> Result<()> {
    let mut home = Home::build("snmp-check")?;
    snmpd(&mut home, "0x8000000001020304", 1)?;
    let place = format!("192.168.1.2:{FIRST_PORT}");
    wait("snmpd", Duration::from_secs(10), || {
        Ok(checked(&format!("{place} --community quiet --watch 1s"))?.0.is_some_and(|code| code < 2))
    })?;
    let (code, json) = checked(&format!("{place} --community quiet --watch 3s --format json"))?;
    let found: Value = serde_json::from_str(&json).map_err(|error| format!("{error}: {json}"))?;
    check(code == Some(1), "a bridge without BRIDGE-MIB has something to mend", &found)?;
    for (version, reads) in [("v1", true), ("v2c", true), ("v3", false)] {
        check(found["answers"][version]["reads"] == reads, version, &found)?;
    }
    check(found["answers"]["v3"]["reason"] == "no_user", "v3 is discovered", &found)?;
    check(found["device"]["sys_name"] == "hub", "its name", &found)?;
    let tables = found["device"]["tables"].as_array().cloned().unwrap_or_default();
    let rows =
        |name: &str| tables.iter().find(|table| table["name"] == name).map_or(0, |t| t["rows"].as_u64().unwrap_or(0));
    let ports = found["device"]["ports"].as_u64().unwrap_or_default();
    check(
        ports >= 8 && rows("ifTable") == ports && rows("ifXTable") == ports,
        "every interface of the switch",
        &found,
    )?;
    let mends = found["findings"].as_array().is_some_and(|all| all.iter().any(|one| one["id"] == "no_addresses"));
    check(mends, "no address behind any port", &found)?;
    let (code, text) =
        checked(&format!("{place} --user sha512aes256 --auth-protocol SHA512 --priv-protocol AES256 --watch 1s"))?;
    print!("{text}");
    check(code == Some(1) && text.contains("v3 yes ("), "SNMPv3", &text)?;
    for (rest, wanted) in [
        ("--user ghost", "v3 no (unknown_user)"),
        ("--user shaaes --auth-protocol MD5", "v3 no (wrong_digest)"),
        ("--user shaaes --priv-protocol DES --timeout 3s", "v3 no (ignored)"),
        ("--community loud --timeout 3s", "v2c no (timeout)"),
    ] {
        let (code, text) = checked(&format!("{place} {rest}"))?;
        check(code == Some(2) && text.contains(wanted), rest, &text)?;
        check(!text.contains("syrup") && !text.contains("loud"), "no secret is shown", &text)?;
    }
    Ok(())
}

/// A device that lost its boots counter, and one that was replaced: both are discovered anew.
pub fn resets() -> Result<()> {
    let mut home = Home::build("snmp-reset")?;
    let cases = cases().into_iter().take(3).collect::<Vec<_>>();
    snmpd(&mut home, "0x8000000001020304", 3)?;
    serve(&mut home, &cases)?;
    let all_up = |home: &Home, what: &str, up: bool| {
        wait(what, Duration::from_secs(20), || {
            let states = cases.iter().map(|case| target(case.name)).collect::<Result<Vec<_>>>()?;
            Ok(states.iter().all(|state| state["up"] == up))
        })
        .map_err(|error| format!("{error}\n{}\n{}", home.log("stormglass"), home.log("snmpd")))
    };
    all_up(&home, "polled", true)?;
    for (what, engine, forget) in [
        ("restarted", "0x8000000001020304", false),
        ("its boots counter lost", "0x8000000001020304", true),
        ("replaced", "0x80000000010203ff", true),
    ] {
        home.end("snmpd")?;
        all_up(&home, "silent", false)?;
        if forget {
            std::fs::remove_dir_all(home.dir.join("snmpd-state")).map_err(|error| error.to_string())?;
        }
        snmpd(&mut home, engine, 3)?;
        all_up(&home, what, true)?;
        println!("    {what}: read again");
    }
    Ok(())
}
