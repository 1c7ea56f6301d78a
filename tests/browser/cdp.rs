//! A headless Chromium, spoken to by the Chrome DevTools Protocol over its pipe: JSON texts, each ended by a zero byte.
//! Everything that waits has an end, and the browser ends with the value.

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// An answer of the browser comes within this, on a machine that is busy.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// How often a page is looked at while something is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(200);

pub type Result<T> = std::result::Result<T, String>;

/// A browser with one page.
pub struct Browser {
    child: Child,
    pipe: ChildStdin,
    messages: Receiver<Value>,
    session: String,
    number: u64,
    /// What the page has said by itself: errors, requests.
    pub events: Vec<Value>,
}

impl Browser {
    /// Starts one with an empty profile below `folder`.
    pub fn start(folder: &Path) -> Result<Self> {
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        // The pipe is file descriptors 3 and 4, which a shell can make of 0 and 1.
        let script = "exec 3<&0 4>&1 </dev/null >/dev/null; exec chromium \"$@\"";
        let mut child = Command::new("sh")
            .args([
                "-c",
                script,
                "chromium",
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args([
                "--hide-scrollbars",
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
            ])
            .args(["--disable-extensions", "--remote-debugging-pipe", "--lang=en-US", &profile, "about:blank"])
            .env("HOME", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("chromium: {error}"))?;
        let (pipe, output) = (child.stdin.take(), child.stdout.take());
        let (Some(pipe), Some(output)) = (pipe, output) else { return Err("no pipe to chromium".into()) };
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut text = Vec::new();
            while output.read_until(0, &mut text).is_ok_and(|length| length > 0) {
                let message = serde_json::from_slice(text.strip_suffix(&[0]).unwrap_or(&text));
                if message.is_ok_and(|message| sender.send(message).is_err()) {
                    return;
                }
                text.clear();
            }
        });
        let mut browser = Self { child, pipe, messages, session: String::new(), number: 0, events: Vec::new() };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach)?;
        browser.session = session["sessionId"].as_str().unwrap_or_default().to_owned();
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Calls a method and waits for its result; events that come meanwhile are kept.
    pub fn call(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method});
        message["params"] = parameters;
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.pipe.write_all(format!("{message}\0").as_bytes()).map_err(|error| format!("{method}: {error}"))?;
        let until = Instant::now() + ANSWER_WITHIN;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = match self.messages.recv_timeout(left) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Timeout) => return Err(format!("{method}: no answer")),
                Err(RecvTimeoutError::Disconnected) => return Err(format!("{method}: chromium has ended")),
            };
            if answer["id"] != self.number {
                self.events.push(answer);
                continue;
            }
            return match answer.get("error") {
                Some(error) => Err(format!("{method}: {error}")),
                None => Ok(answer["result"].clone()),
            };
        }
    }

    /// Opens a page, and waits until it is there.
    pub fn open(&mut self, url: &str) -> Result<()> {
        self.call("Page.navigate", json!({"url": url}))?;
        self.until("document.readyState === 'complete'", Duration::from_secs(20)).map(drop)
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Result<Value> {
        let answer = self.call("Runtime.evaluate", json!({"expression": expression, "returnByValue": true}))?;
        match answer.get("exceptionDetails") {
            Some(thrown) => Err(format!("{expression}: {thrown}")),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// The text of an expression.
    pub fn text(&mut self, expression: &str) -> Result<String> {
        Ok(self.value(expression)?.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until an expression is true; how long it took.
    pub fn until(&mut self, expression: &str, limit: Duration) -> Result<Duration> {
        let began = Instant::now();
        loop {
            // Between two documents there is nothing to ask, which is not yet an error.
            let value = self.value(expression);
            if value.as_ref().is_ok_and(|value| *value == true) {
                break;
            }
            if began.elapsed() > limit {
                return Err(format!("not within {limit:?}: {expression}: {value:?}"));
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(began.elapsed())
    }

    /// What the page complained about, and what it asked others than `origin` for.
    pub fn complaints(&self, origin: &str) -> Vec<String> {
        let complaint = |event: &Value| {
            let parameters = &event["params"];
            match event["method"].as_str()? {
                "Runtime.exceptionThrown" | "Log.entryAdded" => Some(parameters.to_string()),
                "Runtime.consoleAPICalled" => Some(parameters.to_string()),
                "Network.requestWillBeSent" => {
                    let url = parameters["request"]["url"].as_str()?;
                    let ours = url.starts_with(origin) || url.starts_with("data:") || url == "about:blank";
                    (!ours).then(|| format!("a request to {url}"))
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(complaint).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends its own helpers; whatever becomes of that, the process that was started here is ended.
        let _ = self.pipe.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
