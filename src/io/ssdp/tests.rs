//! Searches on loopback, answered by a responder that may be hostile.

use super::*;
use crate::io::scripted_server::{loopback, ssdp as responder};
use std::net::Ipv4Addr;

fn settings(window_ms: u64, guard_ms: u64) -> SearchSettings {
    let (window, guard) = (Duration::from_millis(window_ms), Duration::from_millis(guard_ms));
    SearchSettings { window, guard, ..SearchSettings::default() }
}

fn answer(udn: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:{udn}::upnp:rootdevice\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn the_guard_goes_first_and_the_rest_follows() {
    let ip = Ipv4Addr::new(127, 0, 9, 10);
    let (_running, searches) = responder(ip, |target| vec![answer(target)]).await;
    let (sender, mut replies) = mpsc::channel(64);
    let report = search(&[loopback(ip)], &settings(600, 100), &StopProbes::default(), &sender).await;
    let heard = searches.lock().expect("the list").clone();
    assert_eq!(heard, [[GUARD].as_slice(), &REST].concat());
    assert_eq!((report.interfaces.len(), report.stopped), (1, false), "{report:?}");
    let mut udns = Vec::new();
    while let Ok(reply) = replies.try_recv() {
        assert_eq!((reply.source.ip(), reply.local, &*reply.interface), (ip.into(), ip.into(), "lo"));
        udns.push(reply.message.udn().to_owned());
    }
    assert_eq!(udns.len(), 5);
}

#[tokio::test]
async fn a_storm_stops_it_after_the_guard() {
    let ip = Ipv4Addr::new(127, 0, 9, 11);
    let stop = StopProbes::default();
    let seen = stop.clone();
    // As the capture would do at the first replica of the guard.
    let (_running, searches) = responder(ip, move |_| {
        seen.stop();
        Vec::new()
    })
    .await;
    let (sender, _replies) = mpsc::channel(64);
    let report = search(&[loopback(ip)], &settings(900, 300), &stop, &sender).await;
    assert!(report.stopped);
    let again = search(&[loopback(ip)], &settings(900, 0), &stop, &sender).await;
    assert!(again.stopped && again.interfaces.is_empty());
    assert_eq!(*searches.lock().expect("the list"), [GUARD]);
}

#[tokio::test]
async fn a_flood_of_replies_is_bounded_and_counted() {
    let ip = Ipv4Addr::new(127, 0, 9, 12);
    let (_running, _) = responder(ip, |target| {
        if target != GUARD {
            return Vec::new();
        }
        let junk = (0..2000).map(|n| vec![b'a'; n % 1400]);
        let real = (0..8000).map(|n| answer(&n.to_string()));
        junk.chain(real).collect()
    })
    .await;
    let (sender, mut replies) = mpsc::channel(10_000);
    let began = now();
    let report = search(&[loopback(ip)], &settings(800, 100), &StopProbes::default(), &sender).await;
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
    let mut taken = 0;
    while replies.try_recv().is_ok() {
        taken += 1;
    }
    assert!(taken <= MAX_REPLIES_PER_SOURCE, "{taken}");
    assert!(report.refused.get("ssdp_unreadable").is_some_and(|n| *n > 0), "{report:?}");
    assert!(report.refused.get("ssdp_too_many_from_one").is_some_and(|n| *n > 0), "{report:?}");
}

#[test]
fn what_is_searched_from() {
    let mut interface = loopback(Ipv4Addr::new(192, 168, 1, 5));
    interface.loopback = false;
    interface.index = 3;
    for address in ["fe80::1", "2001:db8::1", "2001:db8::2", "2001:db8::3", "fe80::2"] {
        interface.addresses.push((address.parse().expect("an address"), 64));
    }
    let chosen = searched_addresses(&interface);
    let chosen = chosen.iter().map(|(local, group)| format!("{local} {group}")).collect::<Vec<_>>();
    let expected = [
        "192.168.1.5 239.255.255.250:1900",
        "fe80::1 [ff02::c%3]:1900",
        "2001:db8::1 [ff05::c%3]:1900",
        "2001:db8::2 [ff05::c%3]:1900",
    ];
    assert_eq!(chosen, expected);
}
