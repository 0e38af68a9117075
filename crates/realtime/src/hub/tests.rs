//! Drives the hub by hand: checks every effect, runs none.

use std::time::Duration;

use crate::limits::{LOG_READS_AT_ONCE, LOGS_PER_SOCKET};
use domain::PageStatus;
use uuid::Uuid;

use super::*;
use crate::message::{ReplyTo, SharedMessage};

const EPOCH: Epoch = Epoch(1);
const NOW: Duration = Duration::from_secs(1_000);

fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

fn room(n: u128) -> LogId {
    LogId::Room(RoomId(Uuid::from_u128(n)))
}

/// Returns an event with a distinct text.
fn event(text: &str) -> Arc<Delivery> {
    let by =
        wire::UserRef { id: String::new(), name: text.to_owned(), display_name: None, guest: false, deleted: false };
    Delivery::new(SharedMessage::Typing { room: RoomId(Uuid::nil()), by, ttl: Duration::ZERO })
}

fn entry(seq: Seq) -> EntryDelivery {
    EntryDelivery { seq, event: event(&seq.to_string()), cut: None, removes: None, ends: None }
}

fn removal(seq: Seq, of: UserId) -> EntryDelivery {
    EntryDelivery { removes: Some(of), ..entry(seq) }
}

/// Returns an answer that names a verdict.
fn answer(verdict: Verdict) -> Message {
    Message::NoSuchLog { reply: ReplyTo::Nothing, room: format!("sync {verdict:?}"), epoch: EPOCH }
}

/// Returns the text of an event, or the verdict of an answer.
fn text(message: &Outgoing) -> String {
    match message {
        Outgoing::Shared(delivery) => match delivery.message() {
            SharedMessage::Typing { by, .. } => by.name.clone(),
            other => panic!("{other:?}"),
        },
        Outgoing::Own(message) => match &**message {
            Message::NoSuchLog { room, .. } => room.clone(),
            other => panic!("{other:?}"),
        },
    }
}

/// A hub, and its effects since the last check.
struct Rig {
    hub: Hub,
    effects: Vec<Effect>,
}

fn span(status: PageStatus, through: Seq) -> PageSpan {
    PageSpan { status, epoch: EPOCH, as_of: through, from: 1, through, from_seq: 1 }
}

fn complete(through: Seq) -> PageSpan {
    span(PageStatus::Complete, through)
}

fn reset(head: Seq) -> PageSpan {
    span(PageStatus::Reset { head, n: head }, head)
}

impl Rig {
    fn new() -> Rig {
        Rig { hub: Hub::new(EPOCH, 2), effects: Vec::new() }
    }

    fn attach(&mut self, socket: SocketId, user: UserId) {
        self.hub.attach(socket, user, Some(session(u128::from(socket))), &mut self.effects);
        self.hub.started(LogId::User(user), 0, &mut self.effects);
    }

    fn begin(&mut self, socket: SocketId, log: LogId) -> Request {
        self.hub.begin(socket, log, &mut self.effects).expect("attached")
    }

    fn page(&mut self, request: &Request, page: PageSpan) -> Verdict {
        self.hub.page(request, &page, NOW, answer, &mut self.effects)
    }

    /// Adds a socket that is live from after `at`.
    fn live(&mut self, socket: SocketId, log: LogId, at: Seq) {
        let request = self.begin(socket, log);
        self.hub.started(log, at, &mut self.effects);
        assert_eq!(self.page(&request, complete(at)), Verdict::Live { at });
        self.effects.clear();
    }

    fn deliver(&mut self, log: LogId, entries: &[EntryDelivery]) {
        self.hub.deliver(log, entries, NOW, &mut self.effects);
    }

    /// Returns the messages queued for `socket` since the last check, in order.
    fn got(&self, socket: SocketId) -> Vec<String> {
        let enqueued = self.effects.iter().filter_map(|effect| match effect {
            Effect::Enqueue { shard, to, messages } if to.contains(&socket) => {
                assert_eq!(*shard as u64, socket % 2, "a socket belongs to one shard");
                Some(messages.iter().map(text))
            }
            _ => None,
        });
        enqueued.flatten().collect()
    }

