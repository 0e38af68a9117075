//! The logs that one socket follows. Most sockets follow few, so they are in one small allocation.

use domain::{LogId, Seq};

/// Up to how many logs take no more memory than they need.
const FEW: usize = 4;

/// A socket's position in a log.
pub(super) struct Follow {
    /// The number of the newest request; the page of an older one is ignored.
    pub generation: u64,
    pub live: bool,
    /// The head that the last heartbeat named.
    pub named: Seq,
}

/// The logs of a socket, in their order.
#[derive(Default)]
pub(super) struct Follows(Vec<(LogId, Follow)>);

impl Follows {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, log: LogId) -> Option<&Follow> {
        self.find(log).ok().map(|at| &self.0[at].1)
    }

    pub fn get_mut(&mut self, log: LogId) -> Option<&mut Follow> {
        self.find(log).ok().map(|at| &mut self.0[at].1)
    }

    /// Sets the position in a log. Returns the one before, if the socket followed it already.
    pub fn insert(&mut self, log: LogId, follow: Follow) -> Option<Follow> {
        match self.find(log) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, follow)),
            Err(at) => {
                // Grows by one at first, since most sockets follow one or two logs.
                if self.0.len() < FEW {
                    self.0.reserve_exact(1);
                }
                self.0.insert(at, (log, follow));
                None
            }
        }
    }

    pub fn remove(&mut self, log: LogId) {
        if let Ok(at) = self.find(log) {
            self.0.remove(at);
        }
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (LogId, &mut Follow)> {
        self.0.iter_mut().map(|(log, follow)| (*log, follow))
    }

    pub fn into_logs(self) -> impl Iterator<Item = LogId> {
        self.0.into_iter().map(|(log, _)| log)
    }

    fn find(&self, log: LogId) -> Result<usize, usize> {
        self.0.binary_search_by_key(&log, |(log, _)| *log)
    }
}
