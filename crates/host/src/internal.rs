//! The private port of a node: where it listens, its address for other nodes, and whose signatures it accepts.

use std::str::FromStr;

use crate::config::Config;

use crate::{ListenAddress, Secret};

/// What other nodes, and programs that post to sockets, need to reach this node.
#[derive(Debug, Clone)]
pub struct InternalSettings {
    /// The address to listen on: `PALAVER_INTERNAL_LISTEN`.
    pub listen: ListenAddress,
    /// The URL for other nodes: `PALAVER_INTERNAL_URL`; by default the listen address.
    pub url: Option<String>,
    /// The accepted keys, at least one: `PALAVER_INTERNAL_KEYS`. The first one signs.
    pub keys: Vec<AccessKey>,
}

/// A name and a secret, like AWS credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// The access key id.
    pub id: String,
    /// The secret access key.
    pub secret: Secret,
}

/// A text that is not an [`AccessKey`]. It may contain a secret, so it is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be an id, a colon and a secret of at least 16 characters, such as AKIAEXAMPLE:secret")]
pub struct InvalidAccessKey;

/// Minimum length of a secret; shorter ones could be guessed.
const SECRET_CHARS: usize = 16;

impl FromStr for AccessKey {
    type Err = InvalidAccessKey;

    fn from_str(text: &str) -> Result<Self, InvalidAccessKey> {
        let (id, secret) = text.split_once(':').ok_or(InvalidAccessKey)?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_id || secret.chars().count() < SECRET_CHARS {
            return Err(InvalidAccessKey);
        }
        Ok(AccessKey { id: id.to_owned(), secret: Secret::new(secret) })
    }
}

impl InternalSettings {
    /// Reads the private port's settings; `None` if other nodes cannot reach this one. Adds each problem to `config`.
    pub fn read(config: &mut Config) -> Option<InternalSettings> {
        const LISTEN: &str = "PALAVER_INTERNAL_LISTEN";
        const KEYS: &str = "PALAVER_INTERNAL_KEYS";
        // Only HTTP: a mesh or a private network protects the traffic between nodes, so TLS is not needed.
        const URL: &str = "PALAVER_INTERNAL_URL";
        let listen: Option<ListenAddress> = config.parse_optional(LISTEN);
        let url = config.url(URL, &["http"]).map(|url| url.to_string().trim_end_matches('/').to_owned());
        let named = config.optional(KEYS).is_some();
        let keys: Vec<AccessKey> = config.list(KEYS);
        let listen = listen?;
        if !named {
            config.problem(KEYS, format!("is required with {LISTEN}: callers must sign their requests"));
        }
        if url.is_none() && (listen.is_unspecified() || listen.tcp().is_none()) {
            config.problem(URL, format!("is required if other nodes cannot reach the address in {LISTEN}"));
        }
        Some(InternalSettings { listen, url, keys }).filter(|internal| !internal.keys.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[(&str, &str)]) -> Result<Option<InternalSettings>, Vec<String>> {
        let lookup = |name: &str| values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let mut config = Config::from_lookup(lookup);
        let settings = InternalSettings::read(&mut config);
        config.finish(settings).map_err(|errors| {
            errors.problems().iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect()
        })
    }

    #[test]
    fn the_private_port_is_opt_in() {
        assert!(read(&[]).expect("the settings are valid").is_none());
        assert!(read(&[("PALAVER_INTERNAL_KEYS", "a:0123456789abcdef")]).expect("the settings are valid").is_none());
        let values = [
            ("PALAVER_INTERNAL_LISTEN", "0.0.0.0:9000"),
            ("PALAVER_INTERNAL_URL", "http://10.0.0.7:9000/"),
            ("PALAVER_INTERNAL_KEYS", "AKIA1:0123456789+/abcdef, AKIA2:another-secret:it-is"),
        ];
        let internal = read(&values).expect("all values are valid").expect("the port is set");
        assert_eq!(internal.url.as_deref(), Some("http://10.0.0.7:9000"));
        assert_eq!(internal.keys[0].secret.expose(), "0123456789+/abcdef");
        assert_eq!(internal.keys[1].secret.expose(), "another-secret:it-is");
        assert!(!format!("{internal:?}").contains("0123"), "the secret is not printed");
    }

    #[test]
    fn missing_or_invalid_values_are_reported_without_the_secret() {
        let problems = read(&[("PALAVER_INTERNAL_LISTEN", "0.0.0.0:9000")]).expect_err("no key, no address");
        assert_eq!(problems.len(), 2, "{problems:?}");
        let values = [("PALAVER_INTERNAL_LISTEN", "127.0.0.1:9000"), ("PALAVER_INTERNAL_KEYS", "AKIA1:short")];
        let problems = read(&values).expect_err("too short");
        assert!(problems.len() == 1 && !problems[0].contains("AKIA1:short"), "{problems:?}");
        let values = [("PALAVER_INTERNAL_LISTEN", "127.0.0.1:9000"), ("PALAVER_INTERNAL_URL", "https://x")];
        assert_eq!(read(&values).expect_err("https, and no key").len(), 2);
    }
}
