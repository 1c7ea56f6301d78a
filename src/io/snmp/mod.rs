//! SNMP over UDP. Fetches rows; what they mean, `mib` knows. How a question is put on the wire, `conversation` knows.

pub mod auth;
mod by_vlan;
mod community;
mod conversation;
mod diagnosis;
mod error;
#[cfg(target_os = "linux")]
mod icmp;
#[cfg(not(target_os = "linux"))]
#[path = "icmp_elsewhere.rs"]
mod icmp;
mod located;
mod look_up;
mod postbox;
mod session;
mod target;
#[cfg(test)]
mod test_wire;
#[cfg(test)]
mod tests;
mod transport;
mod usm;
mod v3;

pub use auth::Auth;
pub use diagnosis::UsmFault;
pub use error::{Cause, CollectError};
pub use located::{Located, UNRESOLVED, Unresolved};
pub use target::{PORT, Place, Target, resolve};

use self::conversation::{Conversation, Means, Sockets};
use self::transport::{Strays, canonical, lock};
use super::clock::Clock;
use crate::mib::poll::Brought;
use crate::mib::slow::{LACKING_FOR, Slow};
use crate::mib::{Limits, Memory, Module, Names, Rows, Titles, Walk, WalkError, slow};
use crate::model::Time;
use crate::model::observation::{Gap, Poll};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Requests in flight at once. One socket with 8,000 lost 6,157 answers (measured).
pub const MAX_IN_FLIGHT: usize = 64;
/// Devices that are remembered; beyond it those without a walk in progress are forgotten, and read in full again.
const MAX_DEVICES: usize = 16_384;

/// How long a silent SNMPv3 device may be asked what is wrong with it when the time is over already. Within what a scrape
/// keeps for its answer to travel.
const DIAGNOSIS: Duration = Duration::from_millis(400);

/// Scrapes that read rows at once, of devices that answer; others wait behind their first answer, as long as they have. The rows of an `if_mib`
/// with 52 ports are 85 KB: with a hundred at once they were a seventh of the program.
const MAX_READING: usize = 32;

/// A request that is not answered by then gives its place to another: its answer is not among those that arrive together,
/// and a hundred dead devices would hold all the places. Agents answer within milliseconds, slow ones in some hundred.
const HOLDS_PLACE: Duration = Duration::from_millis(500);

/// What a device taught us.
#[derive(Debug, Default)]
struct Learned {
    /// Max-repetitions it answers; `None`: more were never too many.
    repetitions: Option<u32>,
    /// Walks since that was lowered or raised.
    walks: u32,
    /// What hardly changes of it.
    memory: Memory,
    /// What its rows are called, as these credentials may see it.
    titles: Option<(Auth, Titles)>,
    /// Tables that it does not have, and when that was found out.
    lacks: BTreeMap<Slow, Time>,
}

/// Walks after which an agent that wanted fewer repetitions is asked for twice as many again: it may have been a bad day
/// of the network.
const PROBATION: u32 = 64;

impl Learned {
    /// Takes over what a walk has settled on; `most` is what it would have asked for.
    fn settle(&mut self, settled: Option<u32>, most: u32) {
        self.walks += 1;
        if settled.is_some() {
            (self.repetitions, self.walks) = (settled, 0);
        } else if self.walks >= PROBATION {
            self.repetitions = self.repetitions.map(|known| known.saturating_mul(2)).filter(|&more| more < most);
            self.walks = 0;
        }
    }
}

/// Datagrams that answered no request, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StrayCounts {
    /// From an address that was asked nothing.
    pub other_source: u64,
    /// From a target, but late, a duplicate, with a wrong request id or community, or garbage.
    pub unexpected: u64,
    /// Duplicates beyond what is kept.
    pub refused: u64,
}

/// Reads SNMP targets. Cheap to share by `Arc`.
pub struct Client {
    clock: Clock,
    ipv4: Sockets,
    ipv6: Sockets,
    strays: Arc<Strays>,
    permits: Semaphore,
    reading: Semaphore,
    v3: Arc<v3::Shared>,
    requests: AtomicU64,
    devices: Mutex<BTreeMap<SocketAddr, Arc<tokio::sync::Mutex<Learned>>>>,
    names: Mutex<Names>,
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").field("strays", &self.strays()).finish_non_exhaustive()
    }
}

