//! A verdict as text for a terminal or a mail: the sentence first, then why, what to do, what else it could be and what
//! is lacking. Knows no terminal: width and colour are arguments.

use super::lang;
use crate::explain::words;
use crate::model::text::Language;
use crate::model::verdict::{Candidate, Evidence, Phase, Severity, Verdict};
use std::fmt::Write;

/// How to set the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub color: bool,
    /// Columns; longer lines are broken between words. Display filters are never broken, so that they can be copied.
    pub width: usize,
    /// Of the sentences.
    pub language: Language,
}

impl Style {
    /// For a file, a pipe or a mail.
    pub const PLAIN: Self = Self { color: false, width: 100, language: Language::English };
    /// One of two words.
    const fn say(self, en: &'static str, ja: &'static str) -> &'static str {
        match self.language {
            Language::English => en,
            Language::Japanese => ja,
        }
    }

    /// No narrower than this, however narrow the terminal is.
    const MIN_WIDTH: usize = 40;

    fn paint(self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

const BOLD: &str = "1";
const DIM: &str = "2";

/// One verdict. Ends with a newline.
#[must_use]
pub fn verdict(verdict: &Verdict, style: Style) -> String {
    let verdict = &lang::verdict(verdict, style.language);
    let mut out = String::new();
    let color = if verdict.severity == Severity::Storm { "1;31" } else { "1;33" };
    paragraph(&mut out, style, color, "", "", &verdict.sentence);
    paragraph(&mut out, style, DIM, "", "", &facts(verdict, style));
    for line in super::notes::lines(verdict, style.language) {
        paragraph(&mut out, style, BOLD, "", "", &line);
    }
    if !verdict.evidence.is_empty() {
        heading(&mut out, style, style.say("Why", "根拠"));
        for (index, evidence) in verdict.evidence.iter().enumerate() {
            self::evidence(&mut out, style, index + 1, evidence);
        }
    }
    if !verdict.remedy.is_empty() {
        heading(&mut out, style, style.say("What to do", "対処方法"));
        for (index, step) in verdict.remedy.iter().enumerate() {
            paragraph(&mut out, style, "", &format!("  {}. ", index + 1), "     ", step);
        }
    }
    if !verdict.candidates.is_empty() {
        let title = match verdict.culprit {
            Some(_) => style.say("What else it could be", "ほかに考えられる原因"),
            None => style.say("What it could be", "考えられる原因"),
        };
        heading(&mut out, style, title);
        for candidate in &verdict.candidates {
            paragraph(&mut out, style, "", "  - ", "    ", &self::candidate(candidate, style));
        }
    }
    if !verdict.lacks.is_empty() {
        heading(&mut out, style, style.say("What is not known", "わかっていないこと"));
        for lack in &verdict.lacks {
            paragraph(&mut out, style, "", "  - ", "    ", lack);
        }
    }
    out
}

/// Cause, certainty, time and amount in one line.
fn facts(verdict: &Verdict, style: Style) -> String {
    let began = seconds(verdict.started);
    let time = match (verdict.ended, verdict.phase) {
        (Some(ended), _) => format!("{began}{}{}", style.say(" to ", " ～ "), seconds(ended)),
        (None, Phase::Clearing) => format!("{began}{}", style.say(", silent for some seconds", "から、数秒前に途絶")),
        (None, _) => format!("{began}{}", style.say(", not ended", "から継続中")),
    };
    let frames = words::number(verdict.frames);
    let mut facts = format!(
        "{} ({}), {} %{}; {time}; {}",
        verdict.cause,
        verdict.severity.id(),
        (verdict.confidence * 100.0).round(),
        style.say(" sure", "の確度"),
        match style.language {
            Language::English => format!("{frames} {} frames", verdict.protocol.id()),
            Language::Japanese => format!("{}フレーム{frames}個", verdict.protocol.id()),
        }
    );
    if verdict.peak_pps > 0 {
        let peak = words::number(verdict.peak_pps);
        let _ = match style.language {
            Language::English => write!(facts, ", up to {peak} a second"),
            Language::Japanese => write!(facts, "、最大毎秒{peak}個"),
        };
    }
    let groups = verdict.groups.iter().map(ToString::to_string).collect::<Vec<_>>();
    if !groups.is_empty() {
        let _ = write!(facts, "{}{}", style.say("; to ", "; 宛先 "), groups.join(", "));
    }
    let _ = write!(facts, "{}{}", style.say("; segment ", "; セグメント "), verdict.segment);
    facts
}

/// RFC 3339 to the second: `2026-01-31T20:14:05Z`.
fn seconds(time: crate::model::Time) -> String {
    let text = time.rfc3339();
    match text.split_once('.') {
        Some((whole, _)) => format!("{whole}Z"),
        None => text,
    }
}

/// A line of its own, after an empty one.
pub(super) fn heading(out: &mut String, style: Style, text: &str) {
    let _ = writeln!(out, "\n{}", style.paint(BOLD, text));
}

fn evidence(out: &mut String, style: Style, number: usize, evidence: &Evidence) {
    paragraph(out, style, "", &format!("  {number}. "), "     ", &evidence.claim);
    paragraph(
        out,
        style,
        "",
        style.say("     seen:     ", "     観測: "),
        style.say("               ", "           "),
        &evidence.observed,
    );
    paragraph(
        out,
        style,
        "",
        style.say("     expected: ", "     正常: "),
        style.say("               ", "           "),
        &evidence.expected,
    );
    match evidence.frame_numbers {
        Some((first, last)) if first == last => {
            let _ = writeln!(out, "{}{first}", style.say("     frame:    ", "     フレーム: "));
        }
        Some((first, last)) => {
            let _ = writeln!(
                out,
                "{}{first}{}{last}",
                style.say("     frames:   ", "     フレーム: "),
                style.say(" to ", "～")
            );
        }
        None => {}
    }
    if !evidence.display_filter.is_empty() {
        let filter = style.paint(DIM, &harmless(&evidence.display_filter));
        let _ = writeln!(out, "     {}: {filter}", style.say("Wireshark filter", "Wiresharkの表示フィルター"));
    }
}

fn candidate(candidate: &Candidate, style: Style) -> String {
    let who = candidate.mac.map_or_else(String::new, |mac| format!("{}{mac}", style.say(" by ", " ")));
    let percent = (candidate.confidence * 100.0).round();
    let needs = candidate.needs.trim_end_matches(['.', '。']);
    match style.language {
        Language::English => {
            let mark = if needs.ends_with('?') { "" } else { "." };
            format!("{}{who} ({percent} %). To decide: {needs}{mark}", candidate.cause)
        }
        Language::Japanese => format!("{}{who}（{percent} %）。判断するには: {needs}。", candidate.cause),
    }
}

/// Names come from devices: without what a terminal would take for a command.
fn harmless(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// Plain text broken between words: `first` begins the first line, `next` (as long) all others.
pub(super) fn wrapped(out: &mut String, style: Style, first: &str, next: &str, text: &str) {
    paragraph(out, style, "", first, next, text);
}

/// Breaks `text` between words, and between characters where the script has no spaces. `first` begins the first line,
/// `next` (as long) all others.
fn paragraph(out: &mut String, style: Style, color: &str, first: &str, next: &str, text: &str) {
    let room = style.width.max(Style::MIN_WIDTH).saturating_sub(columns(first));
    let clean = harmless(text);
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in clean.split_whitespace() {
        for (index, piece) in pieces(word).into_iter().enumerate() {
            let space = usize::from(index == 0 && used > 0);
            let length = columns(piece);
            // What may not begin a line hangs over the edge instead.
            let hangs =
                piece.starts_with(|first| "、。」）．，：ー～々ぁぃぅぇぉっゃゅょァィゥェォッャュョ".contains(first));
            if used > 0 && used + space + length > room && !hangs {
                lines.push(String::new());
                used = 0;
            }
            if let Some(line) = lines.last_mut() {
                if space > 0 && used > 0 {
                    line.push(' ');
                    used += 1;
                }
                line.push_str(piece);
                used += length;
            }
        }
    }
    for (index, line) in lines.iter().enumerate() {
        let indent = if index == 0 { first } else { next };
        let painted = if color.is_empty() { line.clone() } else { style.paint(color, line) };
        let _ = writeln!(out, "{indent}{painted}");
    }
}

/// Japanese is set in two columns a character (Unicode TR 11, wide); an opening bracket stays with what it opens.
fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}' | '\u{20000}'..='\u{3fffd}')
}

