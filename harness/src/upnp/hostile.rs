//! What devices do that no device should: each by its name in [`MISBEHAVIOURS`], chosen in detail by a seed. A
//! misbehaviour spoils the honest answers of a gateway; it knows none of its own.

use super::http::{Manner, Request, Response};
use super::soap::fault;
use crate::rng::Rng;

/// Depth of an XML that is too deep.
const DEEP: usize = 1_000_000;
/// Bytes of a body that is too large.
const HUGE: u64 = 100_000_000;
/// White space behind a document that is well-formed all the same.
const PADDING: usize = 8 << 20;
/// Answers of one who answers too often.
const MANY: usize = 10_000;
/// Bytes of the largest UDP datagram over IPv4.
const LARGEST: usize = 65_507;
/// Between the sizes that are tried of answers of every size: a prime, so that they meet no boundary by accident.
const SIZE_STEP: usize = 1_009;

type Http = fn(&Request, Response, &mut Rng) -> Response;
type Ssdp = fn(Vec<Vec<u8>>, &mut Rng) -> Vec<Vec<u8>>;

/// A way to misbehave.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its name.
    pub id: &'static str,
    /// A gateway that does it can still be listed in full: the rest of it is honest.
    pub readable: bool,
    http: Option<Http>,
    ssdp: Option<Ssdp>,
}

/// A kind with its seed.
#[derive(Clone, Copy, Debug)]
pub struct Misbehaviour {
    /// Which.
    pub kind: &'static Kind,
    /// Decides the details.
    pub seed: u64,
}

impl PartialEq for Misbehaviour {
    fn eq(&self, other: &Self) -> bool {
        (self.kind.id, self.seed) == (other.kind.id, other.seed)
    }
}

impl Eq for Misbehaviour {}

const fn http(id: &'static str, readable: bool, spoil: Http) -> Kind {
    Kind { id, readable, http: Some(spoil), ssdp: None }
}

const fn ssdp(id: &'static str, readable: bool, spoil: Ssdp) -> Kind {
    Kind { id, readable, http: None, ssdp: Some(spoil) }
}

/// Every misbehaviour there is.
pub static MISBEHAVIOURS: &[Kind] =
    &[
        http("hang", false, |_, honest, _| honest.sent(Manner::Hang)),
        http(
            "hang_control",
            false,
            |request, honest, _| if is_control(request) { honest.sent(Manner::Hang) } else { honest },
        ),
        http(
            "hang_on_extras",
            true,
            |request, honest, _| if is_extra(request) { honest.sent(Manner::Hang) } else { honest },
        ),
        http("slow_headers", false, |_, honest, _| honest.sent(Manner::SlowHeaders)),
        http("endless_body", false, |_, honest, _| honest.sent(Manner::Endless)),
        http("huge_body", false, |_, honest, _| honest.sent(Manner::Huge(HUGE))),
        http("redirect", false, |_, honest, _| honest.sent(Manner::Redirect("http://127.0.0.1:1/".to_owned()))),
        http("redirect_control", false, |request, honest, _| {
            if is_control(request) { honest.sent(Manner::Redirect("http://192.0.2.1/".to_owned())) } else { honest }
        }),
        http("deep_xml", false, |_, _, _| Response::xml("<a>".repeat(DEEP))),
        http("entity_bomb", false, |_, _, _| Response::xml(bomb())),
        http("doctype", false, |_, honest, _| {
            edit(honest, "<root", "<!DOCTYPE root SYSTEM \"file:///etc/passwd\"><root")
        }),
        http("cut_short", false, |_, honest, rng| cut(honest, rng)),
        http("noise", false, |_, honest, rng| noise(honest, rng)),
        http("relative_control", true, |_, honest, _| edit(honest, "<controlURL>/", "<controlURL>")),
        http("padded_control", true, |_, honest, _| edit(honest, "<controlURL>", "<controlURL>\n   ")),
        http("absolute_control", true, |request, honest, _| {
            edit(honest, "<controlURL>/", &format!("<controlURL>http://{}/", request.host))
        }),
        http("lone_ampersand", true, |_, honest, _| edit(honest, "<manufacturer>", "<manufacturer>Smith & Sons ")),
        http("no_text_encoding", true, |_, honest, _| bytes_in(honest, "<modelName>", &[0xe9, 0xff])),
        http("no_event_url", true, |_, honest, _| without(honest, "eventSubURL")),
        http("no_scpd_url", true, |_, honest, _| without(honest, "SCPDURL")),
        http("no_device_type_within", true, |_, honest, _| without_last(honest, "deviceType")),
        http("bloated", false, |request, honest, _| if is_control(request) { honest } else { padded(honest) }),
        http("control_elsewhere", false, |_, honest, _| edit(honest, "<controlURL>", "<controlURL>http://192.0.2.1")),
        http("url_base_elsewhere", true, |_, honest, _| {
            edit(honest, "<specVersion>", "<URLBase>http://192.0.2.1/</URLBase><specVersion>")
        }),
        http("fault_with_200", true, |request, honest, _| {
            if is_control(request) { Response { status: "200 OK", ..honest } } else { honest }
        }),
        http("result_with_500", true, |request, honest, _| {
            if is_control(request) { Response { status: "500 Oops", ..honest } } else { honest }
        }),
        http(
            "index_without_end",
            true,
            |request, honest, _| {
                if text(&honest).contains(">713<") { last_entry(request) } else { honest }
            },
        ),
        http(
            "end_by_402",
            true,
            |_, honest, _| if text(&honest).contains(">713<") { fault(402, "Invalid Args") } else { honest },
        ),
        http("faults_within", true, |request, honest, rng| {
            let ends = text(&honest).contains(">713<");
            if is_index(request, rng.below(3)) && !ends { fault(501, "Action Failed") } else { honest }
        }),
        ssdp("location_loopback", false, |honest, _| relocate(&honest, "http://127.0.0.1:80/rootDesc.xml")),
        ssdp("location_other_host", false, |honest, _| relocate(&honest, "http://192.0.2.1/rootDesc.xml")),
        ssdp("location_file", false, |honest, _| relocate(&honest, "file:///etc/passwd")),
        ssdp("location_https", false, |honest, _| relocate(&honest, "https://127.0.9.9/rootDesc.xml")),
        ssdp("location_name", false, |honest, _| relocate(&honest, "http://router.local/rootDesc.xml")),
        ssdp("location_missing", false, |honest, _| relocate(&honest, "")),
        ssdp("answers_ten_thousand", true, |honest, _| {
            honest.iter().cycle().take(MANY.min(honest.len() * MANY)).cloned().collect()
        }),
        ssdp("answers_of_every_size", true, |honest, rng| honest.into_iter().chain(sizes(rng)).collect()),
        ssdp("answers_no_server", true, |honest, _| {
            let kept = |line: &&str| !line.starts_with("SERVER:");
            let lines =
                |text: &[u8]| String::from_utf8_lossy(text).split_inclusive("\r\n").filter(kept).collect::<String>();
            honest.iter().map(|answer| lines(answer).into_bytes()).collect()
        }),
        ssdp("answers_line_feeds", true, |honest, _| {
            honest.iter().map(|answer| String::from_utf8_lossy(answer).replace("\r\n", "\n").into_bytes()).collect()
        }),
    ];

