//! `--web.config.file` from outside: the built program, asked by curl as a scraper asks, with certificates made here. What is
//! changed in the file, a renewed certificate included, holds within seconds; what is wrong changes nothing.

#![expect(clippy::disallowed_methods, reason = "a test from outside waits for what others do")]

#[path = "loopback/authority.rs"]
mod authority;

use authority::Authority;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const WITHIN: Duration = Duration::from_secs(60);

/// A folder with a certificate authority, our certificate, and a client's.
struct Folder {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Folder {
    fn new() -> Self {
        let made = Self { folder: tempfile::tempdir().expect("a folder"), authority: Authority::new() };
        made.write("ca.pem", &made.authority.pem());
        made.certify("server", "localhost");
        made.certify("client", "scraper.test");
        made
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file");
    }

    /// `NAME.pem` and `NAME.key`, signed by the authority.
    fn certify(&self, file: &str, name: &str) {
        let (certificate, key) = self.authority.certify(name);
        // Both at once, as far as a folder lets us: the key first, since the program looks at both.
        self.write(&format!("{file}.key"), &key);
        self.write(&format!("{file}.pem"), &certificate);
    }
}

/// The program, ended with the test.
struct Glass {
    child: Child,
    port: u16,
    scheme: String,
    log: Receiver<String>,
}

impl Glass {
    fn start(folder: &Folder, web: &str) -> Self {
        folder.write("web.yml", web);
        folder.write(
            "stormglass.yml",
            "snmp: {targets: [{name: hub, address: \"127.0.0.1:1\"}]}\ncapture: {interfaces: none}\nupnp: {interfaces: none}\n\
             web: {listen: [\"127.0.0.1:0\"]}\n",
        );
        let mut child = Command::new(env!("CARGO_BIN_EXE_stormglass"))
            .args(["serve", "--web.enable-lifecycle"])
            .arg(format!("--config.file={}", folder.path("stormglass.yml").display()))
            .arg(format!("--web.config.file={}", folder.path("web.yml").display()))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| line.split_once("ready at ").map(|(_, rest)| rest.to_owned()));
        let ready = ready.expect("it says where it listens");
        let (scheme, rest) = ready.split_once("://").expect("a URL");
        let port = rest.split(['/', ' ']).next().and_then(|host| host.rsplit(':').next()?.parse().ok());
        let (sender, log) = channel();
        std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        Self { child, port: port.expect("a port"), scheme: scheme.to_owned(), log }
    }

