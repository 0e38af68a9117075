//! Drives the state by hand: a server's frames in, its requests out.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;

const ME: &str = "00000000-0000-7000-8000-00000000000a";
const OTHER: &str = "00000000-0000-7000-8000-00000000000b";

struct Rig {
    state: ClientState,
    now: Duration,
    said: Vec<Value>,
    updates: Vec<Update>,
    answers: Vec<(EntryId, Result<Acked, Refused>)>,
}

fn id(n: u128) -> EntryId {
    EntryId(Uuid::from_u128(n))
}

fn by(user: &str) -> Value {
    json!({"id": user, "name": "x"})
}

fn message(seq: Seq, user: &str, id: u128, text: &str) -> Value {
    json!({"t": "event", "room": "r", "seq": seq, "n": seq, "by": by(user), "at": "x", "id": self::id(id).to_string(),
        "kind": "message", "text": text, "mentions": [], "reply_to": null, "thread": null, "files": [], "rev": seq,
        "edited_at": null, "deleted": false, "reactions": []})
}

fn change(seq: Seq, kind: &str, more: Value) -> Value {
    let mut event = json!({"t": "event", "room": "r", "seq": seq, "n": 1, "by": by(OTHER), "at": "x",
        "id": id(u128::from(seq)).to_string(), "kind": kind});
    event.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
    event
}

fn member(seq: Seq, user: &str, state: &str) -> Value {
    change(seq, "member", json!({"user": by(user), "state": state, "role": "member"}))
}

fn line(room: &str, at_seq: Seq, head: Seq) -> Value {
    json!({"id": room, "slug": room, "name": room, "kind": "public", "with": null, "state": "joined", "role": "member",
        "at_seq": at_seq, "level": "all", "hidden": false, "head": head, "n": 0, "read": 0, "read_n": 0, "mentions": []})
}

fn welcome(epoch: &str) -> Value {
    json!({"t": "welcome", "v": 1, "conn": "c", "node": "n", "epoch": epoch, "caps": [],
        "user": {"id": ME, "name": "me"}, "heartbeat_ms": 25_000, "max_frame": 65_536, "online": 1})
}

impl Rig {
    fn new() -> Rig {
        let (said, updates, answers) = (Vec::new(), Vec::new(), Vec::new());
        Rig { state: ClientState::default(), now: Duration::ZERO, said, updates, answers }
    }

    /// Returns a rig that is connected, and live in room `r` from after `head`.
    fn live(head: Seq) -> Rig {
        let mut rig = Rig::new();
        rig.hear(welcome("e1"));
        rig.hear(json!({"t": "rooms", "me": 0, "rooms": [line("r", 1, head)], "more": false}));
        let re = rig.re();
        rig.sync(&re, "@me", "ok", json!({"from": 1, "through": 0}), vec![]);
        rig.sync(&re, "r", "reset", json!({"head": head, "n": 0}), vec![]);
        assert!(rig.state.is_settled());
        rig.said.clear();
        rig.updates.clear();
        rig
    }

    fn hear(&mut self, frame: Value) {
        let frame = serde_json::from_value(frame).expect("a frame of the protocol");
        self.state.on_frame(frame, self.now);
        self.look();
    }

    fn sync(&mut self, re: &str, room: &str, status: &str, more: Value, events: Vec<Value>) {
        let mut frame = json!({"t": "sync", "re": re, "room": room, "status": status, "epoch": "e1", "as_of": 0,
            "events": events});
        frame.as_object_mut().expect("object").extend(more.as_object().expect("object").clone());
        self.hear(frame);
    }

    fn put(&mut self, n: u128, op: Op) {
        self.state.put("r", id(n), op, None, self.now);
        self.look();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.state.on_tick(self.now);
        self.look();
    }

    fn look(&mut self) {
        for output in self.state.take_outputs() {
            match output {
                Output::Say(frame) => self.said.push(serde_json::to_value(frame).expect("JSON")),
                Output::Tell(update) => self.updates.push(update),
                Output::Answer(id, answer) => self.answers.push((id, answer)),
                Output::Renew | Output::Leave(_) => {}
            }
        }
    }

