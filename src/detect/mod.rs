//! From raw facts to symptoms of a storm, per broadcast domain. Does not know causes, and blames nobody.

pub mod bouts;
pub mod counters;
pub mod expected;
pub mod parroting;
pub mod segment;
pub mod thresholds;
pub mod window;

pub use expected::Expected;
pub use segment::{ReplicaTrack, Segment, Talker};
pub use thresholds::Thresholds;
