//! `stormglass acknowledge`, `mute`, `mutes` and `unmute`: clients of the running exporter, which decides. They know no rule.

use super::analyze::Format;
use super::cli::{fail, print};
use super::lang::{Lang, language};
use super::serve::DEFAULT_PORT;
use super::until::{Until, span};
use crate::io::http_client::{self, Ask, HttpError};
use crate::model::MacAddr;
use crate::model::text::Language;
use crate::wire::http_url::{HttpUrl, UrlError};
use base64::Engine as _;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// How long the exporter may take: it answers at once, in a storm too.
const WITHIN: Duration = Duration::from_secs(5);
/// Longest file with a password, bytes.
const MAX_PASSWORD: usize = 4096;

/// Where the exporter is, and who asks.
#[derive(Clone, Debug, clap::Args)]
pub struct Reach {
    /// The running exporter: http://ADDRESS:PORT [default: http://127.0.0.1:10116]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// User of its --web.config.file
    #[arg(long, value_name = "NAME", requires = "password_file")]
    user: Option<String>,
    /// File with the password of that user
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
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
        let url = at(&base, what)?;
        let authorization = self.authorization()?;
        let language = if self.is_japanese() { "ja" } else { "en" };
        let ask = Ask { json: post.map(Value::to_string), authorization, language };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the system gives no threads: {error}"))?;
        let answer = runtime.block_on(http_client::ask(&url, ask, WITHIN));
        let response = answer.map_err(|error| unreached(&base, &error))?;
        let text = String::from_utf8_lossy(&response.body);
        match response.status {
            200..300 => serde_json::from_str(&text)
                .map_err(|_| format!("{base} is no stormglass, or of another version: its answer is not understood")),
            401 => Err(format!("{base} asks for a user: give --user and --password-file")),
            404 if text.starts_with("no such page") => {
                Err(format!("{base} is no stormglass, or an older one: it has no /api/v1/{what}"))
            }
            status => Err(format!("{} ({base}, status {status})", text.trim())),
        }
    }

    fn authorization(&self) -> Result<Option<String>, String> {
        let (Some(user), Some(file)) = (&self.user, &self.password_file) else { return Ok(None) };
        let failed = |why: &str| format!("--password-file {}: {why}", file.display());
        let text = std::fs::read(file).map_err(|error| failed(&format!("can't be read: {error}")))?;
        if text.len() > MAX_PASSWORD {
            return Err(failed("is too long for a password; is it the right file?"));
        }
        let text = String::from_utf8(text).map_err(|_| failed("is not UTF-8"))?;
        let password = text.trim_end_matches(['\r', '\n']);
        let both = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        Ok(Some(format!("Basic {both}")))
    }
}

/// `/api/v1/WHAT` of the exporter at `base`.
fn at(base: &str, what: &str) -> Result<HttpUrl, String> {
    let base = base.trim_end_matches('/');
    let full = format!("{base}/api/v1/{what}");
    let named = full.replacen("//localhost", "//127.0.0.1", 1);
    HttpUrl::parse(&named).map_err(|error| match error {
        UrlError::Scheme => {
            format!(
                "--url {base}: only http:// is spoken here; where the exporter has TLS, use its page, or curl -X POST {full} \
                 with the same fields"
            )
        }
        UrlError::HostName => {
            format!("--url {base}: write the address in place of the name, as in http://127.0.0.1:{DEFAULT_PORT}")
        }
        UrlError::Missing | UrlError::Malformed => {
            format!("--url {base}: not a URL; write http://ADDRESS:PORT, as in http://127.0.0.1:{DEFAULT_PORT}")
        }
    })
}

fn unreached(base: &str, error: &HttpError) -> String {
    match error {
        HttpError::Connect(_, error) => {
            format!(
                "no stormglass answers at {base} ({error}): start `stormglass serve`, or say where it is with --url"
            )
        }
        HttpError::Timeout(time) => format!("{base} has not answered within {} s", time.as_secs()),
        _ => format!("{base} does not answer as a stormglass does: is it one, and without TLS?"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_exporter_is() {
        let path = |base: &str| at(base, "mutes").map(|url| (url.host.to_string(), url.port, url.path));
        let local = ("127.0.0.1".to_owned(), 10116, "/api/v1/mutes".to_owned());
        assert_eq!(path("http://127.0.0.1:10116"), Ok(local.clone()));
        assert_eq!(path("http://localhost:10116/"), Ok(local));
        for (base, says) in
            [("https://127.0.0.1", "curl"), ("http://storm.example.com", "the address"), ("pi", "http://ADDRESS")]
        {
            let error = path(base).expect_err(base);
            assert!(error.contains(says), "{error}");
        }
    }
}