/// Columns of the terminal that a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}

/// The parts of a word between which a line may be broken.
fn pieces(word: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    let mut before: Option<char> = None;
    for (at, letter) in word.char_indices() {
        let breaks = before.is_some_and(|b| (is_wide(b) || is_wide(letter)) && !matches!(b, '「' | '（'));
        if breaks {
            pieces.push(&word[begin..at]);
            begin = at;
        }
        before = Some(letter);
    }
    pieces.push(&word[begin..]);
    pieces
}

/// What `analyze` says at the end, or instead, in text: how much was looked at.
#[must_use]
pub fn looked_at(frames: u64, files: usize, span_seconds: f64, verdicts: usize, language: Language) -> String {
    if language == Language::Japanese {
        let found = if verdicts == 0 {
            "異常は見つかりませんでした".to_owned()
        } else {
            format!("{verdicts}件見つかりました")
        };
        return format!("{found}（{files}ファイル、{}フレーム、{span_seconds:.1}秒間）。\n", words::number(frames));
    }
    let found = match verdicts {
        0 => "Nothing found".to_owned(),
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    };
    let files = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
    let frames = if frames == 1 { "1 frame".to_owned() } else { format!("{} frames", words::number(frames)) };
    format!("{found} in {frames} of {files}, {span_seconds:.1} s from first to last.\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::Time;
    use crate::model::frames::Protocol;
    use crate::model::verdict::Party;

    /// A verdict with something in every field that a person reads.
    pub(crate) fn example() -> Verdict {
        let party = |mac: &str, ip: [u8; 4], name: Option<&str>| Party {
            mac: mac.parse().ok(),
            ip: Some(ip.into()),
            vendor: None,
            port: None,
            name: name.map(Into::into),
        };
        Verdict {
            id: "eth0-l3_reflector-3c846a1000c8".into(),
            segment: "eth0".into(),
            cause: "l3_reflector",
            severity: Severity::Storm,
            confidence: 0.98,
            phase: Phase::Active,
            started: Time::from_secs(1_700_000_000),
            ended: None,
            detected: Time::from_secs(1_700_000_001),
            culprit: Some(party("3c:84:6a:10:00:c8", [192, 168, 1, 100], None)),
            origins: vec![party("02:00:00:00:00:10", [192, 168, 1, 10], Some("Echo"))],
            groups: vec![[239, 255, 255, 250].into()],
            protocol: Protocol::Ssdp,
            frames: 149_847,
            peak_pps: 1_836,
            current_pps: 1_800,
            sentence: "Packet storm since 22:13: a router (192.168.1.100, MAC 3c:84:6a:10:00:c8) sends the Echo's \
                       searches back into your LAN, about 1,800 a second."
                .to_owned(),
            evidence: vec![
                Evidence {
                    claim: "3c:84:6a:10:00:c8 sends frames with the source address 192.168.1.10, which it does not own"
                        .to_owned(),
                    observed: "149,847 such frames of one datagram".to_owned(),
                    expected: "only 02:00:00:00:00:10 sends from 192.168.1.10, its owner by ARP".to_owned(),
                    feed: "capture",
                    display_filter: "eth.src == 3c:84:6a:10:00:c8 && ip.src == 192.168.1.10".to_owned(),
                    frame_numbers: Some((7, 6000)),
                },
                Evidence {
                    claim: "Counters agree".to_owned(),
                    observed: "port 5".to_owned(),
                    expected: "none".to_owned(),
                    feed: "snmp",
                    display_filter: String::new(),
                    frame_numbers: None,
                },
            ],
            remedy: vec!["Now: pull the WAN cable.".to_owned(), "Then: turn IGMP proxy off.".to_owned()],
            candidates: vec![Candidate {
                cause: "l2_loop",
                confidence: 0.1,
                mac: None,
                needs: "watch whether frames of other hosts come back as well".to_owned(),
            }],
            lacks: vec!["The forwarding table was not read.".to_owned()],
            recording: None,
            acknowledged: None,
            muted: None,
        }
    }

    #[test]
    fn a_verdict_in_full() {
        insta::assert_snapshot!(verdict(&example(), Style { width: 80, ..Style::PLAIN }), @"
        Packet storm since 22:13: a router (192.168.1.100, MAC 3c:84:6a:10:00:c8) sends
        the Echo's searches back into your LAN, about 1,800 a second.
        l3_reflector (storm), 98 % sure; 2023-11-14T22:13:20Z, not ended; 149,847 ssdp
        frames, up to 1,836 a second; to 239.255.255.250; segment eth0

        Why
          1. 3c:84:6a:10:00:c8 sends frames with the source address 192.168.1.10, which
             it does not own
             seen:     149,847 such frames of one datagram
             expected: only 02:00:00:00:00:10 sends from 192.168.1.10, its owner by ARP
             frames:   7 to 6000
             Wireshark filter: eth.src == 3c:84:6a:10:00:c8 && ip.src == 192.168.1.10
          2. Counters agree
             seen:     port 5
             expected: none

        What to do
          1. Now: pull the WAN cable.
          2. Then: turn IGMP proxy off.

        What else it could be
          - l2_loop (10 %). To decide: watch whether frames of other hosts come back as
            well.

        What is not known
          - The forwarding table was not read.
        ");
    }

    #[test]
    fn colour_changes_nothing_else() {
        let plain = verdict(&example(), Style::PLAIN);
        let mut colored = verdict(&example(), Style { color: true, ..Style::PLAIN });
        assert!(colored.starts_with("\x1b[1;31mPacket storm"));
        for code in ["\x1b[1;31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"] {
            colored = colored.replace(code, "");
        }
        assert_eq!(colored, plain);
    }

    #[test]
    fn a_device_cannot_write_to_the_terminal() {
        let mut hostile = example();
        hostile.sentence = "the \x1b]0;owned\x07Echo\r\n\u{9b}2J".to_owned();
        let text = verdict(&hostile, Style::PLAIN);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }

    #[test]
    fn the_last_line_counts() {
        assert_eq!(
            looked_at(1, 1, 0.0, 0, Language::English),
            "Nothing found in 1 frame of 1 file, 0.0 s from first to last.\n"
        );
        assert_eq!(
            looked_at(6000, 2, 3.26, 1, Language::English),
            "1 finding in 6,000 frames of 2 files, 3.3 s from first to last.\n"
        );
    }
}
