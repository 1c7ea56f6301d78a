//! `expected:`, traffic that is no storm, as the user says: whose or to which group, up to which rate, until when, and why.
//! What it does, and what it never does, stands at [`Expected`](crate::detect::Expected); judges nothing.

use super::{Config, place};
use crate::app::until::Until;
use crate::detect::Expected;
use crate::detect::expected::{Entries, MAX_EXPECTED};
use crate::model::MacAddr;
use serde::Deserialize;
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Longest `why`, characters: it stands on the page, in a line of its own.
const MAX_WHY: usize = 120;
/// More than ten gigabits of the shortest frames.
const MAX_PPS: u64 = 20_000_000;

/// An entry of `expected:` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExpectedEntry {
    mac: Option<Spanned<String>>,
    group: Option<Spanned<String>>,
    max_pps: Option<Spanned<u64>>,
    until: Option<Spanned<String>>,
    why: Option<Spanned<String>>,
}

/// Place and message.
type Fault = (String, String);

impl ExpectedEntry {
    /// The entry that stands at `at`.
    fn read(&self, at: &str) -> Result<Expected, Fault> {
        let lacks = |what: &str| (at.to_owned(), format!("expected: an entry needs {what}"));
        if self.mac.is_none() && self.group.is_none() {
            return Err(lacks(
                "`mac` (of the sender), `group` (224.0.0.0 to 239.255.255.255, ff…, or 255.255.255.255), or both",
            ));
        }
        let max_pps =
            self.max_pps.as_ref().ok_or_else(|| lacks("`max_pps`, the frames a second up to which it is expected"))?;
        let until = self.until.as_ref().ok_or_else(|| lacks(UNTIL))?;
        let why = self.why.as_ref().ok_or_else(|| lacks("`why`, which the page shows: what is it?"))?;
        if !(1..=MAX_PPS).contains(&max_pps.value) {
            return Err((place(max_pps), format!("expected: max_pps is from 1 to {MAX_PPS} frames a second")));
        }
        let said = why.value.trim();
        if said.is_empty() || said.chars().count() > MAX_WHY || said.chars().any(char::is_control) {
            let message = format!("expected: why is a line of 1 to {MAX_WHY} characters, as in: NAS backup");
            return Err((place(why), message));
        }
        Ok(Expected {
            mac: self.mac.as_ref().map(mac).transpose()?,
            group: self.group.as_ref().map(group).transpose()?,
            max_pps: max_pps.value,
            until: until.value.parse::<Until>().map_err(|how| (place(until), format!("expected: until is {how}")))?.0,
            why: said.into(),
        })
    }
}

const UNTIL: &str = "`until`, a day (2026-12-31) or a time: nothing is expected for ever";

fn mac(text: &Spanned<String>) -> Result<MacAddr, Fault> {
    let sender = text.value.parse::<MacAddr>().ok().filter(|mac| !mac.is_group() && *mac != MacAddr::ZERO);
    sender.ok_or_else(|| (place(text), "expected: mac is the MAC of one sender, as in 00:11:32:aa:bb:cc".to_owned()))
}

fn group(text: &Spanned<String>) -> Result<IpAddr, Fault> {
    let broadcast = |ip: &IpAddr| matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    let group = text.value.parse::<IpAddr>().ok().filter(|ip| ip.is_multicast() || broadcast(ip));
    group.ok_or_else(|| {
        let message = "expected: group is the address of a group, as in 239.1.2.3 or ff05::c, or 255.255.255.255; for \
                       frames without IP give the sender's mac";
        (place(text), message.to_owned())
    })
}

impl Config {
    /// What the user has told to expect. Entries that cannot be meant were refused when reading.
    #[must_use]
    pub fn expectations(&self) -> Entries {
        self.expected.iter().filter_map(|entry| entry.value.read("").ok()).map(Arc::new).collect()
    }
}

/// Checks all entries.
pub(super) fn check(entries: &[Spanned<ExpectedEntry>]) -> Result<(), Fault> {
    let mut known = BTreeMap::new();
    for entry in entries {
        let read = entry.value.read(&place(entry))?;
        let line = entry.referenced.line();
        if let Some(first) = known.insert((read.mac, read.group), line) {
            let message = format!("expected: the same mac and group as in line {first}: one entry says all of it");
            return Err((place(entry), message));
        }
    }
    match entries.get(MAX_EXPECTED) {
        Some(entry) => Err((place(entry), format!("expected: more than {MAX_EXPECTED} entries"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::app::config::parse;
    use crate::model::Time;

    #[test]
    fn entries_are_read_as_they_are_meant() {
        let text = "expected:\n  - {mac: 00:11:32:aa:bb:cc, max_pps: 5000, until: \"2026-12-31T12:00:00Z\", why: NAS backup}\n  \
                    - {group: 239.1.2.3, max_pps: 900, until: 2026-12-31, why: cameras}\n";
        let read = parse(text, "e.yml").expect("good").expectations();
        assert_eq!(read[0].mac.map(|mac| mac.to_string()).as_deref(), Some("00:11:32:aa:bb:cc"));
        assert_eq!((read[0].until, &*read[0].why), (Time::from_secs(1_798_718_400), "NAS backup"));
        assert_eq!(
            (read[1].group.map(|group| group.to_string()).as_deref(), read[1].max_pps),
            (Some("239.1.2.3"), 900)
        );
        // The day itself belongs to it, wherever this is.
        assert!(
            read[1].holds(Time::from_secs(1_798_718_400)) && !read[1].holds(Time::from_secs(1_798_718_400 + 86_400))
        );
        assert!(parse("expected: []", "e.yml").expect("good").expectations().is_empty());
    }

    #[test]
    fn errors_name_line_and_what_is_allowed() {
        let good = "mac: 00:11:32:aa:bb:cc, max_pps: 5000, until: 2026-12-31, why: NAS backup";
        for (what, by, says) in [
            ("mac: 00:11:32:aa:bb:cc, ", "", "needs `mac`"),
            ("max_pps: 5000, ", "", "needs `max_pps`"),
            (", until: 2026-12-31", "", "needs `until`"),
            (", why: NAS backup", "", "needs `why`"),
            ("why: NAS backup", "why: ''", "a line of 1 to 120"),
            ("max_pps: 5000", "max_pps: 0", "from 1 to"),
            ("max_pps: 5000", "max_pps: many", "e.yml:2:"),
            ("until: 2026-12-31", "until: 2026-13-31", "2026-12-31"),
            ("until: 2026-12-31", "until: tomorrow", "2026-12-31T18:00"),
            ("mac: 00:11:32:aa:bb:cc", "mac: ff:ff:ff:ff:ff:ff", "one sender"),
            ("mac: 00:11:32:aa:bb:cc", "group: 192.168.1.1", "address of a group"),
            ("mac:", "sender:", "expected one of mac, group, max_pps, until, why"),
            (
                "why: NAS backup",
                "why: NAS backup}\n  - {mac: 00:11:32:AA:BB:CC, max_pps: 9, until: 2027-01-01, why: b",
                "line 2",
            ),
        ] {
            let text = format!("expected:\n  - {{{}}}\n", good.replace(what, by));
            let error = parse(&text, "e.yml").expect_err(&text).to_string();
            let error = error.replace('`', "");
            assert!(error.contains(&says.replace('`', "")) && error.starts_with("e.yml:"), "{text}: {error}");
        }
    }
}
