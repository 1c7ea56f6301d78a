//! The way of the frames as a picture: who sends them first, who sends them on, and whom they reach. The report and the live
//! page draw it alike; its style is `html/svg.css`.

use super::words;
use crate::explain::words::number;
use crate::model::MacAddr;
use crate::model::text::{Facts, Language, Text};
use crate::model::verdict::{Party, Severity, Verdict};
use crate::view::html::escape::Html;
use std::net::IpAddr;

/// Boxes and the arrows between them, in the picture's own units.
const BOX: f64 = 236.0;
const GAP: f64 = 118.0;
/// Columns of text in a box; what is wide takes two.
const COLUMNS: usize = 25;

/// What a picture is made of.
#[derive(Clone, Copy)]
pub(in crate::view) struct Picture<'a> {
    /// Whose.
    pub(in crate::view) verdict: &'a Verdict,
    /// The language.
    pub(in crate::view) language: Language,
    /// Of a kind with other pictures of the page; title and description are referred to by it.
    pub(in crate::view) id: &'a str,
    /// What a device without a name is called.
    pub(in crate::view) called: &'a dyn Fn(Option<MacAddr>, Option<IpAddr>) -> Option<String>,
}

impl Picture<'_> {
    fn say(&self, text: &Text) -> &'static str {
        text.template(self.language)
    }

    fn fill<const N: usize>(&self, text: &Text, facts: [(&'static str, String); N]) -> String {
        text.fill(self.language, &Facts::from(facts))
    }
}

/// A box: its kind, role, and up to three lines.
struct Node {
    class: &'static str,
    role: String,
    lines: Vec<String>,
}

/// The picture of a verdict.
pub(in crate::view) fn draw(html: &mut Html, picture: &Picture<'_>) {
    let (verdict, id) = (picture.verdict, picture.id);
    let nodes = nodes(picture);
    let returns = verdict.severity == Severity::Storm && matches!(verdict.cause, "l3_reflector" | "l2_loop");
    let width = nodes.len() as f64 * BOX + (nodes.len() - 1) as f64 * GAP + 4.0;
    html.raw("<figure><div class=\"scroll\"><svg class=\"path\" role=\"img\" aria-labelledby=\"").text(id).raw("-t ");
    html.text(id).raw("-d\" viewBox=\"0 0 ").text(&format!("{width:.0}")).raw(" 160\"><title id=\"").text(id);
    html.raw("-t\">").text(picture.say(&words::PATH)).raw("</title><desc id=\"").text(id).raw("-d\">");
    html.text(picture.say(&words::PATH_TEXT));
    for node in &nodes {
        html.text(&format!(" {}: {}.", node.role, node.lines.join(" ")));
    }
    html.raw("</desc>");
    for (place, node) in nodes.iter().enumerate() {
        let x = place as f64 * (BOX + GAP) + 2.0;
        boxed(html, node, x);
        if place > 0 {
            let label = if place + 1 == nodes.len() && verdict.peak_pps > 0 && verdict.severity == Severity::Storm {
                picture.fill(&words::A_SECOND, [("n", number(verdict.peak_pps))])
            } else {
                words::protocol(verdict.protocol).to_owned()
            };
            arrow(html, x - GAP, &label);
        }
    }
    if returns && nodes.len() >= 2 {
        back(html, picture, nodes.len());
    }
    html.raw("</svg></div></figure>");
}

fn nodes(picture: &Picture<'_>) -> Vec<Node> {
    let verdict = picture.verdict;
    let culprit = verdict.culprit.as_ref();
    let others = verdict.origins.iter().filter(|origin| culprit.is_none_or(|c| c.mac.is_none() || origin.mac != c.mac));
    let others = others.collect::<Vec<_>>();
    let mut nodes = Vec::new();
    if let Some(first) = others.first() {
        let mut lines = lines(picture, first);
        if others.len() > 1 {
            lines.push(picture.fill(&words::OTHERS, [("n", (others.len() - 1).to_string())]));
        }
        let (class, role) = match (culprit, verdict.cause) {
            (None, "unexplained") => ("unsure", &words::SOMEBODY),
            _ => ("origin", &words::ORIGIN),
        };
        nodes.push(node(picture, class, role, lines));
    }
    match (culprit, verdict.cause) {
        (Some(culprit), "chatty_source") => {
            nodes.push(node(picture, "culprit", &words::CULPRIT, lines(picture, culprit)));
        }
        (Some(culprit), _) => nodes.push(node(picture, "culprit", &words::FORWARDER, lines(picture, culprit))),
        (None, "l2_loop") => {
            let what = vec![picture.say(&words::RING).to_owned()];
            nodes.push(node(picture, "culprit", &words::RING_WHAT, what));
        }
        (None, _) => {}
    }
    let mut reached = vec![picture.say(&words::LAN).to_owned(), verdict.segment.to_string()];
    reached.extend(verdict.groups.iter().take(2).map(ToString::to_string));
    nodes.push(node(picture, "lan", &words::EVERYBODY, reached));
    nodes
}

fn node(picture: &Picture<'_>, class: &'static str, role: &Text, lines: Vec<String>) -> Node {
    Node { class, role: picture.say(role).to_owned(), lines }
}

/// What a device is called, and its addresses.
fn lines(picture: &Picture<'_>, party: &Party) -> Vec<String> {
    let name = party.name.as_ref().map(ToString::to_string).or_else(|| (picture.called)(party.mac, party.ip));
    let name = name.unwrap_or_else(|| picture.say(&words::DEVICE).to_owned());
    let ip = party.ip.map(|ip| ip.to_string());
    let mac = party.mac.map(|mac| mac.to_string());
    [Some(name), ip, mac, party.port.as_ref().map(ToString::to_string)].into_iter().flatten().collect()
}

fn boxed(html: &mut Html, node: &Node, x: f64) {
    html.raw("<g class=\"")
        .raw(node.class)
        .raw("\"><rect y=\"34\" height=\"112\" rx=\"9\" x=\"")
        .text(&format!("{x:.0}"));
    html.raw("\" width=\"").text(&format!("{BOX:.0}")).raw("\"/>");
    let mut line = |class: &'static str, y: f64, text: &str| {
        html.raw("<text class=\"").raw(class).raw("\" x=\"").text(&format!("{:.0}", x + 14.0)).raw("\" y=\"");
        html.text(&format!("{y:.0}")).raw("\">").text(&shortened(text)).raw("</text>");
    };
    line("role", 57.0, &node.role);
    for (index, text) in node.lines.iter().take(4).enumerate() {
        line(if index == 0 { "name" } else { "detail" }, 80.0 + 19.0 * index as f64, text);
    }
    html.raw("</g>");
}

