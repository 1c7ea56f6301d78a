//! Frames that the kernel makes and sends by itself: `BPF_PROG_RUN` with live frames (Linux 5.18) runs a program on copies of
//! a frame, tens of thousands of times in one system call, and sends what comes of it. A packet socket would cost its
//! sender more than the receiver that is to be measured. Does not know what is in the frames.
//!
//! The system call has no safe interface; this file has the harness's only `unsafe`. Needs CAP_NET_ADMIN and CAP_BPF.
#![allow(unsafe_code)]

use super::program::{Instruction, THE_MAP};
use nix::libc;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

// Commands of bpf(2).
const MAP_CREATE: libc::c_long = 0;
const PROG_LOAD: libc::c_long = 5;
const PROG_TEST_RUN: libc::c_long = 10;
/// `BPF_MAP_TYPE_ARRAY`.
const ARRAY: u32 = 2;
/// `BPF_PROG_TYPE_XDP`.
const XDP: u32 = 6;
/// `BPF_F_TEST_XDP_LIVE_FRAMES`.
const LIVE: u32 = 2;
/// Frames that are handed on together: what a network card's driver does.
const BATCH: u32 = 64;

/// `SIOCETHTOOL`, and the commands below it.
const ETHTOOL: libc::Ioctl = 0x8946;
const GET_DRIVER: u32 = 0x3;
const SET_GRO: u32 = 0x2c;
/// Bytes of `struct ethtool_drvinfo`, and of the command in front of the driver's name in it.
const DRIVER_INFO: usize = 196;
const COMMAND: usize = 4;

/// Arguments of bpf(2), by offset; the kernel wants what it does not know to be 0.
struct Attributes([u8; 128]);

impl Attributes {
    const fn new() -> Self {
        Self([0; 128])
    }

    fn word(mut self, at: usize, value: u32) -> Self {
        self.0[at..at + 4].copy_from_slice(&value.to_ne_bytes());
        self
    }

    /// The address of `values`, which must outlive the call.
    fn pointer<T>(mut self, at: usize, values: &[T]) -> Self {
        self.0[at..at + 8].copy_from_slice(&(values.as_ptr() as u64).to_ne_bytes());
        self
    }

    fn call(self, command: libc::c_long) -> io::Result<i32> {
        // SAFETY: the kernel reads `self`, whose length it is told, and what the pointers in it point at, which the callers
        // below keep alive and whose lengths they tell; it writes results back into `self` alone.
        let result = unsafe { libc::syscall(libc::SYS_bpf, command, self.0.as_ptr(), size_of_val(&self.0)) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as i32) }
    }

    fn open(self, command: libc::c_long) -> io::Result<OwnedFd> {
        let number = self.call(command)?;
        // SAFETY: the kernel has just opened it for us, and nobody else knows it.
        Ok(unsafe { OwnedFd::from_raw_fd(number) })
    }
}

/// Why there is no flood.
fn failed(what: &str) -> impl Fn(io::Error) -> String {
    let what = what.to_owned();
    move |error| format!("{what}: {error} (needs root in a network namespace of its own, and Linux 5.18)")
}

/// One end of a veth pair.
#[derive(Debug)]
pub(super) struct Veth {
    name: String,
    index: u32,
}

impl Veth {
    /// The interface of this name, if it is of a veth pair.
    pub(super) fn of(name: &str) -> Result<Self, String> {
        let index = nix::net::if_::if_nametoindex(name).map_err(|error| format!("interface {name}: {error}"))?;
        let veth = Self { name: name.to_owned(), index };
        let mut info = [0_u8; DRIVER_INFO];
        info[..COMMAND].copy_from_slice(&GET_DRIVER.to_ne_bytes());
        veth.ethtool(&mut info).map_err(failed(&format!("asking for the driver of {name}")))?;
        if !info[COMMAND..].starts_with(b"veth\0") {
            return Err(format!(
                "{name} is no veth: a flood goes into a virtual cable and nowhere else (`ip link add …)`"
            ));
        }
        Ok(veth)
    }

    /// Turns GRO on, with which a veth polls for frames as a network card does; without it takes none that come
    /// from a program.
    pub(super) fn take_frames(&self) -> Result<(), String> {
        let mut value = [0_u8; 8];
        value[..COMMAND].copy_from_slice(&SET_GRO.to_ne_bytes());
        value[COMMAND..].copy_from_slice(&1_u32.to_ne_bytes());
        self.ethtool(&mut value).map_err(failed(&format!("turning GRO on at {}", self.name)))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "any socket takes an ioctl about an interface; this one sends nothing"
    )]
    fn ethtool(&self, argument: &mut [u8]) -> io::Result<()> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None)?;
        // struct ifreq: a name of 16 bytes, then a pointer.
        let mut request = [0_u64; 5];
        let name = self.name.as_bytes();
        for (at, byte) in name.iter().take(15).enumerate() {
            request[at / 8] |=
                u64::from(*byte) << (if cfg!(target_endian = "little") { at % 8 } else { 7 - at % 8 } * 8);
        }
        request[2] = argument.as_mut_ptr() as u64;
        // SAFETY: the request has the length of an ifreq, whose pointer points at `argument`, which holds the structure
        // that its first word tells the kernel to expect; both outlive the call.
        let result = unsafe { libc::ioctl(socket.as_raw_fd(), ETHTOOL, request.as_mut_ptr()) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

/// A program that sends frames out of an interface.
pub(super) struct LiveFrames {
    program: OwnedFd,
    interface: u32,
}

impl LiveFrames {
    /// Hands the program to the kernel, with a map of one number in it.
    pub(super) fn load(from: &Veth, mut program: Vec<Instruction>) -> Result<Self, String> {
        let map = Attributes::new().word(0, ARRAY).word(4, 4).word(8, 8).word(12, 1).open(MAP_CREATE);
        let map = map.map_err(failed("making a map"))?;
        let place = |instruction: &&mut Instruction| **instruction as u8 == 0x18;
        for instruction in program.iter_mut().filter(place) {
            debug_assert_eq!((*instruction >> 32) as i32, THE_MAP);
            *instruction = *instruction & 0xffff_ffff | u64::from(map.as_raw_fd().cast_unsigned()) << 32;
        }
        // Nothing is called that is for GPL programs alone.
        let licence = b"MIT\0";
        let attributes = Attributes::new().word(0, XDP).word(4, program.len() as u32);
        let loaded = attributes.pointer(8, &program).pointer(16, licence).open(PROG_LOAD);
        // The kernel keeps the map as long as the program.
        Ok(Self { program: loaded.map_err(failed("loading the program"))?, interface: from.index })
    }

    /// Runs the program on so many copies of `frame`. What the receiving end cannot take in time is lost there.
    pub(super) fn send(&self, frame: &[u8], count: u32) -> Result<(), String> {
        // struct xdp_md: where the frame begins and ends, no metadata, the interface it seems to come in at, its queue.
        let context = [0, frame.len() as u32, 0, self.interface, 0, 0];
        let attributes = Attributes::new()
            .word(0, self.program.as_raw_fd().cast_unsigned())
            .word(8, frame.len() as u32)
            .pointer(16, frame)
            .word(32, count)
            .word(40, size_of_val(&context) as u32)
            .pointer(48, &context)
            .word(64, LIVE)
            .word(72, BATCH.min(count));
        attributes.call(PROG_TEST_RUN).map(drop).map_err(failed("sending"))
    }
}
