//! Messages over REST: pages of history, and changes.

use axum::extract::State;
use domain::text::Emoji;
use domain::{FileId, Intent, Refusal, RoomId, Seq};
use http::StatusCode;
use service::{MessagePage, PageQuery, RoomRef};
use web::{Caller, Json, Path, Problem, Query, StoreEpoch};
use wire::Event;
use wire::rest::Acked;
use wire::rest::auth::UserPage;
use wire::rest::messages::{self, EditBody, ReactBody, ReadBody, ReadView, SendBody};

use crate::RoomsFunction;
use crate::failures::ChangeErrors;
use crate::query::{HistoryParams, PageParams, SeenParams, ThreadParams, WriteHeaders, WriteParams};
use crate::view;

type Answer<T> = Result<Json<T>, Problem>;
type PageAnswer = Result<(StoreEpoch, Json<messages::MessagePage>), Problem>;

fn shown(room: RoomId, page: &MessagePage) -> (StoreEpoch, Json<messages::MessagePage>) {
    (StoreEpoch(page.epoch), Json(view::page(room, page)))
}

/// Returns a page of history, oldest first: the newest messages, or those `before` or `after` a seq.
#[utoipa::path(
    get, path = "/{room}/messages", tag = "messages", operation_id = "list_messages",
    params(("room", description = "Id or slug"), HistoryParams),
    responses(
        (status = 200, body = messages::MessagePage),
        (status = 409, description = "The server does not know of `min_seq`: its database was restored from a backup"),
    )
)]
pub async fn page(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    Query(q): Query<HistoryParams>,
) -> PageAnswer {
    if q.before.is_some() && q.after.is_some() {
        return Err(Refusal::bad_request("Give `before` or `after`, not both.").into());
    }
    let room: RoomRef = room.parse()?;
    let id = f.access.id(&room).await?;
    let query = PageQuery { before: q.before, after: q.after, limit: q.limit, min_seq: q.min_seq };
    Ok(shown(id, &f.messages.page(&actor, &RoomRef::Id(id), query).await?))
}

/// Sends a message.
#[utoipa::path(
    post, path = "/{room}/messages", tag = "messages", operation_id = "send_message",
    params(("room", description = "Id or slug"), WriteParams),
    request_body = SendBody,
    responses((status = 201, body = Acked), ChangeErrors)
)]
pub async fn send(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path(room): Path<String>,
    headers: WriteHeaders,
    Json(body): Json<SendBody>,
) -> Result<(StatusCode, Json<Acked>), Problem> {
    let bad = |_| Refusal::not_found("One of the files does not exist.");
    let files = body.files.iter().map(|id| id.parse::<FileId>()).collect::<Result<_, _>>().map_err(bad)?;
    let text = body.text.try_into().map_err(Refusal::from)?;
    let intent = Intent::Send { text, reply_to: body.reply_to, thread: body.thread, files };
    Ok((StatusCode::CREATED, change(f, caller, room, headers, body.seen, intent).await?))
}

/// Returns one message in its current state.
#[utoipa::path(
    get, path = "/{room}/messages/{seq}", tag = "messages", operation_id = "get_message",
    params(("room", description = "Id or slug"), ("seq" = u64, Path, description = "The seq of the message")),
    responses((status = 200, body = Event))
)]
pub async fn one(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path((room, seq)): Path<(String, Seq)>,
) -> Result<(StoreEpoch, Json<Event>), Problem> {
    let id = f.access.id(&room.parse()?).await?;
    let page = f.messages.one(&actor, &RoomRef::Id(id), seq).await?;
    let entry = page.entries.first().ok_or_else(|| Refusal::not_found("There is no such message."))?;
    Ok((StoreEpoch(page.epoch), Json(Event::new(id, entry, &page.related))))
}

/// Edits one of the caller's messages.
#[utoipa::path(
    patch, path = "/{room}/messages/{seq}", tag = "messages", operation_id = "edit_message",
    params(("room", description = "Id or slug"), ("seq" = u64, Path, description = "The seq of the message"), WriteParams),
    request_body = EditBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn edit(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path((room, seq)): Path<(String, Seq)>,
    headers: WriteHeaders,
    Json(body): Json<EditBody>,
) -> Answer<Acked> {
    let text = body.text.try_into().map_err(Refusal::from)?;
    change(f, caller, room, headers, body.seen, Intent::Edit { target: seq, text }).await
}

/// Deletes a message.
#[utoipa::path(
    delete, path = "/{room}/messages/{seq}", tag = "messages", operation_id = "delete_message",
    params(
        ("room", description = "Id or slug"),
        ("seq" = u64, Path, description = "The seq of the message"),
        SeenParams,
        WriteParams,
    ),
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn delete(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path((room, seq)): Path<(String, Seq)>,
    headers: WriteHeaders,
    Query(query): Query<SeenParams>,
) -> Answer<Acked> {
    change(f, caller, room, headers, query.seen, Intent::Delete { target: seq }).await
}

/// Adds or removes a reaction.
#[utoipa::path(
    post, path = "/{room}/messages/{seq}/reactions", tag = "messages", operation_id = "react_to_message",
    params(("room", description = "Id or slug"), ("seq" = u64, Path, description = "The seq of the message"), WriteParams),
    request_body = ReactBody,
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn react(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path((room, seq)): Path<(String, Seq)>,
    headers: WriteHeaders,
    Json(body): Json<ReactBody>,
) -> Answer<Acked> {
    let intent = Intent::React { target: seq, emoji: emoji(body.emoji)?, on: body.on };
    change(f, caller, room, headers, body.seen, intent).await
}