impl Client {
    /// Opens sockets for IPv4 and for IPv6, in the present tokio runtime. A family that this host lacks is an
    /// error only for the targets that need it.
    #[must_use]
    pub fn start(clock: Clock) -> Self {
        let strays = Arc::new(Strays::default());
        Self {
            clock,
            ipv4: Sockets::bind(false, &strays),
            ipv6: Sockets::bind(true, &strays),
            permits: Semaphore::new(MAX_IN_FLIGHT),
            reading: Semaphore::new(MAX_READING),
            v3: Arc::default(),
            requests: AtomicU64::new(0),
            devices: Mutex::default(),
            names: Mutex::default(),
            strays,
        }
    }

    /// Datagrams that answered no request.
    #[must_use]
    pub fn strays(&self) -> StrayCounts {
        StrayCounts {
            other_source: self.strays.other_source.load(Ordering::Relaxed),
            unexpected: self.strays.unexpected.load(Ordering::Relaxed),
            refused: self.strays.refused.load(Ordering::Relaxed),
        }
    }

    /// Times that an SNMPv3 engine which was known had to be discovered afresh: the device was reset or replaced.
    #[must_use]
    pub fn rediscoveries(&self) -> u64 {
        self.v3.rediscoveries()
    }

    /// Requests sent so far, repeated ones included, and SNMPv3's own discovery not.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Size of the largest answer so far, bytes.
    #[must_use]
    pub fn largest_answer(&self) -> u64 {
        self.strays.largest.load(Ordering::Relaxed)
    }

    /// Whether an SNMPv3 engine is there, whoever its users are.
    ///
    /// # Errors
    /// This host cannot ask: see [`Cause`].
    pub async fn discovers(&self, target: &Target) -> Result<bool, CollectError> {
        // Discovery names no user; the library wants one all the same.
        let anybody = Auth::v3(auth::Usm::new("nobody", auth::Level::NoAuthNoPriv, ""));
        let target = Target { auth: anybody, ..target.clone() };
        let patience = target.request_timeout;
        self.visit(&target, patience, async |visit| Ok(visit.session.discovers(patience).await)).await
    }

