//! What the laws in `tests/` need: worlds to judge, a watcher that lets stormglass judge them as its io floor would,
//! bytes that hurt, and the score. Holds no law itself.

use proptest::test_runner::{Config, FileFailurePersistence, RngSeed};

pub mod bytes;
pub mod generate;
pub mod polls;
pub mod score;
pub mod watch;
pub mod worlds;

pub use watch::{Report, Watch};
pub use worlds::{Reflection, reflection};

/// From where the cases of a plain run are drawn, so that the same tree passes or fails everywhere alike.
const SEED: u64 = 1900;

/// How often a law is tried. A plain run draws the same cases each time; `PROPTEST_CASES` asks for more, or fewer, and draws
/// others each time (`PROPTEST_RNG_SEED` says from where). What failed once is tried again for ever.
#[must_use]
pub fn config(cases: u32) -> Config {
    let asked = |name| std::env::var_os(name).is_some();
    let (wide, seeded) = (asked("PROPTEST_CASES"), asked("PROPTEST_RNG_SEED"));
    let given = Config::default();
    Config {
        cases: if wide { given.cases } else { cases },
        rng_seed: if wide || seeded { given.rng_seed } else { RngSeed::Fixed(SEED) },
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..given
    }
}
