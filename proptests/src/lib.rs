//! What the laws in `tests/` need: worlds to judge, a watcher that lets stormglass judge them as its io floor would,
//! bytes that hurt, and the score. Holds no law itself.

use proptest::test_runner::{Config, FileFailurePersistence};

pub mod bytes;
pub mod generate;
pub mod polls;
pub mod score;
pub mod watch;
pub mod worlds;

pub use watch::{Report, Watch};
pub use worlds::{Reflection, reflection};

/// How often a law is tried; `PROPTEST_CASES` asks for more, or fewer. What failed once is tried again for ever.
#[must_use]
pub fn config(cases: u32) -> Config {
    let cases = std::env::var_os("PROPTEST_CASES").map_or(cases, |_| Config::default().cases);
    Config {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..Config::default()
    }
}