    /// Reads a module, within `deadline` from now. One walk of a device at a time: others wait for it.
    ///
    /// # Errors
    /// The target could not be read, or not in full: see [`Cause`].
    pub async fn collect(&self, target: &Target, module: &Module, deadline: Duration) -> Result<Rows, CollectError> {
        let until = self.clock.now().plus(deadline);
        let read = async |visit: &mut Visit<'_>| {
            visit.scrapes = true;
            visit.module(module, until, deadline).await
        };
        self.visit(target, deadline, read).await
    }

    /// Polls a target: the system, its ports and their counters, and the slow `tables` that are due. What can
    /// be missed is missed and said in `problems`; without counters the poll is a [`Gap`].
    pub async fn poll(&self, target: &Target, tables: &BTreeSet<Slow>, deadline: Duration) -> Poll {
        let started = self.clock.now();
        let until = started.plus(deadline);
        let result = self.visit(target, deadline, async |visit| {
            let first = visit.learned.memory.first(visit.limits(until));
            let mut rows = visit.walk(first, until, deadline).await?;
            if visit.learned.memory.finds_more(&rows) {
                let again = visit.learned.memory.first_in_full(visit.limits(until));
                rows = visit.walk(again, until, deadline).await?;
            }
            if rows.uptime.is_none() && rows.cells().next().is_none() {
                let unreadable = Cause::Agent(WalkError::Malformed);
                return Err(target.failed(if rows.unreadable.is_empty() { Cause::EmptyView } else { unreadable }));
            }
            let mut problems = Vec::new();
            let due = visit.learned.memory.due(self.clock.now(), &rows);
            let mut lasting = false;
            if let Some(second) = Memory::second(due, &rows, visit.limits(until)) {
                match visit.walk(second, until, deadline).await {
                    Ok(more) => (lasting, _) = (due.lasting, rows.append(more)),
                    Err(error) => problems.push(format!("names and speeds: {}", error.cause)),
                }
            }
            let read = visit.slow_tables(tables, until, deadline, &mut rows, &mut problems).await;
            let (at, took) = (rows.first_answer.unwrap_or(started), self.clock.now().since(started));
            let brought = Brought { rows: &rows, at, took, lasting };
            let name = Arc::clone(&target.name);
            let mut sample = visit.learned.memory.sample(name, &brought, &mut lock(&self.names));
            if !read.is_empty() {
                let topology = slow::topology(&rows, &sample.ports, &read, at);
                sample.topology = Some(Box::new(topology));
            }
            sample.problems.extend(problems);
            Ok(sample)
        });
        match result.await {
            Ok(sample) => Poll::Answered(Box::new(sample)),
            Err(error) => Poll::Gap(Gap {
                target: Arc::clone(&target.name),
                at: self.clock.now(),
                reason: error.cause.reason(),
                message: error.to_string(),
            }),
        }
    }

    /// Runs `work` while no other walk visits the same device.
    async fn visit<T>(
        &self,
        target: &Target,
        deadline: Duration,
        work: impl AsyncFnOnce(&mut Visit<'_>) -> Result<T, CollectError>,
    ) -> Result<T, CollectError> {
        let address = canonical(target.address);
        let device = self.device(address);
        let Ok(mut learned) = tokio::time::timeout(deadline, device.lock()).await else {
            return Err(target.failed(Cause::Busy { waited: deadline }));
        };
        let session = Conversation::open(&target.auth, address, deadline, self.means(address));
        let session = session.map_err(|cause| target.failed(cause))?;
        work(&mut Visit { owner: self, target, session, learned: &mut learned, scrapes: false }).await
    }

    /// What it takes to begin a conversation with a device there.
    fn means(&self, address: SocketAddr) -> Means<'_> {
        let sockets = if address.is_ipv4() { &self.ipv4 } else { &self.ipv6 };
        Means { sockets, v3: &self.v3, clock: &self.clock }
    }

    fn device(&self, address: SocketAddr) -> Arc<tokio::sync::Mutex<Learned>> {
        let mut devices = lock(&self.devices);
        if devices.len() > MAX_DEVICES {
            devices.retain(|_, device| Arc::strong_count(device) > 1);
        }
        Arc::clone(devices.entry(address).or_default())
    }
}

/// A device while it is ours.
struct Visit<'a> {
    owner: &'a Client,
    target: &'a Target,
    session: Conversation,
    learned: &'a mut Learned,
    /// For `/snmp`; polls do not wait for scrapes.
    scrapes: bool,
}

