//! Running a test program again in namespaces of its own, which end with it, even if it is killed. Shared by the tests
//! against the kernel and the lab.

use std::path::Path;
use std::process::Command;

/// Where Debian and others keep programs; the PATH of a plain user may lack the sbin ones.
const PLACES: [&str; 6] = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"];

/// What is missing to run in namespaces with these programs (each with its Debian package), if anything.
pub(crate) fn missing(needed: &[(&str, &str)]) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1).map(str::to_owned));
    if uid.as_deref() != Some("0") {
        return Some("needs root".to_owned());
    }
    let here = |program: &str| PLACES.iter().any(|place| Path::new(place).join(program).exists());
    let unshare = [("unshare", "util-linux"), ("setpriv", "util-linux")];
    if let Some((program, package)) = unshare.iter().chain(needed).find(|(program, _)| !here(program)) {
        return Some(format!("needs {program}: apt-get install {package}"));
    }
    let allowed = Command::new("unshare").args(["--net", "--mount", "--pid", "--fork", "true"]).output();
    (!allowed.is_ok_and(|output| output.status.success())).then(|| "may not make namespaces here".to_owned())
}

/// A test that cannot run says so, or fails where everything has to run (`STORMGLASS_LAB=require`).
pub(crate) fn left_out(why: String) -> Result<libtest_mimic::Completion, libtest_mimic::Failed> {
    if std::env::var("STORMGLASS_LAB").is_ok_and(|value| value == "require") {
        return Err(why.into());
    }
    Ok(libtest_mimic::Completion::ignored_with(why))
}

/// This program again, with the same arguments, in namespaces of its own, with `variable` set so that it knows.
pub(crate) fn again(variable: &str, value: &str) -> std::io::Result<Command> {
    let mut command = Command::new("setpriv");
    command
        .args(["--pdeathsig", "KILL"])
        .args(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(variable, value);
    Ok(command)
}
