//! Tests of [`super`]: what is believed, without a socket. That agents understand it, the tests against real ones show.

use super::*;
use crate::io::snmp::auth::{AuthProtocol, Level, PrivProtocol as Privacy, Secret};

const ENGINE: &[u8] = &[0x80, 0, 0x1f, 0x88, 4, 1];
const IDS: Ids = Ids { message: 70_000, request: 9 };

fn at(seconds: i64) -> Time {
    Time::from_secs(1_000_000 + seconds)
}

/// As it is known after 500 seconds of its third run.
fn engine(level: Level) -> Engine {
    let usm = Arc::new(Usm::new("watcher", level, "lan"));
    let DerivedKeys { auth_key, priv_key } =
        usm.library().and_then(|config| config.derive_keys(ENGINE).map_err(|error| error.to_string())).expect("keys");
    let time = Mutex::new(EngineTime { boots: 3, time: 500, at: at(0) });
    let auth = auth_key.expect("a signature");
    Engine { usm, id: ENGINE.to_vec(), max_size: 1400, auth, privacy: priv_key, time }
}

fn levels() -> [Level; 3] {
    let secret = || Secret::new("maplesyrup");
    [
        Level::AuthNoPriv(AuthProtocol::Sha256, secret()),
        Level::AuthPriv(AuthProtocol::Sha, secret(), Privacy::Aes, secret()),
        Level::AuthPriv(AuthProtocol::Sha512, secret(), Privacy::Aes256C, secret()),
    ]
}

fn question(names: &[Oid]) -> Question<'_> {
    Question { ask: Ask::GetNext, names, patience: Duration::from_secs(1) }
}

/// What an agent answers, made of a request of ours: GETNEXT becomes Response before it is encrypted and signed.
struct Said {
    boots: u32,
    time: u32,
    flags: u8,
    tag: u8,
    ids: Ids,
    context: &'static str,
}

const SAID: Said = Said { boots: 3, time: 510, flags: AUTH, tag: 0xa2, ids: IDS, context: "lan" };

fn said(engine: &Engine, said: &Said) -> Vec<u8> {
    let names = ["1.3.6.1.2.1".parse::<Oid>().expect("a literal")];
    let mut scoped = Vec::new();
    let scope = Scope { engine_id: ENGINE, context: said.context.as_bytes(), request_id: said.ids.request };
    encode_scoped(&mut scoped, &scope, Ask::GetNext, names.iter().map(Oid::arcs)).expect("fits");
    let pdu = scoped.iter().position(|byte| *byte == 0xa1).expect("a GETNEXT");
    scoped[pdu] = said.tag;
    let shared = Shared::default();
    let salts = shared.salts().expect("chance");
    let key = engine.privacy.as_ref().filter(|_| said.flags == AUTH);
    let sealed = key.map(|key| key.encrypt_aes(&scoped, said.boots, said.time, salts).expect("AES"));
    let (data, salt) = sealed.as_ref().map_or((&scoped[..], &[][..]), |(data, salt)| (&data[..], &salt[..]));
    let (mac, user) = ([0; MAX_MAC], engine.usm.user.as_bytes());
    let length = engine.auth.mac_len();
    let security = Security { engine_id: ENGINE, boots: said.boots, time: said.time, user, mac: &mac[..length], salt };
    let flags = if said.flags == AUTH { engine.level() } else { said.flags };
    let mut datagram = Vec::new();
    let message = Message { id: said.ids.message, flags, security, data };
    let mac_at = encode_message(&mut datagram, &message).expect("fits");
    let mac = engine.auth.compute_hmac(&datagram).expect("a signature");
    datagram[mac_at..mac_at + length].copy_from_slice(&mac);
    datagram
}

#[test]
fn an_answer_is_read_at_every_level() {
    for level in levels() {
        let engine = engine(level);
        let heard = engine.read(&mut said(&engine, &SAID), IDS, at(10));
        assert!(matches!(heard, Heard::Outcome(Outcome::Reply(Reply::Bindings(_)))), "{heard:?}");
    }
}

#[test]
fn a_request_of_ours_is_signed_and_dated() {
    for level in levels() {
        let engine = engine(level);
        let names = ["1.3.6.1.2.1".parse().expect("a literal")];
        let datagram = engine.request(&Shared::default(), at(7), IDS, question(&names)).expect("a request");
        let (message, mac_at) = decode_message(&datagram).expect("a message");
        assert_eq!((message.flags, message.id), (engine.level() | REPORTABLE, IDS.message));
        assert_eq!((message.security.boots, message.security.time), (3, 507));
        let (mac, mut zeroed) = (message.security.mac.to_vec(), datagram.clone());
        zeroed[mac_at..mac_at + mac.len()].fill(0);
        assert_eq!(engine.auth.verify_hmac(&zeroed, &mac), Ok(true));
        let plain = datagram.windows(5).any(|bytes| bytes == [0x2b, 6, 1, 2, 1]);
        assert_eq!(plain, engine.privacy.is_none(), "what is encrypted cannot be read");
        let many = vec![names[0].clone(); 200];
        assert!(engine.request(&Shared::default(), at(7), IDS, question(&many)).is_none(), "more than it takes");
    }
}

