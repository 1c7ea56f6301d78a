//! A sentence in both languages, with places for facts. Knows no rules of grammar: each language has its whole sentence.

use serde::Serialize;
use std::collections::BTreeMap;

/// The languages that people are spoken to in. Identifiers, keys and labels are in none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Language {
    /// `en`.
    #[default]
    #[serde(rename = "en")]
    English,
    /// `ja`.
    #[serde(rename = "ja")]
    Japanese,
}

/// What a judgement rests on, by name: the evidence, and what fills the places of its sentence.
pub type Facts = BTreeMap<&'static str, String>;

/// A sentence, or several, in each language. `{name}` stands for the fact of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Japanese (です・ます).
    pub ja: &'static str,
}

impl Text {
    /// The template in one language.
    #[must_use]
    pub const fn template(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::Japanese => self.ja,
        }
    }

    /// The text with its facts. A place without a fact becomes `?`; what a fact holds is not looked into again.
    #[must_use]
    pub fn fill(&self, language: Language, facts: &Facts) -> String {
        let mut rest = self.template(language);
        let mut text = String::with_capacity(rest.len() + 32);
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, behind)) = after.split_once('}') else { break };
            text.push_str(facts.get(name).map_or("?", String::as_str));
            rest = behind;
        }
        text.push_str(rest);
        text
    }

    /// The names of the places in one language, sorted.
    #[must_use]
    pub fn places(&self, language: Language) -> Vec<&'static str> {
        let parts = self.template(language).split('{').skip(1);
        let mut names = parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect::<Vec<_>>();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_fill_their_places_once() {
        let text = Text { en: "{a} and {b}.", ja: "{b}と{a}です。" };
        let facts = Facts::from([("a", "{b}".to_owned()), ("b", "two".to_owned())]);
        assert_eq!(text.fill(Language::English, &facts), "{b} and two.");
        assert_eq!(text.fill(Language::Japanese, &facts), "twoと{b}です。");
        assert_eq!(text.fill(Language::English, &Facts::new()), "? and ?.");
        assert_eq!(text.places(Language::Japanese), ["a", "b"]);
    }
}
