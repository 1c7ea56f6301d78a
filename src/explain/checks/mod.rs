//! What `doctor` asks of a LAN: each question is one file, and one line in [`CHECKS`]. A check judges what was seen, from
//! facts alone; it sends nothing and looks at no clock. What could not be looked at is never called good.

mod dhcp;
mod gateways;
mod ipv6_routers;
mod layer2_loop;
pub mod look;
mod membership_echo;
mod own_machine;
mod owners;
mod querier;
mod reflection;
mod snmp;
mod storm;
#[cfg(test)]
mod tests;
mod wan_in_lan;
mod words;

pub use look::{Fate, Look, Machine, Place, SnmpLook};

use crate::model::text::{Facts, Language, Text};

/// What a check has come to, the one that outweighs the others last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Looked, and nothing is wrong as far as that can be seen.
    Ok,
    /// Not looked, because nobody wanted it, or it takes longer.
    Unasked,
    /// Could not look.
    Unable,
    /// Something should be put in order.
    Warning,
    /// Something is wrong.
    Problem,
}

impl Status {
    /// The words in JSON and in the metrics label `status`.
    pub const IDS: [&str; 4] = ["ok", "skipped", "warning", "problem"];

    /// The word in JSON and in the metrics label `status`.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unasked | Self::Unable => "skipped",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }

    /// Something was found.
    #[must_use]
    pub const fn is_finding(self) -> bool {
        matches!(self, Self::Warning | Self::Problem)
    }
}

/// A sentence with its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The sentence.
    pub text: &'static Text,
    /// What fills its places.
    pub facts: Facts,
}

impl Said {
    /// A sentence without facts.
    #[must_use]
    pub const fn plain(text: &'static Text) -> Self {
        Self { text, facts: Facts::new() }
    }

    /// A sentence with facts.
    #[must_use]
    pub fn with<const N: usize>(text: &'static Text, facts: [(&'static str, String); N]) -> Self {
        Self { text, facts: facts.into() }
    }

    /// In one language.
    #[must_use]
    pub fn fill(&self, language: Language) -> String {
        self.text.fill(language, &self.facts)
    }
}

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// In one word.
    pub status: Status,
    /// What was seen, or why nothing was.
    pub seen: Vec<Said>,
    /// What to do, in order.
    pub remedy: Vec<Said>,
}

impl Answer {
    /// Nothing to do.
    #[must_use]
    pub fn new(status: Status, seen: Said) -> Self {
        Self { status, seen: vec![seen], remedy: Vec::new() }
    }

    /// With something to do.
    #[must_use]
    pub fn then(mut self, remedy: Said) -> Self {
        self.remedy.push(remedy);
        self
    }

    /// This and another one: the worse decides, and what each has seen stays. What to do is only that of the worse.
    #[must_use]
    fn and(mut self, other: Self) -> Self {
        match other.status.cmp(&self.status) {
            std::cmp::Ordering::Greater => (self.status, self.remedy) = (other.status, other.remedy),
            std::cmp::Ordering::Equal => {
                for remedy in other.remedy {
                    if !self.remedy.contains(&remedy) {
                        self.remedy.push(remedy);
                    }
                }
            }
            std::cmp::Ordering::Less => {}
        }
        self.seen.extend(other.seen);
        self
    }
}

/// How a check looks.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// At each interface by itself.
    Place(fn(&Look, &Place) -> Answer),
    /// At everything together.
    Whole(fn(&Look) -> Answer),
}

/// A question to the LAN.
#[derive(Debug)]
pub struct Check {
    /// Its id in JSON and metrics.
    pub id: &'static str,
    /// The question.
    pub question: Text,
    /// Who answers it.
    pub judge: Judge,
}

/// All of them, in the order in which they are shown.
pub static CHECKS: [&Check; 12] = [
    &storm::CHECK,
    &reflection::CHECK,
    &membership_echo::CHECK,
    &layer2_loop::CHECK,
    &wan_in_lan::CHECK,
    &dhcp::CHECK,
    &ipv6_routers::CHECK,
    &gateways::CHECK,
    &owners::CHECK,
    &querier::CHECK,
    &own_machine::CHECK,
    &snmp::CHECK,
];

/// A check with its answer.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The question.
    pub check: &'static Check,
    /// The answer.
    pub answer: Answer,
}

/// Asks every question.
#[must_use]
pub fn examine(look: &Look) -> Vec<Checked> {
    let answered = |check: &'static Check| Checked { check, answer: answer(check, look) };
    CHECKS.into_iter().map(answered).collect()
}

fn answer(check: &Check, look: &Look) -> Answer {
    match check.judge {
        Judge::Whole(judge) => judge(look),
        Judge::Place(judge) => {
            let answers = look.places.iter().map(|place| {
                let mut answer = judge(look, place);
                if look.places.len() > 1 {
                    let name = Said::with(&words::PLACE, [("interface", place.name.to_string())]);
                    answer.seen.insert(0, name);
                }
                answer
            });
            answers.reduce(Answer::and).unwrap_or_else(|| Answer::new(Status::Unable, Said::plain(&words::NOWHERE)))
        }
    }
}

/// The exit status of an examination: 1 something was found, 2 nothing was found and something could not be looked at,
/// 0 otherwise.
#[must_use]
pub fn exit_status(checked: &[Checked]) -> u8 {
    let worst = checked.iter().map(|one| one.answer.status).max().unwrap_or(Status::Unable);
    match worst {
        Status::Warning | Status::Problem => 1,
        Status::Unable => 2,
        Status::Ok | Status::Unasked => 0,
    }
}
