//! Drives the state of read marks without a store, a clock or a runtime.

use std::sync::Arc;
use std::time::Duration;

use domain::{Body, EditTexts, Entry, EntryId, Epoch, LogId, MemberState, Role, RoomId, Seq, Timestamp, UserId};
use service::limits::{COUNTS_PER_ROOM, LARGE_BELIEVED, MARK_INTERVAL, MEMBER_BELIEVED, SMALL_BELIEVED};
use service::marks::state::{MarkState, MarkWrite, Raised, RoomFacts};
use service::ports::{Committed, MarkRow};
use uuid::Uuid;

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn room(n: u128) -> RoomId {
    RoomId(Uuid::from_u128(n))
}

fn row(read_seq: Seq, read_n: u64) -> MarkRow {
    MarkRow { read_seq, read_n, mentions: Vec::new() }
}

fn write(who: u128, at: u128, seq: Seq) -> MarkWrite {
    MarkWrite { user: user(who), room: room(at), seq, n: seq }
}

/// Returns marks of these users in these rooms that wait to be written, raised in this order.
fn raised(marks: &[(u128, u128)]) -> MarkState {
    let mut state = MarkState::default();
    for (who, at) in marks {
        state.found(user(*who), room(*at), row(0, 0));
        state.raise(user(*who), room(*at), 5, 5);
    }
    state
}

const START: Duration = Duration::from_secs(1_000);

#[test]
fn a_mark_rises_only_if_it_is_known_and_never_falls() {
    let mut state = MarkState::default();
    assert_eq!(state.raise(user(1), room(1), 5, 4), None);
    state.found(user(1), room(1), MarkRow { mentions: vec![4, 7], ..row(3, 3) });
    let mark = MarkRow { mentions: vec![7], ..row(5, 4) };
    assert_eq!(state.raise(user(1), room(1), 5, 4), Some(Raised { row: mark.clone(), rose: true }));
    assert_eq!(state.raise(user(1), room(1), 4, 3), Some(Raised { row: mark.clone(), rose: false }));
    state.found(user(1), room(1), row(2, 2));
    assert_eq!(state.mark(user(1), room(1)), Some(&mark), "an older row that was read late changes nothing");
    assert_eq!(state.overlay(user(1), room(1), row(3, 3)), row(5, 4));
    assert_eq!(state.overlay(user(1), room(1), row(9, 8)), row(9, 8), "another node wrote a higher one");
}

#[test]
fn a_mark_is_written_at_once_and_then_once_a_minute() {
    let mut state = raised(&[(1, 1)]);
    assert_eq!(state.due(START), [write(1, 1, 5)]);
    state.written(user(1), room(1), row(5, 5), START);
    assert!(state.waiting().is_empty());

    state.raise(user(1), room(1), 6, 6);
    assert!(state.due(START + MARK_INTERVAL - Duration::from_millis(1)).is_empty());
    assert_eq!(state.due(START + MARK_INTERVAL), [write(1, 1, 6)]);
    assert_eq!(state.waiting_of(user(1)), [write(1, 1, 6)], "whose last socket closed does not wait");
}

#[test]
fn a_mark_whose_write_failed_or_that_rose_meanwhile_keeps_waiting() {
    let mut state = raised(&[(1, 1)]);
    assert_eq!(state.due(START), [write(1, 1, 5)]);
    // The write failed: nothing is recorded.
    assert_eq!(state.due(START), [write(1, 1, 5)]);
    state.raise(user(1), room(1), 6, 6);
    state.written(user(1), room(1), row(5, 5), START);
    assert_eq!(state.waiting(), [write(1, 1, 6)]);
    state.forget(user(1), room(1));
    assert_eq!((state.waiting(), state.mark(user(1), room(1))), (vec![], None));
}

#[test]
fn the_order_of_writes_does_not_depend_on_the_order_of_marks() {
    let marks: Vec<(u128, u128)> = (1..=20).flat_map(|who| (1..=5).map(move |at| (who, at))).collect();
    let mut backwards = marks.clone();
    backwards.reverse();
    let expected: Vec<MarkWrite> = marks.iter().map(|(who, at)| write(*who, *at, 5)).collect();
    for mut state in [raised(&marks), raised(&backwards)] {
        assert_eq!((state.waiting(), state.due(START)), (expected.clone(), expected.clone()));
        assert_eq!(state.waiting_of(user(2)), expected[5..10]);
        state.clear();
        assert!(state.waiting().is_empty() && state.mark(user(1), room(1)).is_none());
    }
}

fn committed(seq: Seq, n: u64, body: Body) -> Committed {
    let entry = Entry { v: 1, seq, n, by: user(9), id: EntryId(Uuid::from_u128(seq.into())), at: Timestamp(0), body };
    Committed { log: LogId::Room(room(1)), epoch: Epoch(1), entries: Arc::from([entry]), texts: EditTexts::new() }
}

#[test]
fn counts_come_from_commits_and_belong_to_one_epoch() {
    let mut facts = RoomFacts::default();
    facts.committed(&committed(4, 3, Body::delete(1)));
    assert_eq!(facts.count(room(1), 4), None, "no user marks in this room");
    facts.counted(room(1), Epoch(1), [(4, 3)]);
    facts.committed(&committed(5, 4, Body::delete(1)));
    assert_eq!((facts.count(room(1), 4), facts.count(room(1), 5)), (Some(3), Some(4)));
    facts.counted(room(1), Epoch(1), (6..).take(COUNTS_PER_ROOM).map(|seq| (seq, seq)));
    assert_eq!(facts.count(room(1), 5), None, "only recent entries are kept");
    facts.counted(room(1), Epoch(2), [(4, 2)]);
    assert_eq!((facts.count(room(1), 4), facts.count(room(1), 6)), (Some(2), None));
}

#[test]
fn membership_and_size_are_believed_for_a_while() {
    let mut facts = RoomFacts::default();
    let member =
        Body::Member { user: user(2), state: MemberState::Left, role: Role::Member, muted_until: None, why: None };
    facts.member_found(room(1), user(2), START);
    facts.size_found(room(1), true, START);
    assert!(facts.is_member(room(1), user(2), START + MEMBER_BELIEVED / 2));
    assert!(!facts.is_member(room(1), user(2), START + MEMBER_BELIEVED));
    assert_eq!(facts.is_small(room(1), START), Some(true));
    assert_eq!(facts.is_small(room(1), START + SMALL_BELIEVED), None);

    facts.member_found(room(1), user(2), START);
    facts.committed(&committed(5, 4, member.clone()));
    assert!(!facts.is_member(room(1), user(2), START));
    assert_eq!(facts.is_small(room(1), START), None, "its size has changed");

    facts.size_found(room(1), false, START);
    facts.committed(&committed(6, 4, member));
    assert_eq!(facts.is_small(room(1), START + LARGE_BELIEVED / 2), Some(false), "a large room stays large");
}