    fn enqueues(&self) -> usize {
        self.effects.iter().filter(|effect| matches!(effect, Effect::Enqueue { .. })).count()
    }

    fn reads(&self) -> Vec<(LogId, Seq)> {
        let read = |effect: &Effect| match effect {
            Effect::Read { log, after } => Some((*log, *after)),
            _ => None,
        };
        self.effects.iter().filter_map(read).collect()
    }

    fn closes(&self) -> Vec<(SocketId, CloseCode)> {
        let close = |effect: &Effect| match effect {
            Effect::Close { socket, code } => Some((*socket, *code)),
            _ => None,
        };
        self.effects.iter().filter_map(close).collect()
    }
}

#[test]
fn a_commit_is_queued_once_per_shard() {
    let mut rig = Rig::new();
    for socket in 0..100 {
        rig.attach(socket, user(1));
        rig.live(socket, room(1), 5);
    }
    rig.deliver(room(1), &[entry(6), entry(7), entry(8)]);
    assert_eq!(rig.enqueues(), 2);
    for socket in 0..100 {
        assert_eq!(rig.got(socket), ["6", "7", "8"]);
    }
}

#[test]
fn an_edit_of_a_hidden_message_is_delivered_without_its_text() {
    let edit = |seq, target| EntryDelivery { cut: Some((target, event(&format!("{seq} cut")))), ..entry(seq) };
    let mut rig = Rig::new();
    for (socket, from_seq) in [(1, 1), (2, 4), (3, 6)] {
        rig.attach(socket, user(socket.into()));
        let request = rig.begin(socket, room(1));
        rig.hub.started(room(1), 5, &mut rig.effects);
        rig.page(&request, PageSpan { from_seq, ..complete(5) });
    }
    rig.effects.clear();
    rig.deliver(room(1), &[entry(6), edit(7, 3), edit(8, 4), entry(9)]);
    assert_eq!(rig.got(1), ["6", "7", "8", "9"]);
    assert_eq!(rig.got(2), ["6", "7 cut", "8", "9"]);
    assert_eq!(rig.got(3), ["6", "7 cut", "8 cut", "9"]);
    // Left and joined again, with another visible history: the start of the first does not hold for the second.
    rig.live(3, room(1), 9);
    rig.deliver(room(1), &[edit(10, 3)]);
    assert_eq!(rig.got(3), ["10"]);
}

#[test]
fn only_the_next_entry_is_delivered_and_a_jump_reads_the_log() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.live(1, room(1), 5);
    rig.deliver(room(1), &[entry(4), entry(5)]);
    assert_eq!(rig.got(1), Vec::<String>::new(), "known");
    rig.deliver(room(1), &[entry(8)]);
    assert_eq!(rig.got(1), Vec::<String>::new());
    assert_eq!(rig.reads(), [(room(1), 5)]);
    rig.deliver(room(1), &[entry(9)]);
    assert_eq!(rig.reads().len(), 1, "one read at a time");
    rig.effects.clear();
    rig.hub.read_done(room(1), &[entry(6), entry(7), entry(8)], 8, NOW, &mut rig.effects);
    assert_eq!(rig.got(1), ["6", "7", "8"]);
    assert_eq!(rig.reads(), [(room(1), 8)], "9 was reported during the read");
}

#[test]
fn a_hint_reads_and_a_lost_last_entry_is_found() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.live(1, room(1), 5);
    rig.hub.hint(room(1), 5, &mut rig.effects);
    assert!(rig.reads().is_empty(), "nothing new");
    rig.hub.hint(room(1), 6, &mut rig.effects);
    assert_eq!(rig.reads(), [(room(1), 5)]);
    rig.hub.read_done(room(1), &[entry(6)], 6, NOW, &mut rig.effects);
    assert_eq!(rig.got(1), ["6"]);
}

