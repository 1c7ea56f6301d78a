//! The live page in a real browser, over the demo: the storm appears without a reload, names the right device in both
//! languages, complains of nothing, asks nobody else for anything, and can be used without eyes and without script. In
//! namespaces of its own, so that the browser cannot reach anything but the demo. Needs root and Debian's `chromium`; without
//! them the trials are ignored with the reason, or fail under `STORMGLASS_LAB=require`.
//!
//! With `STORMGLASS_SCREENSHOTS` set to a folder the pictures of the README are written there: `docs/screenshots.sh`.

#![expect(unreachable_pub, reason = "the modules of a test program are its own")]
#![expect(clippy::disallowed_methods, reason = "a test from outside: it waits, measures and connects by itself")]

#[path = "../namespaces/apart.rs"]
mod apart;
mod cdp;
#[path = "../namespaces/mod.rs"]
mod namespaces;

use cdp::{Browser, Result};
use libtest_mimic::Arguments;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

/// Set for the run inside the namespaces, to the trial's name.
const INSIDE: &str = "STORMGLASS_BROWSER_INSIDE";
const NEEDED: [(&str, &str); 3] = [("unshare", "util-linux"), ("ip", "iproute2"), ("chromium", "chromium")];
const ADDRESS: &str = "127.0.0.1:10116";
const ORIGIN: &str = "http://127.0.0.1:10116/";
/// The MAC of the demo's second router, and the Echo's that must not be blamed.
const CULPRIT: &str = "3c:84:6a:10:00:c8";
/// The storm begins 15 s after the start, and a busy machine is slow.
const STORM_WITHIN: Duration = Duration::from_secs(60);
/// Later than the end of the storm by the time until it is called over.
const OVER_WITHIN: Duration = Duration::from_secs(60);
/// A check takes a search and five seconds of listening.
const CHECKED_WITHIN: Duration = Duration::from_secs(75);

const TRIALS: [apart::Named<String>; 3] = [
    ("the_storm_appears_and_is_checked", || in_a_folder(storm)),
    ("without_script", || in_a_folder(without_script)),
    ("strangers_are_refused", || in_a_folder(strangers)),
];

fn main() -> ExitCode {
    let alone = TRIALS.len();
    apart::Trials { variable: INSIDE, needed: &NEEDED, trials: TRIALS, alone, set_up }.run(Arguments::from_args())
}

fn set_up() -> Result<()> {
    let up = Command::new("ip").args(["link", "set", "lo", "up"]).status();
    ensure(up.is_ok_and(|status| status.success()), || "the loopback can't be set up".to_owned())
}

/// With a folder for what the browser keeps.
fn in_a_folder(trial: fn(&Path) -> Result<()>) -> Result<()> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    trial(folder.path())
}

/// A demo that runs; it ends with the value, and by itself.
struct Demo(Child);

impl Demo {
    fn start() -> Result<Self> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_stormglass"))
            .args(["demo", "--listen", ADDRESS, "--exit-after", "240s"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("the demo: {error}"))?;
        let mut said = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        // It listens before it says where.
        said.read_line(&mut line).map_err(|error| error.to_string())?;
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        if line.starts_with("stormglass demo") { Ok(Self(child)) } else { Err(format!("the demo said {line:?}")) }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ensure(fact: bool, why: impl FnOnce() -> String) -> Result<()> {
    if fact { Ok(()) } else { Err(why()) }
}

/// Where pictures go, if they are wanted.
fn pictures() -> Option<PathBuf> {
    std::env::var_os("STORMGLASS_SCREENSHOTS").map(PathBuf::from)
}

/// Width, height, darkness and language of a picture.
struct Shot {
    name: &'static str,
    size: [u32; 2],
    dark: bool,
    lang: &'static str,
    mobile: bool,
}

const SHOTS: [Shot; 4] = [
    Shot { name: "page.png", size: [1120, 1000], dark: false, lang: "en", mobile: false },
    Shot { name: "page-dark.png", size: [1120, 1000], dark: true, lang: "en", mobile: false },
    Shot { name: "page-ja.png", size: [1120, 1000], dark: false, lang: "ja", mobile: false },
    Shot { name: "page-phone.png", size: [400, 860], dark: false, lang: "en", mobile: true },
];

fn take(browser: &mut Browser, folder: &Path, shot: &Shot) -> Result<()> {
    let [width, height] = shot.size;
    let scale = if shot.mobile { 2 } else { 1 };
    let size = json!({"width": width, "height": height, "deviceScaleFactor": scale, "mobile": shot.mobile});
    browser.call("Emulation.setDeviceMetricsOverride", size)?;
    let scheme = if shot.dark { "dark" } else { "light" };
    let feature = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
    browser.call("Emulation.setEmulatedMedia", feature)?;
    browser.open(&format!("{ORIGIN}?lang={}", shot.lang))?;
    browser.until("document.querySelector('#verdicts svg') !== null", Duration::from_secs(20))?;
    let full = std::env::var_os("STORMGLASS_SCREENSHOTS_FULL").is_some();
    let picture = browser.call("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": full}))?;
    let bytes = decoded(picture["data"].as_str().unwrap_or_default())?;
    std::fs::write(folder.join(shot.name), bytes).map_err(|error| error.to_string())
}

