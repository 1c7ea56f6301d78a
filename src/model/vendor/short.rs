//! The maker as one says it: `TP-LINK TECHNOLOGIES CO.,LTD.` is `TP-Link`. Knows spellings, not addresses.

use std::borrow::Cow;

/// Names whose spoken form no rule finds, by how the registered name begins (lower case, up to the end of a word). The
/// longest beginning wins. Kept to makers met in homes and offices.
const SPOKEN: &[(&str, &str)] = &[
    ("2wire", "2Wire"),
    ("3com", "3Com"),
    ("adb broadband", "ADB"),
    ("aruba", "Aruba"),
    ("asustek", "ASUS"),
    ("avm", "AVM"),
    ("beijing roborock", "Roborock"),
    ("beijing xiaomi", "Xiaomi"),
    ("brother industries", "Brother"),
    ("bsh hausgeräte", "Bosch"),
    ("buffalo.inc", "Buffalo"),
    ("cisco meraki", "Meraki"),
    ("cisco spvtg", "Cisco"),
    ("cisco-linksys", "Linksys"),
    ("devolo", "devolo"),
    ("eero", "eero"),
    ("freebox", "Free"),
    ("giga-byte", "Gigabyte"),
    ("hewlett packard", "HP"),
    ("hewlett packard enterprise", "HPE"),
    ("hon hai", "Foxconn"),
    ("hp", "HP"),
    ("i-o data", "I-O DATA"),
    ("intel", "Intel"),
    ("lg", "LG"),
    ("liteon", "Lite-On"),
    ("mikrotikls", "MikroTik"),
    ("motorola mobility", "Motorola"),
    ("nec", "NEC"),
    ("nest labs", "Nest"),
    ("new h3c", "H3C"),
    ("hangzhou h3c", "H3C"),
    ("nokia", "Nokia"),
    ("nxp", "NXP"),
    ("oki electric", "OKI"),
    ("philips lighting", "Philips Hue"),
    ("qnap", "QNAP"),
    ("routerboard.com", "MikroTik"),
    ("samsung", "Samsung"),
    ("seiko epson", "Epson"),
    ("shenzhen mercury", "Mercury"),
    ("shenzhen reolink", "Reolink"),
    ("signify", "Philips Hue"),
    ("sony", "Sony"),
    ("sumitomo electric", "Sumitomo Electric"),
    ("tct mobile", "TCL"),
    ("tp-link", "TP-Link"),
    ("universal electronics", "Universal Electronics"),
    ("vmware", "VMware"),
    ("western digital", "Western Digital"),
    ("xiaomi", "Xiaomi"),
    ("zte", "ZTE"),
];

/// Places that stand before the name in Chinese registrations.
const PLACES: &[&str] = &[
    "beijing",
    "chengdu",
    "chongqing",
    "dongguan",
    "fujian",
    "gd",
    "guangdong",
    "guangzhou",
    "hangzhou",
    "nanjing",
    "ningbo",
    "qingdao",
    "shanghai",
    "shenzhen",
    "sichuan",
    "suzhou",
    "tianjin",
    "wuhan",
    "xiamen",
    "zhejiang",
    "zhuhai",
];

/// Company forms: what follows one is a division or an owner.
const FORMS: &[&str] = &["co", "corp", "corporation", "gmbh", "inc", "llc", "ltd"];

/// Words after the name that say what kind of company it is.
const TRAILING: &[&str] = &[
    "&",
    "a/s",
    "ab",
    "ag",
    "and",
    "as",
    "asa",
    "bhd",
    "bv",
    "co",
    "communication",
    "communications",
    "company",
    "corp",
    "corporate",
    "corporation",
    "device",
    "devices",
    "digital",
    "electro-mechanics",
    "electronic",
    "electronics",
    "gmbh",
    "group",
    "holdings",
    "inc",
    "incorporated",
    "industrial",
    "industries",
    "international",
    "kft",
    "kg",
    "kk",
    "limited",
    "llc",
    "lp",
    "lt",
    "ltd",
    "manufacturing",
    "mfg",
    "mobile",
    "networks",
    "nv",
    "of",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "sa",
    "sarl",
    "sas",
    "sau",
    "sdn",
    "semiconductor",
    "semiconductors",
    "sl",
    "software",
    "spa",
    "srl",
    "systems",
    "technologies",
    "technology",
    "telecommunication",
    "telecommunications",
    "trading",
    "usa",
    "wireless",
];

/// Words that are no name alone: *Integrated Device Technology* must not become *Integrated*.
const PLAIN: &[&str] = &[
    "advanced",
    "american",
    "applied",
    "asia",
    "china",
    "data",
    "digital",
    "dynamic",
    "first",
    "general",
    "global",
    "information",
    "integrated",
    "intelligent",
    "international",
    "japan",
    "micro",
    "mobile",
    "modern",
    "national",
    "network",
    "new",
    "power",
    "precision",
    "smart",
    "standard",
    "super",
    "telecom",
    "the",
    "united",
    "universal",
    "wireless",
];

/// Letters from which a word in capitals is taken for shouting, not for an abbreviation: `NETGEAR`, but `AVM`.
const SHOUTED_LETTERS: usize = 5;

