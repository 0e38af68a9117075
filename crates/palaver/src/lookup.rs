//! Looks up settings: in flags, then the environment, then the file. The only place that reads the environment.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use host::Settings;
use host::config::{Config, ConfigErrors};

use crate::cli::{Cli, Command};

const PREFIX: &str = "PALAVER";

/// Settings with standard names, without Palaver's prefix.
const STANDARD: [&str; 3] = ["DATABASE_URL", "DATABASE_REPLICA_URL", "REDIS_URL"];

/// The sources of values.
pub struct Lookup {
    flags: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
    file: BTreeMap<String, String>,
}

/// All settings, with the name and value of each.
pub struct Read {
    /// The settings.
    pub settings: Settings,
    /// The name and value of each setting that was read; none if the default applies.
    pub values: Vec<(String, Option<String>)>,
}

impl Lookup {
    /// Returns the lookup of this process: its flags, its environment, and the file that the flags name.
    pub fn of_process(cli: &Cli) -> anyhow::Result<Self> {
        let flags = &cli.flags;
        let file = match &flags.config {
            Some(path) => read_file(path)?,
            None => BTreeMap::new(),
        };
        let admin = match &cli.command {
            Some(Command::Bootstrap { admin }) => admin.clone(),
            _ => None,
        };
        let given = [("PALAVER_DATA", &flags.data), ("PALAVER_LISTEN", &flags.listen), ("PALAVER_ADMIN", &admin)];
        let flags = given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?))).collect();
        let of_ours = |name: &String| host::is_ours(name) || STANDARD.contains(&name.as_str());
        let environment = std::env::vars().filter(|(name, _)| of_ours(name)).collect();
        Ok(Lookup { flags, environment, file })
    }

    fn get(&self, name: &str) -> Option<String> {
        [&self.flags, &self.environment, &self.file].into_iter().find_map(|from| from.get(name)).cloned()
    }

    /// Reads all settings. An unknown name is a problem like any other, because it is most likely misspelt.
    pub fn read(&self) -> Result<Read, ConfigErrors> {
        let mut config = Config::from_lookup(|name| self.get(name));
        let settings = Settings::read(&mut config);
        config.refuse_unknown(self.environment.keys().chain(self.file.keys()));
        let values = config.asked().iter().map(|name| (name.clone(), self.get(name))).collect();
        config.finish(Read { settings, values })
    }
}

fn read_file(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut values =
        host::config::from_toml(PREFIX, &text).with_context(|| format!("{} is not TOML", path.display()))?;
    for name in STANDARD {
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
        let nothing = Lookup { flags: BTreeMap::new(), environment: BTreeMap::new(), file: BTreeMap::new() };
        let Ok(read) = nothing.read() else { panic!("the defaults are valid") };
        let settings: BTreeSet<String> = read.values.into_iter().map(|(name, _)| name).collect();
        // The AWS SDK reads these itself; Palaver never does.
        let named = in_the_example().into_iter().filter(|name| !name.starts_with("AWS_")).collect();
        assert_eq!(settings, named, "what .env.example names differs from what `check-config --list` prints");
    }
}
