//! One handler per route. `{user}` may be `me`; users can only set their own presence.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::{Actor, PresenceStatus, Refusal, UserId};
use serde::Deserialize;
use service::Presence;
use service::ports::UserPresence;
use utoipa::IntoParams;
use web::{Caller, Json, Path, Problem, Query};
use wire::rest::presence::{HeartbeatBody, PresenceList, TypingList};
use wire::{PresenceEntry, rfc3339};

type Service = State<Arc<Presence>>;
type Answer<T> = Result<Json<T>, Problem>;

/// The query of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// The `next` of the previous page.
    pub after: Option<String>,
    /// The number of items, at most 200.
    pub limit: Option<usize>,
}

/// The query of a typing call.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TypingParams {
    /// The room's id or slug.
    pub room_id: String,
}

/// Sets the caller's presence, for a client without a socket; repeat every 15 seconds.
#[utoipa::path(
    post, path = "/api/presence/{user}/heartbeat", tag = "presence", operation_id = "send_heartbeat",
    params(("user" = String, Path, description = "The caller's user id, or `me`", example = "me")),
    request_body = Option<HeartbeatBody>,
    responses((status = 200, body = PresenceEntry))
)]
pub async fn heartbeat(
    State(presence): Service,
    Caller(actor): Caller,
    Path(user): Path<String>,
    body: Option<Json<HeartbeatBody>>,
) -> Answer<PresenceEntry> {
    require_self(&actor, &user)?;
    let HeartbeatBody { status, client } = body.map(|Json(body)| body).unwrap_or_default();
    let status = status.unwrap_or(PresenceStatus::Online);
    Ok(Json(view(&presence.heartbeat(&actor, status, client.as_deref()).await?)))
}

/// Lists users who share a room with the caller and are not offline.
///
/// Ordered by user id. Incomplete for very large rooms.
#[utoipa::path(
    get, path = "/api/presence", tag = "presence", operation_id = "list_presence",
    params(ListParams),
    responses((status = 200, body = PresenceList))
)]
pub async fn list(
    State(presence): Service,
    Caller(actor): Caller,
    Query(params): Query<ListParams>,
) -> Answer<PresenceList> {
    let bad = |_| Refusal::bad_request("`after` must be the `next` of the previous page.");
    let after: Option<UserId> = params.after.as_deref().map(str::parse).transpose().map_err(bad)?;
    let (found, more) = presence.list(&actor, after, params.limit).await?;
    let items: Vec<PresenceEntry> = found.iter().map(view).collect();
    let next = more.then(|| items.last().map(|last| last.user.clone())).flatten();
    Ok(Json(PresenceList { items, next }))
}

/// Returns the presence of a user who shares a room with the caller.
#[utoipa::path(
    get, path = "/api/presence/{user}", tag = "presence", operation_id = "get_presence",
    params(("user" = String, Path, description = "A user's id, or `me`", example = "me")),
    responses((status = 200, body = PresenceEntry))
)]
pub async fn get(State(presence): Service, Caller(actor): Caller, Path(user): Path<String>) -> Answer<PresenceEntry> {
    let stranger = |_| Refusal::not_found("There is no such user, or you share no room with them.");
    let user = if user == "me" { actor.user } else { user.parse().map_err(stranger)? };
    Ok(Json(view(&presence.get(&actor, user).await?)))
}

/// Ends the caller's presence. Sockets that are still connected restore it with their next refresh.
#[utoipa::path(
    delete, path = "/api/presence/{user}", tag = "presence", operation_id = "end_presence",
    params(("user" = String, Path, description = "The caller's user id, or `me`", example = "me")),
    responses((status = 204, description = "Done"))
)]
pub async fn leave(
    State(presence): Service,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    require_self(&actor, &user)?;
    presence.leave(&actor).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Shows the caller as typing in a room, for five seconds.
#[utoipa::path(
    post, path = "/api/presence/{user}/typing", tag = "presence", operation_id = "start_typing",
    params(("user" = String, Path, description = "The caller's user id, or `me`", example = "me"), TypingParams),
    responses((status = 204, description = "Done"))
)]
pub async fn start_typing(
    State(presence): Service,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Query(params): Query<TypingParams>,
) -> Result<StatusCode, Problem> {
    typing(&presence, &actor, &user, &params, true).await
}

/// Stops showing the caller as typing in a room.
#[utoipa::path(
    delete, path = "/api/presence/{user}/typing", tag = "presence", operation_id = "stop_typing",
    params(("user" = String, Path, description = "The caller's user id, or `me`", example = "me"), TypingParams),
    responses((status = 204, description = "Done"))
)]
pub async fn stop_typing(
    State(presence): Service,
    Caller(actor): Caller,
    Path(user): Path<String>,
    Query(params): Query<TypingParams>,
) -> Result<StatusCode, Problem> {
    typing(&presence, &actor, &user, &params, false).await
}

async fn typing(
    presence: &Presence,
    actor: &Actor,
    user: &str,
    params: &TypingParams,
    on: bool,
) -> Result<StatusCode, Problem> {
    require_self(actor, user)?;
    presence.typing(actor, &params.room_id.parse()?, on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the users who are typing in a room.
#[utoipa::path(
    get, path = "/api/presence/rooms/{room}/typing", tag = "presence", operation_id = "list_typists",
    params(("room" = String, Path, description = "Id or slug")),
    responses((status = 200, body = TypingList))
)]
pub async fn typists(State(presence): Service, Caller(actor): Caller, Path(room): Path<String>) -> Answer<TypingList> {
    let users = presence.typists(&actor, &room.parse()?).await?;
    Ok(Json(TypingList { items: users.iter().map(Into::into).collect() }))
}

fn require_self(actor: &Actor, user: &str) -> Result<(), Refusal> {
    match user == "me" || user.parse::<UserId>().is_ok_and(|user| user == actor.user) {
        true => Ok(()),
        false => Err(Refusal::forbidden("You can only set your own presence.")),
    }
}

fn view(presence: &UserPresence) -> PresenceEntry {
    PresenceEntry {
        user: presence.user.to_string(),
        status: presence.status,
        last_seen: presence.last_seen.map(rfc3339),
    }
}
