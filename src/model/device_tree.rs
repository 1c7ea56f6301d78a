//! A UPnP device as a tree: devices within devices, their services, and the actions of those. Knows no XML and no
//! sockets.

use super::text::Sentence;
use serde::Serialize;

/// Which way an argument goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// The caller gives it.
    #[default]
    In,
    /// The device answers it.
    Out,
}

/// An argument of an action (UPnP Device Architecture 2.0, 2.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Argument {
    /// `NewExternalPort`.
    pub name: String,
    /// Which way.
    pub direction: Direction,
    /// `dataType` of its state variable (`ui2`, `string`, `boolean`, …); empty where it is not described.
    pub data_type: String,
    /// `allowedValueList`; empty where anything goes.
    pub allowed: Vec<String>,
}

/// An action of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ActionSpec {
    /// `AddPortMapping`.
    pub name: String,
    /// In the order of the description, which is the order on the wire.
    pub arguments: Vec<Argument>,
}

impl ActionSpec {
    /// The arguments that a caller has to give.
    pub fn inputs(&self) -> impl Iterator<Item = &Argument> {
        self.arguments.iter().filter(|argument| argument.direction == Direction::In)
    }
}

/// A service of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceInfo {
    /// `urn:schemas-upnp-org:service:WANIPConnection:1`.
    pub service_type: String,
    /// `urn:upnp-org:serviceId:WANIPConn1`.
    pub service_id: String,
    /// Where it is called; `None` where that address is missing or not to be trusted.
    pub control_url: Option<String>,
    /// What can be called.
    pub actions: Vec<ActionSpec>,
    /// Why there are no actions, or why they cannot be called: a sentence.
    pub problem: Option<Sentence>,
}

/// One device of the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceInfo {
    /// How many devices it is embedded in.
    pub depth: usize,
    /// `urn:schemas-upnp-org:device:…`.
    pub device_type: String,
    /// What it calls itself.
    pub friendly_name: String,
    /// Its maker, by its own account.
    pub manufacturer: String,
    /// Model name and number.
    pub model: String,
    /// `uuid:…`.
    pub udn: String,
    /// Its web page, as its description has it; empty where it has none.
    pub presentation_url: String,
    /// Its own services.
    pub services: Vec<ServiceInfo>,
}

/// A root device with everything in it, in the order of its description.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceTree {
    /// URL of its description.
    pub location: String,
    /// The root device first; each device stands after the one that it is embedded in.
    pub devices: Vec<DeviceInfo>,
    /// What could not be read: a sentence each.
    pub problems: Vec<Sentence>,
}

/// What a service answered to a call: out arguments in their order, or the fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOutcome {
    /// It did it.
    Answered(Vec<(String, String)>),
    /// It refused (UPnP Device Architecture 2.0, 3.2.5).
    Refused {
        /// `errorCode`; 0 where the fault names none.
        code: u32,
        /// What it says.
        text: String,
    },
    /// There was no usable answer: why.
    Unanswered(Sentence),
}
