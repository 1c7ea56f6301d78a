//! An MQTT broker: one connection for as long as we live, so that the broker can say when we do not (last will), the state kept
//! there for those who come later, and a message when there is one. The protocol is our own (`wire::mqtt`): `rumqttc` brings a
//! queue and reconnecting of its own beside ours, and needs `rustls-pemfile`, which is no longer kept (RUSTSEC-2025-0134).

use super::net::{Dialer, Endpoint, Stream, Trust};
use super::{Channel, Draft, Login, SendError, Sending, in_time};
use crate::engine::Snapshot;
use crate::view::notify::Manner;
use crate::view::notify::mqtt::{Names, Publication, culprits};
use crate::wire::mqtt::{self, Connect, Packet, parse};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::{mpsc, oneshot, watch};

/// Seconds of silence after which the broker tells everybody that we are gone: it waits one and a half times this.
const KEEP_ALIVE: u16 = 30;
/// A broker that has not welcomed us by then will not.
const WELCOME_WITHIN: Duration = Duration::from_secs(10);
/// Between attempts to connect, while there is nothing to say.
const PAUSE: Duration = Duration::from_secs(15);
/// Messages handed over and not yet answered; the outbox hands over one at a time.
const MAX_ORDERS: usize = 8;
/// Publications on their way without an answer; a broker that answers none is none.
const MAX_UNANSWERED: usize = 256;
/// A goodbye takes no longer.
const GOODBYE_WITHIN: Duration = Duration::from_millis(300);

/// Where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The broker.
    pub endpoint: Endpoint,
    /// Whom to trust there.
    pub trust: Trust,
    /// Who we are.
    pub login: Login,
    /// How things are called there.
    pub names: Names,
}

type Answer = oneshot::Sender<Result<String, SendError>>;

enum Order {
    Publish(Arc<dyn Draft>, Answer),
    Close(oneshot::Sender<()>),
}

/// The channel.
#[derive(Debug)]
pub struct Mqtt {
    names: Names,
    manner: Manner,
    orders: mpsc::Sender<Order>,
    shown: watch::Sender<Vec<Publication>>,
}

impl Mqtt {
    /// Connects, and stays so. `trying`: under another name, for a message, showing no state.
    pub(super) fn open(settings: Settings, manner: Manner, dialer: Arc<Dialer>, trying: bool) -> Self {
        let (orders, ordered) = mpsc::channel(MAX_ORDERS);
        let (shown, showing) = watch::channel(Vec::new());
        let names = settings.names.clone();
        let client = Client { settings, dialer, trying, ordered, showing };
        tokio::spawn(client.run());
        Self { names, manner, orders, shown }
    }

    async fn publish(&self, draft: Arc<dyn Draft>) -> Result<String, SendError> {
        let gone = || SendError::later("stormglass is stopping");
        let (answer, answered) = oneshot::channel();
        self.orders.send(Order::Publish(draft, answer)).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Channel for Mqtt {
    fn send(&self, draft: Arc<dyn Draft>) -> Sending<'_> {
        Box::pin(in_time(self.publish(draft)))
    }

    fn show(&self, snapshot: &Arc<Snapshot>) {
        let culprits = culprits(snapshot);
        let mut all = self.names.discovery(&self.manner, &culprits);
        all.extend(self.names.state(snapshot, &self.manner, &culprits));
        self.shown.send_if_modified(|shown| {
            let other = *shown != all;
            *shown = all;
            other
        });
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {
            let (done, closed) = oneshot::channel();
            if self.orders.try_send(Order::Close(done)).is_ok() {
                let _ = tokio::time::timeout(GOODBYE_WITHIN, closed).await;
            }
        })
    }
}

/// What runs beside the channel.
struct Client {
    settings: Settings,
    dialer: Arc<Dialer>,
    trying: bool,
    ordered: mpsc::Receiver<Order>,
    showing: watch::Receiver<Vec<Publication>>,
}

/// Why a connection ended.
enum End {
    Broken(SendError),
    Closed(Option<oneshot::Sender<()>>),
}

