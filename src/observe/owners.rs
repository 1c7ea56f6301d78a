//! Who owns which IP address: claims read from frames, and the bounded table of them. An address may have several
//! owners (virtual routers, proxy ARP, roaming); the table keeps them all and judges nobody.

use crate::model::frames::{FrameMeta, OwnerClaim, OwnerProof, Protocol};
use crate::model::{MacAddr, Time};
use crate::wire::frame::{Frame, L3};
use std::cmp::Reverse;
use std::collections::binary_heap::PeekMut;
use std::collections::{BTreeMap, BinaryHeap};
use std::net::{IpAddr, Ipv4Addr};

/// Addresses remembered; the one heard of longest ago goes first.
pub const MAX_ADDRESSES: usize = 4096;
/// Owners remembered per address.
pub const MAX_OWNERS: usize = 4;

/// Reads the claim of ownership in a frame, if it makes one that no layer-3 reflector forges.
#[inline(always)]
#[must_use]
pub fn claim(frame: &Frame<'_>, meta: &FrameMeta) -> Option<OwnerClaim> {
    if frame.source == MacAddr::ZERO || frame.source.is_group() {
        return None;
    }
    let claim = |ip: IpAddr, mac, proof| {
        let usable = !ip.is_unspecified() && !ip.is_multicast() && !ip.is_loopback();
        usable.then_some(OwnerClaim { ip, mac, proof, at: meta.at })
    };
    match frame.l3_kind {
        // RFC 826: the sender says both. A differing Ethernet source is a relay or a forgery: not evidence.
        L3::Arp => (frame.l3.get(8..14)? == frame.source.0)
            .then_some(())
            .and_then(|()| claim(frame.ip?, frame.source, OwnerProof::Arp)),
        L3::Ipv6 if frame.protocol == Protocol::Nd && frame.ttl == 255 => {
            neighbour(frame.l3, frame.payload_offset, frame.ip)
                .filter(|&(_, mac)| mac == frame.source)
                .and_then(|(ip, mac)| claim(ip, mac, OwnerProof::Nd))
        }
        L3::Ipv4 if frame.protocol == Protocol::Dhcp => {
            acknowledged(frame.l3, frame.payload_offset).and_then(|(ip, mac)| claim(ip, mac, OwnerProof::Dhcp))
        }
        L3::Ipv4 | L3::Ipv6 if never_routed(frame) => claim(frame.ip?, frame.source, OwnerProof::Traffic),
        _ => None,
    }
}

/// RFC 4861: a solicitation names its source's link-layer address in option 1, an advertisement its target's in
/// option 2. The hop limit of 255 proves that no router passed it on.
fn neighbour(packet: &[u8], payload_offset: usize, source: Option<IpAddr>) -> Option<(IpAddr, MacAddr)> {
    let message = packet.get(payload_offset..)?;
    let (ip, options, wanted) = match message.first()? {
        135 => (source?, message.get(24..)?, 1),
        136 => (IpAddr::from(<[u8; 16]>::try_from(message.get(8..24)?).ok()?), message.get(24..)?, 2),
        134 => (source?, message.get(16..)?, 1),
        133 => (source?, message.get(8..)?, 1),
        _ => return None,
    };
    let mut rest = options;
    // At most 32 options: a packet of 1,500 bytes holds no more that matter.
    for _ in 0..32 {
        let (&kind, &units) = (rest.first()?, rest.get(1)?);
        if kind == wanted && units == 1 {
            return Some((ip, MacAddr(rest.get(2..8)?.try_into().ok()?)));
        }
        rest = rest.get(usize::from(units.max(1)) * 8..)?;
    }
    None
}

/// RFC 2131: a server's DHCPACK binds `yiaddr` to `chaddr`.
fn acknowledged(packet: &[u8], payload_offset: usize) -> Option<(IpAddr, MacAddr)> {
    let message = packet.get(payload_offset + 8..)?;
    if message.first() != Some(&2) || message.get(1..3) != Some(&[1, 6]) || message.get(236..240)? != [99, 130, 83, 99]
    {
        return None;
    }
    let mut options = message.get(240..)?;
    for _ in 0..64 {
        match *options.first()? {
            0 => options = options.get(1..)?,
            255 => return None,
            53 => {
                let address = <[u8; 4]>::try_from(message.get(16..20)?).ok()?;
                let mac = MacAddr(message.get(28..34)?.try_into().ok()?);
                return (options.get(2) == Some(&5)).then_some((address.into(), mac));
            }
            _ => options = options.get(2 + usize::from(*options.get(1)?)..)?,
        }
    }
    None
}

