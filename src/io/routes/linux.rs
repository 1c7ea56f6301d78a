//! Default routes by netlink.

use super::DefaultRoute;
use crate::io::netlink;
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType};
use std::io;
use std::net::IpAddr;

/// Default routes kept: one per interface and address family, in a home one or two.
const MAX_ROUTES: usize = 64;

/// The default routes of the main table, the one in use first. A route without a next hop (a tunnel, a PPP line) leads
/// by no router, and is left out.
///
/// # Errors
/// The kernel's netlink cannot be asked.
pub fn defaults() -> io::Result<Vec<DefaultRoute>> {
    let dump = netlink::dump(&RouteNetlinkMessage::GetRoute(RouteMessage::default()))?;
    let mut routes = Vec::new();
    for message in &dump.messages {
        if let RouteNetlinkMessage::NewRoute(route) = message {
            routes.extend(default_route(route));
        }
    }
    routes.sort_by_key(|route| (route.metric, route.interface, route.next_hop));
    routes.truncate(MAX_ROUTES);
    Ok(routes)
}

/// Every next hop of a default route.
fn default_route(route: &RouteMessage) -> Vec<DefaultRoute> {
    let header = &route.header;
    if header.destination_prefix_length != 0 || header.kind != RouteType::Unicast || !in_main_table(route) {
        return Vec::new();
    }
    let (mut hop, mut interface, mut metric) = (None, 0, 0);
    let mut routes = Vec::new();
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Gateway(address) => hop = ip(address),
            RouteAttribute::Oif(index) => interface = *index,
            RouteAttribute::Priority(value) => metric = *value,
            RouteAttribute::MultiPath(hops) => {
                let gateway = |attributes: &[RouteAttribute]| {
                    attributes.iter().find_map(|a| if let RouteAttribute::Gateway(a) = a { ip(a) } else { None })
                };
                routes.extend(hops.iter().filter_map(|hop| {
                    let next_hop = gateway(&hop.attributes)?;
                    Some(DefaultRoute { interface: hop.interface_index, next_hop, metric: 0 })
                }));
            }
            _ => {}
        }
    }
    routes.iter_mut().for_each(|route| route.metric = metric);
    routes.extend(hop.map(|next_hop| DefaultRoute { interface, next_hop, metric }));
    routes
}

fn in_main_table(route: &RouteMessage) -> bool {
    // Table numbers beyond a byte stand in an attribute, and the header then holds 252.
    let long =
        route.attributes.iter().find_map(|a| if let RouteAttribute::Table(table) = a { Some(*table) } else { None });
    long.unwrap_or_else(|| u32::from(route.header.table)) == u32::from(RouteHeader::RT_TABLE_MAIN)
}

fn ip(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(v4) => Some(IpAddr::V4(*v4)),
        RouteAddress::Inet6(v6) => Some(IpAddr::V6(*v6)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(length: u8, attributes: Vec<RouteAttribute>) -> RouteMessage {
        let mut message = RouteMessage::default();
        message.header.destination_prefix_length = length;
        message.header.kind = RouteType::Unicast;
        message.header.table = RouteHeader::RT_TABLE_MAIN;
        message.attributes = attributes;
        message
    }

    #[test]
    fn only_next_hops_of_default_routes_count() {
        let gateway = || RouteAttribute::Gateway(RouteAddress::Inet([192, 168, 1, 1].into()));
        let expected = DefaultRoute { interface: 2, next_hop: [192, 168, 1, 1].into(), metric: 100 };
        let attributes = || vec![gateway(), RouteAttribute::Oif(2), RouteAttribute::Priority(100)];
        assert_eq!(default_route(&route(0, attributes())), [expected]);
        assert_eq!(default_route(&route(24, attributes())), []);
        assert_eq!(default_route(&route(0, vec![RouteAttribute::Oif(2)])), []);
        let mut elsewhere = route(0, attributes());
        elsewhere.attributes.push(RouteAttribute::Table(1000));
        assert_eq!(default_route(&elsewhere), []);
    }

    #[test]
    fn the_kernel_answers() {
        assert!(defaults().is_ok());
    }
}
