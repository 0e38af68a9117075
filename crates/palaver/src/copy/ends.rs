//! The two ends of a copy, as settings: those of this process, with the store and the place of files that the command
//! line names.

use anyhow::{Context, bail};
use host::{BlobsBackend, Settings, StoreBackend};

use crate::backup::real;
use crate::cli;
use crate::lookup::{Lookup, explain};

const DATABASE_URL: &str = "DATABASE_URL";
const REPLICA: &str = "DATABASE_REPLICA_URL";
const DATA: &str = "PALAVER_DATA";
const FILES: &str = "PALAVER_FILES";

/// The settings of both ends.
pub struct Ends {
    /// The settings of the source.
    pub from: Settings,
    /// The settings of the target.
    pub to: Settings,
}

impl Ends {
    /// Reads both ends, and refuses those that are the same.
    pub fn read(lookup: &Lookup, arguments: &cli::Copy) -> anyhow::Result<Ends> {
        for url in arguments.from.iter().chain([&arguments.to]).filter(|url| has_password(url)) {
            let scheme = url.split(':').next().unwrap_or_default();
            eprintln!(
                "palaver: other users of this machine can see the password in {scheme}://…: leave it out, and set \
                 PGPASSWORD or write it to ~/.pgpass"
            );
        }
        let from = match (&arguments.from, &arguments.from_files) {
            (None, None) => read(lookup)?,
            (url, files) => end(lookup, url.as_deref(), files.as_deref()).context("--from")?,
        };
        let to = end(lookup, Some(&arguments.to), arguments.to_files.as_deref()).context("--to")?;
        let ends = Ends { from, to };
        if ends.have_one_store()? {
            bail!("--from and --to name the same store: name another one with --to");
        }
        Ok(ends)
    }

    /// Returns whether the bytes of files lie somewhere else afterwards.
    pub fn files_move(&self) -> bool {
        let [from, to] = [&self.from, &self.to];
        match (&from.backends.blobs, &to.backends.blobs) {
            (BlobsBackend::S3(from), BlobsBackend::S3(to)) => from.name != to.name,
            (BlobsBackend::Folder, BlobsBackend::Folder) => real(&from.data).ok() != real(&to.data).ok(),
            _ => true,
        }
    }

    /// Returns whether the target's data folder was named, and is not only a default.
    pub fn has_target_folder(&self) -> bool {
        self.to.backends.is_local() || self.to.backends.blobs == BlobsBackend::Folder
    }

    fn have_one_store(&self) -> anyhow::Result<bool> {
        let [from, to] = [&self.from, &self.to];
        Ok(match (&from.backends.store, &to.backends.store) {
            (StoreBackend::Sqlite, StoreBackend::Sqlite) => real(&from.data)? == real(&to.data)?,
            (StoreBackend::Postgres { url: from, .. }, StoreBackend::Postgres { url: to, .. }) => {
                from.expose() == to.expose()
            }
            (from, to) => from == to,
        })
    }
}

/// Returns the settings of one end. A store that is not named is that of this process.
fn end(lookup: &Lookup, url: Option<&str>, files: Option<&str>) -> anyhow::Result<Settings> {
    let mut values = Vec::new();
    let folder = url.and_then(|url| url.strip_prefix("sqlite:")).map(|path| path.trim_start_matches("//"));
    if let Some(url) = url {
        values.extend([(REPLICA, None), (DATABASE_URL, folder.is_none().then(|| url.to_owned()))]);
    }
    match (folder, files) {
        (Some(""), _) => bail!("name the data folder, like sqlite:/srv/chat"),
        (Some(folder), files) => {
            values.push((DATA, Some(folder.to_owned())));
            match files {
                Some(files) if !files.starts_with("s3://") => bail!(
                    "SQLite has its files in the same data folder: leave out the place of files, or name s3://BUCKET"
                ),
                bucket => values.push((FILES, bucket.map(str::to_owned))),
            }
        }
        (None, Some(bucket)) if bucket.starts_with("s3://") => values.push((FILES, Some(bucket.to_owned()))),
        (None, Some(data)) => values.extend([(FILES, None), (DATA, Some(data.to_owned()))]),
        (None, None) => {}
    }
    read(&lookup.with(&values))
}

fn read(lookup: &Lookup) -> anyhow::Result<Settings> {
    Ok(lookup.read().map_err(|errors| anyhow::anyhow!(explain(&errors)))?.settings)
}

/// Returns whether a URL contains a password.
fn has_password(url: &str) -> bool {
    let user = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')).map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':')) || url.contains("password=")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn read(from: Option<&str>, to: &str, from_files: Option<&str>, to_files: Option<&str>) -> Result<Ends, String> {
        let text = |value: Option<&str>| value.map(str::to_owned);
        let arguments = cli::Copy {
            from: text(from),
            to: to.to_owned(),
            from_files: text(from_files),
            to_files: text(to_files),
            skip_unreadable: false,
            json: false,
        };
        let lookup = Lookup::default().with(&[(DATA, Some("/srv/settings".into())), (REPLICA, None)]);
        Ends::read(&lookup, &arguments).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn a_store_that_is_not_named_is_that_of_the_settings() {
        let ends = read(None, "sqlite:/srv/other", None, None).expect("valid");
        assert_eq!(
            (ends.from.data.as_path(), ends.to.data.as_path()),
            (Path::new("/srv/settings"), Path::new("/srv/other"))
        );
        assert!(ends.files_move() && ends.has_target_folder());
    }

    #[test]
    fn files_stay_where_both_ends_have_them() {
        let bucket = |name: &str| {
            let bucket = host::S3Bucket::new(name);
            BlobsBackend::S3(bucket)
        };
        let mut ends = read(Some("sqlite:/srv/chat"), "sqlite:/srv/other", None, None).expect("valid");
        for (from, to, files_move) in [("one", "one", false), ("one", "two", true)] {
            (ends.from.backends.blobs, ends.to.backends.blobs) = (bucket(from), bucket(to));
            assert_eq!(ends.files_move(), files_move, "{from} to {to}");
        }
        ends.to.backends.blobs = BlobsBackend::Folder;
        assert!(ends.files_move());
    }

    #[test]
    fn ends_that_cannot_be_copied_are_refused_with_what_to_do() {
        let same = ["sqlite:/srv/chat", "sqlite:///srv/chat", "sqlite:/srv/../srv/chat"];
        for to in same {
            let refused = read(Some("sqlite:/srv/chat"), to, None, None).err().unwrap_or_default();
            assert!(refused.contains("the same store"), "{to}: {refused}");
        }
        for (to, files, word) in [
            ("sqlite:", None, "name the data folder"),
            ("mysql://x", None, "postgres://"),
            ("sqlite:/srv/other", Some("/srv/files"), "s3://BUCKET"),
            ("sqlite:/srv/other", Some("s3://a bucket"), "s3://BUCKET"),
        ] {
            let refused = read(Some("sqlite:/srv/chat"), to, None, files).err().unwrap_or_default();
            assert!(refused.contains(word), "{to}: {refused}");
        }
    }

    #[test]
    fn a_password_in_a_url_is_noticed() {
        assert!(
            has_password("postgres://palaver:secret@db/palaver") && has_password("postgres://db/x?password=secret")
        );
        assert!(!has_password("postgres://palaver@db/palaver") && !has_password("dynamodb:palaver"));
    }
}
