//! What `analyze` prints and writes: the answer as text or JSON, and the report. Chooses nothing but the form.

use super::{AnalyzeArgs, Format, Outcome};
use crate::app::lang::language;
use crate::io::capture::file::display;
use crate::io::clock::utc_offset_seconds;
use crate::model::Time;
use crate::observe::chronicle::Chronicle;
use crate::view::redact::Redactor;
use crate::view::{json, report, text};
use std::io::IsTerminal;

/// What goes to standard output.
pub(super) fn answer(args: &AnalyzeArgs, outcome: &Outcome) -> String {
    let plain = match args.format {
        Format::Json => as_json(args, outcome),
        Format::Text => as_text(args, outcome),
    };
    redacted(args, outcome, plain)
}

fn as_json(args: &AnalyzeArgs, outcome: &Outcome) -> String {
    let value = json::analysis_json(&json::Analysis {
        files: &files(args),
        frames: outcome.frames,
        span_seconds: outcome.span().as_micros() as f64 / 1e6,
        verdicts: &outcome.verdicts,
        problems: &outcome.problems,
    });
    format!("{value:#}\n")
}

fn as_text(args: &AnalyzeArgs, outcome: &Outcome) -> String {
    let style = text::Style { color: colored(), language: language(args.lang), ..text::Style::PLAIN };
    let mut out = String::new();
    for verdict in &outcome.verdicts {
        out.push_str(&text::verdict(verdict, style));
        out.push('\n');
    }
    let span = outcome.span().as_secs_f64();
    out.push_str(&text::looked_at(outcome.frames, args.files.len(), span, outcome.verdicts.len(), style.language));
    out
}

/// The HTML page of `--report`.
pub(super) fn report(args: &AnalyzeArgs, outcome: &Outcome) -> String {
    let nothing = Chronicle::new(Time::default());
    let first = outcome.first.unwrap_or_default();
    let page = report::page(&report::Report {
        verdicts: &outcome.verdicts,
        chronicle: outcome.chronicle.as_ref().unwrap_or(&nothing),
        files: &files(args),
        problems: &outcome.problems,
        names: &outcome.names,
        frames: outcome.frames,
        readable: outcome.readable,
        dropped: outcome.dropped,
        span: outcome.first.zip(outcome.last),
        utc_offset_seconds: utc_offset_seconds(first),
        redacted: args.redact,
        language: language(args.lang),
    });
    redacted(args, outcome, page)
}

fn files(args: &AnalyzeArgs) -> Vec<String> {
    args.files
        .iter()
        .map(|path| if args.format == Format::Json { path.display().to_string() } else { display(path) })
        .collect()
}

fn redacted(args: &AnalyzeArgs, outcome: &Outcome, text: String) -> String {
    if args.redact { Redactor::new(outcome.names.values()).apply(&text) } else { text }
}

/// `NO_COLOR` and `TERM=dumb` are the conventions.
pub(in crate::app) fn colored() -> bool {
    std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