    /// Returns the name of the last request.
    fn re(&self) -> String {
        let request = self.said.iter().rev().find(|frame| frame["t"] == "resume" || frame["t"] == "fill");
        request.expect("something was asked")["id"].as_str().expect("a name").to_owned()
    }

    /// Returns the frames of this kind since the last call.
    fn of(&mut self, t: &str) -> Vec<Value> {
        let (these, others) = std::mem::take(&mut self.said).into_iter().partition(|frame| frame["t"] == t);
        self.said = others;
        these
    }

    fn text(&self, seq: Seq) -> &str {
        &self.state.room("r").expect("in").messages[&seq].text
    }

    fn cursor(&self) -> Option<Seq> {
        self.state.room("r").and_then(|room| room.cursor)
    }
}

fn send(text: &str) -> Op {
    Op::Send { text: text.into(), reply_to: None }
}

#[test]
fn the_room_list_is_resumed_with_the_user_log_from_me() {
    let mut rig = Rig::new();
    rig.hear(welcome("e1"));
    assert!(!rig.state.is_settled());
    rig.hear(json!({"t": "rooms", "me": 7, "rooms": [line("r", 1, 3)], "more": true}));
    assert!(rig.of("resume").is_empty(), "the list is not complete");
    rig.hear(json!({"t": "rooms", "rooms": [line("s", 1, 3)], "more": false}));
    assert_eq!(rig.of("resume")[0]["cursors"], json!({"@me": 7, "r": null, "s": null}));
}

#[test]
fn events_apply_in_order_and_a_gap_is_filled_once() {
    let mut rig = Rig::live(5);
    rig.hear(message(6, OTHER, 6, "six"));
    rig.hear(message(6, OTHER, 6, "again"));
    rig.hear(message(9, OTHER, 9, "nine"));
    rig.hear(message(10, OTHER, 10, "ten"));
    assert_eq!(rig.cursor(), Some(6));
    let fills = rig.said.clone();
    assert_eq!(fills.len(), 1);
    assert_eq!((&fills[0]["t"], &fills[0]["after"]), (&json!("fill"), &json!(6)));
    let re = rig.re();
    rig.sync(
        &re,
        "r",
        "more",
        json!({"from": 7, "through": 8}),
        vec![message(7, OTHER, 7, "7"), message(8, OTHER, 8, "8")],
    );
    let re = rig.re();
    rig.sync(
        &re,
        "r",
        "ok",
        json!({"from": 9, "through": 10}),
        vec![message(9, OTHER, 9, "9"), message(10, OTHER, 10, "10")],
    );
    assert_eq!(rig.cursor(), Some(10));
    let updates = rig.updates.iter().filter(|update| matches!(update, Update::Message { .. })).count();
    assert_eq!(updates, 5, "each once");
}

#[test]
fn only_the_newest_answer_counts() {
    let mut rig = Rig::live(5);
    rig.hear(message(7, OTHER, 7, "gap"));
    let older = rig.re();
    // The user is removed and joins again; the answer to the older request is still in flight.
    rig.hear(json!({"t": "event", "room": "@me", "seq": 1, "at": "x", "id": id(1).to_string(), "kind": "room",
        "op": "set", "entry": line("r", 9, 9)}));
    let newer = rig.re();
    assert_ne!(older, newer);
    rig.sync(&older, "r", "forbidden", json!({"from": 6, "through": 6}), vec![]);
    assert!(rig.state.room("r").is_some(), "an overtaken `forbidden` drops nothing");
    rig.sync(&newer, "r", "ok", json!({"from": 6, "through": 6}), vec![message(6, OTHER, 6, "6")]);
    assert_eq!(rig.cursor(), Some(6));
    rig.hear(message(8, OTHER, 8, "gap"));
    let last = rig.re();
    rig.sync(&last, "r", "forbidden", json!({"from": 7, "through": 6}), vec![]);
    assert!(rig.state.room("r").is_none());
    assert!(rig.updates.contains(&Update::RoomGone { room: "r".into() }));
}

