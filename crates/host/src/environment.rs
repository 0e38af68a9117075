//! Picks Palaver's settings out of the variables of a process. Never reads them itself: binaries pass them in.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use crate::older_names::{self, OlderDatabase};

/// Settings with standard names, without Palaver's prefix.
pub const STANDARD_NAMES: [&str; 3] = ["DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL"];

/// Environment variables that have our prefix but are not settings: those of the command line, and of our own tests and
/// tools.
const NO_SETTINGS: [&str; 6] = [
    "PALAVER_CONFIG",
    "PALAVER_BIN",
    "PALAVER_FULL_BIN",
    "PALAVER_PAGE",
    "PALAVER_TEST_PROFILE",
    "PALAVER_TEST_STARTS_A_SERVER",
];

/// A setting whose value is not text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of {0} is not UTF-8: correct it")]
pub struct NotUtf8(String);

/// Why the variables of a process cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A value is not text.
    #[error(transparent)]
    NotUtf8(#[from] NotUtf8),
    /// A variable names a database of an older system.
    #[error(transparent)]
    OlderDatabase(#[from] OlderDatabase),
}

/// Returns the variables that are meant for Palaver, and should therefore be settings. Others may hold anything. While the
/// older contract is on, the names of the older system are translated to settings.
pub fn environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, EnvironmentError> {
    let mut ours = BTreeMap::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else { continue };
        let is_standard = STANDARD_NAMES.contains(&name.as_str());
        // Kubernetes sets it to a URL; a number is from somebody who expects it to be a setting.
        let is_port = name == "PALAVER_PORT" && value.to_str().is_some_and(|text| text.parse::<u16>().is_ok());
        if is_ours(&name) || is_standard || is_port {
            let value = value.into_string().map_err(|_| NotUtf8(name.clone()))?;
            ours.insert(name, value);
        } else if older_names::NAMES.contains(&name.as_str())
            && let Ok(value) = value.into_string()
        {
            ours.insert(name, value);
        }
    }
    older_names::translate(&mut ours, Path::exists)?;
    Ok(ours)
}

/// Returns whether an environment variable is meant for Palaver and should therefore be a setting.
fn is_ours(name: &str) -> bool {
    name.starts_with("PALAVER_") && !NO_SETTINGS.contains(&name) && !is_of_kubernetes(name)
}

/// Returns whether Kubernetes set the variable, as it does in every pod for each Service: one named `palaver` yields
/// `PALAVER_SERVICE_HOST`, `PALAVER_SERVICE_PORT_HTTP`, `PALAVER_PORT` and `PALAVER_PORT_8080_TCP_ADDR`.
fn is_of_kubernetes(name: &str) -> bool {
    let has_port = |(_, rest): (&str, &str)| rest.starts_with(|c: char| c.is_ascii_digit());
    ["_SERVICE_HOST", "_PORT"].iter().any(|end| name.ends_with(end))
        || name.contains("_SERVICE_PORT")
        || name.split_once("_PORT_").is_some_and(has_port)
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;
    use crate::Settings;
    use crate::config::Config;

    #[test]
    fn kubernetes_variables_are_not_reported_as_misspelt_settings() {
        let mut config = Config::from_lookup(|_| None);
        Settings::read(&mut config);
        for name in config.asked().keys() {
            assert!(is_ours(name) || STANDARD_NAMES.contains(&name.as_str()), "{name} is a setting");
        }
        assert!(is_ours("PALAVER_LISTN"));
        for end in ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP_ADDR", "WS_PORT_80_TCP"]
        {
            assert!(!is_ours(&format!("PALAVER_{end}")), "{end}");
        }
    }

    #[test]
    fn only_what_is_meant_for_palaver_must_be_text() {
        let pick = |name: &str, value: &[u8]| {
            environment([(name.into(), OsString::from_vec(value.to_vec()))].into_iter())
                .map(|found| found.into_keys().collect::<Vec<_>>())
        };
        assert_eq!(pick("LS_COLORS", b"\xff"), Ok(Vec::new()));
        assert_eq!(pick("PALAVER_BIN", b"\xff"), Ok(Vec::new()));
        assert_eq!(pick("PALAVER_NODE", b"\xff"), Err(NotUtf8("PALAVER_NODE".into()).into()));
        assert_eq!(pick("REDIS_URL", b"redis://x"), Ok(vec!["REDIS_URL".into()]));
        assert_eq!(pick("PALAVER_PORT", b"8080"), Ok(vec!["PALAVER_PORT".into()]));
        assert_eq!(pick("PALAVER_PORT", b"tcp://10.0.0.1:8080"), Ok(Vec::new()));
    }
}
