//! What is to be known of a cause before it strikes: what it is, how it is recognised, what looks alike, and where that
//! comes from. Knows no storm. What to do is not written here a second time: it is the cause's own remedy, asked for a
//! storm of nobody in particular.

use super::causes::Cause;
use crate::detect::Thresholds;
use crate::model::text::{Facts, Text};
use crate::model::verdict::{Severity, Verdict};

/// What is to be known of a cause. Texts may hold places, as `{source_pps}`: the names of [`Thresholds`] and of
/// [`Page::numbers`], so that no number is written twice.
#[derive(Debug)]
pub struct Page {
    /// What it is, in one sentence.
    pub about: Text,
    /// How it is recognised: all that the cause's code asks for.
    pub recognised: &'static [Sign],
    /// What looks alike, and how it is told from this.
    pub not_this: &'static [Text],
    /// Numbers of the cause's own that its texts name.
    pub numbers: &'static [(&'static str, u64)],
    /// Where to read on.
    pub sources: &'static [Source],
}

/// What a sign is seen in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeenIn {
    /// Captured frames.
    Frames,
    /// Counters and tables, of switches or of this host.
    Counters,
}

impl SeenIn {
    /// The feed, as [`Evidence::feed`](crate::model::verdict::Evidence::feed) has it.
    #[must_use]
    pub const fn feed(self) -> &'static str {
        match self {
            Self::Frames => "capture",
            Self::Counters => "snmp",
        }
    }
}

/// One thing by which a cause is recognised.
#[derive(Clone, Copy, Debug)]
pub struct Sign {
    /// What it is seen in.
    pub seen_in: SeenIn,
    /// What is seen.
    pub text: Text,
}

/// A sign in captured frames.
pub(super) const fn frames(en: &'static str, ja: &'static str) -> Sign {
    Sign { seen_in: SeenIn::Frames, text: Text { en, ja } }
}

/// A sign in counters and tables.
pub(super) const fn counters(en: &'static str, ja: &'static str) -> Sign {
    Sign { seen_in: SeenIn::Counters, text: Text { en, ja } }
}

/// A sentence in both languages.
pub(super) const fn text(en: &'static str, ja: &'static str) -> Text {
    Text { en, ja }
}

/// A document that says more. Titles of RFCs are their own.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// An RFC: number, title, and the section or the MIB object that it is about; empty for all of it.
    Rfc(u16, &'static str, &'static str),
    /// Something else: its title, and its address, empty where there is none to be read freely.
    Other(&'static str, &'static str),
}

impl Source {
    /// `RFC 2131, section 4.1: Dynamic Host Configuration Protocol`.
    #[must_use]
    pub fn title(&self) -> String {
        match self {
            Self::Rfc(number, title, "") => format!("RFC {number}: {title}"),
            Self::Rfc(number, title, place) if is_section(place) => format!("RFC {number}, section {place}: {title}"),
            Self::Rfc(number, title, object) => format!("RFC {number}, {object}: {title}"),
            Self::Other(title, _) => (*title).to_owned(),
        }
    }

    /// Where it is to be read.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        match self {
            Self::Rfc(number, _, place) if is_section(place) => {
                Some(format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{place}"))
            }
            Self::Rfc(number, ..) => Some(format!("https://www.rfc-editor.org/rfc/rfc{number}")),
            Self::Other(_, "") => None,
            Self::Other(_, url) => Some((*url).to_owned()),
        }
    }
}

fn is_section(place: &str) -> bool {
    place.starts_with(|first: char| first.is_ascii_digit())
}

/// An object of the BRIDGE-MIB.
pub(super) const fn bridge_mib(object: &'static str) -> Source {
    Source::Rfc(4188, "Definitions of Managed Objects for Bridges", object)
}

/// An object of the IF-MIB.
pub(super) const fn if_mib(object: &'static str) -> Source {
    Source::Rfc(2863, "The Interfaces Group MIB", object)
}

/// A section of the standard of multicast DNS.
pub(super) const fn mdns(section: &'static str) -> Source {
    Source::Rfc(6762, "Multicast DNS", section)
}

/// What multicast costs on Wi-Fi.
pub(super) const WIRELESS: Source = Source::Rfc(9119, "Multicast Considerations over IEEE 802 Wireless Media", "3.1");

/// Loops, and floods by changes of the tree.
pub(super) const STP_TROUBLE: Source = Source::Other(
    "Cisco, document 28943, on problems of the spanning tree",
    "https://www.cisco.com/c/en/us/support/docs/lan-switching/spanning-tree-protocol/28943-170.html",
);

impl Page {
    /// A sign of it is seen there.
    #[must_use]
    pub fn is_seen_in(&self, feed: SeenIn) -> bool {
        self.recognised.iter().any(|sign| sign.seen_in == feed)
    }