#[test]
fn commits_during_the_opening_of_a_log_are_read() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.begin(1, room(1));
    // 7 is committed after the head was read and before the answer arrived.
    rig.hub.hint(room(1), 7, &mut rig.effects);
    assert!(rig.reads().is_empty());
    rig.hub.started(room(1), 6, &mut rig.effects);
    assert_eq!(rig.reads(), [(room(1), 6)]);
}

#[test]
fn a_socket_that_is_behind_gets_no_live_entries() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.live(1, room(1), 5);
    let request = rig.begin(1, room(1));
    rig.deliver(room(1), &[entry(6)]);
    assert!(rig.got(1).is_empty());
    assert_eq!(rig.page(&request, complete(5)), Verdict::More, "6 is not in the page");
    assert_eq!(rig.page(&request, complete(6)), Verdict::Live { at: 6 });
    rig.deliver(room(1), &[entry(7)]);
    assert_eq!(rig.got(1), ["sync More", "sync Live { at: 6 }", "7"]);
}

#[test]
fn the_hub_skips_entries_of_an_earlier_page() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.attach(2, user(2));
    rig.live(2, room(1), 5);
    let request = rig.begin(1, room(1));
    // The page was read after entries that the hub has not received yet.
    assert_eq!(rig.page(&request, complete(7)), Verdict::Live { at: 7 });
    rig.effects.clear();
    rig.deliver(room(1), &[entry(6), entry(7), entry(8)]);
    assert_eq!(rig.got(1), ["8"]);
    assert_eq!(rig.got(2), ["6", "7", "8"]);
    rig.effects.clear();
    rig.deliver(room(1), &[entry(9)]);
    assert_eq!(rig.enqueues(), 2, "no socket is ahead any longer");
}

#[test]
fn a_newer_request_replaces_the_older() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    let older = rig.begin(1, room(1));
    rig.hub.started(room(1), 5, &mut rig.effects);
    let newer = rig.begin(1, room(1));
    rig.effects.clear();
    // A `forbidden` that is overtaken by a newer resume must not remove the socket.
    assert_eq!(rig.page(&older, span(PageStatus::Forbidden, 0)), Verdict::Superseded);
    assert!(rig.got(1).is_empty());
    assert_eq!(rig.page(&newer, complete(5)), Verdict::Live { at: 5 });
    rig.deliver(room(1), &[entry(6)]);
    assert_eq!(rig.got(1), ["sync Live { at: 5 }", "6"]);
}

#[test]
fn a_reset_behind_the_hub_is_read_again() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.attach(2, user(2));
    rig.live(2, room(1), 5);
    let request = rig.begin(1, room(1));
    rig.deliver(room(1), &[entry(6)]);
    rig.effects.clear();
    assert_eq!(rig.page(&request, reset(5)), Verdict::Again);
    assert!(rig.got(1).is_empty());
    assert_eq!(rig.page(&request, reset(6)), Verdict::Live { at: 6 });
}

#[test]
fn after_the_users_own_removal_nothing_follows() {
    let mut rig = Rig::new();
    for socket in [1, 2, 3] {
        rig.attach(socket, user(if socket == 3 { 9 } else { 1 }));
        rig.live(socket, room(1), 5);
    }
    rig.deliver(room(1), &[entry(6), removal(7, user(1)), entry(8)]);
    assert_eq!(rig.got(1), ["6", "7"], "the removal itself is delivered");
    assert_eq!(rig.got(2), ["6", "7"]);
    assert_eq!(rig.got(3), ["6", "7", "8"]);
    assert_eq!(rig.hub.live_in(RoomId(Uuid::from_u128(1))), 1);
    rig.effects.clear();
    rig.hub.detach(1, NOW);
    rig.hub.detach(2, NOW);
    rig.deliver(room(1), &[entry(9)]);
    assert_eq!(rig.got(3), ["9"]);
}

