//! What is plugged in where: sockets of switches, the cables between switches, and the way from one switch to another.
//! Carries nothing by itself.

use std::collections::VecDeque;
use std::time::Duration;

/// A socket of a switch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Socket {
    /// Which switch, from 0.
    pub switch: usize,
    /// Which port of it, from 1.
    pub port: usize,
}

impl Socket {
    /// Port `port` of switch `switch`.
    #[must_use]
    pub const fn new(switch: usize, port: usize) -> Self {
        Self { switch, port }
    }
}

/// A cable, or a radio link, between two switches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trunk {
    /// What it connects.
    pub ends: [Socket; 2],
    /// How long a frame is under way.
    pub delay: Duration,
    /// Share of the frames that are lost on it, 0 to 1.
    pub loss: f64,
}

impl Trunk {
    /// The other end.
    #[must_use]
    pub fn far_end(&self, near: Socket) -> Option<Socket> {
        match self.ends {
            [a, b] if a == near => Some(b),
            [a, b] if b == near => Some(a),
            _ => None,
        }
    }
}

/// For every pair of switches the port of the first that leads to the second; 0 where none does.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways(Vec<Vec<usize>>);

impl Ways {
    /// The ways along the trunks of a tree: breadth first from every switch.
    pub(super) fn new(switches: usize, trunks: &[Trunk]) -> Self {
        let mut ways = vec![vec![0; switches]; switches];
        for (from, ports) in ways.iter_mut().enumerate() {
            let mut waiting = VecDeque::from([(from, 0)]);
            let mut seen = vec![false; switches];
            while let Some((at, first)) = waiting.pop_front() {
                if std::mem::replace(&mut seen[at], true) {
                    continue;
                }
                ports[at] = first;
                for trunk in trunks {
                    let Some(near) = trunk.ends.into_iter().find(|end| end.switch == at) else { continue };
                    let Some(far) = trunk.far_end(near) else { continue };
                    waiting.push_back((far.switch, if first == 0 { near.port } else { first }));
                }
            }
        }
        Self(ways)
    }

    /// The port of `switch` that leads to `socket`; 0 where none does.
    pub(super) fn port(&self, switch: usize, socket: Socket) -> usize {
        if switch == socket.switch {
            return socket.port;
        }
        self.0.get(switch).and_then(|ports| ports.get(socket.switch)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_along_the_tree() {
        let trunk =
            |a, b| Trunk { ends: [Socket::new(a, a + 10), Socket::new(b, b + 20)], delay: Duration::ZERO, loss: 0.0 };
        let ways = Ways::new(4, &[trunk(0, 1), trunk(1, 2)]);
        assert_eq!(ways.port(0, Socket::new(2, 5)), 10);
        assert_eq!(ways.port(1, Socket::new(2, 5)), 11);
        assert_eq!(ways.port(2, Socket::new(0, 5)), 22);
        assert_eq!(ways.port(2, Socket::new(2, 5)), 5);
        assert_eq!(ways.port(3, Socket::new(0, 1)), 0, "not connected");
    }
}
