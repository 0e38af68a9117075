//! What an operator can configure about sign-in. Never reads the environment: the binaries do.

use std::str::FromStr;

use domain::limits::Limits;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The shortest service token, in characters.
const SERVICE_TOKEN_CHARS: usize = 24;

/// Settings of [`super::Auth`].
#[derive(Debug, Clone)]
pub struct AuthSettings {
    /// Whether guests may sign in with only a name.
    pub guests: bool,
    /// Whether anyone may register an account; an admin can always create one.
    pub registration: bool,
    /// Attempts to sign in per minute of one address. The limits of an account and of a device derive from it.
    pub sign_ins_per_minute: u32,
    /// Passwords hashed concurrently; 0 leaves one core free.
    pub password_threads: usize,
    /// The tokens of services that may post notifications.
    pub service_tokens: Vec<ServiceToken>,
}

impl Default for AuthSettings {
    fn default() -> Self {
        AuthSettings {
            guests: true,
            registration: true,
            sign_ins_per_minute: Limits::default().sign_ins_per_minute,
            password_threads: 0,
            service_tokens: Vec::new(),
        }
    }
}

/// The token of a service, as its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceToken([u8; 32]);

/// An error for a text that is not a valid service token. Never repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a service token must have at least {SERVICE_TOKEN_CHARS} characters, or be sha256: followed by the 64 hexadecimal digits of its hash"
)]
pub struct InvalidServiceToken;

impl FromStr for ServiceToken {
    type Err = InvalidServiceToken;

    fn from_str(text: &str) -> Result<Self, InvalidServiceToken> {
        match text.strip_prefix("sha256:") {
            Some(digits) => {
                let mut hash = [0; 32];
                hex::decode_to_slice(digits, &mut hash).map_err(|_| InvalidServiceToken)?;
                Ok(ServiceToken(hash))
            }
            None if text.chars().count() >= SERVICE_TOKEN_CHARS => Ok(ServiceToken(Sha256::digest(text).into())),
            _ => Err(InvalidServiceToken),
        }
    }
}

impl ServiceToken {
    pub(super) fn is(&self, token: &str) -> bool {
        Sha256::digest(token).as_slice().ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_given_as_its_hash() {
        let secret = "a-long-secret-of-a-service";
        let by_hash: ServiceToken = format!("sha256:{}", hex::encode(Sha256::digest(secret))).parse().expect("a hash");
        assert_eq!(secret.parse(), Ok(by_hash.clone()));
        assert!(by_hash.is(secret) && !by_hash.is("another-long-secret-of-one"));
        for bad in ["", "short", "sha256:", "sha256:zz"] {
            assert!(bad.parse::<ServiceToken>().is_err(), "{bad}");
        }
    }
}
