//! This host's default routes: by which router it answers. Follows none and changes none.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub use linux::defaults;

use std::net::IpAddr;

/// A route to everywhere, by another router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRoute {
    /// Index of the interface that it leaves by.
    pub interface: u32,
    /// The router.
    pub next_hop: IpAddr,
    /// Lower goes first; 0 where there is none.
    pub metric: u32,
}

/// The default routes, where there is no netlink: they are not known.
///
/// # Errors
/// None.
#[cfg(not(target_os = "linux"))]
pub const fn defaults() -> std::io::Result<Vec<DefaultRoute>> {
    Ok(Vec::new())
}
