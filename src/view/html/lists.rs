//! Pages of their own, for what the live page has no room for: all hosts, ports and targets, a hundred lines at a time, and
//! one storm with its evidence. They do not renew themselves.

use super::escape::Html;
use super::face::{HostLine, Listed, PAGE, PortLine, TargetLine};
use super::pen::{NAME, Pen, SENTENCE};
use super::{foot, head, lan, verdict, words};
use crate::engine::Snapshot;
use crate::explain::words::number;
use crate::model::Time;
use crate::model::text::{Language, Text};
use crate::model::verdict::Verdict;
use crate::view::{lang, notes};
use std::sync::Arc;

/// How a page is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// The language.
    pub language: Language,
    /// Now.
    pub now: Time,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
}

/// All hosts.
#[must_use]
pub fn hosts_page(listed: &Listed<HostLine>, manner: Manner) -> String {
    document(&words::HOSTS, manner, |pen| {
        lan::host_table(pen, &listed.lines);
        pages(pen, "/hosts", listed.page, listed.total);
    })
}

/// All targets.
#[must_use]
pub fn targets_page(listed: &Listed<TargetLine>, manner: Manner) -> String {
    document(&words::TARGETS, manner, |pen| {
        lan::target_table(pen, &listed.lines);
        pages(pen, "/targets", listed.page, listed.total);
    })
}

/// All ports.
#[must_use]
pub fn ports_page(listed: &Listed<(Arc<str>, PortLine)>, manner: Manner) -> String {
    document(&words::LAN, manner, |pen| {
        pen.table(&words::LAN, &[&words::TARGET, &words::PORT, &words::LEADS_TO, &words::IN, &words::OUT]);
        for (target, port) in &listed.lines {
            pen.raw(if port.up { "<tr><td>" } else { "<tr class=\"down\"><td>" }).cut(target, NAME).raw("</td>");
            lan::port(pen, port);
            pen.raw("</tr>");
        }
        pen.end_table();
        pages(pen, "/ports", listed.page, listed.total);
    })
}

/// One storm with its evidence; without one, that it is not remembered any more.
#[must_use]
pub fn storm_page(snapshot: &Snapshot, found: Option<&Verdict>, token: &str, manner: Manner) -> String {
    document(&words::HISTORY, manner, |pen| match found {
        Some(found) => {
            let sentence = lang::headline(found, pen.language);
            pen.raw("<p class=\"said\">").cut(&sentence, SENTENCE).raw("</p>");
            verdict::explained(pen, snapshot, found, "storm");
            notes::forms(pen, found, token);
        }
        None => {
            pen.raw("<p>").say(&words::GONE).raw("</p>");
        }
    })
}

pub(super) fn document(title: &Text, manner: Manner, write: impl FnOnce(&mut Pen)) -> String {
    let Manner { language, now, utc_offset_seconds } = manner;
    let mut pen = Pen { html: Html::new(), language, now, utc_offset_seconds };
    let mut name = Html::new();
    name.text(title.template(language));
    head(&mut pen.html, &name.finish(), language, false);
    let back = words::BACK.template(language);
    pen.raw("<nav><p>").link("/", "", back).raw("</p></nav>");
    pen.raw("<main id=\"main\" tabindex=\"-1\"><h1 class=\"plain\">").say(title).raw("</h1><div class=\"list\">");
    write(&mut pen);
    pen.raw("</div></main>");
    foot(&mut pen.html, language);
    pen.html.finish()
}

/// Where one is in the list, and the ways on and back.
fn pages(pen: &mut Pen, path: &'static str, page: usize, total: usize) {
    let all = total.div_ceil(PAGE).max(1);
    let facts = [("n", number(page as u64 + 1)), ("all", number(all as u64))];
    let said = pen.fill(&words::PAGE, facts);
    let lang = super::tag(pen.language);
    pen.raw("<nav class=\"pages\" aria-label=\"").text(&said).raw("\"><p>").text(&said);
    let ways = [(page.checked_sub(1), &words::PREVIOUS), (Some(page + 1).filter(|next| *next < all), &words::NEXT)];
    for (to, text) in ways {
        if let Some(to) = to {
            pen.raw(" · <a href=\"").raw(path).raw("?lang=").raw(lang).raw("&amp;page=").text(&to.to_string());
            pen.raw("\">").say(text).raw("</a>");
        }
    }
    pen.raw("</p></nav>");
}
