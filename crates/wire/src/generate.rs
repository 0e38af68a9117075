//! Generates the TypeScript types and JSON Schemas of everything in this crate, and the product limits and roles that clients share,
//! as texts to be written to files.

use domain::Role;
use domain::limits::*;
use schemars::schema_for;
use ts_rs::{Config, TS};

use crate::*;

pub use crate::asyncapi::asyncapi;

/// Returns `wire.ts`: every type of the protocol, in a fixed order.
pub fn typescript() -> String {
    let config = Config::new().with_large_int("number");
    let mut out = String::from(
        "// Made by `cargo xtask gen` from crates/wire. Do not edit.\n// biome-ignore-all lint: generated\n/* eslint-disable */\n",
    );
    macro_rules! emit {
        ($($type:ty),* $(,)?) => { $(
            out.push_str("\nexport ");
            out.push_str(&<$type as TS>::decl(&config));
            out.push('\n');
        )* };
    }
    emit!(
        domain::RoomKind,
        domain::Role,
        domain::MemberState,
        domain::Level,
        domain::Code,
        domain::UserRole,
        domain::NotificationKind,
        domain::PresenceStatus,
        domain::FileState,
        domain::FileMetadata,
        UserRef,
        UserSelf,
        FileRef,
        ReactionView,
        Event,
        EventKind,
        OwnEvent,
        OwnEventKind,
        RoomChange,
        RoomGone,
        NotificationChange,
        AnyEvent,
        RoomEntry,
        PresenceEntry,
        SyncStatus,
        ClientFrame,
        ServerFrame,
        rest::Problem,
        rest::Acked,
        rest::auth::RegisterBody,
        rest::auth::LoginBody,
        rest::auth::GuestBody,
        rest::auth::Setup,
        rest::config::InstallationConfig,
        rest::config::ClientLimits,
        rest::auth::RefreshBody,
        rest::auth::Tokens,
        rest::auth::TicketBody,
        rest::auth::TicketAnswer,
        rest::auth::Me,
        rest::auth::MePatch,
        rest::auth::UserPage,
        rest::auth::SessionView,
        rest::auth::SessionList,
        rest::auth::DeleteMe,
        rest::auth::ResetBody,
        rest::admin::AccountView,
        rest::admin::AccountPage,
        rest::admin::RenameBody,
        rest::admin::NewPasswordBody,
        rest::admin::ResetLink,
        rest::admin::AuditSubjectView,
        rest::admin::AuditView,
        rest::admin::AuditPageView,
        rest::rooms::CreateRoom,
        rest::rooms::RoomView,
        rest::rooms::DirectoryPage,
        rest::rooms::DirectoryEntry,
        rest::rooms::RoomPage,
        rest::rooms::UpdateRoom,
        rest::rooms::MemberView,
        rest::rooms::MemberPage,
        rest::rooms::InviteBody,
        rest::rooms::MemberBody,
        rest::rooms::RoleBody,
        rest::rooms::SeenBody,
        rest::rooms::RoomSettings,
        rest::rooms::BlockList,
        rest::rooms::DirectBody,
        rest::messages::SendBody,
        rest::messages::EditBody,
        rest::messages::ReactBody,
        rest::messages::ReadBody,
        rest::messages::ReadView,
        rest::messages::MessagePage,
        rest::presence::HeartbeatBody,
        rest::presence::PresenceList,
        rest::presence::TypingList,
        rest::notifications::PostNotification,
        rest::notifications::NotificationView,
        rest::notifications::NotificationPage,
        rest::notifications::UnreadCount,
        rest::notifications::Noted,
        rest::files::FileView,
        rest::files::FilePage,
        rest::files::PresignBody,
        rest::files::PresignView,
        rest::files::DirectUploadView,
    );
    out
}

/// Returns `limits.ts`: the limits that a client checks before it asks the server, and the roles by rank.
pub fn limits() -> String {
    let mut out = String::from(
        "// Made by `cargo xtask gen` from crates/domain. Do not edit.\n// biome-ignore-all lint: generated\n/* eslint-disable */\n",
    );
    let limits: [(&str, usize); 10] = [
        ("TEXT_CHARS", TEXT_CHARS),
        ("FILES_PER_MESSAGE", FILES_PER_MESSAGE),
        ("USER_NAME_CHARS", USER_NAME_CHARS),
        ("DISPLAY_NAME_CHARS", DISPLAY_NAME_CHARS),
        ("ROOM_NAME_CHARS", ROOM_NAME_CHARS),
        ("DESCRIPTION_CHARS", DESCRIPTION_CHARS),
        ("WATCHED_USERS", WATCHED_USERS),
        ("RECEIPT_MEMBERS", RECEIPT_MEMBERS),
        ("PINS_PER_ROOM", PINS_PER_ROOM),
        ("EMOJIS_PER_MESSAGE", EMOJIS_PER_MESSAGE),
    ];
    for (name, value) in limits {
        out.push_str(&format!("\nexport const {name} = {value};"));
    }

    let mut roles = [Role::Owner, Role::Admin, Role::Moderator, Role::Member, Role::ReadOnly];
    roles.sort_by_key(|role| std::cmp::Reverse(*role));
    let roles = serde_json::to_string(&roles).expect("roles are JSON").replace(',', ", ");
    out.push_str(&format!(
        "\n\n/** The roles of a room, from the highest to the lowest. */\nexport const ROLES = {roles} as const;\n"
    ));
    out
}

/// Returns the JSON Schemas (draft 2020-12) of the frames, as `(file name, text)`.
pub fn schemas() -> Vec<(&'static str, String)> {
    let pretty = |schema| serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    vec![
        ("client-frame.schema.json", pretty(schema_for!(ClientFrame))),
        ("server-frame.schema.json", pretty(schema_for!(ServerFrame))),
    ]
}
