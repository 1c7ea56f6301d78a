//! Sentences that several checks say, and the two ways not to have looked.

use super::{Answer, Fate, Place, Said, Status};
use crate::model::probe::{Probe, Refusal};
use crate::model::text::Text;
use crate::observe::hearing::Heard;
use std::time::Duration;

pub(super) const PLACE: Text = Text { en: "On {interface}:", ja: "{interface} について:" };
pub(super) const NOWHERE: Text = Text {
    en: "There is no interface to look at: none is up and on a LAN.",
    ja: "調べるインターフェースがありません。有効でLANにつながっているものがありません。",
};
const BLIND: Text = Text { en: "Could not look: {why}.", ja: "調べられませんでした: {why}" };
const PASSIVE: Text = Text {
    en: "Nothing was heard of it in {seconds} s, and nothing was sent (--passive).",
    ja: "{seconds} 秒間、兆候は聞こえませんでした。パケットは送信していません(--passive)。",
};
const NOT_AGREED: Text = Text {
    en: "Nothing was heard of it in {seconds} s. Nothing was sent, because nobody has agreed to the search.",
    ja: "{seconds} 秒間、兆候は聞こえませんでした。探索の同意がないため、送信していません。",
};
const AGREE: Text = Text {
    en: "Run `stormglass doctor --yes` to let it send the search (see --help for what it sends).",
    ja: "探索を許可するには `stormglass doctor --yes` を実行してください(送信内容は --help にあります)。",
};
const STOPPED: Text = Text {
    en: "Not asked: something was found before, and another packet could feed it.",
    ja: "すでに異常が見つかったため、悪化させないように送信しませんでした。",
};
const AGAIN: Text = Text {
    en: "Put that right first, then run `stormglass doctor` again.",
    ja: "まずその異常を解消してから、もう一度 `stormglass doctor` を実行してください。",
};
const UNSENT: Text = Text {
    en: "Could not look: it was not sent ({why}).",
    ja: "送信できず、調べられませんでした({why})。",
};

const NO_ADDRESS: Text = Text {
    en: "Could not look: this computer has no IPv4 address there. Nothing was heard of it in {seconds} s.",
    ja: "このコンピューターにはIPv4アドレスがなく、調べられませんでした。{seconds} 秒間、兆候は聞こえませんでした。",
};

/// What the person does about a router whose two sides are in one LAN.
pub(super) const UNPLUG_WAN: Text = Text {
    en: "Now: unplug the WAN-side cable of that router (or its power).",
    ja: "まず、そのルーターのWAN側ケーブル(または電源)を抜いてください。",
};
/// And then.
pub(super) const PROXY_OFF: Text = Text {
    en: "Then: turn off its IGMP proxy (and IPv6 pass-through). If it must stay for PPPoE, put a switch between the ONU and \
         both routers, so that its WAN side leaves the LAN.",
    ja: "次に、そのルーターの「IGMPプロキシ」(とIPv6パススルー)をオフにしてください。PPPoEのために残す場合は、ONUと2台のルーターの\
         間にスイッチを置き、WAN側をLANから切り離してください。",
};

/// Whole seconds, at least 1.
pub(super) fn seconds(time: Duration) -> String {
    time.as_secs_f64().round().max(1.0).to_string()
}

/// A place that could not be heard.
pub(super) fn blind(why: &str) -> Answer {
    Answer::new(Status::Unable, Said::with(&BLIND, [("why", why.trim_end_matches('.').to_owned())]))
}

/// A probe was not sent, and nothing was heard without it.
pub(super) fn not_sent(place: &Place, heard: &Heard, probe: &Probe) -> Answer {
    let listened = || [("seconds", seconds(heard.listened()))];
    match place.sent.get(probe.id) {
        Some(Fate::Refused(Refusal::Passive)) => Answer::new(Status::Unasked, Said::with(&PASSIVE, listened())),
        Some(Fate::Refused(Refusal::NotAgreed)) => {
            Answer::new(Status::Unasked, Said::with(&NOT_AGREED, listened())).then(Said::plain(&AGREE))
        }
        Some(Fate::Refused(Refusal::Stopped)) => {
            Answer::new(Status::Unasked, Said::plain(&STOPPED)).then(Said::plain(&AGAIN))
        }
        Some(Fate::NoAddress) => Answer::new(Status::Unable, Said::with(&NO_ADDRESS, listened())),
        Some(Fate::Failed(why)) => Answer::new(Status::Unable, Said::with(&UNSENT, [("why", why.clone())])),
        Some(Fate::Refused(Refusal::Spent | Refusal::TooSoon) | Fate::Sent(_)) | None => {
            Answer::new(Status::Unable, Said::with(&UNSENT, [("why", probe.id.to_owned())]))
        }
    }
}
