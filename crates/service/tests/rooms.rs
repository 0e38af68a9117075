//! The use cases of rooms, on the in-memory store.

use std::sync::Arc;

use domain::limits::Limits;
use domain::name::RoomName;
use domain::{Actor, Change, Intent, LogId, RoomKind, UserId};
use service::limits::MEMBERS_LOOKED_AT;
use service::rooms::ChangeRequest;
use service::{
    Access, Approaches, Ids, Logs, NewRoom, OwnRooms, Requests, RoomKinds, RoomRules, Rooms, SystemClock, UserCache,
};
use store_memory::MemoryStore;
use uuid::Uuid;

fn actor(n: u128) -> Actor {
    Actor { user: UserId(Uuid::from_u128(n)), session: None, admin: false, guest: false }
}

#[tokio::test]
async fn listing_a_room_that_very_many_left_takes_bounded_reads() {
    let store = MemoryStore::new().store();
    let limits = Limits { joins_per_minute: 1_000_000, sends_per_10s: 1_000_000, ..Limits::default() };
    let logs = Logs::new(store.clone(), Arc::new(SystemClock), limits.clone());
    let user_cache = UserCache::new(store.clone(), Arc::new(SystemClock));
    let approaches = Approaches::new(&limits, None, Arc::new(SystemClock));
    let rules = RoomRules { limits, ..RoomRules::default() };
    let access = Access::new(store.clone());
    let kinds = RoomKinds::new(store.clone());
    let requests = Requests::new(store.clone(), logs.clone(), user_cache.clone(), kinds);
    let own_rooms = OwnRooms::new(store.clone(), logs.clone(), requests);
    let rooms = Rooms::new(store, logs.clone(), access, user_cache, Ids::system(), rules, approaches, own_rooms);
    // After all others in the order of ids.
    let ada = actor(u128::MAX);
    let name = RoomName::parse("Station").expect("a name");
    let new = NewRoom { slug: None, name, description: String::new(), kind: RoomKind::Public, hides_past: false };
    let room = rooms.create(&ada, new, ChangeRequest::default()).await.expect("made").room.id;
    for n in 1..=MEMBERS_LOOKED_AT as u128 + 100 {
        for intent in [Intent::Join, Intent::Leave] {
            let change = Change { by: actor(n), id: Ids::system().entry(), seen: None, epoch: None, intent };
            logs.submit(LogId::Room(room), change).await.expect("accepted");
        }
    }
    let first = rooms.members(&ada, &room.into(), None, None).await.expect("read");
    assert_eq!((first.items.len(), first.next), (0, Some(actor(MEMBERS_LOOKED_AT as u128).user)));
    let second = rooms.members(&ada, &room.into(), first.next, None).await.expect("read");
    assert_eq!(
        (second.items.iter().map(|member| member.user).collect::<Vec<_>>(), second.next),
        (vec![ada.user], None)
    );
}
