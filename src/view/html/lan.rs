//! The LAN as it was learned: traffic, switches with their ports, hosts, gateways, targets and feeds.

use super::face::{Face, HostLine, PortLine, Switch, TargetLine};
use super::pen::{NAME, Pen, cut, rate};
use super::{gateways, spark, words};
use crate::explain::words::number;
use crate::model::text::Text;
use crate::model::vendor;
use crate::observe::trails::SECONDS;
use crate::view::report::protocol_name;
use crate::view::{expected, lang};

/// Longest message of a feed or target.
const MESSAGE: usize = 240;
/// Feeds shown of each kind, working or not.
const MAX_FEEDS: usize = 16;

/// What goes to all, in a curve for each interface, and who sends it.
pub(super) fn traffic(pen: &mut Pen, face: &Face) {
    pen.heading("traffic", &words::TRAFFIC);
    if !face.curves.is_empty() {
        pen.raw("<p class=\"note\">").say(&words::TRAFFIC_NOTE).raw("</p>");
    }
    for (interface, seconds) in &face.curves {
        let last = seconds.last().copied().unwrap_or(0);
        let peak = seconds.iter().copied().max().unwrap_or(0);
        let facts =
            [("interface", cut(interface, NAME)), ("now", number(u64::from(last))), ("peak", number(u64::from(peak)))];
        let said = pen.fill(&words::CURVE, facts);
        pen.raw("<figure><figcaption>").text(&said).raw("</figcaption>");
        spark::seconds(&mut pen.html, seconds, SECONDS);
        pen.raw("</figure>");
    }
    pen.raw("<h3>").say(&words::GROUPS).raw("</h3>");
    if face.groups.is_empty() {
        pen.raw("<p>").say(&words::NOBODY_SENDS).raw("</p>");
    } else {
        senders(pen, face);
    }
    expected::write(pen, &face.snapshot.expected);
}

fn senders(pen: &mut Pen, face: &Face) {
    pen.table(&words::GROUPS, &[&words::PROTOCOL, &words::GROUP, &words::SENDERS, &words::RATE]);
    for line in &face.groups {
        pen.raw("<tr><th scope=\"row\">").text(protocol_name(line.protocol)).raw("</th><td>");
        let groups = line.groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        if groups.is_empty() {
            pen.say(&words::BROADCAST);
        } else {
            pen.text(&groups);
        }
        let senders = line.senders.iter().map(|(who, pps)| {
            let facts = [("who", who.clone()), ("n", number(*pps))];
            pen.fill(&words::SENDER, facts)
        });
        let senders = senders.collect::<Vec<_>>().join(", ");
        pen.raw("</td><td>").text(&senders).raw("</td><td class=\"n\">").text(&number(line.pps)).raw("</td></tr>");
    }
    pen.end_table();
}

/// Switches, each with its ports.
pub(super) fn switches(pen: &mut Pen, face: &Face) {
    pen.heading("lan", &words::LAN);
    if face.switches.is_empty() {
        pen.raw("<p>").say(&words::NO_SWITCH).raw("</p>");
        return;
    }
    pen.raw("<p class=\"note\">").say(&words::TREND_KEY).raw("</p>");
    for switch in &face.switches {
        one_switch(pen, switch);
    }
    let label = words::MORE_PORTS.template(pen.language);
    pen.raw("<p>").link("/ports", "", label).raw("</p>");
}

fn one_switch(pen: &mut Pen, switch: &Switch) {
    let target = &switch.target;
    pen.raw("<h3>").cut(&target.name, NAME).raw("</h3><p class=\"note\">");
    about(pen, target);
    pen.raw(" · ");
    state(pen, target);
    pen.raw("</p>");
    let columns = [&words::PORT, &words::LEADS_TO, &words::IN, &words::OUT, &words::TREND];
    pen.table(&words::LAN, &columns);
    for line in &switch.ports {
        pen.raw(if line.up { "<tr>" } else { "<tr class=\"down\">" });
        port(pen, line);
        pen.raw("<td>");
        spark::port(&mut pen.html, &line.readings);
        pen.raw("</td></tr>");
    }
    pen.end_table();
}

