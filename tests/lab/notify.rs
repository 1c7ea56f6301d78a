//! Who is told of a storm while it rages: a webhook, a real broker (mosquitto) and a real mail sink (aiosmtpd) on the stormy LAN
//! itself, at the rate of the incident and at the highest that there is; broker and sink speak TLS, by certificates of an authority
//! of their own.

use super::agent::{Agent, api};
use super::authority::Authority;
use super::net::{Copies, Home, Result, output, run, text, wait};
use super::trials::{VERDICT_WITHIN, check, ends, storm};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A message in the storm: settled after 2 s, and some lost segments.
const TOLD_WITHIN: Duration = Duration::from_secs(20);

/// Takes JSON by POST and writes each body as a line of its own; at most 100.
const HOOK: &str = "import http.server, json, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(min(int(self.headers['content-length']), 1 << 20)))
        print(json.dumps(body), flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.ThreadingHTTPServer(('192.168.1.20', 8000), Hook)
for _ in range(100):
    server.handle_request()
";

/// Writes each mail's subject and text, decoded, as a line of JSON. Its arguments: how it speaks TLS, certificate, key. (The
/// context is for both sides: aiosmtpd connects to itself to see whether it is there.)
const SINK: &str = "import asyncio, email, email.policy, json, ssl, sys
from aiosmtpd.controller import Controller
class Sink:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(json.dumps({'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'subject': mail['subject'], 'text': mail.get_content()}), flush=True)
        return '250 taken'
context = ssl.SSLContext(ssl.PROTOCOL_TLS)
context.load_cert_chain(sys.argv[2], sys.argv[3])
speaks = {'tls': {'ssl_context': context}, 'starttls': {'tls_context': context, 'require_starttls': True}}
controller = Controller(Sink(), hostname='192.168.1.20', port=2525, **speaks[sys.argv[1]])
controller.start()
asyncio.new_event_loop().run_forever()
";

/// Gateway and NAS of the home take messages, mail by this kind of TLS; gives the part of the configuration that sends them.
fn receivers(home: &mut Home, mail: &str) -> Result<String> {
    let authority = Authority::new();
    let ca = text(&home.file("ca.pem", &authority.pem())?);
    let certify = |name: &str, address: &str| -> Result<[String; 2]> {
        let (certificate, key) = authority.certify(address);
        Ok([text(&home.file(&format!("{name}.pem"), &certificate)?), text(&home.file(&format!("{name}.key"), &key)?)])
    };
    let [sink_pem, sink_key] = certify("sink", "192.168.1.20")?;
    let [broker_pem, broker_key] = certify("broker", "192.168.1.1")?;
    let hook = home.file("hook.py", HOOK)?;
    home.start_logged("nas", &format!("/usr/bin/python3 {}", text(&hook)), "hook")?;
    let sink = home.file("sink.py", SINK)?;
    home.start_logged("nas", &format!("/usr/bin/python3 {} {mail} {sink_pem} {sink_key}", text(&sink)), "sink")?;
    // In the clear for the subscriber alone.
    let broker = home.file(
        "mosquitto.conf",
        &format!(
            "listener 1883 192.168.1.1\nlistener 8883 192.168.1.1\ncertfile {broker_pem}\nkeyfile {broker_key}\n\
             allow_anonymous true\npersistence false\nuser root\n"
        ),
    )?;
    home.start_logged("gw", &format!("mosquitto -c {}", text(&broker)), "mosquitto")?;
    let listens = |host: &str, port: &str| -> Result<bool> {
        Ok(output(&format!("ip netns exec {host} cat /proc/net/tcp"))?.contains(&format!(":{port} 00000000:0000 0A")))
    };
    for (host, port) in [("nas", "1F40"), ("nas", "09DD"), ("gw", "075B"), ("gw", "22B3")] {
        wait("the receivers listen", Duration::from_secs(15), || listens(host, port))?;
    }
    // Retained ones as well: what a Home Assistant that comes later is told.
    home.start_logged("gw", "mosquitto_sub -h 192.168.1.1 -v -t stormglass/# -t homeassistant/#", "subscriber")?;
    let kept = text(&home.dir.join("kept"));
    Ok(format!(
        "{{interfaces: auto}}\nstorage: {{path: {kept}}}\nnotify:\n  channels:\n    - {{name: hook, type: webhook, url: \
         \"http://192.168.1.20:8000/\"}}\n    - {{name: mail, type: email, server: \"192.168.1.20:2525\", tls: {mail}, \
         ca_file: {ca}, from: pi@home.test, to: [me@home.test], language: ja}}\n    - {{name: ha, type: mqtt, url: \
         \"mqtts://192.168.1.1\", ca_file: {ca}, client_id: pi}}"
    ))
}

/// The lines of a receiver's log that are JSON.
fn told(home: &Home, name: &str) -> Vec<Value> {
    home.log(name).lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// What the subscriber heard last of a topic.
fn heard(home: &Home, topic: &str) -> Option<Value> {
    let log = home.log("subscriber");
    let last = log.lines().rev().find_map(|line| line.strip_prefix(topic)?.strip_prefix(' ').map(str::to_owned))?;
    Some(serde_json::from_str(&last).unwrap_or(Value::String(last)))
}

/// Everybody is told during the storm, through the storm, and once more at its end.
pub fn in_the_storm() -> Result<()> {
    let mut home = Home::build("notify")?;
    let section = receivers(&mut home, "tls")?;
    let agent = Agent::start(&mut home, &section)?;
    wait("the broker knows that we are here", TOLD_WITHIN, || {
        Ok(heard(&home, "stormglass/availability") == Some("online".into()))
    })?;
    home.proxy_on(Copies::FromLanSide)?;
    home.keep_ttl()?;
    home.slow_down(Copies::FromLanSide, 1_800)?;
    let verdict = storm(&home, &agent, VERDICT_WITHIN)?;
    let began = std::time::Instant::now();
    for name in ["hook", "sink"] {
        wait(&format!("{name} is told"), TOLD_WITHIN, || Ok(!told(&home, name).is_empty()))
            .map_err(|error| format!("{error}\n{}\n{}", home.log(name), home.log("stormglass")))?;
    }
    wait("the broker is told", TOLD_WITHIN, || Ok(heard(&home, "stormglass/event").is_some()))?;
    println!("    everybody was told {:.1} s after the verdict", began.elapsed().as_secs_f64());
    check(api("status")?["state"] == "storm", "the storm rages on", &api("status")?)?;
    let hook = &told(&home, "hook")[0];
    check(hook["moment"] == "begun" && hook["culprit"]["mac"] == verdict["culprit"]["mac"], "who", hook)?;
    let mail = &told(&home, "sink")[0];
    let subject = mail["subject"].as_str().unwrap_or_default();
    check(subject.starts_with("パケットストームが発生しています: "), "the mail's subject", mail)?;
    check(mail["text"].as_str().is_some_and(|text| text.contains("IGMPプロキシ")), "the mail's text", mail)?;
    let mac = verdict["culprit"]["mac"].as_str().unwrap_or_default().to_owned();
    let node = mac.replace(':', "");
    let config = format!("homeassistant/binary_sensor/pi_{node}/storm/config");
    wait("Home Assistant knows the culprit by its MAC", TOLD_WITHIN, || {
        Ok(heard(&home, &config).is_some_and(|config| config["device"]["connections"][0][1] == mac.as_str()))
    })?;
    let state = heard(&home, "stormglass/state").unwrap_or_default();
    check(state["storm"] == "ON" && state["leading"]["culprit"]["mac"] == mac.as_str(), "the state", &state)?;
    ends(&mut home, &agent)?;
    for name in ["hook", "sink"] {
        wait(&format!("{name} hears of the end"), 2 * TOLD_WITHIN, || Ok(told(&home, name).len() == 2))?;
    }
    check(told(&home, "hook")[1]["status"] == "resolved", "the end", &told(&home, "hook")[1])?;
    wait("the broker shows the end", TOLD_WITHIN, || {
        Ok(heard(&home, "stormglass/state").is_some_and(|state| state["storm"] == "OFF"))
    })?;
    nothing_waits(&home.dir.join("kept"))?;
    home.end("stormglass")?;
    wait("the broker says that we are gone", TOLD_WITHIN, || {
        Ok(heard(&home, "stormglass/availability") == Some("offline".into()))
    })
}

fn nothing_waits(folder: &Path) -> Result<()> {
    wait("nothing waits any more", TOLD_WITHIN, || {
        let queue = std::fs::read_to_string(folder.join("outbox.jsonl"));
        Ok(queue.is_ok_and(|queue| queue.is_empty()))
    })
}

/// A receiver whose cable is pulled during the storm hears of it afterwards, in the past tense; the broker is told during the storm,
/// though it goes as fast as it can.
pub fn after_the_storm() -> Result<()> {
    let mut home = Home::build("notify-later")?;
    let section = receivers(&mut home, "starttls")?;
    let agent = Agent::start(&mut home, &section)?;
    wait("the broker knows that we are here", TOLD_WITHIN, || {
        Ok(heard(&home, "stormglass/availability") == Some("online".into()))
    })?;
    run("ip -n sw link set p-nas down")?;
    home.proxy_on(Copies::FromLanSide)?;
    home.keep_ttl()?;
    storm(&home, &agent, VERDICT_WITHIN)?;
    wait("the broker is told", TOLD_WITHIN, || Ok(heard(&home, "stormglass/event").is_some()))?;
    ends(&mut home, &agent)?;
    check(told(&home, "hook").is_empty(), "the hook could not be told", &home.log("hook"))?;
    run("ip -n sw link set p-nas up")?;
    for name in ["hook", "sink"] {
        wait(&format!("{name} is told later"), Duration::from_secs(120), || Ok(!told(&home, name).is_empty()))?;
    }
    let hook = &told(&home, "hook")[0];
    let title = hook["title"].as_str().unwrap_or_default();
    check(title.starts_with("There was a packet storm: "), "in the past tense", hook)?;
    nothing_waits(&home.dir.join("kept"))?;
    check(told(&home, "hook").len() == 1 && told(&home, "sink").len() == 1, "once", &home.log("hook"))
}
