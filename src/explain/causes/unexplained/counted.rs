//! What counters leave open: where it comes in, and what it could be. Knows no frames.

use super::Unexplained;
use crate::explain::causes::Cause;
use crate::explain::causes::discovery_swarm::together;
use crate::explain::counted::{CounterFinding, CounterScene, Flooding, MOSTLY, OCTETS_ALONE, SourcePort, counted};
use crate::model::vendor;
use crate::model::verdict::{Evidence, Severity};
use std::collections::BTreeSet;

const CAPTURE: &str = "let frames be captured there: whose address do they carry, and does it belong to the device?";

/// One port brings it in.
pub(super) fn from_port(scene: &CounterScene<'_>, source: &SourcePort) -> CounterFinding {
    let capture = || CAPTURE.to_owned();
    let table = || format!("read the forwarding table: do addresses from elsewhere appear behind {}?", source.label);
    let broadcasts = source.broadcast_share >= MOSTLY;
    // A router's proxy sends multicasts on, never broadcasts; a loop everything.
    let [reflector, chatty, behind]: [f64; 3] = match (broadcasts, source.router, source.device().is_some()) {
        (true, _, true) => [0.0, 0.6, 0.2],
        (true, _, false) => [0.0, 0.35, 0.5],
        (false, true, _) => [0.6, 0.2, 0.15],
        (false, false, true) => [0.35, 0.45, 0.1],
        (false, false, false) => [0.35, 0.25, 0.35],
    };
    let candidates = [
        ("l3_reflector", reflector, capture()),
        ("chatty_source", chatty, capture()),
        ("loop_behind_port", behind, table()),
    ];
    let confidence = reflector.max(chatty).max(behind);
    let found = CounterFinding::new(Unexplained.id(), confidence, scene, &[source]).because(who_is_there(source));
    found.or(candidates.into_iter().filter(|(_, confidence, _)| *confidence > 0.0))
}

/// Whose address is behind the port, for the person who goes there. No accusation: in a loop or behind a reflector it is
/// that of a bystander.
fn who_is_there(source: &SourcePort) -> Option<Evidence> {
    let mac = source.device()?;
    let maker = vendor::vendor(mac).map_or_else(String::new, |maker| format!(" ({maker})"));
    Some(counted(
        format!("One address is known behind {}", source.label),
        format!("{mac}{maker}"),
        "this alone does not tell who sends: a loop or a reflection behind that port looks the same".to_owned(),
    ))
}

/// It comes in and goes out at several ports: a ring, or both sides of one router.
pub(super) fn in_and_out(scene: &CounterScene<'_>, ends: &[&SourcePort]) -> CounterFinding {
    let router = ends.iter().any(|source| source.router);
    let (ring, reflector) = if router { (0.35, 0.5) } else { (0.5, 0.3) };
    let mut found = CounterFinding::new(Unexplained.id(), f64::max(ring, reflector), scene, ends);
    (found.device, found.finding.macs) = (None, BTreeSet::new());
    found.or([
        ("l2_loop", ring, "read the forwarding tables: in a ring, addresses move from port to port".to_owned()),
        ("l3_reflector", reflector, CAPTURE.to_owned()),
        ("chatty_source", 0.15, CAPTURE.to_owned()),
    ])
}

/// Many ports bring in a part of it each: to name one of them would send a person to the wrong one.
pub(super) fn from_many(scene: &CounterScene<'_>, sources: &[&SourcePort]) -> CounterFinding {
    together(Unexplained.id(), 0.4, scene, sources).or([
        ("discovery_swarm", 0.4, "let frames be captured there: do many devices look for services?".to_owned()),
        ("chatty_source", 0.3, CAPTURE.to_owned()),
        ("l2_loop", 0.15, "read the forwarding tables: in a ring, addresses move from port to port".to_owned()),
    ])
}

/// Something goes out of every port, and some are too slow for it; the agent counts octets alone.
pub(super) fn from_flood(scene: &CounterScene<'_>, flooding: &Flooding) -> Option<CounterFinding> {
    let storm = flooding.discards_pps >= scene.thresholds.storm_pps as f64;
    let severity = if storm { Severity::Storm } else { Severity::Warning };
    let mut found = CounterFinding::of_flood(Unexplained.id(), 0.4, scene, flooding, severity)?.because(Some(counted(
        "What comes in at one port goes out of every port, and ports can't take it".to_owned(),
        flooding.harm()?,
        "out of the receiver's port alone".to_owned(),
    )));
    found.finding.lacks.insert(0, OCTETS_ALONE.to_owned());
    Some(found.or([
        ("stream_flood", 0.4, CAPTURE.to_owned()),
        ("unknown_unicast_flood", 0.4, CAPTURE.to_owned()),
        ("l2_loop", 0.1, "read the forwarding tables: in a ring, addresses move from port to port".to_owned()),
    ]))
}

/// It goes out everywhere, and no polled port brings it in.
pub(super) fn from_nowhere(scene: &CounterScene<'_>) -> CounterFinding {
    CounterFinding::new(Unexplained.id(), 0.3, scene, &[]).or([
        ("l3_reflector", 0.3, CAPTURE.to_owned()),
        ("chatty_source", 0.3, CAPTURE.to_owned()),
        ("l2_loop", 0.3, "poll the switches on the way, and read their forwarding tables".to_owned()),
    ])
}