#[test]
fn a_removal_in_an_earlier_page_removes_no_socket() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    let request = rig.begin(1, room(1));
    rig.hub.started(room(1), 5, &mut rig.effects);
    // Removed at 6, a member again at 7: the page shows both.
    assert_eq!(rig.page(&request, complete(7)), Verdict::Live { at: 7 });
    rig.effects.clear();
    rig.deliver(room(1), &[removal(6, user(1)), entry(7), entry(8)]);
    assert_eq!(rig.got(1), ["8"]);
}

#[test]
fn the_user_log_is_followed_without_a_request_and_ends_sessions() {
    let mut rig = Rig::new();
    rig.hub.attach(1, user(1), Some(session(1)), &mut rig.effects);
    assert_eq!(rig.effects, [Effect::Subscribe(LogId::User(user(1)))]);
    rig.hub.started(LogId::User(user(1)), 3, &mut rig.effects);
    rig.attach(2, user(1));
    rig.live(2, LogId::User(user(1)), 3);
    let ends = |seq, ending| EntryDelivery { ends: Some(ending), ..entry(seq) };
    rig.deliver(LogId::User(user(1)), &[ends(4, Ending::Session(session(1)))]);
    assert_eq!(rig.closes(), [(1, CloseCode::Unauthenticated)]);
    assert_eq!(rig.got(2), ["4"]);
    rig.effects.clear();
    rig.deliver(LogId::User(user(1)), &[ends(5, Ending::Rights)]);
    let again = CloseCode::Unauthenticated;
    assert_eq!(rig.closes(), [(1, again), (2, again)], "they sign in again, with their current rights");
    rig.effects.clear();
    rig.deliver(LogId::User(user(1)), &[ends(6, Ending::Ban)]);
    assert_eq!(rig.closes(), [(1, CloseCode::Banned), (2, CloseCode::Banned)]);
    let enqueued = rig.effects.iter().position(|effect| matches!(effect, Effect::Enqueue { .. }));
    let closed = rig.effects.iter().position(|effect| matches!(effect, Effect::Close { .. }));
    assert!(enqueued < closed, "the entry comes before the close");
}

#[test]
fn another_epoch_closes_all_sockets_and_drops_all_state() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.live(1, room(1), 5);
    let request = rig.begin(1, room(1));
    rig.hub.restart(Epoch(2), &mut rig.effects);
    assert_eq!(rig.closes(), [(1, CloseCode::Drained)]);
    assert_eq!(rig.hub.epoch(), Epoch(2));
    assert_eq!(rig.page(&request, complete(5)), Verdict::Superseded);
    rig.hub.detach(1, NOW);
    assert!(rig.hub.begin(1, room(1), &mut rig.effects).is_none(), "it signs in again");
    assert_eq!(rig.hub.counts(), (0, 0));
}

#[test]
fn heads_name_the_logs_that_changed_since_the_last_ping() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.live(1, room(1), 5);
    rig.live(1, room(2), 9);
    assert!(rig.hub.heads(1).is_empty(), "the sync named them");
    rig.deliver(room(1), &[entry(6), entry(7)]);
    assert_eq!(rig.hub.heads(1), [(room(1), 7)]);
    assert!(rig.hub.heads(1).is_empty());
    rig.begin(1, room(1));
    rig.deliver(room(1), &[entry(8)]);
    assert!(rig.hub.heads(1).is_empty(), "a log that it is behind in is being read anyway");
}

#[test]
fn heads_of_a_thousand_rooms_are_all_sent_in_portions() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    for n in 0..1_000 {
        rig.live(1, room(n), 1);
        rig.deliver(room(n), &[entry(2)]);
    }
    let mut named = std::collections::HashSet::new();
    for _ in 0..5 {
        let heads = rig.hub.heads(1);
        assert_eq!(heads.len(), HEADS_PER_PING);
        named.extend(heads);
    }
    assert_eq!(named.len(), 1_000);
    assert!(rig.hub.heads(1).is_empty());
}

