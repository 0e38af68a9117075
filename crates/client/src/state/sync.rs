//! Follows logs: the room list, pages, events, gaps, and the user log, which lists the user's rooms.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Code, MemberState, Seq};
use wire::{
    AnyEvent, ClientFrame, Event, EventKind, OWN_LOG, OwnEvent, OwnEventKind, RoomChange, RoomEntry, SyncStatus,
};

use super::{Acked, ClientState, Output, Update};

/// Maximum number of cursors in one `resume`, so that it fits a frame.
const CURSORS: usize = 500;

impl ClientState {
    /// Handles the complete room list: resumes every log, including rooms that are cached but not listed.
    pub(super) fn listed(&mut self) {
        self.listed = true;
        self.list.clear();
        for entry in std::mem::take(&mut self.listing) {
            let known = self.member_seq.entry(entry.id.clone()).or_default();
            *known = entry.at_seq.max(*known);
            if let Some(mark) = self.marks.get(&entry.id).copied().filter(|mark| *mark > entry.read) {
                self.say(ClientFrame::Read { room: entry.id.clone(), seq: mark });
            }
            if entry.state == MemberState::Joined {
                let room = self.rooms.entry(entry.id.clone()).or_default();
                room.seen = room.seen.max(entry.head);
            }
            self.list.insert(entry.id.clone(), entry);
        }
        let mut cursors: Vec<(String, Option<Seq>)> = vec![(OWN_LOG.to_owned(), self.me)];
        for (id, room) in &mut self.rooms {
            room.waits = true;
            cursors.push((id.clone(), room.cursor));
        }
        self.me_waits = true;
        for part in cursors.chunks(CURSORS) {
            self.resume(part.iter().cloned().collect());
        }
    }

    fn resume(&mut self, cursors: BTreeMap<String, Option<Seq>>) {
        let id = self.request(cursors.keys());
        self.say(ClientFrame::Resume { id, cursors });
    }

    fn resume_room(&mut self, id: &str) {
        let room = self.rooms.entry(id.to_owned()).or_default();
        room.waits = true;
        let cursor = room.cursor;
        self.resume(BTreeMap::from([(id.to_owned(), cursor)]));
    }

    fn fill(&mut self, log: &str, after: Seq) {
        let log = log.to_owned();
        let id = self.request([&log]);
        self.say(ClientFrame::Fill { id, room: log, after });
    }

