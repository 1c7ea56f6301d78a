//! Notices: a moment of a verdict, a port or the watching itself, in words of both languages. Bounded, and free of what could turn
//! or hide text; knows no channel.

use super::clip;
use crate::engine::teller::Told;
use crate::model::Time;
use crate::model::notice::{Moment, Notice, Topic, Wording};
use crate::model::text::{Language, Text};
use crate::model::vendor;
use crate::model::verdict::{Party, Verdict};
use crate::observe::catalogue::MappingChange;
use crate::view::lang;
use crate::view::upnp::{self, printable};
use std::sync::Arc;

/// Bytes of a title.
pub(super) const MAX_TITLE: usize = 240;
/// Bytes of a sentence; the longest of ours have 700, in Japanese 1,100.
const MAX_SENTENCE: usize = 1_600;
/// Steps of a remedy, and bytes of one.
const MAX_STEPS: usize = 4;
const MAX_STEP: usize = 900;
/// Bytes of a name.
const MAX_NAME: usize = 120;
const LANGUAGES: [Language; 2] = [Language::English, Language::Japanese];

words! {
    NOBODY: "the device is not known yet", "機器は特定できていません";
    BLIND_SENTENCE: "Neither capture nor counters work: a storm would not be noticed. Look at the page for what each feed lacks.",
        "キャプチャーもカウンターも動作していないため、ストームが起きても検知できません。各監視に何が足りないかは、ページで確認してください。";
    SIGHT_SENTENCE: "At least one feed works again.", "監視のいずれかが再び動作しています。";
    TEST_SENTENCE: "If you can read this, stormglass can tell you when a storm begins, and when it is over.",
        "これが読めれば、ストームの発生と終息の通知を受け取れます。";
}

/// The notice of a moment that was told.
#[must_use]
pub fn notice(told: &Told, now: Time) -> Notice {
    match &told.verdict {
        Some(verdict) => of_verdict(told, verdict, now),
        None => {
            let text = if told.moment == Moment::Over { SIGHT_SENTENCE } else { BLIND_SENTENCE };
            let words = LANGUAGES.map(|language| saying("", text.template(language)));
            plain(told.topic, told.moment, Arc::clone(&told.key), now, words)
        }
    }
}

/// A device has opened a port.
#[must_use]
pub fn opened(change: &MappingChange, now: Time) -> Notice {
    let mapping = &change.mapping;
    let who = format!(
        "{} {} → {}:{}",
        mapping.protocol.as_str(),
        mapping.external_port,
        mapping.internal_client,
        mapping.internal_port
    );
    let words = LANGUAGES.map(|language| saying(&who, &upnp::change(change, language)));
    let key = format!("port/{}/{who}/{}", change.gateway, change.at.as_nanos());
    plain(Topic::PortOpened, Moment::Once, clip(&key, 512).into(), now, words)
}

/// Somebody tries a channel.
#[must_use]
pub fn test(now: Time) -> Notice {
    let words = LANGUAGES.map(|language| saying("", TEST_SENTENCE.template(language)));
    plain(Topic::Test, Moment::Once, "test".into(), now, words)
}

fn saying(who: &str, sentence: &str) -> Wording {
    Wording { who: name(who), sentence: clip(&printable(sentence), MAX_SENTENCE), remedy: Vec::new() }
}

fn plain(topic: Topic, moment: Moment, key: Arc<str>, at: Time, words: [Wording; 2]) -> Notice {
    Notice {
        topic,
        moment,
        key,
        at,
        storm: "".into(),
        segment: "".into(),
        cause: "".into(),
        severity: None,
        culprit: None,
        started: at,
        ended: None,
        frames: 0,
        peak_pps: 0,
        words,
    }
}

fn of_verdict(told: &Told, verdict: &Verdict, at: Time) -> Notice {
    let words = LANGUAGES.map(|language| {
        let verdict = lang::verdict(verdict, language);
        let remedy = verdict.remedy.iter().take(MAX_STEPS).map(|step| clip(&printable(step), MAX_STEP));
        Wording {
            who: verdict.culprit.as_ref().and_then(who).unwrap_or_else(|| NOBODY.template(language).to_owned()),
            sentence: clip(&printable(&verdict.sentence), MAX_SENTENCE),
            remedy: remedy.collect(),
        }
    });
    Notice {
        storm: Arc::clone(&verdict.id),
        segment: name(&verdict.segment).into(),
        cause: verdict.cause.into(),
        severity: Some(verdict.severity),
        culprit: verdict.culprit.as_ref().map(bounded),
        started: verdict.started,
        ended: verdict.ended,
        frames: verdict.frames,
        peak_pps: verdict.peak_pps,
        ..plain(told.topic, told.moment, Arc::clone(&told.key), at, words)
    }
}

/// `second router (192.168.1.100, 3c:84:6a:10:00:c8, hub ge7)`.
fn who(party: &Party) -> Option<String> {
    let maker = || party.vendor.as_deref().map(|vendor| vendor::short_name(vendor).into_owned());
    let called = party.name.as_deref().map(name).or_else(|| maker().map(|maker| name(&maker)));
    let parts =
        [party.ip.map(|ip| ip.to_string()), party.mac.map(|mac| mac.to_string()), party.port.as_deref().map(name)];
    let parts = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    match called {
        Some(called) if parts.is_empty() => Some(called),
        Some(called) => Some(format!("{called} ({parts})")),
        None if parts.is_empty() => None,
        None => Some(parts),
    }
}

fn bounded(party: &Party) -> Party {
    let text = |text: &Option<Arc<str>>| text.as_deref().map(|text| name(text).into());
    Party {
        mac: party.mac,
        ip: party.ip,
        vendor: text(&party.vendor),
        port: text(&party.port),
        name: text(&party.name),
    }
}

fn name(text: &str) -> String {
    clip(&printable(text), MAX_NAME)
}
