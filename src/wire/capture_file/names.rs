//! Names of addresses that a pcapng file carries (draft-ietf-opsawg-pcapng, name resolution block): what the person who
//! captured called the devices, or what their resolver did.

use super::Order;
use super::pcapng::readable;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// Names kept of a file; a home has fewer than a hundred.
const MAX_NAMES: usize = 1024;

/// `nrb_record_ipv4` and `nrb_record_ipv6`. MAC records of newer drafts are passed over with everything unknown.
const IPV4: u16 = 1;
const IPV6: u16 = 2;

/// The first name of each address, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<(IpAddr, Arc<str>)>);

impl Names {
    pub(super) fn all(&self) -> &[(IpAddr, Arc<str>)] {
        &self.0
    }

    /// Takes the records at the front of a block's body, up to their end or to the first that does not fit.
    pub(super) fn read(&mut self, mut bytes: &[u8], order: Order) {
        while let (Some(kind @ 1..), Some(length)) = (order.u16(bytes, 0), order.u16(bytes, 2)) {
            let length = usize::from(length);
            let Some(value) = bytes.get(4..4 + length) else { return };
            if let Some((ip, name)) = record(kind, value) {
                self.take(ip, name);
            }
            bytes = bytes.get(4 + length.next_multiple_of(4)..).unwrap_or(&[]);
        }
    }

    fn take(&mut self, ip: IpAddr, name: Box<str>) {
        if self.0.len() < MAX_NAMES && self.0.iter().all(|(known, _)| *known != ip) {
            self.0.push((ip, name.into()));
        }
    }
}

/// An address and the first of the names behind it, each of which ends with a zero.
fn record(kind: u16, value: &[u8]) -> Option<(IpAddr, Box<str>)> {
    let (ip, names) = match kind {
        IPV4 => value.split_first_chunk::<4>().map(|(ip, names)| (IpAddr::from(Ipv4Addr::from(*ip)), names))?,
        IPV6 => value.split_first_chunk::<16>().map(|(ip, names)| (IpAddr::from(Ipv6Addr::from(*ip)), names))?,
        _ => return None,
    };
    let first = names.split(|byte| *byte == 0).next()?;
    Some((ip, readable(first)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = [&kind.to_le_bytes()[..], &(value.len() as u16).to_le_bytes(), value].concat();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    #[test]
    fn first_names_of_addresses() {
        let mut v6 = [0; 16];
        v6[15] = 1;
        let records = [
            entry(1, b"\xc0\xa8\x01\x0aEcho\0kitchen\0"),
            entry(9, b"whatever this is"),
            entry(2, &[&v6[..], b"loop\0"].concat()),
            entry(1, b"\xc0\xa8\x01\x0aimpostor\0"),
            entry(1, b"\xc0\xa8\x01\x0b\xff\xfe\0"),
            entry(1, b"\xc0\xa8"),
            entry(0, b""),
            entry(1, b"\xc0\xa8\x01\x0cafter the end\0"),
        ]
        .concat();
        for cut in 0..records.len() {
            Names::default().read(&records[..cut], Order::Little);
        }
        let mut names = Names::default();
        names.read(&records, Order::Little);
        let all = names.all().iter().map(|(ip, name)| (ip.to_string(), &**name)).collect::<Vec<_>>();
        assert_eq!(all, [("192.168.1.10".to_owned(), "Echo"), ("::1".to_owned(), "loop")]);
    }

    #[test]
    fn no_more_than_fit() {
        let records =
            (0..3_000_u32).flat_map(|n| entry(1, &[&n.to_be_bytes()[..], b"x\0"].concat())).collect::<Vec<_>>();
        let mut names = Names::default();
        names.read(&records, Order::Little);
        assert_eq!(names.all().len(), MAX_NAMES);
    }
}
