//! The command line. Every setting that is no secret is also a flag, under its name in the file with dashes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::admin::Admin;
use crate::lookup;

const ABOUT: &str = "Palaver: a chat server in one process.

Without a command it serves: the page, the REST functions, the WebSocket tier and the event feed, with its data in one
folder. It needs no other program. Acknowledged changes are on disk: you can kill it at any time and start it again.";

const SETTINGS: &str = "\
Settings come from flags, then the environment, then the file given with --config; the first source wins. Each setting
is a flag, too, under its name in the file with dashes (--limits-upload-bytes 50MB), except secrets, which other users of
the machine would see. `palaver check-config --list` prints all of them, with their values and where these come from.
The common ones:

  listen         PALAVER_LISTEN          address of the page, the API and the sockets
  data           PALAVER_DATA            folder of the database, the files and the signing key
  origins        PALAVER_ORIGINS         other origins whose pages may connect, comma-separated: https://app.example.org
  guests         PALAVER_GUESTS          whether users may sign in with only a name
  registration   PALAVER_REGISTRATION    whether new users may create an account
  trusted_proxies PALAVER_TRUSTED_PROXIES networks of proxies whose X-Forwarded-For is trusted
  [limits] …     PALAVER_LIMITS_…        limits, such as sends_per_10s, upload_bytes, client_frame

Examples:
  palaver                                        serve on http://127.0.0.1:8080, data in ./data
  palaver --listen 0.0.0.0:80 --data /srv/chat   serve on all interfaces
  palaver --data /srv/chat bootstrap --admin ada < password.txt
                                                 prepare a new installation, with its first admin
  palaver --data /srv/chat admin grant ada       make ada an admin
  palaver --data /srv/chat admin reset-password ada
                                                 print a link with which ada chooses a new password
  palaver --data /srv/chat backup /backups/today
                                                 copy everything while it runs
  palaver copy --from sqlite:/srv/chat --to postgres://palaver@db/palaver --to-files s3://chat-files
                                                 move to another store; the server is stopped
  palaver --data /srv/chat export --room general > general.jsonl
                                                 write one line per entry

Only serving, bootstrap and migrate create a database if none exists. The other commands refuse a folder without one.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "palaver", version, about = ABOUT, after_help = SETTINGS, subcommand_help_heading = "Commands")]
pub struct Cli {
    /// Settings given as flags, for every command.
    #[command(flatten)]
    pub flags: Flags,
    /// The command; serves if there is none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// Parses the arguments of this process, and returns the settings among them by their names in the environment. Ends
    /// the process after `--help`, `--version` and invalid arguments.
    pub fn of_process() -> (Cli, BTreeMap<String, String>) {
        let names: Vec<String> = lookup::names().into_iter().filter(|name| is_flag(name)).collect();
        let matches = with_flags(Cli::command(), &names).get_matches();
        let value = |name: &String| Some((name.clone(), matches.get_one::<String>(name)?.clone()));
        let settings = names.iter().filter_map(value).collect();
        (Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()), settings)
    }
}

/// Returns whether a setting gets a flag here: secrets have none, and the others below have their own.
fn is_flag(name: &str) -> bool {
    !lookup::is_secret(name) && !["PALAVER_DATA", "PALAVER_LISTEN", "PALAVER_ADMIN"].contains(&name)
}

fn with_flags(command: clap::Command, names: &[String]) -> clap::Command {
    // Hidden, because `check-config --list` shows them with more than their names.
    let flag = |name: &String| Arg::new(name).long(lookup::flag(name)).global(true).hide(true).value_name("VALUE");
    command.args(names.iter().map(flag))
}

