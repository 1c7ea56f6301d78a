//! The published clients beside ours, on the same gateways: what both read, and each case in which they give up. What is
//! claimed of them in the README's table of dependencies is shown here.

use super::cables::{
    FAR, HOME_PORTS, NEAR, SOON, Watch, check, find, gateways, home, is_at, ports, probe, start, wait,
};
use futures_util::StreamExt as _;
use libtest_mimic::Failed;
use rupnp::ssdp::{SearchTarget, URN};
use std::time::Duration;
use stormglass_harness::upnp::{GatewayOptions, Habits, LanGateway, Misbehaviour};

const UDN: &str = "uuid:the-same-for-both";
const CONNECTION: URN = URN::service("schemas-upnp-org", "WANIPConnection", 1);
/// How long they wait for an answer to a search. Ours come at once.
const PATIENCE: Duration = Duration::from_secs(1);

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}

/// Everything that `rupnp` finds, and what it could not read.
fn theirs() -> Result<(Vec<rupnp::Device>, Vec<String>), Failed> {
    runtime()?.block_on(async {
        let found = rupnp::discover(&SearchTarget::RootDevice, PATIENCE, Some(1)).await?;
        let mut found = std::pin::pin!(found);
        let (mut devices, mut errors) = (Vec::new(), Vec::new());
        while let Some(one) = found.next().await {
            match one {
                Ok(device) => devices.push(device),
                Err(error) => errors.push(error.to_string()),
            }
        }
        Ok((devices, errors))
    })
}

/// Their reading of the mapping at `index`.
fn entry(device: &rupnp::Device, index: u32) -> Result<Result<String, rupnp::Error>, Failed> {
    let service = device.find_service(&CONNECTION).ok_or("no WANIPConnection")?;
    let arguments = format!("<NewPortMappingIndex>{index}</NewPortMappingIndex>");
    let answer = service.action(device.url(), "GetGenericPortMappingEntry", &arguments);
    let answer = runtime()?.block_on(answer);
    Ok(answer.map(|mut fields| fields.remove("NewExternalPort").unwrap_or_default()))
}

fn only(mut devices: Vec<rupnp::Device>, errors: &[String]) -> Result<rupnp::Device, Failed> {
    check(devices.len() == 1 && errors.is_empty(), "they find the one device", &(&devices, errors))?;
    devices.pop().ok_or_else(|| "none".into())
}

fn wrong(kind: &str) -> GatewayOptions {
    let udn = format!("uuid:{kind}");
    GatewayOptions { misbehaviour: Misbehaviour::named(kind, 1), ..home(&udn) }
}

fn near(options: GatewayOptions) -> Result<LanGateway, Failed> {
    start("near", &NEAR[..1], options, Habits::default())
}

/// The simulated gateway is a gateway to others too: name, address and a mapping, as we read them.
pub fn both_read_a_gateway_that_behaves() -> Result<(), Failed> {
    let _running = near(home(UDN))?;
    let (devices, errors) = theirs()?;
    let device = only(devices, &errors)?;
    let ours = gateways("eth0")?;
    let ours = find(&ours, UDN)?;
    check(ours["friendly_name"] == device.friendly_name(), "the same name", &device)?;
    check(ours["location"] == device.url().to_string(), "the same place", &(ours, &device))?;
    let service = device.find_service(&CONNECTION).ok_or("no WANIPConnection")?;
    let address = runtime()?.block_on(service.action(device.url(), "GetExternalIPAddress", ""))?;
    let address = address.get("NewExternalIPAddress").map(String::as_str);
    check(ours["external_address"].as_str() == address, "the same external address", &(ours, address))?;
    let first = entry(&device, 0)??;
    check(ours["mappings"][0]["external_port"].as_u64() == first.parse().ok(), "the same first mapping", &first)
}

/// Theirs leaves by the default route.
pub fn only_we_search_other_interfaces() -> Result<(), Failed> {
    let _running = start("far", &FAR[..1], home(UDN), Habits::default())?;
    let (devices, _) = theirs()?;
    check(devices.is_empty(), "they do not find it", &devices)?;
    // No interface is named: both are searched.
    let said = probe(&["list", "--format", "json"])?;
    let ours: Vec<serde_json::Value> = serde_json::from_str(&said.out)?;
    check(ports(find(&ours, UDN)?) == HOME_PORTS, "we list it in full", &ours)
}

/// A gateway without an IPv4 address: by its link-local one, and by one of the site.
pub fn only_we_speak_ipv6() -> Result<(), Failed> {
    for address in &NEAR[1..] {
        let _running = start("near", &[address], home(UDN).second_version(), Habits::default())?;
        let (devices, _) = theirs()?;
        check(devices.is_empty(), "they do not find it", &devices)?;
        let ours = gateways("eth0")?;
        let found = find(&ours, UDN)?;
        check(is_at(found, address) && ports(found) == HOME_PORTS, "we list it in full", found)?;
    }
    Ok(())
}

