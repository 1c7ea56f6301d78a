//! What an examination of a LAN reads: any bytes as each message, and as a frame that is heard.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stormglass::model::frames::{FrameMeta, LinkType};
use stormglass::model::{MacAddr, Time};
use stormglass::observe::hearing::{Hearing, Marks};
use stormglass::wire::{dhcp, nat_pmp, pppoe, router_advertisement};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = dhcp::parse(bytes) {
        assert!(message.routers.len().max(message.dns.len()) <= dhcp::MAX_ADDRESSES);
    }
    if let Some(found) = router_advertisement::parse(bytes) {
        assert!(found.prefixes.len() <= router_advertisement::MAX_PREFIXES);
    }
    let _ = (pppoe::parse(bytes), nat_pmp::parse(bytes));
    let (mac, group) = (MacAddr([2, 0, 0, 0, 0, 1]), [239, 192, 9, 9].into());
    let mut hearing = Hearing::new(Marks { mac, token: "guard".into(), group, xid: 7, seed: 3 }, Time::from_secs(0));
    let at = Time::from_secs(1);
    let meta = FrameMeta { at, number: 1, interface: 0, link: LinkType::Ethernet, vlan: None, original_len: 0 };
    hearing.frame(&meta, bytes);
    assert_eq!(hearing.heard(at).frames, 1);
});
