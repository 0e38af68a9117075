//! Members over REST: joining, leaving, and moderation.

use std::time::Duration;

use axum::extract::State;
use domain::limits::{MUTE_SECONDS, REASON_CHARS};
use domain::{Intent, Refusal, Role, UserId};
use web::{Caller, Json, Path, Problem, Query};
use wire::member_view;
use wire::rest::Acked;
use wire::rest::rooms::{InviteBody, MemberBody, MemberPage, MemberView, RoleBody, SeenBody};

use crate::RoomsFunction;
use crate::failures::ChangeErrors;
use crate::query::{PageParams, WriteHeaders, WriteParams};
use crate::view;

type Answer<T> = Result<Json<T>, Problem>;

/// Joins a room, or accepts an invitation.
#[utoipa::path(
    post, path = "/{room}/join", tag = "members", operation_id = "join_room",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = Option<SeenBody>,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn join(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    body: Option<Json<SeenBody>>,
) -> Answer<Acked> {
    let (id, asked) = headers.asked(body.and_then(|Json(body)| body.seen))?.with_id(&f.ids);
    let ack = f.rooms.join(&actor, &room.parse()?, asked).await?;
    Ok(Json(view::acked(id, &ack)))
}

/// Leaves a room, or declines an invitation.
#[utoipa::path(
    post, path = "/{room}/leave", tag = "members", operation_id = "leave_room",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = Option<SeenBody>,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn leave(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    body: Option<Json<SeenBody>>,
) -> Answer<Acked> {
    let (id, asked) = headers.asked(body.and_then(|Json(body)| body.seen))?.with_id(&f.ids);
    let ack = f.rooms.leave(&actor, &room.parse()?, asked).await?;
    Ok(Json(view::acked(id, &ack)))
}

/// Lists the members, ordered by user id; members also see invited and banned users.
#[utoipa::path(
    get, path = "/{room}/members", tag = "members", operation_id = "list_members",
    params(("room", description = "Id or slug"), PageParams),
    responses((status = 200, body = MemberPage))
)]
pub async fn list(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    Query(page): Query<PageParams>,
) -> Answer<MemberPage> {
    let listed = f.rooms.members(&actor, &room.parse()?, page.after_user()?, page.limit).await?;
    let items: Vec<_> = listed.items.iter().map(|member| member_view(member, &listed.related)).collect();
    Ok(Json(MemberPage { items, next: listed.next.map(|user| user.to_string()) }))
}

/// Returns one member.
#[utoipa::path(
    get, path = "/{room}/members/{user}", tag = "members", operation_id = "get_member",
    params(("room", description = "Id or slug"), ("user", description = "Id or name")),
    responses((status = 200, body = MemberView))
)]
pub async fn get(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path((room, user)): Path<(String, String)>,
) -> Answer<MemberView> {
    let user = f.rooms.resolve_user(&user).await?;
    let (member, related) = f.rooms.member(&actor, &room.parse()?, user).await?;
    Ok(Json(member_view(&member, &related)))
}

/// Changes a member's role.
#[utoipa::path(
    patch, path = "/{room}/members/{user}", tag = "members", operation_id = "set_member_role",
    params(("room", description = "Id or slug"), ("user", description = "Id or name"), WriteParams),
    request_body = RoleBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn set_role(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path((room, user)): Path<(String, String)>,
    headers: WriteHeaders,
    Json(body): Json<RoleBody>,
) -> Answer<Acked> {
    let user = f.rooms.resolve_user(&user).await?;
    change(f, caller, room, headers, body.seen, Intent::SetRole { user, role: body.role }).await
}

/// Invites a user.
#[utoipa::path(
    post, path = "/{room}/invite", tag = "members", operation_id = "invite_user",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = InviteBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn invite(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<InviteBody>,
) -> Answer<Acked> {
    let user = f.rooms.resolve_user(&body.user).await?;
    let intent = Intent::Invite { user, role: body.role.unwrap_or(Role::Member) };
    change(f, caller, room, headers, body.seen, intent).await
}

/// Removes a member, who can join again.
#[utoipa::path(
    post, path = "/{room}/kick", tag = "members", operation_id = "kick_member",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = MemberBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn kick(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<MemberBody>,
) -> Answer<Acked> {
    let (user, why) = (whom(&f, &body).await?, why(&body)?);
    change(f, caller, room, headers, body.seen, Intent::Kick { user, why }).await
}

/// Bans a user: removes them and prevents them from joining again.
#[utoipa::path(
    post, path = "/{room}/ban", tag = "members", operation_id = "ban_member",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = MemberBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn ban(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<MemberBody>,
) -> Answer<Acked> {
    let (user, why) = (whom(&f, &body).await?, why(&body)?);
    change(f, caller, room, headers, body.seen, Intent::Ban { user, why }).await
}

/// Lifts a user's ban.
#[utoipa::path(
    post, path = "/{room}/unban", tag = "members", operation_id = "unban_member",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = MemberBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn unban(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<MemberBody>,
) -> Answer<Acked> {
    let user = whom(&f, &body).await?;
    change(f, caller, room, headers, body.seen, Intent::Unban { user }).await
}

/// Mutes a member for a number of seconds.
#[utoipa::path(
    post, path = "/{room}/mute", tag = "members", operation_id = "mute_member",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = MemberBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn mute(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<MemberBody>,
) -> Answer<Acked> {
    let seconds = body.seconds.filter(|seconds| (1..=MUTE_SECONDS).contains(seconds));
    let bad = || Refusal::bad_request(format!("Set the length of the mute: `seconds` must be 1 to {MUTE_SECONDS}."));
    let until = f.clock.now() + Duration::from_secs(seconds.ok_or_else(bad)?);
    let (user, why) = (whom(&f, &body).await?, why(&body)?);
    change(f, caller, room, headers, body.seen, Intent::Mute { user, until, why }).await
}

/// Ends a member's mute.
#[utoipa::path(
    post, path = "/{room}/unmute", tag = "members", operation_id = "unmute_member",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = MemberBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn unmute(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<MemberBody>,
) -> Answer<Acked> {
    let user = whom(&f, &body).await?;
    change(f, caller, room, headers, body.seen, Intent::Unmute { user }).await
}

async fn whom(f: &RoomsFunction, body: &MemberBody) -> Result<UserId, Refusal> {
    f.rooms.resolve_user(&body.user).await
}

fn why(body: &MemberBody) -> Result<Option<String>, Refusal> {
    let why = body.why.as_deref().map(str::trim).filter(|why| !why.is_empty());
    if why.is_some_and(|why| why.chars().count() > REASON_CHARS) {
        return Err(Refusal::bad_request(format!("A reason can have at most {REASON_CHARS} characters.")));
    }
    Ok(why.map(str::to_owned))
}

async fn change(
    f: RoomsFunction,
    Caller(actor): Caller,
    room: String,
    headers: WriteHeaders,
    seen: Option<domain::Seq>,
    intent: Intent,
) -> Answer<Acked> {
    let (id, asked) = headers.asked(seen)?.with_id(&f.ids);
    let ack = f.rooms.change_member(&actor, &room.parse()?, asked, intent).await?;
    Ok(Json(view::acked(id, &ack)))
}