/// Base64 (RFC 4648, 4), as the protocol sends pictures.
fn decoded(text: &str) -> Result<Vec<u8>> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes().filter(|letter| *letter != b'=') {
        let value = LETTERS.iter().position(|known| *known == letter).ok_or("not base64")?;
        (bits, count) = (bits << 6 | value as u32, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Ok(bytes)
}

fn storm(folder: &Path) -> Result<()> {
    let _demo = Demo::start()?;
    let mut browser = Browser::start(folder)?;
    browser.open(ORIGIN)?;
    // Lost if the page were loaded again.
    browser.value("window.sameDocument = true")?;
    browser.until("document.getElementById('state').classList.contains('storm')", STORM_WITHIN)?;
    ensure(browser.value("window.sameDocument === true")? == true, || "the page was loaded again".into())?;
    ensure(browser.text("document.title")?.starts_with("Storm"), || "the title does not say so".into())?;
    let sentence = browser.text("document.getElementById('sentence').textContent")?;
    ensure(sentence.contains("the second router (192.168.1.100, MAC …:C8)"), || sentence.clone())?;
    ensure(sentence.contains("The Echo is not at fault"), || sentence.clone())?;
    let picture = browser.text("document.querySelector('#verdicts .culprit').textContent")?;
    ensure(picture.contains(CULPRIT), || picture.clone())?;
    tree(&mut browser, sentence.as_str())?;
    keyboard(&mut browser)?;
    // The language switches by the link that is there for it.
    browser.value("document.querySelector('a[hreflang=ja]').click()")?;
    browser.until(
        "document.documentElement.lang === 'ja' && document.readyState === 'complete'",
        Duration::from_secs(20),
    )?;
    let japanese = browser.text("document.getElementById('sentence').textContent")?;
    ensure(japanese.contains("192.168.1.100") && japanese.contains("ケーブル"), || japanese.clone())?;
    let headings = browser.text("[...document.querySelectorAll('h2')].map(h => h.textContent).join(' ')")?;
    ensure(headings.contains("スイッチとポート") && !headings.contains("Switches"), || headings.clone())?;
    for shot in SHOTS {
        if let Some(folder) = pictures() {
            take(&mut browser, &folder, &shot)?;
        }
    }
    check_again(&mut browser)?;
    let complaints = browser.complaints(ORIGIN);
    ensure(complaints.is_empty(), || complaints.join("\n"))
}

/// When it is over, the button is there, and says after a while that nothing came back.
fn check_again(browser: &mut Browser) -> Result<()> {
    browser.open(&format!("{ORIGIN}?lang=en"))?;
    browser.until("document.getElementById('check-button') !== null", OVER_WITHIN)?;
    browser.value("document.getElementById('check-button').click()")?;
    let told = "document.querySelector('#check [role=status]')?.textContent.includes('nothing came back') === true";
    browser.until(told, CHECKED_WITHIN)?;
    let state = browser.text("document.getElementById('state').className")?;
    ensure(state == "state quiet", || format!("checked, but the state is {state}"))?;
    let history = browser.text("document.querySelector('#history tbody tr').textContent")?;
    ensure(history.contains("over, checked"), || history.clone())?;
    let link = browser.text("document.querySelector('#history tbody a').href")?;
    browser.open(&link)?;
    let evidence = browser.text("document.querySelector('main').textContent")?;
    ensure(evidence.contains("eth.src == 3c:84:6a:10:00:c8"), || evidence.clone())
}

/// What a screen reader is told: landmarks, headings in order, tables with headers, and the sentence read out by itself.
fn tree(browser: &mut Browser, sentence: &str) -> Result<()> {
    let tree = browser.call("Accessibility.getFullAXTree", json!({}))?;
    let nodes = tree["nodes"].as_array().cloned().unwrap_or_default();
    let seen = nodes.iter().filter(|node| node["ignored"] != true);
    let role = |node: &Value| node["role"]["value"].as_str().unwrap_or_default().to_owned();
    let name = |node: &Value| node["name"]["value"].as_str().unwrap_or_default().to_owned();
    let seen = seen.map(|node| (role(node), name(node), node)).collect::<Vec<_>>();
    for wanted in ["banner", "navigation", "main", "contentinfo", "table", "columnheader", "rowheader"] {
        ensure(seen.iter().any(|(role, ..)| role == wanted), || format!("no {wanted} in the accessibility tree"))?;
    }
    // What can be used has a name, and what is a picture says what it shows.
    for (role, name, _) in &seen {
        let needs =
            matches!(role.as_str(), "link" | "button" | "heading" | "region" | "image" | "group" | "navigation");
        ensure(!needs || !name.trim().is_empty(), || format!("a {role} without a name"))?;
    }
    let first = seen.iter().find(|(role, ..)| role == "heading");
    ensure(first.is_some_and(|(_, name, _)| name.trim() == sentence.trim()), || {
        "the first heading is not the sentence".into()
    })?;
    let live = seen.iter().find(|(_, name, _)| name.trim() == sentence.trim()).map(|(_, _, node)| node.to_string());
    ensure(live.is_some_and(|node| node.contains("polite")), || "the sentence is not read out when it changes".into())?;
    let levels = browser.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")?;
    let levels = levels.as_array().cloned().unwrap_or_default().iter().filter_map(Value::as_u64).collect::<Vec<_>>();
    ensure(levels.windows(2).all(|two| two[1] <= two[0] + 1), || format!("a level of headings is left out: {levels:?}"))
}

/// The first key leads past the navigation, and every stop is visible.
fn keyboard(browser: &mut Browser) -> Result<()> {
    let key = |kind: &str| json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9});
    for _ in 0..3 {
        for kind in ["rawKeyDown", "keyUp"] {
            browser.call("Input.dispatchKeyEvent", key(kind))?;
        }
        let outline = browser.text(
            "document.activeElement === document.body ? '' : getComputedStyle(document.activeElement).outlineStyle",
        )?;
        ensure(!outline.is_empty() && outline != "none", || format!("focus is not to be seen: {outline:?}"))?;
    }
    browser.value("document.querySelector('.skip').click()").map(drop)
}

