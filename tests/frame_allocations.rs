//! The frame path takes no memory per frame: an allocator that counts says so. One test alone in its program, since every
//! thread's allocations are counted.
#![expect(unsafe_code, reason = "an allocator that counts is unsafe by its trait")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
use stormglass::model::Time;
use stormglass::model::frames::{FrameMeta, LinkType};
use stormglass::observe::replica::ReplicaRules;
use stormglass::observe::tally::Tally;
use stormglass_harness::mac::Mac;
use stormglass_harness::packets::{self, ArpOperation, Ipv4};

static TAKEN: AtomicU64 = AtomicU64::new(0);

struct Counting;

// SAFETY: every call is passed on as it is; counting touches no memory of the caller's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A storm, the hosts of a home, and forged sources, of which every one is new: `number` makes the difference.
fn write(frames: &mut [Vec<u8>; 4], number: u32) -> &[u8] {
    let [storm, home, arp, forged] = frames;
    let bytes = number.to_be_bytes();
    match number % 4 {
        0 => storm,
        1 => {
            home[18..20].copy_from_slice(&bytes[2..]);
            home
        }
        2 => {
            // Another sender address: a claim of ownership for the summary, of which it takes 256.
            arp[28..32].copy_from_slice(&[10, bytes[1], bytes[2], bytes[3]]);
            arp
        }
        _ => {
            forged[8..12].copy_from_slice(&bytes);
            forged[26..30].copy_from_slice(&bytes);
            forged
        }
    }
}

#[test]
fn a_million_frames_take_no_memory() {
    let search = |last: u8| {
        let ip = Ipv4 { source: Ipv4Addr::new(192, 168, 1, last), destination: packets::SSDP_GROUP, ttl: 4, id: 7 };
        packets::udp_group(Mac([2, 0, 0, 0, 0, last]), &ip, (50_000, 1900), packets::m_search("ssdp:all", 3).as_bytes())
    };
    let sender = (Mac([2, 0, 0, 0, 0, 4]), Ipv4Addr::new(192, 168, 1, 4));
    let arp = packets::arp(ArpOperation::Request, sender, (Mac([0; 6]), Ipv4Addr::new(192, 168, 1, 1)));
    let mut frames = [search(1), search(2), arp, search(3)];
    let mut tally = Tally::new("eth0".into(), ReplicaRules::default(), None, 7);
    let mut number = 0;
    let mut run = |tally: &mut Tally, count: u32| {
        for _ in 0..count {
            number += 1;
            let bytes = write(&mut frames, number);
            let at = Time::from_nanos(i64::from(number) * 700);
            let original_len = bytes.len() as u32;
            let number = u64::from(number);
            let meta = FrameMeta { at, number, interface: 0, link: LinkType::Ethernet, vlan: None, original_len };
            tally.frame(&meta, bytes);
        }
    };
    run(&mut tally, 10_000);
    drop(tally.flush(Time::from_secs(1), 0));
    let before = TAKEN.load(Ordering::Relaxed);
    run(&mut tally, 1_000_000);
    let taken = TAKEN.load(Ordering::Relaxed) - before;
    let summary = tally.flush(Time::from_secs(2), 0);
    assert_eq!(summary.frames, 1_000_000);
    assert!(summary.replica_frames >= 250_000 && summary.owners.len() == 256 && summary.refused > 0);
    assert!(TAKEN.load(Ordering::Relaxed) > before, "the allocator counts: a summary takes memory");
    assert_eq!(taken, 0, "bytes taken by 1,000,000 frames");
}
