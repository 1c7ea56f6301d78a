//! The text against its rules, and against a renderer that is written for clearness alone.

use super::*;
use crate::mib::test_agent::{TestAgent, limits, run};
use crate::mib::{MODULES, Reply, Walk};
use crate::model::snmp::Oid;
use crate::view::sink::{Gzip, Plain};
use std::io::Read as _;

/// Writes what a walk over each module brings, by every way, and compares.
fn scraped(agent: &mut TestAgent, modules: &[&str]) -> String {
    let modules = modules.iter().map(|name| Module::named(name).expect("known")).collect::<Vec<_>>();
    let rows = modules.iter().map(|module| {
        run(Walk::module(module, limits()), |request| Reply::Bindings(agent.answer(request).into()))
            .expect("a good agent")
    });
    let rows = rows.collect::<Vec<_>>();
    let took = Duration::from_millis(1500);
    let scrapes = modules.iter().zip(&rows).map(|(module, rows)| Scrape { module, rows, took }).collect::<Vec<_>>();
    let (mut plain, mut zipped, mut unzipped) = (Vec::new(), Vec::new(), Vec::new());
    write(&scrapes, &mut Plain::new(&mut |chunk| plain.extend_from_slice(chunk)));
    write(&scrapes, &mut Gzip::new(&mut |chunk| zipped.extend_from_slice(chunk)));
    flate2::read::GzDecoder::new(&zipped[..]).read_to_end(&mut unzipped).expect("gzip");
    let plain = String::from_utf8(plain).expect("UTF-8");
    assert_eq!(String::from_utf8(unzipped).expect("UTF-8"), plain);
    let mut expected = String::new();
    model::write(&scrapes, &mut expected);
    assert_eq!(plain, expected);
    plain
}

#[test]
fn series_are_those_of_snmp_exporter() {
    let mut agent = TestAgent::switch(2);
    agent.set("1.3.6.1.2.1.31.1.1.1.18.1", Value::Octets(b"to \"A\"\\B\nC".to_vec()));
    agent.set("1.3.6.1.2.1.31.1.1.1.6.2", Value::Counter64((1 << 53) + 7));
    agent.set("1.3.6.1.2.1.2.2.1.6.2", Value::Octets(Vec::new()));
    agent.set("1.3.6.1.2.1.2.2.1.3.2", Value::Integer(9999));
    agent.set("1.3.6.1.2.1.2.2.1.22.1", Value::ObjectId("0.0".parse().expect("a literal")));
    agent.remove("1.3.6.1.2.1.31.1.1.1.1.2");
    let text = scraped(&mut agent, &["if_mib"]);
    let one = r#"ifAlias="to \"A\"\\B\nC",ifDescr="Port 1",ifIndex="1",ifName="ge1""#;
    let two = r#"ifAlias="",ifDescr="Port 2",ifIndex="2",ifName="""#;
    for line in [
        format!("ifHCInOctets{{{one}}} 1099511633777"),
        format!("ifHCInOctets{{{two}}} 7"),
        format!("ifPhysAddress{{{one},ifPhysAddress=\"02:00:00:00:00:01\"}} 1"),
        format!("ifPhysAddress{{{two},ifPhysAddress=\"00:00:00:00:00:00\"}} 1"),
        format!("ifSpecific{{{one},ifSpecific=\"0.0\"}} 1"),
        format!("ifType_info{{{one},ifType=\"ethernetCsmacd\"}} 1"),
        format!("ifType_info{{{two},ifType=\"9999\"}} 1"),
        "ifNumber 2".to_owned(),
        "sysUpTime 360000".to_owned(),
        "snmp_scrape_duration_seconds 1.5".to_owned(),
        "# TYPE ifHCInOctets counter".to_owned(),
        "# TYPE ifSpeed gauge".to_owned(),
    ] {
        assert_eq!(text.lines().filter(|found| **found == line).count(), 1, "{line}\n{text}");
    }
    for hidden in ["\nifName{", "\nifDescr{", "\nifAlias{"] {
        assert!(!text.contains(hidden), "{hidden} is a label only");
    }
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")).collect::<Vec<_>>();
    assert!(families.windows(2).all(|pair| pair[0] < pair[1]), "a family twice, or out of order");
}

#[test]
fn modules_together_give_each_family_once() {
    let mut agent = TestAgent::switch(1);
    agent.set("1.3.6.1.2.1.1.9.1.3.1", Value::Octets(b"all".to_vec()));
    let text = scraped(&mut agent, &["system", "if_mib"]);
    assert_eq!(text.lines().filter(|line| line.starts_with("sysUpTime ")).count(), 1);
    assert!(text.contains("snmp_scrape_packets_sent{module=\"if_mib\"} "), "{text}");
    assert!(text.contains("sysORDescr{sysORDescr=\"all\",sysORIndex=\"1\"} 1"), "{text}");
    assert!(text.contains("sysName{sysName=\"hub\"} 1"), "{text}");
}

