//! The route of sessions: checks each request, and passes it to a session's transport.

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde::Deserialize;
use service::limits::DEVICE_CHARS;
use socketio::engine::VERSION;
use web::{Client, Origin};

use super::answer::{self, Refused};
use super::session::{Session, Transport, Upgrade};
use super::table::Sessions;
use super::wire::Wire;
use super::{Visitor, polling};
use crate::connections::RemoteAddress;
use crate::handshake;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Query {
    #[serde(rename = "EIO")]
    version: Option<String>,
    transport: Option<String>,
    sid: Option<String>,
}

/// Returns the route of sessions, with and without a slash at its end.
pub fn router(sessions: Arc<Sessions>) -> Router {
    let limit = DefaultBodyLimit::max(sessions.settings.max_payload);
    let path = sessions.settings.path;
    Router::new().route(path, any(serve)).route(&format!("{path}/"), any(serve)).layer(limit).with_state(sessions)
}

async fn serve(
    State(sessions): State<Arc<Sessions>>,
    axum::extract::Query(query): axum::extract::Query<Query>,
    client: Client,
    request: Request,
) -> Response {
    if client.origin == Origin::Foreign {
        tracing::debug!(address = ?client.logged_address, "a foreign page was refused a session");
        return Refused::Origin.into_response();
    }
    let answer = match query.transport.as_deref() {
        Some("polling") => polled(&sessions, &query, client, request).await,
        Some("websocket") => socket(&sessions, &query, client, request),
        _ => Err(Refused::Transport),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

async fn polled(
    sessions: &Arc<Sessions>,
    query: &Query,
    client: Client,
    request: Request,
) -> Result<Response, Refused> {
    if query.version.as_deref() != Some(VERSION) {
        return Err(Refused::Version);
    }
    let settings = &sessions.settings;
    let Some(sid) = &query.sid else {
        if request.method() != Method::GET {
            return Err(Refused::Method);
        }
        return Ok(match Session::open(sessions, Transport::Polling, visitor(&client, &request)) {
            Ok(session) => answer::text(session.handshake(Transport::Polling, settings).text()),
            Err(refused) => refused.into_response(),
        });
    };

    let session = sessions.get(sid).ok_or(Refused::Sid)?;
    match *request.method() {
        Method::GET => Ok(polling::poll(&session, settings).await),
        Method::POST => {
            let body = to_bytes(request.into_body(), settings.max_payload).await;
            let body = body.map_err(|_| Refused::TooLarge)?;
            Ok(polling::post(&session, &body).await)
        }
        _ => Err(Refused::Request),
    }
}

fn socket(sessions: &Arc<Sessions>, query: &Query, client: Client, mut request: Request) -> Result<Response, Refused> {
    if query.version.as_deref() != Some(VERSION) {
        return Err(Refused::Version);
    }
    let known = match &query.sid {
        Some(sid) => Some(sessions.get(sid).ok_or(Refused::Sid)?),
        None => None,
    };
    let Ok(accepted) = handshake::accept(&mut request) else { return Err(Refused::Request) };
    let opened = match known {
        Some(session) => match session.begin_upgrade() {
            Upgrade::Probe => Opened::Upgrade(session),
            Upgrade::Taken => Opened::Taken,
            Upgrade::Ended => return Err(Refused::Sid),
        },
        None => match Session::open(sessions, Transport::WebSocket, visitor(&client, &request)) {
            Ok(session) => Opened::New(session),
            Err(refused) => return Ok(refused.into_response()),
        },
    };

    let settings = sessions.settings.clone();
    tokio::spawn(async move {
        let connection = handshake::connection(accepted.connection).await;
        let wire = connection.and_then(|(opening, permit)| Wire::new(opening, permit, &settings).ok());
        match (opened, wire) {
            (Opened::New(session), Some(wire)) => wire.open(session, settings).await,
            (Opened::Upgrade(session), Some(wire)) => wire.upgrade(session).await,
            (Opened::Taken, Some(wire)) => wire.refuse().await,
            (Opened::New(session), None) => session.end(None),
            (Opened::Upgrade(session), None) => session.fail_upgrade(),
            (Opened::Taken, None) => {}
        }
    });
    Ok(accepted.response)
}

/// What a WebSocket is for.
enum Opened {
    New(Arc<Session>),
    Upgrade(Arc<Session>),
    Taken,
}

fn visitor(client: &Client, request: &Request) -> Visitor {
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let user_agent = user_agent.chars().take(DEVICE_CHARS).collect();
    let query = request.uri().query().unwrap_or_default().to_owned();
    Visitor { remote: RemoteAddress { address: client.address, user_agent }, query }
}
