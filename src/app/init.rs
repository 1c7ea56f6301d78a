//! `stormglass init`: looks at this machine, without sending anything, and writes a configuration to begin with: every key
//! that a beginner needs, commented, with what was found here in its place.

use super::cli::{fail, print};
use super::config;
use super::lang::{Lang, language as spoken};
use crate::io::clock::Clock;
use crate::io::interfaces::{self, Interface};
use crate::io::{neighbours, routes};
use crate::model::text::{Facts, Language, Text};
use crate::model::{MacAddr, vendor};
use anyhow::Context as _;
use clap::Args;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

/// Devices that are suggested for `names:`.
const MAX_DEVICES: usize = 32;

/// `stormglass init`.
#[derive(Debug, Clone, Args)]
pub struct InitArgs {
    /// Write it to this file, which must not exist yet; without one it is printed
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Language of the comments [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
}

/// What was found on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// Interfaces on a LAN, with their first address.
    interfaces: Vec<(String, Option<IpAddr>)>,
    /// The default gateway.
    gateway: Option<IpAddr>,
    /// Neighbours that have spoken lately.
    devices: BTreeMap<MacAddr, IpAddr>,
}

const HEAD: Text = Text {
    en: "What stormglass watches on this computer. Every part is optional, and what is left out has the default that is shown.\n\
         Check it with:  stormglass serve --config.file=FILE --config.check",
    ja: "このコンピューターでstormglassが監視するものの設定です。どの項目も省略でき、省略した場合は示した既定値になります。\n\
         確認方法:  stormglass serve --config.file=FILE --config.check",
};
const CAPTURE: Text = Text {
    en: "Interfaces whose frames are looked at: auto (every one that is up), none, or a list.\nFound here: {found}.",
    ja: "フレームを調べるインターフェース: auto(有効なものすべて)、none、またはリスト。\nここで見つかったもの: {found}。",
};
const NO_INTERFACE: Text =
    Text { en: "none that is up and on a LAN", ja: "LANにつながった有効なものはありません" };
const SNMP: Text = Text {
    en: "Switches, so that the port is named, too. Turn SNMP on in the switch (read only), put its address here, and try\n\
         it with:  stormglass snmp check ADDRESS",
    ja: "スイッチを書くと、どのポートかもわかります。スイッチのSNMPを読み取り専用で有効にし、アドレスをここに書いてください。\n\
         試すには:  stormglass snmp check アドレス",
};
const UPNP: Text = Text {
    en: "The search for UPnP devices and for the ports that they have opened on your routers. The gateway here: {gateway}.",
    ja: "UPnP機器と、ルーターに開けられたポートの探索。ここのゲートウェイ: {gateway}。",
};
const NO_GATEWAY: Text = Text { en: "none", ja: "なし" };
const WEB: Text = Text {
    en: "Where the page and the metrics are. [\"127.0.0.1:10116\"] is for this computer alone.",
    ja: "ページとメトリクスの待ち受け先。[\"127.0.0.1:10116\"] とすると、このコンピューターだけで使えます。",
};
const DOCTOR: Text = Text {
    en: "Repeats the harmless part of `stormglass doctor`, and exports what it finds.",
    ja: "`stormglass doctor` の無害な部分を繰り返し、結果をメトリクスに出力します。",
};
const STORAGE: Text = Text {
    en: "Where the history of storms is kept, so that it outlives a restart, and where the frames around each onset are.",
    ja: "再起動後も残るストームの履歴の保存先と、発生前後のフレームの保存先。",
};
const NOTIFY: Text = Text {
    en: "Who is told of storms: ntfy (an app on the phone), discord, email, mqtt (Home Assistant) or webhook. Whoever knows the topic\n\
         of ntfy can read along: choose a long one. Try it with:  stormglass notify test --config.file=FILE",
    ja: "ストームの通知先: ntfy(スマートフォンのアプリ)、discord、email、mqtt(Home Assistant)、webhook。ntfyのトピックは、\n\
         知っている人なら誰でも読めるので、長いものにしてください。試すには:  stormglass notify test --config.file=ファイル",
};
const NAMES: Text = Text {
    en: "What you call your devices, by MAC or address: storms are told with these names. Those that this computer has\n\
         spoken with lately, to begin with:",
    ja: "機器の呼び名(MACまたはアドレスごと)。ストームの説明にこの名前を使います。このコンピューターが最近通信した機器:",
};

