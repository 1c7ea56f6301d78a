//! What is wrong with gateways and their mappings. A finding is one entry of [`FINDINGS`]; what it looks for is in the
//! file of its subject.

mod clients;
mod ports;
mod routers;

use super::{GatewayReach, MappingReach, Seen, Surroundings};
use crate::model::device::{Gateway, PortMapping};
use crate::model::text::{Facts, Language, Text};
use serde::Serialize;

pub use clients::NEVER_SEEN_ID;
pub use ports::{ManagementPort, management_port};

/// Findings kept in all; the worst are kept.
pub const MAX_FINDINGS: usize = 256;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing, and cleaning up.
    Notice,
    /// Something does not work, or is more open than its owner may want.
    Warning,
    /// Anyone may take the device over.
    Danger,
}

impl Severity {
    /// Its name in JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Danger => "danger",
        }
    }
}

/// An entry of [`FINDINGS`].
#[derive(Debug)]
pub struct FindingKind {
    /// Its name in JSON and in the metrics label `finding`.
    pub id: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What it is.
    pub sentence: Text,
    /// What to do.
    pub remedy: Text,
    /// Looks for it.
    look: fn(&View<'_>) -> Vec<Hit>,
}

/// Every finding there is.
pub static FINDINGS: [&FindingKind; 10] = [
    &routers::TWO_GATEWAYS,
    &routers::DOUBLE_NAT,
    &routers::ANSWERS_FROM_WAN,
    &ports::MANAGEMENT_PORT,
    &ports::DUPLICATE,
    &ports::IN_VAIN,
    &clients::GONE,
    &clients::LEFT_BEHIND,
    &clients::NEVER_SEEN,
    &clients::NOT_REQUESTER,
];

/// Something that is wrong.
#[derive(Clone, Debug)]
pub struct GatewayFinding {
    /// What kind.
    pub kind: &'static FindingKind,
    /// [`Gateway::key`] of the gateway.
    pub gateway: String,
    /// Place of the mapping in the gateway's list, if it is about one.
    pub mapping: Option<usize>,
    /// What it rests on.
    pub facts: Facts,
}

impl GatewayFinding {
    /// Its sentence.
    #[must_use]
    pub fn sentence(&self, language: Language) -> String {
        self.kind.sentence.fill(language, &self.facts)
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self, language: Language) -> String {
        self.kind.remedy.fill(language, &self.facts)
    }
}

/// What a finding may look at.
#[derive(Clone, Copy)]
struct View<'a> {
    seen: &'a [Seen<'a>],
    reach: &'a [GatewayReach],
    around: &'a Surroundings<'a>,
}

/// A finding before it has a name.
struct Hit {
    gateway: String,
    mapping: Option<usize>,
    facts: Facts,
}

/// A mapping with its gateway and its judgement.
#[derive(Clone, Copy)]
struct Mapped<'a> {
    gateway: &'a Gateway,
    place: usize,
    mapping: &'a PortMapping,
    reach: &'a MappingReach,
}

impl<'a> View<'a> {
    fn gateways(self) -> impl Iterator<Item = (&'a Gateway, &'a GatewayReach)> {
        self.seen.iter().map(|one| one.gateway).zip(self.reach)
    }

    fn mappings(self) -> impl Iterator<Item = Mapped<'a>> {
        self.gateways().flat_map(|(gateway, reach)| {
            let judged = gateway.mappings.iter().zip(&reach.mappings).enumerate();
            judged.map(move |(place, (mapping, reach))| Mapped { gateway, place, mapping, reach })
        })
    }

    fn hit(self, gateway: &Gateway, facts: Facts) -> Hit {
        let mut facts = facts;
        facts.insert("gateway", super::called(gateway, self.around));
        Hit { gateway: gateway.key().to_owned(), mapping: None, facts }
    }

    fn mapping_hit(self, one: Mapped<'_>, facts: Facts) -> Hit {
        let mut facts = facts;
        facts.insert("port", super::short(one.mapping));
        facts.insert("client", one.reach.client.called.clone());
        facts.insert("description", one.mapping.description.clone());
        Hit { mapping: Some(one.place), ..self.hit(one.gateway, facts) }
    }
}

/// Everything that is wrong, worst first, and how much of it found no room.
pub(super) fn look(
    seen: &[Seen<'_>],
    reach: &[GatewayReach],
    around: &Surroundings<'_>,
) -> (Vec<GatewayFinding>, usize) {
    let view = View { seen, reach, around };
    let mut found = Vec::new();
    for kind in FINDINGS {
        found.extend((kind.look)(&view).into_iter().map(|hit| GatewayFinding {
            kind,
            gateway: hit.gateway,
            mapping: hit.mapping,
            facts: hit.facts,
        }));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.kind.severity));
    let left_off = found.len().saturating_sub(MAX_FINDINGS);
    found.truncate(MAX_FINDINGS);
    (found, left_off)
}
