//! Holds the house together: the arrows between the floors, the purity of those below `io`, and the manners of files.
//! Reads the sources as text; knows nothing of what they do. The compiler proves that the pure floors build without the
//! I/O crates; which floor may name which, it cannot.

use std::fs;
use std::path::{Path, PathBuf};

/// Each floor, from the ground up, and the floors it may name beside itself.
const FLOORS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("wire", &["model"]),
    ("mib", &["model", "wire"]),
    ("observe", &["model", "wire", "mib"]),
    ("detect", &["model", "observe"]),
    ("explain", &["model", "observe", "detect"]),
    ("engine", &["model", "wire", "mib", "observe", "detect", "explain"]),
    ("view", &["model", "mib", "observe", "detect", "explain", "engine"]),
    ("io", &["model", "wire", "mib", "observe", "detect", "explain", "engine", "view"]),
    ("app", &["model", "wire", "mib", "observe", "detect", "explain", "engine", "view", "io"]),
];

/// The impure floors.
const IMPURE: &[&str] = &["io", "app"];

/// What the pure floors must not name in `std`: files, sockets, threads, locks, clocks.
const IMPURE_STD: &[&str] = &[
    "env",
    "fs",
    "net::TcpListener",
    "net::TcpStream",
    "net::ToSocketAddrs",
    "net::UdpSocket",
    "os",
    "process",
    "sync::Condvar",
    "sync::Mutex",
    "sync::RwLock",
    "sync::mpsc",
    "thread",
    "time::Instant",
    "time::SystemTime",
];

/// The one file that may say `unsafe`: the ring shared with the kernel.
const UNSAFE_FILE: &str = "src/io/capture/afpacket.rs";

/// Lines of a file before its tests, and with them.
const CODE_LINES: usize = 500;
const ALL_LINES: usize = 700;

/// The commands at the top of the README, which must do all the set-up on a clean clone.
const README_COMMANDS: [&str; 2] = ["cargo run --release -- demo", "cargo test --workspace"];

/// The only place packages come from, as Cargo.lock writes it.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

// ---- Reading Rust as far as needed ----

/// Identifiers, `::`, braces and other signs of a source text, without comments and literals.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = literal_or_comment(rest);
        if skipped > 0 {
            rest = &rest[skipped..];
            continue;
        }
        let length = if first.is_alphabetic() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            found.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    found
}

/// Bytes of the comment, string or character literal that `text` begins with; 0 if it begins with none.
fn literal_or_comment(text: &str) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return text.find("*/").map_or(text.len(), |end| end + 2);
    }
    let prefix = ["br", "b", "c", "r"].iter().find(|p| {
        text.strip_prefix(**p)
            .is_some_and(|rest| rest.starts_with(['"', '#']) && (p.ends_with('r') || rest.starts_with('"')))
    });
    let start = prefix.map_or(0, |p| p.len());
    let hashes = text[start..].bytes().take_while(|b| *b == b'#').count();
    let raw = prefix.is_some_and(|p| p.ends_with('r'));
    if raw && text[start + hashes..].starts_with('"') {
        let open = start + hashes + 1;
        let close = format!("\"{}", "#".repeat(hashes));
        return text[open..].find(&close).map_or(text.len(), |end| open + end + close.len());
    }
    if text[start..].starts_with('"') {
        return quoted(text, start + 1, '"');
    }
    // A lifetime has no closing quote after its first character.
    let mut characters = text.chars().skip(1);
    match (text.starts_with('\''), characters.next(), characters.next()) {
        (true, Some('\\'), _) => quoted(text, 1, '\''),
        (true, Some(inner), Some('\'')) => 2 + inner.len_utf8(),
        _ => 0,
    }
}

/// Bytes up to and with the closing quote, from `start` within the quotes.
fn quoted(text: &str, start: usize, quote: char) -> usize {
    let mut escaped = false;
    for (at, character) in text[start..].char_indices() {
        if character == quote && !escaped {
            return start + at + 1;
        }
        escaped = character == '\\' && !escaped;
    }
    text.len()
}