    /// Status and body, or what curl says; curl knows the authority.
    fn ask(&self, folder: &Folder, path: &str, more: &[&str]) -> Result<(u16, String), String> {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "20", "--include", "--cacert"]).arg(folder.path("ca.pem"));
        // The certificate is for this name; the address needs no resolver.
        curl.arg("--resolve").arg(format!("localhost:{}:127.0.0.1", self.port));
        curl.args(more).arg(format!("{}://localhost:{}{path}", self.scheme, self.port));
        let output = curl.output().expect("curl");
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok((status.ok_or("no status")?, text))
    }

    /// Asks until the answer has that status; the files are looked at every two seconds.
    fn until(&self, folder: &Folder, more: &[&str], wanted: u16) {
        let began = Instant::now();
        loop {
            let answer = self.ask(folder, "/-/healthy", more);
            if answer.as_ref().is_ok_and(|(status, _)| *status == wanted) {
                return;
            }
            assert!(began.elapsed() < WITHIN, "{more:?}: {answer:?}, not {wanted}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn logged(&self, part: &str) -> String {
        let began = Instant::now();
        loop {
            let line = self.log.recv_timeout(WITHIN.saturating_sub(began.elapsed())).expect(part);
            assert!(!line.contains("$2b$") && !line.contains("secret"), "{line}");
            if line.contains(part) {
                return line;
            }
        }
    }
}

impl Drop for Glass {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether the programs that the test needs are there; where everything has to run, they must be.
fn without_curl() -> bool {
    let here = Command::new("curl").arg("--version").output().is_ok();
    assert!(here || std::env::var("STORMGLASS_LAB").as_deref() != Ok("require"), "apt-get install curl");
    if !here {
        eprintln!("left out: needs curl");
    }
    !here
}

const TLS: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

fn users(names: &[(&str, &str)]) -> String {
    let line = |(name, password): &(&str, &str)| format!("  {name}: {}\n", bcrypt::hash(password, 5).expect("a hash"));
    format!("basic_auth_users:\n{}", names.iter().map(line).collect::<String>())
}

#[test]
fn users_come_in_encrypted_and_nobody_else() {
    if without_curl() {
        return;
    }
    let folder = Folder::new();
    let headers = "http_server_config:\n  headers: {Strict-Transport-Security: max-age=600, X-Frame-Options: DENY}\n";
    let glass =
        Glass::start(&folder, &format!("{TLS}{headers}{}", users(&[("prom", "secret one"), ("ann", "secret two")])));
    assert_eq!(glass.scheme, "https");
    let ask = |path, more: &[&str]| glass.ask(&folder, path, more).expect("an answer");
    for (user, wanted) in [
        (None, 401),
        (Some("prom:secret one"), 200),
        (Some("ann:secret two"), 200),
        (Some("ann:secret one"), 401),
        (Some("eve:secret one"), 401),
        (Some("prom:"), 401),
        (Some(":"), 401),
        // Known by now.
        (Some("prom:secret one"), 200),
    ] {
        let more = user.map_or_else(Vec::new, |user| vec!["--user", user]);
        for path in ["/", "/metrics", "/api/v1/status", "/-/healthy", "/live.js"] {
            let (status, text) = ask(path, &more);
            assert_eq!(status, wanted, "{path} {user:?}: {text}");
            let text = text.to_ascii_lowercase();
            assert_eq!(text.contains("www-authenticate: basic"), wanted == 401, "{text}");
            for header in
                ["strict-transport-security: max-age=600", "x-frame-options: deny", "content-security-policy:"]
            {
                assert!(text.contains(header), "{path} {user:?}: no {header}: {text}");
            }
        }
    }
    let prom = ["--user", "prom:secret one"];
    let (_, listed) = ask("/sd/snmp", &prom);
    assert!(listed.contains("\"__scheme__\":\"https\""), "Prometheus would ask by http: {listed}");
    // A user may ask for a reload, from anywhere; his browser may not be made to.
    assert_eq!(ask("/-/reload", &["--user", "prom:secret one", "-X", "POST"]).0, 200);
    assert_eq!(ask("/-/reload", &["--user", "prom:secret one", "-X", "POST", "-H", "Origin: http://evil.test"]).0, 403);
    assert_eq!(ask("/-/reload", &["-X", "POST"]).0, 401);
    // Without TLS, and without knowing the authority, there is nothing to be had.
    let plain =
        Command::new("curl").args(["-sS", &format!("http://127.0.0.1:{}/", glass.port)]).output().expect("curl");
    assert!(!String::from_utf8_lossy(&plain.stdout).contains("HTTP/"), "{plain:?}");
    let mut stranger = Command::new("curl");
    stranger.args(["-sS", "--resolve", &format!("localhost:{}:127.0.0.1", glass.port)]);
    let stranger = stranger.arg(format!("https://localhost:{}/", glass.port)).output().expect("curl");
    assert!(!stranger.status.success(), "a certificate that nobody vouches for was believed");
    // TLS 1.1 and older are not spoken.
    let old = glass.ask(&folder, "/", &["--tls-max", "1.1"]);
    assert!(old.is_err(), "{old:?}");
}

#[test]
fn the_file_and_the_certificate_are_read_anew_and_mistakes_change_nothing() {
    if without_curl() {
        return;
    }
    let folder = Folder::new();
    let glass = Glass::start(&folder, &format!("{TLS}{}", users(&[("prom", "secret one")])));
    glass.until(&folder, &["--user", "prom:secret one"], 200);
    // Another password: the one that was known is not any more.
    folder.write("web.yml", &format!("{TLS}{}", users(&[("prom", "secret two")])));
    glass.until(&folder, &["--user", "prom:secret one"], 401);
    glass.until(&folder, &["--user", "prom:secret two"], 200);
    // A mistake: said with its line, and the file before stays in force. A reload says it too.
    folder.write("web.yml", &format!("{TLS}  min_version: TLS10\n{}", users(&[("prom", "secret three")])));
    let line = glass.logged("stays so");
    assert!(line.contains("ERROR") && line.contains("web.yml:4:") && line.contains("RFC 8996"), "{line}");
    let two = ["--user", "prom:secret two"];
    assert_eq!(glass.ask(&folder, "/-/healthy", &two).expect("an answer").0, 200);
    let (status, said) =
        glass.ask(&folder, "/-/reload", &["--user", "prom:secret two", "-X", "POST"]).expect("an answer");
    assert!(status == 500 && said.contains("web.yml:4:"), "{said}");
    // A renewed certificate, for another name: whoever asks for the old one does not believe it any more.
    folder.write("web.yml", &format!("{TLS}{}", users(&[("prom", "secret two")])));
    folder.certify("server", "elsewhere.test");
    let began = Instant::now();
    while glass.ask(&folder, "/-/healthy", &two).is_ok() {
        assert!(began.elapsed() < WITHIN, "the old certificate is still shown");
        std::thread::sleep(Duration::from_millis(100));
    }
    folder.certify("server", "localhost");
    glass.until(&folder, &two, 200);
}

#[test]
fn clients_show_a_certificate_where_it_is_wanted() {
    if without_curl() {
        return;
    }
    let folder = Folder::new();
    let wants = |kind: &str| format!("{TLS}  client_auth_type: {kind}\n  client_ca_file: ca.pem\n");
    let stranger = Folder::new();
    let pair = |folder: &Folder| {
        let text = |name: &str| folder.path(name).display().to_string();
        ["--cert".to_owned(), text("client.pem"), "--key".to_owned(), text("client.key")]
    };
    let (good, bad) = (pair(&folder), pair(&stranger));
    for (kind, none, foreign) in
        [("RequireAndVerifyClientCert", false, false), ("VerifyClientCertIfGiven", true, false)]
    {
        let glass = Glass::start(&folder, &wants(kind));
        let ask = |words: &[String]| {
            let words = words.iter().map(String::as_str).collect::<Vec<_>>();
            glass.ask(&folder, "/-/healthy", &words).is_ok_and(|(status, _)| status == 200)
        };
        assert!(ask(&good), "{kind}: a good certificate");
        assert_eq!(ask(&[]), none, "{kind}: none");
        assert_eq!(ask(&bad), foreign, "{kind}: one of another authority");
    }
}

/// Before anything is opened, and by `--config.check` as well.
#[test]
fn a_bad_file_is_told_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("web.yml");
    std::fs::write(&file, "basic_auth_users:\n  prom: secret\n").expect("the file");
    for more in [&["--config.check"][..], &["--web.listen-address=127.0.0.1:0"]] {
        let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command.arg("serve").arg(format!("--web.config.file={}", file.display())).args(more);
        let output = command.assert().code(2).get_output().stderr.clone();
        let said = String::from_utf8_lossy(&output).into_owned();
        assert!(said.contains("web.yml:2:") && said.contains("htpasswd") && !said.contains("secret"), "{said}");
    }
    assert!(Path::new(&file).exists());
}

/// `stormglass mutes` and the others are clients of the same page.
#[test]
fn the_command_line_speaks_tls_and_names_its_user() {
    let folder = Folder::new();
    let glass = Glass::start(&folder, &format!("{TLS}{}", users(&[("ann", "secret two")])));
    let stranger = Folder::new();
    folder.write("password", "secret two\n");
    let (ca, strange_ca) = (folder.path("ca.pem"), stranger.path("ca.pem"));
    let file = folder.path("password").display().to_string();
    let in_file = ["--user", "ann", "--password-file", file.as_str()];
    let url = |scheme: &str, host: &str| format!("{scheme}://{host}:{}", glass.port);
    for (url, ca, user, password, says) in [
        (url("https", "localhost"), Some(&ca), &in_file[..], None, None),
        (url("https", "localhost"), Some(&ca), &in_file[..2], Some("secret two"), None),
        (url("https", "localhost"), Some(&ca), &in_file[..2], Some("secret one"), Some("does not take this user")),
        (url("https", "localhost"), Some(&ca), &in_file[..2], None, Some("STORMGLASS_PASSWORD")),
        (url("https", "localhost"), Some(&ca), &[][..], None, Some("asks for a user")),
        (
            url("https", "localhost"),
            Some(&strange_ca),
            &in_file[..],
            None,
            Some("set --ca-file to the one that signed"),
        ),
        (url("https", "localhost"), Some(&folder.path("password")), &in_file[..], None, Some("--ca-file")),
        // The certificate is for the name.
        (url("https", "127.0.0.1"), Some(&ca), &in_file[..], None, Some("its certificate is not for 127.0.0.1")),
        (url("http", "localhost"), None, &in_file[..], None, Some("https://")),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stormglass"));
        command.args(["mutes", "--lang", "en", "--url", &url]).args(user).env_remove("STORMGLASS_PASSWORD");
        command.args(ca.map(|ca| format!("--ca-file={}", ca.display())));
        command.envs(password.map(|password| ("STORMGLASS_PASSWORD", password)));
        let output = command.output().expect("the program");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let wanted = if says.is_some() { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(wanted), "{url} {user:?} {says:?}: {said}");
        assert!(said.contains(says.unwrap_or_default()) && !said.contains("secret"), "{url} {user:?}: {said}");
        assert!(says.is_some() || !output.stdout.is_empty(), "nothing is muted, and it says so");
    }
}
