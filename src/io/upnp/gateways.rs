//! All gateways of one discovery: read at once, and where somebody waits, each from the moment it is known, while the search
//! still listens for slower devices. How one is read is its neighbour's.

use super::candidates::Candidate;
use super::gateway::{self, Counts, Reader};
use crate::model::device::Gateway;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// Gateways read in one discovery. A home has one or two.
pub const MAX_GATEWAYS: usize = 16;

/// What was read of one gateway by its first address, before all its addresses were known.
type Early = (Candidate, Option<(Gateway, Counts)>);

/// Gateways that are being read, and those that are.
pub(super) struct Readings {
    reader: Reader,
    early: Vec<Early>,
    running: JoinSet<(usize, (Gateway, Counts))>,
}

impl Readings {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, early: Vec::new(), running: JoinSet::new() }
    }

    /// Begins to read gateways that have just been found, each by its IPv4 address: it outranks the others at the end.
    pub(super) fn begin(&mut self, found: Vec<Candidate>) {
        for way in found {
            if !way.ip.is_ipv4() || self.early.len() >= MAX_GATEWAYS || self.place(&way).is_some() {
                continue;
            }
            let (place, reader, known) = (self.early.len(), self.reader.clone(), way.clone());
            self.early.push((known, None));
            self.running.spawn(async move { (place, gateway::read_any(&[way], &reader).await) });
        }
    }

    fn place(&self, way: &Candidate) -> Option<usize> {
        self.early.iter().position(|(known, _)| known.same_way(way))
    }

    /// Waits for one gateway. False: none is under way.
    pub(super) async fn progress(&mut self) -> bool {
        let Some(outcome) = self.running.join_next().await else { return false };
        if let Ok((place, read)) = outcome {
            self.early[place].1 = Some(read);
        }
        true
    }

    /// All gateways. Each list of candidates is one gateway by several addresses, the best first. What was read early
    /// stands, unless the gateway did not answer there or more is known to be wrong with it by now.
    pub(super) async fn finish(
        mut self,
        candidates: Vec<Vec<Candidate>>,
        refused: &mut BTreeMap<&'static str, u64>,
    ) -> Vec<Gateway> {
        while self.progress().await {}
        let mut gateways = BTreeMap::new();
        for (place, ways) in candidates.into_iter().enumerate() {
            if place >= MAX_GATEWAYS {
                *refused.entry("gateways_too_many").or_default() += 1;
                continue;
            }
            let early = ways.first().and_then(|way| self.place(way));
            if let Some((gateway, counts)) = early.and_then(|place| self.early[place].1.take())
                && (gateway.complete || ways.len() == 1)
            {
                super::add(refused, counts);
                gateways.insert(place, gateway);
                continue;
            }
            let reader = self.reader.clone();
            self.running.spawn(async move { (place, gateway::read_any(&ways, &reader).await) });
        }
        while let Some(outcome) = self.running.join_next().await {
            if let Ok((place, (gateway, counts))) = outcome {
                super::add(refused, counts);
                gateways.insert(place, gateway);
            }
        }
        gateways.into_values().collect()
    }
}
