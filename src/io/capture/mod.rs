//! Where frames come from, and the loop that feeds them to a tally. The loop is the same for the ring and for the
//! simulated network of the demo. Knows no storm: it fetches frames and says what could not be fetched.

#[cfg(target_os = "linux")]
pub mod afpacket;
#[cfg(not(target_os = "linux"))]
#[path = "elsewhere.rs"]
pub mod afpacket;
pub mod compressed;
#[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "only Linux has such filters"))]
pub(in crate::io) mod filter;
#[cfg(target_os = "linux")]
mod groups;
pub mod live;
mod sampler;

pub mod file;

use crate::io::errno::{NO_ADDRESS, NO_DEVICE};
use crate::model::frames::FrameMeta;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Something that hands out frames: an AF_PACKET ring, or a simulated network.
pub trait FrameSource: Send {
    /// Waits at most `timeout` for frames and hands each one that has come to `sink`. Hands over a bounded number and
    /// returns, so that the caller can look at its clock and its stop flag even in a storm.
    ///
    /// # Errors
    /// The source has failed (`ErrorKind::NetworkDown`: its interface went down); the caller may open it again.
    fn frames(&mut self, timeout: Duration, sink: &mut dyn FnMut(&FrameMeta, &[u8])) -> io::Result<()>;

    /// Frames that the kernel dropped since the last call.
    fn dropped(&mut self) -> u64;

    /// Watched groups that could not be joined: a snooping switch may keep their frames from us, so that silence in
    /// them means "could not look".
    fn not_joined(&self) -> &[IpAddr] {
        &[]
    }
}

/// Why an interface cannot be captured.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The process lacks CAP_NET_RAW. The text holds the one command that helps.
    #[error(
        "capturing on {interface} needs the capability CAP_NET_RAW: run `sudo {}`, then start again",
        setcap_command()
    )]
    Permission {
        /// The interface.
        interface: Arc<str>,
    },
    /// No interface of this name (any more).
    #[error("there is no interface {interface}: `ip link` lists those there are")]
    NoInterface {
        /// The name that was asked for.
        interface: Arc<str>,
    },
    /// It exists and is down.
    #[error("{interface} is down: `ip link set {interface} up` brings it up")]
    Down {
        /// The interface.
        interface: Arc<str>,
    },
    /// A tunnel or point-to-point link: its frames have no MAC, and no broadcast domain in which to storm.
    #[error("{interface} is no Ethernet (ARPHRD {kind}): choose the interface that the LAN is on")]
    NotEthernet {
        /// The interface.
        interface: Arc<str>,
        /// Its `ARPHRD_*` number.
        kind: u16,
    },
    /// The address to be asked for is not on this link.
    #[error("{ip} is not on the link of {interface}: only neighbours can be asked who owns it")]
    NotOnLink {
        /// The interface.
        interface: Arc<str>,
        /// The address.
        ip: IpAddr,
    },
    /// This system has no AF_PACKET sockets.
    #[error(
        "{interface} cannot be captured: stormglass captures on Linux alone; capture with another program, and have the file \
         diagnosed: stormglass analyze FILE"
    )]
    Unsupported {
        /// The interface.
        interface: Arc<str>,
    },
    /// Anything else that the kernel refuses.
    #[error("capturing on {interface} failed ({step}): {source}")]
    Io {
        /// The interface.
        interface: Arc<str>,
        /// What was being done.
        step: &'static str,
        /// What the kernel says.
        source: io::Error,
    },
}

impl CaptureError {
    /// Names the interface and the step of an error of the kernel, and tells the kinds apart.
    pub(in crate::io) fn at(interface: &Arc<str>, step: &'static str) -> impl FnOnce(io::Error) -> Self {
        let interface = Arc::clone(interface);
        move |source| match (source.kind(), source.raw_os_error()) {
            (io::ErrorKind::PermissionDenied, _) => Self::Permission { interface },
            (io::ErrorKind::NetworkDown, _) => Self::Down { interface },
            (_, Some(NO_DEVICE | NO_ADDRESS)) => Self::NoInterface { interface },
            _ => Self::Io { interface, step, source },
        }
    }

    /// It may go away by itself: the interface comes up, or comes back.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        !matches!(
            self,
            Self::Permission { .. } | Self::NotEthernet { .. } | Self::NotOnLink { .. } | Self::Unsupported { .. }
        )
    }
}

/// The command (as root) that gives this very executable the capability that capturing needs:
/// `setcap cap_net_raw=ep /usr/bin/stormglass`.
#[must_use]
pub fn setcap_command() -> String {
    let path = std::env::current_exe().map_or_else(|_| "stormglass".to_owned(), |path| path.display().to_string());
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._+-".contains(&b));
    let path = if plain { path } else { format!("'{}'", path.replace('\'', r"'\''")) };
    format!("setcap cap_net_raw=ep {path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_apart() {
        let name: Arc<str> = "lan0".into();
        let error = |code| CaptureError::at(&name, "socket")(io::Error::from_raw_os_error(code));
        let permission = error(libc::EPERM);
        assert!(matches!(permission, CaptureError::Permission { .. }) && !permission.may_pass());
        assert!(permission.to_string().contains("setcap cap_net_raw=ep /"), "{permission}");
        assert!(matches!(error(libc::ENETDOWN), CaptureError::Down { .. }));
        assert!(matches!(error(libc::ENODEV), CaptureError::NoInterface { .. }));
        assert!(matches!(error(libc::ENOMEM), CaptureError::Io { step: "socket", .. }));
        assert!(error(libc::ENETDOWN).may_pass() && error(libc::ENOMEM).may_pass());
    }
}
