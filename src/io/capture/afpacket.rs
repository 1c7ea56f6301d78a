//! Frames of one interface from a TPACKET_V3 ring (packet(7) and the kernel's packet_mmap document): the kernel writes
//! blocks of frames into memory that we share, so that a frame costs no system call and no copy. The one file with
//! `unsafe`. Does not look into frames and does not open itself again; `live` does.
//!
//! CAP_NET_RAW is enough, for an ordinary user too.
#![allow(unsafe_code)] // The ring is memory shared with the kernel; packet sockets have no safe interface.

use super::filter::{self, Instruction};
use super::groups::Joins;
use super::{CaptureError, FrameSource};
use crate::io::clock::Clock;
use crate::io::interfaces;
use crate::model::Time;
use crate::model::frames::{FrameMeta, LinkType};
use socket2::{Domain, SockAddr, SockFilter, Socket, Type};
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// One block: what the kernel hands over at once. Holds about 700 frames of a storm of searches.
const BLOCK_BYTES: usize = 256 * 1024;
/// Blocks of a ring: 8 MiB, which count in our resident memory. At 1.3 million frames a second that is 18 ms in which
/// we need not run.
const BLOCKS: usize = 32;
/// A block that is not full is handed over after this long: what a frame waits at most on a quiet network.
const BLOCK_TIMEOUT_MS: u32 = 50;

/// `PACKET_OUTGOING`: sent by this host.
const OUTGOING: u8 = 4;
/// `ARPHRD_ETHER` and `ARPHRD_LOOPBACK`: frames with an Ethernet header.
const ETHERNET_KINDS: [u16; 2] = [1, 772];
/// `ETH_P_ALL`.
const EVERY_ETHERTYPE: u16 = 3;

/// Where `tpacket3_hdr` is followed by a `sockaddr_ll`.
const ADDRESS_OFFSET: usize = size_of::<libc::tpacket3_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);

/// The ring of one interface.
#[derive(Debug)]
pub struct Ring {
    socket: Socket,
    map: Map,
    joins: Joins,
    clock: Clock,
    next_block: usize,
    /// Of the frame handed out last.
    number: u64,
    at: Time,
}

impl Ring {
    /// Opens a ring on an interface and joins the watched groups there.
    ///
    /// # Errors
    /// Says which capability, interface or kernel feature is missing.
    pub fn open(interface: &Arc<str>, clock: Clock) -> Result<Self, CaptureError> {
        Self::open_with(interface, clock, true)
    }

    /// The same without joining any group: nothing is sent, and a switch with snooping shows less.
    ///
    /// # Errors
    /// As [`Ring::open`].
    pub fn open_unjoined(interface: &Arc<str>, clock: Clock) -> Result<Self, CaptureError> {
        Self::open_with(interface, clock, false)
    }

    fn open_with(interface: &Arc<str>, clock: Clock, join: bool) -> Result<Self, CaptureError> {
        let at = |step| CaptureError::at(interface, step);
        let index = interfaces::list()
            .map_err(at("listing interfaces"))?
            .iter()
            .find(|i| i.name == *interface)
            .map(|i| i.index)
            .ok_or_else(|| CaptureError::NoInterface { interface: Arc::clone(interface) })?;
        let socket = deaf_socket(interface, &filter::CAPTURE)?;
        let map = Map::new(&socket).map_err(at("setting up the ring"))?;
        // Since Linux 4.20, and cheaper than looking at each; before that the packet type tells, see `Ring::block`.
        let _ = set_option(&socket, libc::PACKET_IGNORE_OUTGOING, &1_i32);
        listen(&socket, interface, index, EVERY_ETHERTYPE)?;
        // Not promiscuous: that would add only other hosts' unicast, and no group that a snooping switch holds back.
        let request = libc::packet_mreq {
            mr_ifindex: index.cast_signed(),
            mr_type: libc::PACKET_MR_ALLMULTI as u16,
            mr_alen: 0,
            mr_address: [0; 8],
        };
        set_option(&socket, libc::PACKET_ADD_MEMBERSHIP, &request).map_err(at("receiving every multicast"))?;
        Ok(Self {
            socket,
            map,
            joins: if join { Joins::hold(index) } else { Joins::none() },
            clock,
            next_block: 0,
            number: 0,
            at: clock.now(),
        })
    }

    /// Hands out the frames of the next block and gives it back to the kernel; false if the kernel still has it.
    fn block(&mut self, sink: &mut dyn FnMut(&FrameMeta, &[u8])) -> bool {
        let Some(block) = self.map.ready(self.next_block) else { return false };
        self.next_block = (self.next_block + 1) % BLOCKS;
        // Frames carry wall clock time. It may step, ours may not: converted with the offset of this moment, and kept
        // between the frame before and now.
        let (offset, now) = (self.clock.wall_offset_nanos(), self.clock.now());
        for frame in block.frames() {
            if frame.packet_type == OUTGOING {
                continue;
            }
            self.number += 1;
            self.at = Time::from_nanos(frame.wall_nanos.saturating_sub(offset)).min(now).max(self.at);
            let meta = FrameMeta {
                at: self.at,
                number: self.number,
                interface: 0,
                link: LinkType::Ethernet,
                vlan: frame.vlan,
                original_len: frame.original_len,
            };
            sink(&meta, frame.bytes);
        }
        true
    }
}

