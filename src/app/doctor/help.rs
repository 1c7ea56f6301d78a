//! The long help of `stormglass doctor`. The list of packets is derived from the list that the budget knows.

use crate::model::probe::{GAP, MAX_PERMITS, PROBES};

pub(in crate::app) const ABOUT: &str = "\
Asks the LAN what is wrong with it, before it breaks: does a router send multicast back into it, is its WAN side plugged in \
here, is there a ring of cables, do two servers give out addresses, can opened ports be reached?

It listens first. If that shows a mistake or a storm, nothing is sent. The four searches can feed a mistake in the wiring, so \
that it asks before it sends them. Needs the capability CAP_NET_RAW, and never root.";

const AFTER: &str = "\
EXIT STATUS
  0  nothing was found
  1  something was found
  2  nothing was found, and something could not be looked at

EXAMPLES
  stormglass doctor                              asks before it sends the searches
  stormglass doctor --yes --format json          for programs
  stormglass doctor --passive --watch 60s        sends nothing
  stormglass doctor --watch 260s                 long enough to tell that nobody is querier";

pub(super) fn after() -> String {
    let mut text = format!(
        "WHAT IT MAY SEND\n  On each interface, and {MAX_PERMITS} times in all, with {} ms or more in between. --passive: \
         nothing.\n",
        GAP.as_millis()
    );
    for probe in PROBES {
        let asks = if probe.asks { ", asks before" } else { "" };
        let times = if probe.most == 1 { "once".to_owned() } else { format!("{} times", probe.most) };
        text.push_str(&format!("  {} ({times}{asks}): {}\n", probe.id, probe.what.en));
    }
    format!("{text}  With --config.file, one poll and another of each SNMP target, up to 16.\n\n{AFTER}")
}