/// A device that answers no search, as those behind a Wi-Fi that drops multicast to them.
pub fn only_we_hear_announcements() -> Result<(), Failed> {
    let watch = Watch::start("eth0")?;
    let habits = Habits { answers: false, announces: Some(Duration::from_secs(1)), ..Habits::default() };
    let _running = start("near", &NEAR[..1], home(UDN), habits)?;
    let (devices, _) = theirs()?;
    check(devices.is_empty(), "they do not find it", &devices)?;
    watch.wait(UDN, "came", "announcement", SOON)
}

/// Theirs has no time limit on a request: it waits on after ours has listed everything else.
pub fn only_we_end_when_a_device_hangs() -> Result<(), Failed> {
    let _hanging = near(wrong("hang"))?;
    let _running = start("near", &NEAR[1..2], home(UDN), Habits::default())?;
    let waiting = std::thread::spawn(|| theirs().map_err(|error| format!("{error:?}")));
    let ours = gateways("eth0")?;
    check(ports(find(&ours, UDN)?) == HOME_PORTS, "we list the other in full", &ours)?;
    let ended = waiting.is_finished();
    check(!ended, "they still wait", &"they have ended")
    // Their thread ends when the gateway closes the connection.
}

/// Eight megabytes of nothing within a description: they take whatever comes, we refuse it and say so.
pub fn only_we_refuse_a_body_without_bounds() -> Result<(), Failed> {
    let _running = near(wrong("bloated"))?;
    let (devices, errors) = theirs()?;
    only(devices, &errors)?;
    let said = probe(&["devices", "--format", "json", "--interface", "eth0"])?;
    check(said.out.contains("the answer is larger than 512 KiB"), "we refuse it", &(said.out, said.err))
}

/// The fault 713 that ends every list is to them the same failure as any other.
pub fn only_we_tell_the_end_of_a_list_from_a_failure() -> Result<(), Failed> {
    let mut options = home(UDN);
    // Those that are no trouble to read.
    options.mappings.retain(|mapping| ["Synology DSM", "WireGuard"].contains(&mapping.description.as_str()));
    let _running = near(options)?;
    let (devices, errors) = theirs()?;
    let device = only(devices, &errors)?;
    check(entry(&device, 1)?.is_ok(), "they read the last", &())?;
    let end = entry(&device, 2)?;
    check(matches!(&end, Err(rupnp::Error::HttpErrorCode(code)) if code.as_u16() == 500), "a mere 500", &end)?;
    let service = device.find_service(&CONNECTION).ok_or("no WANIPConnection")?;
    let unknown = runtime()?.block_on(service.action(device.url(), "NoSuchAction", ""));
    let same = format!("{unknown:?}") == format!("{:?}", end.map(|_| ()));
    check(same || matches!(unknown, Err(rupnp::Error::HttpErrorCode(_))), "as that of no such action", &"differs")?;
    let ours = gateways("eth0")?;
    let found = find(&ours, UDN)?;
    check(ports(found).len() == 2 && found["problems"] == serde_json::json!([]), "we know that it is whole", found)
}

/// An ampersand in one description, as a Synology makes it, and their list is over.
pub fn only_we_read_on_after_an_odd_mapping() -> Result<(), Failed> {
    let _running = near(home(UDN))?;
    let (devices, errors) = theirs()?;
    let device = only(devices, &errors)?;
    let mut read = Vec::new();
    for index in 0..4 {
        match entry(&device, index)? {
            Ok(port) => read.push(port),
            Err(_) => break,
        }
    }
    check(read == ["5001"], "they read one of four", &read)?;
    let ours = gateways("eth0")?;
    check(ports(find(&ours, UDN)?) == HOME_PORTS, "we read four", &ours)
}

/// Descriptions that are out there, and to them no devices.
pub fn only_we_read_descriptions_as_they_are_out_there() -> Result<(), Failed> {
    const KINDS: [&str; 6] = [
        "relative_control",
        "absolute_control",
        "lone_ampersand",
        "no_text_encoding",
        "no_event_url",
        "no_device_type_within",
    ];
    let running = KINDS.iter().map(|kind| near(wrong(kind))).collect::<Result<Vec<_>, _>>()?;
    let (devices, errors) = theirs()?;
    check(devices.is_empty() && errors.len() >= KINDS.len(), "they reject them all", &(&devices, &errors))?;
    let ours = gateways("eth0")?;
    for kind in KINDS {
        check(ports(find(&ours, &format!("uuid:{kind}"))?) == HOME_PORTS, kind, &ours)?;
    }
    drop(running);
    Ok(())
}

/// An answer that lacks a header which nobody needs.
pub fn only_we_take_an_answer_without_server() -> Result<(), Failed> {
    let _running = near(wrong("answers_no_server"))?;
    let (devices, errors) = theirs()?;
    check(devices.is_empty() && !errors.is_empty(), "they do not take it", &(&devices, &errors))?;
    wait("we list it", SOON, || {
        let ours = gateways("eth0")?;
        Ok(find(&ours, "uuid:answers_no_server").is_ok_and(|found| ports(found) == HOME_PORTS))
    })
}
