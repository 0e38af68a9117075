//! The command line. Flags are settings too: each has a name in the environment and in the file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const ABOUT: &str = "Palaver: a chat server in one process.

Without a command it serves: the page, the REST functions, the WebSocket tier and the event feed, with its data in one
folder. Nothing else has to run. What is acknowledged is on disk; kill it at any time and start it again.";

const SETTINGS: &str = "\
Settings come from flags, then the environment, then the file given with --config; the first that names one wins.
`palaver check-config --list` prints all of them with what they are now. The common ones:

  listen         PALAVER_LISTEN          address of the page, the API and the sockets
  data           PALAVER_DATA            folder of the database, the files and the signing key
  origins        PALAVER_ORIGINS         other origins whose pages may connect, with commas: https://app.example.org
  guests         PALAVER_GUESTS          whether one may come in with a name only
  registration   PALAVER_REGISTRATION    whether strangers may make an account
  trusted_proxies PALAVER_TRUSTED_PROXIES networks of proxies whose X-Forwarded-For is believed
  [limits] …     PALAVER_LIMITS_…        limits, such as sends_per_10s, upload_bytes, client_frame

Examples:
  palaver                                        serve on http://127.0.0.1:8080, data in ./data
  palaver --listen 0.0.0.0:80 --data /srv/chat   serve for others
  palaver --data /srv/chat bootstrap --admin ada < password.txt
                                                 prepare a new installation, with its first admin
  palaver --data /srv/chat admin set-role ada admin
                                                 make ada an admin
  palaver --data /srv/chat backup /backups/today
                                                 copy everything while it runs
  palaver --data /srv/chat export --room general > general.jsonl
                                                 write one line a message

Serving, bootstrap and migrate make a database where there is none. The other commands refuse a folder without one.";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "palaver", version, about = ABOUT, after_help = SETTINGS, subcommand_help_heading = "Commands")]
pub struct Cli {
    /// What is set by flags; for every command.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do; nothing is to serve.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Settings that have flags.
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

/// What the program can do besides serving.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve (what happens without a command)
    Serve,
    /// Check all settings, and say what is wrong with them
    CheckConfig {
        /// Print each setting with its value; secrets are not shown
        #[arg(long)]
        list: bool,
    },
    /// Make or update what the settings name (schema, table, bucket); may run at any time, before each release
    Migrate {
        /// The database was just restored with its own tools: begin a new epoch, so that no client believes what it
        /// remembers. No node may run
        #[arg(long)]
        restored: bool,
    },
    /// As migrate, and make the first admin and the room #general, for a new installation
    Bootstrap {
        /// The admin's handle; the password comes from PALAVER_ADMIN_PASSWORD or the standard input
        #[arg(long, value_name = "NAME")]
        admin: Option<String>,
    },
    /// Write a room's messages as JSON lines to the standard output
    Export {
        /// The room's id or slug
        #[arg(long)]
        room: String,
    },
    /// Copy database, files and signing key to a new folder; the server may be running
    Backup {
        /// A folder that is not there yet
        folder: PathBuf,
    },
    /// Put a backup in place of the data; the server must not be running
    Restore {
        /// A folder that `palaver backup` wrote
        folder: PathBuf,
        /// Replace data that is there
        #[arg(long)]
        force: bool,
    },
    /// Users, without a running server being needed
    #[command(subcommand)]
    Admin(Admin),
}

/// What `palaver admin` can do.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make an account; the password is read from the first line of the standard input
    CreateUser {
        /// The handle
        name: String,
        /// The e-mail address
        #[arg(long)]
        email: Option<String>,
        /// Make them an admin
        #[arg(long)]
        admin: bool,
    },
    /// Give an account another role on the whole installation
    SetRole {
        /// The handle
        name: String,
        /// `user` or `admin`
        #[arg(value_parser = role)]
        role: domain::UserRole,
    },
    /// Keep somebody out of the whole installation; all their sessions end
    Ban {
        /// The handle
        name: String,
    },
    /// Let somebody in again
    Unban {
        /// The handle
        name: String,
    },
}

fn role(text: &str) -> Result<domain::UserRole, String> {
    match text {
        "user" => Ok(domain::UserRole::User),
        "admin" => Ok(domain::UserRole::Admin),
        _ => Err("a role is `user` or `admin`".into()),
    }
}