/// All paths that begin with `root`, its groups opened: `crate::{a, b::{c, d}}` gives `a`, `b::c`, `b::d`.
fn paths(tokens: &[&str], root: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        // In `a::std::b` the word is no root.
        let inner = at > 0 && tokens[at - 1] == "::" && tokens.get(at.wrapping_sub(2)).is_some_and(|t| is_word(t));
        if *token == root && tokens.get(at + 1) == Some(&"::") && !inner {
            expand(tokens, at + 2, "", &mut found);
        }
    }
    found
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Collects the paths of the tree that begins at `at`; returns where it ends.
fn expand(tokens: &[&str], mut at: usize, before: &str, found: &mut Vec<String>) -> usize {
    let mut path = before.to_owned();
    while let Some(token) = tokens.get(at) {
        if *token == "{" {
            at += 1;
            while tokens.get(at).is_some_and(|t| *t != "}") {
                let end = expand(tokens, at, &path, found);
                // Aliases (`x as y`) and commas between the branches.
                at = end.max(at + 1);
                while tokens.get(at).is_some_and(|t| !matches!(*t, "," | "}")) {
                    at += 1;
                }
                at += usize::from(tokens.get(at) == Some(&","));
            }
            return at + 1;
        }
        if is_word(token) || *token == "*" {
            path = if path.is_empty() { (*token).to_owned() } else { format!("{path}::{token}") };
            at += 1;
        }
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    found.push(path);
    at
}

// ---- The rules: each gives the faults of one file ----

/// The floor a source file stands on: `src/wire/frame.rs` and `src/wire.rs` on `wire`. None for lib.rs and the binaries.
fn floor_of(file: &str) -> Option<&str> {
    let first = file.strip_prefix("src/")?.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    FLOORS.iter().map(|floor| floor.0).find(|floor| *floor == name)
}

/// Floors named against the arrows.
fn forbidden_arrows(file: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let mut faults = Vec::new();
    if tokens.windows(3).any(|three| three == ["super", "::", "super"]) {
        faults.push(format!("{file}: `super::super` hides an arrow; write `crate::`"));
    }
    let (allowed, me, mut named) = match floor_of(file) {
        Some(me) => {
            let allowed = FLOORS.iter().find(|floor| floor.0 == me).map_or(&[][..], |floor| floor.1);
            let mut named = paths(&tokens, "crate");
            if !file.trim_start_matches("src/").contains('/') || file.ends_with(&format!("src/{me}/mod.rs")) {
                // `super` of a floor's own root is the crate.
                named.extend(paths(&tokens, "super").into_iter().filter(|path| is_floor(first_word(path))));
            }
            (allowed, me, named)
        }
        // lib.rs is only the map; a binary hands over to `app`.
        None if file == "src/lib.rs" => (&[][..], "lib.rs", paths(&tokens, "crate")),
        None => (&["app"][..], "a binary", paths(&tokens, "stormglass")),
    };
    named.retain(|path| first_word(path) != me && !allowed.contains(&first_word(path)));
    faults.extend(named.iter().map(|path| format!("{file}: {me} must not use `{path}` (it may use: {allowed:?})")));
    faults
}

fn first_word(path: &str) -> &str {
    path.split("::").next().unwrap_or(path)
}

fn is_floor(name: &str) -> bool {
    FLOORS.iter().any(|floor| floor.0 == name)
}

/// The text before the unit tests. Where they are in files of their own, that is all of it.
fn without_tests(text: &str) -> &str {
    let inline = |rest: &str| {
        rest.trim_start_matches("\n#[cfg(test)]")
            .trim_start()
            .split('\n')
            .next()
            .is_some_and(|line| !line.ends_with(';') || !line.starts_with("mod "))
    };
    text.match_indices("\n#[cfg(test)]").find(|(at, _)| inline(&text[*at..])).map_or(text, |(at, _)| &text[..at])
}

/// Files, sockets, threads, locks and clocks named below `io`.
fn impurities(file: &str, text: &str) -> Vec<String> {
    if floor_of(file).is_none_or(|floor| IMPURE.contains(&floor)) || file.ends_with("tests.rs") {
        return Vec::new();
    }
    let named = paths(&tokens(without_tests(text)), "std");
    let bad = |path: &&String| {
        IMPURE_STD
            .iter()
            .any(|word| path.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
    };
    named.iter().filter(bad).map(|path| format!("{file}: `std::{path}` belongs to io")).collect()
}

/// A file says what it is in its first line, is one idea, and is safe.
fn bad_manners(file: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//! ") {
        faults.push(format!("{file}: the first line must say what the file is (`//! …`)"));
    }
    let (code, all) = (without_tests(text).lines().count(), text.lines().count());
    if code > CODE_LINES || all > ALL_LINES {
        faults.push(format!("{file}: {code} lines, {all} with tests; at most {CODE_LINES} and {ALL_LINES}: split it"));
    }
    if file != UNSAFE_FILE && tokens(text).contains(&"unsafe") {
        faults.push(format!("{file}: `unsafe` belongs in {UNSAFE_FILE} alone"));
    }
    faults
}

/// Paths of the machine somebody worked on.
fn machine_paths(file: &str, text: &str) -> Vec<String> {
    // Put together here, or this file would find itself.
    let bad = ["home", "Users", "root", "work"].map(|folder| format!("/{folder}/"));
    let bad = bad.iter().map(String::as_str).chain([concat!("C:", "\\Users"), concat!("../", "shared")]);
    let begins = |line: &str, at: usize| {
        !line[..at].ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '}' | '-' | '_'))
    };
    let mut faults = Vec::new();
    for word in bad {
        for (number, line) in text.lines().enumerate() {
            if line.match_indices(word).any(|(at, _)| begins(line, at)) {
                faults.push(format!("{file}:{}: names a path of one machine: {word}", number + 1));
            }
        }
    }
    faults
}

