//! Tests of the events: what each becomes, and what each message looks like to a client.

use std::sync::Arc;
use std::time::Duration;

use domain::name::UserName;
use domain::{
    Code, Epoch, Intent, PageSpan, PageStatus, PresenceStatus, Refusal, RoomId, Timestamp, User, UserId, UserRole,
};
use serde_json::{Value, json};
use uuid::Uuid;
use wire::{Event, EventKind, UserRef};

use super::*;
use crate::Page;
use crate::message::{EventReply, Reply, Welcome};
use crate::request::Request;

const ROOM: &str = "00000000-0000-7000-8000-000000000001";
const ADA: &str = "00000000-0000-7000-8000-00000000000a";
const AT: &str = "2026-12-01T05:00:00.000Z";

fn room() -> RoomId {
    ROOM.parse().expect("an id")
}

/// A client that is let in as ada.
fn inside(kind: CodecKind) -> SocketIo {
    let mut codec = SocketIo::new(kind);
    assert!(matches!(codec.decode(Incoming::Text(r#"0{"token":"t"}"#)), Decoded::Request(Request::SignIn { .. })));
    codec.encode_own(&welcome()).expect("an answer");
    codec
}

fn welcome() -> Message {
    let user = UserId(ADA.parse::<Uuid>().expect("an id"));
    Message::Welcome(Box::new(Welcome {
        conn: "n-1-secret".into(),
        node: "n-1".into(),
        epoch: Epoch(1),
        user: User {
            id: user,
            name: UserName::parse("ada").expect("a name"),
            display_name: None,
            guest: false,
            role: UserRole::User,
            banned: false,
            deleted: false,
            created_at: Timestamp(0),
        },
        heartbeat_ms: 25_000,
        max_frame: 65_536,
        online: 1,
    }))
}

fn decode(codec: &mut SocketIo, text: &str) -> Decoded {
    codec.decode(Incoming::Text(text))
}

fn request(codec: &mut SocketIo, text: &str) -> Request {
    match decode(codec, text) {
        Decoded::Request(request) => request,
        other => panic!("{text} is {other:?}"),
    }
}

fn reply(ack: Option<u64>, of: &'static str, room: &str, message: Option<u64>) -> Reply {
    let to = ReplyTo::Event(Box::new(EventReply { ack, room: room.into(), message }));
    Reply { to, of: Some(of.into()), room: Some(room.into()) }
}

/// Returns the packets of an encoded message.
fn packets(bytes: Option<Bytes>) -> Vec<String> {
    let Some(bytes) = bytes else { return Vec::new() };
    std::str::from_utf8(&bytes).expect("text").split('\u{1e}').map(str::to_owned).collect()
}

fn event(kind: EventKind) -> Event {
    let by = UserRef { id: ADA.into(), name: "ada".into(), display_name: None, guest: false, deleted: false };
    Event { room: ROOM.into(), seq: 7, n: 3, by, at: AT.into(), id: "i".into(), kind }
}

fn message(text: &str) -> Event {
    event(EventKind::Message {
        text: text.into(),
        mentions: Vec::new(),
        reply_to: None,
        thread: None,
        files: Vec::new(),
        rev: 7,
        edited_at: None,
        deleted: false,
        reactions: Vec::new(),
    })
}

fn shared(event: Event) -> SharedMessage {
    SharedMessage::Event(Box::new(AnyEvent::Room(event)))
}

#[test]
fn a_client_connects_with_its_token() {
    let mut codec = SocketIo::new(CodecKind::SocketIo);
    let expected = Request::SignIn { version: wire::VERSION, token: Some("jwt".into()), epoch: None, batch: false };
    assert_eq!(request(&mut codec, r#"0{"token":"jwt"}"#), expected);
    assert_eq!(packets(codec.encode_own(&welcome())), [r#"40{"pid":"n-1-secret","sid":"n-1-secret"}"#]);
    assert_eq!(decode(&mut codec, r#"0{"token":"jwt"}"#), Decoded::Nothing, "it is connected already");

    let mut plain = SocketIo::new(CodecKind::SocketIoPlain);
    assert_eq!(packets(plain.encode_own(&welcome())), [r#"40{"sid":"n-1-secret"}"#], "it stores no offsets");
}

#[test]
fn a_client_without_a_token_learns_what_is_missing() {
    let mut codec = SocketIo::new(CodecKind::SocketIo);
    let Decoded::Rejected { reply, message } = decode(&mut codec, "0") else { panic!("it is let in") };
    let packets =
        packets(codec.encode_own(&Message::Refused { reply, refusal: Refusal::bad_request(message), epoch: None }));
    let [packet] = &packets[..] else { panic!("{packets:?}") };
    let error: Value = serde_json::from_str(packet.strip_prefix("44").expect("CONNECT_ERROR")).expect("JSON");
    assert_eq!(error["data"]["code"], "BAD_REQUEST");
    assert!(error["message"].as_str().is_some_and(|why| why.contains("auth.token")), "{error}");
}

#[test]
fn other_namespaces_are_refused_and_leaving_is_noticed() {
    let mut codec = inside(CodecKind::SocketIo);
    assert_eq!(decode(&mut codec, "0/admin,{}"), Decoded::Nothing);
    let Some(Aside::Answer(answer)) = codec.aside() else { panic!("no answer") };
    assert_eq!(packets(Some(answer)), [r#"44/admin,{"message":"Invalid namespace"}"#]);
    assert_eq!(decode(&mut codec, r#"2/admin,["send_message",{}]"#), Decoded::Nothing);
    assert_eq!(codec.aside(), None);
    assert_eq!(decode(&mut codec, "1"), Decoded::Nothing);
    assert_eq!(codec.aside(), Some(Aside::Leave));
}

#[test]
fn every_event_of_a_client_is_a_request() {
    let mut codec = inside(CodecKind::SocketIo);
    let enter = Request::Enter { reply: reply(Some(1), "join_room", "tea", None), room: "tea".into(), after: None };
    assert_eq!(request(&mut codec, &format!(r#"21["join_room",{{"roomId":"tea","userId":"{ADA}"}}]"#)), enter);
    let exit = Request::Exit { reply: reply(None, "leave_room", "tea", None), room: "tea".into() };
    assert_eq!(request(&mut codec, r#"2["leave_room",{"roomId":"tea"}]"#), exit);

    let sent = request(&mut codec, r#"22["send_message",{"roomId":"tea","content":"hi","type":"text"}]"#);
    let Request::Change { reply: to, id: None, room, seen: None, intent: Ok(Intent::Send { text, .. }) } = sent else {
        panic!("{sent:?}")
    };
    assert_eq!((to, room.as_str(), text.as_str()), (reply(Some(2), "send_message", "tea", None), "tea", "hi"));

    let edited = request(&mut codec, r#"2["edit_message",{"messageId":"tea:9","content":"ho"}]"#);
    let Request::Change { reply: to, intent: Ok(Intent::Edit { target: 9, text }), .. } = edited else {
        panic!("{edited:?}")
    };
    assert_eq!((to, text.as_str()), (reply(None, "edit_message", "tea", Some(9)), "ho"));

    let deleted = request(&mut codec, &format!(r#"2["delete_message",{{"messageId":"{ROOM}:9"}}]"#));
    assert!(
        matches!(&deleted, Request::Change { room, intent: Ok(Intent::Delete { target: 9 }), .. } if room == ROOM),
        "{deleted:?}"
    );

    let typing = |on| Request::Typing { room: "tea".into(), on };
    assert_eq!(request(&mut codec, r#"2["typing_start",{"roomId":"tea"}]"#), typing(true));
    assert_eq!(request(&mut codec, r#"2["typing_stop",{"roomId":"tea"}]"#), typing(false));
    assert_eq!(codec.aside(), None, "no event asked for an answer");
    let read = Request::Mark { room: "tea".into(), seq: 9 };
    assert_eq!(request(&mut codec, r#"25["mark_read",{"roomId":"tea","messageId":"tea:9"}]"#), read);
    assert_eq!(
        codec.aside().map(|aside| matches!(aside, Aside::Answer(answer) if answer == *r#"435[{"ok":true}]"#)),
        Some(true)
    );
}

#[test]
fn what_is_no_request_gets_an_error() {
    let mut codec = inside(CodecKind::SocketIo);
    let rejected = [
        r#"2["dance",{}]"#,
        r#"2["join_room"]"#,
        r#"2["join_room","tea"]"#,
        r#"2["join_room",{"roomId":7}]"#,
        r#"2["send_message",{"roomId":"tea"}]"#,
        r#"2["send_message",{"roomId":"tea","content":"x","type":"file"}]"#,
        r#"2["edit_message",{"messageId":"9","content":"x"}]"#,
        r#"2["delete_message",{"messageId":"tea:nine"}]"#,
        r#"2["mark_read",{}]"#,
        "2[7]",
    ];
    for text in rejected {
        assert!(matches!(decode(&mut codec, text), Decoded::Rejected { .. }), "{text}");
    }
    for text in ["", "hello", "2{}", "9", "2[]", r#"2["connect"]"#] {
        assert_eq!(decode(&mut codec, text), Decoded::Breach, "{text}");
    }
}

#[test]
fn nobody_speaks_for_another_user() {
    let mut codec = inside(CodecKind::SocketIo);
    let asked = request(&mut codec, r#"23["join_room",{"roomId":"tea","userId":"bob"}]"#);
    let Request::Change { reply, intent: Err(refusal), .. } = asked else { panic!("{asked:?}") };
    assert_eq!(refusal.code, Code::Forbidden);
    let answer = packets(codec.encode_own(&Message::Refused { reply, refusal, epoch: None }));
    assert!(answer[0].starts_with("433["), "{answer:?}");
}

#[test]
fn an_event_cannot_carry_bytes() {
    let mut codec = inside(CodecKind::SocketIo);
    let text = r#"51-["send_message",{"roomId":"tea","content":{"_placeholder":true,"num":0}}]"#;
    assert_eq!(decode(&mut codec, text), Decoded::Nothing);
    assert!(matches!(codec.decode(Incoming::Binary(&[1])), Decoded::Rejected { .. }));
    assert_eq!(codec.decode(Incoming::Binary(&[1])), Decoded::Breach, "no packet asked for it");
}

#[test]
fn events_reach_clients_in_their_form() {
    let encode = |event: Event| packets(encode_shared(CodecKind::SocketIoPlain, &shared(event)));
    let id = format!("{ROOM}:7");
    let emitted = |name: &str, body: Value| vec![format!("42{}", json!([name, body]))];
    let body = json!({ "id": id, "roomId": ROOM, "userId": ADA, "content": "hi", "timestamp": AT });
    assert_eq!(encode(message("hi")), emitted("message", body.clone()));

    let mut edited = body;
    edited["id"] = json!(format!("{ROOM}:5"));
    edited["edited"] = json!(true);
    let edit = |text: &str| EventKind::Edit { target: 5, text: text.into(), mentions: None };
    assert_eq!(encode(event(edit("hi"))), emitted("message", edited));
    assert_eq!(encode(event(edit(""))), [String::new(); 0], "it changes a message that the user cannot see");

    let deleted = json!({ "roomId": ROOM, "messageId": format!("{ROOM}:5") });
    assert_eq!(encode(event(EventKind::Delete { target: 5 })), emitted("message_deleted", deleted));
    let react = EventKind::React { target: 5, emoji: "👍".into(), on: true };
    assert_eq!(encode(event(react)), [String::new(); 0], "there is no word for it");
}

#[test]
fn members_come_and_go() {
    let member = |user: &str, state| {
        let user = UserRef { id: user.into(), name: "ada".into(), display_name: None, guest: false, deleted: false };
        let kind = EventKind::Member { user, state, role: domain::Role::Member, muted_until: None, why: None };
        packets(encode_shared(CodecKind::SocketIoPlain, &shared(event(kind))))
    };
    let emitted =
        |name: &str| vec![format!("42{}", json!([name, { "roomId": ROOM, "userId": ADA, "username": "ada" }]))];
    assert_eq!(member(ADA, domain::MemberState::Joined), emitted("user_joined"));
    assert_eq!(member(ADA, domain::MemberState::Left), emitted("user_left"));
    assert_eq!(member(ADA, domain::MemberState::Kicked), emitted("user_left"));
    assert_eq!(member("bob", domain::MemberState::Joined), [String::new(); 0], "somebody changed bob's role");
    assert_eq!(member("bob", domain::MemberState::Invited), [String::new(); 0]);
}

#[test]
fn signals_reach_clients_in_their_form() {
    let encode = |message: &SharedMessage| packets(encode_shared(CodecKind::SocketIo, message));
    let by = UserRef { id: ADA.into(), name: "ada".into(), display_name: None, guest: false, deleted: false };
    let typing = |ttl| SharedMessage::Typing { room: room(), by: by.clone(), ttl };
    let body = json!(["typing", { "roomId": ROOM, "userId": ADA, "username": "ada" }]);
    assert_eq!(encode(&typing(Duration::from_secs(5))), [format!("42{body}")]);
    assert_eq!(encode(&typing(Duration::ZERO)), [String::new(); 0]);

    let receipt = SharedMessage::Receipt { room: room(), user: ADA.into(), seq: 9, own: None };
    let body = json!(["message_read", { "roomId": ROOM, "messageId": format!("{ROOM}:9"), "userId": ADA }]);
    assert_eq!(encode(&receipt), [format!("42{body}")]);

    let entry = |user: &str| wire::PresenceEntry { user: user.into(), status: PresenceStatus::Online, last_seen: None };
    let presence = SharedMessage::Presence { users: vec![entry("a"), entry("b")], full: true };
    let update = |user: &str| format!("42{}", json!(["presence_update", { "userId": user, "status": "online" }]));
    assert_eq!(encode(&presence), [update("a"), update("b")]);
}

#[test]
fn answers_name_what_was_stored() {
    let mut codec = inside(CodecKind::SocketIo);
    let ack = |reply: &Reply| Message::Ack {
        reply: reply.to.clone(),
        room: Some(room()),
        seq: Some(7),
        at: Timestamp(0),
        dup: false,
        noop: false,
    };
    let answer = |id: &str| json!([{ "ok": true, "id": id, "timestamp": "1970-01-01T00:00:00.000Z" }]);
    let sent = ack(&reply(Some(4), "send_message", "tea", None));
    assert_eq!(packets(codec.encode_own(&sent)), [format!("434{}", answer("tea:7"))]);
    let edited = ack(&reply(Some(5), "edit_message", "tea", Some(3)));
    assert_eq!(packets(codec.encode_own(&edited)), [format!("435{}", answer("tea:3"))], "the message, not the edit");
    let unasked = ack(&reply(None, "send_message", "tea", None));
    assert_eq!(codec.encode_own(&unasked), None);

    let refusal = Refusal::new(Code::RateLimited, "Slow down.").retry_in(900);
    let refused = |reply| Message::Refused { reply, refusal: refusal.clone(), epoch: None };
    let body = json!([{ "ok": false, "code": "RATE_LIMITED", "message": "Slow down.", "retry_ms": 900 }]);
    let asked = refused(reply(Some(4), "send_message", "tea", None));
    assert_eq!(packets(codec.encode_own(&asked)), [format!("434{body}")]);
    let body = json!(["error", { "code": "RATE_LIMITED", "message": "Slow down." }]);
    let unasked = refused(reply(None, "send_message", "tea", None));
    assert_eq!(packets(codec.encode_own(&unasked)), [format!("42{body}")]);
}

fn page(reply: Reply, events: Vec<Event>, status: PageStatus) -> Message {
    let span = PageSpan { status, epoch: Epoch(1), as_of: 7, from: 7, through: 7, from_seq: 1 };
    let events = events.into_iter().map(|event| (event.seq, AnyEvent::Room(event))).collect();
    let page = Arc::new(Page::encode(LogId::Room(room()), span, events, 65_536));
    Message::Sync { reply: reply.to, page, live: status == PageStatus::Complete }
}

#[test]
fn a_client_that_enters_by_slug_reads_the_slug() {
    let mut codec = inside(CodecKind::SocketIoPlain);
    assert_eq!(codec.encode_differently(&shared(message("hi"))), None);
    let entered = page(reply(Some(1), "join_room", "tea", None), vec![message("missed")], PageStatus::Complete);
    let packets_of_page = packets(codec.encode_own(&entered));
    let [missed, answer] = &packets_of_page[..] else { panic!("{packets_of_page:?}") };
    assert!(missed.contains(r#""id":"tea:7""#) && missed.contains(r#""content":"missed""#), "{missed}");
    assert_eq!(answer, r#"431[{"id":"tea","ok":true}]"#);

    let different = packets(codec.encode_differently(&shared(message("hi"))));
    assert!(different[0].contains(r#""roomId":"tea""#), "{different:?}");

    let mut other = inside(CodecKind::SocketIoPlain);
    other.encode_own(&page(reply(None, "join_room", ROOM, None), Vec::new(), PageStatus::Complete));
    assert_eq!(other.encode_differently(&shared(message("hi"))), None, "it named the room by its id");
}

#[test]
fn a_room_that_cannot_be_entered_is_an_error() {
    let mut codec = inside(CodecKind::SocketIo);
    let refused = page(reply(Some(1), "join_room", "tea", None), Vec::new(), PageStatus::NotFound);
    let answer = packets(codec.encode_own(&refused));
    assert!(answer[0].starts_with("431[") && answer[0].contains("NOT_FOUND"), "{answer:?}");
    let partial = page(reply(Some(1), "join_room", "tea", None), Vec::new(), PageStatus::More);
    assert_eq!(codec.encode_own(&partial), None, "the answer follows when the client gets the room's events");
}

#[test]
fn a_client_goes_on_after_its_offset() {
    let events = packets(encode_shared(CodecKind::SocketIo, &shared(message("hi"))));
    let list: Value = serde_json::from_str(&events[0][2..]).expect("JSON");
    let offset = list[2].as_str().expect("an offset at the end");

    let mut codec = SocketIo::new(CodecKind::SocketIo);
    decode(&mut codec, &format!("0{}", json!({ "token": "t", "pid": "p", "offset": offset })));
    codec.encode_own(&welcome());
    let expected = Offset { room: room(), seq: 7, at: wire::parse_rfc3339(AT).expect("a time") };
    let enter =
        |codec: &mut SocketIo, room: &str| match request(codec, &format!(r#"2["join_room",{{"roomId":"{room}"}}]"#)) {
            Request::Enter { after, .. } => after,
            other => panic!("{other:?}"),
        };
    assert_eq!(enter(&mut codec, "tea"), Some(expected));
    assert_eq!(enter(&mut codec, "tea"), None, "it has got what it missed");
    assert_eq!(enter(&mut codec, "cake"), Some(expected));

    for junk in ["", "x", "a/b/c", &format!("{ROOM}/7"), &format!("{ROOM}/x/{AT}")] {
        let mut codec = SocketIo::new(CodecKind::SocketIo);
        decode(&mut codec, &format!("0{}", json!({ "token": "t", "offset": junk })));
        codec.encode_own(&welcome());
        assert_eq!(enter(&mut codec, "tea"), None, "{junk}");
    }
}
