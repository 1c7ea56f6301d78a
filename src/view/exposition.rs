//! Writing metrics in Prometheus' text formats 0.0.4 and OpenMetrics 1.0. Knows no metric by name.

use std::fmt::Write as _;

/// Kinds of metric families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A count since the start; its name ends in `_total`.
    Counter,
    /// Buckets, sum and count.
    Histogram,
}

/// A metric family as documented.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Full name.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its label names, in order.
    pub labels: &'static [&'static str],
    /// What it is, and from where: one line.
    pub help: &'static str,
}

/// Which of the two text formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `text/plain; version=0.0.4`.
    Text,
    /// `application/openmetrics-text; version=1.0.0`.
    OpenMetrics,
}

impl Format {
    /// By what the scraper's `Accept` header asks for.
    #[must_use]
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Text }
    }

    /// The `Content-Type`; Prometheus 3 refuses a scrape without one.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// A document being written.
#[derive(Debug)]
pub struct Exposition {
    text: String,
    format: Format,
}

impl Exposition {
    /// An empty document.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { text: String::with_capacity(16 << 10), format }
    }

    /// Begins a family; its samples follow.
    pub fn family(&mut self, family: &Family) {
        let kind = match family.kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Histogram => "histogram",
        };
        // OpenMetrics 1.0: a counter's family name is without the suffix its samples carry.
        let name = match (self.format, family.kind) {
            (Format::OpenMetrics, Kind::Counter) => family.name.strip_suffix("_total").unwrap_or(family.name),
            _ => family.name,
        };
        let _ = writeln!(self.text, "# HELP {name} {}\n# TYPE {name} {kind}", family.help);
    }

    /// One sample of `family`; `values` in the order of its labels.
    pub fn sample(&mut self, family: &Family, values: &[&str], value: f64) {
        debug_assert_eq!(family.labels.len(), values.len(), "{}", family.name);
        self.line(family.name, &mut family.labels.iter().copied().zip(values.iter().copied()), value);
    }

    /// A whole histogram: upper bounds with the number of observations at or below each.
    pub fn histogram(&mut self, family: &Family, values: &[&str], buckets: &[(f64, u64)], sum: f64, count: u64) {
        let labels = || family.labels.iter().copied().zip(values.iter().copied());
        let bounds = buckets.iter().map(|(bound, n)| (bound.to_string(), *n)).chain([("+Inf".to_owned(), count)]);
        for (bound, n) in bounds {
            self.line(&format!("{}_bucket", family.name), &mut labels().chain([("le", bound.as_str())]), n as f64);
        }
        self.line(&format!("{}_sum", family.name), &mut labels(), sum);
        self.line(&format!("{}_count", family.name), &mut labels(), count as f64);
    }

    fn line(&mut self, name: &str, labels: &mut dyn Iterator<Item = (&str, &str)>, value: f64) {
        self.text.push_str(name);
        let mut separator = '{';
        for (label, value) in labels {
            self.text.push(separator);
            self.text.push_str(label);
            self.text.push_str("=\"");
            escape(&mut self.text, value);
            self.text.push('"');
            separator = ',';
        }
        if separator == ',' {
            self.text.push('}');
        }
        let _ = writeln!(self.text, " {value}");
    }

    /// The finished document.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// Label values come from the network: backslash, quote and line feed are escaped, other control characters dropped.
fn escape(text: &mut String, value: &str) {
    for letter in value.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Family = Family { name: "seen_total", kind: Kind::Counter, labels: &["who"], help: "How often." };

    #[test]
    fn both_formats() {
        let write = |format| {
            let mut out = Exposition::new(format);
            out.family(&SEEN);
            out.sample(&SEEN, &["a \"b\"\\\n\u{1}"], 3.0);
            out.finish()
        };
        let sample = "seen_total{who=\"a \\\"b\\\"\\\\\\n\"} 3\n";
        assert_eq!(write(Format::Text), format!("# HELP seen_total How often.\n# TYPE seen_total counter\n{sample}"));
        let open = format!("# HELP seen How often.\n# TYPE seen counter\n{sample}# EOF\n");
        assert_eq!(write(Format::OpenMetrics), open);
    }

    #[test]
    fn histograms_have_an_infinite_bucket() {
        let family = Family { name: "delay_seconds", kind: Kind::Histogram, labels: &[], help: "Delay." };
        let mut out = Exposition::new(Format::Text);
        out.family(&family);
        out.histogram(&family, &[], &[(0.5, 1)], 2.5, 2);
        let text = out.finish();
        assert!(text.contains("delay_seconds_bucket{le=\"0.5\"} 1\ndelay_seconds_bucket{le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.ends_with("delay_seconds_sum 2.5\ndelay_seconds_count 2\n"), "{text}");
    }
}