/// The first three bytes of 224.0.0.0/24.
const LOCAL_GROUPS: u32 = 0xe0_0000;

/// Traffic that no correct router passes on: link-local groups with the TTL they start with, and unicast between two
/// private addresses of one /24. Weak: a reflector that ignores the rules forges it, so that it only counts where
/// nothing better is known.
#[inline]
fn never_routed(frame: &Frame<'_>) -> bool {
    match (frame.ip, frame.destination_ip) {
        (Some(IpAddr::V4(from)), Some(IpAddr::V4(to))) => {
            let (a, b) = (from.to_bits() >> 8, to.to_bits() >> 8);
            if frame.group {
                return b == LOCAL_GROUPS && matches!(frame.ttl, 1 | 255);
            }
            a == b && from.is_private() && matches!(frame.ttl, 64 | 128 | 255)
        }
        (Some(IpAddr::V6(from)), Some(IpAddr::V6(to))) => {
            from.is_unicast_link_local() && to.segments()[0] == 0xff02 && matches!(frame.ttl, 1 | 255)
        }
        _ => false,
    }
}

/// One MAC that was seen to own an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The owner.
    pub mac: MacAddr,
    /// The strongest proof so far.
    pub proof: OwnerProof,
    /// When it was first and last seen to own it.
    pub first: Time,
    /// See `first`.
    pub last: Time,
}

/// Owners of all addresses of a segment.
#[derive(Clone, Debug, Default)]
pub struct OwnerTable {
    by_ip: BTreeMap<IpAddr, Vec<Owner>>,
    /// Each address once, the one to be forgotten first on top, by an age that it had at some time. Ages only grow, so that
    /// one on top whose age is still true is the oldest of all.
    by_age: BinaryHeap<Reverse<(Age, IpAddr)>>,
    refused: u64,
}

/// What decides how long an address is remembered: whether the user told it, then when it was heard of last.
type Age = (bool, Time);

fn age(owners: &[Owner]) -> Age {
    let told = owners.iter().any(|owner| owner.proof == OwnerProof::Told);
    (told, owners.iter().map(|owner| owner.last).max().unwrap_or(Time::MIN))
}

impl OwnerTable {
    /// Takes a claim. Traffic is believed only where nothing else is known of the address, and tables of other devices
    /// only where nothing was seen here.
    pub fn learn(&mut self, claim: &OwnerClaim) {
        if let Some(owners) = self.by_ip.get_mut(&claim.ip)
            && let Some(owner) = owners.iter_mut().find(|o| o.mac == claim.mac)
        {
            // The tables of other devices keep what is gone for hours: they don't show that a device is still here.
            if claim.proof != OwnerProof::Snmp || owner.proof >= OwnerProof::Snmp {
                owner.last = owner.last.max(claim.at);
            }
            owner.proof = owner.proof.min(claim.proof);
            return;
        }
        if !self.by_ip.contains_key(&claim.ip) {
            if self.by_ip.len() >= MAX_ADDRESSES {
                self.refused += 1;
                // The tables of all switches hold more than this segment, which must not lose what was seen in it.
                if claim.proof == OwnerProof::Snmp {
                    return;
                }
                self.forget_oldest();
            }
            self.by_age.push(Reverse(((claim.proof == OwnerProof::Told, claim.at), claim.ip)));
        }
        let owners = self.by_ip.entry(claim.ip).or_default();
        if claim.proof == OwnerProof::Traffic && !owners.is_empty() {
            return;
        }
        // A switch's table is what another device once heard: it adds nothing to what was seen here.
        if claim.proof == OwnerProof::Snmp && owners.iter().any(|o| o.proof < OwnerProof::Snmp) {
            return;
        }
        // Proof that outranks hearsay replaces it.
        let hearsay = if claim.proof < OwnerProof::Snmp { OwnerProof::Snmp } else { OwnerProof::Traffic };
        if claim.proof < hearsay {
            owners.retain(|o| o.proof < hearsay);
        }
        // Phones change their MACs, and DHCP gives the address to the next one: the owner not heard of for longest goes.
        if owners.len() >= MAX_OWNERS {
            self.refused += 1;
            let known = owners.iter().enumerate().filter(|(_, owner)| owner.proof != OwnerProof::Told);
            let Some((oldest, _)) = known.min_by_key(|(_, owner)| owner.last) else { return };
            owners.remove(oldest);
        }
        owners.push(Owner { mac: claim.mac, proof: claim.proof, first: claim.at, last: claim.at });
    }

