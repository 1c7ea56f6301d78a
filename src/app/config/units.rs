//! Values that name their unit, and values that are a word or a list. Strict; never echo what they read.

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::time::Duration;

/// A time span with its unit: `500ms`, `10s`, `5m`, `1h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval(pub Duration);

impl Interval {
    /// Whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

const UNITS: [(&str, u64); 4] = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];

impl std::str::FromStr for Interval {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "a time span is a whole number with its unit, `ms`, `s`, `m` or `h`, as in `10s`";
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let factor = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor).ok_or(WRONG)?;
        let millis = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or(WRONG)?;
        if millis == 0 {
            return Err("a time span of zero makes no sense here");
        }
        // A year; beyond it somebody mistook the unit.
        if millis > 365 * 24 * 3_600_000 {
            return Err("a time span of more than a year makes no sense here");
        }
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl<'de> serde::Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Interval;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time span with its unit, as in `10s`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Interval, E> {
                text.parse().map_err(E::custom)
            }
        }
        // As a string, so that a bare `10` comes here too and is refused for its missing unit.
        deserializer.deserialize_str(Text)
    }
}

/// `auto`, `none`, or a list of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Interfaces {
    /// Every one that is up, not a loopback and not enslaved.
    #[default]
    Auto,
    /// None: this part is off.
    None,
    /// These.
    Named(Vec<String>),
}

impl<'de> serde::Deserialize<'de> for Interfaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrList;
        impl<'de> Visitor<'de> for WordOrList {
            type Value = Interfaces;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`auto`, `none`, or a list of interface names as in `[eth0, wlan0]`")
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<Interfaces, E> {
                match word {
                    "auto" => Ok(Interfaces::Auto),
                    "none" => Ok(Interfaces::None),
                    _ => Err(E::custom("expected `auto`, `none`, or a list of interface names as in `[eth0, wlan0]`")),
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Interfaces, A::Error> {
                let mut names: Vec<String> = Vec::new();
                while let Some(name) = sequence.next_element::<String>()? {
                    // IFNAMSIZ is 16, the closing zero included.
                    if name.is_empty() || name.len() > 15 || name.contains(['/', ' ']) {
                        return Err(A::Error::custom(
                            "an interface name has 1 to 15 characters, no space and no slash",
                        ));
                    }
                    if names.contains(&name) {
                        return Err(A::Error::custom(format!("interface `{name}` is listed twice")));
                    }
                    names.push(name);
                }
                Ok(Interfaces::Named(names))
            }
        }
        deserializer.deserialize_any(WordOrList)
    }
}
