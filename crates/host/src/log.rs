//! Writes the process's log to standard error, one line per event. Only binaries install it.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::util::TryInitError;

use service::CompatMode;

use crate::{ListenAddress, Settings};

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object per line, for machines.
    #[default]
    Json,
    /// Text for people, with colours on a terminal.
    Text,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Format::Json => "json",
            Format::Text => "text",
        })
    }
}

impl std::str::FromStr for Format {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Format::Json),
            "text" => Ok(Format::Text),
            _ => Err("must be json or text".into()),
        }
    }
}

/// Why the log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is invalid.
    #[error("the log filter is invalid: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// A log is already installed.
    #[error("the log is already set up")]
    Twice(#[from] TryInitError),
}

/// Checks a filter as [`install`] does.
pub fn check(filter: &str) -> Result<(), LogError> {
    filter.parse::<Targets>().map(drop).map_err(LogError::Filter)
}

/// Installs the log. `filter` is an expression such as `info` or `info,request=off`.
pub fn install(format: Format, filter: &str) -> Result<(), LogError> {
    let filter: Targets = filter.parse()?;
    let registry = tracing_subscriber::registry().with(filter);
    match format {
        Format::Json => registry.with(web::json_lines(std::io::stderr)).try_init()?,
        Format::Text => {
            let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
            // By itself the layer only looks at NO_COLOR: a file or a pipe would get the codes of colours.
            let is_colourful = std::io::stderr().is_terminal();
            match is_colourful {
                true => registry.with(layer).try_init()?,
                false => registry.with(layer.with_ansi(false)).try_init()?,
            }
        }
    }
    Ok(())
}

/// Logs the one line that says what has started: version, profile, addresses and limits.
pub fn started(settings: &Settings, listen: &ListenAddress) {
    let shown = |address: Option<String>| address.unwrap_or_else(|| "none".to_owned());
    let limits = &settings.limits;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        profile = settings.backends.profile(),
        feed = settings.feed,
        listen = %listen,
        public_url = shown(settings.public_url.as_ref().map(ToString::to_string)),
        metrics_listen = shown(settings.metrics_listen.as_ref().map(ToString::to_string)),
        internal_listen = shown(settings.internal.as_ref().map(|internal| internal.listen.to_string())),
        connections_per_node = limits.connections_per_node,
        sockets_per_user = limits.sockets_per_user,
        requests_per_minute = limits.requests_per_minute,
        sign_ins_per_minute = limits.sign_ins_per_minute,
        sends_per_10s = limits.sends_per_10s,
        client_frame = limits.client_frame,
        upload_bytes = limits.upload_bytes,
        storage_bytes = limits.storage_bytes,
        memory = crate::memory_budget(limits.memory),
        "started"
    );
    if settings.compat == CompatMode::Guests {
        tracing::warn!(
            "PALAVER_COMPAT=guests: whoever names a user id of the older contract is that guest, without a proof; such guests \
             read and write in public rooms; docs/compatibility.md says how to move them to accounts"
        );
    }
}
