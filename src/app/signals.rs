//! What the process is told by signals: to end, and to read its configuration anew.

use anyhow::Context as _;

/// Resolves when the process is told to end (SIGTERM, SIGINT).
///
/// # Errors
/// The system gives no signal handlers.
#[cfg(unix)]
pub fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context(NONE)?;
    let mut interrupt = signal(SignalKind::interrupt()).context(NONE)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Resolves when the process is told to end (Ctrl-C, Ctrl-Break).
///
/// # Errors
/// The system gives no signal handlers.
#[cfg(windows)]
pub fn stop() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c().context(NONE)?;
    let mut stopped = tokio::signal::windows::ctrl_break().context(NONE)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = stopped.recv() => {}
        }
    })
}

const NONE: &str = "signals can't be waited for";

/// SIGHUP: read the configuration anew.
#[derive(Debug)]
pub struct Hangup(#[cfg(unix)] tokio::signal::unix::Signal);

impl Hangup {
    /// From now on it does not end the process.
    ///
    /// # Errors
    /// The system gives no signal handlers.
    pub fn wait_for() -> anyhow::Result<Self> {
        #[cfg(unix)]
        return Ok(Self(tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).context(NONE)?));
        #[cfg(not(unix))]
        Ok(Self())
    }

    /// Resolves with each one; where there are none, never.
    pub async fn recv(&mut self) -> Option<()> {
        #[cfg(unix)]
        return self.0.recv().await;
        #[cfg(not(unix))]
        std::future::pending().await
    }
}
