//! What a supervisor such as systemd is told: that we are ready, reading the configuration anew, alive, or stopping
//! (sd_notify(3)). A datagram of lines to the socket that `NOTIFY_SOCKET` names; without that variable there is nobody to tell.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// Whoever started us and wants to be told.
#[derive(Debug)]
pub struct Supervisor {
    socket: UnixDatagram,
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// As the environment says; `None` if nobody wants to be told.
    ///
    /// # Errors
    /// `NOTIFY_SOCKET` names no socket that can be written to.
    pub fn from_environment() -> io::Result<Option<Self>> {
        let Some(name) = std::env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty()) else { return Ok(None) };
        let variable = |name: &str| std::env::var(name).ok();
        let watchdog = limit(variable("WATCHDOG_USEC").as_deref(), variable("WATCHDOG_PID").as_deref());
        Ok(Some(Self { socket: connect(&name)?, watchdog }))
    }

    /// A sign of life is wanted at least this often.
    #[must_use]
    pub const fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The start is over, or a reload is.
    pub fn ready(&self) {
        self.tell("READY=1");
    }

    /// The configuration is being read anew; [`Supervisor::ready`] ends it.
    pub fn reloading(&self) {
        self.tell("RELOADING=1");
    }

    /// The end has begun.
    pub fn stopping(&self) {
        self.tell("STOPPING=1");
    }

    /// A sign of life.
    pub fn alive(&self) {
        self.tell("WATCHDOG=1");
    }

    /// A supervisor that has gone, or does not read, is no reason to stop or to wait.
    fn tell(&self, state: &str) {
        if let Err(error) = self.socket.send(state.as_bytes()) {
            tracing::debug!(%error, state, "the supervisor could not be told");
        }
    }
}

/// `/run/systemd/notify`, or `@name` in Linux' abstract namespace.
fn connect(name: &str) -> io::Result<UnixDatagram> {
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address)?;
    Ok(socket)
}

/// `WATCHDOG_USEC`, if it is meant for this process: a child inherits the variables, but not the duty.
fn limit(micros: Option<&str>, pid: Option<&str>) -> Option<Duration> {
    let ours = pid.is_none_or(|pid| pid.parse() == Ok(std::process::id()));
    let micros = micros?.parse::<u64>().ok().filter(|micros| *micros > 0 && ours)?;
    Some(Duration::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_watchdog_is_for_whom_it_was_meant() {
        let own = std::process::id().to_string();
        for (micros, pid, wanted) in [
            (Some("30000000"), None, Some(30)),
            (Some("30000000"), Some(own.as_str()), Some(30)),
            (Some("30000000"), Some("1"), None),
            (Some("30000000"), Some("x"), None),
            (Some("0"), None, None),
            (Some("soon"), None, None),
            (None, None, None),
        ] {
            assert_eq!(limit(micros, pid), wanted.map(Duration::from_secs), "{micros:?} {pid:?}");
        }
    }

    #[test]
    fn sockets_by_path_and_by_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let abstract_name = format!("stormglass-{}", std::process::id());
        let by_path = UnixDatagram::bind(&path).expect("a socket");
        let address = SocketAddr::from_abstract_name(&abstract_name).expect("a name");
        let by_name = UnixDatagram::bind_addr(&address).expect("a socket");
        for (name, socket) in [(path.display().to_string(), by_path), (format!("@{abstract_name}"), by_name)] {
            let supervisor = Supervisor { socket: connect(&name).expect("connected"), watchdog: None };
            supervisor.ready();
            let mut said = [0; 64];
            let length = socket.recv(&mut said).expect("a datagram");
            assert_eq!(&said[..length], b"READY=1", "{name}");
        }
        assert!(connect("/nowhere/at/all").is_err());
    }
}
