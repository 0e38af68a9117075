//! Rooms over REST: lists, and reading, creating and changing one.

use axum::extract::State;
use domain::limits::DESCRIPTION_CHARS;
use domain::name::{RoomName, Slug};
use domain::{Intent, Refusal};
use http::StatusCode;
use service::{NewRoom, RoomRef};
use web::{Caller, Json, Path, Problem, Query};
use wire::rest::Acked;
use wire::rest::rooms::{
    CreateRoom, DirectBody, DirectoryEntry, DirectoryPage, RoomPage, RoomSettings, RoomView, SeenBody, UpdateRoom,
};

use crate::RoomsFunction;
use crate::failures::ChangeErrors;
use crate::query::{DirectoryParams, PageParams, WriteHeaders, WriteParams};
use crate::view;

type Answer<T> = Result<Json<T>, Problem>;

/// Lists the caller's rooms and invitations.
#[utoipa::path(
    get, path = "/", tag = "rooms", operation_id = "list_rooms",
    params(PageParams),
    responses((status = 200, body = RoomPage))
)]
pub async fn list(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Query(page): Query<PageParams>,
) -> Answer<RoomPage> {
    let mut listed = f.rooms.list(&actor, page.after_room()?, page.limit).await?;
    listed.items.iter_mut().for_each(|line| f.marks.overlay_row(actor.user, &mut line.row));
    let items: Vec<_> = listed.items.iter().map(|line| view::entry(&actor, line, &listed.related)).collect();
    let next = listed.more.then(|| items.last().map(|line| line.id.clone())).flatten();
    Ok(Json(RoomPage { items, next }))
}

/// Creates a room and makes the caller its owner.
#[utoipa::path(
    post, path = "/", tag = "rooms", operation_id = "create_room",
    params(WriteParams),
    request_body = CreateRoom,
    responses((status = 201, body = RoomView), ChangeErrors)
)]
pub async fn create(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    headers: WriteHeaders,
    Json(body): Json<CreateRoom>,
) -> Result<(StatusCode, Json<RoomView>), Problem> {
    let new = NewRoom {
        slug: body.id.as_deref().map(Slug::parse).transpose().map_err(|e| Refusal::bad_request(e.to_string()))?,
        name: name(&body.name)?,
        description: description(body.description)?,
        kind: body.kind,
        hides_past: body.hides_past,
    };
    let details = f.rooms.create(&actor, new, headers.unseen()).await?;
    Ok((StatusCode::CREATED, Json(view::room(&actor, &details))))
}

/// Lists the public rooms: the offered ones first, then by slug. A search lists all that fit by slug.
#[utoipa::path(
    get, path = "/directory", tag = "rooms", operation_id = "list_public_rooms",
    params(DirectoryParams),
    responses((status = 200, body = DirectoryPage))
)]
pub async fn directory(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Query(params): Query<DirectoryParams>,
) -> Answer<DirectoryPage> {
    let after = params.after_slug()?;
    let listed = f.rooms.directory(&actor, &params.prefix, after.as_ref(), params.limit).await?;
    let items: Vec<_> = listed
        .items
        .iter()
        .map(|(line, joined)| DirectoryEntry {
            id: line.room.id.to_string(),
            slug: line.room.slug.as_ref().map(ToString::to_string).unwrap_or_default(),
            name: line.room.name.as_ref().map(ToString::to_string).unwrap_or_default(),
            description: line.room.description.clone(),
            members: line.members,
            joined: *joined,
            offered: f.rooms.is_offered(&line.room),
            head: line.head.seq,
        })
        .collect();
    Ok(Json(DirectoryPage { items, next: listed.next.map(|slug| slug.to_string()) }))
}

