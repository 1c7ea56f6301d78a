//! Each check against what it may see: the finding, the healthy LAN, and the two ways not to have looked.

use super::*;
use crate::model::frames::{OwnerClaim, OwnerProof, Protocol};
use crate::model::probe::{self, PROBES, Probe, Refusal};
use crate::model::{MacAddr, Time};
use crate::observe::hearing::{Echo, Heard, Offer, Querier, Return, Wants};

use std::net::{IpAddr, Ipv4Addr};

const ROUTER: MacAddr = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]);
const WAN: MacAddr = MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc9]);
const GATEWAY: MacAddr = MacAddr([0, 0x3a, 0x9d, 1, 0, 1]);

/// As it would be read from a message: lifetime in seconds, no prefixes.
fn advertisement(lifetime_seconds: u16) -> crate::observe::hearing::Advertisement {
    crate::observe::hearing::Advertisement { lifetime_seconds, ..Default::default() }
}

/// Everything was sent, one report of a neighbour was heard, and nothing is wrong.
fn healthy() -> Look {
    let mut heard = Heard { span: Some((Time::from_secs(10), Time::from_secs(18))), ..Heard::default() };
    heard.wants.insert(GATEWAY, Wants { reports: Some([192, 168, 1, 1].into()), ..Wants::default() });
    claim(&mut heard, [192, 168, 1, 1], GATEWAY);
    let place = Place {
        name: "eth0".into(),
        mac: Some(MacAddr([2, 0, 0, 0, 0, 0x1e])),
        addresses: vec![([192, 168, 1, 30].into(), 24)],
        heard: Ok(heard),
        not_joined: Vec::new(),
        sent: PROBES.iter().map(|probe| (probe.id, Fate::Sent(Time::from_secs(12)))).collect(),
        machine: Machine::default(),
    };
    let default_routes = Some(vec![("eth0".into(), IpAddr::from([192, 168, 1, 1]))]);
    Look { places: vec![place], default_routes, ..Look::default() }
}

fn claim(heard: &mut Heard, ip: [u8; 4], mac: MacAddr) {
    let claim = OwnerClaim { ip: ip.into(), mac, proof: OwnerProof::Arp, at: Time::from_secs(12) };
    heard.owners.learn(&claim);
    heard.claimed.insert(claim.ip);
}

fn changed(change: impl FnOnce(&mut Heard)) -> Look {
    let mut look = healthy();
    if let Ok(heard) = &mut look.places[0].heard {
        change(heard);
    }
    look
}

/// What is wrong, how it looks, and what is to be found.
type Case = (&'static str, Look, Vec<(&'static str, Status)>);

/// The findings, by check; sentences are complete in both languages.
fn findings(look: &Look) -> Vec<(&'static str, Status)> {
    let checked = examine(look);
    for one in &checked {
        for said in one.answer.seen.iter().chain(&one.answer.remedy) {
            for language in [Language::English, Language::Japanese] {
                let text = said.fill(language);
                assert!(!text.is_empty() && !text.contains(['{', '}']), "{}: {text}", one.check.id);
                let missing = said.text.places(language).into_iter().find(|place| !said.facts.contains_key(place));
                assert_eq!(missing, None, "{}: {text}", one.check.id);
            }
        }
        assert!(!one.answer.seen.is_empty() && (!one.answer.status.is_finding() || !one.answer.remedy.is_empty()));
    }
    checked.iter().filter(|one| one.answer.status.is_finding()).map(|one| (one.check.id, one.answer.status)).collect()
}

fn status(look: &Look, id: &str) -> Status {
    examine(look).into_iter().find(|one| one.check.id == id).expect("a known check").answer.status
}

#[test]
fn a_healthy_lan_has_no_findings() {
    assert_eq!(findings(&healthy()), []);
    assert_eq!(exit_status(&examine(&healthy())), 0);
}

