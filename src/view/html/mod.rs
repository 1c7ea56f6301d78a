//! The live page: one sentence on top, then what to do, why, and the LAN as it was learned. Server-rendered in parts, each of
//! which can be renewed by itself; works without script. Everything from the network is escaped and cut; nothing is loaded
//! from elsewhere. Knows no sockets and no engine but what a [`Face`] has gathered of it.

pub(in crate::view) mod escape;
pub(in crate::view) mod examination;
pub mod face;
mod gateways;
mod lan;
mod lists;
pub(in crate::view) mod pen;
mod spark;
#[cfg(test)]
mod tests;
mod top;
mod verdict;
mod words;

pub use examination::page as examination_page;
pub use face::{Check, Examining, Face, Frame};
pub use lists::{Manner, hosts_page, ports_page, storm_page, targets_page};

use crate::model::text::Language;
use escape::Html;
use pen::{Pen, tag};

/// The style sheet, served as `/style.css`.
pub const STYLE: &str = concat!(include_str!("style.css"), include_str!("svg.css"));
/// The script that renews the page when something changes, served as `/live.js`.
pub const SCRIPT: &str = include_str!("live.js");

/// A part of the page, which is renewed by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The `id` of its element.
    pub id: &'static str,
    /// The class of that element.
    pub class: &'static str,
    /// What is in it.
    pub html: String,
}

/// Where a part stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the coloured box on top: the word, the sentence, the time.
    Top,
    /// Below.
    Main,
}

struct Design {
    id: &'static str,
    place: Place,
    /// The tag of its element with what never changes: the sentence is read aloud when it does.
    open: &'static str,
    close: &'static str,
    write: fn(&mut Pen, &Face),
}

/// A section that is known by its heading.
macro_rules! section {
    ($id:literal, $write:path) => {
        Design {
            id: $id,
            place: Place::Main,
            open: concat!("<section aria-labelledby=\"h-", $id, "\""),
            close: "</section>",
            write: $write,
        }
    };
}

/// The parts, in their order. A new one is a function and a line here.
const DESIGN: &[Design] = &[
    Design { id: "word", place: Place::Top, open: "<p", close: "</p>", write: top::word },
    Design {
        id: "sentence",
        place: Place::Top,
        open: "<h1 aria-live=\"polite\" aria-atomic=\"true\"",
        close: "</h1>",
        write: top::sentence,
    },
    Design { id: "when", place: Place::Top, open: "<p", close: "</p>", write: top::when },
    Design { id: "check", place: Place::Main, open: "<div", close: "</div>", write: top::check },
    Design { id: "verdicts", place: Place::Main, open: "<div", close: "</div>", write: verdict::open },
    section!("traffic", lan::traffic),
    section!("lan", lan::switches),
    section!("hosts", lan::hosts),
    Design { id: "gateways", place: Place::Main, open: "<div", close: "</div>", write: lan::gateways },
    section!("targets", lan::targets),
    section!("feeds", lan::feeds),
    section!("examination", examination::latest),
    section!("history", verdict::history),
];

/// The parts of the page as they are now, in their order.
#[must_use]
pub fn parts(face: &Face, language: Language) -> Vec<Part> {
    let part = |design: &Design| {
        let mut pen = pen_of(face, language);
        (design.write)(&mut pen, face);
        let class = if design.id == "word" { face.snapshot.state.id() } else { "part" };
        Part { id: design.id, class, html: pen.html.finish() }
    };
    DESIGN.iter().map(part).collect()
}

fn pen_of(face: &Face, language: Language) -> Pen {
    let utc_offset_seconds = face.utc_offset_seconds;
    Pen { html: Html::new(), language, now: face.snapshot.at, utc_offset_seconds }
}

/// The whole document of these parts.
#[must_use]
pub fn page(parts: &[Part], language: Language) -> String {
    let mut html = Html::new();
    let state = parts.first().map_or("blind", |word| word.class);
    let word = parts.first().map_or("", |word| word.html.as_str());
    head(&mut html, word, language, true);
    html.raw("<header id=\"state\" class=\"state ").raw(state).raw("\">");
    let write = |html: &mut Html, place: Place| {
        for (design, part) in DESIGN.iter().zip(parts).filter(|(design, _)| design.place == place) {
            html.raw(design.open).raw(" id=\"").raw(design.id).raw("\" class=\"").raw(part.class).raw("\">");
            html.written(&part.html).raw(design.close);
        }
    };
    write(&mut html, Place::Top);
    html.raw("</header>");
    navigation(&mut html, language);
    html.raw("<main id=\"main\" tabindex=\"-1\">");
    write(&mut html, Place::Main);
    html.raw("</main>");
    foot(&mut html, language);
    html.finish()
}

/// The beginning of every page; `live`: it renews itself.
fn head(html: &mut Html, title: &str, language: Language, live: bool) {
    html.raw("<!doctype html><html lang=\"").raw(tag(language)).raw("\"><head><meta charset=\"utf-8\">");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    if live {
        html.raw("<noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript>");
    }
    html.raw("<title>").written(title).raw(" · stormglass</title><link rel=\"icon\" href=\"data:,\">");
    html.raw("<link rel=\"stylesheet\" href=\"/style.css\">");
    if live {
        html.raw("<script src=\"/live.js\" defer></script>");
    }
    html.raw("</head><body data-lost=\"").text(words::LOST.template(language)).raw("\">");
    html.raw("<a class=\"skip\" href=\"#main\">").text(words::SKIP.template(language)).raw("</a>");
}

fn navigation(html: &mut Html, language: Language) {
    html.raw("<nav aria-label=\"").text(words::SECTIONS.template(language)).raw("\"><ul>");
    for (link, text) in [
        ("<li><a href=\"#traffic\">", &words::TRAFFIC),
        ("<li><a href=\"#lan\">", &words::LAN),
        ("<li><a href=\"#hosts\">", &words::HOSTS),
        ("<li><a href=\"#gateways\">", &words::NAV_PORTS),
        ("<li><a href=\"#targets\">", &words::TARGETS),
        ("<li><a href=\"#feeds\">", &words::FEEDS),
        ("<li><a href=\"#examination\">", &examination::NAV),
        ("<li><a href=\"#history\">", &words::NAV_HISTORY),
    ] {
        html.raw(link).text(text.template(language)).raw("</a></li>");
    }
    html.raw("</ul><p class=\"languages\"><span class=\"aloud\">").text(words::PICK_LANGUAGE.template(language));
    html.raw("</span> ");
    match language {
        Language::English => {
            html.raw("<b>English</b> <a href=\"/?lang=ja\" lang=\"ja\" hreflang=\"ja\">日本語</a>");
        }
        Language::Japanese => {
            html.raw("<a href=\"/?lang=en\" lang=\"en\" hreflang=\"en\">English</a> <b>日本語</b>");
        }
    }
    html.raw("</p></nav>");
}

fn foot(html: &mut Html, language: Language) {
    html.raw("<footer><p>stormglass ").text(env!("CARGO_PKG_VERSION")).raw(" · ");
    html.text(words::FOR_PROGRAMS.template(language));
    html.raw(" <a href=\"/metrics\">metrics</a> · <a href=\"/api/v1/status\">status</a> · ");
    html.raw("<a href=\"/api/v1/storms\">storms</a> · <a href=\"/api/v1/targets\">targets</a> · ");
    html.raw("<a href=\"/api/v1/devices\">devices</a> · <a href=\"/api/v1/port-mappings\">port mappings</a></p>");
    html.raw("</footer></body></html>");
}

/// A plain table of texts.
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
