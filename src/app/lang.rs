//! The language that a person is spoken to in: what a flag says, else what the environment says.

use crate::model::text::Language;

/// `--lang`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// English
    En,
    /// Japanese
    Ja,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::En => Self::English,
            Lang::Ja => Self::Japanese,
        }
    }
}

/// The language of a flag, or of the environment.
#[must_use]
pub fn language(flag: Option<Lang>) -> Language {
    flag.map_or_else(|| of_locale(&locale("LC_MESSAGES")), Language::from)
}

/// The locale of a category: LC_ALL before the category before LANG (POSIX.1-2024, 8.2). Empty if none says any.
#[must_use]
pub fn locale(category: &str) -> String {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    env("LC_ALL").or_else(|| env(category)).or_else(|| env("LANG")).unwrap_or_default()
}

fn of_locale(locale: &str) -> Language {
    if locale.to_ascii_lowercase().starts_with("ja") { Language::Japanese } else { Language::English }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_outranks_the_environment() {
        assert_eq!(language(Some(Lang::Ja)), Language::Japanese);
        for (locale, means) in [("ja_JP.UTF-8", Language::Japanese), ("C", Language::English), ("", Language::English)]
        {
            assert_eq!(of_locale(locale), means, "{locale}");
        }
    }
}
