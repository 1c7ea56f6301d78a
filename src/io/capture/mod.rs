//! Where frames come from, and the loop that feeds them to a tally. The loop is the same for the ring, for a file and
//! for the simulated network of the demo.

pub mod file;

use crate::model::frames::FrameMeta;
use std::time::Duration;

/// Something that hands out frames: an AF_PACKET ring, or a simulated network.
pub trait FrameSource: Send {
    /// Waits at most `timeout` for frames and hands each one that has come to `sink`.
    ///
    /// # Errors
    /// The source has failed; the caller may open it again.
    fn frames(&mut self, timeout: Duration, sink: &mut dyn FnMut(&FrameMeta, &[u8])) -> std::io::Result<()>;

    /// Frames that the kernel dropped since the last call.
    fn dropped(&mut self) -> u64;
}
