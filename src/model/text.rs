//! A sentence in both languages, with places for facts. Knows no rules of grammar: each language has its whole sentence.

use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

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

/// What fills a place of a [`Sentence`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A name, number or identifier: the same in each language.
    Plain(String),
    /// Words of a language: why something failed, within the sentence that tells of it.
    Said(Box<Sentence>),
}

impl From<String> for Fact {
    fn from(text: String) -> Self {
        Self::Plain(text)
    }
}

impl From<&str> for Fact {
    fn from(text: &str) -> Self {
        Self::Plain(text.to_owned())
    }
}

impl From<Sentence> for Fact {
    fn from(sentence: Sentence) -> Self {
        Self::Said(Box::new(sentence))
    }
}

/// A text with its facts: said where it is known what happened, and put into words where it is known who reads it.
/// Serialized (and displayed, in logs) in English; whoever knows the reader's language asks for it by
/// [`Sentence::say`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    text: Text,
    facts: Vec<(&'static str, Fact)>,
}

impl Sentence {
    /// A text that has no places, or gets its facts by [`Sentence::with`].
    #[must_use]
    pub const fn of(text: Text) -> Self {
        Self { text, facts: Vec::new() }
    }

    /// The same with the fact of this name.
    #[must_use]
    pub fn with(mut self, name: &'static str, fact: impl Into<Fact>) -> Self {
        self.facts.push((name, fact.into()));
        self
    }

    /// A text with what a judgement rests on.
    #[must_use]
    pub fn with_facts(text: Text, facts: &Facts) -> Self {
        let facts = facts.iter().map(|(name, fact)| (*name, Fact::Plain(fact.clone())));
        Self { text, facts: facts.collect() }
    }

    /// The same with a number.
    #[must_use]
    pub fn count(self, name: &'static str, number: impl fmt::Display) -> Self {
        self.with(name, number.to_string())
    }

    /// In words.
    #[must_use]
    pub fn say(&self, language: Language) -> String {
        let facts = self.facts.iter().map(|(name, fact)| match fact {
            Fact::Plain(text) => (*name, text.clone()),
            Fact::Said(sentence) => (*name, sentence.say(language)),
        });
        self.text.fill(language, &facts.collect())
    }

    /// Puts one list of sentences into words.
    #[must_use]
    pub fn all(sentences: &[Self], language: Language) -> Vec<String> {
        sentences.iter().map(|sentence| sentence.say(language)).collect()
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.say(Language::English))
    }
}

impl Serialize for Sentence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
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

    #[test]
    fn sentences_within_sentences_are_said_in_one_language() {
        const WHY: Text = Text { en: "it is {what}", ja: "{what}です" };
        const ALL: Text = Text { en: "It was not read: {why}.", ja: "読み取れません：{why}。" };
        let sentence = Sentence::of(ALL).with("why", Sentence::of(WHY).with("what", "{why}"));
        assert_eq!(sentence.say(Language::Japanese), "読み取れません：{why}です。");
        assert_eq!(sentence.to_string(), "It was not read: it is {why}.");
        assert_eq!(serde_json::json!(sentence), "It was not read: it is {why}.");
    }
}
