//! Validates keys. The server makes all keys itself; this keeps a bug from leaving the folder or the bucket.

use service::ports::BlobError;

/// The maximum length of a key: an id, and an ending such as `.thumb`.
const KEY_CHARS: usize = 80;

/// Returns the key if it is valid; no blob has another.
pub fn checked(key: &str) -> Result<&str, BlobError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let fits = (1..=KEY_CHARS).contains(&key.len()) && key.chars().all(allowed) && !key.starts_with('.');
    if fits { Ok(key) } else { Err(BlobError::NotFound) }
}