/// Returns the direct room with a user, creating it if it does not exist.
#[utoipa::path(
    post, path = "/direct", tag = "rooms", operation_id = "open_direct_room",
    request_body = DirectBody,
    responses(
        (status = 200, body = RoomView),
        (status = 403, description = "The user does not accept direct messages from the caller"),
        (status = 404, description = "There is no such user"),
    )
)]
pub async fn direct(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Json(body): Json<DirectBody>,
) -> Answer<RoomView> {
    let other = f.rooms.resolve_user(&body.user).await?;
    let details = f.rooms.direct(&actor, other).await?;
    Ok(Json(view::room(&actor, &details)))
}

/// Returns a room that the caller may see.
#[utoipa::path(
    get, path = "/{room}", tag = "rooms", operation_id = "get_room",
    params(("room", description = "Id or slug")),
    responses((status = 200, body = RoomView))
)]
pub async fn get(State(f): State<RoomsFunction>, Caller(actor): Caller, Path(room): Path<String>) -> Answer<RoomView> {
    let details = f.rooms.get(&actor, &room.parse()?).await?;
    Ok(Json(view::room(&actor, &details)))
}

/// Changes a room's properties.
#[utoipa::path(
    patch, path = "/{room}", tag = "rooms", operation_id = "update_room",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = UpdateRoom,
    responses((status = 200, body = RoomView), ChangeErrors)
)]
pub async fn update(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<UpdateRoom>,
) -> Answer<RoomView> {
    let intent = Intent::Update {
        name: body.name.as_deref().map(name).transpose()?,
        description: body.description.map(description).transpose()?,
        archived: None,
        hides_past: body.hides_past,
        slow_mode_s: body.slow_mode_s,
    };
    let (_, details) = f.rooms.update(&actor, &room.parse()?, headers.asked(body.seen)?, intent).await?;
    Ok(Json(view::room(&actor, &details)))
}

/// Archives a room: nothing more can be sent.
#[utoipa::path(
    post, path = "/{room}/archive", tag = "rooms", operation_id = "archive_room",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = Option<SeenBody>,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn archive(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    body: Option<Json<SeenBody>>,
) -> Answer<Acked> {
    set_archived(f, caller, room.parse()?, headers, body, true).await
}

/// Unarchives a room: messages can be sent again.
#[utoipa::path(
    post, path = "/{room}/unarchive", tag = "rooms", operation_id = "unarchive_room",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = Option<SeenBody>,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn unarchive(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    body: Option<Json<SeenBody>>,
) -> Answer<Acked> {
    set_archived(f, caller, room.parse()?, headers, body, false).await
}

async fn set_archived(
    f: RoomsFunction,
    Caller(actor): Caller,
    room: RoomRef,
    headers: WriteHeaders,
    body: Option<Json<SeenBody>>,
    archived: bool,
) -> Answer<Acked> {
    let (id, asked) = headers.asked(body.and_then(|Json(body)| body.seen))?.with_id(&f.ids);
    let intent =
        Intent::Update { name: None, description: None, archived: Some(archived), hides_past: None, slow_mode_s: None };
    let (ack, _) = f.rooms.update(&actor, &room, asked, intent).await?;
    Ok(Json(view::acked(id, &ack)))
}

/// Changes the caller's settings of a room: what notifies the caller, and whether it is hidden.
#[utoipa::path(
    patch, path = "/{room}/settings", tag = "rooms", operation_id = "update_room_settings",
    params(("room", description = "Id or slug")),
    request_body = RoomSettings,
    responses((status = 204))
)]
pub async fn settings(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    Json(body): Json<RoomSettings>,
) -> Result<StatusCode, Problem> {
    f.rooms.set_settings(&actor, &room.parse()?, body.level, body.quiet_seconds, body.hidden).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn name(text: &str) -> Result<RoomName, Refusal> {
    RoomName::parse(text).map_err(|error| Refusal::bad_request(error.to_string()))
}

fn description(text: String) -> Result<String, Refusal> {
    let count = text.chars().count();
    if count > DESCRIPTION_CHARS {
        let message = format!("A description can have at most {DESCRIPTION_CHARS} characters; this one has {count}.");
        return Err(Refusal::bad_request(message));
    }
    Ok(text)
}
