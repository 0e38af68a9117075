//! A shard's thread: waits for its sockets and its commands, and calls the driver.

use std::any::Any;
use std::io::{ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mio::{Events, Poll, Registry};
use websocket::Event;

use crate::limits::{CLOSE_WAIT, EVENTS_PER_POLL, READ_BUFFER};
use crate::lingering::Lingering;
use crate::shard::{Inbox, WAKE};
use crate::socket::Slot;
use crate::sockets::Sockets;
use crate::timers::Timers;
use crate::{Driver, End, SocketId};

/// The state of a shard, on its own thread.
pub(crate) struct Thread<D: Driver> {
    driver: D,
    sockets: Sockets<D::Socket>,
    lingering: Lingering,
    timers: Timers,
    buffer: Vec<u8>,
    inbox: Inbox<D::Command>,
    batch: Vec<D::Command>,
    poll: Poll,
}

impl<D: Driver> Thread<D> {
    pub fn new(driver: D, poll: Poll, registry: Registry, inbox: Inbox<D::Command>) -> Thread<D> {
        Thread {
            driver,
            sockets: Sockets::new(registry),
            lingering: Lingering::default(),
            timers: Timers::default(),
            buffer: vec![0; READ_BUFFER],
            inbox,
            batch: Vec::new(),
            poll,
        }
    }

    /// Runs until no handle is left.
    pub fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        while self.inbox.take(&mut self.batch) {
            let timeout = self.timeout();
            match self.poll.poll(&mut events, timeout) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    tracing::error!(%error, "polling the sockets of a shard failed, will retry");
                    std::thread::sleep(Duration::from_millis(100));
                }
                _ => {}
            }
            self.inbox.after_sleep();

            for event in events.iter().filter(|event| event.token() != WAKE) {
                let id = event.token().0 as SocketId;
                match self.sockets.slots.get_mut(&id) {
                    Some(slot) => {
                        slot.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
                        slot.read_closed |= event.is_read_closed();
                        self.sockets.touch(id);
                    }
                    None => self.lingering.on_ready(id, &mut self.buffer),
                }
            }
            self.on_timers();
            if !self.inbox.take(&mut self.batch) {
                break;
            }
            self.on_commands();
            self.settle_touched();
        }
        for id in self.sockets.ids() {
            self.end(id, End::Gone);
        }
    }

    /// Returns how long to sleep, and announces it to those who send commands.
    fn timeout(&mut self) -> Option<Duration> {
        if !self.batch.is_empty() || !self.sockets.touched.is_empty() {
            return Some(Duration::ZERO);
        }
        self.inbox.before_sleep();
        self.inbox.take(&mut self.batch);
        match self.batch.is_empty() {
            true => self.timers.next().map(|due| due.saturating_sub(self.driver.now())),
            false => Some(Duration::ZERO),
        }
    }

    fn on_commands(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        let mut batch = std::mem::take(&mut self.batch);
        let (driver, sockets) = (&mut self.driver, &mut self.sockets);
        let handled = catch_unwind(AssertUnwindSafe(|| driver.on_commands(&mut batch, sockets)));
        if let Err(panic) = handled {
            report(&*panic, "a shard's commands panicked, closing its sockets");
            driver.on_lost_commands(sockets);
        }
        batch.clear();
        self.batch = batch;
    }

    fn on_timers(&mut self) {
        let now = self.driver.now();
        while let Some((due, id)) = self.timers.pop(now) {
            let Some(slot) = self.sockets.slots.get_mut(&id) else {
                self.lingering.end(id);
                continue;
            };
            // A later time for the same socket may still be in the heap: it does no harm.
            if slot.scheduled == due {
                slot.scheduled = Duration::MAX;
            }
            let patience = self.driver.patience(&slot.socket.state);
            if slot.blocked_since.is_some_and(|since| now.saturating_sub(since) >= patience) {
                self.end(id, End::Gone);
                continue;
            }
            self.sockets.touch(id);
        }
    }

    /// Does for each touched socket what is due.
    fn settle_touched(&mut self) {
        let mut touched = std::mem::take(&mut self.sockets.touched);
        for id in touched.drain(..) {
            if let Some(slot) = self.sockets.slots.get_mut(&id) {
                slot.touched = false;
                self.settle(id);
            }
        }
        // Keeps the allocation, and the sockets that were touched meanwhile.
        touched.append(&mut self.sockets.touched);
        self.sockets.touched = touched;
    }

    /// Ticks if that is due, writes what can be written, reads at most one buffer, and schedules the next tick.
    fn settle(&mut self, id: SocketId) {
        let Thread { driver, sockets, buffer, .. } = self;
        let Some(slot) = sockets.slots.get_mut(&id) else { return };
        let now = driver.now();
        let settled = catch_unwind(AssertUnwindSafe(|| {
            slot.socket.output.flush();
            if driver.next_tick(&slot.socket.state).is_some_and(|due| due <= now) {
                driver.on_tick(&mut slot.socket);
            }
            if !slot.socket.is_closing() {
                driver.on_writable(&mut slot.socket);
            }
            let end = read(driver, slot, buffer);
            // What the client sent may have an answer.
            if end.is_none() && !slot.socket.is_closing() {
                driver.on_writable(&mut slot.socket);
            }
            end
        }));
        let ended = match settled {
            Ok(ended) => ended,
            Err(panic) => {
                report(&*panic, "a socket's driver panicked, closing the socket");
                Some(End::Panicked)
            }
        };
        let ended = match ended {
            Some(end) => Some(end),
            None if slot.socket.output.broken => Some(End::Gone),
            None if slot.socket.is_closing() => Some(End::Closed),
            None => None,
        };
        if let Some(end) = ended {
            return self.end(id, end);
        }

        let blocked = slot.socket.is_blocked();
        slot.blocked_since = blocked.then(|| slot.blocked_since.unwrap_or(now));
        let gone = slot.blocked_since.map(|since| since + driver.patience(&slot.socket.state));
        let tick = driver.next_tick(&slot.socket.state);
        let due = match (gone, tick) {
            (Some(gone), Some(tick)) => Some(gone.min(tick)),
            (gone, tick) => gone.or(tick),
        };
        self.timers.schedule(id, &mut slot.scheduled, due);
        let more = slot.readable || !slot.unread.is_empty();
        if more && driver.reads(&slot.socket.state) {
            sockets.touch(id);
        }
    }

    /// Ends a socket, and sends its close frame.
    fn end(&mut self, id: SocketId, end: End) {
        let Some(slot) = self.sockets.slots.remove(&id) else { return };
        let Slot { socket, close_answered, .. } = *slot;
        let mut output = socket.output;
        let close = match end {
            End::Closed => socket.closing,
            End::Panicked => Some((1011, "internal error")),
            End::Gone => None,
        };
        if let Some((code, reason)) = close {
            output.close(Some(code), reason);
        }
        if close.is_some() || close_answered {
            self.lingering.add(id, output);
            self.timers.add(id, self.driver.now() + CLOSE_WAIT);
            self.lingering.on_ready(id, &mut self.buffer);
        }

        let (driver, state) = (&mut self.driver, socket.state);
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| driver.on_end(id, state, end))) {
            report(&*panic, "the end of a socket panicked");
        }
    }
}