#[test]
fn each_mistake_is_found_and_nothing_else() {
    use Status::{Problem, Warning};
    let echo = Echo { times: 1, ttl: (1, 1), first: Time::from_secs(13) };
    let offer = |mac, last: u8, dns: u8| Offer {
        mac,
        server: [192, 168, 1, last].into(),
        routers: vec![[192, 168, 1, last].into()],
        dns: vec![[192, 168, 1, dns].into()],
    };
    let querier = |last: u8| Querier { ip: [192, 168, 1, last].into(), version: 3, queries: 2 };
    let cases: Vec<Case> = vec![
        (
            "a search comes back",
            changed(|h| {
                h.echoes.insert((ROUTER, Protocol::Ssdp), echo);
            }),
            vec![("reflection", Problem)],
        ),
        (
            "an mDNS question is repeated",
            changed(|h| {
                h.echoes.insert((ROUTER, Protocol::Mdns), echo);
            }),
            vec![("reflection", Problem)],
        ),
        (
            "a membership is repeated",
            changed(|h| {
                h.repeaters.insert(WAN, Time::from_secs(13));
            }),
            vec![("membership_echo", Warning)],
        ),
        (
            "our ARP circles",
            changed(|h| {
                h.returns.insert(1, Return { times: 3, ipv6: false });
            }),
            vec![("layer2_loop", Problem)],
        ),
        (
            "our IPv6 circles",
            changed(|h| {
                h.returns.insert(1, Return { times: 900, ipv6: true });
            }),
            vec![("layer2_loop", Problem)],
        ),
        (
            "a bond",
            changed(|h| {
                h.returns.insert(1, Return { times: 2, ipv6: false });
            }),
            vec![],
        ),
        ("one server", changed(|h| h.offers.push(offer(GATEWAY, 1, 1))), vec![]),
        (
            "two servers",
            changed(|h| h.offers.extend([offer(GATEWAY, 1, 1), offer(ROUTER, 100, 100)])),
            vec![("dhcp", Problem)],
        ),
        (
            "two servers that agree",
            changed(|h| {
                let second = Offer { mac: ROUTER, server: [192, 168, 1, 2].into(), ..offer(GATEWAY, 1, 1) };
                h.offers.extend([offer(GATEWAY, 1, 1), second]);
            }),
            vec![("dhcp", Warning)],
        ),
        (
            "a line is looked for",
            changed(|h| {
                h.wants.insert(WAN, Wants { pppoe: 2, ..Wants::default() });
            }),
            vec![("wan_in_lan", Warning)],
        ),
        (
            "a WAN side next to a LAN side",
            changed(|h| {
                claim(h, [192, 168, 1, 100], ROUTER);
                h.wants.insert(WAN, Wants { reports: Some([10, 255, 0, 2].into()), ..Wants::default() });
            }),
            vec![("wan_in_lan", Warning)],
        ),
        (
            "a stranger with an address of another network",
            changed(|h| {
                h.wants.insert(WAN, Wants { reports: Some([10, 0, 0, 2].into()), dhcp: 1, pppoe: 0 });
            }),
            vec![],
        ),
        (
            "both sides answer",
            changed(|h| {
                claim(h, [192, 168, 1, 100], ROUTER);
                claim(h, [192, 168, 1, 100], WAN);
            }),
            vec![("wan_in_lan", Warning)],
        ),
        (
            "a duplicate address",
            changed(|h| {
                claim(h, [192, 168, 1, 20], ROUTER);
                claim(h, [192, 168, 1, 20], GATEWAY);
            }),
            vec![("owners", Warning)],
        ),
        ("our own address", changed(|h| claim(h, [192, 168, 1, 30], ROUTER)), vec![("owners", Problem)]),
        (
            "a virtual router",
            changed(|h| {
                claim(h, [192, 168, 1, 254], MacAddr([0, 0, 0x5e, 0, 1, 7]));
                claim(h, [192, 168, 1, 254], GATEWAY);
            }),
            vec![],
        ),
        (
            "proxy ARP",
            changed(|h| {
                for last in 20..24 {
                    claim(h, [192, 168, 1, last], ROUTER);
                }
                claim(h, [192, 168, 1, 21], MacAddr([2, 0, 0, 0, 0, 9]));
            }),
            vec![],
        ),
        (
            "two IPv6 routers",
            changed(|h| {
                for mac in [ROUTER, GATEWAY] {
                    h.routers.insert(mac, ("fe80::1".parse().expect("a literal"), advertisement(1800)));
                }
            }),
            vec![("ipv6_routers", Warning)],
        ),
        (
            "one that is no default router",
            changed(|h| {
                for (mac, lifetime) in [(ROUTER, 0), (GATEWAY, 1800)] {
                    h.routers.insert(mac, ("fe80::1".parse().expect("a literal"), advertisement(lifetime)));
                }
            }),
            vec![],
        ),
        (
            "two queriers",
            changed(|h| h.queriers.extend([((false, ROUTER), querier(1)), ((false, GATEWAY), querier(2))])),
            vec![("querier", Warning)],
        ),
        (
            "no querier for long enough",
            changed(|h| h.span = Some((Time::from_secs(0), Time::from_secs(255)))),
            vec![("querier", Warning)],
        ),
    ];
    let snmp = |outcome: Result<(usize, bool), &str>| {
        let outcome = outcome.map_err(str::to_owned);
        Look { snmp: Some(vec![SnmpLook { target: "hub".into(), outcome }]), ..healthy() }
    };
    let mut cases = cases;
    cases.extend([
        ("a switch is silent", snmp(Err("no answer")), vec![("snmp", Warning)]),
        ("a switch answers", snmp(Ok((5, true))), vec![]),
        ("a switch is asleep", snmp(Ok((5, false))), vec![]),
    ]);
    for (name, look, expected) in cases {
        assert_eq!(findings(&look), expected, "{name}");
        assert_eq!(exit_status(&examine(&look)), u8::from(!expected.is_empty()), "{name}");
    }
}

