//! One handler per route. `{key}` in a path is a user's id (or `me`) or a notification's key: two routes of the same
//! shape need the same name for it.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::{Ack, Actor, NotificationKey, Refusal, UserId};
use serde::Deserialize;
use service::{Notifications, Posted};
use utoipa::IntoParams;
use web::{AdminOrService, Caller, IdempotencyKey, Json, Path, Problem, Query};
use wire::rest::notifications::{Noted, NotificationPage, NotificationView, PostNotification, UnreadCount};
use wire::rfc3339;

type Service = State<Arc<Notifications>>;
type Answer<T> = Result<Json<T>, Problem>;

/// The query of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Whether to return only unread notifications.
    #[serde(default)]
    pub unread_only: bool,
    /// The number of notifications, at most 100.
    pub limit: Option<usize>,
    /// The `next` of the previous page.
    pub before: Option<String>,
    /// The id or slug of a room: returns only notifications about it, so a page may be shorter than `limit`.
    pub room_id: Option<String>,
}

/// Posts a notification to a user. Only admins and services may do this.
///
/// A retry with the same `Idempotency-Key` returns the existing notification, with status 200. A UUIDv7 is recognised
/// for four weeks; any other UUID, among the newest 1,000 entries of the recipient's log.
#[utoipa::path(
    post, path = "/api/notifications", tag = "notifications", operation_id = "post_notification",
    params(("Idempotency-Key" = Option<String>, Header, description = "A UUID, the same on every retry")),
    request_body = PostNotification,
    responses(
        (status = 201, body = NotificationView),
        (status = 200, description = "It already existed", body = NotificationView),
        (status = 404, description = "There is no such user or room"),
    )
)]
pub async fn post(
    State(notifications): Service,
    AdminOrService(actor): AdminOrService,
    IdempotencyKey(id): IdempotencyKey,
    Json(body): Json<PostNotification>,
) -> Result<Response, Problem> {
    let posted = Posted {
        user: body.user_id.parse().map_err(|_| Refusal::bad_request("`user_id` must be a user's id."))?,
        title: body.title,
        body: body.body,
        notif_type: Some(body.notif_type).filter(|kind| !kind.is_empty()),
        room: body.room_id.as_deref().map(str::parse).transpose()?,
    };
    let (notification, related, repeated) = notifications.post(&actor, id, posted).await?;
    let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(NotificationView::new(&notification, &related))).into_response())
}

/// Lists the caller's notifications, newest first.
#[utoipa::path(
    get, path = "/api/notifications/{key}", tag = "notifications", operation_id = "list_notifications",
    params(("key" = String, Path, description = "The caller's user id, or `me`", example = "me"), ListParams),
    responses((status = 200, body = NotificationPage))
)]
pub async fn list(
    State(notifications): Service,
    Caller(actor): Caller,
    Path(key): Path<String>,
    Query(params): Query<ListParams>,
) -> Answer<NotificationPage> {
    require_self(&actor, &key)?;
    let bad = |_| Refusal::bad_request("`before` must be the `next` of the previous page.");
    let before: Option<NotificationKey> = params.before.as_deref().map(str::parse).transpose().map_err(bad)?;
    let room = params.room_id.as_deref().map(str::parse).transpose()?;
    let (page, related) = notifications.list(&actor, room.as_ref(), params.unread_only, before, params.limit).await?;
    let items = page.items.iter().map(|notification| NotificationView::new(notification, &related)).collect();
    Ok(Json(NotificationPage { items, next: page.next.map(|next| next.to_string()) }))
}

/// Counts the caller's unread notifications.
#[utoipa::path(
    get, path = "/api/notifications/{key}/unread-count", tag = "notifications", operation_id = "count_unread_notifications",
    params(("key" = String, Path, description = "The caller's user id, or `me`", example = "me")),
    responses((status = 200, body = UnreadCount))
)]
pub async fn unread_count(
    State(notifications): Service,
    Caller(actor): Caller,
    Path(key): Path<String>,
) -> Answer<UnreadCount> {
    require_self(&actor, &key)?;
    Ok(Json(UnreadCount { unread: notifications.unread(&actor).await? }))
}

/// Marks all of the caller's notifications so far as read.
#[utoipa::path(
    patch, path = "/api/notifications/{key}/read-all", tag = "notifications", operation_id = "read_all_notifications",
    params(("key" = String, Path, description = "The caller's user id, or `me`", example = "me")),
    responses((status = 200, body = Noted))
)]
pub async fn read_all(State(notifications): Service, Caller(actor): Caller, Path(key): Path<String>) -> Answer<Noted> {
    require_self(&actor, &key)?;
    Ok(noted(&notifications.read_all(&actor).await?))
}

/// Marks one notification as read.
#[utoipa::path(
    patch, path = "/api/notifications/{key}/read", tag = "notifications", operation_id = "read_notification",
    params(("key" = String, Path, description = "The notification's key")),
    responses((status = 200, body = Noted))
)]
pub async fn read(State(notifications): Service, Caller(actor): Caller, Path(key): Path<String>) -> Answer<Noted> {
    Ok(noted(&notifications.read(&actor, parse(&key)?).await?))
}

/// Deletes one notification.
#[utoipa::path(
    delete, path = "/api/notifications/{key}", tag = "notifications", operation_id = "delete_notification",
    params(("key" = String, Path, description = "The notification's key")),
    responses((status = 200, body = Noted))
)]
pub async fn delete(State(notifications): Service, Caller(actor): Caller, Path(key): Path<String>) -> Answer<Noted> {
    Ok(noted(&notifications.delete(&actor, parse(&key)?).await?))
}

/// Refuses another user's id with the same answer whether or not that user exists.
fn require_self(actor: &Actor, key: &str) -> Result<(), Refusal> {
    match key == "me" || key.parse::<UserId>().is_ok_and(|user| user == actor.user) {
        true => Ok(()),
        false => Err(Refusal::not_found("You can only see your own notifications.")),
    }
}

/// Parses a notification's key; an invalid key is answered like an unknown notification.
fn parse(key: &str) -> Result<NotificationKey, Refusal> {
    key.parse().map_err(|_| Refusal::not_found("There is no such notification."))
}

fn noted(ack: &Ack) -> Json<Noted> {
    Json(Noted { seq: ack.seq, at: rfc3339(ack.at), noop: ack.noop })
}
