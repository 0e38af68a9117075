//! Limits a node's sockets, all together and by address, and drains them when it shuts down.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::limits::Limits;
use domain::{Code, Gcra, Refusal};
use parking_lot::Mutex;
use realtime::protocol::CloseCode;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};
use web::{AddressCap, AddressPermit};

use crate::limits::{ADMISSION_PERIOD, ADMISSIONS, OVER_CAP_RETRY};
use crate::memory::MemoryBudget;
use crate::shards::Shards;

/// The share of its grace over which a drain spreads the clients' departure.
const SPREAD: f64 = 0.6;
/// How long cut sockets have to leave hub and presence.
const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// Why a socket is not admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotAdmitted {
    pub code: CloseCode,
    /// The error that the client receives before the close, where the code does not say it all.
    pub refusal: Option<Refusal>,
}

impl From<CloseCode> for NotAdmitted {
    fn from(code: CloseCode) -> NotAdmitted {
        NotAdmitted { code, refusal: None }
    }
}

/// Counts a node's open sockets, and drains them.
pub(crate) struct Drain {
    limit: usize,
    by_address: Arc<AddressCap>,
    guests_by_address: Arc<AddressCap>,
    memory: Arc<MemoryBudget>,
    /// How fast sockets are admitted: a client that is refused retries with jitter.
    rate: Mutex<Gcra>,
    open: AtomicUsize,
    one_less: Notify,
    draining: AtomicBool,
}

impl Drain {
    /// Returns the state of a node that serves at most `connections_per_node` sockets, and admits no more while its memory
    /// is short.
    pub fn new(limits: &Limits, memory: Arc<MemoryBudget>) -> Drain {
        let limit = limits.connections_per_node;
        let sockets = (limits.sockets_per_address, "PALAVER_LIMITS_SOCKETS_PER_ADDRESS");
        let guests = (limits.guest_sockets_per_address, "PALAVER_LIMITS_GUEST_SOCKETS_PER_ADDRESS");
        let by_address = AddressCap::new("sockets", sockets.1, sockets.0, limit);
        let guests_by_address = AddressCap::new("sockets of guests", guests.1, guests.0, limit);
        let (open, one_less) = (AtomicUsize::new(0), Notify::new());
        let rate = Mutex::new(Gcra::new(ADMISSIONS, ADMISSION_PERIOD));
        let draining = AtomicBool::new(false);
        Drain { limit, by_address, guests_by_address, memory, rate, open, one_less, draining }
    }

    /// Returns a permit for another socket of this address, or why the node admits none.
    pub fn admit(self: &Arc<Self>, address: IpAddr, elapsed: Duration) -> Result<SocketPermit, NotAdmitted> {
        if self.is_draining() {
            return Err(CloseCode::Drained.into());
        }
        let admitted = self.admit_now(address, elapsed);
        admitted.inspect_err(|_| metrics::counter!("palaver_sockets_refused_total").increment(1))
    }

