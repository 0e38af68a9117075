//! The names that the environment of an older chat system has, where this server takes its place: translated to settings
//! while the older contract is on. A setting of its own name wins.
//!
//! Never opens or converts a database of that system.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The setting that turns the older contract on.
const COMPAT: &str = "PALAVER_COMPAT";
/// The setting of the database, which both systems have.
const DATABASE: &str = "DATABASE_URL";

/// The names without Palaver's prefix.
pub(crate) const NAMES: [&str; 6] =
    ["PORT", "MINIO_ENDPOINT", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY", "MINIO_BUCKET", "MINIO_SECURE"];

/// An error for a database file of the older system.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "DATABASE_URL names {0}, a database of an older chat system: Palaver neither reads nor converts it; move the file away, \
     or remove DATABASE_URL, to start with an empty database (docs/compatibility.md)"
)]
pub struct OlderDatabase(PathBuf);

/// Translates the older names among `variables` to settings, and removes them. `exists` says whether a file exists.
pub(crate) fn translate(
    variables: &mut BTreeMap<String, String>,
    exists: impl Fn(&Path) -> bool,
) -> Result<(), OlderDatabase> {
    let older: BTreeMap<&str, String> = NAMES
        .iter()
        .filter_map(|name| Some((*name, variables.remove(*name)?)))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    let is_on = variables.get(COMPAT).is_some_and(|mode| !matches!(mode.trim(), "" | "off" | "false"));
    if !is_on {
        return Ok(());
    }

    let mut settings = BTreeMap::new();
    if let Some(path) = variables.get(DATABASE).and_then(|url| older_file(url)) {
        if exists(&path) {
            return Err(OlderDatabase(path));
        }
        variables.remove(DATABASE);
        let folder = path.parent().unwrap_or(Path::new(".")).join("data");
        settings.insert("PALAVER_DATA", folder.display().to_string());
    }
    if let Some(port) = older.get("PORT") {
        settings.insert("PALAVER_LISTEN", format!(":{port}"));
    }
    if let Some(bucket) = older.get("MINIO_BUCKET") {
        settings.insert("PALAVER_FILES", format!("s3://{bucket}"));
        settings.insert("PALAVER_S3_PATH_STYLE", "true".to_owned());
        // Older clients are sent all bytes by the server itself.
        settings.insert("PALAVER_S3_PRESIGN", "false".to_owned());
    }
    if let Some(endpoint) = older.get("MINIO_ENDPOINT") {
        let is_secure = older.get("MINIO_SECURE").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let scheme = if is_secure { "https" } else { "http" };
        let url = if endpoint.contains("://") { endpoint.clone() } else { format!("{scheme}://{endpoint}") };
        settings.insert("PALAVER_S3_ENDPOINT", url);
    }
    for (name, setting) in
        [("MINIO_ACCESS_KEY", "PALAVER_S3_ACCESS_KEY"), ("MINIO_SECRET_KEY", "PALAVER_S3_SECRET_KEY")]
    {
        if let Some(text) = older.get(name) {
            settings.insert(setting, text.clone());
        }
    }
    for (name, text) in settings {
        variables.entry(name.to_owned()).or_insert(text);
    }
    Ok(())
}

/// Returns the file that a URL of SQLAlchemy names: `sqlite:///./chat.db`, `sqlite+aiosqlite:////data/chat.db`.
fn older_file(url: &str) -> Option<PathBuf> {
    let (scheme, path) = url.split_once(":///")?;
    let is_sqlite = scheme == "sqlite" || scheme.starts_with("sqlite+");
    (is_sqlite && !path.is_empty()).then(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn translated(given: &[(&str, &str)], exists: bool) -> Result<BTreeMap<String, String>, OlderDatabase> {
        let mut variables = given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        translate(&mut variables, |_| exists)?;
        Ok(variables)
    }

    #[test]
    fn older_names_become_settings_while_the_older_contract_is_on() {
        let older = [
            ("DATABASE_URL", "sqlite:////srv/chat/chat.db"),
            ("PORT", "8020"),
            ("MINIO_ENDPOINT", "minio:9000"),
            ("MINIO_ACCESS_KEY", "id"),
            ("MINIO_SECRET_KEY", "secret"),
            ("MINIO_BUCKET", "chat-files"),
        ];
        let settings =
            translated(&[&[("PALAVER_COMPAT", "guests")], &older[..]].concat(), false).expect("no such file");
        let settings: Vec<(&str, &str)> = settings.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(
            settings,
            [
                ("PALAVER_COMPAT", "guests"),
                ("PALAVER_DATA", "/srv/chat/data"),
                ("PALAVER_FILES", "s3://chat-files"),
                ("PALAVER_LISTEN", ":8020"),
                ("PALAVER_S3_ACCESS_KEY", "id"),
                ("PALAVER_S3_ENDPOINT", "http://minio:9000"),
                ("PALAVER_S3_PATH_STYLE", "true"),
                ("PALAVER_S3_PRESIGN", "false"),
                ("PALAVER_S3_SECRET_KEY", "secret"),
            ]
        );
        let off = translated(&older, false).expect("nothing is refused");
        assert_eq!(off.into_keys().collect::<Vec<_>>(), ["DATABASE_URL"], "which is then refused as it always was");
    }

    #[test]
    fn a_setting_of_its_own_name_wins() {
        let given = [("PALAVER_COMPAT", "token"), ("PALAVER_LISTEN", ":9000"), ("PORT", "8020")];
        assert_eq!(translated(&given, false).expect("valid")["PALAVER_LISTEN"], ":9000");
    }

    #[test]
    fn a_database_of_the_older_system_is_refused() {
        for url in ["sqlite:///./chat.db", "sqlite+aiosqlite:///./chat.db"] {
            let refused = translated(&[("PALAVER_COMPAT", "guests"), ("DATABASE_URL", url)], true);
            assert_eq!(refused, Err(OlderDatabase("./chat.db".into())));
        }
        let postgres = [("PALAVER_COMPAT", "guests"), ("DATABASE_URL", "postgres://u@h/d")];
        assert_eq!(translated(&postgres, true).expect("valid")["DATABASE_URL"], "postgres://u@h/d");
    }
}
