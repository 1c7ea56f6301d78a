//! A loop behind one port: an unmanaged switch with a cable that has both ends in it. Whatever reaches it circles there and
//! comes back through that one port, with everybody's addresses. By counters and the forwarding database; frames alone
//! can't tell it from a loop between two ports.
//!
//! What comes back is not sent out of the same port again, so that little goes out of it: the sign is that addresses known
//! elsewhere are suddenly there.

use super::{Cause, Times};
use crate::explain::attribution::Circulating;
use crate::explain::counted::{CounterFinding, CounterScene, SourcePort, counted};
use crate::explain::finding::Finding;
use crate::explain::page::{Page, STP_TROUBLE, bridge_mib, counters, if_mib, text};
use crate::explain::scene::Scene;
use crate::explain::words;
use crate::model::MacAddr;
use crate::model::verdict::Verdict;
use std::collections::BTreeSet;

/// One address may have moved with its device.
const MIN_MOVED: usize = 2;

/// `loop_behind_port`.
pub(super) struct LoopBehindPort;

impl Cause for LoopBehindPort {
    fn id(&self) -> &'static str {
        "loop_behind_port"
    }

    fn page(&self) -> &'static Page {
        &PAGE
    }

    fn judge(&self, _: &Scene<'_>, _: &[Circulating<'_>], _: &BTreeSet<MacAddr>) -> Vec<Finding> {
        Vec::new()
    }

    fn count(&self, scene: &CounterScene<'_>, sources: &[&SourcePort]) -> Vec<CounterFinding> {
        // Behind an uplink it is the next switch that tells at which of its ports.
        let here =
            |source: &&&SourcePort| source.moved_here >= MIN_MOVED && !source.returns && source.beyond.is_empty();
        let moved = sources.iter().filter(here);
        let finding = |source: &&SourcePort| {
            let evidence = counted(
                format!("Addresses known elsewhere are now behind {}", source.label),
                format!("{} addresses have moved there", source.moved_here),
                "none: a device's address stays behind its port".to_owned(),
            );
            let surer = if source.moved_here > MIN_MOVED { 0.85 } else { 0.75 };
            CounterFinding::new(self.id(), surer, scene, &[*source]).because(Some(evidence))
        };
        moved.map(finding).collect()
    }

    /// Frames circle here as in any other ring.
    fn sharpens(&self) -> &'static [&'static str] {
        &["l2_loop"]
    }

    fn sentence(&self, verdict: &Verdict, times: &Times) -> String {
        let port = port(verdict);
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        format!(
            "Packet storm {}: a loop behind {port} sends back everything that reaches it, {} packets a second. {now}: pull \
             the cable at {port}. Then: look at the switch behind it for a cable with both ends in it. Nobody whose \
             address appears there is at fault.",
            times.span(verdict),
            words::about(verdict.peak_pps),
        )
    }

    fn remedy(&self, verdict: &Verdict) -> Vec<String> {
        let port = port(verdict);
        let now = if verdict.ended.is_some() { "If it returns" } else { "Now" };
        vec![
            format!("{now}: pull the cable at {port}, or switch that port off."),
            "Then: at the other end of that cable, find the small switch (also one inside a telephone, a wall socket or a \
             mesh device) and the cable that has both ends in it, and pull one end."
                .to_owned(),
            format!("Turn on loop protection at {port}, if the switch has it: it will then close the port by itself."),
        ]
    }
}

fn port(verdict: &Verdict) -> String {
    let port = verdict.culprit.as_ref().and_then(|culprit| culprit.port.as_deref());
    port.unwrap_or("one port").to_owned()
}

const PAGE: Page = Page {
    about: text(
        "A loop behind one switch port, as an unmanaged switch with a cable that has both ends in it.",
        "1つのポートの先にループがあります（両端が同じハブに挿さったケーブルなど）。",
    ),
    recognised: &[
        counters(
            "One port brings in more multicasts and broadcasts than it is used to, in {confirm_polls} renewed polls in a row; for {weak_minutes} minutes, if it is less than {weak_factor} times as much and nothing else rises by more.",
            "1つのポートから入るマルチキャストとブロードキャストが、更新されたポーリングで{confirm_polls}回続けて、ふだんより多くなっています。{weak_factor}倍に届かず、ほかにそれを超えて増えたものもなければ、{weak_minutes}分続いたときに判定します。",
        ),
        counters(
            "In the forwarding table, {moved} addresses or more that were known at other ports are now behind it.",
            "転送テーブルで、ほかのポートにあった{moved}個以上のアドレスが、このポートの先に移っています。",
        ),
        counters(
            "Where frames have told of a ring and no port stands out, as with agents that count octets alone: addresses have moved to the port, and as many octets come in there as what circles has at least.",
            "フレームから輪があるとわかっていて、目立つポートがない場合（オクテットだけを数えるエージェントなど）は、アドレスがそのポートへ移り、回っているフレームに見合う量以上のオクテットが入っていることを確かめます。",
        ),
    ],
    not_this: &[
        text(
            "l2_loop: two polled ports or more take part, with as much going out as coming in. Frames alone do not tell the two apart.",
            "l2_loop: 監視している2つ以上のポートで、入る量とほぼ同じ量が出ます。フレームだけでは両者を区別できません。",
        ),
        text(
            "chatty_source: a device that floods by itself is alone behind its port, and nobody's address moves there.",
            "chatty_source: 自分で大量に送信する機器は、ポートの先に1台だけで、ほかのアドレスは移ってきません。",
        ),
        text(
            "A device that is plugged in elsewhere takes its own address along: one that has moved proves nothing.",
            "機器をつなぎ替えると、そのアドレスもポートを移ります。1個の移動だけでは根拠になりません。",
        ),
    ],
    numbers: &[("moved", MIN_MOVED as u64)],
    sources: &[bridge_mib("dot1dTpFdbTable"), if_mib("ifHCInMulticastPkts"), STP_TROUBLE],
};