    /// Returns a name for a request; from now on answers to older requests for these logs are ignored.
    fn request<'a>(&mut self, logs: impl IntoIterator<Item = &'a String>) -> String {
        self.requests += 1;
        let id = self.requests.to_string();
        for log in logs {
            self.asked.insert(log.clone(), id.clone());
        }
        id
    }

    /// Handles a refused `resume` or `fill`, for one log or as a whole. No page will come, so the newest request of each
    /// affected log is retried after a while. If a retry would be refused too, the log is reset.
    pub(super) fn page_refused(
        &mut self,
        re: &str,
        log: Option<&str>,
        code: Code,
        retry: Option<Duration>,
        now: Duration,
    ) {
        if code == Code::Unauthenticated {
            self.out.push(Output::Renew);
        }
        let whose = self.user.as_ref().map(|user| user.id.clone()).unwrap_or_default();
        let refused = self.asked.iter().filter(|(of, asked)| *asked == re && log.is_none_or(|log| log == *of));
        for (log, _) in refused {
            self.retries.failed(log, retry, !code.is_transient(), &whose, now);
        }
    }

    /// Retries the logs whose delay after an error has passed.
    pub(super) fn ask_again(&mut self, now: Duration) {
        if !self.open {
            return;
        }
        let mut cursors = BTreeMap::new();
        for (log, reset) in self.retries.due(now) {
            // The user log lists the rooms: it is never reset, or a room could stay unknown.
            let cursor = match self.rooms.get(&log) {
                _ if log == OWN_LOG => self.me,
                Some(room) => room.cursor.filter(|_| !reset),
                None => continue,
            };
            cursors.insert(log, cursor);
        }
        if !cursors.is_empty() {
            self.resume(cursors);
        }
    }

    /// Handles the answer to the newest request for a log.
    pub(super) fn sync(
        &mut self,
        log: &str,
        status: SyncStatus,
        head: Option<Seq>,
        n: Option<u64>,
        events: Vec<AnyEvent>,
    ) {
        self.retries.answered(log);
        if log == OWN_LOG {
            self.me_waits = false;
            if status == SyncStatus::Reset {
                self.me = head;
            }
            events.into_iter().for_each(|event| self.event(event));
            if let (SyncStatus::More, Some(me)) = (status, self.me) {
                self.me_waits = true;
                self.fill(OWN_LOG, me);
            }
            return;
        }
        let Some(room) = self.rooms.get_mut(log) else { return };
        if room.cursor.is_none() && matches!(status, SyncStatus::Ok | SyncStatus::More) {
            return;
        }
        room.waits = false;
        if let (SyncStatus::Reset, Some(head)) = (status, head) {
            room.reset(head, n.unwrap_or(0));
        }
        events.into_iter().for_each(|event| self.event(event));
        match status {
            SyncStatus::Forbidden | SyncStatus::NotFound => self.drop_room(log),
            SyncStatus::More => {
                let cursor = self.rooms.get_mut(log).and_then(|room| {
                    room.waits = true;
                    room.cursor
                });
                if let Some(after) = cursor {
                    self.fill(log, after);
                }
            }
            SyncStatus::Ok | SyncStatus::Reset => {}
        }
    }

    pub(super) fn event(&mut self, event: AnyEvent) {
        match event {
            AnyEvent::Room(event) => self.room_event(event),
            AnyEvent::Own(event) => self.own_event(event),
        }
    }

    fn room_event(&mut self, event: Event) {
        let Some(room) = self.rooms.get_mut(&event.room) else { return };
        let Some(cursor) = room.cursor else { return };
        if event.seq <= cursor {
            return;
        }
        if event.seq != cursor + 1 {
            if !std::mem::replace(&mut room.waits, true) {
                self.fill(&event.room, cursor);
            }
            return;
        }
        let message = room.apply(&event);
        let mine = self.user.as_ref().is_some_and(|user| user.id == event.by.id);
        // The user's own event is as good as an ack.
        if mine
            && let Ok(id) = event.id.parse()
            && self.outbox.settle(id, Some(&event.room), Some(event.seq))
        {
            self.out.push(Output::Answer(id, Ok(Acked { seq: Some(event.seq), dup: false, noop: false })));
        }
        self.tell(match message {
            Some(message) => Update::Message { room: event.room.clone(), message },
            None => Update::Changed { room: event.room.clone(), seq: event.seq },
        });
        if let EventKind::Member { user, state, .. } = &event.kind
            && self.user.as_ref().is_some_and(|me| me.id == user.id)
        {
            self.own_membership(&event.room, event.seq, *state);
        }
    }

    /// Applies the user's membership from a room's log.
    fn own_membership(&mut self, id: &str, seq: Seq, state: MemberState) {
        let known = self.member_seq.entry(id.to_owned()).or_default();
        let newest = seq >= *known;
        *known = seq.max(*known);
        match (state, newest) {
            (MemberState::Joined | MemberState::Invited, _) => {}
            (_, true) => self.drop_room(id),
            // An older removal: the user is a member again, and this socket follows nothing unless asked.
            (_, false) => self.resume_room(id),
        }
    }

    fn own_event(&mut self, event: OwnEvent) {
        let me = *self.me.get_or_insert(event.seq.saturating_sub(1));
        if event.seq <= me {
            return;
        }
        if event.seq != me + 1 {
            if !std::mem::replace(&mut self.me_waits, true) {
                self.fill(OWN_LOG, me);
            }
            return;
        }
        self.me = Some(event.seq);
        match event.kind {
            OwnEventKind::Room(RoomChange::Set { entry }) => self.room_set(*entry),
            OwnEventKind::Room(RoomChange::Gone { entry }) if self.is_news(&entry.id, entry.at_seq) => {
                self.drop_room(&entry.id);
            }
            _ => {}
        }
    }

    fn room_set(&mut self, entry: RoomEntry) {
        let known = self.member_seq.get(&entry.id).copied().unwrap_or(0);
        if entry.at_seq < known {
            return;
        }
        let news = self.is_news(&entry.id, entry.at_seq);
        let id = entry.id.clone();
        self.list.insert(id.clone(), entry.clone());
        if entry.state == MemberState::Joined && (news || !self.rooms.contains_key(&id)) {
            let room = self.rooms.entry(id.clone()).or_default();
            room.seen = room.seen.max(entry.head);
            self.resume_room(&id);
        }
        self.tell(Update::RoomSet { entry: Box::new(entry) });
    }

    /// Returns whether a member entry is newer than the known one.
    fn is_news(&mut self, room: &str, at_seq: Seq) -> bool {
        let known = self.member_seq.entry(room.to_owned()).or_default();
        let news = at_seq > *known;
        *known = at_seq.max(*known);
        news
    }

    fn drop_room(&mut self, id: &str) {
        self.list.remove(id);
        if self.rooms.remove(id).is_some() {
            self.tell(Update::RoomGone { room: id.to_owned() });
        }
    }

    /// Handles the heads of a ping, so that even a lost last entry is noticed.
    pub(super) fn heads(&mut self, heads: BTreeMap<String, Seq>) {
        for (log, head) in heads {
            if log == OWN_LOG {
                if let Some(me) = self.me.filter(|me| *me < head)
                    && !std::mem::replace(&mut self.me_waits, true)
                {
                    self.fill(OWN_LOG, me);
                }
                continue;
            }
            let Some(room) = self.rooms.get_mut(&log) else { continue };
            if let Some(cursor) = room.cursor.filter(|cursor| *cursor < head)
                && !std::mem::replace(&mut room.waits, true)
            {
                self.fill(&log, cursor);
            }
        }
    }
}
