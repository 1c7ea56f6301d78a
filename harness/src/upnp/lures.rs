//! Every way in which a device can try to send a client to a host that is not its own: a `LOCATION`, a redirect, an
//! `URLBase`, a control URL. Whether the client went, the test hears at that host.

use super::device::{About, describe};
use super::gateway::GatewayOptions;
use super::http::{Manner, Request, Response};
use super::ssdp::Identity;
use super::wan::Service;

/// The ways, as the path of a description on the device itself; a `LOCATION` needs none.
const WAYS: [&str; 4] = ["redirect", "base", "control", "redirected-control"];

/// Answers to a search: for each host one that names it, and one for each of the other ways, by names of their own.
pub(super) fn answers(identity: &Identity, own: &str, st: &str, hosts: &[String]) -> Vec<Vec<u8>> {
    if st != "upnp:rootdevice" {
        return Vec::new();
    }
    let mut answers = Vec::new();
    for (number, host) in hosts.iter().enumerate() {
        let named = [("location", format!("http://{host}/location.xml"))];
        let ways = WAYS.map(|way| (way, format!("http://{own}/lure/{number}/{way}")));
        for (way, location) in named.into_iter().chain(ways) {
            let lure = Identity { udn: format!("uuid:lure-{number}-{way}"), location, ..identity.clone() };
            answers.extend(lure.answers(st).into_iter().map(String::into_bytes));
        }
    }
    answers
}

/// The answer to a request for one of the paths above; nothing for others.
pub(super) fn respond(request: &Request, options: &GatewayOptions, hosts: &[String]) -> Option<Response> {
    let (number, way) = request.path.strip_prefix("/lure/")?.split_once('/')?;
    let host = hosts.get(number.parse::<usize>().ok()?)?;
    let redirect = |path: &str| Response::xml("").sent(Manner::Redirect(format!("http://{host}/{path}")));
    let described = |base: &str, control: &str| Response::xml(description(options, number, way, (base, control)));
    match way {
        "redirect" => Some(redirect("redirect.xml")),
        "base" => Some(described(&format!("http://{host}/"), "base")),
        "control" => Some(described("", &format!("http://{host}/control"))),
        "redirected-control" => Some(described("", &format!("/lure/{number}/away"))),
        "away" => Some(redirect("redirected-control")),
        _ => None,
    }
}

fn description(options: &GatewayOptions, number: &str, way: &str, (base, control): (&str, &str)) -> String {
    let about = About { udn: format!("uuid:lure-{number}-{way}"), ..options.about.clone() };
    let kind = Service::Ip1.kind();
    let service = format!(
        "<serviceList><service><serviceType>{kind}</serviceType><serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>\
         <SCPDURL>{control}</SCPDURL><controlURL>{control}</controlURL><eventSubURL>/evt</eventSubURL></service></serviceList>"
    );
    let whole = describe(&about, &service);
    let base = if base.is_empty() { String::new() } else { format!("<URLBase>{base}</URLBase>") };
    whole.replacen("<specVersion>", &format!("{base}<specVersion>"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_names_the_host_once() {
        let identity = Identity {
            udn: "uuid:1".to_owned(),
            types: Vec::new(),
            location: "http://10.0.0.1/d.xml".to_owned(),
            server: "s".to_owned(),
        };
        let hosts = ["[::1]:80".to_owned()];
        assert_eq!(answers(&identity, "10.0.0.1:80", "upnp:rootdevice", &hosts).len(), 1 + WAYS.len());
        assert!(answers(&identity, "10.0.0.1:80", "ssdp:all", &hosts).is_empty());
        let options = GatewayOptions::home("uuid:1".to_owned(), [192, 168, 1, 20].into());
        let named = |way: &str| {
            let request = Request { path: format!("/lure/0/{way}"), ..Request::default() };
            respond(&request, &options, &hosts).is_some_and(|answer| {
                format!("{answer:?}").contains("[::1]:80") || {
                    String::from_utf8_lossy(&answer.body).contains("[::1]:80")
                }
            })
        };
        assert!(["redirect", "base", "control", "away"].iter().all(|way| named(way)));
        assert!(
            respond(&Request { path: "/rootDesc.xml".to_owned(), ..Request::default() }, &options, &hosts).is_none()
        );
    }
}
