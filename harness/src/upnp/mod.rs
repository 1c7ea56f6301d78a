//! The UPnP side of the world: devices and an Internet gateway that answer SSDP searches, HTTP and SOAP on loopback.
//! Everything answers from 127.0.0.1, each from a port of its own; in a real home they would be different addresses.

pub mod device;
pub mod gateway;
pub mod http;
pub mod ssdp;

pub use device::SsdpDevice;
pub use gateway::{GatewayOptions, PortMapping, UpnpGateway};