/// The cells of a port, its curve aside.
pub(super) fn port(pen: &mut Pen, line: &PortLine) {
    pen.raw("<th scope=\"row\">").cut(&line.name, NAME).raw("</th><td>");
    let behind = line.behind.join(", ");
    if !line.up {
        pen.say(&words::PORT_DOWN);
    } else if line.uplink && line.behind.len() == 1 {
        let said = pen.fill(&words::UPLINK_TO, [("name", behind)]);
        pen.text(&said);
    } else if line.uplink {
        pen.say(&words::UPLINK);
    } else {
        pen.text(&behind);
    }
    for pps in [line.in_pps, line.out_pps] {
        pen.raw("</td><td class=\"n\">").text(&pps.map_or_else(String::new, rate));
    }
    pen.raw("</td>");
}

/// Who is there.
pub(super) fn hosts(pen: &mut Pen, face: &Face) {
    pen.heading("hosts", &words::HOSTS);
    if face.hosts.is_empty() {
        pen.raw("<p>").say(&words::NO_HOST).raw("</p>");
        return;
    }
    host_table(pen, &face.hosts);
    more(pen, "/hosts", face.hosts.len(), face.hosts_total);
}

/// How many there are, with the way to all of them.
fn more(pen: &mut Pen, path: &'static str, shown: usize, total: usize) {
    if total <= shown {
        return;
    }
    let said = pen.fill(&words::SHOWN_OF, [("n", number(shown as u64)), ("all", number(total as u64))]);
    let label = pen.fill(&words::ALL_OF, [("n", number(total as u64))]);
    pen.raw("<p>").text(&said).raw(" · ").link(path, "", &label).raw("</p>");
}

/// Hosts as a table.
pub(super) fn host_table(pen: &mut Pen, hosts: &[HostLine]) {
    let columns =
        [&words::NAME, &words::ADDRESS, &words::MAC, &words::MAKER, &words::MODEL, &words::WHERE, &words::HEARD];
    pen.table(&words::HOSTS, &columns);
    for HostLine { host, port } in hosts {
        pen.raw("<tr><th scope=\"row\">").cut(host.name.as_deref().unwrap_or_default(), NAME).raw("</th><td>");
        for (place, ip) in host.ips.iter().enumerate() {
            pen.raw(if place == 0 { "" } else { "<br>" }).text(&ip.to_string());
        }
        pen.raw("</td><td><code>").text(&host.mac.map_or_else(String::new, |mac| mac.to_string()));
        pen.raw("</code></td><td>");
        match (host.vendor, host.mac) {
            (Some(maker), _) => pen.cut(&vendor::short_name(maker), NAME),
            (None, Some(mac)) if mac.is_local() => pen.say(&words::PRIVATE),
            _ => pen,
        };
        pen.raw("</td><td>").cut(&host.model, NAME).raw("</td><td>").text(port.as_deref().unwrap_or_default());
        pen.raw("</td><td>");
        match host.heard.map(|at| pen.rough_age(at)) {
            Some(age) => pen.text(&age),
            None => pen.say(&words::BY_TABLE),
        };
        pen.raw("</td></tr>");
    }
    pen.end_table();
}

/// Gateways with their mappings and what is wrong with them.
pub(super) fn gateways(pen: &mut Pen, face: &Face) {
    let all = face.gateways.iter().collect::<Vec<_>>();
    gateways::section(&mut pen.html, &all, &face.assessment, pen.language);
    if face.mappings_left > 0 {
        let said = pen.fill(&words::MAPPINGS_LEFT, [("n", number(face.mappings_left as u64))]);
        pen.raw("<p class=\"note\">").text(&said).raw("</p>");
    }
}

