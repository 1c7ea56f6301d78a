//! Every packet that `doctor` may send, and the budget that each one is drawn from. A sender takes a [`Permit`], which only
//! [`Budget::draw`] makes, so that more than the list says cannot be sent. Sends nothing, and asks no clock.

use super::Time;
use super::text::Text;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Between two permits: with the frames of one permit, a person's own devices send more in one burst.
pub const GAP: Duration = Duration::from_millis(40);
/// Permits of one examination over all interfaces, whatever the list allows.
pub const MAX_PERMITS: u32 = 64;

/// One kind of packet.
#[derive(Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its id in JSON.
    pub id: &'static str,
    /// What it is, and why it is sent.
    pub what: Text,
    /// Permits per interface and examination.
    pub most: u32,
    /// Sent only after somebody has agreed: it can feed a wiring mistake that is already there.
    pub asks: bool,
}

/// Memberships of the groups that are watched.
pub static LISTEN: Probe = Probe {
    id: "group_join",
    what: Text {
        en: "IGMP and MLD reports of the kernel: this computer joins 8 groups of discovery (SSDP, mDNS, LLMNR), so that a \
             switch with snooping lets it hear them",
        ja: "カーネルのIGMP/MLDレポート: スヌーピング対応のスイッチ越しでも受信できるように、探索用の8グループ(SSDP、mDNS、LLMNR)に\
             参加します",
    },
    most: 1,
    asks: false,
};
/// An ordinary ARP request.
pub static ARP: Probe = Probe {
    id: "arp",
    what: Text {
        en: "ARP request, for this computer's own address and for the default gateway: who answers, and does it come back",
        ja: "ARP要求(このコンピューター自身のアドレスと、デフォルトゲートウェイ宛て): 誰が応答するか、自分に戻ってこないかを調べます",
    },
    most: 2,
    asks: false,
};
/// A Router Solicitation.
pub static ROUTER_SOLICITATION: Probe = Probe {
    id: "router_solicitation",
    what: Text {
        en: "IPv6 Router Solicitation to ff02::2: which routers there are, and does it come back",
        ja: "IPv6ルーター要請(ff02::2宛て): どのルーターがいるか、自分に戻ってこないかを調べます",
    },
    most: 1,
    asks: false,
};
/// A DHCP DISCOVER.
pub static DHCP: Probe = Probe {
    id: "dhcp_discover",
    what: Text {
        en: "DHCP DISCOVER: which servers offer an address (none is taken)",
        ja: "DHCP DISCOVER: どのサーバーがアドレスを提示するかを調べます(アドレスは取得しません)",
    },
    most: 1,
    asks: false,
};
/// The membership of a random group.
pub static MEMBERSHIP: Probe = Probe {
    id: "membership",
    what: Text {
        en: "IGMP reports of the kernel for one random group of 239.0.0.0/8, and the leave: does a proxy repeat them",
        ja: "239.0.0.0/8 の無作為な1グループへのカーネルのIGMPレポートと離脱通知: プロキシが繰り返さないかを調べます",
    },
    most: 1,
    asks: false,
};
/// A NAT-PMP question.
pub static NAT_PMP: Probe = Probe {
    id: "nat_pmp",
    what: Text {
        en: "NAT-PMP question for the external address, to the default gateway alone",
        ja: "NAT-PMPによる外部アドレスの問い合わせ(デフォルトゲートウェイのみ)",
    },
    most: 1,
    asks: false,
};
/// The guard search.
pub static GUARD: Probe = Probe {
    id: "guard_search",
    what: Text {
        en: "one M-SEARCH to 239.255.255.250 with TTL 2, for a service that nobody has, with a mark: does anybody send it back",
        ja: "誰も持たないサービスを目印付きで探すM-SEARCH 1個(239.255.255.250宛て、TTL 2): 誰かが送り返さないかを調べます",
    },
    most: 1,
    asks: true,
};
/// The guard probe of WS-Discovery.
pub static GUARD_WS_DISCOVERY: Probe = Probe {
    id: "guard_ws_discovery",
    what: Text {
        en: "one WS-Discovery Probe (as Windows and printers send them) with TTL 2 and a mark, for a type that nobody has: does \
             anybody send it back",
        ja: "誰も持たない種類を目印付きで探すWS-DiscoveryのProbe 1個(Windowsやプリンターが使うもの、TTL 2): 誰かが送り返さないかを調べます",
    },
    most: 1,
    asks: true,
};
/// The guard question of multicast DNS.
pub static GUARD_MDNS: Probe = Probe {
    id: "guard_mdns",
    what: Text {
        en: "one mDNS question with TTL 2 and a mark, for a name that nobody has: does a reflector repeat it in this LAN",
        ja: "誰も持たない名前を目印付きで尋ねるmDNSの質問 1個(TTL 2): リフレクターがこのLANで繰り返さないかを調べます",
    },
    most: 1,
    asks: true,
};
/// The search for gateways.
pub static SEARCH: Probe = Probe {
    id: "upnp_search",
    what: Text {
        en: "UPnP search with TTL 1, five M-SEARCH from each address of this computer, and HTTP requests to those who answer: \
             gateways and the ports opened on them",
        ja: "UPnP探索(TTL 1、各アドレスからM-SEARCH 5個)と、応答した機器へのHTTP要求: ゲートウェイと開放中のポートを調べます",
    },
    most: 1,
    asks: true,
};

