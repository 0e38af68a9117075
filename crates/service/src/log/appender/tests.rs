//! The machine, driven by hand with the store's answers: cases that a random test rarely meets.

use std::collections::HashMap;

use crate::limits::{APPEND_DEADLINE, APPENDER_QUEUE, APPENDER_WINDOW, FORWARD_STAY, SCAN_KEPT, SCAN_UNITS};
use domain::Intent;
use domain::limits::Limits;
use domain::name::{RoomName, Slug};
use domain::{Actor, Body, Code, EntryId, Epoch, Member, MemberState, Role, Room, RoomId, RoomKind, SessionId, UserId};
use uuid::Uuid;

use super::*;
use crate::ports::{AppendError, StoreError};

mod shape;

const ROOM: RoomId = RoomId(Uuid::from_u128(5));
const EPOCH: Epoch = Epoch(1);
/// The head of the room before a test begins.
const HEAD: Seq = 10;

/// A machine, and its outputs.
struct Bench {
    machine: Appender,
    rates: Rates,
    now_ms: u64,
    token: Token,
    asked: Option<Command>,
    answers: HashMap<Token, Result<Ack, Refusal>>,
    committed: Vec<Entry>,
    banned: Vec<UserId>,
}

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(100 + n))
}

fn id(n: u128) -> EntryId {
    EntryId(Uuid::from_u128(n << 80 | 7 << 76 | 1 << 63 | 42))
}

fn send(by: u128, number: u128, seen: Option<Seq>) -> Change {
    let text = format!("m{number}").try_into().expect("valid");
    let by = Actor { user: user(by), session: None::<SessionId>, admin: false, guest: false };
    let intent = Intent::Send { text, reply_to: None, thread: None, files: Vec::new() };
    Change { by, id: id(number), seen, epoch: None, intent }
}

fn tip(seq: Seq) -> Tip {
    Tip::from_store(EPOCH, seq, seq, Timestamp(1_000))
}

/// Returns an entry that another user appended.
fn other(seq: Seq, by: UserId, number: u128) -> Entry {
    let message = domain::Message::of("theirs".to_owned().try_into().expect("valid"), seq);
    Entry { v: 1, seq, n: seq, by, id: id(number), at: Timestamp(1_000), body: Body::Message(message) }
}

fn theirs(from: Seq, to: Seq) -> Vec<Entry> {
    (from..=to).map(|seq| other(seq, user(99), 1_000_000 + u128::from(seq))).collect()
}

fn older(entries: Vec<Entry>) -> Input {
    Input::Older(Ok(KeyRange::of(entries.iter().map(EntryKey::from).collect())))
}

fn missed(tip: Tip, entries: Vec<Entry>) -> Input {
    Input::Missed(Ok((tip, entries.iter().map(EntryKey::from).collect())))
}

fn unavailable() -> AppendError {
    AppendError::Unavailable { why: "test".into(), retry_ms: 10 }
}

impl Bench {
    fn new() -> Bench {
        Bench::shaped(AppendShape::default())
    }

    fn shaped(shape: AppendShape) -> Bench {
        let limits = Limits { sends_per_10s: 1_000_000, ..Limits::default() };
        Bench {
            machine: Appender::new(LogId::Room(ROOM), shape),
            rates: Rates::new(limits),
            now_ms: 0,
            token: 0,
            asked: None,
            answers: HashMap::new(),
            committed: Vec::new(),
            banned: Vec::new(),
        }
    }

    /// Returns a machine that has read its log and all rows, so that the next change is decided at once.
    fn warm() -> Bench {
        Bench::warmed(AppendShape::default())
    }

    fn warmed(shape: AppendShape) -> Bench {
        let mut bench = Bench::shaped(shape);
        let token = bench.submit(send(1, 1, None));
        bench.settle(HEAD);
        assert!(bench.answers[&token].is_ok());
        bench.committed.clear();
        bench
    }

    fn now(&self) -> Now {
        Now { wall: Timestamp(2_000), elapsed: Duration::from_millis(self.now_ms) }
    }

