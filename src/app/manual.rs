//! Manual pages and completions of both programs, made from their command lines, so that they cannot say anything else.

use super::cli::{self, fail, print};
use super::upnp;
use clap::{Args, Command, ValueEnum};
use clap_complete::Shell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Which program.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// The whole
    Stormglass,
    /// `stormglass upnp` on its own
    UpnpProbe,
}

impl Program {
    fn command(self) -> Command {
        match self {
            Self::Stormglass => cli::command(),
            Self::UpnpProbe => upnp::program(),
        }
    }
}

/// `stormglass completions`.
#[derive(Debug, Clone, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    /// The program whose command line is completed
    #[arg(long = "for", value_enum, default_value_t = Program::Stormglass)]
    program: Program,
}

/// Prints them.
#[must_use]
pub fn completions(args: &CompletionsArgs) -> ExitCode {
    print("the completions", &completion(args.program.command(), args.shell))
}

fn completion(mut command: Command, shell: Shell) -> String {
    let mut out = Vec::new();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// `stormglass manual`.
#[derive(Debug, Clone, Args)]
pub struct ManualArgs {
    /// The folder to write to, which is made if it is not there. The pages go to `man1`, the completions to `completions`
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes them.
#[must_use]
pub fn run(args: &ManualArgs) -> ExitCode {
    match write(&args.folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("{}: {error}: choose another folder", args.folder.display())),
    }
}

fn write(folder: &Path) -> std::io::Result<()> {
    let (pages, completions) = (folder.join("man1"), folder.join("completions"));
    for folder in [folder, &pages, &completions] {
        match std::fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
    }
    for program in [Program::Stormglass, Program::UpnpProbe] {
        clap_mangen::generate_to(program.command(), &pages)?;
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut command = program.command();
            let name = command.get_name().to_owned();
            clap_complete::generate_to(shell, &mut command, name, &completions)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_are_described_in_full() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path()).expect("it can be written");
        let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        for (page, said) in [
            ("man1/stormglass.1", "stormglass\\-doctor"),
            ("man1/stormglass-serve.1", "config.file"),
            ("man1/stormglass-doctor.1", "guard_mdns"),
            ("man1/upnp-probe.1", "upnp\\-probe"),
            ("completions/stormglass.bash", "--config.file"),
            ("completions/_stormglass", "doctor"),
            ("completions/upnp-probe.fish", "upnp-probe"),
        ] {
            assert!(read(page).contains(said), "{page}: {said}: {}", read(page));
        }
    }

    #[test]
    fn every_shell_has_completions() {
        for shell in Shell::value_variants() {
            assert!(completion(cli::command(), *shell).contains("analyze"), "{shell}");
        }
    }
}
