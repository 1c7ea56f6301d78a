//! `stormglass-harness seeds`: files for fuzzers to begin with. What is in them is the library's.

use super::Failure;
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;
use stormglass_harness::samples as captured;
use stormglass_harness::upnp::samples;

/// `stormglass-harness seeds`.
#[derive(Debug, Args)]
pub(crate) struct SeedsArgs {
    /// Where to: a directory for each fuzz target is made in it
    directory: PathBuf,
}

/// Writes the files and says how many.
pub(crate) fn run(args: &SeedsArgs) -> Result<ExitCode, Failure> {
    let frames = captured::frames();
    let sets = [
        ("capture_file", captured::captures(&frames)),
        ("frame", captured::single_frames(&frames)),
        ("lan_hearing", captured::heard(&frames)),
        ("tally", captured::sequences(&frames)),
        ("upnp_description", samples::descriptions()),
        ("upnp_soap", samples::soap()),
        ("upnp_ssdp", samples::ssdp()),
    ];
    for (target, samples) in sets {
        let directory = args.directory.join(target);
        let shown = directory.display();
        std::fs::create_dir_all(&directory).map_err(|error| format!("{shown}: {error}"))?;
        for (number, sample) in samples.iter().enumerate() {
            let file = directory.join(format!("seed-{number:03}"));
            std::fs::write(&file, sample).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        println!("{shown}: {} files", samples.len());
    }
    Ok(ExitCode::SUCCESS)
}
