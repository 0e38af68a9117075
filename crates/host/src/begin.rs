//! How a program begins whose only input is its environment: the tier's and the functions'.

use std::collections::BTreeMap;

use crate::config::{Config, ConfigErrors};
use crate::limits::LAMBDA_BODY;
use crate::log;
use domain::limits::Limits;

use crate::Settings;

/// Why it does not begin; the text says what to do.
#[derive(thiserror::Error)]
pub enum BeginError {
    /// It was called as nobody may.
    #[error("{0:?} is not understood: --help and --version are, and settings are variables of the environment")]
    Argument(String),
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] ConfigErrors),
    /// The log of what happens.
    #[error(transparent)]
    Log(#[from] log::LogError),
}

/// A program that ends with it shows it in this form: the text, not its parts.
impl std::fmt::Debug for BeginError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// How a program begins whose only input is its environment: answers `--help` and `--version` (then there are no settings,
/// and it is to end), reads the settings and installs the log that they ask for.
pub fn begin(
    name: &str,
    mut arguments: impl Iterator<Item = String>,
    environment: impl Iterator<Item = (String, String)>,
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
    let environment: BTreeMap<String, String> = environment.collect();
    let mut config = Config::from_lookup(|name| environment.get(name).cloned());
    let settings = Settings::read(&mut config);
    config.refuse_unknown(environment.keys().filter(|name| crate::is_ours(name)));
    let mut settings = config.finish(settings)?;
    if crate::is_lambda() {
        fit_lambda(&mut settings.limits);
    }
    log::install(settings.log_format, &settings.log)?;
    Ok(Some(settings))
}

fn help(name: &str) -> String {
    format!(
        "Palaver's {name}, as a program of its own.\n\n\
         It takes no arguments but --help and --version. Its settings are variables of the environment; .env.example and\n\
         `palaver check-config --list` name them."
    )
}

/// What Lambda cannot carry goes straight between clients and the store of files.
fn fit_lambda(limits: &mut Limits) {
    limits.upload_bytes = limits.upload_bytes.min(LAMBDA_BODY);
    limits.direct_download_above = limits.direct_download_above.min(LAMBDA_BODY);
}
