use uuid::Uuid;

use super::*;
use PresenceStatus::Online;

const START: Timestamp = Timestamp(1_000_000);

struct Nodes(InProcessPresence);

#[async_trait]
impl conformance::suite::presence::PresenceNodes for Nodes {
    async fn node(&self) -> Arc<dyn PresenceStore> {
        Arc::new(self.0.for_another_node())
    }
}

conformance::presence!(suite, async || Nodes(InProcessPresence::new()));

#[tokio::test]
async fn expired_entries_are_removed() {
    let presence = InProcessPresence::new();
    let (room, user) = (RoomId(Uuid::from_u128(7)), UserId(Uuid::from_u128(1)));
    presence.set_typing(START, room, user, true).await;
    presence.refresh(START, &[(user, "a".into(), Online)]).await;
    presence.changed(START + PRESENCE_LIFE).await;
    assert!(presence.state.lock().typing.is_empty());
    assert!(presence.state.lock().users[&user].by_id.is_empty());
}
