//! What an MQTT broker and Home Assistant are told: topics, the state with its attributes, and discovery, in which a device is
//! known by its MAC, so that what is said of it appears where Home Assistant has it already. Knows no connection.

use super::{Manner, Message, NAME_SENDS, NAME_STATE, NAME_STORM, clip, webhook};
use crate::engine::{Snapshot, State};
use crate::model::MacAddr;
use crate::model::verdict::{Phase, Severity, Verdict};
use crate::view::lang;
use crate::view::upnp::printable;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Devices that have an entity of their own, the culprits of the newest storms.
pub const MAX_CULPRITS: usize = 8;
/// Home Assistant keeps attributes of 16 KiB at most.
const MAX_SENTENCE: usize = 1_600;

/// What is published.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Publication {
    /// Where.
    pub topic: String,
    /// What.
    pub payload: String,
    /// The broker keeps it for those who come later.
    pub retain: bool,
}

/// How things are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// Before all of our topics.
    pub prefix: String,
    /// Where Home Assistant looks for what there is; empty: it is told nothing.
    pub discovery: String,
    /// Of this program, unlike that of any other at the broker.
    pub node: String,
    /// The MACs of this computer.
    pub own: Vec<MacAddr>,
}

impl Names {
    fn topic(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    /// Whether we are here: `online`, and `offline` by the last will.
    #[must_use]
    pub fn availability(&self) -> String {
        self.topic("availability")
    }

    /// `online` or `offline`.
    #[must_use]
    pub fn available(&self, here: bool) -> Publication {
        let payload = if here { "online" } else { "offline" }.to_owned();
        Publication { topic: self.availability(), payload, retain: true }
    }

    /// One message, as a webhook gets it.
    #[must_use]
    pub fn event(&self, message: &Message) -> Publication {
        Publication { topic: self.topic("event"), payload: webhook::body(message).to_string(), retain: false }
    }

    /// How things are: the state, what goes on, and for each culprit whether it still sends.
    #[must_use]
    pub fn state(&self, snapshot: &Snapshot, manner: &Manner, culprits: &BTreeSet<MacAddr>) -> Vec<Publication> {
        let storms = || snapshot.verdicts.iter().filter(|verdict| verdict.severity == Severity::Storm);
        let open = || storms().filter(|verdict| verdict.phase != Phase::Over);
        let leading = open().next().or_else(|| storms().next());
        let mut body = json!({
            "storm": on(open().next().is_some()),
            "state": snapshot.state.id(),
            "link": manner.external_url.as_ref().map(|url| format!("{url}/")),
        });
        if let (Some(verdict), Some(fields)) = (leading, body.as_object_mut()) {
            fields.insert("leading".to_owned(), attributes(verdict, manner));
        }
        let mut all = vec![Publication { topic: self.topic("state"), payload: body.to_string(), retain: true }];
        for mac in culprits {
            let of =
                |verdict: &&std::sync::Arc<Verdict>| verdict.culprit.as_ref().and_then(|one| one.mac) == Some(*mac);
            let newest = open().find(of).or_else(|| storms().find(of));
            let mut body = json!({ "storm": on(open().any(|verdict| of(&verdict))) });
            if let (Some(verdict), Some(fields)) = (newest, body.as_object_mut()) {
                fields.insert("leading".to_owned(), attributes(verdict, manner));
            }
            let topic = self.topic(&format!("device/{}/state", plain(*mac)));
            all.push(Publication { topic, payload: body.to_string(), retain: true });
        }
        all
    }

    /// What Home Assistant is told that there is.
    #[must_use]
    pub fn discovery(&self, manner: &Manner, culprits: &BTreeSet<MacAddr>) -> Vec<Publication> {
        if self.discovery.is_empty() {
            return Vec::new();
        }
        let language = manner.language;
        let mut device = json!({
            "identifiers": [self.node],
            "connections": self.own.iter().map(|mac| json!(["mac", mac.to_string()])).collect::<Vec<_>>(),
            "name": "stormglass",
            "sw_version": env!("CARGO_PKG_VERSION"),
        });
        if let (Some(url), Some(fields)) = (&manner.external_url, device.as_object_mut()) {
            fields.insert("configuration_url".to_owned(), format!("{url}/").into());
        }
        let state = self.topic("state");
        let storm = self.entity(&state, &self.node, "storm", NAME_STORM.template(language), &device);
        let mut word = self.entity(&state, &self.node, "state", NAME_STATE.template(language), &device);
        if let Some(fields) = word.as_object_mut() {
            fields.insert("value_template".to_owned(), "{{ value_json.state }}".into());
            fields.insert("device_class".to_owned(), "enum".into());
            fields.insert("options".to_owned(), json!(State::ALL.map(State::id)));
            fields.retain(|key, _| !key.starts_with("payload_o"));
        }
        let mut all = vec![
            self.config("binary_sensor", &self.node, "storm", &storm),
            self.config("sensor", &self.node, "state", &word),
        ];
        for mac in culprits {
            // The device is Home Assistant's, or another integration's: by its MAC this becomes a part of it.
            let device = json!({ "connections": [["mac", mac.to_string()]] });
            let node = format!("{}_{}", self.node, plain(*mac));
            let state = self.topic(&format!("device/{}/state", plain(*mac)));
            let sends = self.entity(&state, &node, "storm", NAME_SENDS.template(language), &device);
            all.push(self.config("binary_sensor", &node, "storm", &sends));
        }
        all
    }

    fn entity(&self, state: &str, node: &str, id: &str, name: &str, device: &Value) -> Value {
        let mut entity = json!({
            "name": name,
            "unique_id": format!("{node}_{id}"),
            "state_topic": state,
            "value_template": "{{ value_json.storm }}",
            "payload_on": "ON",
            "payload_off": "OFF",
            "json_attributes_topic": state,
            "json_attributes_template": "{{ (value_json.leading | default({})) | tojson }}",
            "availability_topic": self.availability(),
            "device": device,
            "origin": { "name": "stormglass", "sw": env!("CARGO_PKG_VERSION") },
        });
        if let (true, Some(fields)) = (id == "storm", entity.as_object_mut()) {
            fields.insert("device_class".to_owned(), "problem".into());
        }
        entity
    }

    fn config(&self, component: &str, node: &str, id: &str, entity: &Value) -> Publication {
        let topic = format!("{}/{component}/{node}/{id}/config", self.discovery);
        Publication { topic, payload: entity.to_string(), retain: true }
    }
}

/// The culprits of the newest storms.
#[must_use]
pub fn culprits(snapshot: &Snapshot) -> BTreeSet<MacAddr> {
    let storms = snapshot.verdicts.iter().filter(|verdict| verdict.severity == Severity::Storm);
    let mut found = Vec::new();
    for mac in storms.filter_map(|verdict| verdict.culprit.as_ref()?.mac) {
        if !found.contains(&mac) && found.len() < MAX_CULPRITS {
            found.push(mac);
        }
    }
    found.into_iter().collect()
}

fn attributes(verdict: &Verdict, manner: &Manner) -> Value {
    json!({
        "sentence": clip(&printable(&lang::headline(verdict, manner.language)), MAX_SENTENCE),
        "cause": verdict.cause,
        "phase": verdict.phase,
        "segment": verdict.segment,
        "culprit": verdict.culprit.as_ref().map(webhook::party),
        "started": verdict.started.rfc3339(),
        "ended": verdict.ended.map(crate::model::Time::rfc3339),
    })
}

fn on(on: bool) -> &'static str {
    if on { "ON" } else { "OFF" }
}

/// A MAC as a part of a topic.
fn plain(mac: MacAddr) -> String {
    mac.to_string().replace(':', "")
}