/// Looks, and prints or writes.
#[must_use]
pub fn run(args: &InitArgs) -> ExitCode {
    let language = spoken(args.lang);
    let text = match look() {
        Ok(found) => configuration(&found, language),
        Err(error) => return fail(&format!("{error:#}")),
    };
    let Some(file) = &args.output else { return print("the configuration", &text) };
    let written = std::fs::File::options().write(true).create_new(true).open(file);
    match written.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => print("what was done", &format!("{}\n", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            fail(&format!("{}: it exists, and is left as it is: choose another file, or remove it", file.display()))
        }
        Err(error) => fail(&format!("{}: {error}: choose another file", file.display())),
    }
}

fn look() -> anyhow::Result<Found> {
    let all = interfaces::list().context("this computer's interfaces can't be listed")?;
    let lan = |one: &&Interface| one.up && !one.loopback && one.multicast && !one.enslaved && one.mac.is_some();
    let lans = all.iter().filter(lan).collect::<Vec<_>>();
    let address = |one: &Interface| one.addresses.iter().map(|(ip, _)| *ip).find(IpAddr::is_ipv4);
    let on_lan = |index: u32| lans.iter().any(|one| one.index == index);
    let routers = routes::defaults().unwrap_or_default();
    let gateway = routers.into_iter().find(|route| on_lan(route.interface)).map(|route| route.next_hop);
    let neighbours = neighbours::table(Clock::start().now()).unwrap_or_default().into_iter();
    let devices = neighbours.filter(|one| on_lan(one.interface)).map(|one| (one.claim.mac, one.claim.ip));
    let mut found = Found { gateway, ..Found::default() };
    // A device's IPv4 address is what people know it by.
    for (mac, ip) in devices.take(8 * MAX_DEVICES) {
        let known = found.devices.entry(mac).or_insert(ip);
        if known.is_ipv6() {
            *known = ip;
        }
    }
    found.interfaces = lans.iter().map(|one| (one.name.to_string(), address(one))).collect();
    Ok(found)
}