#[test]
fn a_socket_follows_a_bounded_number_of_logs() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    for n in 0..LOGS_PER_SOCKET as u128 {
        rig.begin(1, room(n));
    }
    assert!(rig.hub.begin(1, room(u128::MAX), &mut rig.effects).is_none());
    assert!(rig.hub.begin(1, room(0), &mut rig.effects).is_some(), "a log that it follows already");
}

#[test]
fn a_log_without_followers_is_unsubscribed_after_a_while() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    rig.live(1, room(1), 5);
    rig.hub.detach(1, NOW);
    rig.effects.clear();
    rig.hub.tick(NOW + LOG_LINGER / 2, &mut rig.effects);
    assert!(rig.effects.is_empty(), "a follower may return at once");
    rig.attach(2, user(2));
    rig.live(2, room(1), 5);
    rig.hub.tick(NOW + LOG_LINGER, &mut rig.effects);
    assert_eq!(rig.effects, [Effect::Unsubscribe(LogId::User(user(1)))], "the room is followed again");
    rig.hub.detach(2, NOW + LOG_LINGER);
    rig.effects.clear();
    rig.hub.tick(NOW + LOG_LINGER * 2 + Duration::from_secs(1), &mut rig.effects);
    assert_eq!(rig.effects.len(), 2);
    assert_eq!(rig.hub.counts(), (0, 0));
}

#[test]
fn a_signal_goes_to_live_sockets_except_those_of_its_user() {
    let mut rig = Rig::new();
    for socket in [1, 2, 3] {
        rig.attach(socket, user(u128::from(socket)));
        rig.live(socket, room(1), 5);
    }
    rig.begin(3, room(1));
    let typing = event("typing");
    rig.hub.signal(RoomId(Uuid::from_u128(1)), &typing, user(1), &mut rig.effects);
    assert_eq!([1, 2, 3].map(|socket| rig.got(socket).len()), [0, 1, 0]);
}

#[test]
fn a_check_of_many_logs_reads_a_bounded_number_at_a_time() {
    let mut rig = Rig::new();
    rig.attach(1, user(1));
    let logs = 3 * LOG_READS_AT_ONCE as u128;
    for n in 0..logs {
        rig.live(1, room(n), 1);
    }
    rig.hub.check_all(&mut rig.effects);
    assert_eq!(rig.reads().len(), LOG_READS_AT_ONCE);

    let mut read = std::collections::BTreeSet::new();
    while let Some((log, _)) = rig.reads().first().copied() {
        let at = rig.effects.iter().position(|effect| matches!(effect, Effect::Read { log: of, .. } if *of == log));
        rig.effects.remove(at.expect("it was just found"));
        read.insert(log);
        rig.hub.read_done(log, &[], 0, NOW, &mut rig.effects);
        assert!(rig.reads().len() <= LOG_READS_AT_ONCE);
    }
    assert_eq!(read.len() as u128, logs + 1, "each room, and the user log");
}

#[test]
fn a_socket_that_leaves_a_log_gets_nothing_more_of_it() {
    let mut rig = Rig::new();
    let (log, other) = (room(1), room(2));
    rig.attach(1, user(1));
    rig.attach(2, user(2));
    for log in [log, other] {
        rig.live(1, log, 0);
        rig.live(2, log, 0);
    }
    rig.hub.leave(1, log, NOW);
    rig.hub.leave(1, log, NOW);
    rig.hub.leave(9, log, NOW);
    rig.deliver(log, &[entry(1)]);
    rig.deliver(other, &[entry(1)]);
    assert_eq!((rig.got(1), rig.got(2)), (vec!["1".to_owned()], vec!["1".to_owned(), "1".to_owned()]));
    rig.effects.clear();

    rig.hub.leave(2, log, NOW);
    rig.hub.tick(NOW + crate::limits::LOG_LINGER, &mut rig.effects);
    assert_eq!(rig.effects, [Effect::Unsubscribe(log)], "nobody follows it");
}
