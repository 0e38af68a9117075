//! Reads settings by name, from a lookup that the binary provides (flags, environment, a file, or a test's map). Never
//! reads the environment itself. Collects every problem, so that all can be fixed at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeBounds;
use std::str::FromStr;
use std::time::Duration;

mod units;

/// Reads settings and collects the problems with them.
///
/// ```
/// # use host::config::{Config, ConfigErrors};
/// struct Settings { port: u16, name: String }
/// fn settings(lookup: impl Fn(&str) -> Option<String>) -> Result<Settings, ConfigErrors> {
///     let mut config = Config::from_lookup(lookup);
///     let settings = Settings { port: config.within("PALAVER_PORT", 8080, 1..), name: config.required("PALAVER_NAME") };
///     config.finish(settings)
/// }
/// assert_eq!(settings(|key| (key == "PALAVER_NAME").then(|| "n1".into())).unwrap().port, 8080);
/// assert_eq!(settings(|_| Some("0".into())).err().unwrap().problems().len(), 1);
/// ```
pub struct Config<'a> {
    lookup: Box<Lookup<'a>>,
    asked: BTreeSet<String>,
    problems: Vec<Problem>,
}

type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A problem with one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The setting's name.
    pub key: String,
    /// What is wrong, and which values are valid.
    pub message: String,
}

/// All problems with the settings, one per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors(Vec<Problem>);

impl ConfigErrors {
    /// Returns each problem.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        write!(f, "{count} invalid setting{}:", if count == 1 { "" } else { "s" })?;
        self.0.iter().try_for_each(|Problem { key, message }| write!(f, "\n  {key}: {message}"))
    }
}

impl std::error::Error for ConfigErrors {}

impl<'a> Config<'a> {
    /// Reads settings from `lookup`. An empty value counts as unset, as in `KEY= command`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String> + 'a) -> Self {
        Config { lookup: Box::new(lookup), asked: BTreeSet::new(), problems: Vec::new() }
    }

    /// Returns the settings, or all problems with them.
    pub fn finish<T>(self, settings: T) -> Result<T, ConfigErrors> {
        if self.problems.is_empty() { Ok(settings) } else { Err(ConfigErrors(self.problems)) }
    }

    /// Returns the names of all settings that were read so far.
    pub fn asked(&self) -> &BTreeSet<String> {
        &self.asked
    }

    /// Adds a problem for each of these names that is not a setting: most likely it is misspelt.
    pub fn refuse_unknown<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        for name in names {
            if !self.asked.contains(name) {
                self.problem(
                    name,
                    "is not a setting; .env.example and `palaver check-config --list` list all settings",
                );
            }
        }
    }

    /// Adds a problem that the caller found, such as two settings that contradict each other.
    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), message: message.into() });
    }

    /// Returns an optional text.
    pub fn optional(&mut self, key: &str) -> Option<String> {
        self.asked.insert(key.to_owned());
        (self.lookup)(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Returns a required text.
    pub fn required(&mut self, key: &str) -> String {
        self.optional(key).unwrap_or_else(|| {
            self.problem(key, "is required but not set");
            String::new()
        })
    }

    /// Returns a text, or its default.
    pub fn text(&mut self, key: &str, default: &str) -> String {
        self.optional(key).unwrap_or_else(|| default.to_owned())
    }

    /// Returns a parsed value, or its default.
    pub fn parse<T: FromStr<Err: fmt::Display>>(&mut self, key: &str, default: T) -> T {
        self.parse_optional(key).unwrap_or(default)
    }

    /// Returns a parsed value, if it is set.
    pub fn parse_optional<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Option<T> {
        let value = self.optional(key)?;
        self.note(key, value.parse().map_err(|error: T::Err| error.to_string()))
    }

    /// Returns a number within bounds, or its default.
    pub fn within<T>(&mut self, key: &str, default: T, bounds: impl RangeBounds<T> + fmt::Debug) -> T
    where
        T: FromStr<Err: fmt::Display> + PartialOrd + fmt::Display,
    {
        let Some(value) = self.parse_optional::<T>(key) else { return default };
        if bounds.contains(&value) {
            return value;
        }
        self.problem(key, format!("{value} is out of range; it must be in {bounds:?}"));
        default
    }

    /// Returns a boolean: `true`, `false`, `yes`, `no`, `on`, `off`, `1` or `0`.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.optional(key) else { return default };
        let flag = match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        };
        self.note(key, flag).unwrap_or(default)
    }

    /// Returns a duration within bounds, such as `250ms`, `30s`, `15m`, `2h` or `7d`.
    pub fn duration(
        &mut self,
        key: &str,
        default: Duration,
        bounds: impl RangeBounds<Duration> + fmt::Debug,
    ) -> Duration {
        let Some(value) = self.optional(key) else { return default };
        let Some(duration) = self.note(key, units::duration(&value)) else { return default };
        if bounds.contains(&duration) {
            return duration;
        }
        self.problem(key, format!("{value} is out of range; it must be in {bounds:?}"));
        default
    }

    /// Returns a size in bytes, such as `4096`, `64KiB`, `25MiB` or `2GiB`.
    pub fn bytes(&mut self, key: &str, default: u64) -> u64 {
        let Some(value) = self.optional(key) else { return default };
        self.note(key, units::bytes(&value)).unwrap_or(default)
    }

    /// Returns an absolute URL with one of these schemes.
    pub fn url(&mut self, key: &str, schemes: &[&str]) -> Option<http::Uri> {
        let value = self.optional(key)?;
        let url = value.parse::<http::Uri>().ok().filter(|url| {
            url.authority().is_some() && url.scheme_str().is_some_and(|scheme| schemes.contains(&scheme))
        });
        let expected = schemes.join("://… or ");
        self.note(key, url.ok_or_else(|| format!("must be a URL that begins with {expected}://…")))
    }

    /// Returns values separated by commas; an unset setting gives an empty list.
    pub fn list<T: FromStr<Err: fmt::Display>>(&mut self, key: &str) -> Vec<T> {
        let value = self.optional(key).unwrap_or_default();
        let parts: Vec<&str> = value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
        parts
            .into_iter()
            .filter_map(|part| self.note(key, part.parse().map_err(|error: T::Err| error.to_string())))
            .collect()
    }

    fn note<T>(&mut self, key: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.problem(key, message)).ok()
    }
}

/// Returns a file's settings under their environment names: `[limits] upload_bytes = 1` becomes
/// `PALAVER_LIMITS_UPLOAD_BYTES` for the prefix `PALAVER`. Lists are joined with commas.
pub fn from_toml(prefix: &str, text: &str) -> Result<BTreeMap<String, String>, toml::de::Error> {
    let mut settings = BTreeMap::new();
    let table: toml::Table = text.parse()?;
    flatten(prefix, &toml::Value::Table(table), &mut settings);
    Ok(settings)
}

fn flatten(key: &str, value: &toml::Value, settings: &mut BTreeMap<String, String>) {
    let plain = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                flatten(&format!("{key}_{}", name.to_uppercase().replace('-', "_")), value, settings);
            }
        }
        toml::Value::Array(values) => {
            settings.insert(key.to_owned(), values.iter().map(plain).collect::<Vec<_>>().join(","));
        }
        value => {
            settings.insert(key.to_owned(), plain(value));
        }
    }
}

#[cfg(test)]
mod tests;
