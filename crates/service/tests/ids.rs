//! The same seed and the same clock give the same ids, so that a simulation of the whole service can be repeated.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use blobs::FolderBlobs;
use bus::{Broker, InProcessPresence};
use domain::limits::Limits;
use domain::name::{RoomName, UserName};
use domain::{LogId, RoomKind, Timestamp};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngCore as _, SeedableRng as _};
use service::auth::{AuthSettings, Device, Password, Registration, SigningKeys};
use service::files::NewFile;
use service::{ChangeRequest, ManualClock, NewRoom, Ports, Random, RoomRef, ServiceSettings, Services};
use store_memory::MemoryStore;

struct Seeded(Mutex<StdRng>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().fill_bytes(bytes);
    }
}

async fn services(seed: u64, pem: &str, folder: &std::path::Path) -> Services {
    let ports = Ports {
        store: MemoryStore::new().store(),
        blobs: Arc::new(FolderBlobs::open(folder.to_owned()).await.expect("a folder")),
        bus: Arc::new(Broker::new().endpoint()),
        presence: Arc::new(InProcessPresence::new()),
        clock: Arc::new(ManualClock::new(Timestamp(1_790_000_000_000))),
        random: Arc::new(Seeded(Mutex::new(StdRng::seed_from_u64(seed)))),
        limits: None,
    };
    let keys = SigningKeys::from_pem(pem).expect("a key");
    Services::new(
        ports,
        ServiceSettings {
            node: "n".into(),
            limits: Limits::default(),
            auth: AuthSettings::default(),
            keys,
            default_rooms: Vec::new(),
            direct: Default::default(),
            offers: Default::default(),
            compat: Default::default(),
        },
    )
}

/// Makes an id or a secret of every kind, and returns all of them.
async fn made_by(services: &Services) -> Vec<String> {
    let device = Device::new("a test", IpAddr::V4(Ipv4Addr::LOCALHOST));
    let registration = Registration {
        name: UserName::parse("ada").expect("valid"),
        password: Password::parse("correct horse battery".into()).expect("valid"),
        email: None,
        display_name: None,
    };
    let ada = services
        .auth
        .accounts
        .register(None, registration, &device, &service::auth::FirstAccount::Local)
        .await
        .expect("free");
    // The second one has a suffix.
    let guest = || async {
        let name = UserName::parse("eve").expect("valid").into();
        services.auth.accounts.guest(&name, &device).await.expect("allowed")
    };
    let (_, eve) = (guest().await, guest().await);
    let actor = services.auth.sessions.verify(&ada.access_token).expect("fresh");
    let record = services.auth.profiles.get(&actor).await.expect("there");
    let ticket = services.auth.tickets.issue(&actor).await.expect("given");

    let name = RoomName::parse("Tea").expect("valid");
    let new = NewRoom { slug: None, name, description: String::new(), kind: RoomKind::Public, hides_past: false };
    let room = services.rooms.create(&actor, new, ChangeRequest::default()).await.expect("made").room.id;
    let bytes = futures_util::stream::once(async { Ok(bytes::Bytes::from_static(b"hello")) });
    let new = NewFile { room: &RoomRef::Id(room), name: "a.txt", size: 1, original: false };
    let file = services.files.upload(&actor, new, Box::pin(bytes)).await.expect("stored");
    let entries = services.ports.store.log.read(LogId::Room(room), 1, 9).await.expect("the store works");

    let mut made = vec![
        ada.access_token,
        ada.refresh_token.expect("the first one"),
        record.password_hash.expect("an account"),
        eve.user.name.to_string(),
        ticket,
        file.id.to_string(),
    ];
    made.extend([ada.user.id, eve.user.id].iter().map(ToString::to_string));
    made.extend(entries.iter().map(|entry| format!("{room} {}", entry.id)));
    made
}

#[tokio::test]
async fn the_same_seed_and_clock_make_the_same_ids_and_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let pem = SigningKeys::generate().to_pem();
    let first = made_by(&services(7, &pem, folder.path()).await).await;
    let second = made_by(&services(7, &pem, folder.path()).await).await;
    let other = made_by(&services(8, &pem, folder.path()).await).await;
    assert_eq!(first, second);
    assert!(first.iter().zip(&other).all(|(first, other)| first != other), "{first:?} {other:?}");
}
