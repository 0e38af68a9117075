//! Rooms and their messages for clients of the older contract, from the root: `/rooms`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::StatusCode;
use serde::Deserialize;
use service::compat::{Compat, NewCompatRoom};
use service::limits::PAGE_MESSAGES_DEFAULT;
use web::Json;
use web::compat::{OlderError, OlderJson, OlderPath, OlderQuery, Visit};
use wire::compat::{MessageBody, NewRoom, RoomBody};

type Service = State<Arc<Compat>>;

/// Returns the routes of the older contract.
pub fn router(service: Arc<Compat>) -> Router {
    Router::new()
        .route("/rooms", get(list).post(create))
        .route("/rooms/{room}/messages", get(messages))
        .with_state(service)
}

async fn list(State(compat): Service, Visit(visitor): Visit) -> Result<Json<Vec<RoomBody>>, OlderError> {
    let rooms = compat.rooms(visitor).await?;
    Ok(Json(rooms.iter().map(|room| RoomBody::new(&room.room, room.created_at)).collect()))
}

async fn create(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderJson(body): OlderJson<NewRoom>,
) -> Result<(StatusCode, Json<RoomBody>), OlderError> {
    let NewRoom { id, name, description } = body;
    let room = compat.create_room(visitor, NewCompatRoom { id, name, description }).await?;
    Ok((StatusCode::CREATED, Json(RoomBody::new(&room.room, room.created_at))))
}

#[derive(Debug, Deserialize)]
struct MessagesQuery {
    limit: Option<usize>,
}

async fn messages(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(room): OlderPath<String>,
    OlderQuery(query): OlderQuery<MessagesQuery>,
) -> Result<Json<Vec<MessageBody>>, OlderError> {
    let read = compat.messages(visitor, &room, query.limit.unwrap_or(PAGE_MESSAGES_DEFAULT)).await?;
    let shown = read.page.entries.iter().filter_map(|entry| MessageBody::new(&read.room, entry, &read.page.related));
    Ok(Json(shown.collect()))
}
