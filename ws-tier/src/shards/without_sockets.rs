//! A shard for tests without a network: it passes its commands on.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use engine::{Driver, End, Event, Limits, Socket, Sockets, Violation};

use super::*;

struct PassOn {
    began: Instant,
    commands: Sender<Command>,
}

impl Shards {
    /// Returns a node's shard that has no sockets, and the commands that it gets.
    pub fn without_sockets() -> (Shards, Receiver<Command>) {
        let (commands, received) = channel();
        let make = move || PassOn { began: Instant::now(), commands };
        let shard = engine::start("shard-test".to_owned(), None, make).expect("a thread can start");
        (Shards { shards: [Handle { shard, overrun: Arc::default() }].into(), sessions: None }, received)
    }
}

impl Driver for PassOn {
    type Socket = ();
    type Command = Command;

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn limits(&self, (): &()) -> Limits {
        Limits { message: 0, fragments: 0 }
    }

    fn reads(&self, (): &()) -> bool {
        false
    }

    fn patience(&self, (): &()) -> Duration {
        Duration::MAX
    }

    fn next_tick(&self, (): &()) -> Option<Duration> {
        None
    }

    fn on_commands(&mut self, commands: &mut Vec<Command>, _: &mut Sockets<()>) {
        commands.drain(..).for_each(|command| drop(self.commands.send(command)));
    }

    fn on_event(&mut self, _: &mut Socket<()>, _: &Event<'_>) {}

    fn on_violation(&mut self, _: &mut Socket<()>, _: Violation) {}

    fn on_tick(&mut self, _: &mut Socket<()>) {}

    fn on_writable(&mut self, _: &mut Socket<()>) {}

    fn on_end(&mut self, _: SocketId, (): (), _: End) {}

    fn on_lost_commands(&mut self, _: &mut Sockets<()>) {}
}
