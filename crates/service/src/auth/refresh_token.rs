//! Refresh tokens: `session.count.seed.mac`. The MAC lets a forged token be refused without a read, and without ending
//! the session that it names. The count makes the next token follow from the previous one, so that a client that lost
//! the answer to a refresh gets the same answer again (RFC 9700 §4.14.2).

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::SessionId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::keys::SigningKeys;

/// Creates and reads refresh tokens.
pub(super) struct RefreshTokens(Vec<hmac::Key>);

/// A refresh token that this installation issued. Only the store knows whether it is still valid.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session: SessionId,
    count: u64,
    seed: [u8; 16],
}

impl RefreshTokens {
    pub(super) fn new(keys: &SigningKeys) -> Self {
        RefreshTokens(keys.derive("refresh token"))
    }

    /// Returns the first token of a session, or of a new chain in it. The seed is random.
    pub(super) fn first(&self, session: SessionId, seed: [u8; 16]) -> RefreshToken {
        RefreshToken { session, count: 1, seed }
    }

    /// Returns the token after this one, which is always the same.
    pub(super) fn after(&self, token: RefreshToken) -> RefreshToken {
        RefreshToken { count: token.count + 1, ..token }
    }

    pub(super) fn text(&self, token: RefreshToken) -> String {
        let RefreshToken { session, count, seed } = token;
        let payload = format!("{}.{count}.{}", session.0.simple(), URL_SAFE_NO_PAD.encode(seed));
        let key = self.0.first().expect("there is at least one key");
        let mac = URL_SAFE_NO_PAD.encode(hmac::sign(key, payload.as_bytes()));
        format!("{payload}.{mac}")
    }

    pub(super) fn read(&self, text: &str) -> Option<RefreshToken> {
        let (payload, mac) = text.rsplit_once('.')?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        // `verify` compares in constant time.
        self.0.iter().find(|key| hmac::verify(key, payload.as_bytes(), &mac).is_ok())?;
        let mut parts = payload.split('.');
        let session = SessionId(Uuid::try_parse(parts.next()?).ok()?);
        let count = parts.next()?.parse().ok()?;
        let seed = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?.try_into().ok()?;
        Some(RefreshToken { session, count, seed })
    }
}

/// Returns the hash that the store keeps of a token or a ticket.
pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_can_be_read_back_and_a_changed_one_cannot() {
        let tokens = RefreshTokens::new(&SigningKeys::generate());
        let token = tokens.first(SessionId(Uuid::from_u128(7)), [9; 16]);
        let text = tokens.text(token);
        assert!(tokens.read(&text) == Some(token));
        assert_eq!(tokens.text(tokens.after(token)), tokens.text(tokens.after(token)), "the next one follows");
        assert_ne!(text, tokens.text(tokens.after(token)));
        let forged = text.replacen(".1.", ".2.", 1);
        for bad in ["", ".", "a.b.c.d", forged.as_str(), &text[..text.len() - 1]] {
            assert!(tokens.read(bad).is_none(), "{bad}");
        }
        assert!(RefreshTokens::new(&SigningKeys::generate()).read(&text).is_none(), "made by another installation");
    }
}