    fn take(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Ask(command) => {
                    assert!(self.asked.is_none(), "one command at a time: {command:?}");
                    self.asked = Some(command);
                }
                Output::Answer(token, answer) => {
                    assert!(self.answers.insert(token, answer).is_none(), "answered once");
                }
                Output::Committed(committed) => self.committed.extend(committed.entries.iter().cloned()),
            }
        }
    }

    fn queue(&mut self, change: Change) -> Token {
        let mut out = Vec::new();
        self.token += 1;
        self.machine.submit(change, self.token, self.now(), &mut out);
        self.take(out);
        self.token
    }

    fn go(&mut self) {
        let mut out = Vec::new();
        self.machine.go(self.now(), &self.rates, &mut out);
        self.take(out);
    }

    fn submit(&mut self, change: Change) -> Token {
        let token = self.queue(change);
        self.go();
        token
    }

    fn input(&mut self, input: Input) {
        assert!(self.asked.take().is_some(), "nothing was asked");
        let mut out = Vec::new();
        self.machine.input(input, self.now(), &self.rates, &mut out);
        self.take(out);
    }

    fn appending(&self) -> Arc<Prepared> {
        match &self.asked {
            Some(Command::Append(prepared)) => prepared.clone(),
            other => panic!("not appending: {other:?}"),
        }
    }

    /// Answers rows as if every user were a member of the room (except the banned).
    fn rows(&mut self) {
        let Some(Command::Rows(keys)) = self.asked.clone() else { panic!("no rows asked: {:?}", self.asked) };
        let rows = keys.into_iter().map(|key| match key {
            RowKey::Room => Row::Room(Some(room())),
            RowKey::Member(user) => Row::Member(user, Some(self.member(user))),
            RowKey::Message(seq) => Row::Message(seq, None),
            key => panic!("{key:?}"),
        });
        let rows = rows.collect();
        self.input(Input::Rows(Ok(rows)));
    }

    fn member(&self, user: UserId) -> Member {
        let state = if self.banned.contains(&user) { MemberState::Banned } else { MemberState::Joined };
        let (role, level) = (Role::Member, Default::default());
        Member { user, state, role, muted_until: None, level, quiet_until: None, from_seq: 1, to_seq: None, rev: 1 }
    }

    /// Lets a well-behaved store answer until the machine is idle; the log is at `head` before.
    fn settle(&mut self, head: Seq) {
        let mut head = head;
        while let Some(command) = self.asked.clone() {
            match command {
                Command::Tip => self.input(Input::Tip(Ok(tip(head)))),
                Command::Older { from, to } => self.input(older(theirs(from, to))),
                Command::Rows(_) => self.rows(),
                Command::Append(prepared) => {
                    assert_eq!(prepared.after.seq(), head);
                    head += prepared.entries.len() as Seq;
                    self.input(Input::Appended(Ok(tip_after(&prepared))));
                }
                Command::Wait(_) => self.input(Input::Waited),
                other => panic!("{other:?}"),
            }
        }
        assert!(self.machine.is_idle());
    }

    fn ack(&self, token: Token) -> &Ack {
        self.answers[&token].as_ref().expect("acked")
    }

    fn code(&self, token: Token) -> Code {
        self.answers[&token].as_ref().expect_err("refused").code
    }
}

fn room() -> Room {
    Room {
        id: ROOM,
        kind: RoomKind::Public,
        slug: Some(Slug::parse("tea").expect("valid")),
        name: Some(RoomName::parse("Tea").expect("valid")),
        description: String::new(),
        archived: false,
        hides_past: false,
        slow_mode_s: 0,
        pair: None,
        rev: 1,
    }
}

fn tip_after(prepared: &Prepared) -> Tip {
    let last = prepared.entries.last().expect("never empty");
    Tip::from_store(EPOCH, last.seq, last.n, last.at)
}

#[test]
fn changes_submitted_during_an_append_go_into_the_next() {
    let mut bench = Bench::warm();
    let first = bench.submit(send(1, 2, Some(HEAD)));
    let others: Vec<Token> = (3..103).map(|n| bench.submit(send(1, n, Some(HEAD)))).collect();
    assert_eq!(bench.appending().entries.len(), 1);
    bench.input(Input::Appended(Ok(tip(HEAD + 2))));
    assert_eq!(bench.ack(first).seq, Some(HEAD + 2));
    assert_eq!(bench.appending().entries.len(), 100, "no row is read again");
    let prepared = bench.appending();
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    let seqs: Vec<_> = others.iter().map(|token| bench.ack(*token).seq).collect();
    assert_eq!(seqs, (HEAD + 3..HEAD + 103).map(Some).collect::<Vec<_>>());
    assert!(bench.machine.is_idle());
}

#[test]
fn a_twin_shares_the_answer_in_the_queue_and_under_way() {
    let mut bench = Bench::warm();
    let under_way = bench.submit(send(1, 2, Some(HEAD)));
    let twin = bench.submit(send(1, 2, Some(HEAD)));
    let queued = bench.submit(send(1, 3, Some(HEAD)));
    let queued_twin = bench.submit(send(1, 3, Some(HEAD)));
    let prepared = bench.appending();
    assert_eq!(prepared.entries.len(), 1);
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    let prepared = bench.appending();
    assert_eq!(prepared.entries.len(), 1);
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!((bench.ack(under_way).dup, bench.ack(twin).dup), (false, true));
    assert_eq!(bench.ack(under_way).seq, bench.ack(twin).seq);
    assert_eq!((bench.ack(queued).dup, bench.ack(queued_twin).dup), (false, true));
    assert_eq!(bench.ack(queued).seq, bench.ack(queued_twin).seq);
}

