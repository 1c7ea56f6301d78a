//! The sign of life for the supervisor: given only when the engine itself has answered, so that one that hangs is started
//! again. Decides nothing.

use crate::app::hub::Hub;
use crate::io::supervisor::Supervisor;
use std::sync::Arc;
use std::time::Duration;

/// Gives a sign of life twice within `limit`, until the task is dropped.
pub async fn watchdog(hub: Hub, supervisor: Arc<Supervisor>, limit: Duration) {
    let mut timer = tokio::time::interval((limit / 2).max(Duration::from_millis(1)));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        timer.tick().await;
        // The question waits in the same queue as every fact, and is answered on the engine's thread.
        if hub.query(|_, _| ()).await.is_err() {
            return;
        }
        supervisor.alive();
    }
}
