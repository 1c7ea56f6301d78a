//! Sockets, clocks and files: the only impure floor. Decides nothing; it fetches facts and carries out requests.

pub mod around;
pub mod capture;
pub mod clock;
pub mod doctor;
mod errno;
pub mod http_client;
pub mod http_server;
pub mod interfaces;
pub mod neighbours;
#[cfg(target_os = "linux")]
mod netlink;
pub mod notify;
pub mod recorder;
pub mod routes;
#[cfg(test)]
mod scripted_server;
pub mod snmp;
pub mod ssdp;
pub mod storage;
#[cfg(target_os = "linux")]
pub mod supervisor;
#[cfg(not(target_os = "linux"))]
#[path = "supervisor_elsewhere.rs"]
pub mod supervisor;
pub mod tls;
pub mod tls_client;
mod troubles;
pub mod upnp;