/// Lists the users who reacted with an emoji, ordered by user id.
#[utoipa::path(
    get, path = "/{room}/messages/{seq}/reactions/{emoji}", tag = "messages", operation_id = "list_reactors",
    params(
        ("room", description = "Id or slug"),
        ("seq" = u64, Path, description = "The seq of the message"),
        ("emoji" = String, Path, description = "The emoji"),
        PageParams,
    ),
    responses((status = 200, body = UserPage))
)]
pub async fn reactors(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path((room, seq, text)): Path<(String, Seq, String)>,
    Query(query): Query<PageParams>,
) -> Answer<UserPage> {
    let room: RoomRef = room.parse()?;
    let listed = f.rooms.reactors(&actor, &room, seq, &emoji(text)?, query.after_user()?, query.limit).await?;
    let items: Vec<_> = listed.items.iter().map(|user| wire::user_ref(*user, &listed.related)).collect();
    let next = listed.more.then(|| items.last().map(|user| user.id.clone())).flatten();
    Ok(Json(UserPage { items, next }))
}

/// Returns a page of a thread; the first page starts with its root message.
#[utoipa::path(
    get, path = "/{room}/threads/{seq}", tag = "messages", operation_id = "get_thread",
    params(("room", description = "Id or slug"), ("seq" = u64, Path, description = "The seq of the message"), ThreadParams),
    responses((status = 200, body = messages::MessagePage))
)]
pub async fn thread(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path((room, seq)): Path<(String, Seq)>,
    Query(query): Query<ThreadParams>,
) -> PageAnswer {
    let id = f.access.id(&room.parse()?).await?;
    Ok(shown(id, &f.messages.thread(&actor, &RoomRef::Id(id), seq, query.after, query.limit).await?))
}

/// Returns the pinned messages, in order.
#[utoipa::path(
    get, path = "/{room}/pins", tag = "messages", operation_id = "list_pins",
    params(("room", description = "Id or slug")),
    responses((status = 200, body = messages::MessagePage))
)]
pub async fn pins(State(f): State<RoomsFunction>, Caller(actor): Caller, Path(room): Path<String>) -> PageAnswer {
    let id = f.access.id(&room.parse()?).await?;
    let details = f.rooms.get(&actor, &RoomRef::Id(id)).await?;
    Ok(shown(id, &f.messages.some(&actor, &RoomRef::Id(id), &details.pins).await?))
}

/// Pins a message.
#[utoipa::path(
    put, path = "/{room}/pins/{seq}", tag = "messages", operation_id = "pin_message",
    params(
        ("room", description = "Id or slug"),
        ("seq" = u64, Path, description = "The seq of the message"),
        SeenParams,
        WriteParams,
    ),
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn pin(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path((room, seq)): Path<(String, Seq)>,
    headers: WriteHeaders,
    Query(query): Query<SeenParams>,
) -> Answer<Acked> {
    change(f, caller, room, headers, query.seen, Intent::Pin { target: seq, on: true }).await
}

/// Unpins a message.
#[utoipa::path(
    delete, path = "/{room}/pins/{seq}", tag = "messages", operation_id = "unpin_message",
    params(
        ("room", description = "Id or slug"),
        ("seq" = u64, Path, description = "The seq of the message"),
        SeenParams,
        WriteParams,
    ),
    responses((status = 200, body = Acked), ChangeErrors)
)]
pub async fn unpin(
    State(f): State<RoomsFunction>,
    caller: Caller,
    Path((room, seq)): Path<(String, Seq)>,
    headers: WriteHeaders,
    Query(query): Query<SeenParams>,
) -> Answer<Acked> {
    change(f, caller, room, headers, query.seen, Intent::Pin { target: seq, on: false }).await
}

/// Returns the caller's read mark.
#[utoipa::path(
    get, path = "/{room}/read", tag = "messages", operation_id = "get_read_mark",
    params(("room", description = "Id or slug")),
    responses((status = 200, body = ReadView))
)]
pub async fn mark(State(f): State<RoomsFunction>, Caller(actor): Caller, Path(room): Path<String>) -> Answer<ReadView> {
    let room = f.access.room(&actor, &room.parse()?).await?.room.id;
    read_view(f.marks.mark(actor.user, room).await?)
}

/// Raises the caller's read mark; a lower one has no effect.
#[utoipa::path(
    post, path = "/{room}/read", tag = "messages", operation_id = "set_read_mark",
    params(("room", description = "Id or slug")),
    request_body = ReadBody,
    responses((status = 200, body = ReadView))
)]
pub async fn read(
    State(f): State<RoomsFunction>,
    Caller(actor): Caller,
    Path(room): Path<String>,
    Json(body): Json<ReadBody>,
) -> Answer<ReadView> {
    let room = f.access.room(&actor, &room.parse()?).await?.room.id;
    read_view(f.marks.read(&actor, room, body.seq).await?)
}

fn read_view(row: service::ports::MarkRow) -> Answer<ReadView> {
    Ok(Json(ReadView { read: row.read_seq, read_n: row.read_n, mentions: row.mentions }))
}

fn emoji(text: String) -> Result<Emoji, Refusal> {
    text.try_into().map_err(Refusal::from)
}

async fn change(
    f: RoomsFunction,
    Caller(actor): Caller,
    room: String,
    headers: WriteHeaders,
    seen: Option<Seq>,
    intent: Intent,
) -> Answer<Acked> {
    let (id, asked) = headers.asked(seen)?.with_id(&f.ids);
    let room: RoomRef = room.parse()?;
    let ack = f.messages.submit(&room, asked.change(&f.ids, actor, intent)).await?;
    Ok(Json(view::acked(id, &ack)))
}
