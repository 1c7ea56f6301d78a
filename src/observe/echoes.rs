//! mDNS messages that somebody says again in a datagram of his own, as reflectors do (avahi-daemon with `enable-reflector`):
//! another MAC, another address, a new message id (RFC 6762, 18.1, which receivers ignore), the same words. A fixed table of
//! what was said last; counts nothing, and blames nobody.

use crate::model::{MacAddr, Time};
use crate::wire::digest::Secret;
use crate::wire::frame::Frame;
use std::net::IpAddr;

/// Messages remembered. A busy healthy second has 27 group frames, and only those of the last moments matter.
const PLACES: usize = 64;
/// A reflector needs 0.1 to 3 ms (measured with avahi-daemon); in a storm its queue makes that longer. Milliseconds.
pub const WITHIN_MS: u64 = 50;
const WITHIN_NANOS: u64 = WITHIN_MS * 1_000_000;
/// A message that pauses for longer than this is asked anew by whoever says it next.
const FORGET_NANOS: u64 = 1_000_000_000;

/// A message, whoever says it.
#[derive(Clone, Copy)]
struct Said {
    digest: u64,
    /// Who said it first, where that was heard.
    first: Option<MacAddr>,
    /// Who said it last, from which address, and when.
    mac: MacAddr,
    ip: Option<IpAddr>,
    at: Time,
}

/// The messages of the last moments, each in one place that its digest decides.
pub(super) struct Echoes {
    places: Box<[Option<Said>; PLACES]>,
    secret: Secret,
}

impl std::fmt::Debug for Echoes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Echoes").field("known", &self.places.iter().flatten().count()).finish()
    }
}

impl Echoes {
    /// None yet. `secret`: of the digest, so that nobody can choose two messages that look like one.
    pub(super) fn new(secret: Secret) -> Self {
        Self { places: Box::new([None; PLACES]), secret }
    }

    /// Hears a frame that says words of this [hash](Frame::words_hash); true if another device has just said them from another
    /// address, and this sender did not say them first. One that asks again and again is so no echo of those who repeat it.
    /// `warm`: what was said a moment before would have been heard.
    #[inline]
    pub(super) fn hear(&mut self, frame: &Frame<'_>, words: u64, at: Time, warm: bool) -> bool {
        let place = self.secret.mix(u64::from(frame.vlan), u64::from(frame.interface));
        let first = warm.then_some(frame.source);
        self.said(Said { digest: self.secret.mix(place, words), first, mac: frame.source, ip: frame.ip, at })
    }

    fn said(&mut self, mut said: Said) -> bool {
        let place = &mut self.places[said.digest as usize % PLACES];
        let before =
            place.filter(|before| before.digest == said.digest && said.at.nanos_since(before.at) <= FORGET_NANOS);
        let echo = before.is_some_and(|before| {
            said.first = before.first;
            let soon = said.at.nanos_since(before.at) <= WITHIN_NANOS;
            soon && before.mac != said.mac && before.ip != said.ip && Some(said.mac) != before.first
        });
        *place = Some(said);
        echo
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::frames::{FrameMeta, LinkType};
    use crate::wire::frame::parse;

    /// An mDNS question from host `n`, with a message id and a name of one letter.
    fn question(n: u8, id: u16, name: u8) -> Vec<u8> {
        let mut frame = vec![0x01, 0, 0x5e, 0, 0, 0xfb, 2, 0, 0, 0, 0, n, 8, 0];
        frame.extend([0x45, 0, 0, 45, id as u8, n, 0, 0, 255, 17, 0, 0, 192, 168, 1, n, 224, 0, 0, 251]);
        frame.extend([0x14, 0xe9, 0x14, 0xe9, 0, 25, 0, 0]);
        frame.extend(id.to_be_bytes());
        frame.extend([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, name, 0, 0, 12]);
        frame
    }

    #[test]
    fn an_echo_is_the_same_words_from_somebody_else_at_once() {
        // Milliseconds, host, name asked for, and whether it is an echo.
        let heard = [
            (0, 1, b'a', false),
            (2, 2, b'a', true),
            (4, 3, b'a', true),
            (5, 1, b'a', false), // who asked first may ask again
            (6, 2, b'a', true),
            (7, 2, b'a', false), // and nobody is his own echo
            (9, 2, b'b', false),
            (100, 3, b'a', false), // too late
            (101, 2, b'a', true),
            (2000, 2, b'a', false), // forgotten: it is asked anew
            (2001, 1, b'a', true),
        ];
        let mut echoes = Echoes::new(Secret::new(7));
        for (id, (ms, host, name, expected)) in (1..).zip(heard) {
            assert_eq!(hear(&mut echoes, ms, &question(host, id, name), true), expected, "{ms} ms, host {host}");
        }
    }

    #[test]
    fn who_said_it_first_is_not_known_from_the_middle_on() {
        let mut echoes = Echoes::new(Secret::new(7));
        let hosts = [2, 3, 2, 3];
        let heard =
            (1..).zip(hosts).map(|(id, host)| hear(&mut echoes, i64::from(id), &question(host, id, b'a'), id > 2));
        assert_eq!(heard.collect::<Vec<_>>(), [false, true, true, true]);
    }

    fn hear(echoes: &mut Echoes, ms: i64, bytes: &[u8], warm: bool) -> bool {
        let at = Time::from_nanos(1_000_000_000_000 + ms * 1_000_000);
        let link = LinkType::Ethernet;
        let meta = FrameMeta { at, number: 1, interface: 0, link, vlan: None, original_len: bytes.len() as u32 };
        let frame = parse(&meta, bytes).expect("a frame");
        let words = frame.words_hash(&echoes.secret).expect("it says something");
        echoes.hear(&frame, words, at, warm)
    }
}
