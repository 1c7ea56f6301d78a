//! Devices that come, go and change.

use super::*;
use crate::model::text::{Sentence, Text};

fn at(seconds: i64) -> Time {
    Time::from_secs(1_000_000 + seconds)
}

fn device(udn: &str, ip: IpAddr, name: &str) -> Device {
    Device {
        udn: udn.into(),
        friendly_name: name.into(),
        manufacturer: String::new(),
        model: String::new(),
        device_type: String::new(),
        server: String::new(),
        location: format!("http://{ip}/d.xml"),
        ip,
        mac: None,
        vendor: None,
        interface: "eth0".into(),
        first_seen: at(0),
        last_seen: at(0),
        problem: None,
    }
}

fn nas() -> Device {
    device("uuid:NAS", [192, 168, 1, 20].into(), "NAS")
}

fn settled() -> Devices {
    let mut devices = Devices::default();
    devices.found(&device("uuid:tv", [192, 168, 1, 7].into(), "TV"), at(0));
    devices.settle();
    devices
}

fn here(device: Device, life: u64) -> Announcement {
    Announcement::Here { device: Box::new(device), life: Duration::from_secs(life) }
}

fn gone(udn: &str, last: u8) -> Announcement {
    Announcement::Gone { udn: udn.into(), ip: [192, 168, 1, last].into() }
}

#[track_caller]
fn check(devices: &mut Devices, expected: &[(Presence, Reason, &str)]) {
    let news = devices.news().map(|n| (n.change, n.reason, n.device.friendly_name)).collect::<Vec<_>>();
    let news = news.iter().map(|(change, reason, name)| (*change, *reason, name.as_str())).collect::<Vec<_>>();
    assert_eq!(news, expected);
}

#[test]
fn who_was_there_before_us_is_no_news() {
    let mut devices = settled();
    check(&mut devices, &[]);
    devices.found(&nas(), at(60));
    check(&mut devices, &[(Presence::Came, Reason::Answer, "NAS")]);
    devices.found(&nas(), at(120));
    check(&mut devices, &[]);
    assert_eq!((devices.iter().count(), devices.count(Presence::Came)), (2, 1));
}

#[test]
fn a_goodbye_counts_after_a_while_unless_it_is_taken_back() {
    let mut devices = settled();
    devices.heard(&here(nas(), 1800), at(10));
    check(&mut devices, &[(Presence::Came, Reason::Announcement, "NAS")]);
    // A restart: goodbye, and here again.
    devices.heard(&gone("uuid:nas", 20), at(20));
    devices.heard(&Announcement::Still { udn: "uuid:nas".into(), ip: nas().ip, life: LINGER }, at(21));
    devices.advance(at(30));
    check(&mut devices, &[]);
    // A forged one, and one for nobody.
    devices.heard(&gone("uuid:nas", 66), at(40));
    devices.heard(&gone("uuid:nobody", 20), at(40));
    devices.advance(at(50));
    check(&mut devices, &[]);
    devices.heard(&gone("uuid:nas", 20), at(60));
    devices.advance(at(62));
    check(&mut devices, &[]);
    devices.advance(at(63));
    check(&mut devices, &[(Presence::Went, Reason::Goodbye, "NAS")]);
    assert_eq!(devices.iter().count(), 1);
}

#[test]
fn lives_run_out() {
    let mut devices = settled();
    devices.heard(&here(nas(), 100), at(0));
    devices
        .heard(&Announcement::Still { udn: "UUID:nas".into(), ip: nas().ip, life: Duration::from_secs(100) }, at(90));
    check(&mut devices, &[(Presence::Came, Reason::Announcement, "NAS")]);
    devices.advance(at(189));
    check(&mut devices, &[]);
    devices.advance(at(190));
    check(&mut devices, &[(Presence::Went, Reason::Silence, "NAS")]);
    devices.advance(at(1800));
    check(&mut devices, &[(Presence::Went, Reason::Silence, "TV")]);
}

#[test]
fn a_change_is_told_and_the_other_family_is_none() {
    let mut devices = settled();
    devices.found(&nas(), at(1));
    check(&mut devices, &[(Presence::Came, Reason::Answer, "NAS")]);
    let by_v6 = device("uuid:nas", "fe80::20".parse().expect("an address"), "NAS");
    devices.heard(&here(by_v6, 1800), at(2));
    let unread = Device {
        friendly_name: String::new(),
        problem: Some(Sentence::of(Text { en: "It hung.", ja: "応答が止まりました。" })),
        ..nas()
    };
    devices.found(&unread, at(3));
    check(&mut devices, &[]);
    let moved = device("uuid:nas", [192, 168, 1, 21].into(), "NAS");
    devices.heard(&here(moved.clone(), 1800), at(4));
    devices.found(&Device { friendly_name: "Cellar NAS".into(), ..moved }, at(5));
    let changed = |reason, name| (Presence::Changed, reason, name);
    check(&mut devices, &[changed(Reason::Announcement, "NAS"), changed(Reason::Answer, "Cellar NAS")]);
    assert!(devices.iter().any(|d| d.ip == IpAddr::from([192, 168, 1, 21]) && d.first_seen == at(1)));
}

#[test]
fn a_flood_of_devices_is_bounded() {
    let mut devices = settled();
    for n in 0..2 * MAX_DEVICES {
        devices.heard(&here(device(&format!("uuid:{n}"), [10, 0, 0, 1].into(), "x"), 1800), at(10));
    }
    assert_eq!(devices.iter().count(), MAX_DEVICES);
    assert_eq!(devices.news().count(), MAX_NEWS);
    assert_eq!(devices.refused(), MAX_DEVICES as u64 + 1);
}
