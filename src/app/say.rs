//! `stormglass acknowledge`, `mute`, `mutes` and `unmute`: clients of the running exporter, which decides. They know no rule.

use super::analyze::Format;
use super::cli::{fail, print};
use super::lang::{Lang, language};
use super::serve::DEFAULT_PORT;
use super::until::{Until, span};
use crate::io::http_client::{self, Ask, AskError, HttpError};
use crate::io::notify::net::{Endpoint, Trust};
use crate::io::tls_client;
use crate::model::MacAddr;
use crate::model::text::Language;
use base64::Engine as _;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// How long the exporter may take: it answers at once, in a storm too.
const WITHIN: Duration = Duration::from_secs(5);
/// Longest file with a password, bytes.
const MAX_PASSWORD: usize = 4096;
/// Longest file with certificates, bytes; the store of a whole system has some 250 KiB.
const MAX_CA: usize = 1 << 20;
/// Where a password is that is in no file. Never an argument: every user of a computer sees those.
const PASSWORD: &str = "STORMGLASS_PASSWORD";

/// Where the exporter is, and who asks.
#[derive(Clone, Debug, clap::Args)]
pub struct Reach {
    /// The running exporter: http://HOST:PORT, or https:// where its --web.config.file has TLS [default: http://127.0.0.1:10116]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// User of its --web.config.file
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// File with the password of that user [default: what STORMGLASS_PASSWORD has]
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// Certificates (PEM) that its certificate must be signed by, in place of those that this system trusts
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// Language of what is printed [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
}

/// Who says it, and why.
#[derive(Clone, Debug, clap::Args)]
struct Reason {
    /// Why
    #[arg(long, value_name = "REASON")]
    why: String,
    /// Who says it [default: the user of this computer]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Reason {
    fn fields(&self) -> Value {
        let of_system = || ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
        let by = self.by.clone().or_else(of_system).filter(|by| !by.trim().is_empty());
        json!({"why": self.why, "by": by.unwrap_or_else(|| "somebody".to_owned())})
    }
}

/// Arguments of `stormglass acknowledge`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 done, 2 not done.\n\nExample: stormglass acknowledge eth0-l3_reflector-3c846a1000c8 --why 'unplugged, \
                        asking the provider'"
)]
pub struct AcknowledgeArgs {
    /// Id of the storm, as the page, `stormglass last` and /api/v1/storms have it
    storm: String,
    #[command(flatten)]
    reason: Reason,
    /// Until when: 2026-12-31, or 2026-12-31T18:00 [default: as long as the storm lasts]
    #[arg(long, value_name = "TIME", value_parser = until)]
    until: Option<String>,
    #[command(flatten)]
    reach: Reach,
}

/// Arguments of `stormglass mute`.
#[derive(Clone, Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("about").required(true),
    group = clap::ArgGroup::new("end").required(true),
    after_help = "A mute holds for the culprit and cause that it was made for: another one is told as ever. It ends within 30 days.\nExit \
                  code: 0 done, 2 not done.\n\nExamples:\n  stormglass mute eth0-chatty_source-001132aabbcc --for 2h --why 'backup \
                  runs late'\n  stormglass mute --mac 00:11:32:aa:bb:cc --until 2026-12-31 --why 'replaced in January'"
)]
pub struct MuteArgs {
    /// Id of the storm, as the page, `stormglass last` and /api/v1/storms have it
    #[arg(group = "about")]
    storm: Option<String>,
    /// Storms whose culprit has this MAC
    #[arg(long, group = "about")]
    mac: Option<MacAddr>,
    /// Storms of this cause, by those who have made one so far
    #[arg(long, group = "about", value_name = "CAUSE")]
    cause: Option<String>,
    /// For how long: 90m, 2h, 7d
    #[arg(long = "for", group = "end", value_name = "TIME", value_parser = time)]
    span: Option<String>,
    /// Until when: 2026-12-31, or 2026-12-31T18:00
    #[arg(long, group = "end", value_name = "TIME", value_parser = until)]
    until: Option<String>,
    #[command(flatten)]
    reason: Reason,
    #[command(flatten)]
    reach: Reach,
}

