//! Passwords and their hashes: argon2id in a pool of its own, so that a flood of sign-ins slows down sign-ins and
//! nothing else. Knows no account.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use crate::limits::{PASSWORD_QUEUE, PASSWORD_WAIT};
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::limits::PASSWORD_CHARS;
use domain::{Code, Refusal};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::ids::Ids;

/// KiB of memory, passes and lanes (OWASP password storage cheat sheet).
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// The hash that is verified if there is no account, so that it takes the same time. No one knows its password, and a
/// match would change nothing.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlzLQ$3vYhUzQ0M0pZdGtQbWx4b0FhY2VkR2hpSktMTW5vUHE";

/// Milliseconds after which a sign-in that was turned away may be retried.
const RETRY_MS: u64 = 2_000;

/// A password of an acceptable length; a new one is also checked for being easy to guess. Its `Debug` reveals nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl Password {
    /// Accepts any characters, if their number is in [`PASSWORD_CHARS`].
    pub fn parse(text: String) -> Result<Self, Refusal> {
        let (least, most) = (PASSWORD_CHARS.start(), PASSWORD_CHARS.end());
        match PASSWORD_CHARS.contains(&text.chars().count()) {
            true => Ok(Password(text)),
            false => Err(Refusal::bad_request(format!("The password must have {least} to {most} characters."))),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Hashes and verifies, a few at a time.
pub(super) struct Hasher {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    argon2: Argon2<'static>,
    ids: Ids,
}

impl Hasher {
    /// Creates a pool for `threads` concurrent hashes; 0 uses all cores but one.
    pub(super) fn new(threads: usize, ids: Ids) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let threads = if threads == 0 { cores.saturating_sub(1).max(1) } else { threads };
        let (memory, passes, lanes) = COST;
        let params = Params::new(memory, passes, lanes, None).expect("the costs are within argon2's bounds");
        Hasher {
            places: Arc::new(Semaphore::new(threads)),
            waiting: AtomicUsize::new(0),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            ids,
        }
    }

    /// Returns the hash of a new password, with a random salt.
    pub(super) async fn hash(&self, password: Password) -> Result<String, Refusal> {
        let argon2 = self.argon2.clone();
        let salt = SaltString::encode_b64(&self.ids.random::<16>()).expect("16 bytes are a salt");
        self.run(move || {
            let hash = argon2.hash_password(password.0.as_bytes(), &salt).expect("a bounded password can be hashed");
            hash.to_string()
        })
        .await
    }

    /// Returns whether the password matches the hash. Takes as long if there is no hash, and returns false then.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, Refusal> {
        // No account has a longer one, and hashing megabytes would take time from other users.
        let fits = password.chars().count() <= *PASSWORD_CHARS.end();
        let argon2 = self.argon2.clone();
        self.run(move || {
            let text = if fits { password.as_bytes() } else { b"" };
            let known = hash.is_some() && fits;
            let hash = hash.as_deref().unwrap_or(NOBODY);
            let parsed = PasswordHash::new(hash).or_else(|_| PasswordHash::new(NOBODY));
            let parsed = parsed.expect("the hash for unknown accounts is well formed");
            argon2.verify_password(text, &parsed).is_ok() && known
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let _waiting = Waiting::new(&self.waiting)?;
        // A user who gives up after that long signs in again, and would wait behind their own first try.
        let place = timeout(PASSWORD_WAIT, self.places.clone().acquire_owned()).await.map_err(|_| too_many())?;
        let place = place.expect("the pool is never closed");
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            // Held until the work is done, even if the caller has left.
            drop(place);
            result
        });
        done.await.map_err(|_| Refusal::unavailable("The password could not be checked. Please try again.", RETRY_MS))
    }
}

fn too_many() -> Refusal {
    Refusal::new(Code::Overloaded, "Too many people are signing in right now. Please try again in a moment.")
        .retry_in(RETRY_MS)
}

/// A place in the queue, freed even if the caller leaves.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Result<Self, Refusal> {
        let waiting = Waiting(count);
        if count.fetch_add(1, Ordering::Relaxed) >= PASSWORD_QUEUE {
            return Err(too_many());
        }
        Ok(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_verified_by_its_hash() {
        let hasher = Hasher::new(1, Ids::system());
        let password = Password::parse("correct horse".into()).expect("long enough");
        let hash = hasher.hash(password).await.expect("a free place");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let verify = |password: &str, hash: Option<&str>| hasher.verify(password.into(), hash.map(str::to_owned));
        assert_eq!(verify("correct horse", Some(&hash)).await, Ok(true));
        assert_eq!(verify("wrong horse", Some(&hash)).await, Ok(false));
        assert_eq!(verify("correct horse", None).await, Ok(false));
        assert_eq!(verify(&"x".repeat(100_000), Some(&hash)).await, Ok(false));
    }

    #[test]
    fn an_unknown_account_costs_as_much_as_a_known_one() {
        let hash = PasswordHash::new(NOBODY).expect("well formed");
        let params = Params::try_from(&hash).expect("with parameters");
        assert_eq!((params.m_cost(), params.t_cost(), params.p_cost()), COST);
        assert_eq!(hash.hash.map(|hash| hash.len()), Some(32));
    }

    #[tokio::test]
    async fn a_full_queue_turns_passwords_away() {
        let hasher = Hasher::new(1, Ids::system());
        let all: Vec<_> = (0..PASSWORD_QUEUE).map(|_| Waiting::new(&hasher.waiting).expect("a place")).collect();
        let refusal = hasher.verify("x".into(), None).await.expect_err("full");
        assert_eq!((refusal.code, refusal.retry_ms), (Code::Overloaded, Some(RETRY_MS)));
        drop(all);
        assert_eq!(hasher.verify("x".into(), None).await, Ok(false));
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_does_not_wait_forever() {
        let hasher = Hasher::new(1, Ids::system());
        let _stuck = hasher.places.clone().acquire_owned().await.expect("a place");
        let refusal = hasher.verify("x".into(), None).await.expect_err("the pool is stuck");
        assert_eq!((refusal.code, refusal.retry_ms), (Code::Overloaded, Some(RETRY_MS)));
        assert_eq!(hasher.waiting.load(Ordering::Relaxed), 0, "its place in the queue is free again");
    }

    #[test]
    fn length_is_counted_in_characters_and_debug_shows_nothing() {
        assert!(Password::parse("ünïcödé".into()).is_err(), "seven");
        assert!(Password::parse("ünïcödé!".into()).is_ok());
        assert!(Password::parse("x".repeat(257)).is_err());
        assert_eq!(format!("{:?}", Password::parse("correct horse".into())), "Ok(Password(…))");
    }
}
