//! Drives the protocol by hand, through the native codec: frames in, actions out.

use crate::limits::{LOG_BY_SLUG, PACED_PER_60S};
use domain::name::UserName;
use domain::{Actor, Epoch, Intent, RoomId, SessionId, Timestamp, User, UserId, UserRole};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::codec::{Codec, Incoming, Native};

const EPOCH: Epoch = Epoch(0x7f3a);
const START: Timestamp = Timestamp(1_790_000_000_000);
const ROOM: &str = "00000000-0000-7000-8000-000000000001";
/// The last room of the first page of the room list.
const FIRST_PAGE: RoomId = RoomId(Uuid::from_u128(100));
const ID: &str = "01922f4e-7c00-7000-8000-000000000001";

fn identity() -> Identity {
    identity_of(1, 1)
}

fn identity_of(user: u128, session: u128) -> Identity {
    let user = User {
        id: UserId(Uuid::from_u128(user)),
        name: UserName::parse("ada").expect("a name"),
        display_name: None,
        guest: false,
        role: UserRole::User,
        banned: false,
        deleted: false,
        created_at: START,
    };
    let session = Some(SessionId(Uuid::from_u128(session)));
    let actor = Actor { user: user.id, session, admin: false, guest: false };
    Identity { actor, user, expires_at: START + Duration::from_secs(900) }
}

struct Rig {
    protocol: Protocol,
    now: Now,
}

/// The time of day and the elapsed time, which starts at zero.
fn at(elapsed: Duration) -> Now {
    Now { wall: START + elapsed, elapsed }
}

impl Rig {
    fn new() -> Rig {
        Rig::with(Limits::default(), None)
    }

    fn with(limits: Limits, ticket: Option<&str>) -> Rig {
        let settings = Arc::new(Settings { node: "n1".into(), limits });
        let now = at(Duration::ZERO);
        Rig { protocol: Protocol::new(settings, "n1-1".into(), ticket.map(Into::into), now), now }
    }

    fn open() -> Rig {
        Rig::open_with(Limits::default())
    }

    fn open_with(limits: Limits) -> Rig {
        let mut rig = Rig::with(limits, None);
        rig.say(json!({"t": "hello", "v": 1, "token": "x", "epoch": "7f3a"}));
        rig.signed_in();
        rig
    }

    fn say(&mut self, frame: Value) -> Vec<Action> {
        self.text(&frame.to_string())
    }

    fn text(&mut self, text: &str) -> Vec<Action> {
        let mut out = Vec::new();
        let decoded = match text.len() <= self.protocol.frame_limit() {
            true => Native.decode(Incoming::Text(text)),
            false => Decoded::Breach,
        };
        self.protocol.on_request(decoded, self.now, &mut out);
        self.reload();
        out
    }

    fn signed_in(&mut self) -> Vec<Action> {
        let mut out = Vec::new();
        let rooms = RoomPage { messages: Vec::new(), next: Some(FIRST_PAGE) };
        let signed_in = SignedIn { identity: identity(), epoch: EPOCH, online: 3, rooms };
        self.protocol.signed_in(signed_in, self.now, &mut out);
        self.reload();
        out
    }

    /// Continues with the saved state, as the gateway function does between two frames.
    fn reload(&mut self) {
        let Protocol { settings, conn, leaves: None, .. } = &self.protocol else { return };
        if let Some(saved) = self.protocol.save() {
            self.protocol = Protocol::restore(settings.clone(), conn.clone(), &saved);
        }
    }

    fn tick(&mut self, after: Duration) -> Vec<Action> {
        self.now = at(self.now.elapsed + after);
        let mut out = Vec::new();
        self.protocol.on_tick(self.now, Vec::new, &mut out);
        out
    }
}

/// Returns the one frame that was sent.
fn sent(actions: &[Action]) -> Value {
    match actions {
        [Action::Send(message), ..] => {
            serde_json::from_slice(&Native.encode_own(message).expect("a frame")).expect("JSON")
        }
        other => panic!("{other:?}"),
    }
}

fn closes(actions: &[Action]) -> Option<CloseCode> {
    actions.iter().find_map(|action| match action {
        Action::Close(code) => Some(*code),
        _ => None,
    })
}

