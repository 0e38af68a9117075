//! Looks up settings: in flags, then the environment, then the file. Reads the environment of the process.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::Context;
use host::config::{Config, ConfigErrors};
use host::{OpenError, STANDARD_NAMES, Settings};

use crate::cli::{Cli, Command};

const PREFIX: &str = "PALAVER";

/// Where a value comes from; the first source that has one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A flag on the command line.
    Flag,
    /// An environment variable.
    Environment,
    /// The file given with `--config`.
    File,
    /// None of them.
    Default,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Source::Flag => "flag",
            Source::Environment => "environment",
            Source::File => "file",
            Source::Default => "default",
        })
    }
}

/// The values of each source.
#[derive(Default)]
pub struct Lookup {
    flags: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
}

/// All settings, and where each value comes from.
pub struct Read {
    /// The settings.
    pub settings: Settings,
    /// Every setting, by name.
    pub values: Vec<Value>,
}

/// The value of a setting.
pub struct Value {
    /// The setting's name in the environment.
    pub name: String,
    /// The text that it was given, or its default; none if it is unset and has no default.
    pub text: Option<String>,
    /// Where the text comes from.
    pub source: Source,
}

impl Value {
    /// Returns the text to print: secrets, and the passwords in URLs, are hidden.
    pub fn shown(&self) -> Cow<'_, str> {
        let Some(text) = &self.text else { return "unset".into() };
        if self.source != Source::Default && is_secret(&self.name) {
            return "(hidden)".into();
        }
        match text.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?.1))) {
            Some((scheme, rest)) => format!("{scheme}://(hidden)@{rest}").into(),
            None => text.into(),
        }
    }
}

/// Returns whether a setting's value is, or may contain, a secret. Such a setting is not a flag, because other users of
/// the machine can see the arguments of a process.
pub fn is_secret(name: &str) -> bool {
    const ENDS: [&str; 6] = ["_TOKENS", "_TOKEN", "_PASSWORD", "_SECRET", "_KEY", "_KEYS"];
    STANDARD_NAMES.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}

/// Returns the name of every setting, as in the environment.
pub fn names() -> Vec<String> {
    let mut config = Config::from_lookup(|_| None);
    Settings::read(&mut config);
    config.asked().keys().cloned().collect()
}

impl Lookup {
    /// Returns the lookup of this process: its flags, its environment, and the file that the flags name.
    pub fn of_process(cli: &Cli, mut flags: BTreeMap<String, String>) -> anyhow::Result<Self> {
        let file = match &cli.flags.config {
            Some(path) => read_file(path)?,
            None => BTreeMap::new(),
        };
        let admin = match &cli.command {
            Some(Command::Bootstrap { admin }) => admin.clone(),
            _ => None,
        };
        let given =
            [("PALAVER_DATA", &cli.flags.data), ("PALAVER_LISTEN", &cli.flags.listen), ("PALAVER_ADMIN", &admin)];
        flags.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))));
        Ok(Lookup { flags, environment: host::environment(std::env::vars_os())?, file })
    }

    /// Returns the same lookup, except for these settings: each has the given value, or none at all.
    pub fn with(&self, values: &[(&str, Option<String>)]) -> Lookup {
        let without = |map: &BTreeMap<String, String>| {
            let kept = map.iter().filter(|(name, _)| values.iter().all(|(changed, _)| changed != name));
            kept.map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        let mut flags: BTreeMap<String, String> = without(&self.flags);
        let given = values.iter().filter_map(|(name, value)| Some(((*name).to_owned(), value.clone()?)));
        flags.extend(given);
        Lookup { flags, environment: without(&self.environment), file: without(&self.file) }
    }

    /// Returns a value and its source. An empty value counts as unset.
    fn get(&self, name: &str) -> Option<(&str, Source)> {
        let sources =
            [(&self.flags, Source::Flag), (&self.environment, Source::Environment), (&self.file, Source::File)];
        let values = sources.into_iter().filter_map(|(from, source)| Some((from.get(name)?.as_str(), source)));
        values.into_iter().find(|(value, _)| !value.trim().is_empty())
    }

    /// Reads all settings. An unknown name is a problem like any other, because it is most likely misspelt; so is an
    /// adapter that this program was built without.
    pub fn read(&self) -> Result<Read, ConfigErrors> {
        let mut config = Config::from_lookup(|name| self.get(name).map(|(value, _)| value.to_owned()));
        let settings = Settings::read(&mut config);
        for (name, adapter) in settings.backends.absent() {
            config.problem(name, OpenError::NotBuiltIn(adapter).to_string());
        }
        config.refuse_unknown(self.environment.keys().chain(self.file.keys()));
        let value = |(name, default): (&String, &Option<String>)| match self.get(name) {
            Some((text, source)) => Value { name: name.clone(), text: Some(text.to_owned()), source },
            None => Value { name: name.clone(), text: default.clone(), source: Source::Default },
        };
        let values = config.asked().iter().map(value).collect();
        config.finish(Read { settings, values })
    }
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut values =
        host::config::from_toml(PREFIX, &text).with_context(|| format!("{} is not TOML", path.display()))?;
    for name in STANDARD_NAMES {
        if let Some(value) = values.remove(&format!("{PREFIX}_{name}")) {
            values.insert(name.to_owned(), value);
        }
    }
    Ok(values)
}

