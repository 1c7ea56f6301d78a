//! Traffic over time as a stacked chart, the storms shaded. Draws what it is given; counts nothing.

use super::{Report, words};
use crate::explain::words::number;
use crate::model::Time;
use crate::model::frames::Protocol;
use crate::model::verdict::{Severity, Verdict};
use crate::observe::chronicle::Timeline;
use crate::view::html::escape::Html;
use std::fmt::Write;

/// Size of the picture and of what surrounds the plot, in its own units.
const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;
/// Protocols with a colour of their own; the rest is one.
const COLORS: usize = 6;
/// Marks along the time.
const TIME_MARKS: u32 = 5;

/// What is drawn on.
struct Plot<'a> {
    timeline: &'a Timeline,
    /// Frames a second at the top.
    top: f64,
    /// Seconds from left to right.
    seconds: f64,
}

impl<'a> Plot<'a> {
    fn new(timeline: &'a Timeline) -> Self {
        let width = timeline.width().as_secs_f64();
        let most = timeline.buckets().iter().map(crate::observe::chronicle::Bucket::total).max().unwrap_or(0);
        let seconds = (width * timeline.buckets().len() as f64).max(width);
        Self { timeline, top: round_up(most as f64 / width), seconds }
    }

    fn x(&self, seconds: f64) -> f64 {
        LEFT + (seconds / self.seconds).clamp(0.0, 1.0) * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, rate: f64) -> f64 {
        HEIGHT - BOTTOM - (rate / self.top).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM)
    }

    fn x_of(&self, at: Time) -> f64 {
        self.x(at.since(self.timeline.start()).as_secs_f64())
    }
}

