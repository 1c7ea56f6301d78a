//! The laws of the storms' history: a line says what it was written for, and a file that was cut off anywhere still tells
//! all that is before.

use proptest::prelude::*;
use std::sync::Arc;
use stormglass::explain::CAUSES;
use stormglass::model::frames::Protocol;
use stormglass::model::history::Remembered;
use stormglass::model::verdict::{Candidate, Evidence, Party, Phase, Severity, Verdict};
use stormglass::model::{MacAddr, Time};
use stormglass::view::history::{Entry, History, Kept, decode, encode};
use stormglass_proptests::config;

fn party() -> impl Strategy<Value = Party> {
    let text = || proptest::option::of("\\PC{0,12}".prop_map(Arc::from));
    (any::<Option<[u8; 6]>>(), any::<Option<std::net::IpAddr>>(), text(), text(), text())
        .prop_map(|(mac, ip, vendor, port, name)| Party { mac: mac.map(MacAddr), ip, vendor, port, name })
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let feed = proptest::sample::select(vec!["capture", "snmp", "discovery"]);
    (any::<[String; 4]>(), feed, any::<Option<(u64, u64)>>()).prop_map(|(texts, feed, frame_numbers)| {
        let [claim, observed, expected, display_filter] = texts;
        Evidence { claim, observed, expected, feed, display_filter, frame_numbers }
    })
}

/// A confidence as it comes back from the disk, where it has six digits.
fn confidence() -> impl Strategy<Value = f64> {
    (0..=1_000_000_u32).prop_map(|millionths| f64::from(millionths) / 1e6)
}

fn cause() -> impl Strategy<Value = &'static str> {
    (0..CAUSES.len()).prop_map(|n| CAUSES[n].id())
}

fn candidate() -> impl Strategy<Value = Candidate> {
    (cause(), confidence(), any::<Option<[u8; 6]>>(), any::<String>())
        .prop_map(|(cause, confidence, mac, needs)| Candidate { cause, confidence, mac: mac.map(MacAddr), needs })
}

fn known() -> impl Strategy<Value = Remembered> {
    let few = 0..3_usize;
    let head = (
        "[a-c]",
        cause(),
        confidence(),
        proptest::sample::select(vec![Phase::Active, Phase::Clearing, Phase::Over]),
        proptest::sample::select(Severity::ALL.to_vec()),
        proptest::sample::select(Protocol::ALL.to_vec()),
    );
    let numbers = (any::<[i64; 3]>(), any::<Option<i64>>(), any::<[u64; 3]>());
    let parties = (proptest::option::of(party()), proptest::collection::vec(party(), few.clone()));
    let texts = proptest::collection::vec(any::<String>(), 1..4);
    let rest = (
        proptest::collection::vec(any::<std::net::IpAddr>(), few.clone()),
        proptest::collection::vec(evidence(), few.clone()),
        proptest::collection::vec(candidate(), few),
    );
    (head, numbers, parties, texts, rest).prop_map(|(head, numbers, (culprit, origins), texts, rest)| {
        let (id, cause, confidence, phase, severity, protocol) = head;
        let ([at, started, detected], ended, [frames, peak_pps, current_pps]) = numbers;
        let (groups, evidence, candidates) = rest;
        let verdict = Verdict {
            id: id.into(),
            segment: "eth0.20".into(),
            cause,
            severity,
            confidence,
            phase,
            started: Time::from_nanos(started),
            ended: ended.map(Time::from_nanos),
            detected: Time::from_nanos(detected),
            culprit,
            origins,
            groups,
            protocol,
            frames,
            peak_pps,
            current_pps,
            sentence: texts.concat(),
            evidence,
            remedy: texts.clone(),
            candidates,
            lacks: texts.clone(),
            recording: texts.first().map(|text| text.as_str().into()),
            acknowledged: None,
            muted: None,
        };
        let verified = frames % 2 == 1;
        Remembered { at: Time::from_nanos(at), verdict, verified }
    })
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn a_line_says_what_it_was_written_for(known in known()) {
        let entry = Entry::Storm(Box::new(known));
        let line = encode(&entry);
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(decode(line.as_bytes()), Ok(entry));
    }

    #[test]
    fn a_file_cut_off_anywhere_tells_all_that_is_before(lines in proptest::collection::vec(known(), 1..4)) {
        let lines = lines.into_iter().map(|known| Entry::Storm(Box::new(known))).collect::<Vec<_>>();
        let written = lines.iter().map(encode).collect::<Vec<_>>();
        let text = written.concat();
        for cut in 0..=text.len() {
            let mut before = History::default();
            let mut end = 0;
            for (line, entry) in written.iter().zip(&lines) {
                end += line.len();
                // The newline alone may be lacking.
                if end - 1 <= cut {
                    before.take(entry.clone());
                }
            }
            let read = History::read(&text.as_bytes()[..cut]);
            prop_assert_eq!(read.storms(), before.storms(), "cut at {}", cut);
            prop_assert_eq!(read.newer(), None);
        }
    }

    #[test]
    fn whatever_the_bytes_reading_ends(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(History::read(&bytes).storms().is_empty());
    }

    #[test]
    fn what_was_written_has_no_news(all in proptest::collection::vec(known(), 0..5)) {
        // In the engine an id is open once at most, and the storms of one id follow each other.
        let mut ids = std::collections::BTreeSet::new();
        let one = |known: Remembered| (known.verified, Arc::new(known.verdict));
        let (verified, verdicts): (Vec<_>, Vec<_>) =
            all.into_iter().map(one).filter(|(_, v)| ids.insert(Arc::clone(&v.id))).unzip();
        let keys = verdicts.iter().map(|v| (Arc::clone(&v.id), v.started));
        let verified = keys.zip(verified).filter(|(_, verified)| *verified).map(|(key, _)| key).collect();
        let kept = Kept { verdicts: &verdicts, notes: &[], verified: &verified };
        let mut history = History::default();
        for entry in history.news(Time::from_secs(1), &kept, true) {
            history.take(entry);
        }
        prop_assert_eq!(history.news(Time::from_secs(2), &kept, true), Vec::new());
        prop_assert_eq!(history.storms().len(), verdicts.len());
    }
}
