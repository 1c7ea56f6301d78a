//! Reads the port mappings of one connection: by index, around whatever is broken in between, and (since version 2 of
//! the service) as a whole list, which knows what an index that broke did not tell. Judges no mapping.

use super::candidates::Service;
use super::gateway::{CallError, Reading, sentence};
use super::table_walk::{End, Got, TableWalk};
use super::troubles;
use crate::model::device::{MappingProtocol, PortMapping};
use crate::model::text::Sentence;
use crate::wire::igd;
use crate::wire::soap::{self, Entry};
use std::collections::{BTreeMap, BTreeSet};

/// Mappings kept of one gateway.
const MAX_MAPPINGS: usize = 8192;
/// Entries named in one sentence.
const NAMED: usize = 8;
/// Mappings asked for in one `GetListOfPortMappings`; as many as that may not be all.
const LIST_AT_MOST: usize = 1000;

/// What identifies a mapping in a gateway's table (WANIPConnection:1, 2.4.16).
type Key = (MappingProtocol, u16, Option<String>);

fn key(mapping: &PortMapping) -> Key {
    (mapping.protocol.clone(), mapping.external_port, mapping.remote_host.clone())
}

/// Where a mapping stands in the gateway's list.
#[derive(Clone, Debug)]
struct Place {
    index: usize,
    /// It came in broken XML.
    damaged: bool,
    /// Of which connection, and where it leads: what tells a second table from a second name of the same table.
    connection: usize,
    target: (String, u16),
}

/// The mappings that are known.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    by_key: BTreeMap<Key, Vec<Place>>,
    count: usize,
}

impl Places {
    /// The place of the same mapping: of the same connection by its key, of another one if it leads to the same place.
    /// Many gateways show one table by each of their connection services.
    fn find(&mut self, mapping: &PortMapping) -> Option<&mut Place> {
        let places = self.by_key.get_mut(&key(mapping))?;
        places.iter_mut().find(|place| {
            place.connection == mapping.connection
                || (place.target.0 == mapping.internal_client && place.target.1 == mapping.internal_port)
        })
    }

    /// What came in broken XML, as a sentence.
    pub(super) fn damage(&self) -> Option<Sentence> {
        let damaged = self.by_key.iter().flat_map(|(key, places)| places.iter().map(move |place| (key, place)));
        let mut damaged = damaged.filter(|(_, place)| place.damaged).collect::<Vec<_>>();
        damaged.sort_by_key(|(_, place)| place.index);
        if damaged.is_empty() {
            return None;
        }
        let names = damaged.iter().take(NAMED).map(|((p, port, _), _)| format!("{} {port}", p.as_str()));
        let names = names.collect::<Vec<_>>().join(", ");
        let more = if damaged.len() > NAMED { ", …" } else { "" };
        Some(Sentence::of(troubles::DAMAGED).with("names", format!("{names}{more}")))
    }
}

