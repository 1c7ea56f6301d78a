//! Completions and manual pages as a package has them: complete, and readable by what reads them.

use assert_cmd::Command;

fn stormglass(arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    command.args(arguments).assert().success().get_output().stdout.clone()
}

/// Every command that is shown to people is completed, and every flag of `serve`.
#[test]
fn shells_complete_every_command() {
    let help = String::from_utf8(stormglass(&["--help"])).expect("UTF-8");
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let commands = listed.filter_map(|line| line.split_whitespace().next()).collect::<Vec<_>>();
    assert!(commands.contains(&"serve") && commands.len() > 8, "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(stormglass(&["completions", shell])).expect("UTF-8");
        for word in commands.iter().chain(&["web.config.file", "web.enable-lifecycle"]) {
            assert!(script.contains(word), "{shell}: no {word}");
        }
    }
    // Read by the shell itself, and asked: bash is there wherever these tests run.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("stormglass");
    std::fs::write(&file, stormglass(&["completions", "bash"])).expect("the script");
    // Values too, here the causes.
    assert!(String::from_utf8_lossy(&stormglass(&["completions", "bash"])).contains("l3_reflector"));
    let ask = "source \"$1\"; COMP_WORDS=(stormglass ser); COMP_CWORD=1; _stormglass stormglass ser; echo \"${COMPREPLY[*]}\"";
    let mut bash = Command::new("bash");
    let output = bash.args(["-c", ask, "bash"]).arg(&file).assert().success().get_output().stdout.clone();
    assert_eq!(String::from_utf8_lossy(&output).trim(), "serve");
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().expect("a folder");
    stormglass(&["manual", &folder.path().display().to_string()]);
    for (page, words) in [
        ("stormglass.1", &["stormglass\\-serve(1)", "packet storms"][..]),
        ("stormglass-serve.1", &["web.config.file", "recorder.path"]),
        ("stormglass-explain.1", &["l3_reflector"]),
        ("stormglass-snmp-check.1", &[]),
    ] {
        let text = std::fs::read_to_string(folder.path().join("man1").join(page))
            .unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.contains(".TH stormglass"), "{page}: {text}");
        let plain = text.replace("\\-", "-");
        for word in words {
            assert!(plain.contains(&word.replace("\\-", "-")), "{page}: no {word}: {text}");
        }
    }
    let mut nowhere = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    let output = nowhere.args(["manual", "/nowhere/at/all"]).assert().code(2).get_output().stderr.clone();
    assert!(String::from_utf8_lossy(&output).contains("/nowhere/at/all"));
}