/// Arguments of `stormglass mutes`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Exit code: 0 nothing is acknowledged or muted, 1 something is, 2 could not look.")]
pub struct MutesArgs {
    #[command(flatten)]
    reach: Reach,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Arguments of `stormglass unmute`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Exit code: 0 done, 2 not done.")]
pub struct UnmuteArgs {
    /// Its id, as `stormglass mutes` has it: m3, a4
    id: String,
    #[command(flatten)]
    reach: Reach,
}

/// What is written is what the exporter is told: by its clock, where an end is a span.
fn time(text: &str) -> Result<String, &'static str> {
    span(text).map(|_| text.to_owned())
}

/// The time zone is that of whoever writes, so that a moment is sent and no clock time.
fn until(text: &str) -> Result<String, &'static str> {
    text.parse::<Until>().map(|until| until.0.to_string())
}

/// Says that somebody is on a storm.
#[must_use]
pub fn acknowledge(args: &AcknowledgeArgs) -> ExitCode {
    let mut fields = args.reason.fields();
    fields["storm"] = json!(args.storm);
    put(&mut fields, "until", args.until.as_ref());
    tell("acknowledge", &args.reach, &fields)
}

/// Mutes.
#[must_use]
pub fn mute(args: &MuteArgs) -> ExitCode {
    let mut fields = args.reason.fields();
    put(&mut fields, "storm", args.storm.as_ref());
    put(&mut fields, "mac", args.mac.as_ref().map(ToString::to_string).as_ref());
    put(&mut fields, "cause", args.cause.as_ref());
    put(&mut fields, "for", args.span.as_ref());
    put(&mut fields, "until", args.until.as_ref());
    tell("mute", &args.reach, &fields)
}

/// Takes back.
#[must_use]
pub fn unmute(args: &UnmuteArgs) -> ExitCode {
    tell("unmute", &args.reach, &json!({"id": args.id}))
}

fn put(fields: &mut Value, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        fields[name] = json!(value);
    }
}