#[test]
fn what_was_not_looked_at_is_never_good() {
    // Blind: nothing that needs ears is good, and the exit status says so.
    let mut blind = healthy();
    blind.places[0].heard = Err("capturing needs CAP_NET_RAW".into());
    let all = examine(&blind);
    let good = all.iter().filter(|one| one.answer.status == Status::Ok).map(|one| one.check.id).collect::<Vec<_>>();
    assert_eq!(good, [] as [&str; 0]);
    assert_eq!(exit_status(&all), 2);
    // A probe that was not sent, for each reason.
    let needs: [(&str, &Probe); 6] = [
        ("reflection", &probe::GUARD),
        ("membership_echo", &probe::MEMBERSHIP),
        ("layer2_loop", &probe::ARP),
        ("dhcp", &probe::DHCP),
        ("ipv6_routers", &probe::ROUTER_SOLICITATION),
        ("owners", &probe::ARP),
    ];
    for (id, probe) in needs {
        for (fate, expected) in [
            (Some(Fate::Refused(Refusal::Passive)), Status::Unasked),
            (Some(Fate::Refused(Refusal::NotAgreed)), Status::Unasked),
            (Some(Fate::Refused(Refusal::Stopped)), Status::Unasked),
            (Some(Fate::Failed("it is down".into())), Status::Unable),
            (Some(Fate::NoAddress), if id == "ipv6_routers" { Status::Unasked } else { Status::Unable }),
            (None, Status::Unable),
        ] {
            let mut look = healthy();
            look.places[0].sent.remove(probe.id);
            look.places[0].sent.extend(fate.clone().map(|fate| (probe.id, fate)));
            assert_eq!(status(&look, id), expected, "{id} {fate:?}");
            assert_eq!(findings(&look), []);
        }
    }
    let mut snooped = healthy();
    snooped.places[0].not_joined = vec![Ipv4Addr::new(239, 255, 255, 250).into()];
    assert_eq!((status(&snooped, "reflection"), status(&snooped, "storm")), (Status::Unable, Status::Unable));
    let passive = || Fate::Refused(Refusal::Passive);
    snooped.places[0].sent = PROBES.iter().map(|probe| (probe.id, passive())).collect();
    assert_eq!((status(&snooped, "reflection"), status(&snooped, "storm")), (Status::Unasked, Status::Unasked));
    let silent = changed(|heard| heard.wants.clear());
    assert_eq!(status(&silent, "membership_echo"), Status::Unasked, "a switch may hide the reports");
    assert_eq!(exit_status(&examine(&Look::default())), 2, "no interface");
}

#[test]
fn the_worst_interface_decides() {
    let mut look = changed(|heard| {
        heard.repeaters.insert(WAN, Time::from_secs(13));
    });
    look.places.push(Place { name: "eth1".into(), heard: Err("it is down".into()), ..look.places[0].clone() });
    assert_eq!(status(&look, "membership_echo"), Status::Warning);
    assert_eq!(status(&look, "dhcp"), Status::Unable, "one good interface does not make the other good");
}

#[test]
fn ids_and_words_are_complete() {
    let mut ids = CHECKS.map(|check| check.id).to_vec();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), CHECKS.len());
    for check in CHECKS {
        assert!(!check.question.en.is_empty() && !check.question.ja.is_ascii(), "{}", check.id);
    }
}
