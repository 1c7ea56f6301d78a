//! The commands that change something: add, remove, call. Each shows exactly what it will send, and sends nothing
//! without a yes.

use super::look::{Look, look};
use super::screen::{Screen, ask};
use super::{COULD_NOT_LOOK, Common, wrong};
use crate::io::upnp::control::Reach;
use crate::model::device::Gateway;
use crate::model::device_tree::{ActionSpec, Argument, CallOutcome, DeviceTree, Direction, ServiceInfo};
use crate::model::text::Language;
use crate::view::upnp::{lease, printable};
use crate::view::upnp_list_words as list_words;
use crate::view::upnp_tree::{services, signature, values};
use crate::view::upnp_words::{self as words, say};
use crate::wire::soap::Fault;
use clap::{Args, ValueEnum};
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

/// Longest lease (WANIPConnection:2, 2.3.14): a week.
const MAX_LEASE: i64 = 604_800;
/// Bytes of a description: miniupnpd 2.3.1 breaks its own list with longer ones.
const MAX_DESCRIPTION: usize = 63;

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Protocol {
    /// TCP
    #[value(alias = "TCP")]
    Tcp,
    /// UDP
    #[value(alias = "UDP")]
    Udp,
}

impl Protocol {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
        }
    }
}

/// `upnp-probe add`.
#[derive(Args, Clone, Debug)]
pub(super) struct AddArgs {
    /// Port on the gateway's Internet side
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    external: u16,
    /// Whom it leads to; an empty HOST (":443") is this computer
    #[arg(long, value_name = "HOST:PORT", value_parser = internal)]
    internal: (Option<Ipv4Addr>, u16),
    /// TCP or UDP
    #[arg(long, value_enum)]
    protocol: Protocol,
    /// Seconds until it ends by itself; 0 for a mapping without an end
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(0..=MAX_LEASE))]
    lease: u32,
    /// What others see in the gateway's list
    #[arg(long, value_name = "TEXT", default_value = "upnp-probe", value_parser = description)]
    description: String,
    #[command(flatten)]
    consent: Consent,
}

/// `upnp-probe remove`.
#[derive(Args, Clone, Debug)]
pub(super) struct RemoveArgs {
    /// tcp or udp
    #[arg(value_enum)]
    protocol: Protocol,
    /// Port on the gateway's Internet side
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The remote host that the mapping is limited to [default: anyone]
    #[arg(long, value_name = "ADDRESS", default_value = "", hide_default_value = true)]
    remote_host: String,
    #[command(flatten)]
    consent: Consent,
}

#[derive(Args, Clone, Debug)]
struct Consent {
    /// The gateway, where there are several: its address, UDN, or a part of its name
    #[arg(long, value_name = "GATEWAY")]
    gateway: Option<String>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// `upnp-probe call`.
#[derive(Args, Clone, Debug)]
pub(super) struct CallArgs {
    /// The device: its address, its UDN, or a part of its name
    device: String,
    /// The service: the end of its type or id
    service: String,
    /// The action, as `show` lists it
    action: String,
    /// Input arguments
    #[arg(value_name = "ARG=VALUE", value_parser = assignment)]
    arguments: Vec<(String, String)>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

fn internal(text: &str) -> Result<(Option<Ipv4Addr>, u16), String> {
    let (host, port) = text.rsplit_once(':').ok_or_else(|| wrong(&list_words::HOST_AND_PORT))?;
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(|| wrong(&list_words::PORT_BOUNDS))?;
    let host = match host {
        "" => None,
        host => Some(host.parse().map_err(|_| wrong(&list_words::HOST_IS_ADDRESS))?),
    };
    Ok((host, port))
}

fn description(text: &str) -> Result<String, String> {
    if text.len() > MAX_DESCRIPTION {
        return Err(wrong(&list_words::DESCRIPTION_LONG).replace("{most}", &MAX_DESCRIPTION.to_string()));
    }
    if text.contains(|c: char| c.is_control() || matches!(c, '&' | '<' | '>')) {
        return Err(wrong(&list_words::DESCRIPTION_ODD));
    }
    Ok(text.to_owned())
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| wrong(&list_words::ASSIGNMENT))?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// What is to be sent, and to whom.
struct Order<'a> {
    device: String,
    address: IpAddr,
    reach: &'a Reach,
    service: &'a ServiceInfo,
    spec: &'a ActionSpec,
    arguments: Vec<(String, String)>,
    /// A line that says what it means now.
    note: Option<String>,
}

impl Order<'_> {
    fn shown(&self, screen: &Screen) -> String {
        let facts = [("device", printable(&self.device)), ("address", self.address.to_string())];
        let head = say(&words::ABOUT_TO_SEND, screen.language, facts);
        let note = self.note.as_ref().map(|note| format!("{note}\n")).unwrap_or_default();
        let (service, url) = (&self.service.service_type, self.service.control_url.as_deref().unwrap_or_default());
        let action = printable(&self.spec.name);
        format!("{head}\n{action}\n  {}\n  {}\n{}{note}", printable(service), printable(url), values(&self.arguments))
    }

