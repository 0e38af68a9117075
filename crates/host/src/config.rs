//! Reads settings by name, from a lookup that the binary provides (flags, environment, a file, or a test's map). Never
//! reads the environment itself. Collects every problem, so that all can be fixed at once.

use std::collections::BTreeMap;
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
    /// The default of each setting that was read, as text; none if there is none.
    asked: BTreeMap<String, Option<String>>,
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
        Config { lookup: Box::new(lookup), asked: BTreeMap::new(), problems: Vec::new() }
    }

    /// Returns the settings, or all problems with them.
    pub fn finish<T>(self, settings: T) -> Result<T, ConfigErrors> {
        if self.problems.is_empty() { Ok(settings) } else { Err(ConfigErrors(self.problems)) }
    }

    /// Returns the name of each setting that was read so far, with its default as text.
    pub fn asked(&self) -> &BTreeMap<String, Option<String>> {
        &self.asked
    }

    /// Adds a problem for each of these names that is not a setting: most likely it is misspelt.
    pub fn refuse_unknown<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        for name in names {
            if self.asked.contains_key(name) {
                continue;
            }
            let advice = match nearest(name, self.asked.keys()) {
                Some(near) => format!("is not a setting; did you mean {near}?"),
                None => "is not a setting; `palaver check-config --list` and .env.example list all settings".to_owned(),
            };
            self.problem(name, advice);
        }
    }

    /// Adds a problem that the caller found, such as two settings that contradict each other.
    pub fn problem(&mut self, key: &str, message: impl Into<String>) {
        self.problems.push(Problem { key: key.to_owned(), message: message.into() });
    }

    /// Returns an optional text.
    pub fn optional(&mut self, key: &str) -> Option<String> {
        self.asked.entry(key.to_owned()).or_default();
        (self.lookup)(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// Like [`Config::optional`], for a setting with this default.
    fn given(&mut self, key: &str, default: impl fmt::Display) -> Option<String> {
        self.asked.insert(key.to_owned(), Some(default.to_string()));
        self.optional(key)
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
        self.given(key, default).unwrap_or_else(|| default.to_owned())
    }

    /// Returns a parsed value, or its default.
    pub fn parse<T: FromStr<Err: fmt::Display> + fmt::Display>(&mut self, key: &str, default: T) -> T {
        let Some(value) = self.given(key, &default) else { return default };
        self.note(key, value.parse().map_err(|error: T::Err| error.to_string())).unwrap_or(default)
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
        let Some(value) = self.given(key, &default) else { return default };
        let parsed = value.parse().map_err(|error: T::Err| error.to_string());
        let Some(value) = self.note(key, parsed) else { return default };
        if bounds.contains(&value) {
            return value;
        }
        self.problem(key, format!("{value} is out of range; it must be in {bounds:?}"));
        default
    }

    /// Returns a boolean: `true`, `false`, `yes`, `no`, `on`, `off`, `1` or `0`.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.given(key, default) else { return default };
        let flag = match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        };
        self.note(key, flag).unwrap_or(default)
    }

    /// Returns a duration within bounds, such as `250ms`, `30s`, `15m`, `2h` or `7d`; a number alone is in seconds.
    pub fn duration(
        &mut self,
        key: &str,
        default: Duration,
        bounds: impl RangeBounds<Duration> + fmt::Debug,
    ) -> Duration {
        let Some(value) = self.given(key, units::show_duration(default)) else { return default };
        let Some(duration) = self.note(key, units::duration(&value, 1_000)) else { return default };
        if bounds.contains(&duration) {
            return duration;
        }
        self.problem(key, format!("{value} is out of range; it must be in {bounds:?}"));
        default
    }

    /// Returns milliseconds within bounds, for a setting whose name says so: a number alone, or a duration such as `30s`.
    pub fn milliseconds(&mut self, key: &str, default: u64, bounds: impl RangeBounds<u64> + fmt::Debug) -> u64 {
        let Some(value) = self.given(key, default) else { return default };
        let Some(duration) = self.note(key, units::duration(&value, 1)) else { return default };
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        if bounds.contains(&ms) {
            return ms;
        }
        self.problem(key, format!("{ms} ms is out of range; it must be in {bounds:?}"));
        default
    }

    /// Returns a size in bytes, such as `4096`, `64KiB`, `50MB` or `2GiB`.
    pub fn bytes(&mut self, key: &str, default: u64) -> u64 {
        self.bytes_within(key, default, ..)
    }

    /// Returns a size in bytes within bounds.
    pub fn bytes_within(&mut self, key: &str, default: u64, bounds: impl RangeBounds<u64> + fmt::Debug) -> u64 {
        let Some(value) = self.given(key, units::show_bytes(default)) else { return default };
        let Some(bytes) = self.note(key, units::bytes(&value)) else { return default };
        if bounds.contains(&bytes) {
            return bytes;
        }
        self.problem(key, format!("{bytes} bytes is out of range; it must be in {bounds:?}"));
        default
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

/// How similar a name must be to a setting's, from 0 to 1, to be taken for it.
const NEAR: f64 = 0.8;

/// Names that other programs use, without the prefix, and the setting here.
const ELSEWHERE: [(&str, &str); 9] = [
    ("PORT", "PALAVER_LISTEN"),
    ("HOST", "PALAVER_LISTEN"),
    ("BIND", "PALAVER_LISTEN"),
    ("ADDRESS", "PALAVER_LISTEN"),
    ("DATA_DIR", "PALAVER_DATA"),
    ("LOG_LEVEL", "PALAVER_LOG"),
    ("BASE_URL", "PALAVER_PUBLIC_URL"),
    ("URL", "PALAVER_PUBLIC_URL"),
    ("CORS_ORIGINS", "PALAVER_ORIGINS"),
];

/// Returns the setting that a misspelt name most likely means. A name with or without the prefix is the nearest one.
fn nearest<'n>(name: &str, mut settings: impl Iterator<Item = &'n String>) -> Option<&'n String> {
    let without_prefix = |name: &str| name.strip_prefix("PALAVER_").unwrap_or(name).to_owned();
    let short = without_prefix(name);
    if let Some((_, here)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == short) {
        return settings.find(|setting| setting == here);
    }
    let similarity = |setting: &String| strsim::normalized_damerau_levenshtein(&short, &without_prefix(setting));
    // The last part alone is what people remember of a limit.
    let ends_with = |setting: &String| setting.ends_with(&format!("_{short}"));
    let scored = settings.map(|setting| (if ends_with(setting) { 0.95 } else { similarity(setting) }, setting));
    scored.filter(|(score, _)| *score >= NEAR).max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, setting)| setting)
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
