//! The world outside stormglass: a simulated home network on virtual time, storms in it, and the SNMP agent and UPnP
//! gateway that serve it over real sockets on loopback. Speaks only wire protocols: it shares no code with stormglass,
//! so that a mistake cannot cancel itself out, and it must not know how stormglass judges.
//!
//! | module | what it is |
//! |---|---|
//! | [`scenario`] | topology, storms, times and the expected verdict, from one TOML file |
//! | [`world`] | switch, links, hosts and routers on virtual time; deterministic by seed |
//! | [`storms`] | the injectors, one file each |
//! | [`packets`] | encoders of every frame the hosts send |
//! | [`snmp`] | the switch's SNMP agent, well-behaved or not, and recorded walks |
//! | [`upnp`] | gateway and devices that answer SSDP, HTTP and SOAP |
//! | [`samples`] | frames and capture files as seeds for fuzzers |
//! | [`live`] | the world in real time, served, for the demo |

pub mod live;
pub mod mac;
mod net;
pub mod packets;
pub mod rng;
pub mod samples;
pub mod scenario;
pub mod snmp;
pub mod storms;
pub mod upnp;
pub mod world;

pub use live::{FrameFeed, LiveWorld, Served};
pub use mac::Mac;
pub use net::Place;
pub use scenario::{Scenario, ScenarioError};
pub use world::{CapturedFrame, World, WorldEvent};
