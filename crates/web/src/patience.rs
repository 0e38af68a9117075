//! A connection whose client must send its first request in time, and must read the answers. hyper has a timeout for a
//! request's headers, but none for a client that does not read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use crate::ConnectionPermit;
use crate::limits::{LINGER_BYTES, LINGER_TIME};

/// The stream. Reading fails if the client sent no request in time; writing fails if no byte could be written for the
/// longer timeout.
pub struct Patience {
    stream: TcpStream,
    deadline: Option<Pin<Box<Sleep>>>,
    called: Called,
    /// How long a write may stall, and since when one does.
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    permit: ConnectionPermit,
    /// The rest of what a closed connection still reads.
    linger: Option<Linger>,
}

/// How much longer a closed connection reads what its client is still sending.
struct Linger {
    until: Pin<Box<Sleep>>,
    bytes: usize,
}

/// What the service tells the connection; the service calls it for each request.
#[derive(Clone, Default)]
pub struct Called(Arc<Marks>);

#[derive(Default)]
struct Marks {
    called: AtomicBool,
    unread: AtomicBool,
}

impl Called {
    /// Records a request.
    pub fn now(&self) {
        self.0.called.store(true, Ordering::Relaxed);
    }

    /// Records that the connection ends before the client has sent its whole request. It then reads a little longer.
    pub fn ends_unread(&self) {
        self.0.unread.store(true, Ordering::Relaxed);
    }
}

impl Patience {
    /// Wraps a stream, which holds `permit` while it is open. `stall` is the longer timeout, for writes.
    pub fn new(stream: TcpStream, permit: ConnectionPermit, patience: Duration, stall: Duration) -> (Self, Called) {
        let called = Called::default();
        let deadline = Some(Box::pin(tokio::time::sleep(patience)));
        (Patience { stream, deadline, called: called.clone(), stall, stalled: None, permit, linger: None }, called)
    }
}

impl Patience {
    /// Returns the stream, for a protocol with limits of its own, and the permit to drop when it is closed.
    pub fn into_parts(self) -> (TcpStream, ConnectionPermit) {
        (self.stream, self.permit)
    }

    /// Discards what the client still sends, until it closes its end or the limits are reached: closing a connection with
    /// unread bytes is a reset, which can destroy an answer that the client has not read.
    fn linger(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let linger = self
            .linger
            .get_or_insert_with(|| Linger { until: Box::pin(tokio::time::sleep(LINGER_TIME)), bytes: LINGER_BYTES });
        let mut discarded = [0; 8 * 1024];
        while linger.bytes > 0 && linger.until.as_mut().poll(context).is_pending() {
            let mut buffer = ReadBuf::new(&mut discarded);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if buffer.filled().is_empty() => break,
                Ok(()) => linger.bytes = linger.bytes.saturating_sub(buffer.filled().len()),
                Err(_) => break,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Returns the result of a write, or an error if no write has made progress for too long.
    fn stalls(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stall = self.stall;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(stall)));
        match stalled.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Patience {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.called.0.called.load(Ordering::Relaxed) {
            self.deadline = None;
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patience {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.stalls(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.stalls(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        }
        match self.called.0.unread.load(Ordering::Relaxed) {
            true => self.linger(context),
            false => Poll::Ready(Ok(())),
        }
    }
}
