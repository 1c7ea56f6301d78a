//! Captures made for the tests: a home network healthy, stormy, looping, chattering; and the file formats they can be
//! written in. Shares no code with the program, so that a mistake cannot cancel itself out.

use std::net::Ipv4Addr;

/// 2026-01-31 20:14:00 UTC, nanoseconds.
pub(crate) const START: u64 = 1_769_890_440_000_000_000;
pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MS;

/// A device of the home network.
#[derive(Clone, Copy)]
pub(crate) struct Host {
    pub(crate) mac: [u8; 6],
    pub(crate) ip: [u8; 4],
}

const fn host(last: u8) -> Host {
    Host { mac: [0x02, 0x11, 0x22, 0x33, last, last], ip: [192, 168, 1, last] }
}

pub(crate) const PROVIDER: Host = host(1);
pub(crate) const ECHO: Host = host(10);
pub(crate) const NAS: Host = host(20);
pub(crate) const PI: Host = host(30);
pub(crate) const TELEVISION: Host = host(40);
pub(crate) const PC: Host = host(50);
/// The second router, by its LAN side.
pub(crate) const ROUTER: Host = Host { mac: [0x3c, 0x84, 0x6a, 0x10, 0x00, 0xc8], ip: [192, 168, 1, 100] };
pub(crate) const HOSTS: [Host; 7] = [PROVIDER, ECHO, NAS, PI, TELEVISION, PC, ROUTER];

pub(crate) const SSDP: ([u8; 4], u16) = ([239, 255, 255, 250], 1900);
pub(crate) const MDNS: ([u8; 4], u16) = ([224, 0, 0, 251], 5353);

pub(crate) fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

pub(crate) fn ip_text(ip: [u8; 4]) -> String {
    Ipv4Addr::from(ip).to_string()
}

fn checksum(header: &[u8]) -> [u8; 2] {
    let mut sum = header.chunks(2).map(|two| u32::from(u16::from_be_bytes([two[0], two[1]]))).sum::<u32>();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!(sum as u16)).to_be_bytes()
}

fn group_mac(group: [u8; 4]) -> [u8; 6] {
    if group == [255; 4] { [255; 6] } else { [1, 0, 0x5e, group[1] & 0x7f, group[2], group[3]] }
}

/// A UDP datagram to a group. `sender`: the Ethernet source.
pub(crate) fn udp(sender: [u8; 6], from: [u8; 4], to: ([u8; 4], u16), ttl: u8, id: u16, payload: &[u8]) -> Vec<u8> {
    let mut header = [&[0x45, 0][..], &(28 + payload.len() as u16).to_be_bytes(), &id.to_be_bytes()].concat();
    header.extend([&[0, 0, ttl, 17, 0, 0][..], &from, &to.0].concat());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum);
    let mut frame = [&group_mac(to.0)[..], &sender, &[8, 0], &header].concat();
    frame.extend(to.1.to_be_bytes());
    frame.extend(to.1.to_be_bytes());
    frame.extend((8 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    frame.resize(frame.len().max(60), 0);
    frame
}

pub(crate) fn arp(asker: Host, wanted: [u8; 4]) -> Vec<u8> {
    let mut frame = [&[255; 6][..], &asker.mac, &[8, 6, 0, 1, 8, 0, 6, 4, 0, 1], &asker.mac, &asker.ip].concat();
    frame.extend([&[0; 6][..], &wanted].concat());
    frame.resize(60, 0);
    frame
}

pub(crate) fn search(sender: [u8; 6], ttl: u8, id: u16) -> Vec<u8> {
    let text =
        b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\nMX: 3\r\nST: ssdp:all\r\n\r\n";
    udp(sender, ECHO.ip, SSDP, ttl, id, text)
}

/// Frames with their times, nanoseconds since [`START`].
#[derive(Clone, Default)]
pub(crate) struct Capture(pub(crate) Vec<(u64, Vec<u8>)>);

impl Capture {
    fn add(&mut self, at: u64, frame: Vec<u8>) {
        self.0.push((at, frame));
    }

    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.0.sort_by_key(|(at, _)| *at);
        self
    }

    pub(crate) fn later(mut self, by: u64) -> Self {
        self.0.iter_mut().for_each(|(at, _)| *at += by);
        self
    }

    /// From frame number `number` (the first is 1) on.
    pub(crate) fn cut_to_frame(mut self, number: usize) -> Self {
        self.0.drain(..number - 1);
        self
    }

    /// One frame of every `n`.
    pub(crate) fn one_in(mut self, n: usize) -> Self {
        let mut index = 0;
        self.0.retain(|_| {
            index += 1;
            index % n == 0
        });
        self
    }
}

