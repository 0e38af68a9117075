//! `palaver admin`: accounts, by whoever holds the data folder.

use std::io::BufRead;

use anyhow::{Context, bail};
use domain::Email;
use domain::UserRole;
use domain::name::UserName;
use profile::{Profile, Settings};
use service::auth::{Password, Registration};

use crate::cli::Admin;

/// Runs one of the commands. The server may be running.
pub async fn run(settings: &Settings, command: Admin) -> anyhow::Result<()> {
    match command {
        Admin::CreateUser { name, email, admin } => {
            let email = email.as_deref().map(Email::parse).transpose()?;
            let registration =
                Registration { name: UserName::parse(&name)?, password: Password::parse(password()?)?, email };
            let role = if admin { UserRole::Admin } else { UserRole::User };
            let profile = Profile::open(settings).await?;
            let user = profile.services.auth.create_user(registration, role).await?;
            println!("made {} ({}), {}", user.name, user.id, word(user.role));
            profile.close().await;
        }
        Admin::SetRole { name, role } => {
            let profile = Profile::open(settings).await?;
            let user = profile.services.auth.set_role(&UserName::parse(&name)?, role).await?;
            println!("{} is {} from the next sign-in or token on", user.name, word(user.role));
            profile.close().await;
        }
    }
    Ok(())
}

/// The first line of the standard input: a flag would stand in the shell's history and in `ps`.
pub fn password() -> anyhow::Result<String> {
    eprintln!("Password (from the standard input):");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read the standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("give the password on the standard input, as in: palaver admin create-user ada < password.txt");
    }
    Ok(password.to_owned())
}

fn word(role: UserRole) -> &'static str {
    match role {
        UserRole::User => "a user",
        UserRole::Admin => "an admin",
    }
}
