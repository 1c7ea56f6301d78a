//! What people and programs read: pure functions from a snapshot to text. Knows no sockets.

/// Fixed words of a page in both languages, and `ALL` of them for its tests. Before the modules that use it.
macro_rules! words {
    ($($name:ident: $en:literal, $ja:literal;)*) => {
        $(pub(super) const $name: Text = Text { en: $en, ja: $ja };)*
        #[cfg(test)]
        pub(super) const ALL: &[Text] = &[$($name),*];
    };
}

pub mod doctor;
pub mod expected;
pub mod explain;
pub mod exposition;
pub mod families;
pub mod history;
pub mod html;
pub mod json;
pub mod lang;
#[cfg(test)]
mod lookalikes_tests;
pub mod metrics;
pub mod metrics_config;
pub mod metrics_detect;
pub mod metrics_doctor;
pub mod metrics_feeds;
pub mod metrics_notes;
pub mod metrics_notify;
pub mod metrics_recorder;
pub mod metrics_storage;
pub mod metrics_targets;
pub mod metrics_upnp;
mod note_line;
pub mod notes;
pub mod notify;
pub mod reach;
pub mod redact;
pub mod report;
pub mod scrape;
pub mod sink;
pub mod snmp_check;
pub mod snmp_text;
pub mod text;
pub mod upnp;
pub mod upnp_csv;
pub mod upnp_list_words;
pub mod upnp_tree;
pub mod upnp_words;
