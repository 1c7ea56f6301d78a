//! Asks a device everything that the check shows: gently, one question after the other, and within a bounded time.

use crate::io::clock::Clock;
use crate::io::snmp::{Auth, Cause, Client, Target};
use crate::mib::pulse::{self, Reading, Refresh};
use crate::mib::slow::Slow;
use crate::mib::{Module, TABLES, bridge, system};
use crate::model::observation::{Counter, CounterKind, Poll, PollSample};
use crate::model::text::{Facts as Places, Language, Text};
use crate::view::snmp_check::{Answer, Bridge, Check, Cost, Facts, TableFact};
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

/// Between two readings of the octet counters: a refresh period of half a second is still seen.
const READ_EVERY: Duration = Duration::from_millis(250);
/// Readings kept; at [`READ_EVERY`] the longest watch fits.
const MAX_READINGS: usize = 2400;

const ASKING: Text =
    Text { en: "asking which versions it speaks", ja: "対応するバージョンを問い合わせています" };
const READING: Text = Text { en: "reading its counters", ja: "カウンターを読み取っています" };
const READING_TABLE: Text = Text { en: "reading {table}", ja: "{table}を読み取っています" };
const WATCHING: Text = Text {
    en: "watching its counters, {n} s more",
    ja: "カウンターの変化を見ています（あと{n}秒）",
};
const READING_AGAIN: Text =
    Text { en: "reading its counters again", ja: "カウンターをもう一度読み取っています" };

/// What to look at, and for how long.
pub(super) struct Plan<'a> {
    /// The device.
    pub(super) target: &'a Target,
    /// How long the counters are watched.
    pub(super) watch: Duration,
    /// How long one walk may take.
    pub(super) timeout: Duration,
    /// Of what is said meanwhile.
    pub(super) language: Language,
}

/// Says on a terminal what is being done.
struct Progress {
    bar: ProgressBar,
    language: Language,
}

impl Progress {
    fn say(&self, text: &Text, places: &Places) {
        self.bar.set_message(text.fill(self.language, places));
    }
}

/// Looks.
pub(super) async fn gather(client: &Client, clock: &Clock, plan: &Plan<'_>) -> Check {
    let progress = Progress { bar: progress(), language: plan.language };
    progress.say(&ASKING, &Places::new());
    let version = plan.target.auth.version();
    let answers = [
        ("v1", versioned(client, clock, plan, "v1").await),
        ("v2c", versioned(client, clock, plan, "v2c").await),
        ("v3", versioned(client, clock, plan, "v3").await),
    ];
    let mut check = Check {
        target: plan.target.name.to_string(),
        address: plan.target.address.to_string(),
        version,
        answers,
        public: false,
        facts: None,
    };
    if matches!(check.answer(), Answer::Reads(_)) {
        if matches!(plan.target.auth, Auth::V3(_)) {
            let anybody = Target { auth: Auth::v2c("public"), retries: 0, ..plan.target.clone() };
            check.public = matches!(asked(client, clock, &anybody, plan.timeout).await, Answer::Reads(_));
        }
        match facts(client, clock, plan, &progress).await {
            Ok(facts) => check.facts = Some(facts),
            Err((reason, message)) => {
                for (_, answer) in check.answers.iter_mut().filter(|(known, _)| *known == version) {
                    *answer = Answer::Fails(reason, message.clone());
                }
            }
        }
    }
    progress.bar.finish_and_clear();
    check
}

fn progress() -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// How it answers in one version: with the credentials that are for it, else as far as it goes without.
async fn versioned(client: &Client, clock: &Clock, plan: &Plan<'_>, version: &str) -> Answer {
    let target = plan.target;
    if version == target.auth.version() {
        return asked(client, clock, target, plan.timeout).await;
    }
    let auth = match (version, &target.auth) {
        ("v1", Auth::V2c { community }) => Auth::V1 { community: community.clone() },
        ("v2c", Auth::V1 { community }) => Auth::V2c { community: community.clone() },
        ("v3", _) => {
            return match client.discovers(target).await {
                Ok(true) => Answer::Speaks,
                Ok(false) => Answer::Silent,
                Err(error) => Answer::Fails(error.cause.reason(), error.cause.to_string()),
            };
        }
        _ => return Answer::NotAsked,
    };
    match asked(client, clock, &Target { auth, retries: 0, ..target.clone() }, plan.timeout).await {
        Answer::Fails("timeout", _) => Answer::Silent,
        answer => answer,
    }
}