// ---- Going through the files ----

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder` with its path from the project's root, build output and git's own aside.
fn files(folder: &str) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("an entry of a folder just read").path();
            let name = path.file_name().unwrap_or_default();
            if path.is_dir() && !path.is_symlink() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if name != ".git" {
                let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.push((relative, path));
            }
        }
    }
    found.sort();
    found
}

/// Applies a rule to the text files below `folder` whose names end in `ending`, and fails with all faults at once.
fn check(folder: &str, ending: &str, rule: fn(&str, &str) -> Vec<String>) {
    let mut read = 0;
    let mut faults = Vec::new();
    for (name, path) in files(folder).into_iter().filter(|(name, _)| name.ends_with(ending)) {
        // Pictures and packed tables are no text.
        let Ok(text) = String::from_utf8(fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"))) else { continue };
        read += 1;
        faults.extend(rule(&name, &text));
    }
    assert!(read > 10, "only {read} files read below {folder}");
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn floors_use_only_those_below() {
    check("src", ".rs", forbidden_arrows);
}

#[test]
fn floors_below_io_are_pure() {
    check("src", ".rs", impurities);
}

#[test]
fn files_have_manners() {
    check("src", ".rs", bad_manners);
}

#[test]
fn no_file_names_a_machine() {
    check(".", "", machine_paths);
}

#[test]
fn packages_come_from_one_registry() {
    for (name, path) in files(".").into_iter().filter(|(name, _)| name.ends_with("Cargo.lock")) {
        let text = fs::read_to_string(path).expect("a lock file");
        let sources = text.lines().filter_map(|line| line.strip_prefix("source = "));
        for source in sources {
            assert_eq!(source.trim_matches('"'), REGISTRY, "{name}");
        }
    }
}

#[test]
fn readmes_begin_with_the_two_commands() {
    for name in ["README.md", "README.ja.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        for command in README_COMMANDS {
            assert!(
                text.lines().take(40).any(|line| line.starts_with(command)),
                "{name}: `{command}` is not near the top"
            );
        }
    }
}

// ---- The checker itself ----

#[test]
fn the_checker_sees_forbidden_arrows() {
    for (file, text, word) in [
        ("src/model/mac.rs", "use crate::wire::frame;", "wire::frame"),
        ("src/wire/frame.rs", "use crate::{model::Time, io::{clock, ssdp as s}};", "io::clock"),
        ("src/detect/window.rs", "fn f() { crate::explain::words::number(3); }", "explain::words::number"),
        ("src/mib/mod.rs", "use super::observe::tally;", "observe::tally"),
        ("src/engine.rs", "use super::view;", "view"),
        ("src/explain/causes/l2_loop.rs", "use super::super::words;", "super::super"),
        ("src/main.rs", "use stormglass::engine::Engine;", "engine::Engine"),
        ("src/io/clock.rs", "#[cfg(test)] mod tests { use crate::app::cli; }", "app::cli"),
    ] {
        let faults = forbidden_arrows(file, text);
        assert!(faults.iter().any(|fault| fault.contains(word)), "{file}: {text}: {faults:?}");
    }
    for (file, text) in [
        ("src/view/text.rs", "use crate::{engine::Snapshot, model::verdict::{Party, Verdict}};"),
        (
            "src/model/mac.rs",
            "//! See [`crate::wire`].\n/* crate::io */ const A: &str = \"crate::app\"; use super::Time;",
        ),
        (
            "src/wire/soap.rs",
            "const A: &str = r#\"\" use crate::io::x; \"#; const B: char = '\"'; use crate::model::Time;",
        ),
        ("src/app/serve.rs", "pub(crate) fn f<'a>(x: &'a str) { crate::app::cli::run(x) }"),
    ] {
        assert_eq!(forbidden_arrows(file, text), [""; 0], "{file}: {text}");
    }
}

#[test]
fn the_checker_sees_bad_files() {
    let fault = |faults: Vec<String>| faults.len();
    assert_eq!(fault(impurities("src/observe/tally.rs", "use std::{collections::BTreeMap, sync::{Arc, Mutex}};")), 1);
    assert_eq!(fault(impurities("src/observe/tally.rs", "let t = std::time::Instant::now();")), 1);
    assert_eq!(fault(impurities("src/io/clock.rs", "let t = std::time::Instant::now();")), 0);
    assert_eq!(fault(impurities("src/wire/frame.rs", "use std::net::IpAddr;\n#[cfg(test)]\nuse std::fs;")), 0);
    assert_eq!(fault(bad_manners("src/wire/frame.rs", "//! Frames.\nlet a = unsafe { f() };")), 1);
    assert_eq!(fault(bad_manners(UNSAFE_FILE, "//! The ring.\nlet a = unsafe { f() };")), 0);
    assert_eq!(fault(bad_manners("src/wire/frame.rs", "use std::net::IpAddr;")), 1);
    assert_eq!(fault(bad_manners("src/wire/frame.rs", &format!("//! Long.\n{}", "\n".repeat(CODE_LINES)))), 1);
    assert_eq!(fault(machine_paths("a.sh", &["cd ", "/home", "/me/stormglass"].concat())), 1);
    assert_eq!(fault(machine_paths("a.sh", &["GET http://nas", "/home", "/index.html"].concat())), 0);
}
