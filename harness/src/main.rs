//! The command line of the harness: the world for benchmarks and for those who want to try a poller. On loopback and veth alone;
//! it knows nothing of stormglass but the form of its configuration file.

mod cli;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Simulated networks and SNMP agents, and what to measure with: a scraper for exporters, a flood for captures. Everything
/// stays on loopback and on virtual cables.
#[derive(Debug, Parser)]
#[command(name = "stormglass-harness", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Thousands of SNMP agents in one process.
    Agents(Box<cli::agents::AgentsArgs>),
    /// Frames into a virtual cable, as fast as the kernel can.
    Flood(cli::flood::FloodArgs),
    /// Ask an exporter about many targets, and measure what that costs it.
    Scrape(cli::scrape::ScrapeArgs),
    /// Files for the fuzz targets to begin with.
    Seeds(cli::seeds::SeedsArgs),
    /// The simulated networks: what there is, what happens, and what should be said.
    Scenarios(cli::scenarios::ScenariosArgs),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Agents(args) => cli::agents::run(&args),
        Command::Flood(args) => cli::flood::run(&args),
        Command::Scrape(args) => cli::scrape::run(&args),
        Command::Seeds(args) => cli::seeds::run(&args),
        Command::Scenarios(args) => cli::scenarios::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("stormglass-harness: {error}");
            ExitCode::from(2)
        }
    }
}
