//! The words of the house. Knows no bytes, no sockets and no clock.

pub mod announcement;
pub mod device;
pub mod device_tree;
pub mod frames;
pub mod history;
pub mod mac;
pub mod note;
pub mod notice;
pub mod observation;
pub mod probe;
pub mod recording;
pub mod snmp;
pub mod text;
pub mod time;
pub mod topology;
pub mod vendor;
pub mod verdict;

pub use mac::MacAddr;
pub use time::Time;
