//! The commands of `palaver admin`, and their help.

use clap::{Args, Subcommand};
use domain::UserRole;

/// The commands of `palaver admin`. A user is named by the handle, with or without `@`, or by the id.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// List accounts and guests: handle, kind, rights, when they were created and last used
    List {
        /// Only handles that begin like this
        #[arg(default_value = "")]
        prefix: String,
        /// The most accounts to print
        #[arg(long, default_value_t = 1_000)]
        limit: usize,
        /// Print one JSON object for each account
        #[arg(long)]
        json: bool,
    },
    /// Create an account; the password is asked for, or read from the first line of standard input
    CreateUser {
        /// The handle
        name: String,
        /// The e-mail address
        #[arg(long)]
        email: Option<String>,
        /// Make the account an admin
        #[arg(long)]
        admin: bool,
    },
    /// Print a link with which a user chooses a new password, once, within 24 hours
    ResetPassword {
        /// The handle or id
        user: String,
        /// Set a password now instead: it is asked for without showing it, or read from the first line of standard input.
        /// Ends all sessions of the user
        #[arg(long)]
        ask: bool,
    },
    /// Change a user's handle or display name
    Rename {
        /// The handle or id
        user: String,
        /// The new handle; reserved names are allowed here
        name: Option<String>,
        /// The new display name; an empty one removes it
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
    },
    /// End all sessions of a user, and close their connections
    SignOut {
        /// The handle or id
        user: String,
    },
    /// Delete an account: it loses its name, password, address, sessions and rooms; its handle stays taken
    Delete {
        /// The handle or id
        user: String,
        /// Delete everything the user wrote, too; without this, messages stay under the name of a deleted user
        #[arg(long)]
        messages: bool,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Delete a room with all its messages and files; nobody can see it from then on, and its id stays taken
    DeleteRoom {
        /// The room's id or slug
        room: String,
        #[command(flatten)]
        confirm: Confirm,
    },
    /// Make an account an admin of the installation
    Grant {
        /// The handle or id
        user: String,
    },
    /// Take the rights of an admin away; the last admin keeps them
    Revoke {
        /// The handle or id
        user: String,
    },
    /// Change an account's role in the whole installation: the same as grant and revoke
    SetRole {
        /// The handle or id
        name: String,
        /// `user` or `admin`
        #[arg(value_parser = role)]
        role: UserRole,
    },
    /// Ban a user from the whole installation, and end all their sessions
    Ban {
        /// The handle or id
        name: String,
    },
    /// Lift a user's ban
    Unban {
        /// The handle or id
        name: String,
    },
    /// Print who did what with these commands and with the API for admins, newest first; kept for 400 days
    Audit {
        /// The most records to print
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Print one JSON object for each record
        #[arg(long)]
        json: bool,
    },
    /// Print the token with which the first account is registered, which becomes the admin
    FirstToken,
}

/// How a command that cannot be undone is confirmed.
#[derive(Debug, Clone, Copy, Args)]
pub struct Confirm {
    /// Do not ask whether to go on
    #[arg(long)]
    pub yes: bool,
}

fn role(text: &str) -> Result<UserRole, String> {
    match text {
        "user" => Ok(UserRole::User),
        "admin" => Ok(UserRole::Admin),
        _ => Err("the role must be `user` or `admin`".into()),
    }
}