    /// Makes room. An address that was heard of again sinks to its true place when it comes to the top, so that a flood of
    /// forged claims costs a few steps each, not a look at all addresses.
    fn forget_oldest(&mut self) {
        while let Some(mut top) = self.by_age.peek_mut() {
            let Reverse((noted, ip)) = *top;
            match self.by_ip.get(&ip).map(|owners| age(owners)) {
                Some(now) if now > noted => *top = Reverse((now, ip)),
                _ => {
                    PeekMut::pop(top);
                    self.by_ip.remove(&ip);
                    return;
                }
            }
        }
    }

    /// Everyone who was seen to own `ip`, in order of appearance. Empty: unknown.
    #[must_use]
    pub fn of(&self, ip: IpAddr) -> &[Owner] {
        self.by_ip.get(&ip).map_or(&[], Vec::as_slice)
    }

    /// The addresses that `mac` owns, IPv4 first.
    pub fn addresses_of(&self, mac: MacAddr) -> impl Iterator<Item = IpAddr> + '_ {
        self.by_ip.iter().filter(move |(_, owners)| owners.iter().any(|o| o.mac == mac)).map(|(ip, _)| *ip)
    }

    /// The IPv4 address of a device, by this MAC or by one next to it, as the other side of a router has.
    #[must_use]
    pub fn device_address(&self, mac: MacAddr, reach: u64) -> Option<(IpAddr, MacAddr)> {
        let own = self.addresses_of(mac).next().map(|ip| (ip, mac));
        own.or_else(|| {
            self.by_ip.iter().find_map(|(ip, owners)| {
                owners.iter().find(|o| !mac.is_local() && o.mac.is_neighbour_of(mac, reach)).map(|o| (*ip, o.mac))
            })
        })
    }

    /// How many addresses are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_ip.len()
    }

    /// Nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_ip.is_empty()
    }

    /// Claims that found no room.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Every address with its owners, in order.
    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &[Owner])> {
        self.by_ip.iter().map(|(ip, owners)| (*ip, owners.as_slice()))
    }
}