/// Lists what holds, and what has ended lately.
#[must_use]
pub fn list(args: &MutesArgs) -> ExitCode {
    let value = match args.reach.ask("mutes", None) {
        Ok(value) => value,
        Err(error) => return fail(&format!("mutes: {error}")),
    };
    let notes = value["notes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let holds = notes.iter().any(|note| note["ended"].is_null());
    let text = match args.format {
        Format::Json => format!("{value:#}\n"),
        Format::Text if notes.is_empty() => NOTHING[usize::from(args.reach.is_japanese())].to_owned(),
        Format::Text => notes.iter().map(|note| args.reach.sentence(note) + "\n").collect(),
    };
    match print("the list", &text) {
        code if code == ExitCode::SUCCESS && holds => ExitCode::from(1),
        code => code,
    }
}

const NOTHING: [&str; 2] = ["Nothing is acknowledged or muted.\n", "対応中のストームも、停止中の通知もありません。\n"];

fn tell(what: &str, reach: &Reach, fields: &Value) -> ExitCode {
    match reach.ask(what, Some(fields)) {
        Ok(note) => print("the answer", &(reach.sentence(&note) + "\n")),
        Err(error) => fail(&format!("{what}: {error}")),
    }
}

impl Reach {
    fn is_japanese(&self) -> bool {
        language(self.lang) == Language::Japanese
    }

    fn sentence(&self, note: &Value) -> String {
        let key = if self.is_japanese() { "sentence_ja" } else { "sentence" };
        note[key].as_str().unwrap_or_default().to_owned()
    }

    /// Asks `/api/v1/WHAT`, and gives what is answered.
    fn ask(&self, what: &str, post: Option<&Value>) -> Result<Value, String> {
        let base = self.url.clone().unwrap_or_else(|| format!("http://127.0.0.1:{DEFAULT_PORT}"));
        let place = at(&base, what)?;
        let trust = self.trust()?;
        let authorization = self.authorization()?;
        let language = if self.is_japanese() { "ja" } else { "en" };
        let ask = Ask { json: post.map(Value::to_string), authorization, language };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the system gives no threads: {error}"))?;
        let answer = runtime.block_on(http_client::ask(&place, &trust, ask, WITHIN));
        let response = answer.map_err(|error| unreached(&base, &error))?;
        let text = String::from_utf8_lossy(&response.body);
        match response.status {
            200..300 => serde_json::from_str(&text)
                .map_err(|_| format!("{base} is no stormglass, or of another version: its answer is not understood")),
            401 if self.user.is_some() => Err(format!("{base} does not take this user and password")),
            401 => Err(format!("{base} asks for a user: give --user, and --password-file or {PASSWORD}")),
            404 if text.starts_with("no such page") => {
                Err(format!("{base} is no stormglass, or an older one: it has no /api/v1/{what}"))
            }
            status => Err(format!("{} ({base}, status {status})", text.trim())),
        }
    }

    fn trust(&self) -> Result<Trust, String> {
        let Some(file) = &self.ca_file else { return Ok(Trust::default()) };
        let pem = read("--ca-file", file, MAX_CA)?;
        tls_client::named(&pem).map_err(|error| format!("--ca-file {}: {error}", file.display()))?;
        Ok(Trust { ca: Some(pem.into()) })
    }

    fn authorization(&self) -> Result<Option<String>, String> {
        let Some(user) = &self.user else { return Ok(None) };
        let text = match &self.password_file {
            Some(file) => {
                let text = read("--password-file", file, MAX_PASSWORD)?;
                String::from_utf8(text).map_err(|_| format!("--password-file {}: is not UTF-8", file.display()))?
            }
            None => std::env::var(PASSWORD).map_err(|_| {
                format!("--user {user}: the password is missing: give --password-file, or set {PASSWORD}")
            })?,
        };
        let password = text.trim_end_matches(['\r', '\n']);
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Ok(Some(format!("Basic {both}")))
    }
}

/// A file that is not longer than what it is said to be.
fn read(option: &str, file: &Path, most: usize) -> Result<Vec<u8>, String> {
    let failed = |why: &str| format!("{option} {}: {why}", file.display());
    let open = std::fs::File::open(file).map_err(|error| failed(&format!("can't be read: {error}")))?;
    let mut bytes = Vec::new();
    let read = open.take(most as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| failed(&format!("can't be read: {error}")))?;
    if bytes.len() > most { Err(failed("is too long; is it the right file?")) } else { Ok(bytes) }
}

/// `/api/v1/WHAT` of the exporter at `base`.
fn at(base: &str, what: &str) -> Result<Endpoint, String> {
    let full = format!("{}/api/v1/{what}", base.trim_end_matches('/'));
    Endpoint::parse(&full, [("http", 80), ("https", 443)]).map_err(|error| {
        // The words are those of a configuration file.
        let error = error.replace("`username` and `password`, or `token`", "--user and --password-file");
        format!("--url {base}: {error}; write http://HOST:PORT, as in http://127.0.0.1:{DEFAULT_PORT}")
    })
}

fn unreached(base: &str, error: &AskError) -> String {
    match error {
        // Refused: there is somebody, and who it is cannot be trusted.
        AskError::Unreached(error) if error.refused => {
            format!("{base} is not trusted: {}", error.what.replace("set `ca_file`", "set --ca-file").replace('`', ""))
        }
        AskError::Unreached(error) => {
            format!(
                "no stormglass answers at {base} ({}); start `stormglass serve`, or say where it is with --url",
                error.what
            )
        }
        AskError::Http(HttpError::Timeout(time)) => format!("{base} has not answered within {} s", time.as_secs()),
        AskError::Http(_) => {
            format!("{base} does not answer as a stormglass does: is it one, and does it speak https:// there?")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_exporter_is() {
        let place = |base: &str| at(base, "mutes").map(|place| (place.host, place.port, place.tls, place.path));
        let local = |host: &str, tls| Ok((host.to_owned(), 10116, tls, "/api/v1/mutes".to_owned()));
        assert_eq!(place("http://127.0.0.1:10116"), local("127.0.0.1", false));
        assert_eq!(place("http://localhost:10116/"), local("localhost", false));
        assert_eq!(place("https://storm.example.com:10116"), local("storm.example.com", true));
        for (base, says) in
            [("ftp://127.0.0.1", "https://"), ("pi", "http://HOST"), ("https://ann:word@pi:1", "--password-file")]
        {
            let error = place(base).expect_err(base);
            assert!(error.contains(says), "{error}");
        }
    }
}