impl Reading<'_> {
    /// Reads the table of a connection. True: to its end, none missing.
    pub(super) async fn mappings(&mut self, connection: usize, service: &Service) -> bool {
        let mut walk = TableWalk::default();
        let mut shown = BTreeSet::new();
        let end = loop {
            let number = walk.next().to_string();
            let arguments = [("NewPortMappingIndex", number.as_str())];
            let got = match self.call(service, "GetGenericPortMappingEntry", &arguments).await {
                Ok(fields) => match soap::port_mapping(&fields) {
                    Ok(entry) if shown.insert(key(&entry.mapping)) => {
                        self.keep(connection, entry);
                        Got::New
                    }
                    Ok(_) => Got::Repeated,
                    Err(_) => Got::Unreadable,
                },
                Err(CallError::Fault(fault)) => Got::Fault(fault),
                Err(CallError::Soap(..)) => Got::Unreadable,
                Err(error @ CallError::Http(_)) => Got::Silence(sentence(&error)),
                Err(error @ CallError::NoMore(_)) => Got::OutOfTime(sentence(&error)),
            };
            if let Some(end) = walk.on(got) {
                break end;
            }
        };
        let unreadable = walk.unreadable();
        let mut listed = None;
        if self.has_answered() && igd::version(&service.service_type) >= 2 {
            listed = self.listing(connection, service).await;
        }
        // Entries that the index did not tell count as read where the whole list has at least as many.
        let made_up = |listed: usize| listed >= shown.len() + unreadable.len();
        let refused = matches!(&end, End::Fault(_, fault) if fault.code == 606);
        if listed.is_some_and(made_up) && !refused && !matches!(end, End::Endless) {
            *self.counts.entry("mapping_unreadable").or_default() += unreadable.len() as u64;
            return true;
        }
        let whole = self.report_end(&end, shown.len());
        self.report_unreadable(unreadable);
        whole && unreadable.is_empty()
    }

    /// Says how the list ended, unless as it should. True: it was its end.
    fn report_end(&mut self, end: &End, read: usize) -> bool {
        match end {
            End::Regular => return true,
            End::Fault(at, fault) => {
                self.problem(Sentence::of(troubles::ODD_END).count("at", at).with("fault", fault.sentence()));
                // Some routers answer an index beyond the end with 402, invalid argument.
                return fault.code == 402 && *at > 0;
            }
            End::Silence(at, why) => self.problem(troubles::because(troubles::CUT_SHORT, why.clone()).count("at", at)),
            End::Endless => self.problem(Sentence::of(troubles::ENDLESS).count("read", read)),
        }
        false
    }

    fn report_unreadable(&mut self, indices: &[u32]) {
        if indices.is_empty() {
            return;
        }
        *self.counts.entry("mapping_unreadable").or_default() += indices.len() as u64;
        let list = indices.iter().take(NAMED).map(u32::to_string).collect::<Vec<_>>().join(", ");
        let more = if indices.len() > NAMED { ", …" } else { "" };
        self.problem(Sentence::of(troubles::UNREADABLE).with("list", format!("{list}{more}")));
    }

    /// Reads the whole list at once (WANIPConnection:2, 2.5.21). How many mappings it has, if it is whole. The walk
    /// stays the first witness: a gateway may show here only what the asker may change.
    async fn listing(&mut self, connection: usize, service: &Service) -> Option<usize> {
        let limit = LIST_AT_MOST.to_string();
        let mut count = Some(0);
        for protocol in ["TCP", "UDP"] {
            let arguments = [
                ("NewStartPort", "0"),
                ("NewEndPort", "65535"),
                ("NewProtocol", protocol),
                ("NewManage", "1"),
                ("NewNumberOfPorts", limit.as_str()),
            ];
            let fields = match self.call(service, "GetListOfPortMappings", &arguments).await {
                Ok(fields) => fields,
                // 730: there is none of this protocol. Anything else (606: not for us; silence) is no news.
                Err(CallError::Fault(fault)) if fault.code == 730 => continue,
                Err(_) => {
                    count = None;
                    continue;
                }
            };
            let (entries, refused) = soap::port_listing(&fields);
            let whole = refused == 0 && entries.len() < LIST_AT_MOST && !fields.damaged;
            count = count.filter(|_| whole).map(|count| count + entries.len());
            for entry in entries {
                self.keep(connection, entry);
            }
        }
        count
    }

    /// Keeps a mapping unless it is known; a known one that came broken takes the whole description.
    fn keep(&mut self, connection: usize, mut entry: Entry) {
        entry.mapping.connection = connection;
        if let Some(place) = self.places.find(&entry.mapping) {
            if place.damaged
                && !entry.damaged
                && let Some(known) = self.gateway.mappings.get_mut(place.index)
            {
                known.description = entry.mapping.description;
            }
            return;
        }
        if self.places.count >= MAX_MAPPINGS {
            *self.counts.entry("mappings_too_many").or_default() += 1;
            return;
        }
        self.places.count += 1;
        let place = Place {
            index: self.gateway.mappings.len(),
            damaged: entry.damaged,
            connection,
            target: (entry.mapping.internal_client.clone(), entry.mapping.internal_port),
        };
        self.places.by_key.entry(key(&entry.mapping)).or_default().push(place);
        self.gateway.mappings.push(entry.mapping);
    }
}
