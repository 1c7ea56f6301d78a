//! The first copies of the datagram that a verdict rests on, one below the other, with their TTL as a bar: falling or
//! constant is seen at a glance. A table, so that it can be read aloud and printed.

use super::{Report, words};
use crate::explain::words::number;
use crate::model::verdict::Verdict;
use crate::observe::chronicle::{Ladder, Rung};
use crate::view::html::escape::Html;

/// The ladder of a verdict, if the capture shows one.
pub(super) fn draw(html: &mut Html, report: &Report<'_>, verdict: &Verdict, index: usize) {
    let Some(ladder) = of(report, verdict) else { return };
    let Some(first) = ladder.rungs.first() else { return };
    let most = ladder.rungs.iter().map(|rung| rung.ttl).max().unwrap_or(0).max(1);
    let label = format!("ladder-{index}");
    html.raw("<section><h2 id=\"").text(&label).raw("\">").text(report.say(&words::LADDER));
    html.raw("</h2><div class=\"scroll\"><table class=\"ladder\"><caption>").text(&caption(report, ladder));
    html.raw("</caption><thead><tr>");
    for head in [&words::COLUMN_FRAME, &words::COLUMN_TIME, &words::COLUMN_SENDER, &words::COLUMN_TTL] {
        html.raw("<th scope=\"col\">").text(report.say(head)).raw("</th>");
    }
    html.raw("</tr></thead><tbody>");
    for rung in &ladder.rungs {
        let role = role(verdict, ladder, rung);
        html.raw("<tr class=\"").raw(role.class()).raw("\"><td>").text(&number(rung.number)).raw("</td><td>");
        let after = rung.at.since(first.at).as_secs_f64() * 1e3;
        html.text(&format!("+{after:.2} ms")).raw("</td><td>").text(&rung.mac.to_string());
        if let Some(called) = report.called(Some(rung.mac), own_ip(verdict, rung)) {
            html.raw(" <b>").text(&called).raw("</b>");
        }
        html.raw(" <small>").text(report.say(role.word())).raw("</small></td><td class=\"ttl\">");
        bar(html, rung.ttl, most);
        html.raw("</td></tr>");
    }
    html.raw("</tbody></table></div>");
    if first.ttl > 0 {
        let falls = ladder.rungs.windows(2).filter(|two| two[1].ttl < two[0].ttl).count();
        // The first copy of a reflection may be one lower than the original; what counts is how it goes on.
        let dies = falls + 1 >= ladder.rungs.len().max(3) - 1;
        html.raw("<p>").text(report.say(if dies { &words::FALLS } else { &words::STAYS })).raw("</p>");
    }
    html.raw("</section>");
}

/// A TTL as a bar and as a number; a dash where there is no IP header to have one.
fn bar(html: &mut Html, ttl: u8, most: u8) {
    if ttl == 0 {
        html.raw("–");
        return;
    }
    let length = f64::from(ttl) / f64::from(most) * 150.0;
    html.raw("<svg viewBox=\"0 0 200 16\" aria-hidden=\"true\"><rect height=\"16\" rx=\"2\" width=\"");
    html.text(&format!("{:.1}", length.max(2.0))).raw("\"/><text y=\"13\" x=\"").text(&format!("{:.1}", length + 8.0));
    html.raw("\">").text(&ttl.to_string()).raw("</text></svg><span class=\"aloud\">").text(&ttl.to_string());
    html.raw("</span>");
}

/// The datagram that the evidence speaks of; else the one of its segment and time with most copies.
fn of<'a>(report: &Report<'a>, verdict: &Verdict) -> Option<&'a Ladder> {
    let all = report.chronicle.ladders().all();
    let here = || all.iter().copied().filter(|ladder| ladder.is_in(&verdict.segment));
    let numbers = verdict.evidence.iter().find_map(|evidence| evidence.frame_numbers);
    let named = |ladder: &&Ladder| ladder.rungs.first().map(|rung| rung.number) == numbers.map(|(first, _)| first);
    numbers?;
    here().find(named).or_else(|| here().find(|ladder| ladder.last >= verdict.started))
}

/// What a rung is.
#[derive(Clone, Copy)]
enum Role {
    Original,
    Copy,
    /// Nobody can tell whether it is the original.
    First,
}

impl Role {
    const fn class(self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Copy => "copy",
            Self::First => "first",
        }
    }

    const fn word(self) -> &'static crate::model::text::Text {
        match self {
            Self::Original => &words::ROLE_ORIGINAL,
            Self::Copy => &words::ROLE_COPY,
            Self::First => &words::ROLE_FIRST,
        }
    }
}

fn role(verdict: &Verdict, ladder: &Ladder, rung: &Rung) -> Role {
    let first = ladder.rungs.first().is_some_and(|first| first.number == rung.number);
    let origin = verdict.origins.iter().any(|origin| origin.mac == Some(rung.mac));
    match (first, origin) {
        (true, true) => Role::Original,
        (true, false) => Role::First,
        (false, _) => Role::Copy,
    }
}

/// The address of whoever sent it, as far as the verdict tells: the source address on a copy is not its sender's.
fn own_ip(verdict: &Verdict, rung: &Rung) -> Option<std::net::IpAddr> {
    let parties = verdict.origins.iter().chain(&verdict.culprit);
    parties.filter(|party| party.mac == Some(rung.mac)).find_map(|party| party.ip)
}

fn caption(report: &Report<'_>, ladder: &Ladder) -> String {
    let or_dash = |ip: Option<std::net::IpAddr>| ip.map_or_else(|| "–".to_owned(), |ip| ip.to_string());
    report.fill(
        &words::LADDER_TEXT,
        [
            ("shown", ladder.rungs.len().to_string()),
            ("copies", number(ladder.copies)),
            ("protocol", words::protocol(ladder.protocol).to_owned()),
            ("ip", or_dash(ladder.ip)),
            ("group", or_dash(ladder.group)),
            ("id", ladder.ip_id.map_or_else(String::new, |id| format!(" (IP ID {id:#06x})"))),
        ],
    )
}
