//! Bytes to messages and back: total functions over hostile input. Knows no sockets, no clocks and no meaning.

pub mod capture_file;
pub mod description;
pub mod dhcp;
pub mod digest;
pub mod frame;
pub mod http_url;
pub mod identity;
pub mod igd;
pub mod mdns;
pub mod membership;
pub mod mqtt;
pub mod nat_pmp;
pub mod pppoe;
pub mod request;
pub mod router_advertisement;
pub mod scpd;
pub mod smtp;
pub mod snmp;
pub mod soap;
pub mod ssdp;
mod troubles;
pub mod tunnel;
pub mod ws_discovery;
pub mod xml;