    /// Shows it and asks. `None`: go on.
    fn confirm(&self, yes: bool, screen: &Screen) -> anyhow::Result<Option<ExitCode>> {
        eprint!("{}", self.shown(screen));
        if yes {
            return Ok(None);
        }
        let words = match ask(words::CONFIRM.template(screen.language))? {
            Some(true) => return Ok(None),
            Some(false) => &words::NOT_SENT,
            None => &words::NOBODY_TO_ASK,
        };
        eprintln!("{}", words.template(screen.language));
        Ok(Some(ExitCode::from(COULD_NOT_LOOK)))
    }

    fn send(&self, look: &Look) -> CallOutcome {
        let arguments = self.arguments.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>();
        look.runtime.block_on(self.reach.call(self.service, self.spec, &arguments, look.settings.request))
    }

    /// Prints how it went where it did not go well, or as JSON in any case. True: it was done.
    fn report(&self, outcome: &CallOutcome, common: &Common, screen: &Screen) -> anyhow::Result<bool> {
        if common.json() {
            let arguments = self.arguments.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let arguments = arguments.collect::<std::collections::BTreeMap<_, _>>();
            screen.json(
                &serde_json::json!({
                    "device": self.device, "address": self.address, "service": self.service.service_type,
                    "action": self.spec.name, "arguments": arguments, "outcome": outcome,
                }),
                false,
            )?;
        }
        let device = printable(&self.device);
        match outcome {
            CallOutcome::Answered(_) => return Ok(true),
            CallOutcome::Refused { code, text } => {
                let text = if text.is_empty() { String::new() } else { format!(" ({})", printable(text)) };
                let facts = [("device", device), ("code", code.to_string()), ("text", text)];
                eprintln!("{}", say(&words::REFUSED, screen.language, facts));
                if let Some(meaning) = words::fault(*code, screen.language) {
                    eprintln!("{meaning}");
                }
            }
            CallOutcome::Unanswered(why) => {
                let facts = [("device", device), ("why", printable(&why.say(screen.language)))];
                eprintln!("{}", say(&words::UNANSWERED, screen.language, facts));
            }
        }
        Ok(false)
    }
}

fn spec(name: &str, inputs: &[&str], outputs: &[&str]) -> ActionSpec {
    let argument =
        |direction| move |name: &&str| Argument { name: (*name).to_owned(), direction, ..Argument::default() };
    let inputs = inputs.iter().map(argument(Direction::In));
    let arguments = inputs.chain(outputs.iter().map(argument(Direction::Out))).collect();
    ActionSpec { name: name.into(), arguments }
}

/// The WAN connection of `gateway` that mappings are made on: its primary one, else the first.
fn connection<'a>(tree: &'a DeviceTree, gateway: &Gateway, language: Language) -> anyhow::Result<&'a ServiceInfo> {
    let primary = gateway.primary().map(|connection| connection.service_type.as_str());
    let is_connection = |kind: &str| kind.contains(":WANIPConnection:") || kind.contains(":WANPPPConnection:");
    let all = services(tree).map(|(_, service)| service);
    let callable = all.filter(|s| is_connection(&s.service_type) && s.control_url.is_some()).collect::<Vec<_>>();
    let preferred = callable.iter().find(|service| Some(service.service_type.as_str()) == primary);
    let chosen = preferred.or_else(|| callable.first()).copied();
    chosen.ok_or_else(|| anyhow::anyhow!(list_words::NO_CONNECTION.template(language)))
}

