//! Drives the connection by hand: messages and inputs in, outputs out, no socket and no clock.

use domain::limits::Limits;
use domain::name::UserName;
use domain::{Actor, Epoch, SessionId, Timestamp, User, UserId, UserRole};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::codec::Native;
use crate::protocol::RoomPage;

const ID: &str = "01922f4e-7c00-7000-8000-000000000001";

struct Rig {
    connection: Connection,
    now: Now,
}

impl Rig {
    fn open() -> Rig {
        let settings = Arc::new(Settings { node: "n1".into(), limits: Limits::default() });
        let now = Now { wall: Timestamp(1_790_000_000_000), elapsed: Duration::ZERO };
        let mut rig = Rig { connection: Connection::new(settings, "n1-1".into(), None, now), now };
        let out = rig.say(json!({"t": "hello", "v": 1, "token": "x"}));
        assert!(matches!(&out[..], [Output::Perform(Work::Read, action)] if matches!(**action, Action::SignIn(_))));
        let user = User {
            id: UserId(Uuid::from_u128(1)),
            name: UserName::parse("ada").expect("a name"),
            display_name: None,
            guest: false,
            role: UserRole::User,
            banned: false,
            deleted: false,
            created_at: now.wall,
        };
        let session = Some(SessionId(Uuid::from_u128(1)));
        let actor = Actor { user: user.id, session, admin: false, guest: false };
        let identity = Identity { actor, user, expires_at: now.wall + Duration::from_secs(900) };
        let rooms = RoomPage { messages: Vec::new(), next: None };
        let signed_in = SignedIn { identity, epoch: Epoch(1), online: 1, rooms };
        let out = rig.input(Work::Read, Input::SignedIn(Box::new(Ok(signed_in))));
        assert!(matches!(&out[..], [Output::Send(_)]), "a welcome");
        rig
    }

    fn say(&mut self, frame: Value) -> Vec<Output> {
        let mut out = Vec::new();
        self.connection.on_message(&mut Native, Incoming::Text(&frame.to_string()), self.now, &mut out);
        out
    }

    fn input(&mut self, work: Work, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.connection.on_input(work, input, self.now, &mut out);
        out
    }
}

fn room(n: u128) -> String {
    Uuid::from_u128(n).to_string()
}

/// Returns the logs whose pages should be read now.
fn replays(out: &[Output]) -> Vec<(LogId, Option<Seq>)> {
    let replay = |output: &Output| match output {
        Output::Perform(Work::Read, action) => match &**action {
            Action::Replay(request) => Some((request.log, request.cursor)),
            _ => None,
        },
        _ => None,
    };
    out.iter().filter_map(replay).collect()
}

fn closes(out: &[Output]) -> Option<CloseCode> {
    out.iter().find_map(|output| match output {
        Output::Close(code) => Some(*code),
        _ => None,
    })
}

#[test]
fn few_pages_are_read_at_a_time_and_a_newer_request_for_a_log_replaces_the_older() {
    let mut rig = Rig::open();
    let cursors: serde_json::Map<String, Value> = (0..10).map(|n| (room(n), json!(1))).collect();
    let resume = rig.say(json!({"t": "resume", "id": "r", "cursors": cursors}));
    let requests = match &resume[..] {
        [Output::Perform(Work::Read, action)] => match &**action {
            Action::Resume(requests) => requests.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(requests.len(), 10);
    let newer = rig.say(json!({"t": "fill", "id": "f", "room": room(9), "after": 5}));
    assert!(newer.is_empty(), "one resume at a time");
    let next = rig.input(Work::Read, Input::Resumed(requests));
    let [Output::Perform(Work::Read, action), left @ ..] = &next[..] else { panic!("{next:?}") };
    let last = LogId::Room(room(9).parse().expect("an id"));
    let newest = |requests: &[PageRequest]| matches!(requests, [only] if (only.log, only.cursor) == (last, Some(5)));
    assert!(matches!(&**action, Action::Resume(requests) if newest(requests)), "each log by its newest request");
    assert_eq!(replays(left).len(), REPLAYS_IN_FLIGHT, "what the resume has left");
    let mut rest = Vec::new();
    for _ in 0..9 {
        rest.extend(replays(&rig.input(Work::Read, Input::Replayed)));
    }
    assert_eq!(rest.len(), 9 - REPLAYS_IN_FLIGHT, "each log once");
    assert!(rest.iter().all(|(log, _)| *log != last));
}

#[test]
fn nothing_is_read_from_a_client_while_too_much_is_in_flight() {
    let mut rig = Rig::open();
    for n in 0..FRAMES_IN_FLIGHT as u128 {
        assert!(rig.connection.reads());
        let id = format!("01922f4e-7c00-7000-8000-{n:012x}");
        let out = rig.say(json!({"t": "send", "id": id, "room": room(1), "text": "x", "seen": 1}));
        assert!(matches!(&out[..], [Output::Perform(Work::Change, _)]), "a change outlives its socket");
    }
    assert!(!rig.connection.reads());
    assert_eq!(rig.connection.changes(), FRAMES_IN_FLIGHT);
    let refused = Input::Refused(Reply::unnamed("send", None), Refusal::bad_request("no"));
    assert!(matches!(&rig.input(Work::Change, refused)[..], [Output::Send(_)]));
    assert!(rig.connection.reads());
}

#[test]
fn a_message_over_the_limit_is_closed_before_it_is_parsed() {
    let mut rig = Rig::open();
    let long = "[".repeat(Limits::default().client_frame + 1);
    let mut out = Vec::new();
    rig.connection.on_message(&mut Native, Incoming::Text(&long), rig.now, &mut out);
    assert_eq!(closes(&out), Some(CloseCode::Protocol));
    assert!(!rig.connection.reads());
}

#[test]
fn a_request_that_panics_closes_the_socket() {
    let mut rig = Rig::open();
    rig.say(json!({"t": "delete", "id": ID, "room": room(1), "target": 1, "seen": 1}));
    let mut out = Vec::new();
    rig.connection.on_panic(Work::Change, &mut out);
    assert_eq!((closes(&out), rig.connection.changes()), (Some(CloseCode::Overloaded), 0));
}

#[test]
fn a_socket_unknown_to_the_hub_is_asked_to_reconnect() {
    let mut rig = Rig::open();
    rig.say(json!({"t": "fill", "id": "f", "room": room(1), "after": 5}));
    assert_eq!(closes(&rig.input(Work::Read, Input::Detached)), Some(CloseCode::Drained));
}