    fn admit_now(self: &Arc<Self>, address: IpAddr, elapsed: Duration) -> Result<SocketPermit, NotAdmitted> {
        let address = self.by_address.take(address, self.open_sockets()).map_err(|_| NotAdmitted {
            code: CloseCode::Overloaded,
            refusal: Some(over_cap("Too many connections from your network. Close some, or try again later.")),
        })?;
        if !self.memory.admits() || self.rate.lock().take(elapsed, 1).is_err() {
            return Err(CloseCode::Overloaded.into());
        }
        let admitted =
            self.open.fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < self.limit).then_some(open + 1));
        match admitted {
            Ok(_) => Ok(SocketPermit { drain: self.clone(), _address: address }),
            Err(_) => Err(CloseCode::Overloaded.into()),
        }
    }

    /// Counts a guest's socket, which was admitted already, among those of guests at its address.
    pub fn admit_guest(&self, address: IpAddr) -> Result<AddressPermit, Refusal> {
        // The socket itself is not in use yet.
        let others = self.open_sockets().saturating_sub(1);
        self.guests_by_address.take(address, others).map_err(|_| {
            metrics::counter!("palaver_sockets_refused_total").increment(1);
            over_cap("Too many guests are connected from your network. Sign in with an account, or try again later.")
        })
    }

    /// Returns how many sockets are open.
    pub fn open_sockets(&self) -> usize {
        self.open.load(Ordering::Acquire)
    }

    /// Returns whether no new socket is admitted, because the node shuts down.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Makes all sockets leave within `grace`. Sockets that are still open then, such as those of clients that do not
    /// read, are cut. Returns at most a second later.
    pub async fn run(&self, grace: Duration, shards: &Shards) {
        let end = Instant::now() + grace;
        self.draining.store(true, Ordering::Release);
        shards.depart(grace.mul_f64(SPREAD));
        if timeout_at(end, self.all_closed()).await.is_err() {
            tracing::warn!(
                open = self.open_sockets(),
                "sockets were still open when the grace period ended, cutting them"
            );
            shards.cut();
            let _ = timeout(LEAVE_WAIT, self.all_closed()).await;
        }
    }

    /// Returns once no socket is open.
    async fn all_closed(&self) {
        while self.open_sockets() > 0 {
            let one_less = self.one_less.notified();
            tokio::pin!(one_less);
            one_less.as_mut().enable();
            if self.open_sockets() > 0 {
                one_less.await;
            }
        }
    }
}

/// Tells a client to come back later. Clients reconnect after the close code `overloaded`, with growing pauses.
fn over_cap(message: &str) -> Refusal {
    Refusal::new(Code::Overloaded, message).retry_in(OVER_CAP_RETRY.as_millis() as u64)
}

/// A permit for one open socket.
pub(crate) struct SocketPermit {
    drain: Arc<Drain>,
    _address: AddressPermit,
}

impl Drop for SocketPermit {
    fn drop(&mut self) {
        self.drain.open.fetch_sub(1, Ordering::AcqRel);
        self.drain.one_less.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_admitted_at_a_bounded_rate() {
        let drain = drain(&Limits { connections_per_node: usize::MAX, ..Limits::default() });
        let now = Duration::from_secs(1_000);
        let permits: Vec<_> = (0..ADMISSIONS).map(|_| drain.admit(OFFICE, now)).collect();
        assert!(permits.iter().all(Result::is_ok));
        assert_eq!(drain.admit(OFFICE, now).map(drop), Err(CloseCode::Overloaded.into()));
        assert_eq!(drain.admit(OFFICE, now + ADMISSION_PERIOD / ADMISSIONS).map(drop), Ok(()));
        assert_eq!(drain.open_sockets(), permits.len());
    }

    #[test]
    fn a_refused_socket_takes_no_place_of_its_address() {
        let limits = Limits { connections_per_node: 4, sockets_per_address: 2, ..Limits::default() };
        let (drain, now) = (drain(&limits), Duration::from_secs(1_000));
        let held: Vec<_> = (0..3).map(|_| drain.admit(OFFICE, now).expect("the node is not busy")).collect();
        let refused = drain.admit(OFFICE, now).map(drop).expect_err("the address has more than its share");
        assert_eq!(
            (refused.code, refused.refusal.map(|why| why.code)),
            (CloseCode::Overloaded, Some(Code::Overloaded))
        );
        let _other = drain.admit(HOME, now).expect("another address is admitted");
        assert_eq!(drain.admit(HOME, now).map(drop), Err(CloseCode::Overloaded.into()), "the node is full");
        drop(held);
        assert_eq!(drain.open_sockets(), 1);
        assert_eq!(drain.admit(HOME, now).map(drop), Ok(()), "the socket that found the node full is not counted");
    }

    const OFFICE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));
    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 8));

    fn drain(limits: &Limits) -> Arc<Drain> {
        Arc::new(Drain::new(limits, MemoryBudget::new(usize::MAX)))
    }
}
