//! Presence and typing for clients of the older contract, from the root: `/presence/…`, and the same without that word.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use serde::Deserialize;
use service::compat::{Compat, CompatPresence};
use web::Json;
use web::compat::{OlderError, OlderPath, OlderQuery, Visit};
use wire::compat::{OnlineUser, TypingUser};

type Service = State<Arc<Compat>>;
type Answer<T> = Result<Json<T>, OlderError>;

/// Returns the routes of the older contract.
pub fn router(service: Arc<Compat>) -> Router {
    let routes = Router::new()
        .route("/", get(list))
        .route("/{user}", get(one).delete(sign_off))
        .route("/{user}/heartbeat", post(heartbeat))
        .route("/{user}/typing", post(start_typing).delete(stop_typing))
        .route("/rooms/{room}/typing", get(typists));
    Router::new().nest("/presence", routes.clone()).merge(routes).with_state(service)
}

fn view(presence: &CompatPresence) -> OnlineUser {
    OnlineUser::new(&presence.user, presence.last_seen)
}

#[derive(Debug, Deserialize)]
struct NameQuery {
    username: Option<String>,
}

async fn heartbeat(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
    OlderQuery(query): OlderQuery<NameQuery>,
) -> Answer<OnlineUser> {
    Ok(Json(view(&compat.heartbeat(visitor, &user, query.username.as_deref()).await?)))
}

async fn list(State(compat): Service, Visit(visitor): Visit) -> Answer<Vec<OnlineUser>> {
    Ok(Json(compat.online(visitor).await?.iter().map(view).collect()))
}

async fn one(State(compat): Service, Visit(visitor): Visit, OlderPath(user): OlderPath<String>) -> Answer<OnlineUser> {
    Ok(Json(view(&compat.presence(visitor, &user).await?)))
}

async fn sign_off(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
) -> Result<StatusCode, OlderError> {
    compat.sign_off(visitor, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
struct TypingQuery {
    room_id: String,
    username: Option<String>,
}

async fn start_typing(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
    OlderQuery(query): OlderQuery<TypingQuery>,
) -> Answer<TypingUser> {
    let typist = compat.typing(visitor, &user, query.username.as_deref(), &query.room_id, true).await?;
    Ok(Json(TypingUser::from(&typist)))
}

async fn stop_typing(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(user): OlderPath<String>,
    OlderQuery(query): OlderQuery<TypingQuery>,
) -> Result<StatusCode, OlderError> {
    compat.typing(visitor, &user, query.username.as_deref(), &query.room_id, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn typists(
    State(compat): Service,
    Visit(visitor): Visit,
    OlderPath(room): OlderPath<String>,
) -> Answer<Vec<TypingUser>> {
    Ok(Json(compat.typists(visitor, &room).await?.iter().map(TypingUser::from).collect()))
}
