//! Identifies the page that made a call by its origin (RFC 6454). Anything that relies on a cookie is done only for our
//! own pages: another site's page can make a browser send the cookie, but not our `Origin`.

use std::net::IpAddr;
use std::time::Instant;

use domain::Refusal;
use http::{HeaderMap, HeaderValue, Uri, header};
use service::log_throttle::LogThrottle;

use crate::PublicUrl;
use crate::limits::SHOWN_CHARS;

/// The allowed origins, exactly as browsers write them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    /// The origin of the server's page, if it is known. A call from it is the server's own also if a proxy changed its
    /// host.
    own: Option<String>,
    others: Vec<String>,
}

/// What the `Origin` header says about the calling page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// No header: not a browser, or a plain navigation.
    Absent,
    /// A page of this server.
    Own,
    /// A page of one of the allowed origins.
    Allowed,
    /// A page of any other origin.
    Foreign,
}

/// A text that is not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an origin; write it as https://chat.example.org, without a path")]
pub struct InvalidOrigin(String);

impl Origins {
    /// Accepts `scheme://host[:port]`, nothing else.
    pub fn parse<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidOrigin> {
        let others = origins.into_iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Origins { own: None, others })
    }

    /// Sets the origin of the server's page.
    pub fn with_own(mut self, url: &PublicUrl) -> Self {
        self.own = Some(url.origin().to_owned());
        self
    }

    /// Returns whether only the server's own origin is allowed.
    pub fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// Returns the allowed origins besides the server's own.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.others.iter().map(String::as_str)
    }

    /// Returns all known origins, the server's own included.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        self.own.as_deref().into_iter().chain(self.iter())
    }

    /// Returns whether the server's own page is at this host, over TLS.
    pub(crate) fn is_own_https(&self, host: &str) -> bool {
        let place = self.own.as_deref().and_then(|own| own.strip_prefix("https://"));
        place.is_some_and(|place| place.eq_ignore_ascii_case(host))
    }

    /// Classifies the `Origin` of a call to `host`. Compares it as a whole and never by prefix or suffix; the server's
    /// own host counts with either scheme, because a proxy in front may terminate TLS.
    pub fn judge(&self, headers: &HeaderMap, host: Option<&str>) -> Origin {
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else { return Origin::Absent };
        let Ok(origin) = origin.to_str() else { return Origin::Foreign };
        if origins.next().is_some() {
            return Origin::Foreign;
        }
        let origin = origin.to_ascii_lowercase();
        let place = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if place.zip(host).is_some_and(|(place, host)| place.eq_ignore_ascii_case(host)) {
            Origin::Own
        } else if self.others.contains(&origin) {
            Origin::Allowed
        } else if self.own.as_ref() == Some(&origin) {
            Origin::Own
        } else {
            Origin::Foreign
        }
    }
}

impl Origin {
    /// Returns whether an allowed page made the call.
    pub fn is_trusted(self) -> bool {
        matches!(self, Origin::Own | Origin::Allowed)
    }
}

/// Refuses a socket to the page of another origin, and logs both values that differ, so that the operator sees which of
/// them the browser or a proxy got wrong.
pub fn refuse_foreign_origin(headers: &HeaderMap, address: Option<IpAddr>) -> Refusal {
    static LINE: LogThrottle = LogThrottle::new();
    let (origin, host) = (shown(headers.get(header::ORIGIN)), shown(headers.get(header::HOST)));
    if let Some(repeated) = LINE.admit(&format!("{origin} {host}"), Instant::now()) {
        tracing::warn!(
            address = address.map(tracing::field::display),
            reason = "foreign_origin",
            origin,
            host,
            repeated,
            remedy = "if the page is yours, add its origin to PALAVER_ORIGINS; if a proxy changed the Host header, let it \
                      pass the header on, or set PALAVER_PUBLIC_URL",
            "a socket was refused"
        );
    }
    Refusal::forbidden(format!(
        "Pages of {origin} cannot open a socket at {host}. The operator of this server can add the origin to \
         PALAVER_ORIGINS."
    ))
}

/// Returns the beginning of a header, which anybody can send, as a log line and an answer may show it.
pub(crate) fn shown(value: Option<&HeaderValue>) -> String {
    let text = value.map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect()
}

fn parse(text: &str) -> Result<String, InvalidOrigin> {
    let bad = || InvalidOrigin(text.to_owned());
    let origin = text.trim().to_ascii_lowercase();
    let uri: Uri = origin.parse().map_err(|_| bad())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(bad()) };
    let exact = origin == format!("{scheme}://{authority}") && !authority.as_str().contains('@');
    if exact && matches!(scheme, "http" | "https") { Ok(origin) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(url: &str) -> PublicUrl {
        url.parse().expect("a URL")
    }

    fn judge(origin: &str) -> Origin {
        let origins = Origins::parse(["https://app.example.org"]).expect("valid");
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, origin.parse().expect("valid"));
        origins.judge(&headers, Some("chat.example.org:8080"))
    }

    #[test]
    fn an_origin_is_allowed_as_a_whole_or_not_at_all() {
        for own in ["http://chat.example.org:8080", "https://chat.example.org:8080"] {
            assert_eq!(judge(own), Origin::Own, "{own}");
        }
        assert_eq!(judge("https://app.example.org"), Origin::Allowed);
        for evil in [
            "null",
            "https://evil.org",
            "http://chat.example.org",
            "http://chat.example.org:8081",
            "https://chat.example.org:8080.evil.org",
            "https://evil.org/chat.example.org:8080",
            "https://app.example.org.evil.org",
            "http://app.example.org",
            "ftp://chat.example.org:8080",
        ] {
            assert_eq!(judge(evil), Origin::Foreign, "{evil}");
        }
        assert_eq!(Origins::default().judge(&HeaderMap::new(), Some("a")), Origin::Absent);
    }

    #[test]
    fn the_servers_own_origin_is_known_whatever_host_a_proxy_sends() {
        let judge = |origins: &Origins, origin: &str| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, origin.parse().expect("valid"))]);
            origins.judge(&headers, Some("127.0.0.1:8080"))
        };
        let own = Origins::default().with_own(&public("https://Chat.example.org/"));
        assert_eq!(judge(&own, "https://chat.example.org"), Origin::Own);
        assert_eq!(judge(&own, "http://chat.example.org"), Origin::Foreign);
        assert_eq!(judge(&own, "https://chat.example.org.evil.org"), Origin::Foreign);
        assert!(own.is_own_https("chat.example.org") && !own.is_own_https("evil.org"));
        let url = public("https://chat.example.org/chat");
        let both = Origins::parse(["https://chat.example.org"]).expect("valid").with_own(&url);
        assert_eq!(judge(&both, "https://chat.example.org"), Origin::Allowed, "the page is not on the API's host");
    }

    #[test]
    fn an_origin_has_no_path() {
        for bad in ["", "*", "example.org", "https://example.org/", "https://u@example.org", "file:///x"] {
            assert!(Origins::parse([bad]).is_err(), "{bad}");
        }
    }
}
