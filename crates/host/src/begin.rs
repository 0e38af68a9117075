//! Starts a program whose only input is its environment: the WebSocket tier and the functions.

use std::ffi::OsString;

use crate::config::{Config, ConfigErrors};
use crate::limits::LAMBDA_BODY;
use crate::log;
use domain::limits::Limits;

use crate::{EnvironmentError, Settings};

/// Why a program does not start. The text says what to do.
#[derive(thiserror::Error)]
pub enum BeginError {
    /// Unknown command-line argument.
    #[error("unknown argument {0:?}: only --help and --version are accepted; settings are environment variables")]
    Argument(String),
    /// The variables of the process cannot be used.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The settings are invalid.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// The log could not be set up.
    #[error(transparent)]
    Log(#[from] log::LogError),
}

/// `main` prints its error in `Debug` form, so this prints the text and not the fields.
impl std::fmt::Debug for BeginError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Starts a program whose only input is its environment: answers `--help` and `--version` (it then returns no settings,
/// and the program should end), reads the settings and installs the log they ask for.
pub fn begin(
    name: &str,
    mut arguments: impl Iterator<Item = String>,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Option<Settings>, BeginError> {
    match arguments.nth(1).as_deref() {
        None => {}
        Some("--version" | "-V") => {
            println!("{name} {}", env!("CARGO_PKG_VERSION"));
            return Ok(None);
        }
        Some("--help" | "-h") => {
            println!("{}", help(name));
            return Ok(None);
        }
        Some(argument) => return Err(BeginError::Argument(argument.to_owned())),
    }
    let environment = crate::environment(variables)?;
    let mut config = Config::from_lookup(|name| environment.get(name).cloned());
    let settings = Settings::read(&mut config);
    config.refuse_unknown(environment.keys());
    let mut settings = config.finish(settings)?;
    if crate::is_lambda() {
        fit_lambda(&mut settings.limits);
    }
    log::install(settings.log_format, &settings.log)?;
    Ok(Some(settings))
}

fn help(name: &str) -> String {
    format!(
        "Palaver's {name}, as a standalone program.\n\n\
         It accepts only --help and --version. Settings are environment variables; .env.example and\n\
         `palaver check-config --list` list them."
    )
}

/// Lowers the file limits to what Lambda can carry; larger files are transferred directly between clients and the file
/// store.
fn fit_lambda(limits: &mut Limits) {
    limits.upload_bytes = limits.upload_bytes.min(LAMBDA_BODY);
    limits.direct_download_above = limits.direct_download_above.min(LAMBDA_BODY);
}
