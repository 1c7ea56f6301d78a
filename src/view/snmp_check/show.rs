//! A check on one screen, and as JSON. Judges nothing.

use super::{Answer, Bridge, Check, CounterFact, Facts, Finding, Numbering, counters, findings};
use crate::explain::words::number;
use crate::mib::pulse::Refresh;
use crate::view::text::{Style, wrapped};
use crate::view::upnp::printable;
use serde_json::{Value, json};
use std::time::Duration;

/// Characters of sysDescr on the screen; some write a page.
const MAX_DESCR: usize = 160;
/// Width of the first column.
const LABEL: usize = 10;

/// One screen. Ends with a newline.
#[must_use]
pub fn text(check: &Check, style: Style) -> String {
    let mut out = format!("{} ({}), asked in SNMP{}\n", printable(&check.target), check.address, check.version);
    let answers = check.answers.iter().map(|(version, answer)| format!("{version} {}", short(answer)));
    line(&mut out, style, "answers", &answers.collect::<Vec<_>>().join(", "));
    match (&check.facts, check.answer()) {
        (Some(facts), _) => device(&mut out, style, facts),
        (None, Answer::Fails(_, sentence)) => line(&mut out, style, "", &printable(sentence)),
        (None, _) => {}
    }
    let findings = findings(check);
    if check.facts.is_some() {
        out.push_str(if findings.is_empty() { "\nNothing to mend.\n" } else { "\nTo mend\n" });
    }
    for (index, finding) in findings.iter().enumerate() {
        let Finding { what, next, .. } = finding;
        let sentence = format!("{}. {}.", printable(what).trim_end_matches('.'), next.trim_end_matches('.'));
        wrapped(&mut out, style, &format!("  {}. ", index + 1), "     ", &capitalised(&sentence));
    }
    out
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn line(out: &mut String, style: Style, label: &str, text: &str) {
    let first = format!("  {label:<LABEL$}");
    wrapped(out, style, &first, &" ".repeat(LABEL + 2), text);
}

fn short(answer: &Answer) -> String {
    match answer {
        Answer::Reads(latency) => format!("yes ({})", span(*latency)),
        Answer::Speaks => "yes (no user tried)".to_owned(),
        Answer::Silent => "no answer".to_owned(),
        Answer::Fails(reason, _) => format!("no ({reason})"),
        Answer::NotAsked => "not asked".to_owned(),
    }
}

/// `1.2 ms`, `3.4 s`.
fn span(time: Duration) -> String {
    match time {
        time if time < Duration::from_secs(1) => format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        time => format!("{:.1} s", time.as_secs_f64()),
    }
}

fn uptime(hundredths: u32) -> String {
    let seconds = hundredths / 100;
    format!("{} d {:02}:{:02}:{:02}", seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

fn device(out: &mut String, style: Style, facts: &Facts) {
    let sample = &facts.second;
    let descr = printable(&sample.sys_descr.split_whitespace().collect::<Vec<_>>().join(" "));
    let descr = match descr.char_indices().nth(MAX_DESCR) {
        Some((end, _)) => format!("{}…", &descr[..end]),
        None => descr,
    };
    line(out, style, "device", &format!("{}: {descr}", printable(&sample.sys_name)));
    line(out, style, "up for", &sample.sys_uptime.map_or_else(|| "not told".to_owned(), uptime));
    let up = sample.ports.iter().filter(|port| port.oper_up).count();
    line(out, style, "ports", &format!("{}, {up} of them up", sample.ports.len()));
    let tables = facts.tables.iter().map(|table| match &table.rows {
        Ok(rows) => format!("{} {}", table.name, number(*rows as u64)),
        Err(_) => format!("{} not readable", table.name),
    });
    line(out, style, "rows", &tables.collect::<Vec<_>>().join(", "));
    for (index, fact) in counters(&facts.first, &facts.second).iter().enumerate() {
        let label = if index == 0 { "counters" } else { "" };
        let first = format!("  {label:<LABEL$}{:<14}", fact.kind.key());
        wrapped(out, style, &first, &" ".repeat(first.len()), &counter(*fact));
    }
    line(out, style, "refresh", &refresh(facts.refresh));
    line(out, style, "bridge", &bridge(&facts.bridge));
    let cost = facts.cost;
    let largest = number(cost.largest);
    let cost =
        format!("{} round trips and {} a poll, largest answer {largest} bytes", cost.round_trips, span(cost.poll));
    line(out, style, "cost", &cost);
}

/// How many addresses are behind which ports, and by what that is known.
fn bridge(bridge: &Bridge) -> String {
    let count = |n: usize| number(n as u64);
    let base = match bridge.base_ports {
        0 => "no dot1dBasePortTable".to_owned(),
        rows => format!("dot1dBasePortTable has {} ports", count(rows)),
    };
    if bridge.addresses() == 0 {
        return format!("no addresses behind its ports, nothing to number; {base}");
    }
    let mut parts = Vec::new();
    for Numbering { way, ports, addresses, confidence } in bridge.numbering.iter().copied() {
        parts.push(format!(
            "{} by {way} ({} {}, confidence {confidence})",
            count(addresses),
            count(ports),
            if ports == 1 { "port" } else { "ports" }
        ));
    }
    if bridge.numbering.is_empty() {
        parts.push("numbering: none".to_owned());
    }
    if bridge.unresolved > 0 {
        parts.push(format!("{} behind ports that belong to no interface", count(bridge.unresolved)));
    }
    if bridge.untold > 0 {
        parts.push(format!("{} without a port", count(bridge.untold)));
    }
    format!(
        "{} of {} addresses resolved to an interface: {}; {base}",
        count(bridge.resolved()),
        count(bridge.addresses()),
        parts.join(", ")
    )
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

fn counter(fact: CounterFact) -> String {
    let bits = match fact.wide {
        0 => "32 bit",
        wide if wide == fact.ports => "64 bit",
        _ => "32 and 64 bit",
    };
    let CounterFact { ports, moved, zero, .. } = fact;
    let on = if ports == 1 { "1 port".to_owned() } else { format!("{ports} ports") };
    format!("{bits}, on {on}: {moved} moved, {zero} always zero")
}

fn refresh(refresh: Option<Refresh>) -> String {
    match refresh {
        Some(Refresh::Within(time)) => format!("at every reading, so within {}", span(time)),
        Some(Refresh::Every(time)) => format!("about every {}", span(time)),
        Some(Refresh::Unseen(time)) => format!("not seen twice in {}", span(time)),
        None => "not watched".to_owned(),
    }
}

/// The same as JSON. Times are in seconds.
#[must_use]
pub fn json(check: &Check) -> Value {
    let answers = check.answers.iter().map(|(version, answer)| {
        let (reads, reason, message) = match answer {
            Answer::Reads(_) => (true, Value::Null, Value::Null),
            Answer::Speaks => (false, json!("no_user"), Value::Null),
            Answer::Silent => (false, json!("timeout"), Value::Null),
            Answer::Fails(reason, message) => (false, json!(reason), json!(message)),
            Answer::NotAsked => (false, json!("not_asked"), Value::Null),
        };
        let latency = if let Answer::Reads(latency) = answer { json!(latency.as_secs_f64()) } else { Value::Null };
        (
            (*version).to_owned(),
            json!({ "reads": reads, "reason": reason, "message": message, "latency_seconds": latency }),
        )
    });
    let findings = findings(check);
    let findings = findings.iter().map(|f| json!({ "id": f.id, "what": f.what, "next": f.next })).collect::<Vec<_>>();
    json!({
        "target": check.target,
        "address": check.address,
        "version": check.version,
        "answers": answers.collect::<serde_json::Map<_, _>>(),
        "device": check.facts.as_ref().map(facts_json),
        "findings": findings,
    })
}

fn facts_json(facts: &Facts) -> Value {
    let sample = &facts.second;
    let tables = facts.tables.iter().map(|table| match &table.rows {
        Ok(rows) => json!({ "name": table.name, "rows": rows, "error": null }),
        Err(error) => json!({ "name": table.name, "rows": null, "error": error }),
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