/// The library's agent, asked in both ways in turns.
#[tokio::test]
async fn both_ways_read_the_same() {
    use crate::io::snmp::auth::Auth;
    use crate::io::snmp::conversation::Sockets;
    use crate::io::snmp::session::Session;
    use crate::mib::Request;
    use stormglass_harness::snmp::template;
    use stormglass_harness::snmp::v3::{AUTH_PASSWORD, PRIV_PASSWORD, V3Agent, V3Options};
    const PATIENCE: Duration = Duration::from_secs(10);
    let mut agent = V3Agent::start(template::switch(3), V3Options { port: 0, seed: 1, up_before: Duration::ZERO })
        .expect("an agent");
    let (auth, privacy) = (Secret::new(AUTH_PASSWORD), Secret::new(PRIV_PASSWORD));
    for (user, level) in [
        ("sha", Level::AuthNoPriv(AuthProtocol::Sha, auth.clone())),
        ("sha256-aes", Level::AuthPriv(AuthProtocol::Sha256, auth, Privacy::Aes, privacy)),
    ] {
        let auth = Auth::v3(Usm::new(user, level, ""));
        let Auth::V3(usm) = &auth else { panic!("made above") };
        let (sockets, shared, clock) = (Sockets::bind(false, &Arc::default()), Arc::default(), Clock::start());
        let handle = sockets.library.as_ref().expect("a socket").handle(agent.addr());
        let session = Session::open(&auth, handle, PATIENCE, &shared, &clock).unwrap_or_else(|cause| panic!("{cause}"));
        // From ifDescr and ifPhysAddress on, not as far as what counts.
        let oids = ["1.3.6.1.2.1.1.5", "1.3.6.1.2.1.2.2.1.2", "1.3.6.1.2.1.2.2.1.6"];
        let oids = oids.map(|oid| oid.parse().expect("a literal")).to_vec();
        for repetitions in [None, Some(1), Some(9)] {
            let request = Request { oids: oids.clone(), repetitions, attempt: 0 };
            shared.unlearn(agent.addr());
            let theirs = session.ask(&request, PATIENCE).await.expect("asked");
            assert!(shared.direct(agent.addr(), usm).is_some(), "what it has learned serves {user}");
            let ours = session.ask(&request, PATIENCE).await.expect("asked");
            assert!(shared.direct(agent.addr(), usm).is_some(), "and is still known after an answer");
            assert!(matches!(&ours, Reply::Bindings(bindings) if !bindings.is_empty()), "{ours:?}");
            assert_eq!(ours, theirs, "{user}, {repetitions:?}");
        }
        // A restart is noticed, and costs no answer.
        agent.reboot().expect("a boot");
        for _ in 0..2 {
            let request = Request { oids: oids.clone(), repetitions: Some(2), attempt: 0 };
            let reply = session.ask(&request, PATIENCE).await.expect("asked");
            assert!(matches!(&reply, Reply::Bindings(bindings) if !bindings.is_empty()), "{reply:?}");
        }
    }
}

#[test]
fn one_bit_that_is_wrong_spoils_all() {
    for level in levels() {
        let engine = engine(level);
        let good = said(&engine, &SAID);
        for place in 0..good.len() {
            for bit in [0, 3, 7] {
                let mut wrong = good.clone();
                wrong[place] ^= 1 << bit;
                let heard = engine.read(&mut wrong, IDS, at(10));
                assert!(!matches!(heard, Heard::Outcome(Outcome::Reply(_))), "byte {place}: {heard:?}");
            }
        }
        for cut in 0..good.len() {
            assert_eq!(engine.read(&mut good[..cut].to_vec(), IDS, at(10)), Heard::Noise, "cut after {cut}");
        }
    }
}

#[test]
fn what_is_not_the_answer_is_told_apart() {
    let trouble = || Heard::Outcome(Outcome::Trouble);
    for level in levels() {
        let engine = engine(level);
        let heard = |what: Said| engine.read(&mut said(&engine, &what), IDS, at(10));
        assert_eq!(heard(Said { tag: 0xa8, ..SAID }), trouble(), "a Report");
        assert_eq!(heard(Said { flags: 0, ..SAID }), trouble(), "not signed");
        let late = Ids { request: 8, ..IDS };
        assert_eq!(heard(Said { ids: late, ..SAID }), Heard::Noise, "another request's");
        assert_eq!(heard(Said { ids: Ids { message: 1, ..IDS }, ..SAID }), Heard::Noise, "another message's");
        assert_eq!(heard(Said { context: "", ..SAID }), Heard::Noise, "another context's");
        assert_eq!(heard(Said { boots: 2, ..SAID }), trouble(), "from before it was restarted");
        assert_eq!(heard(Said { time: 300, ..SAID }), trouble(), "too old");
    }
}

#[test]
fn an_engine_s_time_goes_forward_alone() {
    let mut time = EngineTime { boots: 3, time: 500, at: at(0) };
    assert_eq!(time.now(at(25)), (3, 525));
    assert!(time.takes(3, 520, at(25)) && time.now(at(25)) == (3, 520), "heard later, and so better");
    assert!(time.takes(3, 390, at(30)) && time.now(at(30)) == (3, 525), "late, and within the window");
    assert!(!time.takes(3, 374, at(30)), "150 s are over");
    assert!(!time.takes(2, 10_000, at(30)), "an earlier boot");
    assert!(time.takes(4, 1, at(40)) && time.now(at(41)) == (4, 2), "restarted");
    assert!(!time.takes(3, 525, at(41)));
    assert!(!time.takes(MAX_ENGINE_TIME, 1, at(42)), "an engine at the end of its boots is not believed");
    let far = EngineTime { boots: 1, time: MAX_ENGINE_TIME - 1, at: at(0) };
    assert_eq!(far.now(at(1_000_000)), (1, MAX_ENGINE_TIME));
}
