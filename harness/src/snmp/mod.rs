//! The SNMP side of the world: agents with a small codec of their own, so that they can answer wrongly where a test wants
//! them to, and tables from the simulated switch, from a template or from recorded walks. Reads nothing of stormglass.

pub mod agent;
pub mod answer;
pub mod ber;
pub mod book;
pub mod counters;
pub mod faults;
pub mod fleet;
pub mod switch_mib;
pub mod table;
pub mod template;
#[cfg(feature = "v3")]
pub mod v3;
pub mod walk_file;

pub use agent::{AgentOptions, SnmpAgent};
pub use answer::Manners;
pub use faults::Fault;
pub use table::{SharedTable, Table, Value};
