use std::sync::atomic::AtomicBool;

use domain::{RoomId, Timestamp};
use realtime::codec::CodecKind;
use realtime::connection::Next;
use realtime::message::{Delivery, Outgoing, SharedMessage};
use realtime::protocol::CloseCode;
use uuid::Uuid;

use super::*;
use crate::connections::RemoteAddress;
use crate::drain::Drain;
use crate::send_queue::SendQueue;

const LIMIT: usize = 100_000;

/// A node's sockets, without a network.
struct Rig {
    memory: Arc<MemoryBudget>,
    connections: Arc<ConnectionRegistry>,
    shrunk: Arc<AtomicBool>,
}

impl Rig {
    fn new() -> Rig {
        let (memory, connections) = (MemoryBudget::new(LIMIT), Arc::new(ConnectionRegistry::default()));
        let shrunk = Arc::new(AtomicBool::new(false));
        let flag = shrunk.clone();
        tokio::spawn(memory.clone().keep(connections.clone(), move || flag.store(true, Ordering::Relaxed)));
        Rig { memory, connections, shrunk }
    }

    fn socket(&self, id: &str) -> Arc<SendQueue> {
        let queue = Arc::new(SendQueue::new(CodecKind::Native, self.memory.clone()));
        let peer = RemoteAddress { address: [127, 0, 0, 1].into(), user_agent: String::new() };
        self.connections.insert(id.to_owned(), queue.clone(), peer, Timestamp(0));
        queue
    }

    /// Fills a socket's queue up to this many bytes.
    fn fill(&self, queue: &SendQueue, bytes: usize) {
        queue.post("x".repeat(bytes - queue.bytes()).into()).expect("there is room");
    }

    fn admits(&self) -> Result<(), CloseCode> {
        Arc::new(Drain::new(10, self.memory.clone())).admit(Duration::ZERO).map(drop)
    }

    /// Waits until the budget has been checked.
    async fn look(&self) {
        tokio::time::sleep(INTERVAL * 2).await;
    }
}

fn typing() -> Outgoing {
    let by = wire::UserRef { id: "1".into(), name: "ada".into(), display_name: None, guest: false };
    Outgoing::Shared(Delivery::new(SharedMessage::Typing {
        room: RoomId(Uuid::nil()),
        by,
        ttl: Duration::from_secs(5),
    }))
}

#[tokio::test(start_paused = true)]
async fn under_memory_pressure_caches_shrink_typing_drops_sockets_are_refused_and_the_slowest_closes() {
    let rig = Rig::new();
    let (slow, slower, fast) = (rig.socket("slow"), rig.socket("slower"), rig.socket("fast"));

    rig.fill(&slow, 10_000);
    rig.fill(&slower, 45_000);
    rig.look().await;
    assert!(!rig.shrunk.load(Ordering::Relaxed));
    rig.fill(&slower, 55_000);
    rig.look().await;
    assert!(rig.shrunk.load(Ordering::Relaxed), "at 65 % caches shrink");

    fast.push_all(&[typing()]);
    assert!(fast.bytes() > 0, "below 70 % typing is shown");
    let Next::Write(frames) = fast.next(usize::MAX) else { panic!("there is a frame") };
    fast.written(frames.iter().map(realtime::Frame::len).sum());
    rig.fill(&slower, 75_000);
    fast.push_all(&[typing()]);
    let Next::Write(frames) = fast.next(usize::MAX) else { panic!("there is a frame") };
    assert_eq!(
        frames[0].payload, r#"{"t":"lag","dropped":["typing"]}"#,
        "at 85 % it is dropped, and the client gets a lag frame"
    );
    fast.written(frames[0].len());

    assert_eq!(rig.admits(), Ok(()));
    rig.fill(&slow, 17_000);
    assert_eq!(rig.admits(), Err(CloseCode::Overloaded), "at 92 % no socket is admitted");

    rig.look().await;
    assert_eq!((slow.closing(), slower.closing()), (None, None), "below the budget none is closed");
    rig.fill(&slow, 26_000);
    rig.look().await;
    assert_eq!((slow.closing(), slower.closing()), (None, Some(CloseCode::Lagged)), "only the largest is closed");
    assert_eq!((slower.bytes(), rig.admits()), (0, Ok(())), "its memory is free");
}

#[tokio::test]
async fn a_socket_that_ends_returns_its_memory() {
    let rig = Rig::new();
    let queue = rig.socket("a");
    rig.fill(&queue, 50_000);
    assert!(rig.memory.share() > 0.4);
    rig.connections.remove("a");
    drop(queue);
    assert_eq!(rig.memory.share(), 0.0);
}
