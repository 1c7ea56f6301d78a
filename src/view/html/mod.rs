//! The live page: one sentence on top, then what to do, why, and what is watched. Server-rendered; works without script.
//! Everything from the network is escaped; nothing is loaded from elsewhere.

pub(in crate::view) mod escape;
mod gateways;

use crate::engine::{Snapshot, State};
use crate::explain::reach::Assessment;
use crate::model::device::{Device, Gateway};
use crate::model::text::Language;
use crate::model::verdict::{Evidence, Phase, Severity, Verdict};
use crate::observe::targets::{TargetStatus, Targets};
use escape::Html;
use std::sync::Arc;

/// The style sheet, served as `/style.css`.
pub const STYLE: &str = include_str!("style.css");
/// The script that renews the page when something changes, served as `/live.js`.
pub const SCRIPT: &str = include_str!("live.js");

/// Verdicts shown with all their evidence; older ones are a line each.
const MAX_OPEN: usize = 8;
/// Lines of history.
const MAX_HISTORY: usize = 50;

/// One line of the table of targets.
#[derive(Clone, Debug)]
pub struct TargetLine {
    /// What it is called.
    pub name: Arc<str>,
    /// It answered the last poll.
    pub up: bool,
    /// Its name by its own account, its ports, or what is wrong with it.
    pub about: String,
}

/// A port of a switch that carries much.
#[derive(Clone, Debug)]
pub struct PortLine {
    /// The switch.
    pub target: Arc<str>,
    /// The port.
    pub port: Arc<str>,
    /// Group frames (or packets, where groups are not counted) per second, in and out.
    pub in_pps: f64,
    /// See `in_pps`.
    pub out_pps: f64,
}

/// Busiest ports shown.
const MAX_PORTS: usize = 12;
/// A port with fewer packets per second than this is not busy.
const BUSY_PPS: f64 = 1.0;

/// Lines of the table of targets.
const MAX_TARGETS: usize = 64;

/// A line per target, those that do not answer first; of a fleet the first `MAX_TARGETS`.
#[must_use]
pub fn target_lines(targets: &Targets) -> Vec<TargetLine> {
    let about = |status: &TargetStatus| match &status.message {
        Some(message) if !status.up => message.clone(),
        _ => format!(
            "{}, {} ports",
            if status.sys_name.is_empty() { &status.address } else { &status.sys_name },
            status.ports
        ),
    };
    let (silent, answering): (Vec<_>, Vec<_>) = targets.statuses().partition(|status| !status.up);
    let shown = silent.into_iter().chain(answering).take(MAX_TARGETS);
    shown.map(|s| TargetLine { name: Arc::clone(&s.name), up: s.up, about: about(s) }).collect()
}

/// The ports with most packets, busiest first.
#[must_use]
pub fn busiest_ports(targets: &Targets) -> Vec<PortLine> {
    // The busiest ports of all are ports of the targets with the busiest ports: no need to look at each of 500,000.
    let mut busiest = targets.busiest().filter(|(_, pps)| f64::from(*pps) >= BUSY_PPS).collect::<Vec<_>>();
    busiest.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    let lines = busiest.into_iter().take(MAX_PORTS).flat_map(|(target, _)| {
        targets.ports(target).map(|port| PortLine {
            target: Arc::clone(target),
            port: Arc::clone(&port.name),
            in_pps: port.rates.in_packets().unwrap_or(0.0),
            out_pps: port.rates.out_packets().unwrap_or(0.0),
        })
    });
    let mut lines = lines.filter(|line| line.in_pps.max(line.out_pps) >= BUSY_PPS).collect::<Vec<_>>();
    lines.sort_by(|a, b| b.in_pps.max(b.out_pps).total_cmp(&a.in_pps.max(a.out_pps)));
    lines.truncate(MAX_PORTS);
    lines
}