impl Client {
    async fn run(mut self) {
        let mut waiting = None;
        let mut told = String::new();
        loop {
            if self.trying && waiting.is_none() {
                match self.ordered.recv().await {
                    Some(Order::Publish(draft, answer)) => waiting = Some((draft, answer)),
                    Some(Order::Close(_)) | None => return,
                }
            }
            let end = match self.connect().await {
                Ok(session) => {
                    told.clear();
                    self.live(session, waiting.take()).await
                }
                Err(error) => {
                    if let Some((_, answer)) = waiting.take() {
                        // Whoever asked may have gone.
                        let _ = answer.send(Err(error.clone()));
                    }
                    End::Broken(error)
                }
            };
            match end {
                End::Closed(done) => {
                    done.map(|done| done.send(()));
                    return;
                }
                End::Broken(error) => {
                    if told != error.what {
                        tracing::warn!("notify: {}", error.what);
                        told = error.what;
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE), if !self.trying => {}
                order = self.ordered.recv() => match order {
                    Some(Order::Publish(draft, answer)) => waiting = Some((draft, answer)),
                    Some(Order::Close(done)) => { let _ = done.send(()); return; }
                    None => return,
                },
            }
        }
    }

    fn event(&self, draft: &dyn Draft) -> Publication {
        self.settings.names.event(&draft.message())
    }

    async fn connect(&self) -> Result<Session, SendError> {
        let Settings { endpoint, trust, login, names } = &self.settings;
        let stream = self.dialer.open(endpoint, trust).await?;
        let mut session = Session {
            host: endpoint.host.clone(),
            stream,
            heard: Vec::new(),
            last_id: 0,
            unanswered: BTreeMap::new(),
            retained: BTreeMap::new(),
            pinged: false,
        };
        let client_id = if self.trying { format!("{}_test", names.node) } else { names.node.clone() };
        let will = names.available(false);
        let hello = mqtt::connect(&Connect {
            client_id: &client_id,
            keep_alive: KEEP_ALIVE,
            will: (!self.trying).then_some((will.topic.as_str(), will.payload.as_str())),
            login: match login {
                Login::Password(user, password) => Some((user, Some(password.reveal()))),
                Login::None | Login::Token(_) => None,
            },
        });
        session.write(&hello).await?;
        let late = || {
            SendError::later(format!(
                "{}: no welcome within {} s: is it MQTT?",
                endpoint.host,
                WELCOME_WITHIN.as_secs()
            ))
        };
        tokio::time::timeout(WELCOME_WITHIN, session.welcome()).await.unwrap_or_else(|_| Err(late()))?;
        if !self.trying {
            session.publish(names.available(true), None).await?;
        }
        Ok(session)
    }

    /// Lives with a connection until it breaks or is to end.
    async fn live(&mut self, mut session: Session, waiting: Option<(Arc<dyn Draft>, Answer)>) -> End {
        let end = self.converse(&mut session, waiting).await;
        if let End::Broken(error) = &end {
            for answer in std::mem::take(&mut session.unanswered).into_values().flatten() {
                let _ = answer.send(Err(error.clone()));
            }
            return end;
        }
        if !self.trying {
            // With DISCONNECT the broker keeps the last will to itself.
            let _ =
                tokio::time::timeout(GOODBYE_WITHIN / 2, session.goodbye(self.settings.names.available(false))).await;
        }
        let _ = session.write(&mqtt::DISCONNECT).await;
        let _ = session.stream.shutdown().await;
        end
    }

    async fn converse(&mut self, session: &mut Session, waiting: Option<(Arc<dyn Draft>, Answer)>) -> End {
        if let Some((draft, answer)) = waiting
            && !answer.is_closed()
            && let Err(error) = session.publish(self.event(&*draft), Some(answer)).await
        {
            return End::Broken(error);
        }
        let shown = self.showing.borrow_and_update().clone();
        if let Err(error) = session.retain(&shown).await {
            return End::Broken(error);
        }
        let beat = Duration::from_secs(u64::from(KEEP_ALIVE) / 2);
        let mut ping = tokio::time::interval(beat);
        // The first packet after the welcome need not be a ping.
        ping.reset();
        ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let step = tokio::select! {
                order = self.ordered.recv() => match order {
                    // Whoever has given up has it tried again: it would be told twice.
                    Some(Order::Publish(_, answer)) if answer.is_closed() => Ok(()),
                    Some(Order::Publish(draft, answer)) => session.publish(self.event(&*draft), Some(answer)).await,
                    Some(Order::Close(done)) => return End::Closed(Some(done)),
                    None => return End::Closed(None),
                },
                Ok(()) = self.showing.changed() => {
                    let shown = self.showing.borrow_and_update().clone();
                    session.retain(&shown).await
                }
                _ = ping.tick() => session.ping().await,
                heard = session.hear() => heard,
            };
            if let Err(error) = step {
                return End::Broken(error);
            }
        }
    }
}

