//! What a check may have to say of a device, in Japanese: every cause, every end of a walk, every oddity.

use crate::io::snmp::{Cause, CollectError, Place, UsmFault};
use crate::mib::WalkError;
use crate::model::snmp::Oid;
use crate::model::text::Language;
use crate::view::lang::of_target;
use std::time::Duration;

/// An English sentence has four words in a row; names of objects and settings have fewer.
fn is_english(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic() && c != ' ').any(|run| run.split_whitespace().count() >= 4)
}

fn walk_errors() -> Vec<WalkError> {
    vec![
        WalkError::Timeout { attempts: 3 },
        WalkError::Deadline { rows: 0 },
        WalkError::NotIncreasing { oid: Oid::new(&[1, 3, 6]) },
        WalkError::Limit { what: "rows", limit: 65_536 },
        WalkError::Limit { what: "bytes", limit: 16 << 20 },
        WalkError::Shape { got: 1, want: 2 },
        WalkError::Malformed,
        WalkError::Status { status: 5 },
        WalkError::Status { status: 6 },
        WalkError::Status { status: 99 },
    ]
}

fn causes() -> Vec<Cause> {
    let waited = Duration::from_millis(6100);
    let address = ([192, 168, 1, 9], 161).into();
    let mut causes = Vec::from(["v1", "v2c", "v3"].map(|version| Cause::Timeout { attempts: 3, waited, version }));
    causes.extend([
        Cause::Elsewhere { from: address },
        Cause::PortClosed,
        Cause::Deadline { waited, rows: 12 },
        Cause::Busy { waited },
        Cause::Unreachable(std::io::Error::from_raw_os_error(113)),
        Cause::NoSocket("no IPv6".to_owned()),
        Cause::EmptyView,
        Cause::Protocol("no keys".to_owned()),
    ]);
    for error in walk_errors() {
        causes.push(Cause::of(error.clone(), waited, "v2c"));
        causes.extend([Cause::Agent(error.clone()), Cause::Refused(error.clone()), Cause::AccessDenied(error)]);
    }
    let faults = [
        UsmFault::UnknownUser,
        UsmFault::WrongDigest,
        UsmFault::Decryption,
        UsmFault::UnsupportedLevel,
        UsmFault::TimeWindow,
        UsmFault::UnknownEngine,
        UsmFault::UnknownContext,
        UsmFault::Other,
        UsmFault::IgnoredPrivate,
        UsmFault::Ignored,
        UsmFault::EngineChanged,
    ];
    causes.extend(faults.map(Cause::Usm));
    causes
}

#[test]
fn every_cause_is_said_in_japanese_with_its_target_or_without() {
    for cause in causes() {
        let alone = cause.to_string();
        let said = of_target(&alone, Language::Japanese).into_owned();
        // What the system says of itself is the system's.
        let ours = said.replace("No route to host", "");
        assert!(!is_english(&ours) && !said.is_ascii(), "{alone}\n    {said}");
        assert_eq!(of_target(&alone, Language::English), alone);
        let error = CollectError { target: "the hub at home".into(), address: ([192, 168, 1, 2], 161).into(), cause };
        let whole = of_target(&error.to_string(), Language::Japanese).into_owned();
        assert_eq!(whole, format!("the hub at home (192.168.1.2:161): {said}"));
    }
}

#[test]
fn what_is_wrong_with_an_address_is_said_in_japanese() {
    for text in ["10.1", "switch lan", "fe80::1%nowhere0", "switch.lan:high"] {
        let error = Place::parse(text, 161).expect_err(text);
        let said = of_target(&error, Language::Japanese);
        assert!(!is_english(&said) && said.contains(text), "{error}\n    {said}");
    }
}
