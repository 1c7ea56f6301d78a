//! Writing metrics in Prometheus' text formats 0.0.4 and OpenMetrics 1.0. Knows no metric by name.

use super::sink::{Digits, Room, Sink};

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

/// Lines that are handed on together, bytes; a longer line makes the room larger.
const LINES: usize = 4 << 10;

/// A document being written, line by line, to where it goes. Nothing is allocated for a sample.
pub struct Exposition<'a> {
    out: &'a mut dyn Sink,
    lines: Room,
    /// What all samples of a family begin with, and which family's it is. With a suffix it is none's.
    begin: Vec<u8>,
    of: &'static str,
    format: Format,
}

impl<'a> Exposition<'a> {
    /// An empty document.
    #[must_use]
    pub fn new(format: Format, out: &'a mut dyn Sink) -> Self {
        Self { out, lines: Room::of(LINES), begin: Vec::new(), of: "", format }
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
        self.hand_on();
        self.out.text(format!("# HELP {name} {}\n# TYPE {name} {kind}\n", family.help).as_bytes());
    }

    /// One sample of `family`; `values` in the order of its labels.
    pub fn sample(&mut self, family: &Family, values: &[&str], value: f64) {
        self.line(family, "", values, None, value);
    }

    /// A whole histogram: upper bounds with the number of observations at or below each.
    pub fn histogram(&mut self, family: &Family, values: &[&str], buckets: &[(f64, u64)], sum: f64, count: u64) {
        for (bound, n) in buckets {
            self.line(family, "_bucket", values, Some(&bound.to_string()), *n as f64);
        }
        self.line(family, "_bucket", values, Some("+Inf"), count as f64);
        self.line(family, "_sum", values, None, sum);
        self.line(family, "_count", values, None, count as f64);
    }

    fn line(&mut self, family: &Family, suffix: &str, values: &[&str], bound: Option<&str>, value: f64) {
        debug_assert_eq!(family.labels.len(), values.len(), "{}", family.name);
        let labelled = self.begin(family, suffix);
        let named = family.labels.iter().copied().zip(values.iter().copied());
        let mut separator = if labelled { "" } else { "{" };
        for (label, value) in named.chain(bound.map(|bound| ("le", bound))) {
            if !separator.is_empty() {
                [separator, label, "=\""].into_iter().for_each(|piece| self.put(piece.as_bytes()));
            }
            self.escaped(value);
            separator = "\",";
        }
        self.put(if separator == "\"," { b"\"} " } else { b" " });
        self.float(value);
        self.put(b"\n");
    }

    /// Lines that were written before, by another of these.
    pub fn written(&mut self, lines: &[u8]) {
        self.hand_on();
        self.out.text(lines);
    }

    /// Writes the name, and the first label up to its value if that is known to come: found once for all samples that
    /// differ in what follows.
    #[inline]
    fn begin(&mut self, family: &Family, suffix: &str) -> bool {
        if !suffix.is_empty() || !std::ptr::eq(self.of, family.name) {
            self.begin_anew(family, suffix);
        }
        if !self.lines.put(&self.begin) {
            self.make_room(self.begin.len());
            self.lines.put(&self.begin);
        }
        suffix.is_empty() && !family.labels.is_empty()
    }

    fn begin_anew(&mut self, family: &Family, suffix: &str) {
        self.begin.clear();
        self.begin.extend_from_slice(family.name.as_bytes());
        self.begin.extend_from_slice(suffix.as_bytes());
        self.of = if suffix.is_empty() { family.name } else { "" };
        if let (true, Some(label)) = (suffix.is_empty(), family.labels.first()) {
            ["{", label, "=\""].into_iter().for_each(|piece| self.begin.extend_from_slice(piece.as_bytes()));
        }
    }

    #[inline]
    fn put(&mut self, piece: &[u8]) {
        if !self.lines.put(piece) {
            self.make_room(piece.len());
            self.lines.put(piece);
        }
    }