impl Misbehaviour {
    /// The kind of this name.
    #[must_use]
    pub fn named(id: &str, seed: u64) -> Option<Self> {
        MISBEHAVIOURS.iter().find(|kind| kind.id == id).map(|kind| Self { kind, seed })
    }

    /// Spoils an answer over HTTP.
    #[must_use]
    pub fn respond(&self, request: &Request, honest: Response) -> Response {
        match self.kind.http {
            Some(spoil) => spoil(request, honest, &mut Rng::new(self.seed)),
            None => honest,
        }
    }

    /// Spoils the answers to a search.
    #[must_use]
    pub fn answers(&self, st: &str, honest: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        match self.kind.ssdp {
            // Once a search is enough: who answers everything ten thousand times drowns itself alone.
            Some(spoil) if st == "upnp:rootdevice" => spoil(honest, &mut Rng::new(self.seed)),
            Some(_) => Vec::new(),
            None => honest,
        }
    }
}

fn is_control(request: &Request) -> bool {
    request.method == "POST"
}

/// Asked for beside address and mappings.
fn is_extra(request: &Request) -> bool {
    is_control(request) && !request.soap_action.contains("PortMapping") && !request.soap_action.contains("ExternalIP")
}

fn is_index(request: &Request, index: u64) -> bool {
    String::from_utf8_lossy(&request.body).contains(&format!("<NewPortMappingIndex>{index}<"))
}

fn text(response: &Response) -> String {
    String::from_utf8_lossy(&response.body).into_owned()
}

/// The honest answer with every `from` made `to`; what is no text stays as it is.
fn edit(honest: Response, from: &str, to: &str) -> Response {
    match String::from_utf8(honest.body.clone()) {
        Ok(text) => Response { body: text.replace(from, to).into_bytes(), ..honest },
        Err(_) => honest,
    }
}

/// White space behind the document, more than anybody should take.
fn padded(mut honest: Response) -> Response {
    honest.body.resize(honest.body.len() + PADDING, b' ');
    honest
}

/// Bytes put behind the first `after`.
fn bytes_in(honest: Response, after: &str, bytes: &[u8]) -> Response {
    let at = honest.body.windows(after.len()).position(|window| window == after.as_bytes());
    let Some(at) = at.map(|at| at + after.len()) else { return honest };
    Response { body: [&honest.body[..at], bytes, &honest.body[at..]].concat(), ..honest }
}