/// What the page shows.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Storms, frames and feeds.
    pub snapshot: &'a Snapshot,
    /// Polled devices.
    pub targets: &'a [TargetLine],
    /// The busiest switch ports.
    pub ports: &'a [PortLine],
    /// UPnP devices.
    pub devices: &'a [&'a Device],
    /// Gateways with their mappings.
    pub gateways: &'a [&'a Gateway],
    /// What is judged about them.
    pub assessment: &'a Assessment,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
}

/// The whole document.
#[must_use]
pub fn page(page: &Page<'_>) -> String {
    let snapshot = page.snapshot;
    let mut html = Html::new();
    html.raw("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    html.raw("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>");
    html.raw("<title>").text(title(snapshot.state)).raw(" · stormglass</title>");
    html.raw("<link rel=\"stylesheet\" href=\"/style.css\"><script src=\"/live.js\" defer></script></head><body>");
    html.raw("<main id=\"live\" aria-live=\"polite\">");
    banner(&mut html, page);
    let (open, past) = verdicts(snapshot);
    for verdict in open {
        explained(&mut html, page, verdict);
    }
    watched(&mut html, snapshot);
    traffic(&mut html, page);
    gateways::section(&mut html, page.gateways, page.assessment, Language::English);
    devices(&mut html, page.devices);
    history(&mut html, page, &past);
    html.raw("</main><footer>stormglass ").text(env!("CARGO_PKG_VERSION"));
    html.raw(" · <a href=\"/metrics\">metrics</a> · <a href=\"/api/v1/status\">status</a> · ");
    html.raw("<a href=\"/api/v1/storms\">storms</a> · <a href=\"/api/v1/targets\">targets</a> · ");
    html.raw("<a href=\"/api/v1/devices\">devices</a> · <a href=\"/api/v1/port-mappings\">port mappings</a></footer>");
    html.raw("</body></html>");
    html.finish()
}

const fn title(state: State) -> &'static str {
    match state {
        State::Quiet => "All quiet",
        State::Blind => "Blind",
        State::Over => "Over, not verified",
        State::Warning => "Warning",
        State::Storm => "Storm",
    }
}

/// Open ones and those that still decide the state, newest first; the rest is history.
fn verdicts(snapshot: &Snapshot) -> (Vec<&Verdict>, Vec<&Verdict>) {
    let (mut open, mut past): (Vec<&Verdict>, Vec<&Verdict>) =
        snapshot.verdicts.iter().map(|v| &**v).partition(|v| v.phase != Phase::Over);
    if open.is_empty() && matches!(snapshot.state, State::Over | State::Warning) && !past.is_empty() {
        let leading = past.iter().position(|v| v.sentence == snapshot.sentence).unwrap_or(0);
        open.push(past.remove(leading));
    }
    open.sort_by_key(|v| std::cmp::Reverse(v.severity));
    open.truncate(MAX_OPEN);
    past.truncate(MAX_HISTORY);
    (open, past)
}

fn banner(html: &mut Html, page: &Page<'_>) {
    let snapshot = page.snapshot;
    html.raw("<header class=\"state ").raw(snapshot.state.id()).raw("\"><p class=\"word\">");
    html.text(title(snapshot.state)).raw("</p><h1>").text(&snapshot.sentence).raw("</h1><p class=\"when\">");
    if let Some(since) = snapshot.since {
        html.text(&format!("since {} · ", since.hour_minute(page.utc_offset_seconds)));
    }
    html.text(&format!("as of {}", clock(snapshot.at, page))).raw("</p></header>");
}

fn clock(at: crate::model::Time, page: &Page<'_>) -> String {
    let seconds = at.as_nanos().div_euclid(1_000_000_000).rem_euclid(60);
    format!("{}:{seconds:02}", at.hour_minute(page.utc_offset_seconds))
}

