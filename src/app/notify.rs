//! `stormglass notify test`: a test message by every channel of a configuration, or by one, and what came back. Asks nobody else,
//! and leaves the service that runs as it is.

use super::cli::fail;
use super::config;
use super::lang::{Lang, language};
use crate::engine::outbox::Delivery;
use crate::io::clock::{self, Clock};
use crate::io::notify::{Dialer, SendError, Settings, heartbeat};
use crate::model::text::{Facts, Language, Text};
use crate::view::notify::{message, test};
use clap::{Args, Subcommand};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// `stormglass notify`.
#[derive(Clone, Debug, Args)]
pub struct NotifyArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Send a test message, and say what came back
    Test(TestArgs),
}

/// `stormglass notify test`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Exit code: 0 every channel has taken it, 1 at least one has not, 2 nothing could be sent.")]
struct TestArgs {
    /// One channel, or `heartbeat`; without it all of them
    channel: Option<String>,
    /// The configuration of `serve`
    #[arg(long = "config.file", value_name = "FILE")]
    config_file: PathBuf,
    /// Language of what is printed [default: by LC_ALL, LC_MESSAGES or LANG; en if they say neither]
    #[arg(long, value_enum)]
    lang: Option<Lang>,
}

const DELIVERED: Text = Text { en: "{channel}: delivered ({said})", ja: "{channel}: 届きました（{said}）" };
const FAILED: Text = Text { en: "{channel}: failed: {said}", ja: "{channel}: 失敗しました: {said}" };

/// Tries the channels.
#[must_use]
pub fn run(args: &NotifyArgs) -> ExitCode {
    let What::Test(args) = &args.what;
    let settings = match chosen(args) {
        Ok(settings) => settings,
        Err(error) => return fail(&format!("notify: {error}")),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("the system gives no threads: {error}")),
    };
    let all_taken = runtime.block_on(try_all(&settings, language(args.lang)));
    // A question to a name server may still run; nobody waits for it.
    runtime.shutdown_background();
    if all_taken { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// What is to be tried.
fn chosen(args: &TestArgs) -> Result<Settings, String> {
    let config = config::load(&args.config_file).map_err(|error| error.to_string())?;
    let mut settings = Settings::clone(&config.notify.settings());
    let file = args.config_file.display();
    if settings.is_empty() {
        return Err(format!(
            "{file}: no notify.channels and no notify.heartbeat: nobody is told anything; add one there"
        ));
    }
    if let Some(wanted) = &args.channel {
        let mut names = settings.channels.iter().map(|channel| channel.name.to_string()).collect::<Vec<_>>();
        names.extend(settings.heartbeat.iter().map(|_| config::HEARTBEAT.to_owned()));
        settings.channels.retain(|channel| *channel.name == **wanted);
        settings.heartbeat = settings.heartbeat.filter(|_| wanted == config::HEARTBEAT);
        if settings.is_empty() {
            return Err(format!("{file}: no channel of that name, expected one of {}", names.join(", ")));
        }
    }
    Ok(settings)
}

async fn try_all(settings: &Settings, language: Language) -> bool {
    let dialer = Arc::new(Dialer::new(settings.interface.clone()));
    let now = Clock::start().now();
    let mut all_taken = true;
    for channel in &settings.channels {
        let mut manner = channel.manner.clone();
        manner.utc_offset_seconds = clock::utc_offset_seconds(now);
        let begun = Some(test(now));
        let delivery = Delivery { id: 0, channel: Arc::clone(&channel.name), begun, over: None, left_out: 0 };
        let open = channel.open(&dialer, true);
        let sent = match message(&delivery, now, &manner) {
            Some(message) => open.send(Arc::new(message)).await,
            None => Ok(String::new()),
        };
        all_taken &= told(&channel.name, sent, language);
        open.close().await;
    }
    if let Some(beat) = &settings.heartbeat {
        all_taken &= told(config::HEARTBEAT, heartbeat::beat(&dialer, beat).await, language);
    }
    all_taken
}

fn told(channel: &str, sent: Result<String, SendError>, language: Language) -> bool {
    let taken = sent.is_ok();
    let (text, said) = match sent {
        Ok(said) => (DELIVERED, said),
        Err(error) => (FAILED, error.what),
    };
    let line = text.fill(language, &Facts::from([("channel", channel.to_owned()), ("said", said)]));
    // A reader that has gone away is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{line}");
    taken
}