/// The next 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let mut step = 1.0;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            // Beyond that no counter goes; also the end for what is no number.
            if step * factor >= value || step > 1e18 {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

/// The chart with its legend and its text.
pub(super) fn draw(html: &mut Html, report: &Report<'_>, verdicts: &[Verdict]) {
    let timeline = report.chronicle.timeline();
    let plot = Plot::new(timeline);
    let layers = layers(timeline);
    let end = timeline.start().plus(timeline.width().saturating_mul(timeline.buckets().len() as u32));
    let width = timeline.width().as_secs_f64();
    let most = timeline.buckets().iter().map(crate::observe::chronicle::Bucket::total).max().unwrap_or(0);
    let mut text = report.fill(
        &words::CHART,
        [
            ("from", report.clock(timeline.start())),
            ("to", report.clock(end)),
            ("peak", number((most as f64 / width).round() as u64)),
        ],
    );
    if !verdicts.is_empty() {
        text.push(' ');
        text.push_str(report.say(&words::CHART_SHADE));
    }
    html.raw("<figure><div class=\"scroll\"><svg class=\"chart\" viewBox=\"0 0 900 260\" role=\"img\" ");
    html.raw("aria-labelledby=\"chart-title chart-text\"><title id=\"chart-title\">");
    html.text(report.say(&words::TRAFFIC)).raw("</title><desc id=\"chart-text\">").text(&text).raw("</desc>");
    shades(html, &plot, verdicts, end);
    axes(html, report, &plot);
    let mut below = vec![0_u64; timeline.buckets().len()];
    for (index, layer) in layers.iter().enumerate() {
        html.raw("<path class=\"p").text(&index.to_string()).raw("\" d=\"");
        html.text(&area(&plot, &below, &layer.1)).raw("\"/>");
        below.iter_mut().zip(&layer.1).for_each(|(sum, more)| *sum += more);
    }
    html.raw("</svg></div><figcaption><ul class=\"legend\">");
    for (index, (name, frames)) in layers.iter().enumerate() {
        let name = name.map_or_else(|| report.say(&words::OTHER_PROTOCOLS), words::protocol);
        html.raw("<li><i class=\"p").text(&index.to_string()).raw("\"></i>").text(name).raw(" <span>");
        html.text(&number(frames.iter().sum())).raw("</span></li>");
    }
    if !verdicts.is_empty() {
        html.raw("<li><i class=\"shade\"></i>").text(report.say(&words::STORM_SHADE)).raw("</li>");
    }
    html.raw("</ul><p>").text(&text).raw("</p></figcaption></figure>");
}

/// Counts per bucket of the most frequent protocols, and of all others together.
fn layers(timeline: &Timeline) -> Vec<(Option<Protocol>, Vec<u64>)> {
    let protocols = timeline.protocols();
    let counts =
        |protocol: Protocol| timeline.buckets().iter().map(|b| b.frames[protocol as usize]).collect::<Vec<_>>();
    let (own, rest) = protocols.split_at(protocols.len().min(COLORS));
    let mut layers = own.iter().map(|(protocol, _)| (Some(*protocol), counts(*protocol))).collect::<Vec<_>>();
    if !rest.is_empty() {
        let mut sum = vec![0; timeline.buckets().len()];
        for (protocol, _) in rest {
            sum.iter_mut().zip(counts(*protocol)).for_each(|(sum, more)| *sum += more);
        }
        layers.push((None, sum));
    }
    layers
}

fn shades(html: &mut Html, plot: &Plot<'_>, verdicts: &[Verdict], end: Time) {
    for verdict in verdicts.iter().take(super::MAX_VERDICTS) {
        let (from, to) = (plot.x_of(verdict.started), plot.x_of(verdict.ended.unwrap_or(end)));
        let class = if verdict.severity == Severity::Storm { "shade" } else { "shade mild" };
        html.raw("<rect class=\"").raw(class).raw("\" y=\"14\" height=\"216\" x=\"").text(&format!("{from:.1}"));
        html.raw("\" width=\"").text(&format!("{:.1}", (to - from).max(3.0))).raw("\"/>");
    }
}

fn axes(html: &mut Html, report: &Report<'_>, plot: &Plot<'_>) {
    for part in [0.0, 0.5, 1.0] {
        let (rate, y) = (plot.top * part, plot.y(plot.top * part));
        let label = if rate.fract() == 0.0 { number(rate as u64) } else { format!("{rate:.1}") };
        html.raw("<line class=\"grid\" x1=\"64\" x2=\"888\" y1=\"").text(&format!("{y:.1}")).raw("\" y2=\"");
        html.text(&format!("{y:.1}")).raw("\"/><text class=\"mark end\" x=\"58\" y=\"");
        html.text(&format!("{:.1}", y + 4.0)).raw("\">").text(&label).raw("</text>");
    }
    for mark in 0..=TIME_MARKS {
        let seconds = plot.seconds * f64::from(mark) / f64::from(TIME_MARKS);
        let at = plot.timeline.start().plus(std::time::Duration::from_secs_f64(seconds.clamp(0.0, 1e10)));
        let mut label = report.clock(at);
        if plot.seconds < 20.0 {
            let _ = write!(label, ".{}", at.as_nanos().rem_euclid(1_000_000_000) / 100_000_000);
        }
        let class = match mark {
            0 => "mark",
            TIME_MARKS => "mark end",
            _ => "mark middle",
        };
        html.raw("<text y=\"250\" class=\"").raw(class).raw("\" x=\"").text(&format!("{:.1}", plot.x(seconds)));
        html.raw("\">").text(&label).raw("</text>");
    }
}

/// The outline of a layer that stands on the layers below it: along its top, and back along theirs.
fn area(plot: &Plot<'_>, below: &[u64], counts: &[u64]) -> String {
    let width = plot.timeline.width().as_secs_f64();
    let edge = |path: &mut String, index: usize, count: u64| {
        let _ = write!(path, "{:.1} {:.1} ", plot.x(index as f64 * width), plot.y(count as f64 / width));
    };
    let mut path = String::new();
    let mut at = 0;
    while at < counts.len() {
        // Stretches without frames are left out, so that a quiet day is a short page.
        if counts[at] == 0 {
            at += 1;
            continue;
        }
        let until = counts[at..].iter().position(|count| *count == 0).map_or(counts.len(), |zeros| at + zeros);
        path.push('M');
        for index in at..until {
            edge(&mut path, index, below[index] + counts[index]);
            edge(&mut path, index + 1, below[index] + counts[index]);
        }
        for index in (at..until).rev() {
            edge(&mut path, index + 1, below[index]);
            edge(&mut path, index, below[index]);
        }
        path.push('Z');
        at = until;
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_top_is_a_round_number() {
        for (value, top) in
            [(0.0, 1.0), (1.0, 1.0), (1.1, 2.0), (27.0, 50.0), (1_801.0, 2_000.0), (330_000.0, 500_000.0)]
        {
            assert!((round_up(value) - top).abs() < 1e-9, "{value}");
        }
        assert!(round_up(f64::INFINITY).is_finite() && round_up(f64::NAN).is_finite());
    }
}
