//! The keys that sign access tokens. Generated at the first start or given; never fetched, and never chosen by what a
//! token says about itself.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use sha2::{Digest, Sha256};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// The type of an access token (RFC 9068 §2.1).
const TOKEN_TYPE: &str = "at+jwt";

/// Ed25519 keys: the first signs, all verify, so that a key can be replaced without signing everybody out.
pub struct SigningKeys(Vec<SigningKey>);

pub(super) struct SigningKey {
    pkcs8: Vec<u8>,
    pub(super) header: Header,
    /// The first part of each token that this key signs. A token is verified only if its own is exactly this, so other
    /// algorithms, types, key addresses and embedded keys need no checks of their own.
    pub(super) encoded_header: String,
    pub(super) signs: EncodingKey,
    pub(super) verifies: DecodingKey,
}

/// An error for a text without usable keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeys {
    /// The text contains no PEM block.
    #[error("no private key found; expected PEM blocks that begin with {BEGIN}")]
    NoKey,
    /// A block is not an Ed25519 key.
    #[error("key {0} is not an Ed25519 key in PKCS#8; create one with `openssl genpkey -algorithm ed25519`")]
    NotEd25519(usize),
}

impl SigningKeys {
    /// Generates one key.
    pub fn generate() -> Self {
        let pair = Ed25519KeyPair::generate().expect("the operating system has a source of randomness");
        let pkcs8 = pair.to_pkcs8v1().expect("a new key can be encoded");
        SigningKeys(vec![SigningKey::new(pkcs8.as_ref().to_vec()).expect("a new key is valid")])
    }

    /// Reads PEM blocks of PKCS#8, the signing key first.
    pub fn from_pem(text: &str) -> Result<Self, InvalidKeys> {
        let blocks = text.split(BEGIN).skip(1).enumerate();
        let keys: Result<Vec<_>, _> = blocks
            .map(|(index, block)| {
                let bad = || InvalidKeys::NotEd25519(index + 1);
                let (base64, _) = block.split_once(END).ok_or_else(bad)?;
                let base64: String = base64.split_ascii_whitespace().collect();
                STANDARD.decode(base64).ok().and_then(SigningKey::new).ok_or_else(bad)
            })
            .collect();
        match keys? {
            keys if keys.is_empty() => Err(InvalidKeys::NoKey),
            keys => Ok(SigningKeys(keys)),
        }
    }

    /// Returns the keys in the format that [`SigningKeys::from_pem`] reads. A secret: for a file that only its owner
    /// can read.
    pub fn to_pem(&self) -> String {
        let block = |key: &SigningKey| format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(&key.pkcs8));
        self.0.iter().map(block).collect()
    }

    pub(super) fn current(&self) -> &SigningKey {
        self.0.first().expect("there is at least one key")
    }

    pub(super) fn by_header(&self, encoded_header: &str) -> Option<&SigningKey> {
        self.0.iter().find(|key| key.encoded_header == encoded_header)
    }

    /// Derives a secret for another purpose from each key, which does not reveal the key.
    pub(super) fn derive(&self, purpose: &str) -> Vec<hmac::Key> {
        let derive = |key: &SigningKey| {
            let root = hmac::Key::new(hmac::HMAC_SHA256, &key.pkcs8);
            hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&root, purpose.as_bytes()).as_ref())
        };
        self.0.iter().map(derive).collect()
    }
}

impl SigningKey {
    fn new(pkcs8: Vec<u8>) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).ok()?;
        let public = pair.public_key().as_ref().to_vec();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(URL_SAFE_NO_PAD.encode(&Sha256::digest(&public)[..8]));
        let signs = EncodingKey::from_ed_der(&pkcs8);
        let sample = jsonwebtoken::encode(&header, &(), &signs).ok()?;
        let encoded_header = sample.split('.').next()?.to_owned();
        Some(SigningKey { pkcs8, header, encoded_header, signs, verifies: DecodingKey::from_ed_der(&public) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_what_they_write() {
        let keys = SigningKeys::generate();
        let two = format!("a comment\n{}{}", SigningKeys::generate().to_pem(), keys.to_pem());
        let two = SigningKeys::from_pem(&two).expect("two keys");
        assert_eq!(two.0.len(), 2);
        assert!(two.by_header(&keys.current().encoded_header).is_some(), "the older one still verifies");
        assert_ne!(two.current().encoded_header, keys.current().encoded_header);
    }

    #[test]
    fn a_key_made_by_openssl_is_read() {
        // RFC 8410 §10.3.
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
        assert!(SigningKeys::from_pem(pem).is_ok());
    }

    #[test]
    fn a_text_without_a_valid_key_is_refused() {
        let rsa = format!("{BEGIN}\nMIIBVAIBADANBgkqhkiG9w0BAQEFAASCAT4wggE6AgEAAkEA\n{END}\n");
        assert_eq!(SigningKeys::from_pem("").err(), Some(InvalidKeys::NoKey));
        assert_eq!(SigningKeys::from_pem(&rsa).err(), Some(InvalidKeys::NotEd25519(1)));
        assert_eq!(SigningKeys::from_pem(BEGIN).err(), Some(InvalidKeys::NotEd25519(1)));
    }
}
