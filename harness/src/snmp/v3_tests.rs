//! The agent towards the library's own client: every user, a boot, another device.

use super::*;
use crate::snmp::template;
use async_snmp::{Client, Retry, UsmConfig};

const UPTIME: [u32; 9] = [1, 3, 6, 1, 2, 1, 1, 3, 0];

fn auth(user: &str) -> async_snmp::Auth {
    let (auth, privacy) = user.split_once('-').map_or((user, None), |(auth, privacy)| (auth, Some(privacy)));
    let usm = UsmConfig::new(user.to_owned());
    let Some((_, auth)) = AUTHS.iter().find(|(name, _)| *name == auth) else { return usm.into() };
    let privacy = privacy.and_then(|name| PRIVS.iter().find(|(known, _)| *known == name));
    let usm = match privacy {
        Some((_, privacy)) => usm.auth_priv(*auth, AUTH_PASSWORD, *privacy, PRIV_PASSWORD),
        None => usm.auth(*auth, AUTH_PASSWORD),
    };
    usm.expect("credentials").into()
}

async fn uptime(agent: &V3Agent, user: &str) -> Option<u32> {
    let salt = DesSaltState::install(kept::<PersistedDesSaltState>).expect("a salt");
    let builder = Client::builder(agent.addr().to_string(), auth(user)).des_salt_state(salt);
    let builder = builder.request_timeout(Duration::from_secs(10)).retry(Retry::none());
    let client = builder.connect().await.expect("a client");
    let answer = client.get(&async_snmp::Oid::from_slice(&UPTIME)).await.ok()?;
    match answer.varbinds.first()?.value {
        async_snmp::Value::TimeTicks(ticks) => Some(ticks),
        _ => None,
    }
}

#[tokio::test]
async fn every_pair_of_protocols_is_answered_and_engines_come_and_go() {
    let options = V3Options { port: 0, seed: 4, up_before: Duration::from_secs(1000) };
    let mut agent = V3Agent::start(template::switch(4), options).expect("an agent");
    assert!(agent.addr().ip().is_loopback());
    for user in ["none".to_owned()].into_iter().chain(AUTHS.iter().flat_map(|(auth, _)| {
        std::iter::once((*auth).to_owned()).chain(PRIVS.iter().map(move |(with, _)| format!("{auth}-{with}")))
    })) {
        assert!(uptime(&agent, &user).await.is_some_and(|ticks| ticks >= 100_000), "{user}");
    }
    let engine = agent.engine().to_vec();
    agent.reboot().expect("a boot");
    assert_eq!((agent.boots(), agent.engine()), (2, &engine[..]));
    assert!(uptime(&agent, "sha256-aes").await.is_some_and(|ticks| ticks < 100_000));
    agent.replace(5).expect("another");
    assert_eq!(agent.boots(), 1);
    assert_ne!(agent.engine(), engine);
    assert!(uptime(&agent, "sha-des").await.is_some());
}
