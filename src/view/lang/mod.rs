//! What verdicts say, in another language: a catalogue with the English sentence as the key, as gettext has it, so that
//! whoever adds a cause writes English and whoever speaks the language adds a line here. A sentence without a line
//! stays English, which is better than nothing. Identifiers, filters and names are never touched.

mod ja;
mod ja_causes;
mod ja_counted;
mod ja_pairs;
mod ja_relayed;
mod ja_snmp;

use crate::model::text::Language;
use crate::model::verdict::Verdict;
use std::borrow::Cow;

/// Sentences within sentences (`the Echo and the TV`) are looked up this deep.
const MAX_DEPTH: usize = 6;
/// Longer texts are no sentences of ours.
const MAX_LENGTH: usize = 2_000;
/// Names kept from the catalogue in one verdict; a sentence has room for fewer.
const MAX_NAMES: usize = 16;
/// Ways in which a form is tried on a text.
const MAX_TRIES: usize = 2_000;

/// The Japanese catalogue, in the order in which it is looked up.
const JAPANESE: &[&[(&str, &str)]] = &[
    ja_relayed::CATALOGUE,
    ja::CATALOGUE,
    ja_causes::CATALOGUE,
    ja_pairs::CATALOGUE,
    ja_counted::CATALOGUE,
    ja_snmp::CATALOGUE,
    ja::WORDS,
];

/// A verdict with its sentences in the language.
#[must_use]
pub fn verdict(verdict: &Verdict, language: Language) -> Verdict {
    let mut verdict = verdict.clone();
    if language == Language::English {
        return verdict;
    }
    let names = Names::of(&verdict);
    let translate = |text: &mut String| *text = names.sentence(text, language);
    translate(&mut verdict.sentence);
    for evidence in &mut verdict.evidence {
        translate(&mut evidence.claim);
        translate(&mut evidence.observed);
        translate(&mut evidence.expected);
    }
    verdict.candidates.iter_mut().for_each(|candidate| translate(&mut candidate.needs));
    verdict.remedy.iter_mut().chain(&mut verdict.lacks).for_each(translate);
    verdict
}

/// The sentence of a verdict alone, in the language.
#[must_use]
pub fn headline(verdict: &Verdict, language: Language) -> String {
    Names::of(verdict).sentence(&verdict.sentence, language)
}

/// Names of devices that are words as well (`second router`): in the sentences of a verdict they are kept from the
/// catalogue, which would take them for its own.
struct Names(Vec<String>);

impl Names {
    fn of(verdict: &Verdict) -> Self {
        let parties = verdict.culprit.iter().chain(&verdict.origins);
        let names = parties.filter_map(|party| party.name.as_deref()).filter(|name| name.contains(' '));
        let mut names = names.take(MAX_NAMES).map(String::from).collect::<Vec<_>>();
        // A name within another one is the other one.
        names.sort_by_key(|name| std::cmp::Reverse(name.len()));
        Self(names)
    }

    fn sentence(&self, text: &str, language: Language) -> String {
        let marks = || ('\u{e000}'..='\u{f8ff}').zip(&self.0);
        // A sentence of ours may have the same words in it.
        let ours = JAPANESE.iter().copied().flatten().any(|(key, _)| *key == text);
        if language == Language::English || ours || text.contains(|c| ('\u{e000}'..='\u{f8ff}').contains(&c)) {
            return sentence(text, language).into_owned();
        }
        let hidden =
            marks().fold(text.to_owned(), |text, (mark, name)| text.replace(name, mark.encode_utf8(&mut [0; 4])));
        let said = sentence(&hidden, language).into_owned();
        marks().fold(said, |said, (mark, name)| said.replace(mark, name))
    }
}

/// A sentence in the language, or as it is where the catalogue does not know it.
#[must_use]
pub fn sentence(text: &str, language: Language) -> Cow<'_, str> {
    match language {
        Language::English => Cow::Borrowed(text),
        Language::Japanese => look_up(JAPANESE, text, 0).map_or(Cow::Borrowed(text), Cow::Owned),
    }
}