/// As one says it: without company form, place and shouting. A name that no rule knows comes back as it is; only a blank
/// one gives a blank.
#[must_use]
pub fn short_name(name: &str) -> Cow<'_, str> {
    if let Some(spoken) = spoken(name) {
        return spoken.into();
    }
    let mut words = name
        .split(['(', '（'])
        .next()
        .unwrap_or(name)
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | '，' | ';'))
        .filter(|word| !word.trim_matches('.').is_empty())
        .collect::<Vec<_>>();
    if let Some(form) = words.iter().skip(1).position(|word| is_in(FORMS, word)) {
        words.truncate(form + 2);
    }
    while let [rest @ .., last] = &words[..]
        && is_in(TRAILING, last)
        && !rest.iter().all(|word| is_in(PLAIN, word) || is_in(PLACES, word))
    {
        words.pop();
    }
    if let [first, rest @ ..] = &words[..]
        && is_in(PLACES, first)
        && !rest.iter().all(|word| is_in(PLAIN, word) || is_in(TRAILING, word))
    {
        words.remove(0);
    }
    match words[..] {
        [] => name.into(),
        [word] if calm(word).is_none() => word.trim_end_matches('.').into(),
        _ => words
            .iter()
            .map(|word| calm(word).unwrap_or_else(|| (*word).to_owned()))
            .collect::<Vec<_>>()
            .join(" ")
            .into(),
    }
}

/// The entry of [`SPOKEN`] with the longest beginning that fits.
fn spoken(name: &str) -> Option<&'static str> {
    let lower = name.trim_start().to_lowercase();
    let fits = |beginning: &str| {
        lower.strip_prefix(beginning).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
    };
    SPOKEN
        .iter()
        .filter(|(beginning, _)| fits(beginning))
        .max_by_key(|(beginning, _)| beginning.len())
        .map(|entry| entry.1)
}

/// Whether a list has the word, dots and case aside: `S.r.l.` is `srl`.
fn is_in(list: &[&str], word: &str) -> bool {
    let bare = word.chars().filter(|&c| c != '.').flat_map(char::to_lowercase).collect::<String>();
    list.contains(&bare.as_str())
}

/// `NETGEAR` as `Netgear`; `None` where nothing shouts.
fn calm(word: &str) -> Option<String> {
    let letters = word.chars().filter(|c| c.is_alphabetic()).count();
    if letters < SHOUTED_LETTERS || word.chars().any(char::is_lowercase) {
        return None;
    }
    let mut calmed = String::with_capacity(word.len());
    let mut begins = true;
    for letter in word.trim_end_matches('.').chars() {
        if begins {
            calmed.push(letter);
        } else {
            calmed.extend(letter.to_lowercase());
        }
        begins = !letter.is_alphanumeric();
    }
    Some(calmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_one_says_it() {
        for (registered, said) in [
            ("TP-LINK TECHNOLOGIES CO.,LTD.", "TP-Link"),
            ("TP-Link Systems Inc.", "TP-Link"),
            ("Amazon Technologies Inc.", "Amazon"),
            ("Synology Incorporated", "Synology"),
            ("Raspberry Pi Trading Ltd", "Raspberry Pi"),
            ("SAMSUNG ELECTRO-MECHANICS(THAILAND)", "Samsung"),
            ("Samsung Electronics Co.,Ltd", "Samsung"),
            ("Apple, Inc.", "Apple"),
            ("HUAWEI TECHNOLOGIES CO.,LTD", "Huawei"),
            ("zte corporation", "ZTE"),
            ("NETGEAR", "Netgear"),
            ("AVM Audiovisuelles Marketing und Computersysteme GmbH", "AVM"),
            ("BUFFALO.INC", "Buffalo"),
            ("NEC Platforms, Ltd.", "NEC"),
            ("Cisco Systems, Inc", "Cisco"),
            ("Cisco-Linksys, LLC", "Linksys"),
            ("Hewlett Packard", "HP"),
            ("Hewlett Packard Enterprise", "HPE"),
            ("Hangzhou Hikvision Digital Technology Co.,Ltd.", "Hikvision"),
            ("Espressif Inc.", "Espressif"),
            ("Tuya Smart Inc.", "Tuya Smart"),
            ("Texas Instruments", "Texas Instruments"),
            ("SHENZHEN BILIAN ELECTRONIC CO.，LTD", "Bilian"),
            ("Integrated Device Technology (Malaysia) Sdn. Bhd.", "Integrated Device"),
            ("Universal Global Scientific Industrial., Ltd", "Universal Global Scientific"),
            ("Shanghai Technology Co., Ltd.", "Shanghai Technology"),
            ("LGC Wireless", "LGC"),
            ("eero inc.", "eero"),
            ("Panasonic Corporation AVC Networks Company", "Panasonic"),
        ] {
            assert_eq!(short_name(registered), said, "{registered}");
        }
    }

    #[test]
    fn never_empties_a_name() {
        for name in ["Co., Ltd.", "(nobody)", "...", "Inc", "日本電気株式会社", "Ｔ，Ｕ", "İ, Ltd"] {
            assert!(!short_name(name).is_empty(), "{name}");
        }
        assert_eq!(short_name(""), "");
    }

    #[test]
    fn lists_are_sorted_for_the_reader() {
        assert!(FORMS.is_sorted() && PLACES.is_sorted() && TRAILING.is_sorted() && PLAIN.is_sorted());
        assert!(SPOKEN.iter().all(|(beginning, _)| beginning.to_lowercase() == *beginning));
    }
}