#[test]
fn hello_is_answered_with_welcome_and_the_rooms() {
    let mut rig = Rig::new();
    assert!(rig.protocol.reads());
    let asked = rig.say(json!({"t": "hello", "v": 1, "token": "secret", "epoch": "7f3a", "caps": [], "batch": true}));
    assert_eq!(asked, [Action::SignIn(Credential::Token("secret".into()))]);
    assert!(!format!("{asked:?}").contains("secret"), "a token is never printed");
    assert!(!rig.protocol.reads(), "no second frame before the first is checked");
    let welcome = rig.signed_in();
    assert_eq!(
        sent(&welcome),
        json!({"t": "welcome", "v": 1, "conn": "n1-1", "node": "n1", "epoch": EPOCH.to_string(), "caps": [],
            "user": {"id": identity().user.id.to_string(), "name": "ada", "guest": false, "admin": false},
            "heartbeat_ms": 25_000, "max_frame": 65_536, "online": 3})
    );
    assert_eq!(welcome[1], Action::ListRooms { user: identity().user.id, after: FIRST_PAGE });
    assert!(rig.protocol.batches() && rig.protocol.reads());
}

#[test]
fn a_ticket_replaces_the_token_and_a_token_takes_precedence() {
    let mut rig = Rig::with(Limits::default(), Some("t1"));
    assert_eq!(rig.say(json!({"t": "hello", "v": 1})), [Action::SignIn(Credential::Ticket("t1".into()))]);
    let mut rig = Rig::with(Limits::default(), Some("t1"));
    let asked = rig.say(json!({"t": "hello", "v": 1, "token": "x"}));
    assert_eq!(asked, [Action::SignIn(Credential::Token("x".into()))]);
    assert_eq!(closes(&Rig::new().say(json!({"t": "hello", "v": 1}))), Some(CloseCode::Credentials));
}

#[test]
fn before_auth_one_frame_of_4_kib_is_accepted_within_10_s() {
    let big = json!({"t": "hello", "v": 1, "token": "x".repeat(FRAME_BEFORE_AUTH)});
    assert_eq!(closes(&Rig::new().say(big)), Some(CloseCode::Protocol));
    for first in [json!({"t": "ping"}), json!({"t": "dance"}), json!([]), json!({"t": "hello", "v": 2, "token": "x"})] {
        let answer = Rig::new().say(first.clone());
        assert_eq!(sent(&answer)["code"], "bad_request", "{first}");
        assert_eq!(closes(&answer), Some(CloseCode::Protocol), "{first}");
    }
    let mut rig = Rig::new();
    assert_eq!(rig.protocol.next_tick(), Some(HELLO_TIMEOUT));
    assert_eq!(closes(&rig.tick(HELLO_TIMEOUT - Duration::from_millis(1))), None);
    assert_eq!(closes(&rig.tick(Duration::from_millis(1))), Some(CloseCode::Unauthenticated));
    assert!(rig.say(json!({"t": "hello", "v": 1, "token": "x"})).is_empty(), "closed is closed");
}

#[test]
fn a_refused_credential_is_answered_with_the_reason_and_closes() {
    for (code, close) in
        [(Code::Unauthenticated, 4401), (Code::Forbidden, 4503), (Code::RateLimited, 4504), (Code::Unavailable, 4413)]
    {
        let mut rig = Rig::new();
        rig.say(json!({"t": "hello", "v": 1, "token": "x"}));
        let mut out = Vec::new();
        rig.protocol.not_signed_in(&Refusal::new(code, "no"), &mut out);
        assert_eq!(sent(&out)["of"], "hello");
        assert_eq!(closes(&out).map(CloseCode::number), Some(close));
    }
}