#[test]
fn whatever_a_device_lacks_or_says_is_written_as_by_the_model() {
    // A generator by seed (Numerical Recipes'): the law is about the shapes, not about chance.
    let mut seed = 1_u32;
    let mut chance = move |below: u32| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) % below
    };
    let odd = [
        Value::Octets(b"\"a\\b\nc\"\x01\xff".to_vec()),
        Value::Octets(Vec::new()),
        Value::Integer(-7),
        Value::Counter64(u64::MAX),
        Value::Counter64((1 << 53) + 1),
        Value::Gauge32(u32::MAX),
        Value::IpAddress([192, 0, 2, 1]),
        Value::ObjectId("1.3.6.1.4.1".parse().expect("a literal")),
        Value::NoSuchInstance,
    ];
    let columns = MODULES.iter().flat_map(|module| module.tables).flat_map(|table| table.columns).collect::<Vec<_>>();
    for ports in [0, 1, 2, 9, 60] {
        let mut agent = TestAgent::switch(ports);
        for _ in 0..200 {
            let column = Oid::new(columns[chance(columns.len() as u32) as usize].oid);
            let name = format!("{column}.{}", 1 + chance(ports + 3));
            if chance(3) == 0 {
                agent.remove(&name);
            } else {
                agent.set(&name, odd[chance(odd.len() as u32) as usize].clone());
            }
        }
        for module in MODULES {
            scraped(&mut agent, &[module.name]);
        }
        scraped(&mut agent, &["if_mib", "system"]);
    }
}

#[test]
fn the_storm_module_is_fourteen_series_a_port() {
    let text = scraped(&mut TestAgent::switch(3), &["storm"]);
    let families = text.lines().filter(|line| line.contains("ifIndex=\"2\""));
    let families = families.filter_map(|line| line.split('{').next()).collect::<Vec<_>>();
    let expected = "ifHCInBroadcastPkts ifHCInMulticastPkts ifHCInOctets ifHCInUcastPkts ifHCOutBroadcastPkts \
                    ifHCOutMulticastPkts ifHCOutOctets ifHCOutUcastPkts ifHighSpeed ifInDiscards ifInErrors \
                    ifOperStatus ifOutDiscards ifOutErrors";
    assert_eq!(families.join(" "), expected);
    assert!(text.contains(r#"ifOperStatus{ifAlias="",ifDescr="Port 2",ifIndex="2",ifName="ge2"} 1"#), "{text}");
}

#[test]
fn composite_indexes_become_labels() {
    let mut agent = TestAgent::switch(1);
    let text = |text: &str| Value::Octets(text.as_bytes().to_vec());
    agent.set("1.3.6.1.2.1.17.7.1.2.2.1.2.42.2.0.0.0.1.255", Value::Integer(7));
    agent.set("1.3.6.1.2.1.17.2.15.1.3.7", Value::Integer(5));
    agent.set("1.0.8802.1.1.2.1.4.1.1.9.61.7.1", text("core"));
    agent.set("1.0.8802.1.1.2.1.4.2.1.4.61.7.1.1.4.192.168.1.2", Value::Integer(3));
    agent.set("1.3.6.1.2.1.4.35.1.4.9.1.4.192.168.1.2", Value::Octets(vec![2, 0, 0, 0, 0, 9]));
    let text = scraped(&mut agent, &["bridge", "lldp", "neighbours"]);
    for line in [
        r#"dot1qTpFdbPort{dot1qFdbId="42",dot1qTpFdbAddress="02:00:00:00:01:FF"} 7"#,
        r#"dot1dStpPortState_info{dot1dStpPort="7",dot1dStpPortState="forwarding"} 1"#,
        r#"lldpRemSysName{lldpRemIndex="1",lldpRemLocalPortNum="7",lldpRemSysName="core",lldpRemTimeMark="61"} 1"#,
        r#"lldpRemManAddrIfId{lldpRemIndex="1",lldpRemLocalPortNum="7",lldpRemManAddr="192.168.1.2",lldpRemTimeMark="61"} 3"#,
        r#"ipNetToPhysicalPhysAddress{ipNetToPhysicalIfIndex="9",ipNetToPhysicalNetAddress="192.168.1.2",ipNetToPhysicalPhysAddress="02:00:00:00:00:09"} 1"#,
    ] {
        assert_eq!(text.lines().filter(|found| **found == *line).count(), 1, "{line}\n{text}");
    }
}