impl FrameSource for Ring {
    fn frames(&mut self, timeout: Duration, sink: &mut dyn FnMut(&FrameMeta, &[u8])) -> io::Result<()> {
        if !self.block(sink) {
            if !wait(&self.socket, timeout)? {
                return Ok(());
            }
            // Frames that came before the interface went down are handed out first; the error stays pending.
            if !self.block(sink) {
                return self.socket.take_error()?.map_or(Ok(()), Err);
            }
        }
        // Once round the ring at most.
        for _ in 1..BLOCKS {
            if !self.block(sink) {
                break;
            }
        }
        Ok(())
    }

    fn dropped(&mut self) -> u64 {
        // Reading the statistics resets them.
        statistics(&self.socket).map_or(0, |s| u64::from(s.tp_drops))
    }

    fn not_joined(&self) -> &[IpAddr] {
        self.joins.refused()
    }
}

/// A packet socket that hears nothing yet (protocol 0), so that no frame gets past the filter.
pub(in crate::io) fn deaf_socket(interface: &Arc<str>, program: &[Instruction]) -> Result<Socket, CaptureError> {
    #[expect(clippy::disallowed_methods, reason = "the capture socket")]
    let socket =
        Socket::new(Domain::PACKET, Type::RAW, None).map_err(CaptureError::at(interface, "opening a socket"))?;
    let program = program.iter().map(|&(code, yes, no, k)| SockFilter::new(code, yes, no, k)).collect::<Vec<_>>();
    socket.attach_filter(&program).map_err(CaptureError::at(interface, "attaching the filter"))?;
    Ok(socket)
}

/// Begins to hear: binds the socket to an interface and an EtherType (`ETH_P_*`). It must be Ethernet and up.
pub(in crate::io) fn listen(
    socket: &Socket,
    interface: &Arc<str>,
    index: u32,
    ethertype: u16,
) -> Result<(), CaptureError> {
    let at = |step| CaptureError::at(interface, step);
    socket
        .bind(&link_address(index, ethertype).map_err(at("naming the interface"))?)
        .map_err(at("binding to the interface"))?;
    let bound = socket.local_addr().map_err(at("asking for the link type"))?;
    // SAFETY: the storage is larger than any sockaddr and was zeroed before the kernel wrote a sockaddr_ll, which is
    // plain integers, into it.
    let kind = unsafe { bound.as_ptr().cast::<libc::sockaddr_ll>().read() }.sll_hatype;
    if !ETHERNET_KINDS.contains(&kind) {
        return Err(CaptureError::NotEthernet { interface: Arc::clone(interface), kind });
    }
    // Binding to an interface that is down succeeds and leaves ENETDOWN.
    match socket.take_error().map_err(at("asking for errors"))? {
        Some(error) => Err(at("binding to the interface")(error)),
        None => Ok(()),
    }
}

fn link_address(index: u32, ethertype: u16) -> io::Result<SockAddr> {
    // SAFETY: sockaddr_ll is at most as large and as aligned as the zeroed storage that is handed in, and its whole
    // length is set; the fields not written stay zero.
    let ((), address) = unsafe {
        SockAddr::try_init(|storage, length| {
            let address = storage.cast::<libc::sockaddr_ll>();
            (*address).sll_family = libc::AF_PACKET as u16;
            (*address).sll_protocol = ethertype.to_be();
            (*address).sll_ifindex = index.cast_signed();
            *length = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
            Ok(())
        })
    }?;
    Ok(address)
}

fn set_option<T>(socket: &Socket, option: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: the pointer and the length describe `value`, which outlives the call; the kernel only reads it.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            option,
            std::ptr::from_ref(value).cast(),
            size_of::<T>() as libc::socklen_t,
        )
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn statistics(socket: &Socket) -> Option<libc::tpacket_stats_v3> {
    let mut value = libc::tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
    let mut length = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the kernel writes at most `length` bytes into `value`, which is plain integers.
    let result = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_PACKET,
            libc::PACKET_STATISTICS,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    (result == 0).then_some(value)
}

/// Waits for a block, an error or the timeout; false on timeout (or a signal).
fn wait(socket: &Socket, timeout: Duration) -> io::Result<bool> {
    let mut event = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLIN | libc::POLLERR, revents: 0 };
    let milliseconds = timeout.as_millis().min(10_000) as libc::c_int;
    // SAFETY: one pollfd, which outlives the call.
    match unsafe { libc::poll(&raw mut event, 1, milliseconds) } {
        0 => Ok(false),
        1 => Ok(true),
        _ => match io::Error::last_os_error() {
            error if error.kind() == io::ErrorKind::Interrupted => Ok(false),
            error => Err(error),
        },
    }
}

/// The ring's memory, shared with the kernel.
#[derive(Debug)]
struct Map {
    start: NonNull<u8>,
}