fn explained(html: &mut Html, page: &Page<'_>, verdict: &Verdict) {
    let kind = if verdict.severity == Severity::Storm { "storm" } else { "warning" };
    html.raw("<section class=\"verdict ").raw(kind).raw("\"><h2>What to do</h2><ol class=\"remedy\">");
    for step in &verdict.remedy {
        html.raw("<li>").text(step).raw("</li>");
    }
    html.raw("</ol>");
    path(html, verdict);
    html.raw("<dl class=\"facts\">");
    let mut fact = |name: &str, value: &str| {
        html.raw("<div><dt>").text(name).raw("</dt><dd>").text(value).raw("</dd></div>");
    };
    fact("Cause", verdict.cause);
    fact("Sure", &format!("{:.0} %", verdict.confidence * 100.0));
    fact("Phase", phase(verdict.phase));
    fact("Frames", &crate::explain::words::number(verdict.frames));
    fact("Now", &format!("{} a second", crate::explain::words::number(verdict.current_pps)));
    fact("Peak", &format!("{} a second", crate::explain::words::number(verdict.peak_pps)));
    fact("Began", &clock(verdict.started, page));
    if let Some(ended) = verdict.ended {
        fact("Ended", &clock(ended, page));
    }
    fact("Segment", &verdict.segment);
    if let Some(path) = &verdict.recording {
        fact("Recording of the onset", path);
    }
    html.raw("</dl><h2>Why</h2>");
    evidence(html, &verdict.evidence);
    if !verdict.candidates.is_empty() {
        html.raw("<h2>What else it could be</h2><ul>");
        for candidate in &verdict.candidates {
            html.raw("<li><code>").text(candidate.cause).raw("</code> ");
            html.text(&format!("({:.0} %): {}", candidate.confidence * 100.0, candidate.needs)).raw("</li>");
        }
        html.raw("</ul>");
    }
    for lack in &verdict.lacks {
        html.raw("<p class=\"lack\">").text(lack).raw("</p>");
    }
    html.raw("</section>");
}

const fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Active => "active",
        Phase::Clearing => "clearing",
        Phase::Over => "over, not verified",
    }
}

/// Origin → forwarder → LAN, as boxes and arrows in text.
fn path(html: &mut Html, verdict: &Verdict) {
    let Some(culprit) = &verdict.culprit else { return };
    let what = |party: &crate::model::verdict::Party| {
        let name = party.name.as_deref().or(party.vendor.as_deref()).unwrap_or("device").to_owned();
        let ip = party.ip.map_or_else(String::new, |ip| ip.to_string());
        let mac = party.mac.map_or_else(String::new, |mac| mac.to_string());
        (name, ip, mac, party.port.as_deref().unwrap_or("").to_owned())
    };
    html.raw("<ol class=\"path\">");
    let mut node = |class: &'static str, role: &str, (name, ip, mac, port): (String, String, String, String)| {
        html.raw("<li class=\"").raw(class).raw("\"><small>").text(role).raw("</small><b>").text(&name).raw("</b>");
        for line in [ip, mac, port].iter().filter(|line| !line.is_empty()) {
            html.raw("<span>").text(line).raw("</span>");
        }
        html.raw("</li>");
    };
    for origin in verdict.origins.iter().take(3).filter(|o| o.mac != culprit.mac || o.mac.is_none()) {
        node("origin", "origin, not at fault", what(origin));
    }
    node("culprit", "sends it on", what(culprit));
    let rate = format!("{} a second", crate::explain::words::number(verdict.peak_pps));
    node("lan", "everybody in", (format!("the LAN ({})", verdict.segment), rate, String::new(), String::new()));
    html.raw("</ol>");
}