#[test]
fn a_lost_append_found_half_in_its_slot_is_decided_again() {
    let mut bench = Bench::warm();
    let blocker = bench.submit(send(1, 2, Some(HEAD)));
    let (x, y) = (bench.submit(send(1, 3, Some(HEAD))), bench.submit(send(2, 4, Some(HEAD))));
    bench.input(Input::Appended(Ok(tip(HEAD + 2))));
    bench.rows();
    assert!(bench.answers.contains_key(&blocker));
    assert_eq!(bench.appending().entries.len(), 2);
    bench.input(Input::Appended(Err(AppendError::Unknown)));
    assert_eq!(bench.asked, Some(Command::Slot { from: HEAD + 3, to: HEAD + 4 }));
    // Another node wrote `x` (its client retried it there) and then something else.
    let theirs = vec![other(HEAD + 3, user(1), 3), other(HEAD + 4, user(9), 77)];
    bench.input(Input::Slot(Ok(theirs.clone())));
    assert_eq!(bench.asked, Some(Command::Missed { after: HEAD + 2 }));
    bench.input(missed(tip(HEAD + 4), theirs));
    bench.rows();
    assert_eq!((bench.ack(x).seq, bench.ack(x).dup), (Some(HEAD + 3), true));
    let prepared = bench.appending();
    assert_eq!((prepared.entries.len(), prepared.entries[0].id), (1, id(4)));
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!((bench.ack(y).seq, bench.ack(y).dup), (Some(HEAD + 5), false));
    let committed: Vec<Seq> = bench.committed.iter().map(|entry| entry.seq).collect();
    assert_eq!(committed, [HEAD + 2, HEAD + 5], "the node that appended an entry announces it");
}

#[test]
fn a_lost_append_that_was_committed_is_acked_from_its_slot() {
    let mut bench = Bench::warm();
    let token = bench.submit(send(1, 2, Some(HEAD)));
    let written = bench.appending().entries.to_vec();
    bench.input(Input::Appended(Err(AppendError::Unknown)));
    bench.input(Input::Slot(Ok(written)));
    assert_eq!((bench.ack(token).seq, bench.ack(token).dup), (Some(HEAD + 2), false));
    assert_eq!(bench.committed.len(), 1);
    assert!(bench.machine.is_idle());
}

#[test]
fn a_lost_append_with_an_empty_slot_is_retried_unchanged() {
    let mut bench = Bench::warm();
    let token = bench.submit(send(1, 2, Some(HEAD)));
    let first = bench.appending();
    bench.input(Input::Appended(Err(AppendError::Unknown)));
    bench.queue(send(1, 3, Some(HEAD)));
    bench.input(Input::Slot(Ok(Vec::new())));
    assert_eq!(bench.appending(), first, "the same entries at the same place, nothing added");
    bench.input(Input::Appended(Ok(tip_after(&first))));
    assert!(bench.answers[&token].is_ok());
}

#[test]
fn a_lost_append_committed_late_makes_no_duplicate_with_or_without_seen() {
    let mut bench = Bench::warm();
    let token = bench.submit(send(1, 2, None));
    let written = bench.appending().entries.to_vec();
    bench.input(Input::Appended(Err(AppendError::Unknown)));
    bench.input(Input::Slot(Ok(Vec::new())));
    // The first try arrives after all; the second finds its place filled.
    bench.input(Input::Appended(Err(AppendError::Conflict { slot: None })));
    bench.input(missed(tip(HEAD + 2), written));
    bench.rows();
    assert_eq!((bench.ack(token).seq, bench.ack(token).dup), (Some(HEAD + 2), true));
    assert!(bench.machine.is_idle(), "nothing is appended once more: {:?}", bench.asked);
}