/// A minute of a healthy home: ARP, announcements repeated as devices do, searches, a burst after a power cut.
pub(crate) fn healthy_minute() -> Capture {
    let mut capture = Capture::default();
    let mut id = 0_u16;
    for (n, host) in HOSTS.into_iter().enumerate() {
        let offset = n as u64 * 700 * MS;
        for round in 0..6 {
            let at = offset + round * 10 * SECOND;
            capture.add(at, arp(host, PROVIDER.ip));
            // The same question three times, as impatient stacks do: byte for byte.
            for copy in 0..3 {
                capture.add(at + (100 + 250 * copy) * MS, arp(host, [192, 168, 1, 99]));
            }
            for message in 0..4_u64 {
                id = id.wrapping_add(1);
                let text = format!("answer {round} {message} of {n}");
                capture.add(at + (300 + 20 * message) * MS, udp(host.mac, host.ip, MDNS, 255, id, text.as_bytes()));
            }
            let text = format!("NOTIFY * HTTP/1.1\r\nUSN: uuid:{n}\r\n\r\n");
            for copy in 0..3 {
                id = id.wrapping_add(1);
                let frame = udp(host.mac, host.ip, SSDP, 4, id, text.as_bytes());
                capture.add(at + (500 + 100 * copy) * MS, frame);
            }
        }
    }
    for n in 0..120_u64 {
        let host = HOSTS[n as usize % HOSTS.len()];
        let text = format!("NOTIFY * HTTP/1.1\r\nNT: service-{n}\r\n\r\n");
        capture.add(30 * SECOND + n * 2_500_000, udp(host.mac, host.ip, SSDP, 4, 10_000 + n as u16, text.as_bytes()));
    }
    capture.add(45 * SECOND, search(ECHO.mac, 4, 77));
    capture.and(Capture::default())
}

/// One search of the Echo; the router lowers the TTL of what it returns, so that it dies out.
pub(crate) fn incident_falling(ttl: u8) -> Capture {
    let mut capture = Capture::default();
    for (n, ttl) in (1..=ttl).rev().enumerate() {
        let sender = if n == 0 { ECHO.mac } else { ROUTER.mac };
        capture.add(SECOND + n as u64 * 20_000, search(sender, ttl, 0x1111));
    }
    capture
}

/// One search of the Echo; the router returns it with the same TTL for ever, at the rate that killed the home.
pub(crate) fn incident_constant(seconds: u64) -> Capture {
    let mut capture = Capture::default();
    capture.add(SECOND, search(ECHO.mac, 4, 0xcfd7));
    for n in 1..=1_800 * seconds {
        capture.add(SECOND + n * SECOND / 1_800, search(ROUTER.mac, 3, 0xcfd7));
    }
    capture
}

/// The middle of a storm in which the router sends a link-local message of the Echo round: traffic that no correct
/// router passes on, so that it looks like the owner's own.
pub(crate) fn relayed_mdns() -> Capture {
    let frame = udp(ROUTER.mac, ECHO.ip, MDNS, 255, 0xcfd7, b"a question of the Echo");
    Capture((0..5_400).map(|n| (n * SECOND / 1_800, frame.clone())).collect())
}

/// One ARP request circles, and nobody else says a word: a loop, or a device gone mad.
pub(crate) fn one_request_circles() -> Capture {
    Capture((0..15_000).map(|n| (n * SECOND / 5_000, arp(NAS, PROVIDER.ip))).collect())
}

/// A cable closes a ring: whatever the hosts send to all circles with its own MAC and TTL.
pub(crate) fn l2_loop() -> Capture {
    let mut capture = Capture::default();
    for (n, host) in [NAS, PC, TELEVISION, PI].into_iter().enumerate() {
        let from = SECOND + n as u64 * 300 * MS;
        let frame = if n == 0 {
            arp(host, PROVIDER.ip)
        } else {
            udp(host.mac, host.ip, MDNS, 255, 900 + n as u16, format!("host {n}").as_bytes())
        };
        for copy in 0..(4 * SECOND - from) / (2 * MS) {
            capture.add(from + copy * 2 * MS + n as u64, frame.clone());
        }
    }
    capture.and(Capture::default())
}

