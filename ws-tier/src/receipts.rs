//! How far users have read: sent to their own sockets with the counts, and in small rooms to all members.

use std::sync::Arc;

use realtime::interpreter;
use realtime::message::Outgoing;
use service::Services;
use service::marks::MarkListener;
use service::ports::Mark;

use crate::follow::Follow;
use crate::tasks::Tasks;

/// Sends read marks to sockets.
pub(crate) struct Receipts {
    services: Services,
    follow: Arc<Follow>,
    tasks: Tasks,
}

impl Receipts {
    pub fn new(services: Services, follow: Arc<Follow>, tasks: Tasks) -> Arc<Receipts> {
        Arc::new(Receipts { services, follow, tasks })
    }

    /// Sends a mark to the user's own sockets, with the counts.
    pub fn show_own(&self, mark: &Mark) {
        let message = interpreter::receipt(mark, true);
        self.follow.drive(|hub, effects| {
            for socket in hub.sockets_of(mark.user) {
                hub.enqueue(*socket, Outgoing::Shared(message.clone()), effects);
            }
        });
    }

    /// Sends a mark to the other users in a small room.
    pub async fn show(&self, mark: &Mark) {
        if self.follow.hub().live_in(mark.room) == 0 {
            return;
        }
        if self.services.marks.shows_receipts(mark.room).await.unwrap_or(false) {
            let message = interpreter::receipt(mark, false);
            self.follow.drive(|hub, effects| hub.signal(mark.room, &message, mark.user, effects));
        }
    }
}

/// Receives marks that rise on this node.
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
