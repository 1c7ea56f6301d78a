//! What the answers of a gateway's WAN services say: WANIPConnection:1 and :2, WANPPPConnection:1,
//! WANCommonInterfaceConfig:1, WANIPv6FirewallControl:1, Layer3Forwarding:1. Each reader takes what is there and leaves
//! the rest as it was. Knows no HTTP, and judges nothing.

use super::soap::Fields;
use crate::model::device::{AddressAnswer, Connection, GatewayKind, Ipv6Firewall, WanLink};
use std::net::IpAddr;

/// The version in a device or service type (`urn:schemas-upnp-org:service:WANIPConnection:2`); 1 where it names none.
#[must_use]
pub fn version(kind: &str) -> u32 {
    kind.rsplit(':').next().and_then(|version| version.trim().parse().ok()).unwrap_or(1)
}

/// The kind of a gateway by its device type.
#[must_use]
pub fn kind(device_type: &str) -> GatewayKind {
    match (device_type.contains(":InternetGatewayDevice:"), version(device_type)) {
        (false, _) => GatewayKind::Other,
        (true, 0 | 1) => GatewayKind::Igd1,
        (true, _) => GatewayKind::Igd2,
    }
}

/// `GetExternalIPAddress` (WANIPConnection:1, 2.4.18).
#[must_use]
pub fn external_address(fields: &Fields) -> AddressAnswer {
    match fields.get("NewExternalIPAddress").as_deref() {
        None | Some("") => AddressAnswer::None,
        Some(text) => match text.parse::<IpAddr>() {
            Ok(address) if address.is_unspecified() => AddressAnswer::None,
            Ok(address) => AddressAnswer::Is(address),
            Err(_) => AddressAnswer::Unread,
        },
    }
}

/// `GetStatusInfo` (WANIPConnection:1, 2.4.6).
pub fn status(fields: &Fields, into: &mut Connection) {
    into.status = fields.text("NewConnectionStatus");
    into.last_error = fields.text("NewLastConnectionError");
    into.uptime_seconds = fields.number("NewUptime").and_then(|uptime| uptime.try_into().ok());
}

/// `GetConnectionTypeInfo` (WANIPConnection:1, 2.4.2).
pub fn connection_type(fields: &Fields, into: &mut Connection) {
    into.connection_type = fields.text("NewConnectionType");
}

/// `GetNATRSIPStatus` (WANIPConnection:1, 2.4.13).
pub fn nat(fields: &Fields, into: &mut Connection) {
    into.nat_enabled = fields.flag("NewNATEnabled");
}

/// `GetLinkLayerMaxBitRates` (WANPPPConnection:1, 2.4.4).
pub fn ppp_rates(fields: &Fields, into: &mut Connection) {
    into.up_bits_per_second = fields.number("NewUpstreamMaxBitRate");
    into.down_bits_per_second = fields.number("NewDownstreamMaxBitRate");
}

/// `GetCommonLinkProperties` (WANCommonInterfaceConfig:1, 2.4.2).
pub fn link(fields: &Fields, into: &mut WanLink) {
    into.access_type = fields.text("NewWANAccessType");
    into.physical = fields.text("NewPhysicalLinkStatus");
    into.up_bits_per_second = fields.number("NewLayer1UpstreamMaxBitRate");
    into.down_bits_per_second = fields.number("NewLayer1DownstreamMaxBitRate");
}

/// Reads one counter of an answer into its place.
pub type CounterReader = fn(&Fields, &mut WanLink);

/// The four counters of WANCommonInterfaceConfig:1 (2.4.4 to 2.4.7): the action, and what its answer says.
pub const COUNTERS: [(&str, CounterReader); 4] = [
    ("GetTotalBytesSent", |fields, link| link.bytes_sent = counter(fields, "NewTotalBytesSent")),
    ("GetTotalBytesReceived", |fields, link| link.bytes_received = counter(fields, "NewTotalBytesReceived")),
    ("GetTotalPacketsSent", |fields, link| link.packets_sent = counter(fields, "NewTotalPacketsSent")),
    ("GetTotalPacketsReceived", |fields, link| link.packets_received = counter(fields, "NewTotalPacketsReceived")),
];

/// Some gateways print the 32-bit counter as a signed number once it is past 2^31: it is the same counter.
fn counter(fields: &Fields, name: &str) -> Option<u64> {
    let text = fields.get(name)?;
    let negative = || text.parse::<i32>().ok().map(|value| u64::from(value.cast_unsigned()));
    text.parse().ok().or_else(negative)
}

