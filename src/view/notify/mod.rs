//! What a person is told who does not look at the page: a notice becomes a message, a message becomes what each kind of channel
//! takes. Every name in it comes from devices, which may be hostile. Knows no sockets and no secrets.

pub mod discord;
pub mod email;
pub mod mqtt;
mod notices;
pub mod ntfy;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;
pub mod webhook;

pub use notices::{notice, opened, test};

use crate::engine::outbox::Delivery;
use crate::model::Time;
use crate::model::notice::{Moment, Notice, Topic};
use crate::model::text::{Facts, Language, Text};
use std::time::Duration;

/// A message older than this says when it was written.
const LATE: Duration = Duration::from_secs(60);

/// How messages of a channel are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manner {
    /// In which language.
    pub language: Language,
    /// Local time minus UTC, seconds.
    pub utc_offset_seconds: i32,
    /// Where the page is for the reader, without a slash at its end.
    pub external_url: Option<String>,
}

/// A message, ready for any channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// In which language.
    pub language: Language,
    /// Which moment it tells of.
    pub moment: Moment,
    /// One line.
    pub title: String,
    /// Who, what, since when.
    pub sentence: String,
    /// What to do, in order.
    pub remedy: Vec<String>,
    /// That it comes late, and what was left out.
    pub notes: Vec<String>,
    /// The page.
    pub link: Option<String>,
    /// The facts: of the end, where there is one.
    pub notice: Notice,
}

/// A title for each moment.
struct Titles {
    begun: Text,
    changed: Text,
    returned: Text,
    over: Text,
    past: Text,
}

words! {
    LATE_NOTE: "Written at {time}; it could not be delivered earlier.",
        "{time}に作成しましたが、今まで届けられませんでした。";
    LEFT_OUT: "{n} more messages were left out; the page has them all.",
        "ほかに{n}件の通知を省きました。すべてページで確認できます。";
    HEAD_WHAT_TO_DO: "What to do", "対処方法";
    HEAD_CULPRIT: "Device", "機器";
    HEAD_PORT: "Switch port", "スイッチのポート";
    HEAD_CAUSE: "Cause", "原因";
    HEAD_SEGMENT: "Segment", "セグメント";
    NAME_STORM: "Packet storm", "パケットストーム";
    NAME_STATE: "Network", "ネットワーク";
    NAME_SENDS: "Sends a packet storm", "パケットストームを送信";
}

const STORM: Titles = Titles {
    begun: Text { en: "Packet storm: {who}", ja: "パケットストームが発生しています: {who}" },
    changed: Text { en: "Packet storm, now known better: {who}", ja: "パケットストームの続報: {who}" },
    returned: Text {
        en: "The packet storm is back: {who}", ja: "パケットストームが再発しました: {who}"
    },
    over: Text { en: "The packet storm is over: {who}", ja: "パケットストームが収まりました: {who}" },
    past: Text { en: "There was a packet storm: {who}", ja: "パケットストームがありました: {who}" },
};
const WARNING: Text = Text {
    en: "This can become a packet storm: {who}",
    ja: "パケットストームになるおそれがあります: {who}",
};
const BLIND: Titles = Titles {
    begun: Text {
        en: "stormglass sees nothing of the network", ja: "stormglassはネットワークを監視できていません"
    },
    changed: Text {
        en: "stormglass sees nothing of the network", ja: "stormglassはネットワークを監視できていません"
    },
    returned: Text {
        en: "stormglass sees nothing of the network", ja: "stormglassはネットワークを監視できていません"
    },
    over: Text { en: "stormglass sees the network again", ja: "stormglassは監視を再開しました" },
    past: Text {
        en: "stormglass saw nothing of the network for a while",
        ja: "stormglassが監視できていない時間がありました",
    },
};
const PORT: Text = Text { en: "A port was opened: {who}", ja: "ポートが開けられました: {who}" };
const TEST: Text = Text { en: "A test of stormglass", ja: "stormglassのテスト通知" };

/// The message of a delivery, as it is told now. `None`: there is nothing in it.
#[must_use]
pub fn message(delivery: &Delivery, now: Time, manner: &Manner) -> Option<Message> {
    let newest = delivery.over.as_ref().or(delivery.begun.as_ref())?;
    let both = delivery.begun.is_some() && delivery.over.is_some();
    let language = manner.language;
    let wording = newest.wording(language);
    let titles = |titles: &Titles| match newest.moment {
        _ if both => titles.past,
        Moment::Begun | Moment::Once => titles.begun,
        Moment::Changed => titles.changed,
        Moment::Returned => titles.returned,
        Moment::Over => titles.over,
    };
    let title = match newest.topic {
        Topic::Storm => titles(&STORM),
        Topic::Warning => WARNING,
        Topic::Blind => titles(&BLIND),
        Topic::PortOpened => PORT,
        Topic::Test => TEST,
    };
    let title = title.fill(language, &Facts::from([("who", wording.who.clone())]));
    let mut notes = Vec::new();
    if now.since(newest.at) >= LATE {
        let time = newest.at.hour_minute(manner.utc_offset_seconds);
        notes.push(LATE_NOTE.fill(language, &Facts::from([("time", time)])));
    }
    if delivery.left_out > 0 {
        notes.push(LEFT_OUT.fill(language, &Facts::from([("n", delivery.left_out.to_string())])));
    }
    Some(Message {
        language,
        moment: newest.moment,
        title: clip(&title, notices::MAX_TITLE),
        sentence: wording.sentence.clone(),
        remedy: wording.remedy.clone(),
        notes,
        link: manner.external_url.as_ref().map(|url| link(url, newest)),
        notice: newest.clone(),
    })
}

/// The page of a storm that is over; of one that goes on the first page, since its name may still change.
fn link(url: &str, notice: &Notice) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if notice.topic == Topic::Storm && notice.moment == Moment::Over && notice.storm.chars().all(plain) {
        return format!("{url}/storms/{}/{}", notice.storm, notice.started.as_nanos());
    }
    format!("{url}/")
}

impl Message {
    /// Something goes on that somebody should act on.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.moment.opens() && matches!(self.notice.topic, Topic::Storm)
    }

    /// It tells of an end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.moment == Moment::Over
    }

    /// Everything but the title, as plain text with a paragraph for each part.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut parts = vec![self.sentence.clone()];
        if !self.remedy.is_empty() {
            let steps = self.remedy.iter().enumerate().map(|(n, step)| format!("{}. {step}", n + 1));
            let head = HEAD_WHAT_TO_DO.template(self.language);
            parts.push(format!("{head}\n{}", steps.collect::<Vec<_>>().join("\n")));
        }
        parts.extend(self.notes.iter().cloned());
        parts.extend(self.link.clone());
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }
}

/// At most so many bytes, cut between characters, with a mark that it was cut.
pub(super) fn clip(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub('…'.len_utf8());
    let end = (0..=room).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}…", &text[..end])
}
