//! `palaver admin`: manages accounts, for anyone with access to the data folder.

use std::io::BufRead;

use anyhow::{Context, bail};
use domain::name::UserName;
use domain::{Actor, Email, UserRole};
use host::{IfMissing, Profile, Settings};
use service::auth::{Password, Registration};

use crate::cli::Admin;

/// Runs one of the commands. The server may be running.
pub async fn run(settings: &Settings, command: Admin) -> anyhow::Result<()> {
    match command {
        Admin::CreateUser { name, email, admin } => {
            let (name, email) = (UserName::parse(&name)?, email.as_deref().map(Email::parse).transpose()?);
            let role = if admin { UserRole::Admin } else { UserRole::User };
            // Opened before the password is read, so that a wrong folder is noticed first.
            let profile = Profile::open(settings, IfMissing::Refuse).await?;
            let registration = Registration { name, password: Password::parse(password()?)?, email };
            let user = profile.services.auth.accounts.create_user(registration, role).await?;
            println!("created {} ({}), {}", user.name, user.id, word(user.role));
            profile.close().await;
        }
        Admin::FirstToken => first_token(settings).await?,
        Admin::SetRole { name, role } => {
            let profile = Profile::open(settings, IfMissing::Refuse).await?;
            let user = profile.services.auth.accounts.set_role(&UserName::from_stored(name), role).await?;
            println!("{} is {}, effective within seconds", user.name, word(user.role));
            profile.close().await;
        }
        Admin::Ban { name } => set_banned(settings, &name, true).await?,
        Admin::Unban { name } => set_banned(settings, &name, false).await?,
    }
    Ok(())
}

/// Prints the token alone, so that a script can use it.
async fn first_token(settings: &Settings) -> anyhow::Result<()> {
    let profile = Profile::open(settings, IfMissing::Refuse).await?;
    let token = profile.services.auth.accounts.first_token().await?.map(str::to_owned);
    profile.close().await;
    match token {
        Some(token) => println!("{token}"),
        None => {
            bail!("there is an account already, so no token is needed; make it an admin with `palaver admin set-role`")
        }
    }
    Ok(())
}

async fn set_banned(settings: &Settings, name: &str, banned: bool) -> anyhow::Result<()> {
    let profile = Profile::open(settings, IfMissing::Refuse).await?;
    let auth = &profile.services.auth;
    let user = auth.accounts.user_named(&UserName::from_stored(name.to_owned())).await?;
    auth.accounts.set_banned(&Actor::SYSTEM, user.id, banned).await?;
    println!("{} is {}", user.name, if banned { "banned, and signed out within seconds" } else { "no longer banned" });
    profile.close().await;
    Ok(())
}

/// Reads the first line of standard input: a flag would be visible in the shell's history and in `ps`.
pub fn password() -> anyhow::Result<String> {
    eprintln!("Password (from standard input):");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("cannot read standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!(
            "give the password on standard input, like: palaver --data /srv/palaver admin create-user ada < password.txt"
        );
    }
    Ok(password.to_owned())
}

fn word(role: UserRole) -> &'static str {
    match role {
        UserRole::User => "a user",
        UserRole::Admin => "an admin",
    }
}