impl Visit<'_> {
    fn limits(&self, until: Time) -> Limits {
        let limits = Limits::until(until);
        let max_repetitions = self.learned.repetitions.unwrap_or(self.target.max_repetitions);
        Limits {
            columns: self.target.max_columns,
            repetitions: limits.repetitions.min(max_repetitions),
            max_repetitions,
            retries: self.target.retries,
            ..limits
        }
    }

    async fn walk(&mut self, walk: Walk, until: Time, allowed: Duration) -> Result<Rows, CollectError> {
        let mut walk = if self.session.version() == "v1" { walk.without_bulk() } else { walk };
        let started = self.owner.clock.now();
        let ended = self.run(&mut walk, until).await;
        self.learned.settle(walk.settled_repetitions(), self.target.max_repetitions);
        match ended {
            Ok(()) => Ok(walk.into_rows()),
            Err(cause) => {
                let (stats, silent) = (walk.stats(), walk.into_rows().first_answer.is_none());
                let waited = self.owner.clock.now().since(started);
                Err(self.target.failed(match cause {
                    Failure::Other(cause) => cause,
                    // The time may be over before the attempts are.
                    Failure::Walk(WalkError::Timeout { .. } | WalkError::Deadline { .. }) if silent => {
                        self.silence(u32::try_from(stats.requests).unwrap_or(u32::MAX), until, waited).await
                    }
                    Failure::Walk(error @ WalkError::Deadline { .. }) => {
                        Cause::of(error, allowed, self.session.version())
                    }
                    Failure::Walk(error) => Cause::of(error, waited, self.session.version()),
                }))
            }
        }
    }

    /// Reads a module; what its rows are called only where that is not known.
    async fn module(&mut self, module: &Module, until: Time, allowed: Duration) -> Result<Rows, CollectError> {
        let (now, limits) = (self.owner.clock.now(), self.limits(until));
        let titles = self.learned.titles.take().filter(|(auth, _)| *auth == self.target.auth);
        let mut spent = Rows::default();
        if let Some((auth, mut titles)) = titles
            && let Some(rest) = titles.rest(now, module, limits)
        {
            let mut rows = self.walk(rest, until, allowed).await?;
            if titles.complete(&mut rows) {
                self.learned.titles = Some((auth, titles));
                return Ok(rows);
            }
            spent.stats = rows.stats;
        }
        let mut rows = self.walk(Walk::module(module, self.limits(until)), until, allowed).await?;
        self.learned.titles = Titles::learn(now, module, &rows).map(|titles| (self.target.auth.clone(), titles));
        rows.append(spent);
        Ok(rows)
    }

    /// Why nothing came back, as far as that can be found out.
    async fn silence(&self, attempts: u32, until: Time, waited: Duration) -> Cause {
        let left = until.since(self.owner.clock.now()).max(DIAGNOSIS);
        let cause = self.session.silence(left.min(self.target.request_timeout)).await;
        cause.unwrap_or_else(|| Cause::Timeout { attempts, waited, version: self.session.version() })
    }

    /// Reads the slow tables that are due and that the device is not known to lack. One that fails is a problem, and
    /// costs no other.
    async fn slow_tables(
        &mut self,
        due: &BTreeSet<Slow>,
        until: Time,
        allowed: Duration,
        rows: &mut Rows,
        problems: &mut Vec<String>,
    ) -> BTreeSet<Slow> {
        let mut read = BTreeSet::new();
        for table in Slow::ALL.into_iter().filter(|table| due.contains(table)) {
            let now = self.owner.clock.now();
            if self.learned.lacks.get(&table).is_some_and(|since| now.since(*since) < LACKING_FOR) {
                continue;
            }
            match self.slow_table(table, until, allowed, problems).await {
                Ok(more) => {
                    if table.is_lacking(&more) {
                        self.learned.lacks.insert(table, now);
                        continue;
                    }
                    self.learned.lacks.remove(&table);
                    rows.append(more);
                    read.insert(table);
                }
                Err(error) => problems.push(format!("{}: {}", table.name(), error.cause)),
            }
        }
        read
    }

    async fn slow_table(
        &mut self,
        table: Slow,
        until: Time,
        allowed: Duration,
        problems: &mut Vec<String>,
    ) -> Result<Rows, CollectError> {
        let mut rows = self.walk(table.walk(self.limits(until)), until, allowed).await?;
        if let Some(more) = table.more(&rows) {
            rows.append(self.walk(more(self.limits(until)), until, allowed).await?);
            self.by_vlan(&mut rows, until, allowed, problems).await;
        }
        Ok(rows)
    }

    async fn run(&mut self, walk: &mut Walk, until: Time) -> Result<(), Failure> {
        let owner = self.owner;
        let mut reading = None;
        loop {
            if self.scrapes && reading.is_none() && walk.stats().bindings > 0 {
                // The places may be held for longer than this scrape has: then the walk says that its time is over.
                let left = until.since(owner.clock.now());
                reading = tokio::time::timeout(left, owner.reading.acquire()).await.ok().and_then(Result::ok);
            }
            let now = owner.clock.now();
            let Some(request) = walk.next(now).map_err(Failure::Walk)? else { return Ok(()) };
            let left = until.since(now);
            let patience = self.target.request_timeout.saturating_mul(1 << request.attempt.min(8)).min(left);
            let Ok(permit) = self.owner.permits.acquire().await else {
                return Err(Failure::Other(Cause::Protocol("the client is closed".to_owned())));
            };
            self.owner.requests.fetch_add(1, Ordering::Relaxed);
            let mut answer = std::pin::pin!(self.session.ask(&request, patience));
            let reply = match tokio::time::timeout(HOLDS_PLACE, &mut answer).await {
                Ok(reply) => reply,
                Err(_) => {
                    drop(permit);
                    reading = None;
                    answer.await
                }
            };
            let reply = reply.map_err(Failure::Other)?;
            walk.on_reply(self.owner.clock.now(), reply).map_err(Failure::Walk)?;
        }
    }
}

enum Failure {
    Walk(WalkError),
    Other(Cause),
}
