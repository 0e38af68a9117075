//! Drives the sockets of one shard: passes what arrives to each socket's state, and fans messages out.
//!
//! Runs on the shard's thread, so nothing here may block.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Now;
use engine::{Driver, End, Event, Limits, Socket, SocketId, Sockets, Violation};
use realtime::connection::{Backlog, PostError};
use realtime::protocol::CloseCode;
use service::Clock;
use tokio::runtime::Handle;

use crate::fan_out::FanOut;
use crate::shards::Command;
use crate::socket::SocketState;

/// The driver of one shard.
pub(crate) struct ShardDriver {
    /// Where the work of sockets runs.
    runtime: Handle,
    clock: Arc<dyn Clock>,
    overrun: Arc<AtomicBool>,
    /// The node drains: sockets leave within this time.
    departing: Option<Duration>,
}

type State = SocketState;

impl ShardDriver {
    pub fn new(runtime: Handle, clock: Arc<dyn Clock>, overrun: Arc<AtomicBool>) -> ShardDriver {
        ShardDriver { runtime, clock, overrun, departing: None }
    }

    fn on_command(&mut self, command: Command, now: Now, fan_outs: &mut Vec<FanOut>, sockets: &mut Sockets<State>) {
        match command {
            Command::Enqueue { to, messages } => {
                if !fan_outs.last_mut().is_some_and(|last| last.join(&to, &messages)) {
                    fan_outs.push(FanOut::new(to, messages));
                }
            }
            Command::Open(id, opening, state) => match sockets.open(id, opening, *state) {
                Ok(()) => {
                    if let Some(socket) = sockets.get(id).filter(|socket| socket.state.begins.is_some()) {
                        socket.state.begin(now, &self.runtime);
                        sockets.touch(id);
                    }
                    self.departing.into_iter().for_each(|spread| self.depart(id, spread, now, sockets));
                }
                Err(state) => self.on_end(id, state, End::Gone),
            },
            Command::Send(id, message) => queue(sockets, id, |backlog| backlog.push_own(&message)),
            Command::Input(id, work, task, input) => {
                if let Some(socket) = sockets.get(id) {
                    socket.state.on_input(work, task, input.map(|input| *input), now, &self.runtime);
                    sockets.touch(id);
                }
            }
            Command::Post(id, payload, answer) => {
                let posted = match sockets.get(id) {
                    Some(socket) => socket.state.queue.change(|backlog| backlog.post(payload)),
                    None => Err(PostError::Gone),
                };
                sockets.touch(id);
                let _ = answer.send(posted);
            }
            Command::Close(id, code) => {
                deliver(fan_outs, sockets);
                queue(sockets, id, |backlog| backlog.close(code));
            }
            Command::Abandon(id) => queue(sockets, id, Backlog::abandon),
            Command::Depart(spread) => {
                self.departing = Some(spread);
                sockets.ids().into_iter().for_each(|id| self.depart(id, spread, now, sockets));
            }
            Command::Cut => {
                for id in sockets.ids() {
                    sockets.cut(id);
                }
            }
        }
    }

    /// Asks one socket to leave.
    fn depart(&self, id: SocketId, spread: Duration, now: Now, sockets: &mut Sockets<State>) {
        let delay = spread.mul_f64(rand::random_range(0.0..1.0));
        if let Some(socket) = sockets.get(id) {
            socket.state.go_away(delay, now, &self.runtime);
            sockets.touch(id);
        }
    }
}

impl Driver for ShardDriver {
    type Socket = State;
    type Command = Command;

    fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    fn limits(&self, socket: &State) -> Limits {
        socket.limits()
    }

    fn reads(&self, socket: &State) -> bool {
        socket.reads()
    }

    fn patience(&self, socket: &State) -> Duration {
        socket.patience()
    }

    fn next_tick(&self, socket: &State) -> Option<Duration> {
        socket.next_tick()
    }

    fn on_commands(&mut self, commands: &mut Vec<Command>, sockets: &mut Sockets<State>) {
        // The work that sockets begin here needs the runtime's timers.
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        if self.overrun.swap(false, Ordering::AcqRel) {
            self.on_lost_commands(sockets);
        }
        let (now, mut fan_outs) = (self.clock.present(), Vec::new());
        for command in commands.drain(..) {
            self.on_command(command, now, &mut fan_outs, sockets);
        }
        deliver(&mut fan_outs, sockets);
    }

    fn on_event(&mut self, socket: &mut Socket<State>, event: &Event<'_>) {
        let _entered = self.runtime.enter();
        socket.state.on_event(event, self.clock.present(), &self.runtime);
    }

    fn on_violation(&mut self, socket: &mut Socket<State>, violation: Violation) {
        let _entered = self.runtime.enter();
        socket.state.on_violation(violation, self.clock.present(), &self.runtime);
    }

    fn on_tick(&mut self, socket: &mut Socket<State>) {
        let _entered = self.runtime.enter();
        socket.state.on_tick(self.clock.present(), &self.runtime);
    }

    fn on_writable(&mut self, socket: &mut Socket<State>) {
        SocketState::write(socket, self.clock.elapsed());
    }

    fn on_end(&mut self, _: SocketId, socket: State, _: End) {
        self.runtime.spawn(socket.leave());
    }

    /// A command was lost, and it is unknown for which socket: all of them resume from their cursors.
    fn on_lost_commands(&mut self, sockets: &mut Sockets<State>) {
        metrics::counter!("palaver_shard_overruns_total").increment(1);
        for id in sockets.ids() {
            queue(sockets, id, |backlog| backlog.close(CloseCode::Lagged));
        }
    }
}

/// Delivers what waits. A single fan-out is written directly; of several, each socket gets its part in one write.
fn deliver(fan_outs: &mut Vec<FanOut>, sockets: &mut Sockets<State>) {
    let direct = fan_outs.len() == 1;
    fan_outs.drain(..).for_each(|fan_out| fan_out.deliver(sockets, direct));
}

/// Changes one socket's queue, and has the result written.
fn queue(sockets: &mut Sockets<State>, id: SocketId, change: impl FnOnce(&mut Backlog)) {
    if let Some(socket) = sockets.get(id) {
        socket.state.queue.change(change);
        sockets.touch(id);
    }
}
