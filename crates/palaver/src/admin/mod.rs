//! `palaver admin`: manages accounts and rooms, for anyone with access to the data folder. The server may be running; it
//! notices what changed within seconds.

mod ask;
mod command;
mod print;

use anyhow::bail;
use domain::name::{DisplayName, UserName};
use domain::{Email, User, UserRole};
use host::{IfMissing, Profile, Settings};
use service::admin::Requester;
use service::auth::{NewNames, Password, Registration};
use service::limits::ACCOUNTS_PER_PAGE;

pub use ask::password;
pub use command::Admin;

const CLI: Requester = Requester::CLI;

/// Runs one of the commands.
pub async fn run(settings: &Settings, command: Admin) -> anyhow::Result<()> {
    // Opened before anything is asked, so that a wrong folder is noticed first.
    let profile = Profile::open(settings, IfMissing::Refuse).await?;
    let ran = on(&profile, settings, command).await;
    // What follows from the changes, such as the removal of files, is done before the process ends.
    profile.services.logs.drain().await;
    profile.settle().await;
    profile.close().await;
    ran
}

async fn on(profile: &Profile, settings: &Settings, command: Admin) -> anyhow::Result<()> {
    let admin = &profile.services.admin;
    let find = async |text: &str| admin.find(CLI, text).await;
    match command {
        Admin::List { prefix, limit, json } => list(profile, &prefix, limit, json).await?,
        Admin::CreateUser { name, email, admin: is_admin } => {
            let (name, email) = (UserName::parse(&name)?, email.as_deref().map(Email::parse).transpose()?);
            let role = if is_admin { UserRole::Admin } else { UserRole::User };
            let registration =
                Registration { name, password: Password::parse(password()?)?, email, display_name: None };
            let user = admin.create_user(CLI, registration, role).await?;
            println!("created {} ({}), {}", user.name, user.id, word(user.role));
        }
        Admin::ResetPassword { user, ask } => reset_password(profile, settings, &find(&user).await?, ask).await?,
        Admin::Rename { user, name, display_name } => {
            let user = find(&user).await?;
            let new = NewNames {
                name: name.as_deref().map(UserName::parse).transpose()?,
                display_name: shown(display_name)?,
            };
            let renamed = admin.rename(CLI, &user, new).await?;
            let shown = renamed.display_name.map(|name| format!(", shown as {}", name.as_str())).unwrap_or_default();
            println!("{} is {}{shown}", user.name, renamed.name);
        }
        Admin::SignOut { user } => {
            let user = find(&user).await?;
            admin.sign_out(CLI, &user).await?;
            println!("{} is signed out within seconds, on all devices", user.name);
        }
        Admin::Delete { user, messages, confirm } => {
            let user = find(&user).await?;
            let what = if messages { "the account and all messages of" } else { "the account" };
            ask::confirm(confirm, &format!("Delete {what} {}? This cannot be undone.", user.name))?;
            admin.delete_account(CLI, &user, messages).await?;
            println!("deleted {what} {}; the name stays taken", user.name);
        }
        Admin::DeleteRoom { room, confirm } => {
            let found = admin.find_room(CLI, &room.trim_start_matches('#').parse()?).await?;
            let members = profile.services.ports.store.rooms.member_count(found.id).await?;
            ask::confirm(
                confirm,
                &format!(
                    "Delete the room {room} with all its messages, and its {members} members? This cannot be undone."
                ),
            )?;
            admin.delete_room(CLI, &found).await?;
            println!("deleted the room {room}; its id stays taken");
        }
        Admin::Grant { user } => set_role(profile, &find(&user).await?, UserRole::Admin).await?,
        Admin::Revoke { user } => set_role(profile, &find(&user).await?, UserRole::User).await?,
        Admin::SetRole { name, role } => set_role(profile, &find(&name).await?, role).await?,
        Admin::Ban { name } => set_banned(profile, &find(&name).await?, true).await?,
        Admin::Unban { name } => set_banned(profile, &find(&name).await?, false).await?,
        Admin::Audit { limit, json } => audit(profile, limit, json).await?,
        Admin::FirstToken => first_token(profile).await?,
    }
    Ok(())
}

async fn list(profile: &Profile, prefix: &str, limit: usize, json: bool) -> anyhow::Result<()> {
    let (mut after, mut left) = (None, limit);
    while left > 0 {
        let wanted = left.min(ACCOUNTS_PER_PAGE);
        let page = profile.services.admin.list(CLI, prefix, after.as_deref(), wanted).await?;
        page.accounts.iter().for_each(|account| print::account(account, json));
        left -= page.accounts.len();
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
    eprintln!("there are more: add --limit, or the beginning of a name");
    Ok(())
}

async fn audit(profile: &Profile, limit: usize, json: bool) -> anyhow::Result<()> {
    let (mut before, mut left) = (None, limit);
    while left > 0 {
        let page = profile.services.admin.audit(CLI, before, left).await?;
        page.records.iter().for_each(|record| print::record(record, json));
        left -= page.records.len();
        before = page.next;
        if before.is_none() {
            return Ok(());
        }
    }
    eprintln!("there are more: add --limit");
    Ok(())
}

/// Prints the link alone on standard output, so that a script can use it.
async fn reset_password(profile: &Profile, settings: &Settings, user: &User, ask: bool) -> anyhow::Result<()> {
    let admin = &profile.services.admin;
    if ask {
        let new = Password::parse(password()?)?;
        admin.set_password(CLI, user, new).await?;
        println!("{} has a new password, and is signed out within seconds on all devices", user.name);
        return Ok(());
    }
    let token = admin.issue_reset_link(CLI, user).await?;
    let page = match &settings.public_url {
        Some(url) => url.to_string(),
        None => settings.listen.url(),
    };
    println!("{page}/reset#{}", token.text);
    eprintln!(
        "Give this link to {} only: the person who opens it chooses the password. It works once, until {}.",
        user.name,
        wire::rfc3339(token.expires_at)
    );
    if settings.public_url.is_none() {
        eprintln!(
            "If users reach the server at another address, set PALAVER_PUBLIC_URL, or put that address in the link."
        );
    }
    Ok(())
}

async fn set_role(profile: &Profile, user: &User, role: UserRole) -> anyhow::Result<()> {
    let user = profile.services.admin.set_role(CLI, user, role).await?;
    println!("{} is {}, effective within seconds", user.name, word(user.role));
    Ok(())
}

async fn set_banned(profile: &Profile, user: &User, banned: bool) -> anyhow::Result<()> {
    profile.services.admin.set_banned(CLI, user, banned).await?;
    println!("{} is {}", user.name, if banned { "banned, and signed out within seconds" } else { "no longer banned" });
    Ok(())
}

/// Prints the token alone, so that a script can use it.
async fn first_token(profile: &Profile) -> anyhow::Result<()> {
    match profile.services.auth.accounts.first_token().await? {
        Some(token) => println!("{token}"),
        None => {
            bail!("there is an account already, so no token is needed; make it an admin with `palaver admin grant`")
        }
    }
    Ok(())
}

/// Returns the new display name: an empty text removes it.
fn shown(text: Option<String>) -> anyhow::Result<Option<Option<DisplayName>>> {
    Ok(match text.as_deref().map(str::trim) {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(DisplayName::parse(text)?)),
    })
}

fn word(role: UserRole) -> &'static str {
    match role {
        UserRole::User => "a user",
        UserRole::Admin => "an admin",
    }
}