fn evidence(html: &mut Html, evidence: &[Evidence]) {
    html.raw("<div class=\"scroll\"><table><thead><tr><th>What it shows</th><th>Seen</th><th>Expected</th>");
    html.raw("<th>Look yourself (Wireshark)</th></tr></thead><tbody>");
    for one in evidence {
        html.raw("<tr><td>").text(&one.claim).raw("</td><td>").text(&one.observed).raw("</td><td>");
        html.text(&one.expected).raw("</td><td>");
        if !one.display_filter.is_empty() {
            html.raw("<code>").text(&one.display_filter).raw("</code>");
        }
        if let Some((first, last)) = one.frame_numbers {
            html.text(&format!(" frames {first} to {last}"));
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table></div>");
}

fn watched(html: &mut Html, snapshot: &Snapshot) {
    html.raw("<section><h2>What is watched</h2><ul class=\"feeds\">");
    if snapshot.feeds.is_empty() {
        html.raw("<li class=\"bad\">Nothing yet.</li>");
    }
    let mut shown = [0_usize; 2];
    for feed in &snapshot.feeds {
        // Those that fail come first, and may be as many again.
        shown[usize::from(feed.ok)] += 1;
        html.raw("<li class=\"").raw(if feed.ok { "good" } else { "bad" }).raw("\"><b>").text(feed.feed).raw("</b> ");
        html.text(&feed.name);
        if !feed.message.is_empty() {
            html.raw(": ").text(&feed.message);
        }
        html.raw("</li>");
    }
    let counts = snapshot.feed_counts.values();
    let (failing, working) = counts.fold((0, 0), |(f, w), count| (f + count.failing, w + count.working));
    for (class, left, what) in [("bad", failing - shown[0], "do not work"), ("good", working - shown[1], "work")] {
        if left > 0 {
            html.raw("<li class=\"").raw(class).raw("\">").text(&format!("and {left} more that {what}")).raw("</li>");
        }
    }
    html.raw("</ul></section>");
}

fn traffic(html: &mut Html, page: &Page<'_>) {
    html.raw("<section class=\"columns\"><div><h2>Loudest sources</h2>");
    let mut rows = page.snapshot.sources.iter().map(|source| {
        let vendor = crate::model::vendor::vendor(source.mac).unwrap_or("");
        vec![source.mac.to_string(), vendor.to_owned(), source.interface.to_string(), source.pps.to_string()]
    });
    table(html, &["MAC", "Maker", "On", "Frames/s to all"], &mut rows);
    html.raw("</div><div><h2>Switches</h2>");
    let mut rows = page.targets.iter().map(|target| {
        vec![target.name.to_string(), if target.up { "answers" } else { "no answer" }.to_owned(), target.about.clone()]
    });
    table(html, &["Target", "State", ""], &mut rows);
    if !page.ports.is_empty() {
        html.raw("<h2>Busiest ports</h2>");
        let mut rows = page.ports.iter().map(|port| {
            vec![
                port.target.to_string(),
                port.port.to_string(),
                format!("{:.0}", port.in_pps),
                format!("{:.0}", port.out_pps),
            ]
        });
        table(html, &["Switch", "Port", "In/s", "Out/s"], &mut rows);
    }
    html.raw("</div></section>");
}

fn devices(html: &mut Html, devices: &[&Device]) {
    html.raw("<section><h2>UPnP devices</h2>");
    let mut rows = devices.iter().take(128).map(|device| {
        let kind = device.device_type.split(':').nth(3).unwrap_or("");
        let maker = device.vendor.as_deref().unwrap_or(&device.manufacturer);
        vec![
            device.friendly_name.clone(),
            device.ip.to_string(),
            maker.to_owned(),
            device.model.clone(),
            kind.to_owned(),
        ]
    });
    table(html, &["Name", "Address", "Maker", "Model", "Kind"], &mut rows);
    html.raw("</section>");
}

fn history(html: &mut Html, page: &Page<'_>, past: &[&Verdict]) {
    if past.is_empty() {
        return;
    }
    html.raw("<section><h2>Before</h2><ul class=\"history\">");
    for verdict in past {
        html.raw("<li><time>").text(&clock(verdict.started, page)).raw("</time> ").text(&verdict.sentence).raw("</li>");
    }
    html.raw("</ul></section>");
}

fn table(html: &mut Html, head: &[&str], rows: &mut dyn Iterator<Item = Vec<String>>) {
    html.raw("<div class=\"scroll\"><table><thead><tr>");
    for name in head {
        html.raw("<th scope=\"col\">").text(name).raw("</th>");
    }
    html.raw("</tr></thead><tbody>");
    for row in rows {
        html.raw("<tr>");
        for cell in row {
            html.raw("<td>").text(&cell).raw("</td>");
        }
        html.raw("</tr>");
    }
    html.raw("</tbody></table></div>");
}
