//! What the tally tells the engine about frames: bounded, dated, without a single frame in it.

use super::{MacAddr, Time};
use std::net::IpAddr;
use std::sync::Arc;

/// How the bytes of a frame begin (the link-layer header type of libpcap).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkType {
    /// `LINKTYPE_ETHERNET` (1).
    Ethernet,
    /// `LINKTYPE_LINUX_SLL` (113): `tcpdump -i any` of old.
    LinuxSll,
    /// `LINKTYPE_LINUX_SLL2` (276): `tcpdump -i any` of today.
    LinuxSll2,
    /// `LINKTYPE_RAW` (101), `LINKTYPE_IPV4` (228), `LINKTYPE_IPV6` (229): no link-layer header, so no MAC.
    RawIp,
    /// Any other; its frames are counted and not read.
    Other(u32),
}

/// What is known of a captured frame beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameMeta {
    /// When it was captured.
    pub at: Time,
    /// 1 for the first frame of this source: the frame number Wireshark shows.
    pub number: u64,
    /// The interface within this source (pcapng interface id; 0 live).
    pub interface: u16,
    /// How the bytes begin.
    pub link: LinkType,
    /// VLAN id that the hardware took out of the frame (`PACKET_AUXDATA`, ring header), if any.
    pub vlan: Option<u16>,
    /// Length on the wire in bytes; the bytes at hand may be fewer (snaplen).
    pub original_len: u32,
}

/// What a group frame carries, as far as storms care. One word for the metrics label and the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Protocol {
    /// UPnP discovery, UDP port 1900.
    Ssdp,
    /// Multicast DNS, UDP port 5353.
    Mdns,
    /// Link-local multicast name resolution, UDP port 5355.
    Llmnr,
    /// Web Services Discovery, UDP port 3702.
    WsDiscovery,
    /// NetBIOS name and datagram services, UDP ports 137 and 138.
    Netbios,
    /// DHCP and DHCPv6, UDP ports 67, 68, 546, 547.
    Dhcp,
    /// Address Resolution Protocol.
    Arp,
    /// IGMP, IP protocol 2.
    Igmp,
    /// Multicast Listener Discovery: ICMPv6 types 130-132 and 143.
    Mld,
    /// Neighbour Discovery: ICMPv6 types 133-137.
    Nd,
    /// PPPoE discovery and session, EtherTypes 0x8863 and 0x8864.
    Pppoe,
    /// Spanning tree and other IEEE 802.2 control frames.
    Stp,
    /// MAC control (pause) frames, EtherType 0x8808.
    Pause,
    /// Any other UDP datagram.
    OtherUdp,
    /// Any other IPv4 or IPv6 packet.
    OtherIp,
    /// Any other EtherType.
    Other,
}

impl Protocol {
    /// Every protocol, in the order of the metrics.
    pub const ALL: [Self; 16] = [
        Self::Ssdp,
        Self::Mdns,
        Self::Llmnr,
        Self::WsDiscovery,
        Self::Netbios,
        Self::Dhcp,
        Self::Arp,
        Self::Igmp,
        Self::Mld,
        Self::Nd,
        Self::Pppoe,
        Self::Stp,
        Self::Pause,
        Self::OtherUdp,
        Self::OtherIp,
        Self::Other,
    ];

    /// The identifier in metrics labels and JSON.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ssdp => "ssdp",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::WsDiscovery => "ws_discovery",
            Self::Netbios => "netbios",
            Self::Dhcp => "dhcp",
            Self::Arp => "arp",
            Self::Igmp => "igmp",
            Self::Mld => "mld",
            Self::Nd => "nd",
            Self::Pppoe => "pppoe",
            Self::Stp => "stp",
            Self::Pause => "pause",
            Self::OtherUdp => "udp",
            Self::OtherIp => "ip",
            Self::Other => "other",
        }
    }

    /// What a person calls one message of it, in the plural, for the sentence: "searches".
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Ssdp => "searches",
            Self::Mdns => "mDNS messages",
            Self::Llmnr => "name queries (LLMNR)",
            Self::WsDiscovery => "WS-Discovery messages",
            Self::Netbios => "NetBIOS broadcasts",
            Self::Dhcp => "DHCP messages",
            Self::Arp => "ARP requests",
            Self::Igmp => "IGMP messages",
            Self::Mld => "MLD messages",
            Self::Nd => "neighbour discovery messages",
            Self::Pppoe => "PPPoE frames",
            Self::Stp => "spanning tree frames",
            Self::Pause => "pause frames",
            Self::OtherUdp => "UDP messages",
            Self::OtherIp => "IP messages",
            Self::Other => "broadcasts",
        }
    }
}

impl serde::Serialize for Protocol {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// Who sends what to which group in one broadcast domain of one interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey {
    /// VLAN id, 0 for untagged.
    pub vlan: u16,
    /// Source MAC of the frame.
    pub mac: MacAddr,
    /// Source IP; for ARP the sender's protocol address; `None` for anything else.
    pub ip: Option<IpAddr>,
    /// IP destination; `None` where there is no IP header (the frame went to `ff:ff:ff:ff:ff:ff` or a group MAC).
    pub group: Option<IpAddr>,
    /// What it carries.
    pub protocol: Protocol,
}

