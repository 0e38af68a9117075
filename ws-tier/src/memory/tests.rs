use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;

use domain::{RoomId, Timestamp};
use realtime::codec::CodecKind;
use realtime::connection::{Backlog, Next};
use realtime::message::{Delivery, Outgoing, SharedMessage};
use realtime::protocol::CloseCode;
use uuid::Uuid;

use super::*;
use crate::connections::{RegisteredConnection, RemoteAddress};
use crate::drain::Drain;
use crate::send_queue::SendQueue;
use crate::shards::{Command, Shards};

const LIMIT: usize = 100_000;

/// A node's queues without a network: a test carries out what the budget asks of their shard.
struct Rig {
    memory: Arc<MemoryBudget>,
    connections: Arc<ConnectionRegistry>,
    shards: Shards,
    commands: Receiver<Command>,
    shrunk: Arc<AtomicBool>,
}

impl Rig {
    fn new() -> Rig {
        let (memory, connections) = (MemoryBudget::new(LIMIT), Arc::new(ConnectionRegistry::default()));
        let shrunk = Arc::new(AtomicBool::new(false));
        let flag = shrunk.clone();
        tokio::spawn(memory.clone().keep(connections.clone(), move || flag.store(true, Ordering::Relaxed)));
        let (shards, commands) = Shards::without_sockets();
        Rig { memory, connections, shards, commands, shrunk }
    }

    fn socket(&self, id: u64, name: &str) -> SendQueue {
        let queue = SendQueue::new(CodecKind::Native, self.memory.clone());
        let remote = RemoteAddress { address: [127, 0, 0, 1].into(), user_agent: String::new() };
        let (shards, level) = (self.shards.clone(), queue.level().clone());
        let connection = RegisteredConnection::new(id, shards, level, remote, Timestamp(0));
        self.connections.insert(name.into(), Arc::new(connection));
        queue
    }

    fn admits(&self) -> Result<(), CloseCode> {
        let limits = domain::limits::Limits { connections_per_node: 10, ..Default::default() };
        let drain = Arc::new(Drain::new(&limits, self.memory.clone()));
        let address = std::net::Ipv4Addr::LOCALHOST.into();
        drain.admit(address, Duration::ZERO).map(drop).map_err(|refused| refused.code)
    }

    /// Waits until the budget has been checked. Returns the sockets that it closes.
    async fn look(&self) -> Vec<u64> {
        tokio::time::sleep(INTERVAL * 2).await;
        // The shard's thread passes commands on at its own pace.
        std::thread::sleep(Duration::from_millis(100));
        let abandoned = |command| match command {
            Command::Abandon(id) => Some(id),
            _ => None,
        };
        self.commands.try_iter().filter_map(abandoned).collect()
    }
}

/// Fills a queue up to this many bytes.
fn fill(queue: &mut SendQueue, bytes: usize) {
    let missing = bytes - queue.backlog().bytes();
    queue.change(|backlog| backlog.post("x".repeat(missing).into())).expect("there is room");
}

fn write(queue: &mut SendQueue) -> Vec<realtime::Frame> {
    let Next::Write(frames) = queue.change(|backlog| backlog.next(usize::MAX)) else { panic!("there is a frame") };
    queue.change(|backlog| backlog.written(frames.iter().map(realtime::Frame::len).sum()));
    frames
}

fn typing() -> Outgoing {
    let by = wire::UserRef { id: "1".into(), name: "ada".into(), display_name: None, guest: false, deleted: false };
    Outgoing::Shared(Delivery::new(SharedMessage::Typing {
        room: RoomId(Uuid::nil()),
        by,
        ttl: Duration::from_secs(5),
    }))
}

#[tokio::test(start_paused = true)]
async fn under_memory_pressure_caches_shrink_typing_drops_sockets_are_refused_and_the_slowest_closes() {
    let rig = Rig::new();
    let (mut slow, mut slower, mut fast) = (rig.socket(0, "slow"), rig.socket(1, "slower"), rig.socket(2, "fast"));

    fill(&mut slow, 10_000);
    fill(&mut slower, 45_000);
    rig.look().await;
    assert!(!rig.shrunk.load(Ordering::Relaxed));
    fill(&mut slower, 55_000);
    rig.look().await;
    assert!(rig.shrunk.load(Ordering::Relaxed), "at 65 % caches shrink");

    fast.change(|backlog| backlog.push(&typing()));
    assert!(!write(&mut fast).is_empty(), "below 70 % typing is shown");
    fill(&mut slower, 75_000);
    assert!(!fast.is_empty(), "nothing is written around a queue that drops frames");
    fast.change(|backlog| backlog.push(&typing()));
    assert_eq!(
        write(&mut fast)[0].payload(),
        r#"{"t":"lag","dropped":["typing"]}"#,
        "at 85 % it is dropped, and the client gets a lag frame"
    );

    assert_eq!(rig.admits(), Ok(()));
    fill(&mut slow, 17_000);
    assert_eq!(rig.admits(), Err(CloseCode::Overloaded), "at 92 % no socket is admitted");

    assert_eq!(rig.look().await, Vec::<u64>::new(), "below the budget none is closed");
    fill(&mut slow, 26_000);
    let closed = rig.look().await;
    assert!(closed.iter().all(|id| *id == 1) && !closed.is_empty(), "only the largest is closed, not {closed:?}");
    slower.change(Backlog::abandon);
    assert_eq!(slower.backlog().closing(), Some(CloseCode::Lagged));
    assert_eq!((slower.level().bytes(), rig.admits()), (0, Ok(())), "its memory is free");
}

#[tokio::test]
async fn a_socket_that_ends_returns_its_memory() {
    let rig = Rig::new();
    let mut queue = rig.socket(0, "a");
    fill(&mut queue, 50_000);
    assert!(rig.memory.share() > 0.4);
    rig.connections.remove("a");
    drop(queue);
    assert_eq!(rig.memory.share(), 0.0);
}
