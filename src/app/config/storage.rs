//! `storage:`, where the history of storms is kept.

use serde::Deserialize;
use std::path::PathBuf;

/// `storage:`; without a path nothing outlives the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// The folder; the flag `--storage.path` outranks it.
    pub path: Option<PathBuf>,
}

impl Storage {
    /// What cannot be meant.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match &self.path {
            Some(path) if path.as_os_str().is_empty() => {
                Err("storage.path: is empty; name a folder, or leave storage.path out to keep no history")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::config::parse;

    #[test]
    fn a_folder_or_nothing() {
        let path = |text: &str| parse(text, "s.yml").expect("good").storage.path;
        assert_eq!(path("storage: {path: /var/lib/stormglass}").as_deref(), Some("/var/lib/stormglass".as_ref()));
        assert_eq!(path("snmp: {interval: 5s}"), None);
        for (text, says) in [("storage: {path: ''}", "is empty"), ("storage: {folder: /tmp}", "unknown field")] {
            let error = parse(text, "s.yml").expect_err(text).to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
