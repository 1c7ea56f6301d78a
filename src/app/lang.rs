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

/// The language of a flag, or of the environment: LC_ALL before LC_MESSAGES before LANG (POSIX.1-2024, 8.2).
#[must_use]
pub fn language(flag: Option<Lang>) -> Language {
    let env = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = || env("LC_ALL").or_else(|| env("LC_MESSAGES")).or_else(|| env("LANG")).unwrap_or_default();
    flag.map_or_else(|| of_locale(&locale()), Language::from)
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
