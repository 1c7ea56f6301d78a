//! By what a datagram is known when it is seen again, whoever sends it, and what of an mDNS message stays when somebody else
//! says it. Hashes, and does not know who asks.

use super::digest::Secret;
use super::frame::{Frame, L3};
use crate::model::frames::Protocol;

/// The header of UDP, and the message id behind it: what an mDNS reflector makes anew (RFC 6762, 18.1; receivers ignore the id).
const MADE_ANEW: usize = 8 + 2;

impl<'a> Frame<'a> {
    /// The words of an mDNS message: what is left of it when a reflector has said it again in a datagram of its own.
    #[inline(always)]
    fn words(&self) -> Option<&'a [u8]> {
        let words = self.l3.get(self.payload_offset + MADE_ANEW..).filter(|_| self.protocol == Protocol::Mdns);
        words.filter(|words| !words.is_empty())
    }

    /// A hash of an mDNS message's words, wherever and by whomever they are said; `None`: it has none, or is another frame.
    #[inline(always)]
    #[must_use]
    pub fn words_hash(&self, secret: &Secret) -> Option<u64> {
        self.words().map(|words| secret.digest(0, words))
    }

    /// The replica key: a hash of the layer-3 bytes without TTL (hop limit) and header checksum, per interface and
    /// VLAN. The secret keeps an attacker from choosing collisions. Equal keys mean the same datagram seen again.
    #[inline]
    #[must_use]
    pub fn replica_hash(&self, secret: &Secret) -> u64 {
        self.replica_hash_by(secret, self.words_hash(secret))
    }

    /// The same where the [hash of the words](Self::words_hash) is known already, and they need not be hashed twice.
    #[inline(always)]
    #[must_use]
    pub fn replica_hash_by(&self, secret: &Secret, words: Option<u64>) -> u64 {
        let place = u64::from(self.interface) << 24 | u64::from(self.vlan) << 8;
        let l3 = match words {
            Some(_) => &self.l3[..(self.payload_offset + MADE_ANEW).min(self.l3.len())],
            None => self.l3,
        };
        let hash = match (self.l3_kind, l3) {
            // TTL is byte 8, the header checksum bytes 10 and 11 (RFC 791).
            (L3::Ipv4, &[a, b, c, d, e, f, g, h, _, next, _, _, ref rest @ ..]) => {
                let start = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
                secret.digest(secret.mix(start, place | u64::from(next)), rest)
            }
            // The hop limit is byte 7 (RFC 8200).
            (L3::Ipv6, &[a, b, c, d, e, f, g, _, ref rest @ ..]) => {
                let start = u64::from_le_bytes([a, b, c, d, e, f, g, 0]);
                secret.digest(secret.mix(start, place), rest)
            }
            (_, all) => secret.digest(secret.mix(0, place), all),
        };
        words.map_or(hash, |words| secret.mix(hash, words))
    }
}
