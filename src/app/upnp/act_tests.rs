//! What may be asked for, and what is refused before anything is sent.

use super::*;

fn argument(name: &str, direction: Direction, data_type: &str, allowed: &[&str]) -> Argument {
    let allowed = allowed.iter().map(|value| (*value).to_owned()).collect();
    Argument { name: name.into(), direction, data_type: data_type.into(), allowed }
}

#[test]
fn internal_hosts() {
    assert_eq!(internal("192.168.1.20:443"), Ok((Some([192, 168, 1, 20].into()), 443)));
    assert_eq!(internal(":443"), Ok((None, 443)));
    for wrong in ["443", "nas:443", "192.168.1.20:0", "192.168.1.20:70000", "[fe80::1]:1", "192.168.1.20:"] {
        assert!(internal(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn descriptions_that_break_gateways_are_refused() {
    assert!(description("Plex, 2nd floor").is_ok());
    for wrong in ["Sync & Share".to_owned(), "a<b".to_owned(), "x".repeat(64), "a\nb".to_owned()] {
        assert!(description(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn arguments_are_checked_and_ordered() {
    let action = ActionSpec {
        name: "Set".into(),
        arguments: vec![
            argument("Port", Direction::In, "ui2", &[]),
            argument("Result", Direction::Out, "string", &[]),
            argument("Protocol", Direction::In, "string", &["TCP", "UDP"]),
            argument("On", Direction::In, "boolean", &[]),
        ],
    };
    let check = |given: &[&str], expected: Result<&str, &str>| {
        let given = given.iter().map(|text| assignment(text).expect("an assignment")).collect::<Vec<_>>();
        match (arguments(&action, &given, Language::English), expected) {
            (Ok(ordered), Ok(expected)) => {
                let shown = ordered.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>();
                assert_eq!(shown.join(" "), expected);
            }
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (outcome, _) => panic!("{given:?}: {outcome:?}"),
        }
    };
    check(&["On=1", "Protocol=TCP", "Port=5"], Ok("Port=5 Protocol=TCP On=1"));
    check(
        &["On=1", "Protocol=TCP"],
        Err("Port=… is missing: the action is Set(Port: ui2, Protocol: TCP|UDP, On: boolean)"),
    );
    check(&["Port=5", "Protocol=SCTP", "On=1"], Err("Protocol must be one of TCP, UDP"));
    check(&["Port=65536", "Protocol=TCP", "On=1"], Err("Port must be a whole number from 0 to 65535"));
    check(&["Port=5", "Protocol=TCP", "On=2"], Err("On must be 0 or 1"));
    check(&["Port=5", "Port=6", "Protocol=TCP", "On=1"], Err("Port is given twice"));
    check(&["Result=5"], Err("it takes no argument \"Result\""));
}

#[test]
fn services_are_named_by_their_ends() {
    let service_of = |kind: &str, id: &str| ServiceInfo {
        service_type: format!("urn:schemas-upnp-org:service:{kind}"),
        service_id: format!("urn:upnp-org:serviceId:{id}"),
        ..ServiceInfo::default()
    };
    let device = crate::model::device_tree::DeviceInfo {
        services: vec![
            service_of("WANIPConnection:1", "WANIPConn1"),
            service_of("WANIPConnection:1", "WANIPConn2"),
            service_of("Layer3Forwarding:1", "L3Forwarding1"),
        ],
        ..crate::model::device_tree::DeviceInfo::default()
    };
    let tree = DeviceTree { devices: vec![device], ..DeviceTree::default() };
    let check = |wanted: &str, expected: Result<&str, &str>| match (service(&tree, wanted, Language::English), expected)
    {
        (Ok(found), Ok(expected)) => assert!(found.service_id.ends_with(expected), "{found:?}"),
        (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
        (outcome, _) => panic!("{wanted}: {outcome:?}"),
    };
    check("WANIPConn2", Ok("WANIPConn2"));
    check("Layer3Forwarding", Ok("L3Forwarding1"));
    check("Layer3Forwarding:1", Ok("L3Forwarding1"));
    check("urn:schemas-upnp-org:service:Layer3Forwarding:1", Ok("L3Forwarding1"));
    check("WANIPConnection:1", Err("fits several services"));
    check("Forwarding", Err("it has no service"));
}
