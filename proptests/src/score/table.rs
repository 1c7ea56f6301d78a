//! The score as text: Markdown tables that a terminal shows as well. Computes nothing but shares.

use super::{Row, is_known, quantile};
use crate::generate::{Feeds, What};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

/// The rows of one choice of feeds, in order.
pub type Rows = Vec<(What, Row)>;

/// All of it.
#[must_use]
pub fn render(first_seed: u64, seeds: u64, tables: &[(Feeds, Rows)]) -> String {
    let last = first_seed + seeds.saturating_sub(1);
    let mut text = format!("Worlds of the seeds {first_seed} to {last}, each cause by each seed.\n");
    for (feeds, rows) in tables {
        let _ = write!(text, "\n## Feeds: {}\n\n", feeds.id());
        storms(&mut text, rows, *feeds);
        healthy(&mut text, rows);
        confusion(&mut text, rows);
    }
    text
}

fn share((right, asked): (usize, usize)) -> String {
    if asked == 0 { "-".to_owned() } else { format!("{:.1} % of {asked}", right as f64 * 100.0 / asked as f64) }
}

fn times(values: &[Duration]) -> String {
    match (quantile(values, 0.5), quantile(values, 0.99)) {
        (Some(half), Some(most)) => format!("{:.2} / {:.2}", half.as_secs_f64(), most.as_secs_f64()),
        _ => "-".to_owned(),
    }
}

fn storms(text: &mut String, rows: &Rows, feeds: Feeds) {
    let polls = if feeds == Feeds::Capture { "" } else { " detected, renewed polls p50 / p99 |" };
    let _ = writeln!(
        text,
        "| storm | right cause | right culprit | right port | innocents | detected, s p50 / p99 | cause, s p50 / p99 |{polls}"
    );
    let _ = writeln!(text, "|---|---|---|---|---|---|---|{}", if polls.is_empty() { "" } else { "---|" });
    for (what, row) in rows {
        let Some(cause) = what.cause() else { continue };
        let right = match is_known(cause) {
            true if row.invisible == row.worlds => "not visible".to_owned(),
            true if row.invisible == 0 => share((row.causes, row.worlds)),
            true => {
                format!("{}, {} not visible", share((row.causes, row.worlds - row.invisible)), row.invisible)
            }
            false => "unknown cause".to_owned(),
        };
        let detected = format!("{} of {}: {}", row.detected.len(), row.worlds - row.invisible, times(&row.detected));
        let _ = write!(
            text,
            "| {cause} | {right} | {} | {} | {} | {detected} | {} |",
            share(row.culprits),
            share(row.ports),
            row.innocents,
            times(&row.explained)
        );
        if feeds != Feeds::Capture {
            let polls = quantile(&row.polls, 0.5).zip(quantile(&row.polls, 0.99));
            let _ =
                write!(text, " {} |", polls.map_or_else(|| "-".to_owned(), |(half, most)| format!("{half} / {most}")));
        }
        text.push('\n');
    }
}

fn healthy(text: &mut String, rows: &Rows) {
    let healthy = rows.iter().filter(|(what, _)| what.cause().is_none()).collect::<Vec<_>>();
    if healthy.is_empty() {
        return;
    }
    let _ = write!(text, "\n| healthy | worlds | alarms | innocents |\n|---|---|---|---|\n");
    let (mut alarms, mut simulated) = (0, Duration::ZERO);
    for (what, row) in healthy {
        let _ = writeln!(text, "| {} | {} | {} | {} |", what.id(), row.worlds, row.alarms(), row.innocents);
        alarms += row.alarms();
        simulated += row.simulated;
    }
    let days = simulated.as_secs_f64() / 86_400.0;
    let _ = writeln!(
        text,
        "\nFalse alarms: {alarms} in {days:.2} simulated days of networks in which one such thing after the other happens."
    );
}

/// Cause by verdict; what was never said has no column.
fn confusion(text: &mut String, rows: &Rows) {
    let said = rows.iter().flat_map(|(_, row)| row.verdicts.keys().copied()).collect::<BTreeSet<_>>();
    let name = |verdict: &Option<&'static str>| verdict.unwrap_or("nothing").to_owned();
    let head = said.iter().map(name).collect::<Vec<_>>().join(" | ");
    let _ = write!(text, "\n| truth, and what was said: | {head} |\n|---|{}\n", "---|".repeat(said.len()));
    for (what, row) in rows {
        let cells = said.iter().map(|verdict| match row.verdicts.get(verdict) {
            Some(count) if verdict.is_none() && row.noticed > 0 => format!("{count} ({} noticed)", row.noticed),
            Some(count) => count.to_string(),
            None => String::new(),
        });
        let _ = writeln!(text, "| {} | {} |", what.id(), cells.collect::<Vec<_>>().join(" | "));
    }
}