// SAFETY: the mapping belongs to this value alone and is not tied to a thread.
unsafe impl Send for Map {}

impl Map {
    const BYTES: usize = BLOCK_BYTES * BLOCKS;

    fn new(socket: &Socket) -> io::Result<Self> {
        set_option(socket, libc::PACKET_VERSION, &(libc::tpacket_versions::TPACKET_V3 as libc::c_int))?;
        // TPACKET_V3 packs frames; the frame size is only a unit that must divide the block.
        let frame_bytes = filter::SNAPLEN;
        let request = libc::tpacket_req3 {
            tp_block_size: BLOCK_BYTES as u32,
            tp_block_nr: BLOCKS as u32,
            tp_frame_size: frame_bytes,
            tp_frame_nr: Self::BYTES as u32 / frame_bytes,
            tp_retire_blk_tov: BLOCK_TIMEOUT_MS,
            tp_sizeof_priv: 0,
            tp_feature_req_word: 0,
        };
        set_option(socket, libc::PACKET_RX_RING, &request)?;
        // SAFETY: a new mapping at an address of the kernel's choice; the kernel refuses a wrong length.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                Self::BYTES,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                socket.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(start.cast()).map(|start| Self { start }).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// The block, if the kernel has handed it over. `&mut`: at most one block is out at a time.
    fn ready(&mut self, index: usize) -> Option<Block<'_>> {
        // SAFETY: the remainder is below BLOCKS, so that the block lies in the mapping.
        let start = unsafe { self.start.add(index % BLOCKS * BLOCK_BYTES) };
        let ours = status(self, start).load(Ordering::Acquire) & libc::TP_STATUS_USER != 0;
        ours.then_some(Block { start, map: self })
    }
}

/// Whose the block is. `start` must be that of a block of the map.
fn status(_map: &Map, start: NonNull<u8>) -> &AtomicU32 {
    let offset =
        std::mem::offset_of!(libc::tpacket_block_desc, hdr) + std::mem::offset_of!(libc::tpacket_hdr_v1, block_status);
    // SAFETY: the block begins with a tpacket_block_desc, aligned to a page, and lives as long as the map; the kernel
    // writes this word concurrently, as an atomic may be.
    unsafe { AtomicU32::from_ptr(start.add(offset).as_ptr().cast()) }
}

impl Drop for Map {
    fn drop(&mut self) {
        // SAFETY: this is the mapping of `new`, unmapped once; no block is out, as each borrows it.
        unsafe { libc::munmap(self.start.as_ptr().cast(), Self::BYTES) };
    }
}

/// A block that is ours until it is dropped, which gives it back to the kernel.
struct Block<'a> {
    start: NonNull<u8>,
    map: &'a mut Map,
}

impl Block<'_> {
    fn frames(&self) -> Frames<'_> {
        // SAFETY: the block is ours (acquired through its status), and begins with this header of plain integers.
        let header = unsafe { &self.start.cast::<libc::tpacket_block_desc>().as_ref().hdr.bh1 };
        // SAFETY: the block lies in the mapping; the kernel does not write to it before it is given back, which
        // needs the borrow of this slice to have ended.
        let bytes = unsafe { std::slice::from_raw_parts(self.start.as_ptr(), BLOCK_BYTES) };
        Frames { bytes, left: header.num_pkts, offset: header.offset_to_first_pkt as usize }
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        status(self.map, self.start).store(libc::TP_STATUS_KERNEL, Ordering::Release);
    }
}

/// The frames of one block.
struct Frames<'a> {
    bytes: &'a [u8],
    left: u32,
    offset: usize,
}

struct RawFrame<'a> {
    wall_nanos: i64,
    vlan: Option<u16>,
    original_len: u32,
    packet_type: u8,
    bytes: &'a [u8],
}

impl<'a> Iterator for Frames<'a> {
    type Item = RawFrame<'a>;

    fn next(&mut self) -> Option<RawFrame<'a>> {
        self.left = self.left.checked_sub(1)?;
        // Offsets come from the kernel; checked all the same, as a slip here would read foreign memory.
        let frame = self.bytes.get(self.offset..)?;
        let header = frame.get(..size_of::<libc::tpacket3_hdr>())?;
        // SAFETY: `header` has the size of a tpacket3_hdr, which is plain integers; read without regard to alignment.
        let header = unsafe { header.as_ptr().cast::<libc::tpacket3_hdr>().read_unaligned() };
        let packet_type = *frame.get(ADDRESS_OFFSET + std::mem::offset_of!(libc::sockaddr_ll, sll_pkttype))?;
        let start = usize::from(header.tp_mac);
        let bytes = frame.get(start..start + header.tp_snaplen as usize)?;
        self.offset += header.tp_next_offset as usize;
        let tagged = header.tp_status & libc::TP_STATUS_VLAN_VALID != 0;
        Some(RawFrame {
            wall_nanos: i64::from(header.tp_sec) * 1_000_000_000 + i64::from(header.tp_nsec),
            vlan: tagged.then_some(header.hv1.tp_vlan_tci as u16 & 0x0fff),
            original_len: header.tp_len,
            packet_type,
            bytes,
        })
    }
}