/// An arrow to the right that begins at `x`.
fn arrow(html: &mut Html, x: f64, label: &str) {
    let (from, to) = (x + 6.0, x + GAP - 8.0);
    html.raw("<g class=\"arrow\"><path d=\"M").text(&format!("{from:.0} 90H{to:.0}m-9 -6l9 6l-9 6")).raw("\"/>");
    html.raw("<text class=\"mark middle\" y=\"80\" x=\"").text(&format!("{:.0}", x + GAP / 2.0)).raw("\">");
    html.text(label).raw("</text></g>");
}

/// The arrow from the LAN back to whoever sends the frames on.
fn back(html: &mut Html, picture: &Picture<'_>, nodes: usize) {
    let from = (nodes - 1) as f64 * (BOX + GAP) + BOX / 2.0;
    let to = (nodes - 2) as f64 * (BOX + GAP) + BOX / 2.0;
    html.raw("<g class=\"arrow back\"><path d=\"M").text(&format!("{from:.0} 34V14H{to:.0}V32m-6 -9l6 9l6 -9"));
    html.raw("\"/><text class=\"mark middle\" y=\"10\" x=\"").text(&format!("{:.0}", (from + to) / 2.0)).raw("\">");
    html.text(picture.say(&words::AGAIN)).raw("</text></g>");
}

/// As much of the text as a box has room for.
fn shortened(text: &str) -> String {
    let mut columns = 0;
    let mut out = String::new();
    for letter in text.chars() {
        // CJK and full-width forms take two columns (Unicode TR 11); all that is shown here lies above U+1100.
        columns += if letter >= '\u{1100}' { 2 } else { 1 };
        if columns > COLUMNS + 6 {
            out.push('…');
            break;
        }
        out.push(letter);
    }
    out
}
