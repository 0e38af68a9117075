//! Notifications for clients of the older contract, from the root: `/notifications/…`, and the same without that word.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, patch, post};
use domain::limits::PAGE_ROWS;
use serde::Deserialize;
use service::compat::{Compat, CompatNotification, NewCompatNotification};
use web::Json;
use web::compat::{OlderError, OlderJson, OlderPath, OlderQuery, Visit};
use wire::compat::{NewNotification, NotificationBody, UnreadBody};

type Service = State<Arc<Compat>>;
type Answer<T> = Result<Json<T>, OlderError>;

/// Returns the routes of the older contract. `{key}` is a user or a notification: the same place needs one name.
pub fn router(service: Arc<Compat>) -> Router {
    let routes = Router::new()
        .route("/", post(notify))
        .route("/{key}", get(list).delete(delete))
        .route("/{key}/unread-count", get(unread_count))
        .route("/{key}/read", patch(read))
        .route("/{key}/read-all", patch(read_all));
    Router::new().nest("/notifications", routes.clone()).merge(routes).with_state(service)
}

fn view(shown: &CompatNotification) -> NotificationBody {
    let CompatNotification { id, user, notification, room, from } = shown;
    NotificationBody::new(id.to_string(), user, notification, room.clone(), from.as_deref())
}

async fn notify(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderJson(body): OlderJson<NewNotification>,
) -> Result<(StatusCode, Json<NotificationBody>), OlderError> {
    let new = NewCompatNotification {
        user: body.user_id,
        title: body.title,
        body: body.body.unwrap_or_default(),
        notif_type: body.notif_type.filter(|kind| !kind.is_empty()),
        room: body.room_id.filter(|room| !room.is_empty()),
    };
    Ok((StatusCode::CREATED, Json(view(&compat.notify(visitor, new).await?))))
}

#[derive(Debug, Deserialize)]
struct ListQuery {
    #[serde(default)]
    unread_only: bool,
    limit: Option<usize>,
}

async fn list(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
    OlderQuery(query): OlderQuery<ListQuery>,
) -> Answer<Vec<NotificationBody>> {
    let limit = query.limit.unwrap_or(PAGE_ROWS);
    let listed = compat.notifications(visitor, &user, query.unread_only, limit).await?;
    Ok(Json(listed.iter().map(view).collect()))
}

async fn unread_count(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
) -> Answer<UnreadBody> {
    let unread_count = compat.unread_notifications(visitor, &user).await?;
    Ok(Json(UnreadBody { user_id: user, unread_count }))
}

async fn read(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(key): OlderPath<String>,
) -> Answer<NotificationBody> {
    Ok(Json(view(&compat.read_notification(visitor, &key).await?)))
}

async fn read_all(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
) -> Answer<UnreadBody> {
    compat.read_notifications(visitor, &user).await?;
    Ok(Json(UnreadBody { user_id: user, unread_count: 0 }))
}

async fn delete(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(key): OlderPath<String>,
) -> Result<StatusCode, OlderError> {
    compat.delete_notification(visitor, &key).await?;
    Ok(StatusCode::NO_CONTENT)
}
