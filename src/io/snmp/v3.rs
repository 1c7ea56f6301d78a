//! What all SNMPv3 conversations of this process share: the engines that were discovered, numbers and salts. Sends nothing.

use super::auth::Usm;
use super::transport::lock;
use super::usm::Engine;
use crate::io::clock::Clock;
use crate::model::Time;
use async_snmp::ClientBuilder;
use async_snmp::v3::{DesSaltState, EngineCache, PersistedDesSaltState, SaltCounter};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Engines remembered; beyond it the one not heard of for longest is forgotten, and discovered again when needed.
const MAX_ENGINES: usize = 16_384;
/// An engine not heard of for this long is forgotten. Longer than the longest interval between polls that makes sense.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 3600);
/// Conversations after which DES gets a new epoch, long before its 32-bit counter is used up: a conversation has far
/// fewer messages than the other 2¹⁶.
const DES_EPOCH: u64 = 1 << 16;

/// What all conversations share.
pub(super) struct Shared {
    engines: Arc<EngineCache>,
    rediscoveries: AtomicU64,
    des: Mutex<Option<(DesSaltState, u64)>>,
    /// Engines that are asked without the library. A device read by two users in turns is learned again for each.
    direct: Mutex<BTreeMap<SocketAddr, Arc<Engine>>>,
    /// Of AES; `None` if the system has no randomness to begin with.
    salts: Option<SaltCounter>,
    /// Makes numbers that nobody outside can foretell.
    random: RandomState,
    numbers: AtomicU64,
}

impl Default for Shared {
    fn default() -> Self {
        let engines = EngineCache::new().with_max_capacity(MAX_ENGINES).with_ttl(FORGET_AFTER);
        Self {
            engines: Arc::new(engines),
            rediscoveries: AtomicU64::new(0),
            des: Mutex::default(),
            direct: Mutex::default(),
            salts: SaltCounter::new().ok(),
            random: RandomState::new(),
            numbers: AtomicU64::new(0),
        }
    }
}

impl Shared {
    /// A builder of the library's client for this user.
    ///
    /// # Errors
    /// The credentials cannot be used.
    pub(super) fn builder(&self, usm: &Usm, clock: &Clock) -> Result<ClientBuilder, String> {
        let builder = ClientBuilder::new(usm.library()?).engine_cache(Arc::clone(&self.engines));
        Ok(if usm.needs_des_salt() { builder.des_salt_state(self.des_salt(clock)?) } else { builder })
    }

    /// The engine at an address, if this user's requests can go there without the library.
    pub(super) fn direct(&self, address: SocketAddr, usm: &Arc<Usm>) -> Option<Arc<Engine>> {
        lock(&self.direct).get(&address).filter(|engine| engine.is_of(usm)).map(Arc::clone)
    }

    /// The library has just been answered from an address: what it knows now serves without it.
    pub(super) fn learn(&self, address: SocketAddr, usm: &Arc<Usm>, now: Time) {
        let engine = self.engines.get(&address).and_then(|state| Engine::learned(usm, &state, now));
        let mut direct = lock(&self.direct);
        match engine {
            Some(engine) => drop(direct.insert(address, Arc::new(engine))),
            None => drop(direct.remove(&address)),
        }
        // Which one is forgotten does not matter: it is learned again.
        if direct.len() > MAX_ENGINES {
            direct.pop_first();
        }
    }

    /// The library has to ask again.
    pub(super) fn unlearn(&self, address: SocketAddr) {
        lock(&self.direct).remove(&address);
    }

    /// The salts of AES, which never repeat.
    pub(super) const fn salts(&self) -> Option<&SaltCounter> {
        self.salts.as_ref()
    }

    /// A msgID or request-id: of 31 bits, not negative, and not used lately.
    pub(super) fn number(&self) -> i32 {
        let count = self.numbers.fetch_add(1, Ordering::Relaxed);
        i32::try_from(self.random.hash_one(count) >> 33).unwrap_or(i32::MAX)
    }

    /// The engine ID known for an address.
    pub(super) fn engine(&self, address: SocketAddr) -> Option<Vec<u8>> {
        self.engines.get(&address).map(|state| state.engine_id().to_vec())
    }

    /// Counts a fresh discovery of an engine that had been known.
    pub(super) fn count_rediscovery(&self) {
        self.rediscoveries.fetch_add(1, Ordering::Relaxed);
    }

    /// Fresh discoveries so far.
    pub(super) fn rediscoveries(&self) -> u64 {
        self.rediscoveries.load(Ordering::Relaxed)
    }

    /// DES salts must never repeat under a key (RFC 3414, 8.1.1.1): 32 bits that differ from one start of the engine to
    /// the next, and 32 that count. This program keeps no state on disk for it; its first half are the seconds of the
    /// clock, which no two starts share.
    fn des_salt(&self, clock: &Clock) -> Result<DesSaltState, String> {
        let mut des = lock(&self.des);
        if let Some((state, used)) = des.as_mut().filter(|(_, used)| *used < DES_EPOCH) {
            *used += 1;
            return Ok(state.clone());
        }
        let now = clock.now().as_nanos() / 1_000_000_000;
        // snmpEngineBoots has 31 bits: until 2038 it is the whole number of seconds, afterwards it begins again.
        let now = u32::try_from(now.rem_euclid(i64::from(i32::MAX - 1))).unwrap_or(1).max(1);
        let epoch = des.as_ref().map_or(now, |(state, _)| now.max(state.engine_boots() + 1));
        let previous = PersistedDesSaltState::new(epoch).map_err(|error| error.to_string())?;
        let state =
            DesSaltState::restart(previous, |_| Ok::<(), std::io::Error>(())).map_err(|error| error.to_string())?;
        *des = Some((state.clone(), 1));
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_des_salt_never_repeats() {
        let shared = Shared::default();
        let clock = Clock::start();
        let first = shared.des_salt(&clock).expect("a salt");
        let again = shared.des_salt(&clock).expect("a salt");
        assert_eq!(first.engine_boots(), again.engine_boots());
        assert_ne!(first.reserve().expect("room").salt(), again.reserve().expect("room").salt());
        lock(&shared.des).as_mut().expect("made above").1 = DES_EPOCH;
        assert!(shared.des_salt(&clock).expect("a salt").engine_boots() > first.engine_boots());
    }
}
