//! Error numbers for which `std::io::ErrorKind` has no name.

/// ENODEV: no interface of this name; the same on every Unix.
pub(super) const NO_DEVICE: i32 = 19;
/// ENXIO: it is gone; the same on every Unix.
pub(super) const NO_ADDRESS: i32 = 6;
/// EAFNOSUPPORT: this system has no IPv6.
pub(super) const NO_FAMILY: i32 = if cfg!(windows) {
    10_047
} else if cfg!(target_os = "linux") {
    97
} else {
    47
};
