//! Reads the forwarding databases of a switch that has one for each VLAN and shows it to whoever names the VLAN: Cisco's,
//! by `community@VLAN` in SNMPv1 and SNMPv2c, and by the context `vlan-N` in SNMPv3.

use super::auth::{Auth, Secret};
use super::conversation::Conversation;
use super::error::Cause;
use super::transport::canonical;
use super::{CollectError, Visit};
use crate::mib::bridge::FDB_PORT;
use crate::mib::forwarding::MAX_FDB;
use crate::mib::vlans::{self, MAX_VLANS};
use crate::mib::{Limits, Rows, Walk};
use crate::model::Time;
use std::sync::Arc;
use std::time::Duration;

/// The same credentials, for one VLAN; `None` where they name something already.
fn in_vlan(auth: &Auth, vlan: u32) -> Option<Auth> {
    let named = |community: &Secret| {
        let plain = !community.reveal().contains('@');
        plain.then(|| Secret::new(format!("{}@{vlan}", community.reveal())))
    };
    match auth {
        Auth::V1 { community } => named(community).map(|community| Auth::V1 { community }),
        Auth::V2c { community } => named(community).map(|community| Auth::V2c { community }),
        Auth::V3(usm) => usm.context.is_empty().then(|| Auth::V3(Arc::new(usm.in_context(format!("vlan-{vlan}"))))),
    }
}

impl Visit<'_> {
    /// Adds what is behind the ports in each VLAN but the first. A device that has no such list of VLANs is none of these
    /// switches, and one that does not show them to us is asked for one alone.
    pub(super) async fn by_vlan(
        &mut self,
        rows: &mut Rows,
        until: Time,
        allowed: Duration,
        problems: &mut Vec<String>,
    ) {
        let Ok(list) = self.walk(vlans::walk(self.limits(until)), until, allowed).await else { return };
        let all = vlans::others(&list);
        if all.is_empty() {
            return;
        }
        rows.append(list);
        if all.len() > MAX_VLANS {
            problems.push(format!("forwarding databases of {} VLANs; only the first {MAX_VLANS} are read", all.len()));
        }
        for (number, vlan) in all.into_iter().take(MAX_VLANS).enumerate() {
            let left = MAX_FDB.saturating_sub(rows.column(&FDB_PORT).count());
            let Some(auth) = in_vlan(&self.target.auth, vlan).filter(|_| left > 0) else { break };
            // Whoever is silent to the first is silent to all.
            let retries = if number == 0 { 0 } else { self.target.retries };
            let walk = vlans::fdb(Limits { rows: left, retries, ..self.limits(until) });
            match self.walk_as(&auth, walk, until, allowed).await {
                Ok(more) => rows.append(more),
                Err(error) => {
                    problems.push(format!("forwarding database of VLAN {vlan}: {}", error.cause));
                    break;
                }
            }
        }
        // A device has one conversation at a time, and the rest of this poll goes on in the first.
        if let Ok(session) = self.open(&self.target.auth, allowed) {
            self.session = session;
        }
    }

    /// With other credentials from now on.
    async fn walk_as(&mut self, auth: &Auth, walk: Walk, until: Time, allowed: Duration) -> Result<Rows, CollectError> {
        self.session = self.open(auth, allowed).map_err(|cause| self.target.failed(cause))?;
        self.walk(walk, until, allowed).await
    }

    fn open(&self, auth: &Auth, allowed: Duration) -> Result<Conversation, Cause> {
        let address = canonical(self.target.address);
        Conversation::open(auth, address, allowed, self.owner.means(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::snmp::auth::{AuthProtocol, Level, Usm};

    #[test]
    fn a_vlan_is_named_in_each_version() {
        assert_eq!(in_vlan(&Auth::v1("public"), 20), Some(Auth::v1("public@20")));
        assert_eq!(in_vlan(&Auth::v2c("public"), 4094), Some(Auth::v2c("public@4094")));
        assert_eq!(in_vlan(&Auth::v2c("public@7"), 20), None, "it names one already");
        let level = || Level::AuthNoPriv(AuthProtocol::Sha, Secret::new("maplesyrup"));
        let auth = in_vlan(&Auth::v3(Usm::new("watcher", level(), "")), 20);
        assert_eq!(auth, Some(Auth::v3(Usm::new("watcher", level(), "vlan-20"))));
        let Some(Auth::V3(usm)) = auth else { panic!("SNMPv3") };
        assert!(usm.library().is_ok_and(|keys| keys.derive_keys(&[0x80, 0, 0x1f, 0x88, 4, 1]).is_ok()));
        assert_eq!(in_vlan(&Auth::v3(Usm::new("watcher", level(), "far")), 20), None);
    }
}
