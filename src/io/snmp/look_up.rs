//! Asks a device for the forwarding entries of a few addresses. What to ask, and what it means, `mib::lookup` knows.

use super::error::{Cause, CollectError};
use super::target::Target;
use super::{Client, Visit};
use crate::mib::lookup::Inquiry;
use crate::model::snmp::Oid;
use crate::model::topology::{LookUp, Sighting};
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Client {
    /// Looks addresses up, within `deadline` from now. One walk of a device at a time: a look-up waits for it.
    ///
    /// # Errors
    /// The device has not answered, or not in a way that can be used: see [`Cause`].
    pub async fn look_up(
        &self,
        target: &Target,
        look_up: &LookUp,
        deadline: Duration,
    ) -> Result<Sighting, CollectError> {
        let until = self.clock.now().plus(deadline);
        self.visit(target, deadline, async |visit| {
            let started = self.clock.now();
            let mut inquiry = Inquiry::new(look_up, target.max_columns, target.retries);
            while let Some(names) = inquiry.next_names() {
                let left = until.since(self.clock.now());
                let patience = target.request_timeout.saturating_mul(1 << inquiry.attempt().min(8)).min(left);
                let reply = visit.get(&names, patience).await.map_err(|cause| target.failed(cause))?;
                let version = visit.session.version();
                inquiry
                    .on_reply(&reply)
                    .map_err(|error| target.failed(Cause::of(error, self.clock.now().since(started), version)))?;
                if self.clock.now() >= until {
                    return Err(target.failed(Cause::Deadline { waited: deadline, rows: 0 }));
                }
            }
            Ok(inquiry.sighting(look_up, self.clock.now()))
        })
        .await
    }
}

impl Visit<'_> {
    /// One GET, in a place among all requests in flight.
    async fn get(&mut self, names: &[Oid], patience: Duration) -> Result<crate::mib::Reply, Cause> {
        let Ok(_permit) = self.owner.permits.acquire().await else {
            return Err(Cause::Protocol("the client is closed".to_owned()));
        };
        self.owner.requests.fetch_add(1, Ordering::Relaxed);
        self.session.get(names, patience).await
    }
}
