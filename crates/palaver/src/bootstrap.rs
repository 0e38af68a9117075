//! `palaver migrate` and `palaver bootstrap`: create everything that must exist before the first start, and before the
//! first start of another release. Both may run again at any time: what exists stays unchanged.

use anyhow::Context;
use domain::UserRole;
use domain::name::UserName;
use host::{BlobsBackend, BusBackend, FirstAdmin, IfMissing, Profile, Settings, StoreBackend};
use service::Services;
use service::auth::{Password, Registration};
use service::ports::BusStatus;

use crate::admin;

/// Creates or updates schema, table and bucket; for a store that was `restored`, begins a new epoch.
pub async fn migrate(settings: &Settings, restored: bool) -> anyhow::Result<()> {
    if restored {
        host::renew(settings, step).await?;
    }
    prepared(settings).await?.close().await;
    Ok(())
}

/// Like [`migrate`], and also creates the first admin, if one is named, and the first rooms.
pub async fn bootstrap(settings: &Settings) -> anyhow::Result<()> {
    let profile = prepared(settings).await?;
    let seeded = seed(&profile.services, settings.first_admin.as_ref()).await;
    profile.close().await;
    seeded
}

/// Creates everything that the settings name and that is missing, and opens it once, so that errors show now.
async fn prepared(settings: &Settings) -> anyhow::Result<Profile> {
    host::prepare(settings, step).await?;
    let profile = Profile::open(settings, IfMissing::Create).await?;
    match &settings.backends.store {
        StoreBackend::Sqlite => step(&format!("SQLite in {}: the schema is up to date", settings.data.display())),
        StoreBackend::Postgres { .. } => step("PostgreSQL: the schema is up to date"),
        StoreBackend::DynamoDb { .. } => {}
    }
    if settings.backends.blobs == BlobsBackend::Folder {
        step(&format!("files: the folder in {} exists", settings.data.display()));
    }
    if matches!(settings.backends.bus, BusBackend::Redis { .. }) {
        let up = *profile.services.ports.bus.status().borrow() == BusStatus::Up;
        step(if up { "Redis: reachable" } else { "Redis: not reachable; nodes work without it until it is" });
    }
    if settings.signing_key.is_none() && !settings.backends.is_local() {
        step("PALAVER_SIGNING_KEY is not set: each node would sign with its own key; set one before the first start");
    }
    Ok(profile)
}

async fn seed(services: &Services, first: Option<&FirstAdmin>) -> anyhow::Result<()> {
    let Some(first) = first else {
        step(match services.ports.store.users.has_person().await? {
            true => "no admin is named (PALAVER_ADMIN): existing accounts and rooms stay unchanged",
            false => {
                "no admin is named (PALAVER_ADMIN): the first user to register becomes the admin, with the token that \
                 `palaver admin first-token` prints"
            }
        });
        return first_rooms(services).await;
    };
    let name = UserName::parse(&first.name).context("PALAVER_ADMIN is not a valid name")?;
    let people = &services.ports.store.users;
    match people.user_by_name(&name.folded()).await? {
        Some(found) => {
            let name = &found.user.name;
            step(&format!("the account {name} exists"));
            if found.user.role != UserRole::Admin {
                step(&format!(
                    "{name} is not an admin: run `palaver admin grant {name}`, with the same --data, to make them one"
                ));
            }
        }
        None => {
            let password = match &first.password {
                Some(password) => password.expose().to_owned(),
                None => admin::password()?,
            };
            let registration =
                Registration { name, password: Password::parse(password)?, email: None, display_name: None };
            let made = services.auth.accounts.create_user(registration, UserRole::Admin).await?;
            step(&format!("created the account {}, an admin", made.name));
        }
    }
    first_rooms(services).await
}

/// Creates the rooms that a new installation starts with, unless there is any room.
async fn first_rooms(services: &Services) -> anyhow::Result<()> {
    let created = services.rooms.create_offered().await?;
    match created.is_empty() {
        true => step("no room is missing: existing rooms stay unchanged"),
        false => created.iter().for_each(|slug| step(&format!("created the room #{slug}"))),
    }
    services.logs.drain().await;
    Ok(())
}

fn step(text: &str) {
    println!("{text}");
}
