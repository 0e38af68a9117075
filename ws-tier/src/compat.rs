//! `GET /ws/{room_id}/{user_id}`: the socket of the older contract, whose path names room and user.
//!
//! Whatever is wrong with them is the answer to the handshake: such a client has no frame for it yet.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::{Refusal, RoomId};
use realtime::codec::compat::RoomSlug;
use realtime::codec::{CodecKind, Compat};
use serde::Deserialize;
use service::auth::Grant;
use service::compat::Visitor;
use service::limits::DEVICE_CHARS;
use web::compat::{OlderError, OlderPath, OlderQuery};
use web::{Client, Origin};

use crate::connections::RemoteAddress;
use crate::handshake;
use crate::listener::{log_refused, refuse};
use crate::node::Node;
use crate::socket::Begins;

#[derive(Deserialize)]
struct Who {
    username: Option<String>,
    ticket: Option<String>,
}

/// Returns the route, if the older contract is on.
pub(crate) fn router(node: Arc<Node>) -> Router {
    match node.services.compat.mode().is_on() {
        true => Router::new().route("/ws/{room}/{user}", any(upgrade)).with_state(node),
        false => Router::new(),
    }
}

async fn upgrade(
    State(node): State<Arc<Node>>,
    OlderPath((room, user)): OlderPath<(String, String)>,
    OlderQuery(who): OlderQuery<Who>,
    client: Client,
    mut request: Request,
) -> Result<Response, OlderError> {
    let address = client.logged_address;
    if client.origin == Origin::Foreign {
        return Err(web::refuse_foreign_origin(request.headers(), address).into());
    }
    let protocols = Protocols::of(request.headers());
    let token = bearer(request.headers()).or(protocols.token.clone());
    let mut accepted = match handshake::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(rejected) => return Err(Refusal::bad_request(rejected.to_string()).into()),
    };
    let (grant, room, slug) = admitted(&node, &client, &room, &user, who, token).await?;

    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let remote = RemoteAddress { address: client.address, user_agent: user_agent.chars().take(DEVICE_CHARS).collect() };
    let permit = node.drain.admit(client.address, node.now().elapsed);
    tokio::spawn(async move {
        let Some((opening, connection)) = handshake::connection(accepted.connection).await else { return };
        match permit {
            Ok(permit) => {
                let codec = Box::new(Compat::new(RoomSlug::keep(room, &slug)));
                let begins = Begins { grant, room, attends: node.attendance.watch(room) };
                node.open_older(opening, codec, begins, remote, (permit, connection));
            }
            Err(refused) => {
                log_refused(address, refused.code.reason());
                refuse(opening, CodecKind::Compat, refused).await;
            }
        }
    });
    if let Some(chosen) = protocols.chosen {
        accepted.response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, chosen);
    }
    Ok(accepted.response.into_response())
}

/// Returns whom the socket belongs to, and its room, which the user enters if they were never in it.
async fn admitted(
    node: &Node,
    client: &Client,
    room: &str,
    user: &str,
    who: Who,
    token: Option<String>,
) -> Result<(Grant, RoomId, String), Refusal> {
    let (auth, compat) = (&node.services.auth, &node.services.compat);
    let grant = match (token, who.ticket) {
        (Some(token), _) => Some(auth.sessions.grant(&token)?),
        (None, Some(ticket)) => Some(auth.tickets.take(&ticket).await?),
        (None, None) => None,
    };
    let actor = match grant {
        Some(grant) => Some(auth.sessions.as_of_now(grant.actor).await?),
        None => None,
    };
    let visitor = Visitor { actor, address: client.address };
    let actor = compat.act_as(visitor, user, who.username.as_deref()).await?;
    let entered = compat.enter(&actor, room).await?;
    let grant = grant.unwrap_or_else(|| compat.grant(actor));
    Ok((grant, entered.id, room.to_owned()))
}

/// The subprotocols that a client offers: a browser can send a token only as one of them.
struct Protocols {
    token: Option<String>,
    /// The one that the server answers with, which must be one of those offered.
    chosen: Option<HeaderValue>,
}

impl Protocols {
    fn of(headers: &HeaderMap) -> Protocols {
        let values =
            headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter().filter_map(|value| value.to_str().ok());
        let offered: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        let is_token = |offered: &&&str| offered.matches('.').count() == 2;
        let token = offered.iter().find(is_token).map(|token| (*token).to_owned());
        let chosen = offered.iter().find(|offered| !is_token(offered)).or(offered.first());
        Protocols { token, chosen: chosen.and_then(|chosen| HeaderValue::from_str(chosen).ok()) }
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_among_subprotocols_and_another_one_is_chosen() {
        let protocols = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(value));
            let Protocols { token, chosen } = Protocols::of(&headers);
            (token, chosen.map(|chosen| chosen.to_str().expect("text").to_owned()))
        };
        let (token, chat) = (Some("a.b.c".to_owned()), Some("chat".to_owned()));
        assert_eq!(protocols("chat, a.b.c"), (token.clone(), chat.clone()));
        assert_eq!(protocols("a.b.c"), (token.clone(), token));
        assert_eq!(protocols("chat"), (None, chat));
    }
}
