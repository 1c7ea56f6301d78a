//! What a report shows of a capture beside the verdicts: traffic over time, who sends to which group, and the first
//! copies of every datagram that came again. Bounded, deterministic, and fed only where a report is asked for, so that
//! without one the frame path pays nothing. Judges nothing.

mod flows;
mod ladders;
mod timeline;

pub use flows::{Flow, Flows, GroupLine, SourceLine};
pub use ladders::{Ladder, Ladders, Rung};
pub use timeline::{Bucket, Timeline};

use crate::model::Time;
use crate::model::frames::{FrameMeta, FrameSummary};
use crate::wire::frame;
use std::sync::Arc;

/// Everything that a report shows of the frames.
#[derive(Debug)]
pub struct Chronicle {
    timeline: Timeline,
    flows: Flows,
    ladders: Ladders,
    cut: u64,
}

impl Chronicle {
    /// An empty one that begins at `start`.
    #[must_use]
    pub fn new(start: Time) -> Self {
        Self { timeline: Timeline::new(start), flows: Flows::default(), ladders: Ladders::default(), cut: 0 }
    }

    /// Takes a frame of the capture source `interface`, whose time is `meta.at`.
    pub fn frame(&mut self, interface: &Arc<str>, meta: &FrameMeta, bytes: &[u8]) {
        self.cut += u64::from((bytes.len() as u64) < u64::from(meta.original_len));
        let Ok(frame) = frame::parse(meta, bytes) else { return };
        if frame.outgoing || !frame.group {
            return;
        }
        let repeat = self.ladders.see(interface, meta, &frame);
        self.timeline.add(meta.at, frame.protocol, repeat);
    }

    /// Takes what a tally counted: the same frames, by source and group.
    pub fn summary(&mut self, summary: &FrameSummary) {
        self.flows.add(summary);
    }

    /// Group frames over time.
    #[must_use]
    pub const fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Who sent what to which group.
    #[must_use]
    pub const fn flows(&self) -> &Flows {
        &self.flows
    }

    /// Datagrams that came again.
    #[must_use]
    pub const fn ladders(&self) -> &Ladders {
        &self.ladders
    }

    /// Frames of which the capture holds only the beginning (snapshot length).
    #[must_use]
    pub const fn cut(&self) -> u64 {
        self.cut
    }
}
