//! `upnp-probe` on a terminal of the PC: what it draws there, what it asks, and what it does when a person answers. The
//! terminal is a pseudo-terminal of this test's own.

use super::net::{Home, Result, output};
use super::trials::{check, services};
use nix::pty::{Winsize, openpty};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

/// A run on a terminal.
struct Run<'a> {
    program: &'a str,
    arguments: &'a [&'a str],
    /// Variables of its environment beside `TERM`.
    environment: &'a [(&'a str, &'a str)],
    columns: u16,
    /// What the person types when the line that ends with this is there.
    answer: Option<(&'a str, &'a str)>,
}

impl Run<'_> {
    /// Exit status, and everything that was on the terminal.
    fn go(&self) -> Result<(i32, String)> {
        let size = Winsize { ws_row: 50, ws_col: self.columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).map_err(|error| error.to_string())?;
        let side = || pair.slave.try_clone().map(Stdio::from).map_err(|error| error.to_string());
        let mut command = Command::new("ip");
        command.args(["netns", "exec", "pc", self.program]).args(self.arguments);
        for name in ["LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANG", "NO_COLOR"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm").envs(self.environment.iter().copied());
        command.args(["--interface", "eth0"]).stdin(side()?).stdout(side()?).stderr(side()?);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        // The copies of the slave end with the command and the child; then reading ends.
        drop((command, pair.slave));
        let mut terminal = File::from(pair.master);
        let (mut shown, mut waiting, mut buffer) = (Vec::new(), self.answer, [0; 4096]);
        // Linux ends a terminal whose other side is closed with an error (EIO).
        while let Ok(length) = terminal.read(&mut buffer) {
            if length == 0 {
                break;
            }
            shown.extend(&buffer[..length]);
            if let Some((question, answer)) = waiting
                && String::from_utf8_lossy(&shown).contains(question)
            {
                waiting = None;
                terminal.write_all(answer.as_bytes()).map_err(|error| error.to_string())?;
            }
        }
        let status = child.wait().map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&shown).into_owned();
        check(waiting.is_none(), "it asks", &text)?;
        Ok((status.code().unwrap_or(-1), text))
    }
}

fn plain<'a>(arguments: &'a [&'a str]) -> Run<'a> {
    Run {
        program: env!("CARGO_BIN_EXE_upnp-probe"),
        arguments,
        environment: &[("LANG", "en_US.UTF-8")],
        columns: 120,
        answer: None,
    }
}

fn list() -> Result<String> {
    output("ip netns exec pc upnpc -m eth0 -l")
}

/// `doctor` asks before it sends a search, says which plug to pull, and takes a no, and silence, for a no.
pub fn doctor_asks_first() -> Result<()> {
    let _home = Home::build("doctor-asked")?;
    let ask = |answer: &str, sends: bool| -> Result<()> {
        let question = "unplug the WAN-side cable of the router that was added last. [y/N] ";
        let run = Run { program: super::agent::PROGRAM, answer: Some((question, answer)), ..plain(&["doctor"]) };
        let (code, text) = run.go()?;
        let sent = text.lines().find(|line| line.contains("Sent: ")).unwrap_or_default();
        check(sent.contains("arp 1x"), "the harmless part was sent", &text)?;
        check(sent.contains("guard_search") == sends && sent.contains("upnp_search") == sends, "as answered", &text)?;
        check(code == 0, "nothing is wrong with two quiet sides", &text)
    };
    // Nothing reflects here: both sides of the router are silent.
    ask("n\n", false)?;
    ask("\n", false)?;
    ask("y\n", true)
}

/// A no, a yes, and a yes in Japanese.
pub fn a_person_is_asked() -> Result<()> {
    let mut home = Home::build("asked")?;
    services(&mut home)?;
    let add = ["add", "--external", "7443", "--internal", ":1443", "--protocol", "tcp"];
    let (code, shown) = Run { answer: Some(("[y/N]", "n\n")), ..plain(&add) }.go()?;
    check(code == 2 && shown.contains("Nothing was sent."), "a no is a no", &shown)?;
    check(
        shown.contains("AddPortMapping") && shown.contains("NewInternalClient"),
        "it shows what it would send",
        &shown,
    )?;
    check(!list()?.contains("7443->"), "and nothing is open", &shown)?;
    let (code, shown) = Run { answer: Some(("[y/N]", "y\n")), ..plain(&add) }.go()?;
    check(code == 0 && shown.contains("now leads to 192.168.1.30:1443"), "a yes is a yes", &shown)?;
    check(list()?.contains("7443->192.168.1.30:1443"), "and upnpc sees it", &shown)?;
    let remove = ["remove", "tcp", "7443", "--lang", "ja"];
    // An empty line is the default, which is no.
    let (code, shown) = Run { answer: Some(("[y/N]", "\n")), ..plain(&remove) }.go()?;
    check(code == 2 && shown.contains("何も送信していません"), "no answer is a no", &shown)?;
    let (code, shown) = Run { answer: Some(("送信しますか", "はい\n")), ..plain(&remove) }.go()?;
    check(code == 0 && shown.contains("閉じました"), "a Japanese yes", &shown)?;
    check(!list()?.contains("7443->"), "and it is closed", &shown)
}

/// Colours and borders by what the terminal and its user want, and never wider than it.
pub fn a_terminal_is_respected() -> Result<()> {
    let mut home = Home::build("terminal")?;
    services(&mut home)?;
    let (code, shown) = plain(&["list"]).go()?;
    check(code == 1 && shown.contains("\u{1b}[1mLab gateway") && shown.contains('┌'), "bold names, boxes", &shown)?;
    let environment = [("LANG", "en_US.UTF-8"), ("NO_COLOR", "1")];
    let (_, shown) = Run { environment: &environment, ..plain(&["list"]) }.go()?;
    // The progress line moves the cursor; it colours nothing.
    let coloured = shown.contains("\u{1b}[1m") || shown.contains("\u{1b}[33m");
    check(!coloured && shown.contains("Lab gateway"), "no colour by NO_COLOR", &shown)?;
    let japanese = [("LANG", "ja_JP.UTF-8"), ("NO_COLOR", "1")];
    let (_, shown) = Run { environment: &japanese, columns: 72, ..plain(&["list"]) }.go()?;
    check(shown.contains("種別") && !shown.contains('│'), "ASCII borders where boxes are two cells wide", &shown)?;
    let table = shown.lines().filter(|line| line.trim_end().ends_with(['|', '+'])).map(str::trim_end);
    let widths = table.map(|line| line.chars().map(|c| 1 + usize::from(is_wide(c))).sum::<usize>());
    let widths = widths.collect::<Vec<_>>();
    check(
        widths.len() > 4 && widths.iter().all(|width| *width <= 72),
        "within 72 cells",
        &format!("{widths:?} {shown}"),
    )
}

/// As terminals set it, of the letters that may come here: Japanese, Chinese and Korean ones. Devices say others.
fn is_wide(letter: char) -> bool {
    letter >= '\u{1100}'
}