/// Traffic of one source since the last summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceCount {
    /// Whose traffic.
    pub key: SourceKey,
    /// Frames counted; with more sources than places (Space-Saving) an upper bound.
    pub frames: u64,
    /// By how much `frames` may be too large.
    pub overcount: u64,
    /// Bytes on the wire.
    pub bytes: u64,
    /// Of `frames`, how many repeated a datagram seen in this segment less than two seconds before.
    pub repeats: u64,
    /// Of `frames`, how many said again, in a datagram of their own, what another device had just said (mDNS).
    pub echoes: u64,
    /// First and last frame of this summary.
    pub first: Time,
    /// See `first`.
    pub last: Time,
}

/// Copies of one datagram that came from one MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyCount {
    /// Source MAC of the copies.
    pub mac: MacAddr,
    /// Copies so far, from the first sight of this datagram on.
    pub frames: u64,
    /// Lowest TTL or hop limit among them; 0 without an IP header.
    pub ttl_min: u8,
    /// Highest TTL or hop limit among them.
    pub ttl_max: u8,
    /// When this MAC sent its first copy.
    pub first: Time,
}

/// One datagram that was seen again and again: same L3 bytes but for TTL and header checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replica {
    /// Identifies the datagram within this interface and VLAN.
    pub hash: u64,
    /// VLAN id, 0 for untagged.
    pub vlan: u16,
    /// Source IP, as in [`SourceKey::ip`].
    pub ip: Option<IpAddr>,
    /// IP destination.
    pub group: Option<IpAddr>,
    /// What it carries.
    pub protocol: Protocol,
    /// IPv4 identification, if the datagram is IPv4.
    pub ip_id: Option<u16>,
    /// Frames seen of it in all, the first included.
    pub copies: u64,
    /// Frames of it since the last summary.
    pub fresh: u64,
    /// Length of the frame on the wire in bytes.
    pub frame_len: u32,
    /// First seen.
    pub first: Time,
    /// Last seen.
    pub last: Time,
    /// Frame number of the first sight.
    pub first_number: u64,
    /// Frame number of the last sight.
    pub last_number: u64,
    /// MAC of the first sight.
    pub first_mac: MacAddr,
    /// TTL or hop limit of the first sight.
    pub first_ttl: u8,
    /// How often the TTL was lower than in the copy before.
    pub ttl_falls: u32,
    /// How often the TTL was the same as in the copy before.
    pub ttl_same: u32,
    /// Per source MAC, in order of appearance, at most [`Replica::MAX_MACS`].
    pub senders: Vec<CopyCount>,
    /// The tally had been listening for at least a second when the first copy came.
    pub warm: bool,
}

impl Replica {
    /// Senders kept apart per datagram; more are counted to the last.
    pub const MAX_MACS: usize = 4;
}

/// How an address was seen to belong to a MAC, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerProof {
    /// The user said so (`--owner IP=MAC`, `names:`).
    Told,
    /// ARP sender, or the kernel's neighbour table.
    Arp,
    /// Neighbour Discovery with a link-layer address option.
    Nd,
    /// DHCP acknowledgement.
    Dhcp,
    /// ARP table of a switch or router, over SNMP.
    Snmp,
    /// On-link unicast or a link-local group, which no router passes on.
    Traffic,
}

impl OwnerProof {
    /// What the evidence calls it.
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Told => "told by you",
            Self::Arp => "ARP",
            Self::Nd => "neighbour discovery",
            Self::Dhcp => "DHCP",
            Self::Snmp => "ARP table over SNMP",
            Self::Traffic => "its own link-local traffic",
        }
    }
}

/// `mac` was seen to own `ip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerClaim {
    /// The address.
    pub ip: IpAddr,
    /// Its owner.
    pub mac: MacAddr,
    /// How we know.
    pub proof: OwnerProof,
    /// When it was seen.
    pub at: Time,
}

/// What one capture source saw since its last summary. Every list is bounded by the tally.
#[derive(Clone, Debug)]
pub struct FrameSummary {
    /// Name of the interface, or of the file.
    pub interface: Arc<str>,
    /// Start and end of the time it covers.
    pub from: Time,
    /// See `from`.
    pub until: Time,
    /// Frames in all.
    pub frames: u64,
    /// Group-addressed frames per protocol, in the order of [`Protocol::ALL`].
    pub group_frames: [u64; Protocol::ALL.len()],
    /// Frames that repeated a datagram seen within the last second.
    pub replica_frames: u64,
    /// Frames the kernel dropped before we saw them.
    pub dropped: u64,
    /// Frames that could not be read: too short, unknown link type, contradicting lengths.
    pub malformed: u64,
    /// Heaviest sources, at most 256, heaviest first.
    pub sources: Vec<SourceCount>,
    /// Datagrams for which a replica rule fired, at most 64, most copies first.
    pub replicas: Vec<Replica>,
    /// Owners seen, at most 256.
    pub owners: Vec<OwnerClaim>,
    /// Entries that did not fit the limits above.
    pub refused: u64,
}
