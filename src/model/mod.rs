//! The words of the house. Knows no bytes, no sockets and no clock.

pub mod device;
pub mod frames;
pub mod mac;
pub mod observation;
pub mod snmp;
pub mod time;
pub mod topology;
pub mod vendor;
pub mod verdict;

pub use mac::MacAddr;
pub use time::Time;
