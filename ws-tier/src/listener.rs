//! `GET /v1/ws`: upgrades an HTTP request to a socket. [`web::mount`] checks origins and limits of addresses.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use engine::Opening;
use realtime::codec::CodecKind;
use realtime::message::{Message, Reply};
use serde::Deserialize;
use service::limits::DEVICE_CHARS;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use web::{Client, Origin, Problem, Query};
use websocket::{Opcode, close_payload, frame};

use crate::connections::RemoteAddress;
use crate::drain::NotAdmitted;
use crate::handshake;
use crate::node::Node;

/// How long a client that is not admitted has to read why.
const REFUSE_WAIT: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Upgrade {
    ticket: Option<String>,
}

/// Returns the route of sockets.
pub(crate) fn router(node: Arc<Node>) -> Router {
    Router::new().route("/v1/ws", any(upgrade)).with_state(node)
}

async fn upgrade(
    State(node): State<Arc<Node>>,
    Query(Upgrade { ticket }): Query<Upgrade>,
    client: Client,
    mut request: Request,
) -> Response {
    let address = client.logged_address;
    if client.origin == Origin::Foreign {
        return Problem::from(web::refuse_foreign_origin(request.headers(), address)).into_response();
    }
    let accepted = match handshake::accept(&mut request) {
        Ok(accepted) => accepted,
        Err(rejected) => return rejected.into_response(),
    };
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let remote = RemoteAddress { address: client.address, user_agent: user_agent.chars().take(DEVICE_CHARS).collect() };

    let permit = node.drain.admit(client.address, node.now().elapsed);
    tokio::spawn(async move {
        let Some((opening, connection)) = handshake::connection(accepted.connection).await else { return };
        match permit {
            Ok(permit) => node.open(opening, CodecKind::Native, ticket, remote, (permit, connection)),
            Err(refused) => {
                log_refused(address, refused.code.reason());
                refuse(opening, CodecKind::Native, refused).await;
            }
        }
    });
    accepted.response
}

/// Logs a socket that was refused: for people and programs that look for attacks.
pub(crate) fn log_refused(address: Option<IpAddr>, reason: &'static str) {
    tracing::warn!(address = address.map(tracing::field::display), reason, "a socket was refused");
}

/// Closes a connection that is not admitted, after a message that says why, if there is more to say than the close code
/// does.
pub(crate) async fn refuse(opening: Opening, codec: CodecKind, refused: NotAdmitted) {
    let mut codec = codec.open();
    let why = refused.refusal.and_then(|refusal| {
        let reply = Reply::unnamed("hello", None);
        codec.encode_own(&Message::Refused { reply, refusal, epoch: None })
    });
    let (number, reason) = codec.close(refused.code);
    let mut frames: Vec<u8> = why.map(|why| frame(Opcode::Text, &why).to_vec()).unwrap_or_default();
    frames.extend_from_slice(&frame(Opcode::Close, &close_payload(number, reason)));
    let farewell = async {
        let mut stream = TcpStream::from_std(opening.stream)?;
        stream.write_all(&frames).await?;
        stream.shutdown().await?;
        // Bytes that were never read would turn the close into a reset, and the reason would be lost.
        let mut rest = [0; 1_024];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    let _ = timeout(REFUSE_WAIT, farewell).await;
}