#[test]
fn a_change_too_large_for_the_store_is_refused_alone() {
    let mut bench = Bench::warm();
    bench.submit(send(1, 2, Some(HEAD)));
    let tokens: Vec<Token> = (3..6).map(|n| bench.submit(send(1, n, Some(HEAD)))).collect();
    bench.input(Input::Appended(Ok(tip(HEAD + 2))));
    assert_eq!(bench.appending().entries.len(), 3);
    let mut head = HEAD + 2;
    let mut sizes = Vec::new();
    while let Some(command) = bench.asked.clone() {
        match command {
            Command::Append(prepared) => {
                sizes.push(prepared.entries.len());
                let is_too_large = prepared.entries.iter().any(|entry| entry.id == id(4));
                if !is_too_large {
                    head += 1;
                }
                let ok = Ok(tip_after(&prepared));
                bench.input(Input::Appended(if is_too_large { Err(AppendError::TooLarge) } else { ok }));
            }
            Command::Missed { .. } => bench.input(Input::Missed(Ok((tip(head), Vec::new())))),
            Command::Rows(_) => bench.rows(),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(sizes, [3, 1, 1, 1]);
    assert_eq!((bench.ack(tokens[0]).seq, bench.ack(tokens[2]).seq), (Some(HEAD + 3), Some(HEAD + 4)));
    assert_eq!(bench.code(tokens[1]), Code::TooLarge);
    assert!(!bench.code(tokens[1]).is_transient(), "an outbox returns it to its author");
}

#[test]
fn after_a_conflict_rows_are_read_again_and_each_change_decided_again() {
    let mut bench = Bench::warm();
    let token = bench.submit(send(1, 2, Some(HEAD)));
    bench.banned.push(user(1));
    bench.input(Input::Appended(Err(AppendError::Conflict { slot: None })));
    assert_eq!(bench.asked, Some(Command::Missed { after: HEAD + 1 }));
    bench.input(missed(tip(HEAD + 2), vec![other(HEAD + 2, user(9), 5)]));
    bench.rows();
    assert_eq!(bench.code(token), Code::Forbidden);
    assert!(bench.asked.is_none() && bench.machine.is_idle());
}

#[test]
fn seen_above_the_known_head_reads_the_tip_before_it_is_stale() {
    let mut bench = Bench::warm();
    // Another node appended, and this client saw the entry there.
    let token = bench.submit(send(1, 2, Some(HEAD + 2)));
    assert_eq!(bench.asked, Some(Command::Missed { after: HEAD + 1 }));
    bench.input(missed(tip(HEAD + 2), vec![other(HEAD + 2, user(9), 5)]));
    bench.rows();
    let prepared = bench.appending();
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!(bench.ack(token).seq, Some(HEAD + 3));
    let token = bench.submit(send(1, 3, Some(HEAD + 50)));
    bench.input(Input::Missed(Ok((tip_after(&prepared), Vec::new()))));
    assert_eq!(bench.code(token), Code::Stale);
    assert_eq!(bench.answers[&token].as_ref().expect_err("stale").head, Some(HEAD + 3));
}

#[test]
fn a_refusal_holds_only_at_a_tip_that_was_read_since() {
    let mut bench = Bench::warm();
    bench.banned.push(user(2));
    // This node's state of person 2 is older than an entry by another node: they have joined.
    let early = bench.submit(send(2, 2, None));
    bench.rows();
    assert_eq!(bench.asked, Some(Command::Missed { after: HEAD + 1 }), "not answered yet");
    bench.banned.clear();
    bench.input(missed(tip(HEAD + 2), vec![other(HEAD + 2, user(9), 5)]));
    bench.rows();
    let prepared = bench.appending();
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!(bench.ack(early).seq, Some(HEAD + 3));
    // Beside an accepted change, the append itself shows whether the refusal was right.
    bench.banned.push(user(3));
    let (refused, sent) = (bench.queue(send(3, 4, None)), bench.queue(send(1, 5, None)));
    bench.go();
    bench.rows();
    let prepared = bench.appending();
    assert!(!bench.answers.contains_key(&refused));
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!((bench.code(refused), bench.ack(sent).dup), (Code::Forbidden, false));
}

#[test]
fn repeats_from_below_the_window_are_looked_up_with_one_read() {
    let mut bench = Bench::new();
    let (first, second) = (bench.queue(send(1, 7, Some(20))), bench.queue(send(1, 8, Some(30))));
    bench.go();
    bench.input(Input::Tip(Ok(tip(3_000))));
    assert_eq!(bench.asked, Some(Command::Older { from: 21, to: 3_000 }));
    let mut entries = theirs(21, 3_000);
    entries[0] = other(21, user(1), 7);
    bench.input(older(entries));
    bench.rows();
    assert_eq!((bench.ack(first).seq, bench.ack(first).dup), (Some(21), true));
    let prepared = bench.appending();
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!(bench.ack(second).seq, Some(3_001));
}

#[test]
fn the_keys_of_a_scan_serve_further_repeats_for_some_seconds() {
    let mut bench = Bench::new();
    let first = bench.submit(send(1, 7, Some(20)));
    bench.input(Input::Tip(Ok(tip(3_000))));
    bench.input(older(theirs(21, 3_000)));
    bench.settle(3_000);
    assert_eq!(bench.ack(first).seq, Some(3_001));
    for number in 8..40 {
        let repeat = bench.submit(send(1, number, Some(20)));
        assert!(!matches!(bench.asked, Some(Command::Older { .. })), "{:?}", bench.asked);
        bench.settle(2_993 + number as Seq);
        assert!(bench.answers[&repeat].is_ok());
    }
    assert_eq!(bench.machine.next_deadline(), Some(SCAN_KEPT), "then they have to be dropped");
    bench.now_ms = SCAN_KEPT.as_millis() as u64;
    bench.go();
    assert_eq!(
        (bench.machine.next_deadline(), bench.machine.window.from()),
        (None, 3_033 - APPENDER_WINDOW as Seq + 1)
    );
    bench.submit(send(1, 60, Some(20)));
    assert!(matches!(bench.asked, Some(Command::Older { from: 21, .. })), "{:?}", bench.asked);
}

#[test]
fn a_scan_costs_its_user_what_the_store_charged() {
    let mut bench = Bench::new();
    bench.rates = Rates::new(Limits { scans_per_10s: 4, sends_per_10s: 1_000, ..Limits::default() });
    let scan = |bench: &mut Bench, by: u128, units: u64| {
        bench.machine = Appender::new(LogId::Room(ROOM), AppendShape::default());
        let token = bench.submit(send(by, 7, Some(20)));
        bench.input(Input::Tip(Ok(tip(3_000))));
        if matches!(bench.asked, Some(Command::Older { .. })) {
            let keys = theirs(21, 3_000).iter().map(EntryKey::from).collect();
            bench.input(Input::Older(Ok(KeyRange { keys, units })));
            bench.asked = None;
        }
        bench.answers.remove(&token).map(|answer| answer.expect_err("refused").code)
    };
    assert_eq!(scan(&mut bench, 1, 3 * SCAN_UNITS), None, "one and three more");
    assert_eq!(scan(&mut bench, 1, 1), Some(Code::RateLimited));
    for _ in 0..4 {
        assert_eq!(scan(&mut bench, 2, 1), None, "another user's cheap ones count as one each");
    }
    assert_eq!(scan(&mut bench, 2, 1), Some(Code::RateLimited));
}

#[test]
fn a_cold_appender_reads_the_tip_and_what_its_changes_have_not_seen() {
    let mut bench = Bench::new();
    bench.rates = Rates::new(Limits { scans_per_10s: 0, ..Limits::default() });
    bench.submit(send(1, 7, Some(2_997)));
    assert_eq!(bench.asked, Some(Command::Tip));
    bench.input(Input::Tip(Ok(tip(3_000))));
    assert_eq!(bench.asked, Some(Command::Older { from: 2_998, to: 3_000 }), "no scan: it is near the head");
    let mut bench = Bench::new();
    for change in [send(1, 8, Some(3_000)), send(1, 9, None)] {
        bench.queue(change);
    }
    bench.go();
    bench.input(Input::Tip(Ok(tip(3_000))));
    assert!(matches!(bench.asked, Some(Command::Rows(_))), "{:?}", bench.asked);
}

#[test]
fn a_store_without_the_entries_below_its_tip_is_asked_again() {
    let mut bench = Bench::new();
    let token = bench.submit(send(1, 7, Some(2)));
    bench.input(Input::Tip(Ok(tip(9))));
    bench.input(older(theirs(3, 7)));
    assert!(matches!(bench.asked, Some(Command::Wait(_))), "it was restored in between, or a read had a hole");
    bench.input(Input::Waited);
    assert_eq!(bench.asked, Some(Command::Tip));
    bench.input(Input::Tip(Ok(Tip::from_store(Epoch(2), 7, 7, Timestamp(1_000)))));
    bench.input(older(theirs(3, 7)));
    bench.rows();
    bench.input(Input::Appended(Ok(Tip::from_store(Epoch(2), 8, 8, Timestamp(2_000)))));
    assert_eq!(bench.ack(token).seq, Some(8));
}

#[test]
fn more_than_ten_thousand_behind_is_stale_without_a_read() {
    let mut bench = Bench::new();
    let token = bench.submit(send(1, 7, Some(5)));
    bench.input(Input::Tip(Ok(tip(20_000))));
    bench.rows();
    assert_eq!(bench.code(token), Code::Stale);
    assert!(bench.asked.is_none());
}

#[test]
fn a_full_queue_is_overloaded_and_a_thousand_wait_in_order() {
    let mut bench = Bench::warm();
    bench.submit(send(1, 2, Some(HEAD)));
    let tokens: Vec<Token> = (0..APPENDER_QUEUE as u128).map(|n| bench.queue(send(1, 10 + n, Some(HEAD)))).collect();
    let too_much = bench.queue(send(1, 9_999, Some(HEAD)));
    assert_eq!(bench.code(too_much), Code::Overloaded);
    assert!(bench.answers[&too_much].as_ref().expect_err("refused").retry_ms.is_some());
    bench.settle(HEAD + 1);
    let mut seqs = tokens.iter().map(|token| bench.ack(*token).seq.expect("appended"));
    assert!(seqs.clone().eq(HEAD + 3..HEAD + 3 + APPENDER_QUEUE as Seq), "{:?}", seqs.next());
}

#[test]
fn changes_are_answered_in_time_and_not_acked_while_the_store_fails() {
    let mut bench = Bench::warm();
    let token = bench.submit(send(1, 2, Some(HEAD)));
    let mut waits = 0;
    while !bench.answers.contains_key(&token) {
        match bench.asked.clone() {
            Some(Command::Append(_)) => bench.input(Input::Appended(Err(unavailable()))),
            Some(Command::Wait(pause)) => {
                waits += 1;
                let deadline = bench.machine.next_deadline().expect("a caller waits").as_millis() as u64;
                let over = bench.now_ms + pause.as_millis() as u64;
                bench.now_ms = over.min(deadline);
                if over > deadline { bench.go() } else { bench.input(Input::Waited) }
            }
            other => panic!("{other:?}"),
        }
        assert!(bench.now_ms <= 3_000 && waits < 50);
    }
    assert_eq!(bench.code(token), Code::Unavailable);
    assert!(bench.committed.is_empty());
    bench.input(Input::Waited);
    assert!(bench.machine.is_idle(), "no caller waits, so nothing is appended any more");
}

#[test]
fn a_hung_append_is_answered_at_the_deadline_and_announced_when_committed() {
    let mut bench = Bench::warm();
    let token = bench.submit(send(1, 2, Some(HEAD)));
    let prepared = bench.appending();
    assert_eq!(bench.machine.next_deadline(), Some(Duration::from_secs(3)));
    bench.now_ms = 3_000;
    bench.go();
    assert_eq!(bench.code(token), Code::Unavailable);
    assert_eq!(bench.machine.next_deadline(), None);
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    assert_eq!(bench.committed.len(), 1);
    let again = bench.submit(send(1, 2, Some(HEAD)));
    assert_eq!((bench.ack(again).seq, bench.ack(again).dup), (Some(HEAD + 2), true));
}

#[test]
fn another_epoch_ends_all_changes_and_starts_over() {
    let mut bench = Bench::warm();
    let under_way = bench.submit(send(1, 2, Some(HEAD)));
    let queued = bench.submit(send(1, 3, Some(HEAD)));
    bench.input(Input::Appended(Err(AppendError::OtherEpoch)));
    assert_eq!((bench.code(under_way), bench.code(queued)), (Code::Unavailable, Code::Unavailable));
    assert!(bench.machine.is_idle());
    let mut claims = send(1, 2, Some(HEAD));
    claims.epoch = Some(EPOCH);
    let (old, fresh) = (bench.queue(claims), bench.queue(send(1, 4, Some(0))));
    bench.go();
    bench.input(Input::Tip(Ok(Tip::from_store(Epoch(2), 4, 4, Timestamp(0)))));
    bench.input(older(theirs(1, 4)));
    bench.rows();
    assert_eq!(bench.code(old), Code::Unavailable, "it must be repeated with `seen: 0`");
    let prepared = bench.appending();
    bench.input(Input::Appended(Ok(Tip::from_store(Epoch(2), 5, 5, Timestamp(2_000)))));
    assert_eq!((prepared.entries.len(), bench.ack(fresh).seq), (1, Some(5)));
}

#[test]
fn a_taken_name_refuses_only_its_change() {
    let mut bench = Bench::new();
    let create =
        Change { intent: Intent::Create { room: Box::new(room()), people: Vec::new() }, ..send(1, 2, Some(0)) };
    let (token, message) = (bench.queue(create), bench.queue(send(1, 3, Some(0))));
    bench.go();
    bench.input(Input::Tip(Ok(tip(0))));
    let Some(Command::Rows(_)) = bench.asked else { panic!("rows of the send") };
    bench.input(Input::Rows(Ok(vec![Row::Room(None), Row::Member(user(1), None)])));
    assert_eq!(bench.appending().entries.len(), 3, "a room, its owner, and a first message");
    bench.input(Input::Appended(Err(AppendError::Taken("slug"))));
    assert_eq!(bench.code(token), Code::Conflict);
    bench.input(Input::Missed(Ok((tip(0), Vec::new()))));
    bench.input(Input::Rows(Ok(vec![Row::Room(None), Row::Member(user(1), None)])));
    assert_eq!(bench.code(message), Code::NotFound);
}

#[test]
fn a_failed_read_is_retried() {
    let mut bench = Bench::new();
    let token = bench.submit(send(1, 2, None));
    let fails = || StoreError::Unavailable { why: "test".into(), retry_ms: 5 };
    bench.input(Input::Tip(Err(fails())));
    assert!(matches!(bench.asked, Some(Command::Wait(_))));
    bench.input(Input::Waited);
    bench.input(Input::Tip(Ok(tip(0))));
    bench.input(Input::Rows(Err(fails())));
    bench.input(Input::Waited);
    bench.settle(0);
    assert!(bench.answers.contains_key(&token));
}

#[test]
fn a_change_is_counted_once_and_after_the_look_up() {
    let mut bench = Bench::warm();
    bench.rates = Rates::new(Limits { sends_per_10s: 1, ..Limits::default() });
    let sent = bench.submit(send(1, 2, Some(HEAD)));
    bench.input(Input::Appended(Err(AppendError::Conflict { slot: None })));
    bench.input(Input::Missed(Ok((tip(HEAD + 1), Vec::new()))));
    bench.settle(HEAD + 1);
    assert!(bench.answers[&sent].is_ok(), "decided twice, counted once");
    let repeat = bench.submit(send(1, 2, Some(HEAD)));
    assert!(bench.ack(repeat).dup);
    let too_fast = bench.submit(send(1, 3, Some(HEAD)));
    assert_eq!(bench.code(too_fast), Code::RateLimited);
}

#[test]
fn a_refusal_needs_a_look_that_began_after_the_change_arrived() {
    let mut bench = Bench::warm();
    bench.banned.push(user(2));
    let first = bench.submit(send(2, 2, None));
    bench.rows();
    let asked = Some(Command::Missed { after: HEAD + 1 });
    assert_eq!(bench.asked, asked);
    // The store may have answered the look under way before this change arrived.
    let second = bench.submit(send(2, 3, None));
    bench.input(Input::Missed(Ok((bench.machine.tip.expect("known"), Vec::new()))));
    assert_eq!(bench.code(first), Code::Forbidden);
    assert!(!bench.answers.contains_key(&second));
    assert_eq!(bench.asked, asked);
    bench.input(Input::Missed(Ok((bench.machine.tip.expect("known"), Vec::new()))));
    assert_eq!(bench.code(second), Code::Forbidden);
}

/// Loses the open append to another user's entry, and lets the machine read it if it asks for it.
fn lose(bench: &mut Bench, head: Seq) {
    bench.input(Input::Appended(Err(AppendError::Conflict { slot: None })));
    if let Some(Command::Missed { after }) = bench.asked {
        let theirs: Vec<Entry> = (after + 1..=head).map(|seq| other(seq, user(9), 500 + u128::from(seq))).collect();
        bench.input(missed(tip(head), theirs));
        bench.rows();
    }
}

/// Returns a machine that lost three times in a row with this one change, and what it forwards.
fn overtaken(bench: &mut Bench, change: Change) -> (Token, Vec<Change>) {
    let token = bench.submit(change);
    for losses in 1..=3 {
        bench.appending();
        lose(bench, HEAD + 1 + losses);
    }
    let Some(Command::Forward(changes)) = bench.asked.clone() else { panic!("not forwarding: {:?}", bench.asked) };
    (token, changes)
}

fn home_ack(seq: Seq) -> Result<Ack, Refusal> {
    Ok(Ack { seq: Some(seq), at: Timestamp(3_000), dup: false, noop: false, entry: None, text: None })
}

#[test]
fn an_appender_that_loses_three_times_in_a_row_forwards_to_the_home() {
    let mut bench = Bench::warm();
    let (token, changes) = overtaken(&mut bench, send(1, 2, Some(HEAD)));
    assert_eq!((changes.len(), changes[0].id, changes[0].seen), (1, id(2), Some(HEAD)));
    let waits = bench.submit(send(2, 3, None));
    bench.input(Input::Forwarded(Some(vec![home_ack(HEAD + 9)])));
    assert_eq!(bench.ack(token).seq, Some(HEAD + 9));
    assert!(bench.committed.is_empty(), "the home announces what it commits");
    // It keeps forwarding for a while, and names where the log was, so that a lost answer can be looked up.
    let Some(Command::Forward(changes)) = bench.asked.clone() else { panic!("it stays: {:?}", bench.asked) };
    assert_eq!((changes[0].id, changes[0].seen, changes[0].epoch), (id(3), Some(HEAD + 9), Some(EPOCH)));
    bench.input(Input::Forwarded(Some(vec![home_ack(HEAD + 10)])));
    assert_eq!(bench.ack(waits).seq, Some(HEAD + 10));
    bench.now_ms += FORWARD_STAY.as_millis() as u64 + 1;
    bench.submit(send(1, 4, None));
    assert!(matches!(bench.asked, Some(Command::Missed { .. })), "by itself again: {:?}", bench.asked);
}

#[test]
fn a_won_append_resets_the_count() {
    let mut bench = Bench::warm();
    bench.submit(send(1, 2, Some(HEAD)));
    for losses in 1..=2 {
        lose(&mut bench, HEAD + 1 + losses);
    }
    let prepared = bench.appending();
    bench.input(Input::Appended(Ok(tip_after(&prepared))));
    bench.submit(send(1, 3, Some(HEAD)));
    for losses in 1..=2 {
        lose(&mut bench, HEAD + 4 + losses);
    }
    bench.appending();
}

#[test]
fn without_an_answer_of_the_home_an_appender_decides_again_by_itself() {
    let mut bench = Bench::warm();
    let (token, _) = overtaken(&mut bench, send(1, 2, None));
    let twin = bench.submit(send(1, 2, None));
    bench.input(Input::Forwarded(None));
    let Some(Command::Missed { after }) = bench.asked else { panic!("{:?}", bench.asked) };
    // The home had accepted it after all, before its answer was lost.
    let entries = vec![other(after + 1, user(9), 700), other(after + 2, user(1), 2)];
    bench.input(missed(tip(after + 2), entries));
    bench.rows();
    assert_eq!((bench.ack(token).seq, bench.ack(token).dup), (Some(after + 2), true), "found, not appended twice");
    assert_eq!(bench.ack(twin).seq, Some(after + 2));
    assert!(bench.machine.is_idle());
}

#[test]
fn a_forwarded_change_is_not_forwarded_again() {
    let mut bench = Bench::warm();
    let mut out = Vec::new();
    bench.machine.submit_forwarded(send(1, 2, Some(HEAD)), 77, bench.now(), &mut out);
    bench.take(out);
    bench.go();
    for losses in 1..=5 {
        assert_eq!(bench.appending().entries.len(), 1, "after {losses}");
        lose(&mut bench, HEAD + 1 + losses);
    }
    let ours = bench.submit(send(2, 3, Some(HEAD)));
    lose(&mut bench, HEAD + 7);
    let Some(Command::Forward(changes)) = bench.asked.clone() else { panic!("{:?}", bench.asked) };
    assert_eq!(changes.iter().map(|change| change.id).collect::<Vec<_>>(), [id(3)]);
    bench.input(Input::Forwarded(Some(vec![home_ack(HEAD + 8)])));
    assert_eq!(bench.ack(ours).seq, Some(HEAD + 8));
    assert!(matches!(bench.asked, Some(Command::Missed { .. })), "it appends the other one itself");
}

#[test]
fn a_slow_home_does_not_delay_the_answer() {
    let mut bench = Bench::warm();
    let (token, _) = overtaken(&mut bench, send(1, 2, Some(HEAD)));
    assert_eq!(bench.machine.next_deadline(), Some(APPEND_DEADLINE));
    bench.now_ms = APPEND_DEADLINE.as_millis() as u64;
    bench.go();
    assert_eq!(bench.code(token), Code::Unavailable);
    bench.input(Input::Forwarded(None));
    assert!(bench.machine.is_idle());
}

#[test]
fn a_forward_answer_that_does_not_fit_counts_as_none() {
    let mut bench = Bench::warm();
    let (token, _) = overtaken(&mut bench, send(1, 2, Some(HEAD)));
    bench.input(Input::Forwarded(Some(Vec::new())));
    assert!(!bench.answers.contains_key(&token));
    assert!(matches!(bench.asked, Some(Command::Missed { .. })));
}

#[test]
fn nothing_is_decided_on_a_read_with_a_hole() {
    let mut bench = Bench::new();
    let token = bench.submit(send(1, 2, Some(3)));
    let read = |seqs: &[Seq]| -> Vec<Entry> {
        seqs.iter().map(|seq| other(*seq, user(99), 1_000 + u128::from(*seq))).collect()
    };
    // The missing entry could be this very message.
    for with_hole in [read(&[4, 6]), read(&[4, 5])] {
        bench.input(Input::Tip(Ok(tip(6))));
        assert_eq!(bench.asked, Some(Command::Older { from: 4, to: 6 }));
        bench.input(older(with_hole));
        assert!(matches!(bench.asked, Some(Command::Wait(_))), "{:?}", bench.asked);
        bench.input(Input::Waited);
    }
    bench.settle(6);
    assert_eq!(bench.ack(token).seq, Some(7));
    // The next entries of another node are read with a hole, too.
    let ahead = bench.submit(send(1, 3, Some(9)));
    assert_eq!(bench.asked, Some(Command::Missed { after: 7 }));
    bench.input(missed(tip(9), read(&[9])));
    assert_eq!(bench.asked, Some(Command::Tip));
    bench.settle(9);
    assert_eq!(bench.ack(ahead).seq, Some(10));
}