/// The name of the system, as the smallest thing that can be read.
static NAME: Module = Module { name: "name", scalars: &[&system::SYS_NAME, &system::SYS_UP_TIME], tables: &[] };

async fn asked(client: &Client, clock: &Clock, target: &Target, timeout: Duration) -> Answer {
    match client.collect(target, &NAME, timeout).await {
        Ok(rows) if rows.scalars.is_empty() => {
            let cause = Cause::EmptyView;
            return Answer::Fails(cause.reason(), cause.to_string());
        }
        Ok(_) => {}
        Err(error) => return Answer::Fails(error.cause.reason(), error.cause.to_string()),
    }
    // Once more for the latency: the first time SNMPv3 derives keys and discovers the engine.
    let (before, started) = (client.requests(), clock.now());
    match client.collect(target, &NAME, timeout).await {
        Ok(_) => {
            let sent = u32::try_from(client.requests() - before).unwrap_or(u32::MAX).max(1);
            Answer::Reads(clock.now().since(started) / sent)
        }
        Err(error) => Answer::Fails(error.cause.reason(), error.cause.to_string()),
    }
}

type Failed = (&'static str, String);

async fn facts(client: &Client, clock: &Clock, plan: &Plan<'_>, progress: &Progress) -> Result<Facts, Failed> {
    progress.say(&READING, &Places::new());
    let before = client.requests();
    let first = polled(client, plan, &BTreeSet::new()).await?;
    let round_trips = client.requests() - before;
    let cost = Cost { round_trips, poll: first.took, largest: 0 };
    let mut tables = Vec::new();
    for (index, table) in TABLES.iter().enumerate() {
        progress.say(&READING_TABLE, &Places::from([("table", table.name.to_owned())]));
        let module = Module { name: table.name, scalars: &[], tables: &TABLES[index..=index] };
        let rows = match client.collect(plan.target, &module, plan.timeout).await {
            Ok(rows) => Ok(rows.cells().map(|(_, cell)| cell.index).collect::<BTreeSet<_>>().len()),
            Err(error) => Err(error.cause.to_string()),
        };
        tables.push(TableFact { name: table.name, rows });
    }
    let refresh = watch(client, clock, plan, &first, progress).await;
    progress.say(&READING_AGAIN, &Places::new());
    let second = polled(client, plan, &[Slow::Fdb].into()).await?;
    let base_ports = tables.iter().find(|table| table.name == bridge::BASE_PORT_TABLE.name);
    let base_ports = base_ports.and_then(|table| table.rows.clone().ok()).unwrap_or(0);
    let fdb = second.topology.as_ref().and_then(|topology| topology.fdb.as_ref());
    let bridge = Bridge::new(base_ports, fdb);
    let cost = Cost { largest: client.largest_answer(), ..cost };
    Ok(Facts { first, second, tables, refresh, bridge, cost })
}

async fn polled(client: &Client, plan: &Plan<'_>, tables: &BTreeSet<Slow>) -> Result<PollSample, Failed> {
    match client.poll(plan.target, tables, plan.timeout).await {
        Poll::Answered(sample) => Ok(*sample),
        Poll::Gap(gap) => Err((gap.reason, gap.message)),
    }
}

/// Reads the octet counters again and again. A reading that is lost is left out.
async fn watch(
    client: &Client,
    clock: &Clock,
    plan: &Plan<'_>,
    sample: &PollSample,
    progress: &Progress,
) -> Option<Refresh> {
    let wide = |counter| matches!(counter, Some(Counter::C64(_)));
    let wide = sample.ports.iter().any(|port| wide(port.counters.get(CounterKind::InOctets)));
    let module = if wide { &pulse::WIDE } else { &pulse::NARROW };
    let until = clock.now().plus(plan.watch);
    let mut readings = Vec::new();
    let mut timer = tokio::time::interval(READ_EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while readings.len() < MAX_READINGS {
        timer.tick().await;
        let now = clock.now();
        if now >= until {
            break;
        }
        let left = format!("{:.0}", until.since(now).as_secs_f64());
        progress.say(&WATCHING, &Places::from([("n", left)]));
        if let Ok(rows) = client.collect(plan.target, module, plan.timeout.min(until.since(now))).await {
            readings.push(Reading::new(rows.first_answer.unwrap_or(now), &rows));
        }
    }
    readings.retain(|reading| !reading.is_empty());
    pulse::refresh(&readings)
}
