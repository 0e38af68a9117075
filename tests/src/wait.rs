//! Waiting for what must come. A test never sleeps for luck: it looks again until it sees what it waits for, or fails and
//! says what did not come.

use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How long to look at something that must *not* come. Longer proves more; this is many times what an answer takes.
pub const QUIET: Duration = Duration::from_millis(700);

const LOOK_AGAIN: Duration = Duration::from_millis(25);

/// The first value that is there.
///
/// # Panics
/// When there is none within [`PATIENCE`].
pub async fn until<T, F>(what: &str, look: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    until_within(PATIENCE, what, look).await
}

/// As [`until`], for what takes longer than anything else.
///
/// # Panics
/// When there is none in that time.
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