#[test]
fn one_change_per_room_is_on_the_wire_and_keeps_its_id_and_seen() {
    let mut rig = Rig::live(5);
    rig.put(1, send("one"));
    rig.put(2, send("two"));
    let first = rig.of("send");
    assert_eq!(first.len(), 1);
    assert_eq!((&first[0]["id"], &first[0]["seen"]), (&json!(id(1).to_string()), &json!(5)));
    rig.hear(message(6, OTHER, 60, "other"));
    rig.state.disconnected();
    rig.hear(welcome("e1"));
    assert_eq!(rig.of("send"), first, "unchanged, though more was seen since");
    rig.hear(
        json!({"t": "ack", "id": id(1).to_string(), "room": "r", "seq": 7, "at": "x", "dup": true, "noop": false}),
    );
    assert_eq!(rig.answers, [(id(1), Ok(Acked { seq: Some(7), dup: true, noop: false }))]);
    let second = rig.of("send");
    assert_eq!(
        (&second[0]["id"], &second[0]["seen"]),
        (&json!(id(2).to_string()), &json!(7)),
        "its ack updates the head"
    );
}

#[test]
fn the_users_own_event_is_as_good_as_an_ack() {
    let mut rig = Rig::live(5);
    rig.put(1, send("one"));
    rig.put(2, send("two"));
    rig.of("send");
    rig.hear(message(6, OTHER, 1, "another's entry with the same id"));
    assert!(rig.answers.is_empty());
    rig.hear(message(7, ME, 1, "one"));
    assert_eq!(rig.answers.len(), 1);
    assert_eq!(rig.of("send").len(), 1, "the next one is sent");
    rig.hear(
        json!({"t": "ack", "id": id(1).to_string(), "room": "r", "seq": 7, "at": "x", "dup": false, "noop": false}),
    );
    assert_eq!(rig.answers.len(), 1, "answered once");
}

#[test]
fn temporary_refusals_are_retried_and_final_ones_reported() {
    let mut rig = Rig::live(5);
    let error = |code: &str, retry: Option<u64>| json!({"t": "error", "id": id(1).to_string(), "of": "send", "room": "r", "code": code, "message": "no", "retry_ms": retry});
    rig.put(1, send("one"));
    for code in ["unavailable", "overloaded", "rate_limited", "slow_mode", "unauthenticated"] {
        assert_eq!(rig.of("send").len(), 1, "{code}");
        rig.hear(error(code, Some(4_000)));
        rig.pass(Duration::from_millis(3_999));
        assert!(rig.of("send").is_empty(), "not before the retry delay has passed");
        rig.pass(Duration::from_millis(1));
    }
    rig.hear(error("muted", None));
    assert!(matches!(&rig.answers[..], [(_, Err(Refused { code: Code::Muted, .. }))]));
    assert_eq!(rig.state.unanswered(), 0);
}

#[test]
fn a_change_without_an_answer_is_retried() {
    let mut rig = Rig::live(5);
    rig.put(1, send("one"));
    let first = rig.of("send");
    let due = rig.state.next_tick().expect("it waits");
    rig.pass(due - rig.now);
    assert_eq!(rig.of("send"), first);
}

#[test]
fn another_epoch_drops_the_cache_and_retries_with_seen_0() {
    let mut rig = Rig::live(5);
    rig.hear(message(6, OTHER, 6, "old"));
    rig.put(1, send("one"));
    rig.of("send");
    rig.state.disconnected();
    rig.hear(welcome("e2"));
    assert!(rig.updates.contains(&Update::EpochChanged));
    assert_eq!(rig.of("send")[0]["seen"], 0);
    assert!(rig.state.room("r").is_none());
    rig.hear(json!({"t": "rooms", "me": 3, "rooms": [line("r", 1, 4)], "more": false}));
    assert_eq!(rig.of("resume")[0]["cursors"], json!({"@me": 3, "r": null}));
}

#[test]
fn changes_fold_by_rev_and_deleted_is_final() {
    let mut rig = Rig::live(5);
    rig.hear(message(6, OTHER, 6, "teh"));
    rig.hear(change(7, "edit", json!({"target": 6, "text": "the"})));
    rig.hear(change(8, "react", json!({"target": 6, "emoji": "👍", "on": true})));
    rig.hear(change(9, "react", json!({"target": 6, "emoji": "👍", "on": true})));
    rig.hear(change(10, "react", json!({"target": 6, "emoji": "👍", "on": false})));
    assert_eq!(rig.text(6), "the");
    assert_eq!(rig.state.room("r").expect("in").messages[&6].reactions["👍"], 1);
    rig.hear(change(11, "delete", json!({"target": 6})));
    rig.hear(change(12, "edit", json!({"target": 6, "text": "late"})));
    let gone = &rig.state.room("r").expect("in").messages[&6];
    assert!(gone.deleted && gone.text.is_empty() && gone.reactions.is_empty());
    assert_eq!(gone.rev, 11);
}