/// What befell a target, in the language. Its name and address may stand before the sentence, and stay as they are.
#[must_use]
pub fn of_target(text: &str, language: Language) -> Cow<'_, str> {
    // `hub (192.168.1.2:161): …`; a bracket within a sentence of ours holds no port.
    let is_address = |inside: &str| inside.contains(':') && !inside.contains(char::is_whitespace);
    let named = |target: &str| target.rsplit_once(" (").is_some_and(|(_, inside)| is_address(inside));
    match text.split_once("): ").filter(|(target, _)| named(target)) {
        Some((target, said)) => Cow::Owned(format!("{target}): {}", sentence(said, language))),
        None => sentence(text, language),
    }
}

/// The first line of the catalogue that the text has the form of, with its places filled.
fn look_up(catalogue: &[&[(&str, &str)]], text: &str, depth: usize) -> Option<String> {
    if depth > MAX_DEPTH || text.len() > MAX_LENGTH {
        return None;
    }
    let found = catalogue.iter().copied().flatten().find_map(|(key, answer)| Some((fit(key, text)?, answer)));
    let Some((places, answer)) = found else {
        // Words that begin a sentence are in the catalogue as they are within one.
        let small = text.strip_prefix("The ").map(|rest| format!("the {rest}"))?;
        return look_up(catalogue, &small, depth + 1);
    };
    let mut out = String::with_capacity(answer.len() + 32);
    let mut rest = *answer;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, behind) = after.split_once('}')?;
        let (_, value) = places.iter().find(|(place, _)| *place == name)?;
        match look_up(catalogue, value, depth + 1) {
            Some(inner) => out.push_str(&inner),
            None => out.push_str(value),
        }
        rest = behind;
    }
    out.push_str(rest);
    Some(out)
}

/// What stands in the places of `key`, if the text has its form. Each place takes as little as it can, and at least one
/// character; places called `n`, `m`, `s`, `p` and `rate` hold numbers.
fn fit<'a>(key: &'a str, text: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let first = key.find('{').unwrap_or(key.len());
    let rest = text.strip_prefix(&key[..first])?;
    let mut places = Vec::new();
    let mut tries = 0;
    fit_places(&key[first..], rest, &mut places, &mut tries).then_some(places)
}