    /// What fills the places of its texts.
    #[must_use]
    pub fn facts(&self, thresholds: &Thresholds) -> Facts {
        let counters = &thresholds.counters;
        let limits = [
            ("replica_copies", thresholds.replica_copies),
            ("source_pps", thresholds.source_pps),
            ("source_seconds", thresholds.source_seconds.into()),
            ("storm_pps", thresholds.storm_pps),
            ("critical_pps", thresholds.critical_pps),
            ("replica_pps", thresholds.replica_pps),
            ("confirm_polls", counters.confirm_polls.into()),
            ("weak_factor", counters.weak_factor.round() as u64),
            ("weak_minutes", counters.weak_for.as_secs().div_ceil(60)),
            ("stream_octets", counters.stream_octets.round() as u64),
            ("residual", (counters.residual * 100.0).round() as u64),
        ];
        let own = self.numbers.iter().copied();
        limits.into_iter().chain(own).map(|(name, number)| (name, super::words::number(number))).collect()
    }
}

/// What to do about a cause, in order, in English: its remedy for a storm that goes on and whose culprit is not known.
#[must_use]
pub fn remedy(cause: &dyn Cause) -> Vec<String> {
    let storm = Verdict {
        severity: Severity::Storm,
        confidence: 1.0,
        // Both families: what is to be done about either is then told.
        groups: vec![[239, 255, 255, 250].into(), [0xff02, 0, 0, 0, 0, 0, 0, 0xc].into()],
        ..Verdict::blank("".into(), cause.id())
    };
    cause.remedy(&storm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::{CAUSES, cause};
    use crate::model::text::Language;

    fn texts(page: &Page) -> Vec<Text> {
        let signs = page.recognised.iter().map(|sign| sign.text);
        [page.about].into_iter().chain(signs).chain(page.not_this.iter().copied()).collect()
    }

    fn is_japanese(text: &str) -> bool {
        text.chars().any(|c| matches!(c, '\u{3041}'..='\u{30ff}'))
    }

    #[test]
    fn every_page_is_complete_in_both_languages() {
        for cause in CAUSES {
            let (id, page) = (cause.id(), cause.page());
            assert!(!page.recognised.is_empty() && !page.not_this.is_empty() && !page.sources.is_empty(), "{id}");
            assert!(!remedy(*cause).is_empty(), "{id}");
            for text in texts(page) {
                assert!(text.en.ends_with('.') && text.ja.ends_with('。'), "{id}: {text:?}");
                assert!(is_japanese(text.ja) && !is_japanese(text.en), "{id}: {text:?}");
                // An English sentence has four words in a row; names of things have fewer.
                let words = text.ja.split(|c: char| !c.is_ascii_alphabetic() && c != ' ');
                assert!(words.into_iter().all(|run| run.split_whitespace().count() < 4), "{id}: {}", text.ja);
            }
        }
    }

    #[test]
    fn every_place_is_filled_and_every_number_used() {
        for cause in CAUSES {
            let (id, page) = (cause.id(), cause.page());
            let facts = page.facts(&Thresholds::default());
            let mut used = Vec::new();
            for text in texts(page) {
                let places = text.places(Language::English);
                assert_eq!(places, text.places(Language::Japanese), "{id}: {}", text.en);
                assert!(places.iter().all(|place| facts.contains_key(place)), "{id}: {places:?}");
                used.extend(places);
            }
            assert!(page.numbers.iter().all(|(name, _)| used.contains(name)), "{id}: {used:?}");
        }
    }

    #[test]
    fn what_looks_alike_is_known_and_something_else() {
        for (id, text) in CAUSES.iter().flat_map(|cause| texts(cause.page()).into_iter().map(|text| (cause.id(), text)))
        {
            let places = text.places(Language::English);
            for language in [Language::English, Language::Japanese] {
                let words = text.template(language).split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                let ids = words.filter(|word| word.contains('_') && !places.contains(word)).collect::<Vec<_>>();
                assert!(ids.iter().all(|other| *other != id && cause(other).is_some()), "{id}: {ids:?}");
            }
        }
    }

    #[test]
    fn no_sentence_is_written_twice() {
        let mut about = CAUSES.iter().map(|cause| cause.page().about.ja).collect::<Vec<_>>();
        about.sort_unstable();
        about.dedup();
        assert_eq!(about.len(), CAUSES.len());
    }

    #[test]
    fn a_source_says_where() {
        let section = Source::Rfc(2131, "DHCP", "4.1");
        assert_eq!(section.title(), "RFC 2131, section 4.1: DHCP");
        assert_eq!(section.url().as_deref(), Some("https://www.rfc-editor.org/rfc/rfc2131#section-4.1"));
        let object = bridge_mib("dot1dTpFdbTable");
        assert!(object.title().starts_with("RFC 4188, dot1dTpFdbTable: "));
        assert_eq!(object.url().as_deref(), Some("https://www.rfc-editor.org/rfc/rfc4188"));
        assert_eq!(Source::Other("IEEE 802.1D-2004", "").url(), None);
    }
}