/// The Pi sends 300 fresh mDNS messages a second.
pub(crate) fn chatty_source() -> Capture {
    let mut capture = Capture::default();
    capture.add(0, arp(PI, PROVIDER.ip));
    for n in 0..1_800_u64 {
        let text = format!("message {n}");
        capture.add(SECOND + n * SECOND / 300, udp(PI.mac, PI.ip, MDNS, 255, n as u16, text.as_bytes()));
    }
    capture
}

/// How to write a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Encoding {
    pub(crate) big_endian: bool,
    pub(crate) nanoseconds: bool,
    pub(crate) pcapng: bool,
}

impl Encoding {
    pub(crate) const PCAP: Self = Self { big_endian: false, nanoseconds: false, pcapng: false };

    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|n| Self { big_endian: n & 1 != 0, nanoseconds: n & 2 != 0, pcapng: n & 4 != 0 })
    }

    fn u16(self, n: u16) -> [u8; 2] {
        if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    fn u32(self, n: u32) -> [u8; 4] {
        if self.big_endian { n.to_be_bytes() } else { n.to_le_bytes() }
    }

    pub(crate) fn write(self, capture: &Capture) -> Vec<u8> {
        if self.pcapng { self.write_pcapng(capture) } else { self.write_pcap(capture) }
    }

    fn write_pcap(self, capture: &Capture) -> Vec<u8> {
        let magic = if self.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let mut file = [&self.u32(magic)[..], &self.u16(2), &self.u16(4), &[0; 8], &self.u32(262_144)].concat();
        file.extend(self.u32(1));
        for (at, frame) in &capture.0 {
            let at = START + at;
            let fraction = if self.nanoseconds { at % SECOND } else { at % SECOND / 1_000 };
            for field in [(at / SECOND) as u32, fraction as u32, frame.len() as u32, frame.len() as u32] {
                file.extend(self.u32(field));
            }
            file.extend(frame);
        }
        file
    }

    fn block(self, kind: u32, body: &[u8], file: &mut Vec<u8>) {
        let length = self.u32(body.len().next_multiple_of(4) as u32 + 12);
        file.extend(self.u32(kind));
        file.extend(length);
        file.extend(body);
        file.resize(file.len().next_multiple_of(4), 0);
        file.extend(length);
    }

    fn write_pcapng(self, capture: &Capture) -> Vec<u8> {
        let mut file = self.pcapng_start(&[b"eth0"]);
        for (at, frame) in &capture.0 {
            self.packet(0, *at, frame, &mut file);
        }
        file
    }

    /// pcapng in which two interfaces, `eth0` and `eth1`, recorded every frame, the second a little later.
    pub(crate) fn write_twice(self, capture: &Capture) -> Vec<u8> {
        let mut file = self.pcapng_start(&[b"eth0", b"eth1"]);
        for (at, frame) in &capture.0 {
            self.packet(0, *at, frame, &mut file);
            self.packet(1, *at + 100_000, frame, &mut file);
        }
        file
    }

    fn pcapng_start(self, names: &[&[u8; 4]]) -> Vec<u8> {
        let mut file = Vec::new();
        let section = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &[255; 8]].concat();
        self.block(0x0a0d_0d0a, &section, &mut file);
        let resolution = if self.nanoseconds { 9 } else { 6 };
        for name in names {
            let mut interface = [&self.u16(1)[..], &self.u16(0), &self.u32(0)].concat();
            interface.extend([&self.u16(2)[..], &self.u16(4), &name[..]].concat());
            interface.extend([&self.u16(9)[..], &self.u16(1), &[resolution, 0, 0, 0], &self.u32(0)].concat());
            self.block(1, &interface, &mut file);
        }
        file
    }

    fn packet(self, interface: u32, at: u64, frame: &[u8], file: &mut Vec<u8>) {
        let ticks = (START + at) / if self.nanoseconds { 1 } else { 1_000 };
        let length = self.u32(frame.len() as u32);
        let (high, low) = (self.u32((ticks >> 32) as u32), self.u32(ticks as u32));
        let mut body = [self.u32(interface), high, low, length, length].concat();
        body.extend(frame);
        self.block(6, &body, file);
    }
}