/// Fits what begins with a place, trying further ends where the rest does not fit.
fn fit_places<'a>(key: &'a str, text: &'a str, places: &mut Vec<(&'a str, &'a str)>, tries: &mut usize) -> bool {
    let Some((name, after)) = key.strip_prefix('{').and_then(|key| key.split_once('}')) else {
        return key.is_empty() && text.is_empty();
    };
    let (literal, next) = after.split_at(after.find('{').unwrap_or(after.len()));
    let number = matches!(name, "n" | "m" | "s" | "p" | "rate");
    let mut from = text.chars().next().map_or(1, char::len_utf8);
    while *tries < MAX_TRIES {
        *tries += 1;
        let end = if next.is_empty() {
            text.len().checked_sub(literal.len()).filter(|end| *end >= from && text.ends_with(literal))
        } else {
            text.get(from..).and_then(|rest| rest.find(literal)).map(|at| from + at)
        };
        let Some(end) = end else { return false };
        let value = &text[..end];
        if !number || is_number(value) {
            places.push((name, value));
            if fit_places(next, &text[end + literal.len()..], places, tries) {
                return true;
            }
            places.pop();
        }
        if next.is_empty() {
            return false;
        }
        from = (end + 1..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    }
    false
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix("about ").unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[(&str, &str)] = &[("{a} and {b} sing", "{b}と{a}が歌う"), ("the {a}", "その{a}"), ("nothing", "無")];

    #[test]
    fn names_are_nobodys_words() {
        let kept = Names(vec!["second router".into()]);
        let text = "pull the cable at the second router (192.168.1.100, MAC …:C8)";
        let said = kept.sentence("the second router (192.168.1.100, MAC …:C8)", Language::Japanese);
        assert!(said.starts_with("second router（"), "{said}");
        assert_eq!(kept.sentence(text, Language::English), text);
        let ours = ja::CATALOGUE.iter().find(|(key, _)| key.contains("give the second router a network"));
        let (key, answer) = ours.expect("a remedy of ours with those words");
        assert_eq!(kept.sentence(key, Language::Japanese), *answer);
        let named = "the 居間のテレビ (192.168.1.7)";
        assert_eq!(sentence(named, Language::Japanese), "居間のテレビ（192.168.1.7）");
        let unknown = "no form of ours: second router \u{e000}";
        assert_eq!(kept.sentence(unknown, Language::Japanese), unknown);
    }

    #[test]
    fn places_are_filled_and_looked_up_themselves() {
        let look = |text| look_up(&[TWO], text, 0);
        assert_eq!(look("the cat and the dog sing").as_deref(), Some("そのdogとそのcatが歌う"));
        assert_eq!(look("The cat").as_deref(), Some("そのcat"));
        assert_eq!(look("nothing").as_deref(), Some("無"));
        for text in ["", "nothing else", " and the dog sing", "a cat"] {
            assert_eq!(look(text), None, "{text}");
        }
    }

    #[test]
    fn every_line_fills_its_own_places() {
        for (key, answer) in JAPANESE.iter().copied().flatten() {
            let names = |text: &'static str| {
                let mut names = text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect::<Vec<_>>();
                names.sort_unstable();
                names
            };
            assert_eq!(names(key), names(answer), "{key}");
            let numbered =
                ["{n}", "{m}", "{s}", "{p}", "{rate}"].iter().fold((*key).to_owned(), |k, n| k.replace(n, "7"));
            assert!(fit(key, &numbered).is_some(), "{key}");
        }
    }

    #[test]
    fn everything_a_cause_says_is_translated() {
        use crate::explain::{CAUSES, page};
        use crate::model::verdict::{Party, Severity};
        // An English sentence has four words in a row; names of things have fewer.
        let is_english = |text: &str| {
            text.split(|c: char| !c.is_ascii_alphabetic() && c != ' ').any(|run| run.split_whitespace().count() >= 4)
        };
        let mut english = Vec::new();
        let mut check = |id: &str, text: &str| {
            let japanese = sentence(text, Language::Japanese);
            if is_english(&japanese) {
                english.push(format!("{id}: {text}\n    {japanese}"));
            }
        };
        let example = crate::view::text::tests::example();
        let mac = example.culprit.as_ref().and_then(|culprit| culprit.mac);
        let at = |mac, port: &str| Some(Party { mac, ip: None, vendor: None, port: Some(port.into()), name: None });
        let culprits = [None, at(None, "ge7"), at(mac, "hub ge7, an uplink to core")];
        for cause in CAUSES {
            page::remedy(*cause).iter().for_each(|step| check(cause.id(), step));
            for culprit in &culprits {
                for (severity, ended) in [
                    (Severity::Warning, None),
                    (Severity::Warning, Some(example.detected)),
                    (Severity::Storm, None),
                    (Severity::Storm, Some(example.detected)),
                ] {
                    let storm = Verdict { severity, ended, culprit: culprit.clone(), ..example.clone() };
                    check(cause.id(), &cause.sentence(&storm, &crate::explain::causes::Times::default()));
                    cause.remedy(&storm).iter().for_each(|step| check(cause.id(), step));
                }
            }
        }
        assert!(english.is_empty(), "{}", english.join("\n"));
    }

    #[test]
    fn hostile_text_stays_as_it_is() {
        let long = "the ".repeat(10_000);
        for text in ["{", "}", "the {", &long] {
            let _ = sentence(text, Language::Japanese);
        }
        assert_eq!(sentence(&long, Language::Japanese), long);
    }
}
