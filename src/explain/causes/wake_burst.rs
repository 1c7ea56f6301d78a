//! A device wakes and announces everything it has at once, each message anew: as loud as a device that has gone wrong, but
//! the rate decays, and after some seconds it is done.

use super::chatty_source::{finding, ownership};
use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::finding::Finding;
use crate::explain::page::{Page, frames, mdns, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::verdict::{Evidence, Severity, Verdict};
use std::collections::BTreeSet;
use std::time::Duration;

/// What goes on for longer is no burst: 3,000 frames a second that halve every two seconds are below 50 after twelve.
pub(super) const LONGEST: Duration = Duration::from_secs(20);

/// `wake_burst`.
pub(super) struct WakeBurst;

impl Cause for WakeBurst {
    fn id(&self) -> &'static str {
        "wake_burst"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, scene: &Scene<'_>, circulating: &[Circulating<'_>], taken: &BTreeSet<MacAddr>) -> Vec<Finding> {
        let decays = scene.loud.iter().filter(|(key, talker)| {
            talker.seconds.fades()
                && talker.last.since(talker.busy_since) < LONGEST
                && !talker.repeats_itself()
                && !taken.contains(&key.0)
        });
        let found = decays.filter_map(|(key, talker)| {
            let own = ownership(scene, circulating, key, talker)?;
            let mut found = finding(scene, key, talker, own);
            (found.cause, found.severity) = (self.id(), Severity::Warning);
            let decay = Evidence {
                claim: "It decays: each second has clearly less than the one before".to_owned(),
                observed: format!(
                    "{} a second at first, {} now",
                    words::number(talker.seconds.peak),
                    words::number(talker.seconds.rate)
                ),
                expected: "a device that has gone wrong goes on at the same rate".to_owned(),
                feed: "capture",
                display_filter: format!("eth.src == {} && eth.dst.ig == 1", key.0),
                frame_numbers: None,
            };
            found.evidence.insert(0, decay);
            Some(found)
        });
        found.collect()
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let device = verdict.culprit.as_ref().map_or_else(|| "one device".to_owned(), |c| words::device(c, "device"));
        format!(
            "A burst {}: {device} announced itself with up to {} {} a second, and less each second. Nothing is to be done, \
             if it does not return.",
            times.span(verdict),
            words::about(verdict.peak_pps),
            verdict.protocol.noun(),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let device = verdict.culprit.as_ref().map_or_else(|| "the device".to_owned(), words::short);
        vec![
            "Nothing, if it does not return.".to_owned(),
            format!(
                "If it returns each time {device} wakes: update its software, or turn off what it announces and nobody uses."
            ),
        ]
    }
}

const PAGE: Page = Page {
    about: text(
        "A device wakes and announces all it has, fast at first, and done after some seconds.",
        "機器が起動して、持っている機能を一斉に告知しています。最初は多く、数秒で終わります。",
    ),
    recognised: &[
        frames(
            "One MAC sends {source_pps} frames a second or more to everybody, {source_seconds} seconds in a row, but the rate has fallen for two seconds and has not risen since.",
            "1つのMACアドレスが、毎秒{source_pps}個以上のフレームを{source_seconds}秒続けて全体に送信しますが、量は2秒以上減り続け、増えていません。",
        ),
        frames(
            "It has lasted for less than {longest} s, and the messages are new, each from the device's own address. It is a warning, never a storm.",
            "続いた時間は{longest}秒未満で、メッセージは毎回新しく、機器自身のアドレスから送られています。警告であり、ストームとはしません。",
        ),
    ],
    not_this: &[
        text(
            "chatty_source: a device that has gone wrong goes on at the same rate, or returns.",
            "chatty_source: 異常な機器は、同じ頻度で送信し続けるか、再発します。",
        ),
        text(
            "After a power cut all devices announce themselves at once: that is over in a second, and no single one is this loud.",
            "停電からの復旧時には全機器が一斉に告知しますが、1秒ほどで終わり、1台だけがこれほど多く送ることはありません。",
        ),
    ],
    numbers: &[("longest", LONGEST.as_secs())],
    sources: &[mdns("8.3")],
};
