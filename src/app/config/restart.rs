//! What of a configuration cannot change while the program runs: what was opened once at the start. Compares; changes nothing.

use super::Config;

/// Keys that differ and need a restart to take effect. `running`: the configuration that the program was started with.
#[must_use]
pub fn needing_restart(running: &Config, wanted: &Config) -> Vec<&'static str> {
    let listen = |config: &Config| config.web.listen.iter().map(|address| address.value.clone()).collect::<Vec<_>>();
    let differs = [
        ("capture.interfaces", running.capture.interfaces != wanted.capture.interfaces),
        ("capture.sample_one_in", running.capture.sample_one_in != wanted.capture.sample_one_in),
        // The capture counts copies by itself, with the limit that it was opened with.
        ("detect.replica_copies", running.detect.replica_copies != wanted.detect.replica_copies),
        ("recorder", running.recorder != wanted.recorder),
        ("storage.path", running.storage != wanted.storage),
        ("web.listen", listen(running) != listen(wanted)),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config::parse;

    #[test]
    fn what_was_opened_once_is_named() {
        let running = parse("capture: {interfaces: [eth0]}\nweb: {listen: [\":10116\"]}\n", "s.yml").expect("good");
        for (text, needs) in [
            ("capture: {interfaces: [eth0]}\nweb: {listen: [\":10116\"]}\nupnp: {interfaces: none}\n", &[][..]),
            ("# moved\n\nweb: {listen: [\":10116\"]}\ncapture: {interfaces: [eth0]}\n", &[]),
            ("capture: {interfaces: [eth1]}\nweb: {listen: [\":10116\"]}\n", &["capture.interfaces"]),
            ("capture: {interfaces: [eth0], sample_one_in: 4}", &["capture.sample_one_in", "web.listen"]),
            (
                "detect: {replica_copies: 9}\nrecorder: {path: /a}\nstorage: {path: /b}",
                &["capture.interfaces", "detect.replica_copies", "recorder", "storage.path", "web.listen"],
            ),
        ] {
            assert_eq!(needing_restart(&running, &parse(text, "s.yml").expect(text)), needs, "{text}");
        }
    }
}
