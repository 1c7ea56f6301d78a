//! Maker of a device by its MAC.

use super::MacAddr;

/// The maker's registered name.
#[must_use]
pub fn vendor(_mac: MacAddr) -> Option<&'static str> {
    None
}

/// As one says it.
#[must_use]
pub fn short_name(name: &str) -> std::borrow::Cow<'_, str> {
    name.into()
}