/// A connection that was welcomed.
struct Session {
    host: String,
    stream: Box<dyn Stream>,
    heard: Vec<u8>,
    last_id: u16,
    unanswered: BTreeMap<u16, Option<Answer>>,
    /// What the broker keeps of ours, by topic.
    retained: BTreeMap<String, String>,
    pinged: bool,
}

impl Session {
    fn broken(&self, why: impl std::fmt::Display) -> SendError {
        SendError::later(format!("{}: the connection to the broker broke ({why})", self.host))
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), SendError> {
        self.stream.write_all(bytes).await.map_err(|error| self.broken(error))?;
        self.stream.flush().await.map_err(|error| self.broken(error))
    }

    async fn packet(&mut self) -> Result<Packet, SendError> {
        loop {
            let host = &self.host;
            let strange = |error| SendError::refused(format!("{host}: {error}: it is no MQTT broker; check the port"));
            if let Some((packet, used)) = parse(&self.heard).map_err(strange)? {
                self.heard.drain(..used);
                return Ok(packet);
            }
            let mut buffer = [0; 1024];
            // Cancelled here, nothing is lost: what was read is kept at once.
            let read = self.stream.read(&mut buffer).await.map_err(|error| self.broken(error))?;
            if read == 0 {
                return Err(self.broken("it hung up"));
            }
            self.heard.extend_from_slice(&buffer[..read]);
        }
    }

    async fn welcome(&mut self) -> Result<(), SendError> {
        let why = match self.packet().await? {
            Packet::ConnAck(0) => return Ok(()),
            Packet::ConnAck(1) => "it does not speak MQTT 3.1.1",
            Packet::ConnAck(2) => "it refuses our name: set `client_id`",
            Packet::ConnAck(3) => return Err(SendError::later(format!("{}: the broker is not available", self.host))),
            Packet::ConnAck(4 | 5) => "it refuses the login: check `username` and `password`",
            _ => "it answers with something else than a welcome: is it an MQTT broker?",
        };
        Err(SendError::refused(format!("{}: {why}", self.host)))
    }

    async fn publish(&mut self, publication: Publication, answer: Option<Answer>) -> Result<(), SendError> {
        if self.unanswered.len() >= MAX_UNANSWERED {
            return Err(self.broken("it answers no message"));
        }
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.unanswered.insert(self.last_id, answer);
        let Publication { topic, payload, retain } = publication;
        let packet = mqtt::publish(&topic, payload.as_bytes(), retain, self.last_id);
        if retain {
            self.retained.insert(topic, payload);
        }
        self.write(&packet).await
    }

    /// Has the broker keep these, and nothing else of ours.
    async fn retain(&mut self, wanted: &[Publication]) -> Result<(), SendError> {
        let gone = |topic: &&String| topic.ends_with("/config") && wanted.iter().all(|one| one.topic != **topic);
        for topic in self.retained.keys().filter(gone).cloned().collect::<Vec<_>>() {
            // An empty message takes the one before it away.
            self.publish(Publication { topic: topic.clone(), payload: String::new(), retain: true }, None).await?;
            self.retained.remove(&topic);
        }
        for one in wanted {
            if self.retained.get(&one.topic) != Some(&one.payload) {
                self.publish(one.clone(), None).await?;
            }
        }
        Ok(())
    }

    /// The last message, and its answer.
    async fn goodbye(&mut self, last: Publication) -> Result<(), SendError> {
        self.publish(last, None).await?;
        while self.unanswered.contains_key(&self.last_id) {
            self.hear().await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), SendError> {
        if std::mem::replace(&mut self.pinged, true) {
            return Err(self.broken("it is silent"));
        }
        self.write(&mqtt::PING).await
    }

    async fn hear(&mut self) -> Result<(), SendError> {
        let packet = self.packet().await?;
        self.pinged = false;
        if let Packet::PubAck(id) = packet
            && let Some(Some(answer)) = self.unanswered.remove(&id)
        {
            let _ = answer.send(Ok("taken by the broker".to_owned()));
        }
        Ok(())
    }
}
