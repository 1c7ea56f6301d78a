//! The `upnp-probe` program: `stormglass upnp` on its own. Knows nothing but the command line it hands over.

use clap::Parser;
use stormglass::app::upnp::{self, UpnpArgs};

/// Finds every UPnP device on the LAN, and every port that was opened on its gateways
#[derive(Parser)]
#[command(name = "upnp-probe", version)]
struct Cli {
    #[command(flatten)]
    args: UpnpArgs,
}

fn main() -> std::process::ExitCode {
    upnp::run(&Cli::parse().args)
}
