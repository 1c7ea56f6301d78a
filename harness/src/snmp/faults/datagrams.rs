//! Faults of what is sent: lost, late, twice, damaged, another's, from elsewhere. A row each.

use super::{Fault, FaultKind, Given, Occasion, Setting};
use crate::rng::Rng;
use crate::snmp::answer::{From, Outgoing};
use crate::snmp::ber;
use std::sync::Arc;
use std::time::Duration;

/// Changes the datagrams of one answer.
type Change = fn(Given, &Occasion<'_>, &mut Rng, &mut Vec<Outgoing>);

/// A fault of what is sent.
#[derive(Debug)]
struct Sending {
    given: Given,
    change: Change,
}

impl Fault for Sending {
    fn send(&self, occasion: &Occasion<'_>, chance: &mut Rng, replies: &mut Vec<Outgoing>) {
        (self.change)(self.given, occasion, chance, replies);
    }
}

/// A fault that puts something wrong in an answer's place.
#[derive(Debug)]
struct Replacing {
    given: Given,
    then_right: bool,
    spoil: fn(&[u8]) -> Vec<u8>,
}

impl Fault for Replacing {
    fn send(&self, occasion: &Occasion<'_>, chance: &mut Rng, replies: &mut Vec<Outgoing>) {
        if !chance.chance(self.given.chance()) {
            return;
        }
        let wrong = Outgoing { bytes: (self.spoil)(occasion.right), delay: Duration::ZERO, from: From::Asked };
        if self.then_right {
            replies.insert(0, wrong);
        } else {
            *replies = vec![wrong];
        }
    }
}

macro_rules! sending {
    ($constant:ident = $name:literal $setting:expr, $help:literal, $change:expr) => {
        pub(super) static $constant: FaultKind = FaultKind {
            name: $name,
            help: $help,
            setting: $setting,
            replaces: false,
            make: |given, _| Arc::new(Sending { given, change: $change }),
        };
    };
}

macro_rules! replacing {
    ($constant:ident = $name:literal, $help:literal, $spoil:expr) => {
        pub(super) static $constant: FaultKind = FaultKind {
            name: $name,
            help: $help,
            setting: Setting::Chance(1.0),
            replaces: true,
            make: |given, then_right| Arc::new(Replacing { given, then_right, spoil: $spoil }),
        };
    };
}

sending!(LOSS = "loss" Setting::Chance(0.3), "answers are lost", |given, _, chance, replies| {
    replies.retain(|_| !chance.chance(given.chance()));
});

sending!(LATENCY = "latency" Setting::Time(2000), "answers take so long, give or take a fifth", |given, _, chance, replies| {
    for reply in replies {
        reply.delay += chance.jitter(given.time());
    }
});

sending!(LATE = "late" Setting::Time(1000), "one answer in eight comes so much later", |given, _, chance, replies| {
    if chance.chance(0.125) {
        for reply in replies {
            reply.delay += given.time();
        }
    }
});

sending!(DUPLICATE = "duplicate" Setting::Chance(1.0), "answers come twice", |given, _, chance, replies| {
    if chance.chance(given.chance()) {
        replies.extend(replies.clone());
    }
});

sending!(OTHER_PORT = "other-port" Setting::Chance(1.0), "answers come from another port", |given, _, chance, replies| {
    if chance.chance(given.chance()) {
        for reply in replies {
            reply.from = From::OtherPort;
        }
    }
});

sending!(OTHER_ADDRESS = "other-address" Setting::Chance(1.0), "answers come from another address", |given, _, chance, replies| {
    if chance.chance(given.chance()) {
        for reply in replies {
            reply.from = From::OtherAddress;
        }
    }
});

replacing!(TRUNCATED = "truncated", "answers are cut off in the middle", |right| right[..right.len() / 2].to_vec());

replacing!(GARBAGE = "garbage", "answers are no messages", |right| {
    (0..right.len().clamp(1, 200)).map(|n| (n as u8).wrapping_mul(151) ^ 0xa5).collect()
});

replacing!(WRONG_ID = "wrong-id", "answers carry another request's id", |right| {
    let place = ber::places(right).map(|(_, id)| id.end - 1);
    flipped(right, place)
});

replacing!(WRONG_COMMUNITY = "wrong-community", "answers carry another community", |right| {
    let place = ber::places(right).and_then(|(community, _)| community.last());
    flipped(right, place)
});

/// A level is two bytes; so deep, the whole datagram is nothing but levels.
const LEVELS: usize = 30_000;

replacing!(NESTED = "nested", "answers are sequences within sequences without end", |_| [0x30, 0x80].repeat(LEVELS));

replacing!(OVERSIZED = "oversized", "answers claim to be four gigabytes long", |right| {
    let mut bytes = vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff];
    bytes.extend(right.iter().skip(2));
    bytes
});

/// The message with one bit of this byte flipped.
fn flipped(right: &[u8], place: Option<usize>) -> Vec<u8> {
    let mut bytes = right.to_vec();
    if let Some(byte) = place.and_then(|place| bytes.get_mut(place)) {
        *byte ^= 1;
    }
    bytes
}
