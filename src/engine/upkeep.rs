//! What the parts beside the watching tell of themselves: the flight recorder, the history and the messages. Kept for whoever
//! asks; nothing here is judged.

use super::Engine;
use crate::model::history::StorageStatus;
use crate::model::notice::NotifyStatus;
use crate::model::recording::RecorderStatus;

impl Engine {
    /// How the flight recorder is doing; `None` where nothing is recorded.
    #[must_use]
    pub const fn recorder(&self) -> Option<&RecorderStatus> {
        self.recorder.as_ref()
    }

    /// How the writing of the history goes; `None` where none is kept.
    #[must_use]
    pub const fn storage(&self) -> Option<&StorageStatus> {
        self.storage.as_ref()
    }

    /// How telling people goes; `None` where nobody is told.
    #[must_use]
    pub const fn notify(&self) -> Option<&NotifyStatus> {
        self.notify.as_ref()
    }
}
