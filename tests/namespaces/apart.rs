//! Every trial in namespaces of its own, which end with it: none finds what another left behind, and those that mostly
//! wait run side by side.

use crate::namespaces::{again, left_out, missing};
use libtest_mimic::{Arguments, Failed, Trial};
use std::process::{Command, ExitCode, Stdio};

/// How many trials run side by side. They wait for timers and for each other's daemons most of their time; with more, two
/// cores come late to what a trial awaits.
const TOGETHER: usize = 3;

/// A trial's name and body.
pub(crate) type Named<E> = (&'static str, fn() -> Result<(), E>);

/// The trials of a test program.
pub(crate) struct Trials<const COUNT: usize, E> {
    /// The environment variable by which the program, run again in namespaces, is told its trial.
    pub(crate) variable: &'static str,
    /// Programs without which no trial can run, with the Debian package of each.
    pub(crate) needed: &'static [(&'static str, &'static str)],
    /// All of them, in order.
    pub(crate) trials: [Named<E>; COUNT],
    /// How many, from the first on, have the machine for themselves: those which load it, and which look at the clock.
    pub(crate) alone: usize,
    /// What every trial finds in its namespaces.
    pub(crate) set_up: fn() -> Result<(), String>,
}

impl<const COUNT: usize, E: Into<Failed> + 'static> Trials<COUNT, E> {
    /// Runs what was asked for on the command line.
    pub(crate) fn run(self, mut arguments: Arguments) -> ExitCode {
        if let Ok(name) = std::env::var(self.variable) {
            return self.inside(&name);
        }
        let missing = missing(self.needed);
        let (alone, together) = self.trials.split_at(self.alone.min(COUNT));
        let asked = arguments.test_threads.unwrap_or(TOGETHER);
        let mut failed = false;
        for (trials, threads) in [(alone, 1), (together, asked.min(TOGETHER))] {
            arguments.test_threads = Some(threads);
            let trial = |&(name, _): &Named<E>| match missing.clone() {
                None => Trial::test(name, move || outside(self.variable, name)),
                Some(missing) => Trial::ignorable_test(name, move || left_out(missing)),
            };
            if !trials.is_empty() {
                failed |= libtest_mimic::run(&arguments, trials.iter().map(trial).collect()).has_failed();
            }
        }
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    /// One trial, in its namespaces.
    fn inside(&self, name: &str) -> ExitCode {
        let Some((_, run)) = self.trials.iter().find(|(known, _)| *known == name) else {
            eprintln!("{}={name}: no such trial", self.variable);
            return ExitCode::FAILURE;
        };
        let ended = silent_console()
            .and_then(|()| (self.set_up)())
            .map_err(|error| format!("the namespaces could not be set up: {error}"));
        let ended = ended.map_err(Failed::from).and_then(|()| run().map_err(Into::into));
        match ended {
            Ok(()) => ExitCode::SUCCESS,
            Err(failed) => {
                eprintln!("{}", failed.message().unwrap_or("failed without a word"));
                ExitCode::FAILURE
            }
        }
    }
}

/// Nothing that runs in here reaches the machine's console. Where no syslog listens, miniupnpd's every line goes there
/// (`LOG_CONS`), and a serial console takes it at its own pace with interrupts off: in a storm, whole seconds in which a core
/// does nothing else (measured with perf: 13 % of all samples in `n_tty_write`, and trials that failed for it).
fn silent_console() -> Result<(), String> {
    if !std::path::Path::new("/dev/console").exists() {
        return Ok(());
    }
    let output = Command::new("mount").args(["--bind", "/dev/null", "/dev/console"]).output();
    let output = output.map_err(|error| format!("mount: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("/dev/null over /dev/console: {said}")) }
}

/// The program again for one trial. What it prints comes in one piece.
fn outside(variable: &str, name: &str) -> Result<(), Failed> {
    let output = again(variable, name).and_then(|mut command| command.stdin(Stdio::null()).output());
    let output = output.map_err(|error| format!("unshare: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    if !said.is_empty() {
        print!("\n{name}:\n{said}");
    }
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}\n({})", String::from_utf8_lossy(&output.stderr), output.status).into())
}