/// Reads at most one buffer. Returns how the socket ended, if it did.
fn read<D: Driver>(driver: &mut D, slot: &mut Slot<D::Socket>, buffer: &mut [u8]) -> Option<End> {
    if !slot.unread.is_empty() {
        let mut unread = std::mem::take(&mut slot.unread);
        return decode(driver, slot, &mut unread);
    }
    if !slot.readable || !wants(driver, slot) {
        return None;
    }
    loop {
        match slot.socket.output.stream.read(buffer) {
            Ok(0) => return Some(End::Gone),
            Ok(read) => {
                // A short read has emptied the kernel's buffer; what arrives later is a new event.
                slot.readable = read == buffer.len() || slot.read_closed;
                return decode(driver, slot, &mut buffer[..read]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                slot.readable = false;
                return None;
            }
            Err(_) => return Some(End::Gone),
        }
    }
}

/// Decodes bytes and passes the events to the driver. Keeps what it does not want yet.
fn decode<D: Driver>(driver: &mut D, slot: &mut Slot<D::Socket>, mut bytes: &mut [u8]) -> Option<End> {
    while !bytes.is_empty() {
        if slot.deaf {
            return None;
        }
        if !wants(driver, slot) {
            slot.unread = bytes.to_vec();
            return None;
        }
        let limits = driver.limits(&slot.socket.state);
        match slot.decoder.next(&mut bytes, &limits) {
            Ok(Some(Event::Close { code })) => {
                slot.socket.output.close(code, "");
                slot.close_answered = true;
                return Some(End::Gone);
            }
            Ok(Some(event)) => {
                if let Event::Ping(payload) = event {
                    slot.socket.output.pong(payload);
                }
                driver.on_event(&mut slot.socket, &event);
            }
            Ok(None) => {}
            Err(violation) => {
                slot.deaf = true;
                driver.on_violation(&mut slot.socket, violation);
            }
        }
    }
    None
}

fn wants<D: Driver>(driver: &D, slot: &Slot<D::Socket>) -> bool {
    !slot.socket.is_closing() && (slot.deaf || driver.reads(&slot.socket.state))
}

fn report(panic: &(dyn Any + Send), message: &'static str) {
    metrics::counter!("palaver_task_failures_total", "task" => "socket").increment(1);
    let text = panic.downcast_ref::<&str>().copied().or(panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("no message"), message);
}
