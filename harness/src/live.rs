//! x
pub struct LiveWorld;
pub struct FrameFeed;
pub struct Served;
