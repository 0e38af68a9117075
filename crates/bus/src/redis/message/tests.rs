use domain::{EditTexts, EntryId, Message, Timestamp};
use serde_json::json;
use uuid::Uuid;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use domain::Body;
use domain::text::MessageText;

use super::*;

const ME: Origin = 7;
const OTHER: Origin = 8;

fn user() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn log() -> LogId {
    LogId::Room(RoomId(Uuid::from_u128(2)))
}

fn entry(seq: Seq, body: Body) -> Entry {
    Entry { v: 1, seq, n: seq, by: user(), id: EntryId(Uuid::from_u128(seq.into())), at: Timestamp(5), body }
}

fn said(text: &str) -> MessageText {
    text.to_owned().try_into().expect("a valid text")
}

fn committed(entries: Vec<Entry>, texts: EditTexts) -> BusMessage {
    BusMessage::Committed(Committed { log: log(), epoch: Epoch(0xfeed), entries: entries.into(), texts })
}

fn heard(message: BusMessage) -> Read {
    Read::Heard(Heard { log: log(), message })
}

#[test]
fn every_message_is_decoded_as_it_was_encoded() {
    let unknown = Body::Unknown(json!({"kind": "poll", "question": "tea?"}));
    let mark = Mark { room: RoomId(Uuid::from_u128(2)), user: user(), seq: 4, n: 3, mentions: vec![2, 3] };
    let all = [
        committed(
            vec![
                entry(4, Body::Message(Message::of(said("hi 👋"), 4))),
                entry(5, Body::edit(4)),
                entry(6, Body::edit(4)),
                entry(7, unknown),
            ],
            EditTexts::from([(5, said("hello"))]),
        ),
        BusMessage::Head { log: log(), epoch: Epoch(u64::MAX), head: 9 },
        BusMessage::Typing(Typing { room: RoomId(Uuid::from_u128(2)), user: user(), on: true }),
        BusMessage::Mark(mark),
    ];
    for message in all {
        let payload = write(OTHER, &message);
        assert_eq!(read(ME, log(), &payload), heard(message));
        assert_eq!(read(OTHER, log(), &payload), Read::Own);
    }
}

#[test]
fn unknown_messages_are_skipped() {
    let good = write(OTHER, &BusMessage::Head { log: log(), epoch: Epoch(1), head: 9 });
    let other = |at: usize, byte: u8| {
        let mut payload = good.clone();
        payload[at] = byte;
        payload
    };
    for payload in [&b""[..], b"hello", &other(0, 2), &other(1, b'?'), &good[..good.len() - 1]] {
        assert_eq!(read(ME, log(), payload), Read::Foreign);
    }
    let head = BusMessage::Head { log: log(), epoch: Epoch(1), head: 9 };
    let more = packed(OTHER, HEAD, &json!({"epoch": 1, "head": 9, "of_a_later_release": [1]}));
    assert_eq!(read(ME, log(), &more), heard(head), "further fields do no harm");
    let hole = CommitRecord::new(Epoch(1), &[entry(4, Body::delete(1)), entry(6, Body::delete(2))], &EditTexts::new());
    assert_eq!(read(ME, log(), &packed(OTHER, COMMITTED, &hole)), Read::Foreign, "a commit has no gaps");
}

#[test]
fn a_large_commit_is_sent_as_its_head() {
    let long = "x".repeat(domain::limits::TEXT_CHARS);
    let entries: Vec<Entry> = (1..=100).map(|seq| entry(seq, Body::Message(Message::of(said(&long), seq)))).collect();
    let payload = write(OTHER, &committed(entries, EditTexts::new()));
    assert!(payload.len() < 100);
    assert_eq!(read(ME, log(), &payload), heard(BusMessage::Head { log: log(), epoch: Epoch(0xfeed), head: 100 }));
}

#[test]
fn a_channel_identifies_its_log() {
    for log in [log(), LogId::User(user())] {
        let name = channel("palaver", log);
        assert_eq!(log_of("palaver", name.as_bytes()), Some(log));
        assert_eq!(log_of("other", name.as_bytes()), None);
    }
    assert_eq!(log_of("palaver", b"palaver:x:1"), None);
}

#[test]
fn messages_of_every_release_are_understood() {
    for messages in fixtures("bus.jsonl") {
        let mut kinds = std::collections::BTreeSet::new();
        for line in messages.lines() {
            let line: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
            let channel = line["channel"].as_str().expect("a channel has a name");
            let payload = BASE64.decode(line["payload"].as_str().expect("a payload is a text")).expect("it is base64");
            let log = log_of("palaver", channel.as_bytes()).expect("it is a log's channel");
            let Read::Heard(heard) = read(ME, log, &payload) else { panic!("{line} is not understood") };
            let again = write(OTHER, &heard.message);
            assert_eq!(String::from_utf8_lossy(&again[HEADER..]), String::from_utf8_lossy(&payload[HEADER..]));
            match heard.message {
                BusMessage::Committed(committed) => kinds.extend(committed.entries.iter().map(|entry| {
                    assert!(!matches!(entry.body, Body::Unknown(_) | Body::Unreadable { .. }), "{entry:?}");
                    let is_edit = matches!(entry.body, Body::Edit { .. });
                    assert_eq!(committed.texts.contains_key(&entry.seq), is_edit, "an edit comes with its text");
                    entry.body.kind().to_owned()
                })),
                BusMessage::Head { .. } => drop(kinds.insert("head".to_owned())),
                BusMessage::Typing(_) => drop(kinds.insert("typing".to_owned())),
                BusMessage::Mark(_) => drop(kinds.insert("mark".to_owned())),
            }
        }
        for kind in ["message", "edit", "delete", "react", "pin", "member", "room", "user_room", "notification_added"] {
            assert!(kinds.contains(kind), "no {kind} was published: {kinds:?}");
        }
    }
}

/// Returns a file of the golden data of each release.
fn fixtures(name: &str) -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let releases = std::fs::read_dir(folder).expect("there are fixtures").map(|entry| entry.expect("it can be read"));
    let files = releases.filter(|entry| entry.path().is_dir()).map(|entry| entry.path().join(name));
    let files: Vec<String> = files.map(|file| std::fs::read_to_string(file).expect("each release has it")).collect();
    assert!(!files.is_empty(), "there is no release");
    files
}
