//! The tables of a report: who sends to which group, and who sends most.

use super::{Report, words};
use crate::explain::words::number;
use crate::model::text::Text;
use crate::view::html::escape::Html;

/// Lines of each table.
const MAX_LINES: usize = 15;

/// Who sends to which group.
pub(super) fn groups(html: &mut Html, report: &Report<'_>) {
    let lines = report.chronicle.flows().groups(MAX_LINES);
    if lines.is_empty() {
        return;
    }
    begin(
        html,
        report,
        &words::GROUPS,
        &[&words::COLUMN_GROUP, &words::PROTOCOL, &words::FRAMES, &words::COLUMN_REPEATS, &words::COLUMN_SENDERS],
    );
    for line in lines {
        let group = line.group.map_or_else(|| report.say(&words::BROADCAST).to_owned(), |group| group.to_string());
        html.raw("<tr><th scope=\"row\">").text(&group).raw("</th><td>").text(words::protocol(line.protocol));
        html.raw("</td><td class=\"n\">").text(&number(line.flow.frames)).raw("</td><td class=\"n\">");
        html.text(&share(line.flow.repeats, line.flow.frames)).raw("</td><td>");
        for (index, (mac, ip, frames)) in line.senders.iter().enumerate() {
            if index > 0 {
                html.raw("<br>");
            }
            html.text(&mac.to_string());
            if let Some(ip) = ip {
                html.text(&format!(" ({ip})"));
            }
            html.raw(" <b>").text(&report.called(Some(*mac), None).unwrap_or_default()).raw("</b> <small>");
            html.text(&number(*frames)).raw("</small>");
        }
        let more = line.sources.saturating_sub(line.senders.len());
        if more > 0 {
            html.raw("<br><small>").text(&report.fill(&words::MORE_SENDERS, [("n", more.to_string())])).raw("</small>");
        }
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table></div></section>");
}

/// Who sends most.
pub(super) fn sources(html: &mut Html, report: &Report<'_>) {
    let flows = report.chronicle.flows();
    let lines = flows.sources(MAX_LINES);
    if lines.is_empty() {
        return;
    }
    begin(
        html,
        report,
        &words::SOURCES,
        &[
            &words::COLUMN_MAC,
            &words::COLUMN_MAKER,
            &words::COLUMN_ADDRESS,
            &words::COLUMN_MOSTLY,
            &words::FRAMES,
            &words::COLUMN_SHARE,
        ],
    );
    for line in lines {
        let maker = crate::model::vendor::vendor(line.mac).unwrap_or_else(|| report.say(&words::NO_MAKER));
        html.raw("<tr><th scope=\"row\">").text(&line.mac.to_string()).raw("</th><td>").text(maker).raw("</td><td>");
        for (index, ip) in line.ips.iter().enumerate() {
            if index > 0 {
                html.raw("<br>");
            }
            html.text(&ip.to_string());
            if let Some(name) = report.names.get(ip) {
                html.raw(" <b>").text(name).raw("</b>");
            }
        }
        let more = line.addresses.saturating_sub(line.ips.len());
        if more > 0 {
            html.raw("<br><small>").text(&report.fill(&words::MORE_SENDERS, [("n", more.to_string())])).raw("</small>");
        }
        html.raw("</td><td>").text(words::protocol(line.protocol)).raw("</td><td class=\"n\">");
        html.text(&number(line.flow.frames)).raw("</td><td class=\"n\">");
        html.text(&share(line.flow.frames, flows.total().frames)).raw("</td></tr>");
    }
    html.raw("</tbody></table></div></section>");
}

fn begin(html: &mut Html, report: &Report<'_>, title: &Text, heads: &[&Text]) {
    html.raw("<section><h2>")
        .text(report.say(title))
        .raw("</h2><div class=\"scroll\"><table><caption class=\"aloud\">");
    html.text(report.say(title)).raw("</caption><thead><tr>");
    for head in heads {
        html.raw("<th scope=\"col\">").text(report.say(head)).raw("</th>");
    }
    html.raw("</tr></thead><tbody>");
}

/// `12 %`, and `< 1 %` for what is little and not nothing.
fn share(part: u64, whole: u64) -> String {
    if part == 0 || whole == 0 {
        return "0 %".to_owned();
    }
    let percent = part as f64 / whole as f64 * 100.0;
    if percent < 1.0 { "< 1 %".to_owned() } else { format!("{percent:.0} %") }
}