/// The file: YAML in which everything that is not the default is a comment.
fn configuration(found: &Found, language: Language) -> String {
    let mut out = String::new();
    let mut part = |text: &Text, facts: Facts, lines: &[&str]| {
        for line in text.fill(language, &facts).lines() {
            out.push_str(&format!("# {}\n", line.trim_start()));
        }
        for line in lines {
            out.push_str(&format!("{line}\n"));
        }
        out.push('\n');
    };
    part(&HEAD, Facts::new(), &[]);
    let named = found.interfaces.iter().map(|(name, address)| match address {
        Some(address) => format!("{name} ({address})"),
        None => name.clone(),
    });
    let named = named.collect::<Vec<_>>().join(", ");
    let named = if named.is_empty() { NO_INTERFACE.template(language).to_owned() } else { named };
    part(&CAPTURE, Facts::from([("found", named)]), &["capture:", "  interfaces: auto"]);
    let switch = example(found);
    let target = format!("#    - {{name: switch, address: \"{switch}\", auth: home, interval: 10s}}");
    part(
        &SNMP,
        Facts::new(),
        &["#snmp:", "#  auths:", "#    home: {version: 2c, community: public}", "#  targets:", &target],
    );
    let gateway = found.gateway.map_or_else(|| NO_GATEWAY.template(language).to_owned(), |ip| ip.to_string());
    part(&UPNP, Facts::from([("gateway", gateway)]), &["upnp:", "  interfaces: auto", "  interval: 60s"]);
    part(&WEB, Facts::new(), &["web:", "  listen: [\":10116\"]"]);
    part(&DOCTOR, Facts::new(), &["#doctor:", "#  interval: 6h"]);
    part(
        &STORAGE,
        Facts::new(),
        &["#storage:", "#  path: /var/lib/stormglass", "#recorder:", "#  path: /var/lib/stormglass/recordings"],
    );
    let phone = "#    - {name: phone, type: ntfy, topic: a-long-topic-that-nobody-guesses}";
    part(&NOTIFY, Facts::new(), &["#notify:", "#  channels:", phone]);
    let device = |(mac, ip): (&MacAddr, &IpAddr)| {
        let maker = vendor::vendor(*mac).map(|maker| format!(", {}", vendor::short_name(maker)));
        format!("#  \"{mac}\": \"\"   # {ip}{}", maker.unwrap_or_default())
    };
    let devices = found.devices.iter().take(MAX_DEVICES).map(device).collect::<Vec<_>>();
    let example = ["#names:", "#  \"192.168.1.10\": Echo"];
    let lines = example.into_iter().chain(devices.iter().map(String::as_str)).collect::<Vec<_>>();
    part(&NAMES, Facts::new(), &lines);
    debug_assert!(config::parse(&out, "init").is_ok(), "{out}");
    out
}

/// An address beside the gateway's that nobody is known to have, as an example of where a switch may be.
fn example(found: &Found) -> IpAddr {
    let Some(IpAddr::V4(gateway)) = found.gateway else { return [192, 168, 1, 2].into() };
    let [a, b, c, _] = gateway.octets();
    let own = |ip: &IpAddr| found.interfaces.iter().any(|(_, address)| *address == Some(*ip));
    let known = |ip: &IpAddr| own(ip) || found.devices.values().any(|other| other == ip) || *ip == gateway;
    (2..=254).map(|d| IpAddr::from([a, b, c, d])).find(|ip| !known(ip)).unwrap_or_else(|| [192, 168, 1, 2].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Found {
        Found {
            interfaces: vec![("eth0".to_owned(), Some([192, 168, 3, 30].into())), ("wlan0".to_owned(), None)],
            gateway: Some([192, 168, 3, 1].into()),
            devices: [(MacAddr([0x3c, 0x84, 0x6a, 0x10, 0, 0xc8]), [192, 168, 3, 100].into())].into(),
        }
    }

    #[test]
    fn what_is_written_is_a_configuration_also_with_its_comments_taken_away() {
        for language in [Language::English, Language::Japanese] {
            for found in [found(), Found::default()] {
                let text = configuration(&found, language);
                config::parse(&text, "init.yml").unwrap_or_else(|error| panic!("{error}: {text}"));
                // What a person does: takes the `#` off a key. Sentences begin with `# `.
                let bare = text.lines().map(|line| {
                    line.strip_prefix('#')
                        .filter(|rest| !rest.starts_with(' ') || rest.starts_with("  "))
                        .unwrap_or(line)
                });
                let bare = bare.collect::<Vec<_>>().join("\n");
                let config = config::parse(&bare, "init.yml").unwrap_or_else(|error| panic!("{error}: {bare}"));
                assert_eq!(config.snmp.targets.len(), 1, "{bare}");
                assert!(config.storage.path.is_some() && config.doctor.interval.is_some(), "{bare}");
                assert_eq!(config.notify.settings().channels.len(), 1, "{bare}");
            }
        }
        let text = configuration(&found(), Language::English);
        for said in
            ["eth0 (192.168.3.30), wlan0", "gateway here: 192.168.3.1.", "\"192.168.3.2\"", "192.168.3.100, TP-Link"]
        {
            assert!(text.contains(said), "{said}: {text}");
        }
    }
}
