//! A cable from one socket to another. It takes what leaves at one end to the other, as fast as its
//! capacity allows. Does not know that this is a mistake.

use super::Bytes;
use super::wiring::Socket;
use crate::rng::Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// Frames that wait for each direction. A newcomer to a full queue displaces a random one, as in a switch that shares
/// its buffer: otherwise the first frames of a loop would keep all later ones out for ever.
const MAX_WAITING: usize = 48;

/// The cable, with a queue for each direction.
#[derive(Clone, Debug)]
pub struct LoopCable {
    ends: [Socket; 2],
    waiting: [VecDeque<Bytes>; 2],
    running: [bool; 2],
    gap: Duration,
}

impl LoopCable {
    /// A cable between two ports that carries at most `rate_pps` frames a second in both directions together.
    #[must_use]
    pub fn new(ends: [Socket; 2], rate_pps: u64) -> Self {
        let gap = Duration::from_nanos(2_000_000_000 / rate_pps.max(1));
        Self { ends, waiting: [VecDeque::new(), VecDeque::new()], running: [false; 2], gap }
    }

    /// The port at the other end.
    pub(super) fn other_end(&self, port: Socket) -> Option<Socket> {
        match self.ends {
            [a, b] if a == port => Some(b),
            [a, b] if b == port => Some(a),
            _ => None,
        }
    }

    fn direction(&self, into: Socket) -> usize {
        usize::from(self.ends[1] == into)
    }

    /// Takes a frame towards port `into`. True if hand-overs have to be started.
    pub(super) fn push(&mut self, into: Socket, frame: &Bytes, rng: &mut Rng) -> bool {
        let direction = self.direction(into);
        let queue = &mut self.waiting[direction];
        if queue.len() >= MAX_WAITING {
            let victim = rng.below(queue.len() as u64) as usize;
            queue[victim] = frame.clone();
        } else {
            queue.push_back(frame.clone());
        }
        !self.running[direction]
    }

    /// The frame that has waited longest.
    pub(super) fn pop(&mut self, into: Socket) -> Option<Bytes> {
        let direction = self.direction(into);
        self.running[direction] = false;
        self.waiting[direction].pop_front()
    }

    /// Time to the next hand-over into port `into`, if a frame waits and none is under way.
    pub(super) fn next(&mut self, into: Socket) -> Option<Duration> {
        let direction = self.direction(into);
        if self.running[direction] || self.waiting[direction].is_empty() {
            return None;
        }
        self.running[direction] = true;
        Some(self.gap)
    }
}