    #[cold]
    fn make_room(&mut self, piece: usize) {
        self.hand_on();
        self.lines.grow(piece);
    }

    fn hand_on(&mut self) {
        if self.lines.len() > 0 {
            self.out.text(self.lines.text());
            self.lines.truncate(0);
        }
    }

    /// A value as both formats want it. Most are whole; beyond 2^53 an f64 may stand for a neighbour.
    #[inline]
    fn float(&mut self, value: f64) {
        const WHOLE: u64 = 1 << 53;
        // Saturates, and makes 0 of what is no number: then it is not the same.
        let whole = value as i64;
        let same = whole as f64 == value && (whole != 0 || value.is_sign_positive());
        if !same || whole.unsigned_abs() >= WHOLE {
            return self.put(value.to_string().as_bytes());
        }
        let digits = Digits::signed(whole);
        if !self.lines.put_number(&digits) {
            self.put(digits.text(&mut [0; Digits::ROOM]));
        }
    }

    /// Appends a label's value. It comes from the network: backslash, quote and line feed are escaped, other control
    /// characters dropped.
    #[inline]
    fn escaped(&mut self, value: &str) {
        if is_plain(value.as_bytes()) {
            self.put(value.as_bytes());
        } else {
            self.escaped_each(value);
        }
    }

