//! The `stormglass` program. Knows nothing but the name of the command line it hands over to.

fn main() -> std::process::ExitCode {
    stormglass::app::cli::main()
}
