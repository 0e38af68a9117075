//! What a user does about those who approach them: accept or ignore a request, block a person.

use axum::extract::State;
use http::StatusCode;
use web::{Caller, Json, Path, Problem};
use wire::UserRef;
use wire::rest::rooms::BlockList;

use crate::RoomsFunction;

/// Accepts a request: the direct room counts as one of the caller's rooms from now on. Sending or reacting accepts it,
/// too. Has no effect on a room that is no request.
#[utoipa::path(
    post, path = "/{room}/accept", tag = "rooms", operation_id = "accept_request",
    params(("room", description = "Id")),
    responses((status = 204))
)]
pub async fn accept(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
) -> Result<StatusCode, Problem> {
    f.rooms.answer(&actor, &room.parse()?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ignores a request or an invitation: the room leaves the caller's list, and nothing in it notifies the caller. The
/// other user does not learn of it. Opening the direct room, or joining the room, brings it back.
#[utoipa::path(
    post, path = "/{room}/ignore", tag = "rooms", operation_id = "ignore_request",
    params(("room", description = "Id or slug")),
    responses((status = 204))
)]
pub async fn ignore(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
) -> Result<StatusCode, Problem> {
    f.rooms.answer(&actor, &room.parse()?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lists the users whom the caller blocks, in order of id; at most 1,000.
#[utoipa::path(
    get, path = "/blocks", tag = "blocks", operation_id = "list_blocks",
    responses((status = 200, body = BlockList))
)]
pub async fn blocks(State(f): State<RoomsFunction>, Caller(actor): Caller) -> Result<Json<BlockList>, Problem> {
    let users = f.rooms.blocks(&actor).await?;
    Ok(Json(BlockList { items: users.iter().map(UserRef::from).collect() }))
}

/// Blocks a user: they can neither write to the caller directly nor invite them, their mentions and replies do not
/// notify the caller, and they do not see whether the caller is online. They do not learn of it.
#[utoipa::path(
    put, path = "/blocks/{user}", tag = "blocks", operation_id = "block_user",
    params(("user", description = "Id or name")),
    responses((status = 204))
)]
pub async fn block(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    let user = f.rooms.resolve_user(&user).await?;
    f.rooms.block(&actor, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lifts a block. Has no effect on a user who is not blocked.
#[utoipa::path(
    delete, path = "/blocks/{user}", tag = "blocks", operation_id = "unblock_user",
    params(("user", description = "Id or name")),
    responses((status = 204))
)]
pub async fn unblock(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(user): Path<String>,
) -> Result<StatusCode, Problem> {
    let user = f.rooms.resolve_user(&user).await?;
    f.rooms.unblock(&actor, user).await?;
    Ok(StatusCode::NO_CONTENT)
}