#[test]
fn changes_newer_than_a_page_are_kept_for_it() {
    let mut rig = Rig::live(5);
    rig.hear(change(6, "edit", json!({"target": 2, "text": "newer"})));
    let page = |rev: Seq, text: &str| {
        let mut event = message(2, OTHER, 2, text);
        event["rev"] = json!(rev);
        serde_json::from_value::<wire::Event>(event).expect("an event")
    };
    assert!(!rig.state.loaded("r", "e1", 4, &[page(2, "too old")]), "read before the reset");
    assert!(!rig.state.loaded("r", "e0", 9, &[page(2, "of another epoch")]));
    assert!(rig.state.loaded("r", "e1", 5, &[page(2, "older")]));
    assert_eq!(rig.text(2), "newer");
    assert!(rig.state.loaded("r", "e1", 9, &[page(9, "newest")]));
    assert!(rig.state.loaded("r", "e1", 7, &[page(7, "late page")]));
    assert_eq!(rig.text(2), "newest");
}

#[test]
fn heads_find_a_lost_last_entry() {
    let mut rig = Rig::live(5);
    rig.hear(json!({"t": "ping", "heads": {"r": 5, "x": 9}}));
    assert_eq!((rig.of("pong").len(), rig.said.len()), (1, 0));
    rig.hear(json!({"t": "ping", "heads": {"r": 6, "@me": 2}}));
    let fills: Vec<(Value, Value)> =
        rig.of("fill").iter().map(|fill| (fill["room"].clone(), fill["after"].clone())).collect();
    assert_eq!(fills, [(json!("@me"), json!(0)), (json!("r"), json!(5))]);
    rig.hear(json!({"t": "ping", "heads": {"r": 7}}));
    assert!(rig.of("fill").is_empty(), "one fill in flight per log");
}

#[test]
fn a_removal_drops_the_room_and_an_older_one_is_requested_again() {
    let mut rig = Rig::live(5);
    rig.hear(member(6, ME, "kicked"));
    assert!(rig.state.room("r").is_none());
    rig.hear(json!({"t": "event", "room": "@me", "seq": 1, "at": "x", "id": id(1).to_string(), "kind": "room",
        "op": "gone", "entry": {"id": "r", "at_seq": 6, "why": "kicked"}}));
    assert_eq!(rig.state.list().count(), 0);

    let mut rig = Rig::live(5);
    rig.hear(json!({"t": "event", "room": "@me", "seq": 1, "at": "x", "id": id(1).to_string(), "kind": "room",
        "op": "set", "entry": line("r", 9, 9)}));
    rig.of("resume");
    rig.hear(member(6, ME, "kicked"));
    assert!(rig.state.room("r").is_some(), "the user is a member again since 9");
    assert_eq!(rig.of("resume")[0]["cursors"], json!({"r": 6}));
    rig.hear(json!({"t": "event", "room": "@me", "seq": 2, "at": "x", "id": id(2).to_string(), "kind": "room",
        "op": "gone", "entry": {"id": "r", "at_seq": 6, "why": "kicked"}}));
    assert!(rig.state.room("r").is_some(), "an older entry is ignored");
}

#[test]
fn a_mark_is_sent_again_when_the_list_shows_a_lower_one() {
    let mut rig = Rig::live(5);
    rig.state.mark("r", 5);
    rig.state.mark("r", 4);
    rig.look();
    assert_eq!(rig.of("read").len(), 1);
    rig.state.disconnected();
    rig.hear(welcome("e1"));
    rig.hear(json!({"t": "rooms", "me": 0, "rooms": [line("r", 1, 5)], "more": false}));
    assert_eq!(rig.of("read")[0]["seq"], 5);
}

#[test]
fn unknown_kinds_advance_the_cursor() {
    let mut rig = Rig::live(5);
    rig.hear(change(6, "poll", json!({"question": "tea?"})));
    assert_eq!(rig.cursor(), Some(6));
}