/// The settings that have flags of their own.
#[derive(Debug, Default, Args)]
pub struct Flags {
    /// A TOML file with settings
    #[arg(long, global = true, value_name = "FILE", env = "PALAVER_CONFIG")]
    pub config: Option<PathBuf>,
    /// The folder of the database, the files and the signing key [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<String>,
    /// The address to listen on [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// The commands besides serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve (the default without a command)
    Serve,
    /// Check all settings as a start does, report every problem, and print the values that differ from the defaults
    CheckConfig {
        /// Print every setting, with its value and where that comes from; secrets are hidden
        #[arg(long)]
        list: bool,
    },
    /// Create or update what the settings name (schema, table, bucket); may run at any time, before each release
    Migrate {
        /// The database was just restored with its own tools: begin a new epoch, so that clients discard their caches.
        /// No node may be running
        #[arg(long)]
        restored: bool,
    },
    /// Like migrate, and also create the first admin and the room #general, for a new installation
    Bootstrap {
        /// The admin's handle; the password is read from PALAVER_ADMIN_PASSWORD or standard input
        #[arg(long, value_name = "NAME")]
        admin: Option<String>,
    },
    /// Write a room's messages as JSON lines to standard output
    Export {
        /// The room's id or slug
        #[arg(long)]
        room: String,
    },
    /// Copy database, files and signing key to a new folder; the server may be running
    Backup {
        /// A folder that does not exist yet
        folder: PathBuf,
    },
    /// Replace the data with a backup; the server must not be running
    Restore {
        /// A folder that `palaver backup` wrote
        folder: PathBuf,
        /// Replace existing data
        #[arg(long)]
        force: bool,
    },
    /// Copy everything to another store, which must be empty: SQLite, PostgreSQL, DynamoDB, in any direction. No server
    /// may run on either; afterwards both are compared
    Copy(Copy),
    /// Print how many records of each kind there are, and a hash of them: the same for the same data in any store
    Checksum {
        /// Print JSON lines instead: one for each log, and one for everything
        #[arg(long)]
        json: bool,
    },
    /// Print the OpenAPI document of the REST API, as the server serves it at /openapi.json
    Openapi,
    /// Manage accounts and rooms, and see who did; the server may be running
    #[command(subcommand)]
    Admin(Admin),
}

/// The arguments of `palaver copy`.
#[derive(Debug, Args)]
pub struct Copy {
    /// The store to copy from: sqlite:DIR, postgres://USER@HOST/DATABASE or dynamodb:TABLE [default: that of the settings].
    /// Other users of the machine see the arguments of a process, so leave a password to PGPASSWORD or ~/.pgpass
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
    /// The store to copy to, in the same form; it must be empty
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Where the bytes of files are: s3://BUCKET, or the data folder of a node [default: the folder of sqlite:DIR, else
    /// that of the settings]
    #[arg(long, value_name = "PLACE")]
    pub from_files: Option<String>,
    /// Where they are copied to, in the same form. If it is the same place, they stay where they are
    #[arg(long, value_name = "PLACE")]
    pub to_files: Option<String>,
    /// Copy the rest if this release cannot read a record, which is then missing in the copy
    #[arg(long)]
    pub skip_unreadable: bool,
    /// Print the report as JSON lines: one for each log, and one for everything
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_that_is_no_secret_is_a_flag_before_and_after_the_command() {
        let names: Vec<String> = lookup::names().into_iter().filter(|name| is_flag(name)).collect();
        assert!(names.len() > 30 && names.iter().all(|name| !name.contains("PASSWORD") || name.contains("THREADS")));
        with_flags(Cli::command(), &names).debug_assert();
        for name in &names {
            let flag = format!("--{}", lookup::flag(name));
            for arguments in [["palaver", &flag, "x", "serve"], ["palaver", "serve", &flag, "x"]] {
                let matches = with_flags(Cli::command(), &names).try_get_matches_from(arguments).expect("a flag");
                assert_eq!(matches.get_one::<String>(name).map(String::as_str), Some("x"), "{arguments:?}");
            }
        }
        let secret = with_flags(Cli::command(), &names).try_get_matches_from(["palaver", "--signing-key", "x"]);
        assert!(secret.is_err());
    }
}