    fn escaped_each(&mut self, value: &str) {
        for letter in value.chars() {
            match letter {
                '\\' => self.put(b"\\\\"),
                '"' => self.put(b"\\\""),
                '\n' => self.put(b"\\n"),
                letter if letter.is_control() => {}
                letter => self.put(letter.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }

    /// What was written is all of a part; the document goes on elsewhere.
    pub fn end_part(mut self) {
        self.hand_on();
    }

    /// The document is whole.
    pub fn finish(mut self) {
        self.hand_on();
        if self.format == Format::OpenMetrics {
            self.out.text(b"# EOF\n");
        }
        self.out.finish();
    }
}

/// Bytes that are written as they are: all but the control characters, those that are escaped, and 0xc2, which begins the
/// control characters beyond ASCII, among others.
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte < plain.len() {
        plain[byte] = byte >= b' ' as usize && !matches!(byte as u8, b'\\' | b'"' | 0x7f | 0xc2);
        byte += 1;
    }
    plain
};

/// Whether all bytes are written as they are. Names are mostly ASCII, of which eight are judged at once.
#[inline]
fn is_plain(text: &[u8]) -> bool {
    if let Some(last) = text.last_chunk() {
        let (words, _) = text.as_chunks();
        // With the last eight once more there is no rest.
        if words.iter().fold(findings(*last), |found, word| found | findings(*word)) == 0 {
            return true;
        }
    }
    text.iter().all(|byte| PLAIN[usize::from(*byte)])
}

/// Not 0 if one of eight bytes is not ASCII, or a control character, a quote or a backslash.
#[inline]
const fn findings(bytes: [u8; 8]) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(bytes);
    // The highest bit of a byte tells: it is set, or it becomes so by a borrow, and what borrows is a finding as well.
    let control = word.wrapping_sub(EACH * b' ' as u64) | word.wrapping_add(EACH);
    let quote = (word ^ (EACH * b'"' as u64)).wrapping_sub(EACH);
    let backslash = (word ^ (EACH * b'\\' as u64)).wrapping_sub(EACH);
    (word | control | quote | backslash) & EACH << 7
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::sink::Plain;

    const SEEN: Family = Family { name: "seen_total", kind: Kind::Counter, labels: &["who"], help: "How often." };

    fn written(format: Format, write: impl FnOnce(&mut Exposition)) -> String {
        let mut text = Vec::new();
        let mut keep = |chunk: &[u8]| text.extend_from_slice(chunk);
        let mut plain = Plain::new(&mut keep);
        let mut out = Exposition::new(format, &mut plain);
        write(&mut out);
        out.finish();
        String::from_utf8(text).expect("UTF-8")
    }

    #[test]
    fn values_are_written_as_before() {
        for value in [0.0, -0.0, 1.0, -3.0, 2.5, 1e300, 9_007_199_254_740_993.0, 1.5e-7, 1_790_000_000.123, f64::NAN] {
            let text = written(Format::Text, |out| out.sample(&SEEN, &["x"], value));
            assert_eq!(text, format!("seen_total{{who=\"x\"}} {value}\n"));
        }
    }

    #[test]
    fn labels_are_escaped_and_without_control_characters() {
        for (value, expected) in
            [("Büro", "Büro"), ("a\u{85}b\u{7f}c\td", "abcd"), ("\\\"\n", "\\\\\\\"\\n"), ("§", "§")]
        {
            let text = written(Format::Text, |out| out.sample(&SEEN, &[value], 1.0));
            assert_eq!(text, format!("seen_total{{who=\"{expected}\"}} 1\n"));
        }
    }

    #[test]
    fn what_is_escaped_is_found_at_every_place() {
        for byte in 0..=255_u8 {
            for length in 1..40 {
                for place in 0..length {
                    let mut text = vec![b'a'; length];
                    text[place] = byte;
                    assert_eq!(is_plain(&text), PLAIN[usize::from(byte)], "{byte:#x} at {place} of {length}");
                }
            }
        }
    }

    #[test]
    fn both_formats() {
        let write = |format| {
            written(format, |out| {
                out.family(&SEEN);
                out.sample(&SEEN, &["a \"b\"\\\n\u{1}"], 3.0);
            })
        };
        let sample = "seen_total{who=\"a \\\"b\\\"\\\\\\n\"} 3\n";
        assert_eq!(write(Format::Text), format!("# HELP seen_total How often.\n# TYPE seen_total counter\n{sample}"));
        let open = format!("# HELP seen How often.\n# TYPE seen counter\n{sample}# EOF\n");
        assert_eq!(write(Format::OpenMetrics), open);
    }

    #[test]
    fn families_may_alternate() {
        const TWO: Family = Family { name: "two", kind: Kind::Gauge, labels: &["a", "b"], help: "Two labels." };
        const NONE: Family = Family { name: "none", kind: Kind::Gauge, labels: &[], help: "No label." };
        const TIMES: Family = Family { name: "times", kind: Kind::Histogram, labels: &["a"], help: "Times." };
        let text = written(Format::Text, |out| {
            for round in [1.0, 2.0] {
                out.sample(&TWO, &["x", "long"], round);
                out.sample(&TWO, &["", "y"], round);
                out.sample(&NONE, &[], round);
                out.histogram(&TIMES, &["x"], &[], 0.5, 1);
                out.sample(&SEEN, &["z"], round);
            }
        });
        let once = |round| {
            format!(
                "two{{a=\"x\",b=\"long\"}} {round}\ntwo{{a=\"\",b=\"y\"}} {round}\nnone {round}\n\
                 times_bucket{{a=\"x\",le=\"+Inf\"}} 1\ntimes_sum{{a=\"x\"}} 0.5\ntimes_count{{a=\"x\"}} 1\n\
                 seen_total{{who=\"z\"}} {round}\n"
            )
        };
        assert_eq!(text, once(1) + &once(2));
    }

    #[test]
    fn histograms_have_an_infinite_bucket() {
        let family = Family { name: "delay_seconds", kind: Kind::Histogram, labels: &[], help: "Delay." };
        let text = written(Format::Text, |out| {
            out.family(&family);
            out.histogram(&family, &[], &[(0.5, 1)], 2.5, 2);
        });
        assert!(text.contains("delay_seconds_bucket{le=\"0.5\"} 1\ndelay_seconds_bucket{le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.ends_with("delay_seconds_sum 2.5\ndelay_seconds_count 2\n"), "{text}");
    }
}