/// Returns a setting's name in the file, for its name in the environment.
pub fn in_file(name: &str) -> String {
    name.strip_prefix("PALAVER_").unwrap_or(name).to_ascii_lowercase()
}

/// Returns a setting's flag, for its name in the environment.
pub fn flag(name: &str) -> String {
    in_file(name).replace('_', "-")
}

/// Returns the problems, one per line, with the settings' names in the file and in the environment.
pub fn explain(errors: &ConfigErrors) -> String {
    let mut text = String::from("these settings are invalid:");
    for problem in errors.problems() {
        text.push_str(&format!("\n  {} ({}): {}", in_file(&problem.key), problem.key, problem.message));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Returns the names in `.env.example`, set or commented out.
    fn in_the_example() -> BTreeSet<String> {
        let lines = include_str!("../../../.env.example").lines();
        let names = lines.filter_map(|line| line.trim_start_matches('#').split_once('='));
        let is_name = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        names.map(|(name, _)| name.to_owned()).filter(|name| is_name(name)).collect()
    }

    #[test]
    fn the_example_lists_exactly_the_existing_settings() {
        let settings: BTreeSet<String> = names().into_iter().collect();
        // The AWS SDK reads these itself; Palaver never does.
        let named = in_the_example().into_iter().filter(|name| !name.starts_with("AWS_")).collect();
        assert_eq!(settings, named, "what .env.example names differs from what `check-config --list` prints");
    }

    #[test]
    fn the_first_source_wins_and_secrets_are_hidden() {
        let map = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>()
        };
        let lookup = Lookup {
            flags: map(&[("PALAVER_LISTEN", ":1")]),
            environment: map(&[
                ("PALAVER_LISTEN", ":2"),
                ("PALAVER_LOG", ""),
                ("PALAVER_SERVICE_TOKENS", "hunter2-hunter2-hunter2-hunter2-hunter2"),
            ]),
            file: map(&[("PALAVER_LOG", "warn"), ("PALAVER_CONNECTIONS_URL", "https://me:hunter2@example.org/x")]),
        };
        let Ok(read) = lookup.read() else { panic!("all values are valid") };
        let shown = |name: &str| {
            let value = read.values.iter().find(|value| value.name == name).expect("it is a setting");
            format!("{} ({})", value.shown(), value.source)
        };
        assert_eq!(shown("PALAVER_LISTEN"), ":1 (flag)");
        assert_eq!(shown("PALAVER_LOG"), "warn (file)", "an empty variable counts as unset");
        assert_eq!(shown("PALAVER_SERVICE_TOKENS"), "(hidden) (environment)");
        assert_eq!(shown("PALAVER_CONNECTIONS_URL"), "https://(hidden)@example.org/x (file)");
        assert_eq!(shown("PALAVER_DRAIN"), "20s (default)");
        assert_eq!(shown("DATABASE_URL"), "unset (default)");
    }
}
