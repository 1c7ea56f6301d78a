//! The SNMP side of the world: an agent with a small codec of its own, so that it can answer wrongly where a test
//! wants it to, and tables from the simulated switch or from recorded walks. Reads nothing of stormglass.

pub mod agent;
pub mod answer;
pub mod ber;
pub mod switch_mib;
pub mod table;
pub mod walk_file;

pub use agent::{AgentOptions, SnmpAgent};
pub use answer::Misbehaviour;
pub use table::{SharedTable, Table, Value};
