//! What the second router passes from one side to the other: multicast, by its IGMP proxy, or every frame of one EtherType,
//! by a pass-through. Knows neither that both sides end in the same LAN nor what comes of it.

use super::Bytes;
use crate::packets;
use crate::rng::Rng;
use crate::scenario::{Direction, SecondRouter, TtlMode};
use std::time::Duration;

/// Copies that wait for the router's processor; more are dropped. Home routers forward multicast in software.
const MAX_WAITING: usize = 64;

/// A side of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where it is the router.
    Lan,
    /// Where it looks for its provider.
    Wan,
}

/// What is passed on, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trade {
    /// Multicast is routed.
    Multicast(TtlMode, Direction),
    /// Group frames of this EtherType are bridged as they are, both ways.
    Bridge(u16),
}

/// A proxy that is switched on.
#[derive(Clone, Debug)]
pub struct Proxy {
    trade: Trade,
    /// Time it takes for a copy.
    service: Duration,
    busy_until: Duration,
    waiting: usize,
    /// Copies so far.
    pub(super) copies: u64,
}

impl Proxy {
    /// A proxy that makes at most `rate_pps` copies a second.
    #[must_use]
    pub fn new(ttl: TtlMode, direction: Direction, rate_pps: u64) -> Self {
        Self::trading(Trade::Multicast(ttl, direction), rate_pps)
    }

    /// A pass-through for one EtherType, with at most `rate_pps` frames a second.
    #[must_use]
    pub fn bridge(ethertype: u16, rate_pps: u64) -> Self {
        Self::trading(Trade::Bridge(ethertype), rate_pps)
    }

    fn trading(trade: Trade, rate_pps: u64) -> Self {
        let service = Duration::from_nanos(1_000_000_000 / rate_pps.max(1));
        Self { trade, service, busy_until: Duration::ZERO, waiting: 0, copies: 0 }
    }

    /// Hears a frame; if it forwards it, says by which side, when, and what.
    pub(super) fn hear(
        &mut self,
        heard: Side,
        at: Duration,
        frame: &[u8],
        router: &SecondRouter,
        rng: &mut Rng,
    ) -> Option<(Side, Duration, Bytes)> {
        let (side, copy) = match self.trade {
            Trade::Multicast(ttl, direction) => route(heard, direction, ttl, frame, router)?,
            Trade::Bridge(ethertype) => {
                let wanted = frame.get(12..14)? == ethertype.to_be_bytes() && frame.first()? & 1 == 1;
                (if heard == Side::Lan { Side::Wan } else { Side::Lan }, wanted.then(|| frame.into())?)
            }
        };
        if self.waiting >= MAX_WAITING {
            return None;
        }
        self.waiting += 1;
        self.copies += 1;
        self.busy_until = self.busy_until.max(at) + rng.jitter(self.service);
        Some((side, self.busy_until, copy))
    }

    /// A copy has been sent. False if there was none of this proxy: it was switched off and on meanwhile.
    pub(super) fn sent(&mut self) -> bool {
        let had = self.waiting > 0;
        self.waiting = self.waiting.saturating_sub(1);
        had
    }
}

/// What a multicast router makes of a frame, and by which side it leaves.
fn route(
    heard: Side,
    direction: Direction,
    ttl: TtlMode,
    frame: &[u8],
    router: &SecondRouter,
) -> Option<(Side, Bytes)> {
    let (side, mac) = match (heard, direction) {
        (Side::Wan, Direction::WanToLan | Direction::Both) => (Side::Lan, router.lan_mac),
        (Side::Lan, Direction::LanToWan | Direction::Both) => (Side::Wan, router.wan_mac),
        _ => return None,
    };
    let packet = packets::routable(frame)?;
    // Its own address as source on a packet from outside: every stack drops that.
    if packet.source == router.ip {
        return None;
    }
    let ttl = match ttl {
        TtlMode::Constant => packet.ttl,
        TtlMode::Falling => packet.ttl.checked_sub(1).filter(|ttl| *ttl > 0)?,
    };
    Some((side, packets::forwarded(frame, mac, ttl).into()))
}