/// `GetFirewallStatus` (WANIPv6FirewallControl:1, 2.4.1). `None` where it does not say whether it is on.
#[must_use]
pub fn firewall(fields: &Fields) -> Option<Ipv6Firewall> {
    let enabled = fields.flag("FirewallEnabled")?;
    Some(Ipv6Firewall { enabled, pinholes_allowed: fields.flag("InboundPinholeAllowed") == Some(true) })
}

/// `GetDefaultConnectionService` (Layer3Forwarding:1, 2.4.2) names this service: by the UDN of its device and its
/// service id, with whatever the maker put in between, or by the service id alone.
#[must_use]
pub fn names_service(fields: &Fields, device_udn: &str, service_id: &str) -> bool {
    let Some(text) = fields.text("NewDefaultConnectionService") else { return false };
    let (device, service) = text.rsplit_once(',').unwrap_or(("", &text));
    let device = device.trim();
    let same_device = device.is_empty()
        || device_udn.is_empty()
        || device.get(..device_udn.len()).is_some_and(|start| start.eq_ignore_ascii_case(device_udn));
    !service_id.is_empty() && service.trim() == service_id && same_device
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::soap::{self, Answer};

    fn fields(inside: &str) -> Fields {
        let body = format!("<e><b><XResponse>{inside}</XResponse></b></e>");
        let Ok(Answer::Result(fields)) = soap::parse(body.as_bytes()) else { panic!("no result: {body}") };
        fields
    }

    #[test]
    fn kinds_by_device_type() {
        let check = |text: &str, expected| assert_eq!(kind(text), expected, "{text}");
        check("urn:schemas-upnp-org:device:InternetGatewayDevice:1", GatewayKind::Igd1);
        check("urn:schemas-upnp-org:device:InternetGatewayDevice:2", GatewayKind::Igd2);
        check("urn:x:device:InternetGatewayDevice:", GatewayKind::Igd1);
        check("urn:schemas-upnp-org:device:WANDevice:2", GatewayKind::Other);
    }

    #[test]
    fn an_address_none_or_nothing_usable() {
        let check = |text: &str, expected| assert_eq!(external_address(&fields(text)), expected, "{text}");
        let tagged = |text: &str| format!("<NewExternalIPAddress>{text}</NewExternalIPAddress>");
        check(&tagged(" 192.0.0.2 "), AddressAnswer::Is([192, 0, 0, 2].into()));
        check(&tagged(""), AddressAnswer::None);
        check(&tagged("0.0.0.0"), AddressAnswer::None);
        check("", AddressAnswer::None);
        check(&tagged("not connected"), AddressAnswer::Unread);
    }

    #[test]
    fn counters_wrap_and_may_have_a_sign() {
        let mut link = WanLink::default();
        for ((_, read), (name, value)) in COUNTERS.iter().zip([
            ("NewTotalBytesSent", "4294967295"),
            ("NewTotalBytesReceived", "-1"),
            ("NewTotalPacketsSent", "18446744073709551615"),
            ("NewTotalPacketsReceived", "many"),
        ]) {
            read(&fields(&format!("<{name}>{value}</{name}>")), &mut link);
        }
        let found = [link.bytes_sent, link.bytes_received, link.packets_sent, link.packets_received];
        assert_eq!(found, [Some(u64::from(u32::MAX)), Some(u64::from(u32::MAX)), Some(u64::MAX), None]);
    }

    #[test]
    fn the_default_connection() {
        let check = |text: &str, expected| {
            let answer = fields(&format!("<NewDefaultConnectionService>{text}</NewDefaultConnectionService>"));
            assert_eq!(names_service(&answer, "uuid:con-2", "urn:upnp-org:serviceId:WANPPPConn1"), expected, "{text}");
        };
        check("uuid:CON-2:WANConnectionDevice:1,urn:upnp-org:serviceId:WANPPPConn1", true);
        check("uuid:con-2, urn:upnp-org:serviceId:WANPPPConn1", true);
        check("urn:upnp-org:serviceId:WANPPPConn1", true);
        check("uuid:con-1:WANConnectionDevice:1,urn:upnp-org:serviceId:WANPPPConn1", false);
        check("uuid:con-2:WANConnectionDevice:1,urn:upnp-org:serviceId:WANIPConn1", false);
        check("", false);
    }

    #[test]
    fn firewall_needs_to_say_whether_it_is_on() {
        let answer = fields("<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>0</InboundPinholeAllowed>");
        assert_eq!(firewall(&answer), Some(Ipv6Firewall { enabled: true, pinholes_allowed: false }));
        assert_eq!(firewall(&fields("<InboundPinholeAllowed>1</InboundPinholeAllowed>")), None);
    }
}
