//! How far users have read: shown to their own sockets with the counts, and in small rooms to everybody.

use std::sync::Arc;
use std::time::Duration;

use domain::RoomId;
use domain::limits::RECEIPT_MEMBERS;
use parking_lot::Mutex;
use realtime::interpreter;
use realtime::message::Outgoing;
use service::Services;
use service::marks::MarkListener;
use service::ports::Mark;
use std::collections::HashMap;

use crate::follow::Follow;
use crate::tasks::Tasks;

/// How long the size of a room is cached.
const SIZE_AGE: Duration = Duration::from_secs(60);
/// Rooms whose size is cached.
const SIZES: usize = 10_000;

/// Shows read marks.
pub(crate) struct Receipts {
    services: Services,
    follow: Arc<Follow>,
    tasks: Tasks,
    /// Whether a room is small, and when that was found out.
    small_rooms: Mutex<HashMap<RoomId, (bool, Duration)>>,
}

impl Receipts {
    pub fn new(services: Services, follow: Arc<Follow>, tasks: Tasks) -> Arc<Receipts> {
        Arc::new(Receipts { services, follow, tasks, small_rooms: Mutex::default() })
    }

    /// Shows a mark to the user's own sockets, with the counts.
    pub fn show_own(&self, mark: &Mark) {
        let message = interpreter::receipt(mark, true);
        self.follow.drive(|hub, effects| {
            for socket in hub.sockets_of(mark.user) {
                hub.enqueue(*socket, Outgoing::Shared(message.clone()), effects);
            }
        });
    }

    /// Shows a mark to the other users in a small room.
    pub async fn show(&self, mark: &Mark) {
        if self.is_small(mark.room).await {
            let message = interpreter::receipt(mark, false);
            self.follow.drive(|hub, effects| hub.signal(mark.room, &message, mark.user, effects));
        }
    }

    async fn is_small(&self, room: RoomId) -> bool {
        if self.follow.hub().live_in(room) == 0 {
            return false;
        }
        let elapsed = self.services.ports.clock.elapsed();
        let known = self.small_rooms.lock().get(&room).copied();
        if let Some((small, at)) = known
            && elapsed.saturating_sub(at) < SIZE_AGE
        {
            return small;
        }

        let Ok(members) = self.services.ports.store.rooms.member_count(room).await else { return false };
        let small = members <= RECEIPT_MEMBERS as u64;
        let mut sizes = self.small_rooms.lock();
        if sizes.len() >= SIZES {
            sizes.clear();
        }
        sizes.insert(room, (small, elapsed));
        small
    }
}

/// Hears marks that rise on this node.
pub(crate) struct LocalMarks(pub Arc<Receipts>);

impl MarkListener for LocalMarks {
    fn marked(&self, mark: &Mark) {
        let (this, mark) = (self.0.clone(), mark.clone());
        self.0.tasks.spawn("receipts", async move {
            this.show_own(&mark);
            this.show(&mark).await;
        });
    }
}
