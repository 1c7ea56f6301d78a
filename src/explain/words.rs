//! Sentences for a person: numbers, devices, lists. Pure text.

use crate::model::MacAddr;
use crate::model::verdict::Party;

/// `1800` as `1,800`.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Two significant digits, as a person tells a rate: 1,836 is `about 1,800`.
#[must_use]
pub fn about(n: u64) -> String {
    let mut unit = 1;
    while n / unit >= 100 {
        unit *= 10;
    }
    let rounded = (n + unit / 2) / unit * unit;
    if rounded == n { number(n) } else { format!("about {}", number(rounded)) }
}

/// The maker as one says it: `TP-LINK TECHNOLOGIES CO.,LTD.` is `TP-Link`.
fn maker(party: &Party) -> Option<String> {
    party.vendor.as_deref().map(|vendor| crate::model::vendor::short_name(vendor).into_owned())
}

/// `…:C8`: enough to find the device by the label on its underside.
fn ending(mac: MacAddr) -> String {
    format!("MAC …:{:02X}", mac.0[5])
}

/// Name or maker with a noun, and the addresses: `the TP-Link router (192.168.1.100, MAC …:C8)`.
#[must_use]
pub fn device(party: &Party, noun: &str) -> String {
    let called = match (&party.name, maker(party)) {
        (Some(name), _) if &**name == "this computer" => name.to_string(),
        (Some(name), _) => format!("the {name}"),
        (None, Some(maker)) => format!("the {maker} {noun}"),
        (None, None) => format!("a {noun}"),
    };
    if let (None, None, None, Some(port)) = (&party.name, party.mac, party.ip, &party.port) {
        return format!("a {noun} at {port}");
    }
    let anonymous = party.name.is_none() && party.vendor.is_none();
    let mac = party.mac.map(|mac| if anonymous { format!("MAC {mac}") } else { ending(mac) });
    let addresses = [party.ip.map(|ip| ip.to_string()), mac].into_iter().flatten().collect::<Vec<_>>();
    if addresses.is_empty() { called } else { format!("{called} ({})", addresses.join(", ")) }
}

/// The short name of a device: `the Echo`, `the Amazon device`, `192.168.1.10`.
#[must_use]
pub fn short(party: &Party) -> String {
    match (&party.name, maker(party), party.ip, party.mac) {
        (Some(name), ..) if &**name == "this computer" => name.to_string(),
        (Some(name), ..) => format!("the {name}"),
        (None, Some(maker), Some(ip), _) => format!("the {maker} device {ip}"),
        (None, Some(maker), None, _) => format!("the {maker} device"),
        (None, None, Some(ip), _) => ip.to_string(),
        (None, None, None, Some(mac)) => mac.to_string(),
        (None, None, None, None) => "an unknown device".to_owned(),
    }
}

/// `the Echo`, `the Echo and the TV`, `the Echo, the TV and 3 others`.
#[must_use]
pub fn several(parties: &[Party]) -> String {
    match parties {
        [] => "an unknown device".to_owned(),
        [one] => short(one),
        [one, two] => format!("{} and {}", short(one), short(two)),
        [one, two, rest @ ..] => {
            let others = if rest.len() == 1 { "1 other".to_owned() } else { format!("{} others", rest.len()) };
            format!("{}, {} and {others}", short(one), short(two))
        }
    }
}

/// First letter in upper case.
#[must_use]
pub fn sentence_case(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!([number(0), number(999), number(1_800), number(1_234_567)], ["0", "999", "1,800", "1,234,567"]);
        assert_eq!(
            [about(30), about(1_800), about(1_836), about(163_422)],
            ["30", "1,800", "about 1,800", "about 160,000"]
        );
    }

    #[test]
    fn devices() {
        let mac = "3c:84:6a:10:00:c8".parse().ok();
        let mut party = Party { mac, ip: None, vendor: None, port: None, name: None };
        assert_eq!(device(&party, "router"), "a router (MAC 3c:84:6a:10:00:c8)");
        party.ip = Some([192, 168, 1, 100].into());
        party.name = Some("second router".into());
        assert_eq!(device(&party, "router"), "the second router (192.168.1.100, MAC …:C8)");
        assert_eq!(short(&party), "the second router");
    }
}
