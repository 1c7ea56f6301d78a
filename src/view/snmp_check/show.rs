//! A check on one screen, and as JSON. Judges nothing.

use super::{Answer, Bridge, Check, CounterFact, Facts, Finding, Numbering, counters, findings, words};
use crate::explain::words::number;
use crate::mib::pulse::Refresh;
use crate::model::text::{self, Language, Text};
use crate::view::lang;
use crate::view::text::{Style, columns, wrapped};
use crate::view::upnp::printable;
use serde_json::{Value, json};
use std::time::Duration;

/// Characters of sysDescr on the screen; some write a page.
const MAX_DESCR: usize = 160;
/// Width of the column of counters.
const KIND: usize = 14;

/// What fills the places of a text.
fn fill<const N: usize>(text: &Text, language: Language, facts: [(&'static str, String); N]) -> String {
    text.fill(language, &text::Facts::from(facts))
}

/// One screen. Ends with a newline.
#[must_use]
pub fn text(check: &Check, style: Style) -> String {
    let language = style.language;
    let say = |text: &Text| text.template(language);
    let head = [
        ("target", printable(&check.target)),
        ("address", check.address.clone()),
        ("version", check.version.to_owned()),
    ];
    let mut screen = Screen { out: fill(&words::HEAD, language, head), style };
    screen.out.push('\n');
    let answers = check.answers.iter().map(|(version, answer)| format!("{version} {}", short(answer, language)));
    screen.line(&words::ANSWERS, &answers.collect::<Vec<_>>().join(say(&words::LIST)));
    match (&check.facts, check.answer()) {
        (Some(facts), _) => device(&mut screen, facts),
        (None, Answer::Fails(_, sentence)) => screen.more(&printable(&lang::of_target(sentence, language))),
        (None, _) => {}
    }
    let findings = findings(check, language);
    let mut out = screen.out;
    if check.facts.is_some() {
        out.push_str(&format!("\n{}\n", say(if findings.is_empty() { &words::GOOD } else { &words::MEND })));
    }
    for (index, finding) in findings.iter().enumerate() {
        let Finding { what, next, .. } = finding;
        let [what, next] = [what, next].map(|text| printable(text).trim_end_matches(['.', '。']).to_owned());
        let sentence = fill(&words::FINDING, language, [("what", what), ("next", next)]);
        wrapped(&mut out, style, &format!("  {}. ", index + 1), "     ", &capitalised(&sentence));
    }
    out
}

/// Not what begins with an identifier: `ifXTable` is written like this everywhere.
fn capitalised(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.chars().all(char::is_lowercase) {
        return text.to_owned();
    }
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Lines with a label in front.
struct Screen {
    out: String,
    style: Style,
}

impl Screen {
    const fn language(&self) -> Language {
        self.style.language
    }

    fn say(&self, text: &Text) -> &'static str {
        text.template(self.language())
    }

    /// Width of the labels, in columns of the terminal.
    const fn label_width(&self) -> usize {
        match self.language() {
            Language::English => 10,
            Language::Japanese => 11,
        }
    }

    fn labelled(&mut self, label: &str, text: &str) {
        let width = self.label_width();
        let first = format!("  {label}{}", " ".repeat(width.saturating_sub(columns(label))));
        wrapped(&mut self.out, self.style, &first, &" ".repeat(width + 2), text);
    }

    fn line(&mut self, label: &Text, text: &str) {
        self.labelled(self.say(label), text);
    }

    /// Goes on with the line before.
    fn more(&mut self, text: &str) {
        self.labelled("", text);
    }
}

fn short(answer: &Answer, language: Language) -> String {
    match answer {
        Answer::Reads(latency) => fill(&words::READS, language, [("time", span(*latency, language))]),
        Answer::Speaks => words::SPEAKS.template(language).to_owned(),
        Answer::Silent => words::SILENT.template(language).to_owned(),
        Answer::Fails(reason, _) => fill(&words::FAILS, language, [("reason", (*reason).to_owned())]),
        Answer::NotAsked => words::NOT_ASKED.template(language).to_owned(),
    }
}

/// `1.2 ms`, `3.4 s`.
fn span(time: Duration, language: Language) -> String {
    let (text, number) = match time {
        time if time < Duration::from_secs(1) => (&words::MILLISECONDS, time.as_secs_f64() * 1000.0),
        time => (&words::SECONDS, time.as_secs_f64()),
    };
    fill(text, language, [("n", format!("{number:.1}"))])
}

fn uptime(hundredths: u32, language: Language) -> String {
    let seconds = hundredths / 100;
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    fill(&words::UPTIME, language, [("days", (seconds / 86_400).to_string()), ("clock", clock)])
}

fn device(screen: &mut Screen, facts: &Facts) {
    let (sample, language) = (&facts.second, screen.language());
    let descr = printable(&sample.sys_descr.split_whitespace().collect::<Vec<_>>().join(" "));
    let descr = match descr.char_indices().nth(MAX_DESCR) {
        Some((end, _)) => format!("{}…", &descr[..end]),
        None => descr,
    };
    screen.line(&words::DEVICE, &format!("{}: {descr}", printable(&sample.sys_name)));
    let up_for = sample.sys_uptime.map(|hundredths| uptime(hundredths, language));
    screen.line(&words::UP_FOR, up_for.as_deref().unwrap_or(screen.say(&words::NOT_TOLD)));
    let up = sample.ports.iter().filter(|port| port.oper_up).count();
    let ports = [("ports", sample.ports.len().to_string()), ("up", up.to_string())];
    screen.line(&words::PORTS, &fill(&words::HOW_MANY_PORTS, language, ports));
    let tables = facts.tables.iter().map(|table| match &table.rows {
        Ok(rows) => format!("{} {}", table.name, number(*rows as u64)),
        Err(_) => fill(&words::NOT_READABLE, language, [("table", table.name.to_owned())]),
    });
    screen.line(&words::ROWS, &tables.collect::<Vec<_>>().join(screen.say(&words::LIST)));
    for (index, fact) in counters(&facts.first, &facts.second).iter().enumerate() {
        let label = if index == 0 { screen.say(&words::COUNTERS) } else { "" };
        let gap = " ".repeat(screen.label_width().saturating_sub(columns(label)));
        let first = format!("  {label}{gap}{:<KIND$}", fact.kind.key());
        let next = " ".repeat(columns(&first));
        wrapped(&mut screen.out, screen.style, &first, &next, &counter(*fact, language));
    }
    screen.line(&words::REFRESH, &refresh(facts.refresh, language));
    screen.line(&words::BRIDGE, &bridge(&facts.bridge, language));
    let cost = facts.cost;
    let cost = [
        ("round_trips", cost.round_trips.to_string()),
        ("time", span(cost.poll, language)),
        ("largest", number(cost.largest)),
    ];
    screen.line(&words::COST, &fill(&words::COSTS, language, cost));
}

fn ports(count: usize, language: Language) -> String {
    let text = if count == 1 { &words::ONE_PORT } else { &words::MANY_PORTS };
    fill(text, language, [("n", number(count as u64))])
}

/// How many addresses are behind which ports, and by what that is known.
fn bridge(bridge: &Bridge, language: Language) -> String {
    let count = |n: usize| number(n as u64);
    let base = match bridge.base_ports {
        0 => words::NO_BASE.template(language).to_owned(),
        rows => fill(&words::BASE, language, [("n", count(rows))]),
    };
    if bridge.addresses() == 0 {
        return fill(&words::NO_ADDRESSES, language, [("base", base)]);
    }
    let mut parts = Vec::new();
    for one in &bridge.numbering {
        let Numbering { way, confidence, .. } = one;
        let facts = [
            ("n", count(one.addresses)),
            ("way", way.to_string()),
            ("ports", ports(one.ports, language)),
            ("confidence", confidence.to_string()),
        ];
        parts.push(fill(&words::NUMBERED, language, facts));
    }
    if bridge.numbering.is_empty() {
        parts.push(words::NO_NUMBERING.template(language).to_owned());
    }
    for (left, text) in [(bridge.unresolved, &words::UNRESOLVED), (bridge.untold, &words::UNTOLD)] {
        if left > 0 {
            parts.push(fill(text, language, [("n", count(left))]));
        }
    }
    let facts = [
        ("resolved", count(bridge.resolved())),
        ("all", count(bridge.addresses())),
        ("parts", parts.join(words::LIST.template(language))),
        ("base", base),
    ];
    fill(&words::RESOLVED, language, facts)
}

/// `way` is that of most addresses, or `none`; `confidence` that of the least sure port.
fn bridge_json(bridge: &Bridge) -> Value {
    let numbering = bridge.numbering.iter().map(|one| {
        json!({
            "way": one.way.to_string(), "ports": one.ports, "addresses": one.addresses, "confidence": one.confidence,
        })
    });
    json!({
        "base_ports": bridge.base_ports,
        "addresses": bridge.addresses(),
        "resolved": bridge.resolved(),
        "unresolved": bridge.unresolved,
        "untold": bridge.untold,
        "way": bridge.numbering.first().map_or_else(|| "none".to_owned(), |one| one.way.to_string()),
        "confidence": bridge.numbering.iter().map(|one| one.confidence).reduce(f64::min),
        "numbering": numbering.collect::<Vec<_>>(),
    })
}

fn counter(fact: CounterFact, language: Language) -> String {
    let bits = match fact.wide {
        0 => &words::WIDTH_32,
        wide if wide == fact.ports => &words::WIDTH_64,
        _ => &words::WIDTH_BOTH,
    };
    let facts = [
        ("bits", bits.template(language).to_owned()),
        ("ports", ports(fact.ports, language)),
        ("moved", fact.moved.to_string()),
        ("zero", fact.zero.to_string()),
    ];
    fill(&words::COUNTER, language, facts)
}

fn refresh(refresh: Option<Refresh>, language: Language) -> String {
    let (text, time) = match refresh {
        Some(Refresh::Within(time)) => (&words::WITHIN, time),
        Some(Refresh::Every(time)) => (&words::EVERY, time),
        Some(Refresh::Unseen(time)) => (&words::UNSEEN, time),
        None => (&words::NOT_WATCHED, Duration::ZERO),
    };
    fill(text, language, [("time", span(time, language))])
}

/// The same as JSON: sentences in the language, keys and ids in none. Times are in seconds.
#[must_use]
pub fn json(check: &Check, language: Language) -> Value {
    let said = |sentence: &str| lang::of_target(sentence, language).into_owned();
    let answers = check.answers.iter().map(|(version, answer)| {
        let (reads, reason, message) = match answer {
            Answer::Reads(_) => (true, Value::Null, Value::Null),
            Answer::Speaks => (false, json!("no_user"), Value::Null),
            Answer::Silent => (false, json!("timeout"), Value::Null),
            Answer::Fails(reason, message) => (false, json!(reason), json!(said(message))),
            Answer::NotAsked => (false, json!("not_asked"), Value::Null),
        };
        let latency = if let Answer::Reads(latency) = answer { json!(latency.as_secs_f64()) } else { Value::Null };
        (
            (*version).to_owned(),
            json!({ "reads": reads, "reason": reason, "message": message, "latency_seconds": latency }),
        )
    });
    let findings = findings(check, language);
    let findings = findings.iter().map(|f| json!({ "id": f.id, "what": f.what, "next": f.next })).collect::<Vec<_>>();
    json!({
        "target": check.target,
        "address": check.address,
        "version": check.version,
        "answers": answers.collect::<serde_json::Map<_, _>>(),
        "device": check.facts.as_ref().map(|facts| facts_json(facts, language)),
        "findings": findings,
    })
}

fn facts_json(facts: &Facts, language: Language) -> Value {
    let sample = &facts.second;
    let tables = facts.tables.iter().map(|table| match &table.rows {
        Ok(rows) => json!({ "name": table.name, "rows": rows, "error": null }),
        Err(error) => json!({ "name": table.name, "rows": null, "error": lang::of_target(error, language) }),
    });
    let counters = counters(&facts.first, &facts.second).into_iter().map(|fact| {
        json!({
            "name": fact.kind.key(), "ports": fact.ports, "ports_64_bit": fact.wide, "ports_moved": fact.moved,
            "ports_zero": fact.zero,
        })
    });
    let (refresh, seconds) = match facts.refresh {
        Some(Refresh::Within(time)) => ("within", Some(time)),
        Some(Refresh::Every(time)) => ("every", Some(time)),
        Some(Refresh::Unseen(time)) => ("unseen_in", Some(time)),
        None => ("not_watched", None),
    };
    json!({
        "sys_name": sample.sys_name,
        "sys_descr": sample.sys_descr,
        "sys_uptime_seconds": sample.sys_uptime.map(|hundredths| f64::from(hundredths) / 100.0),
        "ports": sample.ports.len(),
        "ports_up": sample.ports.iter().filter(|port| port.oper_up).count(),
        "tables": tables.collect::<Vec<_>>(),
        "counters": counters.collect::<Vec<_>>(),
        "refresh": { "kind": refresh, "seconds": seconds.map(|time| time.as_secs_f64()) },
        "bridge": bridge_json(&facts.bridge),
        "cost": {
            "round_trips": facts.cost.round_trips, "poll_seconds": facts.cost.poll.as_secs_f64(),
            "largest_answer_bytes": facts.cost.largest,
        },
    })
}
