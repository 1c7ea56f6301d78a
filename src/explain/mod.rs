//! From symptoms to verdicts: who, why, how sure, what to do. Each cause is one file in [`causes`]; this floor never
//! reads a frame, asks a clock or keeps state.

pub mod attribution;
pub mod causes;
pub mod checks;
pub mod counted;
pub mod finding;
pub mod page;
pub mod reach;
pub mod scene;
pub mod words;

pub use causes::{CAUSES, Cause, cause};
pub use finding::{Finding, Suspect};
pub use scene::{Names, Own, Scene};
