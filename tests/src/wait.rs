//! Waits for something that must happen. A test never sleeps and hopes: it checks again until it sees what it waits
//! for, or fails and names what did not happen.

use std::future::Future;
use std::time::{Duration, Instant};

/// The timeout for anything on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long to check that something does *not* happen. Longer proves more; this is many times what an answer takes.
pub const QUIET: Duration = Duration::from_millis(700);

const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// Returns the first value that is some.
///
/// # Panics
/// If there is none within [`PATIENCE`].
pub async fn until<T, F>(what: &str, look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    until_within(PATIENCE, what, look).await
}

/// Like [`until`], for what takes longer than anything else.
///
/// # Panics
/// If there is none within that time.
pub async fn until_within<T, F>(patience: Duration, what: &str, mut look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = look().await {
            return value;
        }
        assert!(Instant::now() < deadline, "waited {} s for {what}", patience.as_secs());
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