/// The essential is there for a browser that runs no script, and it asks for itself again.
fn without_script(folder: &Path) -> Result<()> {
    let _demo = Demo::start()?;
    let mut browser = Browser::start(folder)?;
    browser.call("Emulation.setScriptExecutionDisabled", json!({"value": true}))?;
    browser.call("Page.navigate", json!({"url": ORIGIN}))?;
    let began = std::time::Instant::now();
    loop {
        std::thread::sleep(Duration::from_millis(500));
        let document = browser.call("DOM.getDocument", json!({}))?;
        let html = browser.call("DOM.getOuterHTML", json!({"nodeId": document["root"]["nodeId"]}))?;
        let html = html["outerHTML"].as_str().unwrap_or_default();
        if html.contains("state storm") && html.contains(CULPRIT) && html.contains("IGMP proxy") {
            return Ok(());
        }
        ensure(began.elapsed() < STORM_WITHIN, || "the storm did not appear without script".into())?;
    }
}

/// A request by hand; the status line and the rest.
fn ask(request: &str) -> Result<String> {
    let mut stream = TcpStream::connect(ADDRESS).map_err(|error| error.to_string())?;
    let limit = Some(Duration::from_secs(20));
    stream.set_read_timeout(limit).map_err(|error| error.to_string())?;
    stream.write_all(request.as_bytes()).map_err(|error| error.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).map_err(|error| error.to_string())?;
    Ok(answer)
}

/// A name that was rebound to us, and forms of pages elsewhere.
fn strangers(_: &Path) -> Result<()> {
    let _demo = Demo::start()?;
    for (method, path, headers, status) in [
        ("GET", "/", "Host: 127.0.0.1:10116", "200"),
        ("GET", "/metrics", "Host: nas.local:10116", "200"),
        ("GET", "/", "Host: evil.example:10116", "421"),
        ("GET", "/metrics", "Host: evil.example", "421"),
        ("GET", "/api/v1/events", "Host: evil.example", "421"),
        ("POST", "/check", "Host: evil.example\r\nOrigin: http://evil.example\r\nContent-Length: 0", "421"),
        ("POST", "/check", "Host: 127.0.0.1:10116\r\nOrigin: http://evil.example\r\nContent-Length: 0", "403"),
        ("POST", "/check", "Host: 127.0.0.1:10116\r\nOrigin: http://127.0.0.1:10116\r\nContent-Length: 0", "403"),
        // From this computer by hand it is allowed; but nothing is over yet.
        ("POST", "/check", "Host: 127.0.0.1:10116\r\nContent-Length: 0", "409"),
        ("GET", "/storms/none/0", "Host: 127.0.0.1:10116", "404"),
    ] {
        let answer = ask(&format!("{method} {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n"))?;
        ensure(answer.starts_with(&format!("HTTP/1.1 {status} ")), || format!("{method} {path} {headers}: {answer}"))?;
        let policy = "content-security-policy: default-src 'none'";
        ensure(answer.contains(policy), || format!("{path}: no policy: {answer}"))?;
    }
    Ok(())
}