/// All of them, in the order in which they are sent. SNMP goes to configured targets alone, and is a poll of `serve`.
pub static PROBES: [&Probe; 10] = [
    &LISTEN,
    &ARP,
    &ROUTER_SOLICITATION,
    &DHCP,
    &MEMBERSHIP,
    &NAT_PMP,
    &GUARD,
    &GUARD_WS_DISCOVERY,
    &GUARD_MDNS,
    &SEARCH,
];

/// The right to send the packets of one probe once. Not cloned, not made elsewhere, and used up by sending.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Permit(&'static Probe);

impl Permit {
    /// For what.
    #[must_use]
    pub const fn probe(&self) -> &'static Probe {
        self.0
    }
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing at all may be sent (`--passive`).
    Passive,
    /// Nobody has agreed to this one.
    NotAgreed,
    /// A storm goes on, or a mistake was found: another packet could feed it.
    Stopped,
    /// As many as the list allows have been sent.
    Spent,
    /// The one before was sent less than [`GAP`] ago.
    TooSoon,
}

/// What may be sent in one examination.
#[derive(Debug)]
pub struct Budget {
    passive: bool,
    agreed: bool,
    stopped: bool,
    drawn: BTreeMap<(Arc<str>, &'static str), u32>,
    total: u32,
    last: Option<Time>,
}

impl Budget {
    /// `passive`: nothing is sent. Nobody has agreed to anything yet.
    #[must_use]
    pub const fn new(passive: bool) -> Self {
        Self { passive, agreed: false, stopped: false, drawn: BTreeMap::new(), total: 0, last: None }
    }

    /// Nothing at all is sent.
    #[must_use]
    pub const fn is_passive(&self) -> bool {
        self.passive
    }

    /// Somebody has agreed to the probes that ask.
    pub const fn agree(&mut self) {
        self.agreed = true;
    }

    /// Nothing more is sent, for good.
    pub const fn stop(&mut self) {
        self.stopped = true;
    }

    /// [`Budget::stop`] was called.
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The right to send `probe` on `interface` once.
    ///
    /// # Errors
    /// Why not. Only [`Refusal::TooSoon`] passes.
    pub fn draw(&mut self, probe: &'static Probe, interface: &Arc<str>, now: Time) -> Result<Permit, Refusal> {
        if self.passive {
            return Err(Refusal::Passive);
        }
        if self.stopped {
            return Err(Refusal::Stopped);
        }
        if probe.asks && !self.agreed {
            return Err(Refusal::NotAgreed);
        }
        let drawn = self.drawn.get(&(Arc::clone(interface), probe.id)).copied().unwrap_or(0);
        if drawn >= probe.most || self.total >= MAX_PERMITS {
            return Err(Refusal::Spent);
        }
        if self.last.is_some_and(|last| now.since(last) < GAP) {
            return Err(Refusal::TooSoon);
        }
        self.drawn.insert((Arc::clone(interface), probe.id), drawn + 1);
        self.total += 1;
        self.last = Some(now);
        Ok(Permit(probe))
    }

    /// Permits drawn so far, by probe, in the order of [`PROBES`].
    #[must_use]
    pub fn drawn(&self) -> Vec<(&'static Probe, u32)> {
        let of = |probe: &'static Probe| self.drawn.iter().filter(|((_, id), _)| *id == probe.id).map(|(_, n)| n).sum();
        PROBES.into_iter().map(|probe| (probe, of(probe))).filter(|(_, drawn)| *drawn > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Draws again and again, as a sender in a loop would, for as long as there could be anything left.
    fn drawn(budget: &mut Budget, interfaces: u32) -> u32 {
        let mut all = 0;
        let names = (0..interfaces).map(|n| format!("eth{n}").into()).collect::<Vec<Arc<str>>>();
        for millisecond in (0..4_000).step_by(5) {
            let now = Time::from_nanos(i64::from(millisecond) * 1_000_000);
            let mut at_once = 0;
            for probe in PROBES {
                for name in &names {
                    at_once += u32::from(budget.draw(probe, name, now).is_ok());
                }
            }
            assert!(at_once <= 1, "two at one time");
            all += at_once;
        }
        all
    }

    #[test]
    fn no_more_than_the_list_says_can_be_sent() {
        let of_list = |asks: bool| PROBES.iter().filter(|p| asks || !p.asks).map(|p| p.most).sum::<u32>();
        assert_eq!(drawn(&mut Budget::new(true), 2), 0, "passive is passive");
        assert_eq!(drawn(&mut Budget::new(false), 2), 2 * of_list(false));
        let mut agreed = Budget::new(false);
        agreed.agree();
        assert_eq!(drawn(&mut agreed, 2), 2 * of_list(true));
        assert_eq!(agreed.drawn().iter().map(|(_, n)| n).sum::<u32>(), 2 * of_list(true));
        let mut many = Budget::new(false);
        many.agree();
        assert_eq!(drawn(&mut many, 40), MAX_PERMITS);
        many.stop();
        assert_eq!(many.draw(&ARP, &"lan0".into(), Time::from_secs(99)), Err(Refusal::Stopped));
    }

    #[test]
    fn a_stop_is_for_good_and_agreement_does_not_undo_it() {
        let mut budget = Budget::new(false);
        let lan = "lan0".into();
        assert_eq!(budget.draw(&GUARD, &lan, Time::from_secs(1)), Err(Refusal::NotAgreed));
        assert!(budget.draw(&ARP, &lan, Time::from_secs(1)).is_ok());
        assert_eq!(budget.draw(&DHCP, &lan, Time::from_secs(1)), Err(Refusal::TooSoon));
        budget.stop();
        budget.agree();
        assert_eq!(budget.draw(&GUARD, &lan, Time::from_secs(9)), Err(Refusal::Stopped));
    }
}