/// An address that hosts of one LAN share: private, link-local or unique local. Others come through the gateway.
#[must_use]
pub fn is_on_link(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || v4.is_link_local() || v4 == Ipv4Addr::UNSPECIFIED,
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_unique_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim_of(mac: u8, proof: OwnerProof) -> OwnerClaim {
        OwnerClaim { ip: [192, 168, 1, 10].into(), mac: MacAddr([2, 0, 0, 0, 0, mac]), proof, at: Time::from_secs(1) }
    }

    #[test]
    fn proof_outranks_traffic() {
        let mut table = OwnerTable::default();
        table.learn(&claim_of(1, OwnerProof::Traffic));
        table.learn(&claim_of(2, OwnerProof::Traffic));
        assert_eq!(table.of([192, 168, 1, 10].into()).len(), 1, "the first to speak");
        table.learn(&claim_of(3, OwnerProof::Arp));
        table.learn(&claim_of(4, OwnerProof::Traffic));
        let owners = table.of([192, 168, 1, 10].into());
        assert_eq!(owners.iter().map(|o| o.mac.0[5]).collect::<Vec<_>>(), [3]);
        table.learn(&claim_of(5, OwnerProof::Nd));
        assert_eq!(table.of([192, 168, 1, 10].into()).len(), 2, "owners are sets");
    }

    #[test]
    fn what_is_seen_outranks_the_tables_of_switches() {
        let names = |table: &OwnerTable| {
            table.of([192, 168, 1, 10].into()).iter().map(|owner| owner.mac.0[5]).collect::<Vec<_>>()
        };
        let mut table = OwnerTable::default();
        table.learn(&claim_of(1, OwnerProof::Traffic));
        table.learn(&claim_of(2, OwnerProof::Snmp));
        table.learn(&claim_of(3, OwnerProof::Snmp));
        assert_eq!(names(&table), [2, 3], "tables may differ, and traffic is weaker");
        table.learn(&claim_of(4, OwnerProof::Arp));
        table.learn(&claim_of(2, OwnerProof::Snmp));
        assert_eq!(names(&table), [4], "seen on the wire");
        let later = |mac, proof| OwnerClaim { at: Time::from_secs(99), ..claim_of(mac, proof) };
        table.learn(&later(4, OwnerProof::Snmp));
        assert_eq!(table.of([192, 168, 1, 10].into())[0].last, Time::from_secs(1), "a table is no sign of life");
        table.learn(&later(4, OwnerProof::Arp));
        assert_eq!(table.of([192, 168, 1, 10].into())[0].last, Time::from_secs(99));
    }

    #[test]
    fn forged_claims_do_not_grow_it() {
        let mut table = OwnerTable::default();
        table.learn(&claim_of(1, OwnerProof::Told));
        for n in 0..20_000_u32 {
            let ip = IpAddr::from(Ipv4Addr::from(0x0a00_0000 + n));
            let at = Time::from_secs(2 + i64::from(n));
            table.learn(&OwnerClaim { ip, mac: MacAddr([2, 0, 0, 0, 1, 1]), proof: OwnerProof::Arp, at });
        }
        assert_eq!(table.len(), MAX_ADDRESSES);
        assert_eq!(table.of([192, 168, 1, 10].into()).len(), 1, "what the user told stays");
        assert!(table.refused() > 0);
    }

    #[test]
    fn the_address_heard_of_longest_ago_goes_first() {
        let mut table = OwnerTable::default();
        let hear = |table: &mut OwnerTable, n: u32, second: i64| {
            let ip = IpAddr::from(Ipv4Addr::from(0x0a00_0000 + n));
            let (mac, proof) = (MacAddr([2, 0, 0, 0, 1, 1]), OwnerProof::Arp);
            table.learn(&OwnerClaim { ip, mac, proof, at: Time::from_secs(second) });
        };
        let all = MAX_ADDRESSES as u32;
        for n in 0..all {
            hear(&mut table, n, i64::from(n));
        }
        // Every other address is heard of again, the first ones last.
        for n in (0..all).rev().step_by(2) {
            hear(&mut table, n, i64::from(2 * all - n));
        }
        for n in 0..all / 2 + 100 {
            hear(&mut table, all + n, i64::from(3 * all));
        }
        let known = |n: u32| !table.of(Ipv4Addr::from(0x0a00_0000 + n).into()).is_empty();
        assert!((0..all).step_by(2).all(|n| !known(n)), "not heard of again");
        let again = (1..all).step_by(2).map(known).collect::<Vec<_>>();
        let (kept, gone) = again.split_at(again.len() - 100);
        assert!(
            kept.iter().all(|known| *known) && gone.iter().all(|known| !known),
            "of the others, the oldest hundred"
        );
        assert_eq!((table.len(), table.by_age.len()), (MAX_ADDRESSES, MAX_ADDRESSES));
    }

    #[test]
    fn the_other_side_of_a_router_is_found() {
        let mut table = OwnerTable::default();
        let lan: MacAddr = "3c:84:6a:10:00:c8".parse().expect("a literal");
        let wan: MacAddr = "3c:84:6a:10:00:c9".parse().expect("a literal");
        table.learn(&OwnerClaim { ip: [192, 168, 1, 100].into(), mac: lan, proof: OwnerProof::Arp, at: Time::MIN });
        assert_eq!(table.device_address(wan, 8), Some(([192, 168, 1, 100].into(), lan)));
        assert_eq!(table.device_address("3c:84:6a:22:00:c9".parse().expect("a literal"), 8), None);
    }
}
