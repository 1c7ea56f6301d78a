//! What the laws in `tests/` need: worlds to judge, a watcher that lets stormglass judge them as its io floor would,
//! and bytes that hurt. Holds no law itself.

pub mod bytes;
pub mod watch;
pub mod worlds;

pub use watch::{Report, Watch};
pub use worlds::{Reflection, reflection};
