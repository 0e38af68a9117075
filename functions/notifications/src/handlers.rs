//! One handler a route. Where a path says `{key}` it is a user's id (or `me`) or a notification's key:
//! two routes of one shape need one name for it.

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
    /// Only those that were not read.
    #[serde(default)]
    pub unread_only: bool,
    /// How many, at most 100.
    pub limit: Option<usize>,
    /// `next` of the page before.
    pub before: Option<String>,
}

/// Posts a notification to a user: for admins and services. A repeat with the same `Idempotency-Key` (a
/// UUIDv7) is answered with what is there, as 200.
#[utoipa::path(post, path = "/api/notifications",
    params(("Idempotency-Key" = Option<String>, Header, description = "A UUIDv7, the same on every repeat")),
    request_body = PostNotification,
    responses((status = 201, body = NotificationView), (status = 200, description = "It was there", body = NotificationView)))]
pub async fn post(
    State(notifications): Service,
    AdminOrService(actor): AdminOrService,
    IdempotencyKey(id): IdempotencyKey,
    Json(body): Json<PostNotification>,
) -> Result<Response, Problem> {
    let bad = |_| Refusal::bad_request("`room_id` is a room's id.");
    let posted = Posted {
        user: body.user_id.parse().map_err(|_| Refusal::bad_request("`user_id` is a user's id."))?,
        title: body.title,
        body: body.body,
        notif_type: Some(body.notif_type).filter(|kind| !kind.is_empty()),
        room: body.room_id.as_deref().map(str::parse).transpose().map_err(bad)?,
    };
    let (notification, related, repeated) = notifications.post(&actor, id, posted).await?;
    let status = if repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(NotificationView::new(&notification, &related))).into_response())
}

/// One's notifications, newest first.
#[utoipa::path(get, path = "/api/notifications/{key}",
    params(("key" = String, Path, description = "One's own id, or `me`"), ListParams),
    responses((status = 200, body = NotificationPage)))]
pub async fn list(
    State(notifications): Service,
    Caller(actor): Caller,
    Path(key): Path<String>,
    Query(params): Query<ListParams>,
) -> Answer<NotificationPage> {
    oneself(&actor, &key)?;
    let bad = |_| Refusal::bad_request("`before` is the `next` of the page before.");
    let before: Option<NotificationKey> = params.before.as_deref().map(str::parse).transpose().map_err(bad)?;
    let (page, related) = notifications.list(&actor, params.unread_only, before, params.limit).await?;
    let items = page.items.iter().map(|notification| NotificationView::new(notification, &related)).collect();
    Ok(Json(NotificationPage { items, next: page.next.map(|next| next.to_string()) }))
}

/// How many of one's notifications are unread.
#[utoipa::path(get, path = "/api/notifications/{key}/unread-count",
    params(("key" = String, Path, description = "One's own id, or `me`")),
    responses((status = 200, body = UnreadCount)))]
pub async fn unread_count(
    State(notifications): Service,
    Caller(actor): Caller,
    Path(key): Path<String>,
) -> Answer<UnreadCount> {
    oneself(&actor, &key)?;
    Ok(Json(UnreadCount { unread: notifications.unread(&actor).await? }))
}

/// All of one's notifications so far are read.
#[utoipa::path(patch, path = "/api/notifications/{key}/read-all",
    params(("key" = String, Path, description = "One's own id, or `me`")),
    responses((status = 200, body = Noted)))]
pub async fn read_all(State(notifications): Service, Caller(actor): Caller, Path(key): Path<String>) -> Answer<Noted> {
    oneself(&actor, &key)?;
    Ok(noted(&notifications.read_all(&actor).await?))
}

/// One notification is read.
#[utoipa::path(patch, path = "/api/notifications/{key}/read",
    params(("key" = String, Path, description = "The notification's key")),
    responses((status = 200, body = Noted)))]
pub async fn read(State(notifications): Service, Caller(actor): Caller, Path(key): Path<String>) -> Answer<Noted> {
    Ok(noted(&notifications.read(&actor, parse(&key)?).await?))
}

/// One notification goes.
#[utoipa::path(delete, path = "/api/notifications/{key}",
    params(("key" = String, Path, description = "The notification's key")),
    responses((status = 200, body = Noted)))]
pub async fn delete(State(notifications): Service, Caller(actor): Caller, Path(key): Path<String>) -> Answer<Noted> {
    Ok(noted(&notifications.delete(&actor, parse(&key)?).await?))
}

/// Whoever else's list is asked for is not told whether there is one.
fn oneself(actor: &Actor, key: &str) -> Result<(), Refusal> {
    match key == "me" || key.parse::<UserId>().is_ok_and(|user| user == actor.user) {
        true => Ok(()),
        false => Err(Refusal::not_found("One sees only one's own notifications.")),
    }
}

/// A text that is no key names no notification.
fn parse(key: &str) -> Result<NotificationKey, Refusal> {
    key.parse().map_err(|_| Refusal::not_found("There is no such notification."))
}

fn noted(ack: &Ack) -> Json<Noted> {
    Json(Noted { seq: ack.seq, at: rfc3339(ack.at), noop: ack.noop })
}
