//! Who the agents of a fleet are.

use super::*;
use crate::snmp::ber::{self, Request, pdu};
use crate::snmp::{faults, template};

fn options(count: u32) -> FleetOptions {
    FleetOptions {
        count,
        dead: 0,
        addresses: Addresses::hosts("127.10.0.0/16", 1161).expect("loopback"),
        table: template::switch(8),
        recorded: false,
        seed: 7,
        manners: Manners::default(),
        faults: Vec::new(),
    }
}

/// sysName and ifHCInOctets.3, as bytes.
fn ask(fleet: &mut Fleet, number: u32, second: u64) -> Option<Vec<u8>> {
    let oids = vec![vec![1, 3, 6, 1, 2, 1, 1, 5, 0], vec![1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 6, 3]];
    let community = b"public".to_vec();
    let request = Request { version: 1, community, kind: pdu::GET, id: 1, non_repeaters: 0, max_repetitions: 0, oids };
    let sent = fleet.answer(number, &ber::encode_request(&request), Duration::from_secs(second));
    sent.first().map(|reply| reply.bytes.clone())
}

#[test]
fn one_seed_one_fleet() {
    let mut fleet = Fleet::new(&options(100)).expect("a fleet");
    let mut again = Fleet::new(&options(100)).expect("a fleet");
    let mut other = Fleet::new(&FleetOptions { seed: 8, ..options(100) }).expect("a fleet");
    for number in 0..100 {
        let answer = ask(&mut fleet, number, 60);
        assert!(answer.as_ref().is_some_and(|a| a.windows(7).any(|w| w == format!("sw{number:05}").as_bytes())));
        assert_eq!(answer, ask(&mut again, number, 60));
        assert_ne!(answer, ask(&mut other, number, 60));
        assert_ne!(answer, ask(&mut fleet, number, 120), "counters live");
    }
    assert_eq!(ask(&mut fleet, 100, 60), None);
}

#[test]
fn the_dead_and_the_ill_are_as_many_as_asked_for() {
    let faults = faults::parse("silent@25%,duplicate@50%").expect("a list");
    let mut fleet = Fleet::new(&FleetOptions { dead: 500, ..options(10_000) }).expect("a fleet");
    let dead = (0..10_000).filter(|number| ask(&mut fleet, *number, 1).is_none()).collect::<Vec<_>>();
    assert_eq!(dead.len(), 500);
    assert!(dead.windows(2).all(|pair| pair[1] - pair[0] == 20), "spread evenly");
    let mut fleet = Fleet::new(&FleetOptions { faults, ..options(1000) }).expect("a fleet");
    let silent = (0..1000).filter(|number| ask(&mut fleet, *number, 1).is_none()).count();
    assert!((200..300).contains(&silent), "{silent}");
    assert_eq!(fleet.kinds.len(), 4);
    let many = faults::parse("loss@50%,latency@50%,late@50%,duplicate@50%,truncated@50%,garbage@50%,nested@50%");
    let many = FleetOptions { faults: many.expect("a list"), ..options(1000) };
    assert!(matches!(Fleet::new(&many), Err(AddressError::Kinds { .. })));
    assert!(matches!(Fleet::new(&options(70_000)), Err(AddressError::Room { .. })));
}
