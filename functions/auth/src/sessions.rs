//! Refresh, sign-out, the list of sessions, and tickets for sockets.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::{Code, Refusal, SessionId};
use http::StatusCode;
use service::Auth;
use service::limits::TICKET_LIFE;
use service::ports::SessionRecord;
use web::{Caller, Json, MaybeCaller, Path, Problem};
use wire::rest::Problem as ProblemBody;
use wire::rest::auth::{RefreshBody, SessionList, SessionView, TicketAnswer, TicketBody, Tokens};

use crate::cookie::Visitor;

/// Renews the session.
///
/// Returns a new access token, and a new refresh token in place of the presented one. The previous refresh token works
/// until the new one is used for the first time, and gets the same new one; after that, using it ends the session.
///
/// The refresh token is sent in the body, or as the cookie of a page of this server.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth", operation_id = "refresh_session",
    request_body = Option<RefreshBody>, security(()),
    responses(
        (status = 200, description = "Renewed", body = Tokens),
        (status = 401, description = "The session has ended", body = ProblemBody),
        (status = 403, description = "The cookie was sent by a page of another origin", body = ProblemBody),
    )
)]
pub(crate) async fn refresh(
    State(auth): State<Arc<Auth>>,
    visitor: Visitor,
    body: Option<Json<RefreshBody>>,
) -> Result<Response, Problem> {
    let presented = visitor.presented(body.and_then(|Json(body)| body.refresh_token))?;
    let nothing = || Refusal::new(Code::Unauthenticated, "Send the refresh token in the body or as a cookie.");
    match auth.sessions.refresh(&presented.ok_or_else(nothing)?).await {
        Ok(signed_in) => Ok(visitor.answer(signed_in)),
        // An invalid cookie is removed.
        Err(refusal) if refusal.code == Code::Unauthenticated => {
            Ok((visitor.forget(), Problem::from(refusal)).into_response())
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// Signs out.
///
/// Ends the session of the access token, or else that of the refresh token, and closes its sockets.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "auth", operation_id = "logout",
    request_body = Option<RefreshBody>, security((), ("bearer" = [])),
    responses((status = 204, description = "Signed out"))
)]
pub(crate) async fn logout(
    State(auth): State<Arc<Auth>>,
    // Signing out works with an expired token, too.
    caller: Result<MaybeCaller, Problem>,
    visitor: Visitor,
    body: Option<Json<RefreshBody>>,
) -> Result<Response, Problem> {
    let actor = caller.ok().and_then(|MaybeCaller(actor)| actor);
    let presented = visitor.presented(body.and_then(|Json(body)| body.refresh_token))?;
    auth.sessions.logout(actor, presented.as_deref()).await?;
    Ok((StatusCode::NO_CONTENT, visitor.forget(), ()).into_response())
}

/// Issues a one-time ticket.
///
/// The ticket is for `/v1/ws?ticket=`, if a client cannot send a token in its first frame. With `compat` it is also for a
/// client of the older contract, and the answer has an access token for that client.
#[utoipa::path(
    post, path = "/api/auth/ticket", tag = "auth", operation_id = "issue_ticket", security(("bearer" = [])),
    request_body = Option<TicketBody>,
    responses((status = 200, body = TicketAnswer), (status = 401, body = ProblemBody))
)]
pub(crate) async fn ticket(
    State(auth): State<Arc<Auth>>,
    Caller(actor): Caller,
    body: Option<Json<TicketBody>>,
) -> Result<Json<TicketAnswer>, Problem> {
    let compat_token = match body.map(|Json(body)| body).unwrap_or_default().compat {
        true => Some(auth.tickets.issue_compat_token(&actor)?),
        false => None,
    };
    let ticket = auth.tickets.issue(&actor).await?;
    Ok(Json(TicketAnswer { ticket, expires_in: TICKET_LIFE.as_secs(), compat_token }))
}

/// Lists the caller's sessions, newest first.
#[utoipa::path(
    get, path = "/api/auth/sessions", tag = "auth", operation_id = "list_sessions", security(("bearer" = [])),
    responses((status = 200, body = SessionList), (status = 401, body = ProblemBody))
)]
pub(crate) async fn list(State(auth): State<Arc<Auth>>, Caller(actor): Caller) -> Result<Json<SessionList>, Problem> {
    let sessions = auth.sessions.list(&actor).await?;
    let view = |session: SessionRecord| SessionView {
        id: session.id.to_string(),
        device: session.device,
        created_at: wire::rfc3339(session.created_at),
        last_used_at: wire::rfc3339(session.rotated_at),
        current: actor.session == Some(session.id),
    };
    Ok(Json(SessionList { items: sessions.into_iter().map(view).collect() }))
}

/// Ends one of the caller's sessions and closes its sockets.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{id}", tag = "auth", operation_id = "end_session", security(("bearer" = [])),
    params(("id" = String, Path, description = "The session's id")),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, body = ProblemBody),
        (status = 404, description = "The caller has no such session", body = ProblemBody),
    )
)]
pub(crate) async fn end(
    State(auth): State<Arc<Auth>>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let session: SessionId = id.parse().map_err(|_| Refusal::not_found("There is no such session."))?;
    auth.sessions.end(&actor, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