#[test]
fn a_second_hello_or_a_big_or_binary_frame_closes() {
    let hello = json!({"t": "hello", "v": 1, "token": "x"});
    assert_eq!(closes(&Rig::open().say(hello)), Some(CloseCode::Protocol));
    let limit = Limits::default().client_frame;
    let ping = |len: usize| format!(r#"{{"t":"ping","x":"{}"}}"#, "x".repeat(len - 19));
    assert_eq!(ping(limit).len(), limit + 1 - 1);
    assert_eq!(closes(&Rig::open().text(&ping(limit))), None);
    assert_eq!(closes(&Rig::open().text(&ping(limit + 1))), Some(CloseCode::Protocol));
    let mut out = Vec::new();
    Rig::open().protocol.on_breach(&mut out);
    assert_eq!(closes(&out), Some(CloseCode::Protocol));
}

#[test]
fn a_bad_frame_gets_an_error_and_never_a_close() {
    let mut rig = Rig::open();
    for (text, id) in [
        ("nonsense".to_owned(), Value::Null),
        ("[]".into(), Value::Null),
        ("[".repeat(40_000), Value::Null),
        (json!({"t": "dance", "id": "7", "room": ROOM}).to_string(), json!("7")),
        (json!({"t": "send", "id": ID, "room": ROOM, "text": 5, "seen": 1}).to_string(), json!(ID)),
        (json!({"t": "send", "id": "no uuid", "room": ROOM, "text": "x", "seen": 1}).to_string(), json!("no uuid")),
        (json!({"t": "send", "id": ID, "room": ROOM, "text": "x", "seen": -1}).to_string(), json!(ID)),
        (json!({"t": "watch", "users": "all"}).to_string(), Value::Null),
    ] {
        let answer = rig.text(&text);
        let error = sent(&answer);
        assert_eq!((&error["t"], &error["code"]), (&json!("error"), &json!("bad_request")), "{text}");
        assert_eq!(error["id"], id, "{text}");
        assert_eq!(answer.len(), 1);
    }
}

#[test]
fn changes_that_no_room_can_accept_are_refused_with_their_id() {
    let mut rig = Rig::open();
    let send = |more: Value| {
        let mut frame = json!({"t": "send", "id": ID, "room": ROOM, "text": "x", "seen": 1});
        frame.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        frame
    };
    let file = "00000000-0000-7000-8000-00000000000f";
    for (frame, code) in [
        (send(json!({"text": "x".repeat(4_001)})), "too_large"),
        (send(json!({"text": "a\u{0}b"})), "bad_request"),
        (send(json!({"text": "  "})), "bad_request"),
        (send(json!({"files": vec![file; 11]})), "too_large"),
        (send(json!({"room": "no such room!"})), "not_found"),
        (send(json!({"id": "00000000-0000-4000-8000-000000000001"})), "bad_request"),
        (
            json!({"t": "react", "id": ID, "room": ROOM, "target": 1, "emoji": "no", "on": true, "seen": 1}),
            "bad_request",
        ),
    ] {
        let id = frame["id"].clone();
        let error = sent(&rig.say(frame.clone()));
        assert_eq!((&error["code"], &error["id"]), (&json!(code), &id), "{frame}");
    }
    assert!(matches!(&rig.say(send(json!({"text": "", "files": [file]})))[..], [Action::Submit { .. }]));
}

#[test]
fn a_change_carries_the_actor_the_id_seen_and_the_epoch() {
    let mut rig = Rig::open();
    let asked = rig.say(json!({"t": "delete", "id": ID, "room": ROOM, "target": 4, "seen": 9}));
    let [Action::Submit { reply, room, change }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(reply, &Reply { to: ReplyTo::Frame(ID.into()), of: Some("delete".into()), room: Some(ROOM.into()) });
    assert_eq!(room, &domain::RoomRef::Id(ROOM.parse::<RoomId>().expect("an id")));
    assert_eq!((change.by, change.seen, change.epoch), (identity().actor, Some(9), EPOCH));
    assert_eq!(change.id.map(|id| id.to_string()), Some(ID.into()));
    assert_eq!(change.intent, Intent::Delete { target: 4 });
    let asked = rig.say(json!({"t": "join", "id": ID, "room": "random"}));
    let [Action::Submit { change, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((change.seen, &change.intent), (None, &Intent::Join));
}

#[test]
fn answers_name_the_change() {
    let mut rig = Rig::open();
    let reply = Reply { to: ReplyTo::Frame(ID.into()), of: Some("send".into()), room: Some("general".into()) };
    let ack = domain::Ack { seq: Some(4), at: START, dup: true, noop: false, entry: None, text: None };
    let mut out = Vec::new();
    rig.protocol.acked(reply.clone(), ROOM.parse().expect("an id"), &ack, &mut out);
    assert_eq!(
        sent(&out),
        json!({"t": "ack", "id": ID, "room": ROOM, "seq": 4, "at": wire::rfc3339(START), "dup": true, "noop": false})
    );
    out.clear();
    rig.protocol.refused(reply.clone(), &Refusal::new(Code::Stale, "old").at_head(9), &mut out);
    let error = sent(&out);
    assert_eq!((&error["id"], &error["code"], &error["head"]), (&json!(ID), &json!("stale"), &json!(9)));
    assert!(error.get("epoch").is_none());
    out.clear();
    rig.protocol.refused(reply, &Refusal::unavailable("later", 250), &mut out);
    assert_eq!(sent(&out)["epoch"], EPOCH.to_string(), "so that a change of another epoch is retried with seen 0");
}

#[test]
fn resume_and_fill_ask_for_pages() {
    let page =
        |re: &str, log, cursor| PageRequest { by: identity().actor, reply: ReplyTo::Frame(re.into()), log, cursor };
    let named = |re: &str, cursor| NamedRequest {
        by: identity().actor,
        reply: ReplyTo::Frame(re.into()),
        slug: domain::name::Slug::parse("general").expect("a slug"),
        cursor,
    };
    let mut rig = Rig::open();
    let me = LogId::User(identity().user.id);
    let room = LogId::Room(ROOM.parse().expect("an id"));
    let asked =
        rig.say(json!({"t": "resume", "id": "r1", "cursors": {"@me": 5, ROOM: null, "no slug": 1, "general": 4}}));
    assert_eq!(
        asked,
        [
            Action::NoSuchLog { reply: ReplyTo::Frame("r1".into()), room: "no slug".into() },
            Action::Resume(vec![page("r1", room, None), page("r1", me, Some(5))]),
            Action::Find(vec![named("r1", Some(4))]),
        ]
    );
    let asked = rig.say(json!({"t": "fill", "id": "f1", "room": ROOM, "after": 7}));
    assert_eq!(asked, [Action::Replay(page("f1", room, Some(7)))]);
    let asked = rig.say(json!({"t": "fill", "id": "f2", "room": "general", "after": 7}));
    assert_eq!(asked, [Action::Find(vec![named("f2", Some(7))])]);
    let mut rig = Rig::open_with(Limits { client_frame: 1 << 20, ..Limits::default() });
    let many: serde_json::Map<String, Value> =
        (0..=2_000).map(|n| (Uuid::from_u128(n).to_string(), Value::Null)).collect();
    let refused = sent(&rig.say(json!({"t": "resume", "id": "r2", "cursors": many})));
    assert_eq!(refused["t"], "error");
}

#[test]
fn room_cursors_of_another_epoch_are_ignored() {
    let mut rig = Rig::new();
    rig.say(json!({"t": "hello", "v": 1, "token": "x", "epoch": "beef"}));
    rig.signed_in();
    let asked = rig.say(json!({"t": "resume", "id": "r", "cursors": {"@me": 5, ROOM: 1_040}}));
    let [Action::Resume(requests)] = &asked[..] else { panic!("{asked:?}") };
    let cursors: Vec<Option<Seq>> = requests.iter().map(|request| request.cursor).collect();
    assert_eq!(cursors, [None, Some(5)], "the user log's cursor is the `me` of this connection");
}

#[test]
fn a_flood_closes_but_resume_fill_and_pong_do_not_count() {
    let mut rig = Rig::open_with(Limits { frames_per_60s: 5, ..Limits::default() });
    for _ in 0..100 {
        rig.say(json!({"t": "pong"}));
        rig.say(json!({"t": "fill", "id": "f", "room": ROOM, "after": 1}));
        assert_eq!(closes(&rig.say(json!({"t": "resume", "id": "r", "cursors": {}}))), None);
    }
    for _ in 0..5 {
        assert_eq!(closes(&rig.say(json!({"t": "ping"}))), None);
    }
    assert_eq!(closes(&rig.text("junk counts too")), Some(CloseCode::Flood));
    let mut rig = Rig::with(Limits { frames_per_60s: 5, ..Limits::default() }, None);
    let mut out = Vec::new();
    (0..6).for_each(|_| rig.protocol.on_control(rig.now, &mut out));
    assert_eq!(closes(&out), Some(CloseCode::Flood), "pings of the WebSocket count from the first on");
}

#[test]
fn silence_of_two_heartbeats_closes_and_any_frame_resets_it() {
    let beat = Duration::from_millis(Limits::default().heartbeat_ms);
    let mut rig = Rig::open();
    let mut out = Vec::new();
    rig.now = at(beat);
    rig.protocol.on_tick(rig.now, || vec![(LogId::Room(ROOM.parse().expect("an id")), 1_044)], &mut out);
    assert_eq!(sent(&out), json!({"t": "ping", "heads": {ROOM: 1_044}}));
    rig.say(json!({"t": "typing", "room": ROOM, "on": true}));
    assert_eq!(closes(&rig.tick(beat)), None);
    rig.protocol.on_control(rig.now, &mut Vec::new());
    assert_eq!(closes(&rig.tick(beat)), None);
    assert_eq!(closes(&rig.tick(beat)), Some(CloseCode::Lagged));
}

#[test]
fn a_ping_is_answered_with_the_time() {
    let pong = sent(&Rig::open().say(json!({"t": "ping", "id": "p"})));
    assert_eq!(pong, json!({"t": "pong", "id": "p", "now": wire::rfc3339(START)}));
}

#[test]
fn expiring_comes_a_minute_before_and_auth_renews_in_place() {
    let mut rig = Rig::open();
    let life = Duration::from_secs(900);
    while rig.now.elapsed < Duration::from_secs(825) {
        rig.tick(Duration::from_secs(25));
        rig.say(json!({"t": "pong"}));
    }
    let warned = rig.tick(Duration::from_secs(15));
    assert_eq!(sent(&warned), json!({"t": "expiring", "in_ms": 60_000}));
    let asked = rig.say(json!({"t": "auth", "id": "a1", "token": "new"}));
    let reply = ReplyTo::Frame("a1".into());
    assert_eq!(asked, [Action::Renew { reply: reply.clone(), token: Credential::Token("new".into()) }]);
    let renewed = Identity { expires_at: rig.now.wall + life, ..identity() };
    let mut out = Vec::new();
    rig.protocol.renewed(reply, &Ok(renewed), rig.now, &mut out);
    let ack = sent(&out);
    assert_eq!(
        (&ack["t"], &ack["id"], &ack["room"], &ack["seq"]),
        (&json!("ack"), &json!("a1"), &Value::Null, &Value::Null)
    );
    rig.now = at(life);
    rig.protocol.on_control(rig.now, &mut Vec::new());
    assert_eq!(closes(&rig.tick(Duration::ZERO)), None, "it stays open beyond the first token");
}

#[test]
fn an_expired_token_closes_and_another_users_token_is_rejected() {
    let mut rig = Rig::open();
    rig.protocol.on_control(at(Duration::from_secs(899)), &mut Vec::new());
    assert_eq!(closes(&rig.tick(Duration::from_secs(900))), Some(CloseCode::Unauthenticated));
    let mut rig = Rig::open();
    let mut out = Vec::new();
    rig.protocol.renewed(
        ReplyTo::Frame("a".into()),
        &Err(Refusal::new(Code::Unauthenticated, "no")),
        rig.now,
        &mut out,
    );
    assert_eq!((sent(&out)["of"].clone(), closes(&out)), (json!("auth"), None), "the old token still holds");
    for foreign in [identity_of(2, 1), identity_of(1, 2)] {
        let mut rig = Rig::open();
        let mut out = Vec::new();
        rig.protocol.renewed(ReplyTo::Frame("a".into()), &Ok(foreign), rig.now, &mut out);
        assert_eq!(closes(&out), Some(CloseCode::Credentials));
    }
}

#[test]
fn goaway_is_sent_once_and_then_the_socket_closes() {
    let mut rig = Rig::open();
    let mut out = Vec::new();
    rig.protocol.go_away(Duration::from_millis(7_300), rig.now, &mut out);
    rig.protocol.go_away(Duration::from_millis(1), rig.now, &mut out);
    assert_eq!(out.len(), 1);
    assert_eq!(sent(&out), json!({"t": "goaway", "delay_ms": 7_300, "reason": "drain"}));
    assert_eq!(rig.protocol.next_tick(), Some(Duration::from_millis(7_300)));
    assert!(matches!(
        rig.say(json!({"t": "delete", "id": ID, "room": ROOM, "target": 1, "seen": 1}))[..],
        [Action::Submit { .. }]
    ));
    assert_eq!(closes(&rig.tick(Duration::from_millis(7_300))), Some(CloseCode::Drained));
}

#[test]
fn a_socket_watches_at_most_two_hundred_users() {
    let users = |n: u128| (0..n).map(|n| Uuid::from_u128(n).to_string()).collect::<Vec<_>>();
    let mut rig = Rig::open();
    assert!(
        matches!(&rig.say(json!({"t": "watch", "users": users(200)}))[..], [Action::Watch { users, .. }] if users.len() == 200)
    );
    assert_eq!(sent(&rig.say(json!({"t": "watch", "users": users(201)})))["code"], "bad_request");
}

#[test]
fn frames_that_do_not_count_are_limited_too() {
    let mut rig = Rig::open();
    for _ in 0..PACED_PER_60S {
        assert_eq!(closes(&rig.text(r#"{"t":"pong"}"#)), None);
    }
    assert_eq!(closes(&rig.text(r#"{"t":"pong"}"#)), Some(CloseCode::Flood));

    // A resume costs as much as the logs that it names, because those are read from the store.
    let allowed = |name: fn(u128) -> String| {
        let cursors: serde_json::Map<String, Value> = (0..1_000).map(|n| (name(n), json!(1))).collect();
        let resume = json!({"t": "resume", "id": "r", "cursors": cursors});
        let mut rig = Rig::open_with(Limits { client_frame: 1 << 20, ..Limits::default() });
        (0..100).take_while(|_| closes(&rig.say(resume.clone())).is_none()).count()
    };
    let by_id = allowed(|n| Uuid::from_u128(n + 1).to_string());
    assert!((10..20).contains(&by_id), "{by_id} resumes of all rooms of a user");
    // A room that is named by its slug has to be found first.
    assert_eq!(allowed(|n| format!("r{n}")), 0);

    let mut rig = Rig::open();
    let fill = json!({"t": "fill", "id": "f", "room": "garden", "after": 0});
    let fills = (0..1_000).take_while(|_| closes(&rig.say(fill.clone())).is_none()).count();
    assert_eq!(fills, PACED_PER_60S as usize / LOG_BY_SLUG);
}

#[test]
fn a_wall_clock_that_steps_closes_nothing_and_pings_continue() {
    for step in [-600_000, 600_000] {
        let mut rig = Rig::open();
        let stepped = |elapsed| Now { wall: Timestamp(at(elapsed).wall.0 + step), elapsed };
        for beat in 1..=8 {
            rig.now = stepped(Duration::from_secs(25 * beat));
            let mut out = Vec::new();
            rig.protocol.on_tick(rig.now, Vec::new, &mut out);
            assert_eq!(sent(&out), json!({"t": "ping", "heads": {}}), "heartbeat {beat} after a step of {step} ms");
            assert_eq!(closes(&out), None);
            rig.say(json!({"t": "pong"}));
        }
    }
}

#[test]
fn a_sign_in_that_takes_too_long_is_closed() {
    let mut rig = Rig::new();
    rig.say(json!({"t": "hello", "v": 1, "token": "x"}));
    assert_eq!(rig.protocol.next_tick(), Some(SIGN_IN_TIMEOUT));
    let late = rig.tick(SIGN_IN_TIMEOUT);
    let error = sent(&late);
    assert_eq!((&error["code"], error["retry_ms"].is_u64()), (&json!("unavailable"), true));
    assert_eq!(closes(&late).map(CloseCode::number), Some(4413));
    assert!(rig.signed_in().is_empty(), "the answer comes too late");
}

#[test]
fn a_part_of_a_request_changes_nothing_and_counts_as_a_frame() {
    let mut rig = Rig::with(Limits { frames_per_60s: 3, ..Limits::default() }, None);
    let nothing = |rig: &mut Rig| {
        let mut out = Vec::new();
        rig.protocol.on_request(Decoded::Nothing, rig.now, &mut out);
        out
    };
    assert_eq!(nothing(&mut rig), []);
    assert!(rig.protocol.reads(), "the client may still sign in");
    rig.say(json!({"t": "hello", "v": 1, "token": "x"}));
    rig.signed_in();
    assert_eq!((nothing(&mut rig), nothing(&mut rig)), (vec![], vec![]));
    assert_eq!(closes(&nothing(&mut rig)), Some(CloseCode::Flood));
}

#[test]
fn entering_and_leaving_a_room_names_the_user_and_the_epoch() {
    let mut rig = Rig::open();
    let reply = Reply::unnamed("join_room", None);
    let mut request = |request| {
        let mut out = Vec::new();
        rig.protocol.on_request(Decoded::Request(request), rig.now, &mut out);
        out
    };
    let entered = request(Request::Enter { reply: reply.clone(), room: ROOM.into(), after: None });
    let room = ROOM.parse().expect("an id");
    let (by, epoch) = (identity().actor, EPOCH);
    let enter = Action::Enter { by, epoch, reply: reply.clone(), room, after: None };
    assert_eq!(entered, [enter]);
    let left = request(Request::Exit { reply: reply.clone(), room: ROOM.into() });
    assert_eq!(left, [Action::Exit { reply: reply.clone(), room: ROOM.parse().expect("an id") }]);
    let refused = request(Request::Enter { reply, room: "no such room".into(), after: None });
    assert_eq!(sent(&refused)["code"], "not_found");
}
