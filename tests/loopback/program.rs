//! The built program as a service: started, and waited for until it says where it listens.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// Starts it with these arguments. Gives the process, its address, and what it said before.
pub(crate) fn serve(arguments: &[String]) -> (Child, SocketAddr, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
    let mut child = command.arg("serve").args(arguments).stderr(Stdio::piped()).spawn().expect("the program");
    let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
    let mut said = String::new();
    let ready = lines.find_map(|line| {
        said.push_str(&line);
        Some(line.split_once("http://")?.1.split('/').next()?.to_owned())
    });
    let address = ready.expect("it says where it listens").parse().expect("an address");
    // Its log must be read, or it would wait for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address, said)
}