/// Without any element of this name.
fn without(mut honest: Response, name: &str) -> Response {
    loop {
        let shorter = without_last(honest.clone(), name);
        if shorter == honest {
            return honest;
        }
        honest = shorter;
    }
}

/// Without the last element of this name.
fn without_last(honest: Response, name: &str) -> Response {
    let text = text(&honest);
    let end = format!("</{name}>");
    match (text.rfind(&format!("<{name}>")), text.rfind(&end)) {
        (Some(from), Some(to)) if from < to => {
            Response { body: format!("{}{}", &text[..from], &text[to + end.len()..]).into_bytes(), ..honest }
        }
        _ => honest,
    }
}

fn cut(honest: Response, rng: &mut Rng) -> Response {
    let length = rng.below(honest.body.len().max(1) as u64);
    Response { body: honest.body.into_iter().take(usize::try_from(length).unwrap_or(0)).collect(), ..honest }
}

fn noise(honest: Response, rng: &mut Rng) -> Response {
    let body = honest.body.iter().map(|_| rng.bits().to_le_bytes()[0]).collect();
    Response { body, ..honest }
}

/// Entities of entities: 10^9 characters, if anybody resolves them.
fn bomb() -> String {
    let mut text = "<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY e0 \"laughter\">".to_owned();
    for level in 1..=9 {
        let inner = format!("&e{};", level - 1).repeat(10);
        text.push_str(&format!("<!ENTITY e{level} \"{inner}\">"));
    }
    text + "]><root><device><friendlyName>&e9;</friendlyName></device></root>"
}

/// The mapping that one shows who does not know that its list has ended.
fn last_entry(request: &Request) -> Response {
    let service = request.soap_action.split('#').next().unwrap_or_default();
    let body = b"<NewRemoteHost></NewRemoteHost><NewExternalPort>51820</NewExternalPort><NewProtocol>UDP</NewProtocol>\
        <NewInternalPort>51820</NewInternalPort><NewInternalClient>192.168.1.20</NewInternalClient>\
        <NewEnabled>1</NewEnabled><NewPortMappingDescription>WireGuard</NewPortMappingDescription>\
        <NewLeaseDuration>0</NewLeaseDuration>";
    super::soap::answer(service, "GetGenericPortMappingEntry", body)
}

fn relocate(honest: &[Vec<u8>], location: &str) -> Vec<Vec<u8>> {
    let line = if location.is_empty() { String::new() } else { format!("LOCATION: {location}\r\n") };
    let answers = honest.iter().map(|answer| {
        let text = String::from_utf8_lossy(answer).into_owned();
        let kept = text.split_inclusive("\r\n").map(|known| if known.starts_with("LOCATION:") { &line } else { known });
        kept.collect::<String>().into_bytes()
    });
    answers.collect()
}

/// Datagrams from empty to the largest there is, of letters.
fn sizes(rng: &mut Rng) -> Vec<Vec<u8>> {
    let letter = b'a' + rng.bits().to_le_bytes()[0] % 26;
    (0..=LARGEST).step_by(SIZE_STEP).chain([LARGEST]).map(|size| vec![letter; size]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upnp::gateway::{GatewayOptions, respond};
    use std::collections::BTreeSet;

    #[test]
    fn each_has_a_name_of_its_own_and_spoils_something() {
        let names = MISBEHAVIOURS.iter().map(|kind| kind.id).collect::<BTreeSet<_>>();
        assert_eq!(names.len(), MISBEHAVIOURS.len());
        let options = GatewayOptions::home("uuid:1".to_owned(), [192, 168, 1, 20].into());
        let request = |method: &str, path: &str, action: &str, body: &str| Request {
            method: method.to_owned(),
            path: path.to_owned(),
            soap_action: format!("urn:schemas-upnp-org:service:WANIPConnection:1#{action}"),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        };
        let entry = |index| {
            let body = format!("<NewPortMappingIndex>{index}</NewPortMappingIndex>");
            request("POST", "/ctl/IPConn", "GetGenericPortMappingEntry", &body)
        };
        let mut requests = (0..5).map(entry).collect::<Vec<_>>();
        requests.push(request("GET", "/rootDesc.xml", "", ""));
        requests.push(request("POST", "/ctl/IPConn", "GetStatusInfo", ""));
        let answer = b"HTTP/1.1 200 OK\r\nLOCATION: http://127.0.0.1:1/\r\nSERVER: s\r\nST: x\r\n\r\n".to_vec();
        for kind in MISBEHAVIOURS {
            let wrong = Misbehaviour { kind, seed: 7 };
            let over_http = requests.iter().any(|request| {
                let honest = respond(request, &options);
                wrong.respond(request, honest.clone()) != honest
            });
            let over_ssdp = wrong.answers("upnp:rootdevice", vec![answer.clone()]) != vec![answer.clone()];
            assert!(over_http || over_ssdp, "{}", kind.id);
            assert_eq!(Misbehaviour::named(kind.id, 7), Some(wrong));
        }
    }
}
