//! What `serve` keeps going: each feed brings facts to the hub on its own timer and reports whether it works.

mod capture;
mod discovery;
mod doctor;
pub(in crate::app) mod host;
mod notify;
mod recorder;
mod snmp;
mod storage;
mod watchdog;

pub use capture::{Captures, given};
pub use discovery::{listen, search};
pub use doctor::Examiner;
pub use host::{answer_questions, watch_host};
pub use notify::{Telling, tell_people};
pub use recorder::{recorder, trigger};
pub use snmp::{Rhythm, Scheduler};
pub use storage::keep;
pub use watchdog::watchdog;

use super::config::Interfaces;
use super::hub::Hub;
use crate::engine::{FeedStatus, Input};
use crate::io::interfaces::Interface;
use crate::model::Time;
use std::sync::Arc;
use tokio::sync::watch;

/// The interfaces that a section of the configuration means, and the names among them that do not exist.
#[must_use]
pub fn chosen(which: &Interfaces, all: &[Interface]) -> (Vec<Interface>, Vec<String>) {
    match which {
        Interfaces::None => (Vec::new(), Vec::new()),
        Interfaces::Auto => {
            let usable =
                |one: &&Interface| one.up && !one.loopback && one.multicast && !one.enslaved && one.mac.is_some();
            (all.iter().filter(usable).cloned().collect(), Vec::new())
        }
        Interfaces::Named(names) => {
            let found = names.iter().filter_map(|name| all.iter().find(|one| *one.name == **name)).cloned().collect();
            let missing = names.iter().filter(|name| all.iter().all(|one| *one.name != ***name)).cloned().collect();
            (found, missing)
        }
    }
}

/// Runs a task by a section of the configuration, and anew by each other one that comes.
pub async fn renewed<T: Clone, F: Future<Output = ()>>(mut section: watch::Receiver<T>, task: impl Fn(T) -> F) {
    loop {
        let current = section.borrow_and_update().clone();
        let mut running = std::pin::pin!(task(current));
        let mut ended = false;
        loop {
            tokio::select! {
                () = &mut running, if !ended => ended = true,
                changed = section.changed() => match changed {
                    Ok(()) => break,
                    // Nobody can change it any more.
                    Err(_) if ended => return,
                    Err(_) => return running.await,
                },
            }
        }
    }
}

/// Runs a question to the kernel where it may wait: netlink waits for the kernel's one lock, which a storm can keep
/// busy for seconds (seen), and the pages and polls must not wait with it.
async fn blocking<T: Send + 'static>(
    question: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> std::io::Result<T> {
    tokio::task::spawn_blocking(question).await.map_err(std::io::Error::other)?
}

/// Reports a feed to the engine.
async fn report(hub: &Hub, feed: &'static str, name: &Arc<str>, result: Result<Time, String>) {
    let status = match result {
        Ok(at) => FeedStatus { feed, name: Arc::clone(name), ok: true, message: String::new(), last_success: Some(at) },
        Err(message) => FeedStatus { feed, name: Arc::clone(name), ok: false, message, last_success: None },
    };
    // A hub that is gone means that the program ends.
    let _ = hub.send(Input::Feed(status)).await;
}