/// `upnp-probe add`.
pub(super) fn add(common: &Common, screen: &Screen, args: &AddArgs) -> anyhow::Result<ExitCode> {
    let look = look(common, screen)?;
    let gateway = look.gateway(args.consent.gateway.as_deref(), screen)?;
    let reach = look.reach(gateway, screen)?;
    let tree = look.tree(&reach, false, screen)?;
    let (host, internal_port) = args.internal;
    let host = host.map(IpAddr::V4).or_else(|| reach.local().filter(IpAddr::is_ipv4));
    let host = host.ok_or_else(|| anyhow::anyhow!(list_words::HOST_NEEDED.template(screen.language)))?;
    let (port, protocol) = (args.external.to_string(), args.protocol.as_str());
    let lease_seconds = args.lease.to_string();
    let arguments = [
        ("NewRemoteHost", ""),
        ("NewExternalPort", port.as_str()),
        ("NewProtocol", protocol),
        ("NewInternalPort", &internal_port.to_string()),
        ("NewInternalClient", &host.to_string()),
        ("NewEnabled", "1"),
        ("NewPortMappingDescription", args.description.as_str()),
        ("NewLeaseDuration", lease_seconds.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let names = arguments.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
    let order = Order {
        device: gateway.friendly_name.clone(),
        address: gateway.ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        reach: &reach,
        service: connection(&tree, gateway, screen.language)?,
        spec: &spec("AddPortMapping", &names, &[]),
        arguments: arguments.to_vec(),
        note: None,
    };
    if let Some(code) = order.confirm(args.consent.yes, screen)? {
        return Ok(code);
    }
    let outcome = order.send(&look);
    if !order.report(&outcome, common, screen)? {
        return Ok(ExitCode::from(COULD_NOT_LOOK));
    }
    let told = verify(&look, &order, (protocol, &port), screen.language);
    let device = printable(&gateway.friendly_name);
    let sentence = match told {
        Ok((target, lease_left)) => {
            let facts = [
                ("protocol", protocol.to_owned()),
                ("port", port),
                ("device", device),
                ("target", printable(&target)),
                ("lease", lease(lease_left, screen.language)),
            ];
            say(&words::ADDED, screen.language, facts)
        }
        Err(why) => say(&words::ADDED_UNSEEN, screen.language, [("device", device), ("why", printable(&why))]),
    };
    if common.json() {
        eprintln!("{sentence}");
    } else {
        screen.print(&format!("{sentence}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks for the mapping that was made: whom it leads to, and its lease.
fn verify(
    look: &Look,
    order: &Order<'_>,
    (protocol, port): (&str, &str),
    language: Language,
) -> Result<(String, u32), String> {
    let inputs = ["NewRemoteHost", "NewExternalPort", "NewProtocol"];
    let outputs = ["NewInternalClient", "NewInternalPort", "NewLeaseDuration"];
    let spec = spec("GetSpecificPortMappingEntry", &inputs, &outputs);
    let arguments = [("NewRemoteHost", ""), ("NewExternalPort", port), ("NewProtocol", protocol)];
    let call = order.reach.call(order.service, &spec, &arguments, look.settings.request);
    match look.runtime.block_on(call) {
        CallOutcome::Answered(fields) => match fields.as_slice() {
            [(_, client), (_, port), (_, lease)] => Ok((format!("{client}:{port}"), lease.parse().unwrap_or(0))),
            _ => Err(list_words::EMPTY_ANSWER.template(language).to_owned()),
        },
        CallOutcome::Refused { code, text } => Err(Fault { code, text }.sentence().say(language)),
        CallOutcome::Unanswered(why) => Err(why.say(language)),
    }
}

/// `upnp-probe remove`.
pub(super) fn remove(common: &Common, screen: &Screen, args: &RemoveArgs) -> anyhow::Result<ExitCode> {
    let look = look(common, screen)?;
    let gateway = look.gateway(args.consent.gateway.as_deref(), screen)?;
    let reach = look.reach(gateway, screen)?;
    let tree = look.tree(&reach, false, screen)?;
    let (protocol, port) = (args.protocol.as_str(), args.port.to_string());
    let listed = gateway.mappings.iter().find(|m| m.external_port == args.port && m.protocol.as_str() == protocol);
    let note = listed.map_or_else(
        || words::NOT_LISTED.template(screen.language).to_owned(),
        |mapping| {
            let target = format!("{}:{}", printable(&mapping.internal_client), mapping.internal_port);
            let facts = [("target", target), ("description", printable(&mapping.description))];
            say(&words::LEADS_TO, screen.language, facts)
        },
    );
    let arguments =
        [("NewRemoteHost", args.remote_host.as_str()), ("NewExternalPort", &port), ("NewProtocol", protocol)];
    let order = Order {
        device: gateway.friendly_name.clone(),
        address: gateway.ip.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        reach: &reach,
        service: connection(&tree, gateway, screen.language)?,
        spec: &spec("DeletePortMapping", &arguments.map(|(name, _)| name), &[]),
        arguments: arguments.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        note: Some(note),
    };
    if let Some(code) = order.confirm(args.consent.yes, screen)? {
        return Ok(code);
    }
    let outcome = order.send(&look);
    if !order.report(&outcome, common, screen)? {
        return Ok(ExitCode::from(COULD_NOT_LOOK));
    }
    let facts = [("protocol", protocol.to_owned()), ("port", port), ("device", printable(&gateway.friendly_name))];
    let sentence = say(&words::REMOVED, screen.language, facts);
    if common.json() {
        eprintln!("{sentence}");
    } else {
        screen.print(&format!("{sentence}\n"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// `upnp-probe call`.
pub(super) fn call(common: &Common, screen: &Screen, args: &CallArgs) -> anyhow::Result<ExitCode> {
    let look = look(common, screen)?;
    let device = look.device(&args.device, screen)?;
    let reach = look.reach_device(device, screen)?;
    let tree = look.tree(&reach, true, screen)?;
    let service = service(&tree, &args.service, screen.language)?;
    let action = action(service, &args.action, screen.language)?;
    let order = Order {
        device: device.friendly_name.clone(),
        address: device.ip,
        reach: &reach,
        service,
        spec: action,
        arguments: arguments(action, &args.arguments, screen.language)?,
        note: None,
    };
    if !action.name.starts_with("Get")
        && let Some(code) = order.confirm(args.yes, screen)?
    {
        return Ok(code);
    }
    let outcome = order.send(&look);
    if !order.report(&outcome, common, screen)? {
        return Ok(ExitCode::from(COULD_NOT_LOOK));
    }
    if let CallOutcome::Answered(fields) = &outcome
        && !common.json()
    {
        let text = if fields.is_empty() {
            say(&words::DONE, screen.language, [("action", printable(&action.name))]) + "\n"
        } else {
            values(fields)
        };
        screen.print(&text)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The one service whose type or id ends with `wanted`, with or without its version.
fn service<'a>(tree: &'a DeviceTree, wanted: &str, language: Language) -> anyhow::Result<&'a ServiceInfo> {
    let ends = |text: &str| {
        let unversioned = text.rsplit_once(':').map_or(text, |(name, _)| name);
        [text, unversioned]
            .iter()
            .any(|text| *text == wanted || text.strip_suffix(wanted).is_some_and(|before| before.ends_with(':')))
    };
    let all = services(tree).map(|(_, service)| service).collect::<Vec<_>>();
    let found = all.iter().filter(|s| ends(&s.service_type) || ends(&s.service_id)).collect::<Vec<_>>();
    let list = |services: &[&ServiceInfo]| {
        let line = |s: &&ServiceInfo| format!("\n  {}  {}", printable(&s.service_type), printable(&s.service_id));
        services.iter().map(line).collect::<String>()
    };
    let (text, shown) = match found.as_slice() {
        [one] => return Ok(one),
        [] => (&list_words::NO_SUCH_SERVICE, list(&all)),
        several => (&list_words::SEVERAL_SERVICES, list(&several.iter().map(|s| **s).collect::<Vec<_>>())),
    };
    anyhow::bail!(say(text, language, [("wanted", printable(wanted)), ("list", shown)]))
}

fn action<'a>(service: &'a ServiceInfo, wanted: &str, language: Language) -> anyhow::Result<&'a ActionSpec> {
    if let Some(problem) = &service.problem {
        anyhow::bail!(say(&list_words::NOT_CALLABLE, language, [("why", printable(&problem.say(language)))]));
    }
    service.actions.iter().find(|action| action.name == wanted).ok_or_else(|| {
        let all = service.actions.iter().map(|action| format!("\n  {}", signature(action))).collect::<String>();
        let facts = [("wanted", printable(wanted)), ("list", all)];
        anyhow::anyhow!(say(&list_words::NO_SUCH_ACTION, language, facts))
    })
}

/// The input arguments in the order of the description, each given once and fitting.
fn arguments(
    action: &ActionSpec,
    given: &[(String, String)],
    language: Language,
) -> anyhow::Result<Vec<(String, String)>> {
    let wrong = |text, name: &str| {
        let facts = [("name", printable(name)), ("action", signature(action))];
        anyhow::anyhow!(say(text, language, facts))
    };
    for (place, (name, _)) in given.iter().enumerate() {
        if !action.inputs().any(|argument| argument.name == *name) {
            return Err(wrong(&list_words::NO_SUCH_ARGUMENT, name));
        }
        if given[..place].iter().any(|(n, _)| n == name) {
            return Err(wrong(&list_words::GIVEN_TWICE, name));
        }
    }
    let mut ordered = Vec::new();
    for argument in action.inputs() {
        let value = given.iter().find(|(name, _)| *name == argument.name).map(|(_, value)| value);
        let value = value.ok_or_else(|| wrong(&list_words::ARGUMENT_MISSING, &argument.name))?;
        if let Some(expected) = misfit(argument, value, language) {
            let facts = [("name", printable(&argument.name)), ("expected", expected), ("action", signature(action))];
            anyhow::bail!(say(&list_words::MISFIT, language, facts));
        }
        ordered.push((argument.name.clone(), value.clone()));
    }
    Ok(ordered)
}

/// What the argument must be, if `value` is not (data types: UPnP Device Architecture 2.0, 2.5).
fn misfit(argument: &Argument, value: &str, language: Language) -> Option<String> {
    if !argument.allowed.is_empty() {
        let fits = argument.allowed.iter().any(|allowed| allowed == value);
        let list = [("list", printable(&argument.allowed.join(", ")))];
        return (!fits).then(|| say(&list_words::ONE_OF, language, list));
    }
    let whole = |least: i128, most: i128| {
        let fits = value.parse::<i128>().is_ok_and(|number| (least..=most).contains(&number));
        let bounds = [("least", least.to_string()), ("most", most.to_string())];
        (!fits).then(|| say(&list_words::WHOLE_NUMBER, language, bounds))
    };
    match argument.data_type.as_str() {
        "ui1" => whole(0, u8::MAX.into()),
        "ui2" => whole(0, u16::MAX.into()),
        "ui4" => whole(0, u32::MAX.into()),
        "i1" => whole(i8::MIN.into(), i8::MAX.into()),
        "i2" => whole(i16::MIN.into(), i16::MAX.into()),
        "i4" | "int" => whole(i32::MIN.into(), i32::MAX.into()),
        "boolean" => {
            let fits = matches!(value.to_ascii_lowercase().as_str(), "0" | "1" | "true" | "false" | "yes" | "no");
            (!fits).then(|| list_words::ZERO_OR_ONE.template(language).to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
#[path = "act_tests.rs"]
mod tests;
