//! Writes the process's log to standard error, one line per event. Only binaries install it.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::util::TryInitError;

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// One JSON object per line, for machines.
    #[default]
    Json,
    /// Text with colours, for a terminal.
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
        Format::Text => registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).try_init()?,
    }
    Ok(())
}