/// The devices that are polled.
pub(super) fn targets(pen: &mut Pen, face: &Face) {
    pen.heading("targets", &words::TARGETS);
    if face.targets.is_empty() {
        pen.raw("<p>").say(&words::NO_SWITCH).raw("</p>");
        return;
    }
    target_table(pen, &face.targets);
    more(pen, "/targets", face.targets.len(), face.targets_total);
}

/// Targets as a table.
pub(super) fn target_table(pen: &mut Pen, targets: &[TargetLine]) {
    pen.table(&words::TARGETS, &[&words::TARGET, &words::STATE, &words::ANSWERED, &words::ABOUT]);
    for target in targets {
        pen.raw(if target.up { "<tr>" } else { "<tr class=\"bad\">" }).raw("<th scope=\"row\">");
        pen.cut(&target.name, NAME).raw("</th><td>");
        let word: &Text = match (target.up, target.stale) {
            (false, _) => &words::SILENT,
            (true, true) => &words::STALE,
            (true, false) => &words::ANSWERS,
        };
        pen.say(word).raw("</td><td>");
        match target.answered.map(|at| pen.age(at)) {
            Some(age) => pen.text(&age),
            None => pen.say(&words::NEVER),
        };
        pen.raw("</td><td>");
        about(pen, target);
        if !target.message.is_empty() {
            let said = lang::of_target(&target.message, pen.language).into_owned();
            pen.raw("<br>").cut(&said, MESSAGE);
        }
        pen.raw("</td></tr>");
    }
    pen.end_table();
}

fn about(pen: &mut Pen, target: &TargetLine) {
    let said = pen.fill(&words::PORTS, [("name", target.called.clone()), ("n", target.ports.to_string())]);
    pen.text(&said);
}

fn state(pen: &mut Pen, target: &TargetLine) {
    match target.answered {
        Some(at) if target.up => {
            let age = pen.age(at);
            pen.say(&words::ANSWERS).raw(" (").text(&age).raw(")");
        }
        _ => {
            pen.raw("<b class=\"bad\">").say(&words::SILENT).raw("</b>");
        }
    }
}

/// What is watched and what is not.
pub(super) fn feeds(pen: &mut Pen, face: &Face) {
    pen.heading("feeds", &words::FEEDS).raw("<ul class=\"feeds\">");
    let snapshot = &face.snapshot;
    if snapshot.feeds.is_empty() {
        pen.raw("<li class=\"bad\">").say(&words::NOT_YET).raw("</li>");
    }
    let mut shown = [0_usize; 2];
    for feed in &snapshot.feeds {
        let count = &mut shown[usize::from(feed.ok)];
        if *count >= MAX_FEEDS {
            continue;
        }
        *count += 1;
        let (class, word) = if feed.ok { ("good", &words::WORKS) } else { ("bad", &words::FAILS) };
        // The mark is a picture: those who do not see it are told.
        pen.raw("<li class=\"").raw(class).raw("\"><span class=\"aloud\">").say(word).raw("</span><b>");
        pen.text(feed.feed).raw("</b> ").cut(&feed.name, NAME);
        if !feed.message.is_empty() {
            let said = lang::sentence(&feed.message, pen.language).into_owned();
            pen.raw(": ").cut(&said, MESSAGE);
        }
        pen.raw("</li>");
    }
    let counts = snapshot.feed_counts.values();
    let (failing, working) = counts.fold((0, 0), |(f, w), count| (f + count.failing, w + count.working));
    let left = [failing.saturating_sub(shown[0]), working.saturating_sub(shown[1])];
    for (class, left, text) in [("bad", left[0], &words::MORE_FAIL), ("good", left[1], &words::MORE_WORK)] {
        if left > 0 {
            let said = pen.fill(text, [("n", number(left as u64))]);
            pen.raw("<li class=\"").raw(class).raw("\">").text(&said).raw("</li>");
        }
    }
    pen.raw("</ul>");
}
