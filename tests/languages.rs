//! Every text of the catalogue in both languages: reads the sources, finds each `Text { en, ja }`, and fails where one of
//! them is missing, was left untranslated, or has other places for facts. Knows nothing of what the texts say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Fewer texts than this were not all of them.
const AT_LEAST: usize = 400;
/// Latin words in a row that a Japanese text may hold: names of protocols, products and commands have up to so many.
const MAX_LATIN_RUN: usize = 3;
/// Little words that no name, command or identifier of ours has: one of them in Japanese is a sentence in English.
const ENGLISH: [&str; 20] = [
    "the", "is", "are", "was", "were", "not", "and", "or", "of", "with", "from", "by", "its", "it", "this", "that",
    "could", "cannot", "has", "have",
];
/// Texts that stand for an identifier or a number, the same in both languages.
const SAME: [&str; 4] = ["{detail}", "{name}", "s", "-"];

/// A text as it stands in a file.
struct Found {
    place: String,
    en: String,
    ja: String,
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the sources") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The string literal that `text` begins with, after white space; what follows it.
fn literal(text: &str) -> Option<(String, &str)> {
    let mut said = String::new();
    let mut characters = text.trim_start().strip_prefix('"')?.char_indices();
    let inside = text.trim_start().strip_prefix('"')?;
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Some((said, &inside[at + 1..])),
            '\\' => match characters.next()?.1 {
                // A line that goes on: its indentation is none of the text.
                '\n' => {
                    let rest = characters.as_str();
                    let skipped = rest.chars().take_while(|c| c.is_whitespace()).count();
                    if skipped > 0 {
                        characters.nth(skipped - 1);
                    }
                }
                'n' => said.push('\n'),
                'u' => drop(characters.by_ref().find(|(_, c)| *c == '}')),
                other => said.push(other),
            },
            other => said.push(other),
        }
    }
    None
}

/// Every text in a file, unit tests aside.
fn texts(path: &Path) -> Vec<Found> {
    let whole = fs::read_to_string(path).expect("a source file");
    let code = whole.split("\n#[cfg(test)]\nmod ").next().unwrap_or(&whole);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("Text {") {
        let inside = code[at + "Text {".len()..].trim_start();
        let Some((en, rest)) = inside.strip_prefix("en:").and_then(literal) else { continue };
        let rest = rest.trim_start().trim_start_matches(',').trim_start();
        let place = format!("{}:{}", path.display(), code[..at].lines().count());
        let ja = rest.strip_prefix("ja:").and_then(literal);
        found.push(Found { ja: ja.unwrap_or_else(|| panic!("{place}: `ja` does not follow `en`")).0, en, place });
    }
    found
}

/// Names of the places for facts; what is for one language alone ends in its name.
fn places(text: &str) -> BTreeSet<&str> {
    let names = text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name);
    names.map(|name| name.trim_end_matches("_ja")).collect()
}

/// The text without what is the same in each language: facts, and what is quoted to be typed.
fn words_alone(text: &str) -> String {
    let without_facts = text.split('{').enumerate();
    let without_facts =
        without_facts.map(|(n, part)| if n == 0 { part } else { part.split_once('}').map_or("", |(_, rest)| rest) });
    let text = without_facts.collect::<Vec<_>>().join("、");
    text.split('`').step_by(2).collect::<Vec<_>>().join("、")
}

fn is_japanese(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

/// What is wrong with a text, if anything.
fn fault(found: &Found) -> Option<String> {
    if found.en.is_empty() && found.ja.is_empty() || SAME.contains(&found.en.as_str()) && found.en == found.ja {
        return None;
    }
    if found.en.is_empty() || found.ja.is_empty() {
        return Some("is missing in one language".to_owned());
    }
    if found.en.chars().any(is_japanese) && !found.en.contains("v6プラス") {
        return Some("has Japanese in its English".to_owned());
    }
    if places(&found.en) != places(&found.ja) {
        return Some(format!("has places {:?} and {:?}", places(&found.en), places(&found.ja)));
    }
    let japanese = words_alone(&found.ja);
    let translatable = words_alone(&found.en).split(|c: char| !c.is_alphabetic()).any(|word| {
        // Abbreviations, units and names are what they are.
        word.len() > 3 && word.chars().all(char::is_lowercase)
    });
    if translatable && !japanese.chars().any(is_japanese) {
        return Some("is not translated".to_owned());
    }
    let latin = japanese.split(|c: char| !(c.is_ascii_alphabetic() || c == ' ' || c == '\''));
    for run in latin {
        let words = run.split_whitespace().collect::<Vec<_>>();
        let english = words.iter().any(|word| ENGLISH.contains(&word.to_lowercase().as_str()));
        if words.len() > MAX_LATIN_RUN || english {
            return Some(format!("has English in its Japanese: {run:?}"));
        }
    }
    None
}

#[test]
fn every_text_is_in_both_languages() {
    let all = sources().iter().flat_map(|path| texts(path)).collect::<Vec<_>>();
    assert!(all.len() >= AT_LEAST, "only {} texts were found", all.len());
    let faults = all.iter().filter_map(|one| Some(format!("{}: {}: {:?}", one.place, fault(one)?, one.en)));
    let faults = faults.collect::<Vec<_>>();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_check_sees_what_is_not_translated() {
    let check = |en: &str, ja: &str, expected: Option<&str>| {
        let found = Found { place: String::new(), en: en.into(), ja: ja.into() };
        let said = fault(&found);
        assert_eq!(said.is_some(), expected.is_some(), "{en} / {ja}: {said:?}");
        assert!(expected.is_none_or(|part| said.as_ref().is_some_and(|said| said.contains(part))), "{said:?}");
    };
    check("it ends in {where}", "{where}で終わります", None);
    check("{count} Mbit/s", "{count} Mbit/s", None);
    check("run `ip link set eth0 up`", "`ip link set eth0 up`を実行します", None);
    check("it ends in {where}", "it ends in {where}", Some("not translated"));
    check("it ends in {where}", "途中で終わります", Some("places"));
    check("it ends.", "it is not 終わり", Some("English"));
    check("it ends.", "", Some("missing"));
    check("記述", "記述", Some("Japanese in its English"));
    let text = "\"a \\\n         b\", ja: \"c\"";
    assert_eq!(literal(text).map(|(said, _)| said).as_deref(), Some("a b"));
}