#[test]
fn a_thousand_rooms_are_resumed_in_frames_that_fit() {
    let mut rig = Rig::new();
    rig.hear(welcome("e1"));
    let rooms: Vec<Value> = (0..1_000).map(|n| line(&Uuid::from_u128(n).to_string(), 1, 1)).collect();
    rig.hear(json!({"t": "rooms", "me": 0, "rooms": rooms, "more": false}));
    let resumes = rig.of("resume");
    assert_eq!(resumes.iter().map(|frame| frame["cursors"].as_object().expect("object").len()).sum::<usize>(), 1_001);
    assert!(resumes.iter().all(|frame| frame.to_string().len() < 64 * 1024));
}

fn refused(re: &str, of: &str, room: Value, code: &str, retry_ms: Value) -> Value {
    json!({"t": "error", "id": re, "of": of, "room": room, "code": code, "message": "x", "retry_ms": retry_ms})
}

#[test]
fn a_refused_fill_is_retried_after_the_delay_that_the_server_names() {
    let mut rig = Rig::live(10);
    rig.hear(message(12, OTHER, 12, "later"));
    let fill = rig.re();
    rig.hear(refused(&fill, "fill", json!("r"), "unavailable", json!(2_000)));
    rig.said.clear();
    assert!(!rig.state.is_settled(), "the gap is still there");
    rig.hear(json!({"t": "ping", "heads": {"r": 12}}));
    rig.pass(Duration::from_millis(1_900));
    assert!(rig.of("fill").is_empty() && rig.of("resume").is_empty(), "not before that delay");
    rig.pass(Duration::from_secs(1));
    let again = rig.of("resume");
    assert_eq!((again.len(), &again[0]["cursors"]), (1, &json!({"r": 10})));
    let re = again[0]["id"].as_str().expect("a name").to_owned();
    rig.sync(&fill, "r", "ok", json!({}), vec![]);
    assert!(!rig.state.is_settled(), "the request that failed no longer has an answer");
    let missed = vec![message(11, OTHER, 11, "missed"), message(12, OTHER, 12, "later")];
    rig.sync(&re, "r", "ok", json!({"from": 11, "through": 12}), missed);
    assert!(rig.state.is_settled());
    assert_eq!(rig.state.next_tick(), None);
}

#[test]
fn a_refused_resume_backs_off_and_a_final_refusal_resets_the_room() {
    let mut rig = Rig::live(10);
    rig.state.disconnected();
    rig.hear(welcome("e1"));
    rig.hear(json!({"t": "rooms", "me": 0, "rooms": [line("r", 1, 10)], "more": false}));
    let mut waits = Vec::new();
    for _ in 0..4 {
        let re = rig.re();
        rig.said.clear();
        rig.hear(refused(&re, "resume", Value::Null, "overloaded", Value::Null));
        let due = rig.state.next_tick().expect("it retries");
        waits.push(due - rig.now);
        rig.pass(LONG);
        assert_eq!(rig.of("resume").len(), 1, "all logs of the request in one frame");
        rig.said.push(json!({"t": "resume", "id": rig.state.asked["r"].clone()}));
    }
    assert!(waits[0] < Duration::from_secs(1) && waits[3] > waits[0], "{waits:?}");

    let re = rig.re();
    rig.sync(&re, "@me", "ok", json!({"from": 1, "through": 0}), vec![]);
    rig.said.clear();
    rig.hear(refused(&re, "resume", json!("r"), "bad_request", Value::Null));
    rig.pass(LONG);
    assert_eq!(rig.of("resume")[0]["cursors"], json!({"r": null}));
}

#[test]
fn errors_of_an_older_request_or_connection_change_nothing() {
    let mut rig = Rig::live(10);
    rig.hear(refused("0", "resume", json!("r"), "unavailable", json!(10)));
    assert_eq!(rig.state.next_tick(), None);
    rig.hear(message(12, OTHER, 12, "later"));
    let fill = rig.re();
    rig.hear(refused(&fill, "fill", json!("r"), "unavailable", json!(10)));
    rig.state.disconnected();
    rig.said.clear();
    rig.pass(LONG);
    assert_eq!(rig.said, Vec::<Value>::new());
}

/// Longer than any delay.
const LONG: Duration = Duration::from_secs(120);
