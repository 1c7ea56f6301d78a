//! What a package brings beside the program: completions for shells, and manual pages, both derived from the command line itself.
//! Knows no command by name.

use super::cli::fail;
use clap::{Args, Command};
use clap_complete::Shell;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// `stormglass completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// For which shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// `stormglass manual`.
#[derive(Debug, Clone, Args)]
pub struct ManualArgs {
    /// An existing folder; a page for the program and one for each of its commands are written there.
    folder: PathBuf,
}

/// Prints the completions of `command`.
#[must_use]
pub fn completions(args: &CompletionsArgs, mut command: Command) -> ExitCode {
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(args.shell, &mut command, name, &mut script);
    match std::io::stdout().write_all(&script) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("the completions can't be printed: {error}")),
    }
}

/// Writes the manual pages of `command`.
#[must_use]
pub fn manual(args: &ManualArgs, command: Command) -> ExitCode {
    match clap_mangen::generate_to(command, &args.folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{}: the manual can't be written there: {error}", args.folder.display())),
    }
}
