//! Stands for the ring on systems without AF_PACKET: nothing can be captured there, and whoever tries is told.

use super::filter::Instruction;
use super::{CaptureError, FrameSource};
use crate::io::clock::Clock;
use crate::model::frames::FrameMeta;
use socket2::Socket;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The ring of one interface: there is none.
#[derive(Debug)]
pub struct Ring(Infallible);

impl Ring {
    /// Says that it cannot be opened.
    ///
    /// # Errors
    /// Always.
    pub fn open(interface: &Arc<str>, _: Clock) -> Result<Self, CaptureError> {
        Err(CaptureError::Unsupported { interface: Arc::clone(interface) })
    }

    /// As [`Ring::open`].
    ///
    /// # Errors
    /// Always.
    pub fn open_unjoined(interface: &Arc<str>, clock: Clock) -> Result<Self, CaptureError> {
        Self::open(interface, clock)
    }
}

impl FrameSource for Ring {
    fn frames(&mut self, _: Duration, _: &mut dyn FnMut(&FrameMeta, &[u8])) -> io::Result<()> {
        match self.0 {}
    }

    fn dropped(&mut self) -> u64 {
        match self.0 {}
    }
}

pub(in crate::io) fn deaf_socket(interface: &Arc<str>, _: &[Instruction]) -> Result<Socket, CaptureError> {
    Err(CaptureError::Unsupported { interface: Arc::clone(interface) })
}

pub(in crate::io) fn listen(_: &Socket, interface: &Arc<str>, _: u32, _: u16) -> Result<(), CaptureError> {
    Err(CaptureError::Unsupported { interface: Arc::clone(interface) })
}
