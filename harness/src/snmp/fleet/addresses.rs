//! Where the agents of a fleet are: on one loopback address with a port each, or on one port with a loopback address
//! each. Nothing but loopback can be said.

use std::net::{Ipv4Addr, SocketAddrV4};

/// Where agents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// From this port on, one each.
    Ports(SocketAddrV4),
    /// From this address on, one each, all on one port.
    Hosts {
        /// The first.
        first: Ipv4Addr,
        /// How many there are.
        count: u32,
        /// The port of all.
        port: u16,
    },
}

/// What is wrong with a fleet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not a loopback address.
    #[error("{0} is not a loopback address: agents answer on 127.0.0.0/8 and nowhere else")]
    NotLoopback(Ipv4Addr),
    /// It cannot be read.
    #[error("`{text}`: write {form}")]
    Form {
        /// What was said.
        text: String,
        /// What to say.
        form: &'static str,
    },
    /// Not so many.
    #[error("there is room for {room} agents there, not for {count}: use a lower port or a wider network")]
    Room {
        /// How many fit.
        room: u32,
        /// How many there should be.
        count: u32,
    },
    /// Too many kinds of agents.
    #[error("the faults make more than {most} kinds of agents: give fewer of them a share")]
    Kinds {
        /// The limit.
        most: usize,
    },
}

impl Addresses {
    /// Reads `127.0.0.1:20000`.
    ///
    /// # Errors
    /// Another form, or not loopback.
    pub fn ports(text: &str) -> Result<Self, AddressError> {
        let form = || AddressError::Form { text: text.to_owned(), form: "127.0.0.1:20000" };
        let base = text.parse::<SocketAddrV4>().map_err(|_| form())?;
        if base.port() == 0 {
            return Err(form());
        }
        loopback(*base.ip())?;
        Ok(Self::Ports(base))
    }

    /// Reads `127.10.0.0/16`; the first address of a network is as good as any on loopback.
    ///
    /// # Errors
    /// Another form, or not loopback.
    pub fn hosts(text: &str, port: u16) -> Result<Self, AddressError> {
        let form = || AddressError::Form { text: text.to_owned(), form: "127.10.0.0/16" };
        let (first, length) = text.split_once('/').ok_or_else(form)?;
        let first = first.parse::<Ipv4Addr>().map_err(|_| form())?;
        let length = length.parse::<u32>().ok().filter(|length| (8..=32).contains(length)).ok_or_else(form)?;
        loopback(first)?;
        let count = 1_u32 << (32 - length);
        if !first.to_bits().is_multiple_of(count) {
            return Err(form());
        }
        Ok(Self::Hosts { first, count, port })
    }

    /// The address of the agent of this number.
    #[must_use]
    pub fn of(&self, number: u32) -> Option<SocketAddrV4> {
        match *self {
            Self::Ports(base) => {
                let port = u32::from(base.port()).checked_add(number)?;
                Some(SocketAddrV4::new(*base.ip(), u16::try_from(port).ok()?))
            }
            Self::Hosts { first, count, port } => {
                (number < count).then(|| SocketAddrV4::new(Ipv4Addr::from_bits(first.to_bits() + number), port))
            }
        }
    }

    /// The number of the agent at an address, where each has one of its own.
    #[must_use]
    pub fn number(&self, address: Ipv4Addr) -> Option<u32> {
        match *self {
            Self::Ports(_) => None,
            Self::Hosts { first, count, .. } => {
                address.to_bits().checked_sub(first.to_bits()).filter(|number| *number < count)
            }
        }
    }

    /// Whether so many agents fit.
    pub(super) fn check(&self, count: u32) -> Result<(), AddressError> {
        let room = match *self {
            Self::Ports(base) => 65_536 - u32::from(base.port()),
            Self::Hosts { count, .. } => count,
        };
        if count > room { Err(AddressError::Room { room, count }) } else { Ok(()) }
    }
}

fn loopback(address: Ipv4Addr) -> Result<(), AddressError> {
    if address.is_loopback() { Ok(()) } else { Err(AddressError::NotLoopback(address)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_nothing_else() {
        let ports = Addresses::ports("127.0.0.1:20000").expect("loopback");
        assert_eq!(ports.of(9_999).map(|a| a.to_string()).as_deref(), Some("127.0.0.1:29999"));
        assert_eq!(ports.of(50_000), None);
        assert_eq!(ports.check(50_000), Err(AddressError::Room { room: 45_536, count: 50_000 }));
        let hosts = Addresses::hosts("127.10.0.0/16", 1161).expect("loopback");
        assert_eq!(hosts.of(300).map(|a| a.to_string()).as_deref(), Some("127.10.1.44:1161"));
        assert_eq!(hosts.number(Ipv4Addr::new(127, 10, 1, 44)), Some(300));
        assert_eq!(hosts.number(Ipv4Addr::new(127, 11, 0, 0)), None);
        assert!(matches!(Addresses::ports("0.0.0.0:20000"), Err(AddressError::NotLoopback(_))));
        assert!(matches!(Addresses::hosts("10.0.0.0/16", 161), Err(AddressError::NotLoopback(_))));
        for wrong in ["127.0.0.1", "127.0.0.1:0", "localhost:1"] {
            assert!(matches!(Addresses::ports(wrong), Err(AddressError::Form { .. })), "{wrong}");
        }
        for wrong in ["127.0.0.0/4", "127.0.0.0", "127.10.0.1/16", "127.0.0.0/33"] {
            assert!(matches!(Addresses::hosts(wrong, 161), Err(AddressError::Form { .. })), "{wrong}");
        }
    }
}
