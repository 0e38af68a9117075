//! `palaver migrate` and `palaver bootstrap`: everything that has to be there before the first start, and before the
//! first start of another release. Each may run again at any time: what is there already stays as it is.

use anyhow::Context;
use domain::name::{RoomName, Slug, UserName};
use domain::{Actor, Code, RoomKind, UserRole};
use host::{BlobsBackend, BusBackend, FirstAdmin, IfMissing, Profile, Settings, StoreBackend};
use service::auth::{Password, Registration};
use service::ports::BusStatus;
use service::{ChangeRequest, NewRoom, RoomRef, Services};

use crate::admin;

/// The room that everybody finds in a new installation.
const FIRST_ROOM: &str = "general";

/// Makes or updates schema, table and bucket; of a store that was `restored`, it begins a new epoch.
pub async fn migrate(settings: &Settings, restored: bool) -> anyhow::Result<()> {
    if restored {
        host::renew(settings, step).await?;
    }
    prepared(settings).await?.close().await;
    Ok(())
}

/// As [`migrate`], and makes the first admin, if one is named, and the first room.
pub async fn bootstrap(settings: &Settings) -> anyhow::Result<()> {
    let profile = prepared(settings).await?;
    let seeded = seed(&profile.services, settings.first_admin.as_ref()).await;
    profile.close().await;
    seeded
}

/// Everything that the settings name, made where it was missing and opened once, so that what is wrong shows now.
async fn prepared(settings: &Settings) -> anyhow::Result<Profile> {
    host::prepare(settings, step).await?;
    let profile = Profile::open(settings, IfMissing::Create).await?;
    match &settings.backends.store {
        StoreBackend::Sqlite => step(&format!("SQLite in {}: the schema is up to date", settings.data.display())),
        StoreBackend::Postgres { .. } => step("PostgreSQL: the schema is up to date"),
        StoreBackend::DynamoDb { .. } => {}
    }
    if settings.backends.blobs == BlobsBackend::Folder {
        step(&format!("files: the folder in {} is there", settings.data.display()));
    }
    if matches!(settings.backends.bus, BusBackend::Redis { .. }) {
        let up = *profile.services.ports.bus.status().borrow() == BusStatus::Up;
        step(if up { "Redis: it answers" } else { "Redis: it does not answer; nodes go on without it until it does" });
    }
    if settings.signing_key.is_none() && !settings.backends.is_local() {
        step(
            "PALAVER_SIGNING_KEY is not set: each node would sign with a key of its own; set one before the first start",
        );
    }
    Ok(profile)
}

async fn seed(services: &Services, first: Option<&FirstAdmin>) -> anyhow::Result<()> {
    let Some(first) = first else {
        step(match services.ports.store.users.has_person().await? {
            true => "no admin is named (PALAVER_ADMIN): the accounts and rooms that are there stay as they are",
            false => "no admin is named (PALAVER_ADMIN): who registers first is the admin, and makes the first room",
        });
        return Ok(());
    };
    let name = UserName::parse(&first.name).context("PALAVER_ADMIN is no name")?;
    let people = &services.ports.store.users;
    let admin = match people.user_by_name(&name.folded()).await? {
        Some(found) => {
            let name = &found.user.name;
            step(&format!("the account {name} is there"));
            if found.user.role != UserRole::Admin {
                step(&format!(
                    "{name} is no admin: `palaver admin set-role {name} admin`, with the same --data, makes them one"
                ));
            }
            found.user
        }
        None => {
            let password = match &first.password {
                Some(password) => password.expose().to_owned(),
                None => admin::password()?,
            };
            let registration = Registration { name, password: Password::parse(password)?, email: None };
            let made = services.auth.create_user(registration, UserRole::Admin).await?;
            step(&format!("made the account {}, an admin", made.name));
            made
        }
    };
    let actor = Actor { user: admin.id, session: None, admin: admin.role == UserRole::Admin, guest: false };
    let slug = Slug::parse(FIRST_ROOM).expect("a slug that is written down here");
    if services.access.id(&FIRST_ROOM.parse::<RoomRef>()?).await.is_ok() {
        step(&format!("the room #{FIRST_ROOM} is there"));
        return Ok(());
    }
    let room = NewRoom {
        slug: Some(slug),
        name: RoomName::parse(FIRST_ROOM).expect("a name that is written down here"),
        description: "For everybody.".into(),
        kind: RoomKind::Public,
        hides_past: false,
    };
    match services.rooms.create(&actor, room, ChangeRequest::default()).await {
        Ok(_) => step(&format!("made the room #{FIRST_ROOM}")),
        // Somebody else runs this at the same time.
        Err(refusal) if refusal.code == Code::Conflict => step(&format!("the room #{FIRST_ROOM} is there")),
        Err(refusal) => return Err(refusal.into()),
    }
    services.logs.drain().await;
    Ok(())
}

fn step(text: &str) {
    println!("{text}");
}
