//! The names that this server is called by. The page of another site can let its own name lead here (DNS rebinding), and
//! would then share an origin with this server: such a name gets no answer but what the operator can do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use domain::{Code, Refusal};
use http::uri::Authority;
use http::{HeaderMap, StatusCode, header};
use service::log_throttle::LogThrottle;

use crate::address::is_forwarded_https;
use crate::limits::SHOWN_CHARS;
use crate::origin::shown;
use crate::{Problem, WebSettings};

/// Marks a call that an API Gateway passed on. The gateway ends TLS and answers only for its own names, so the name of
/// such a call is not checked.
#[derive(Debug, Clone, Copy)]
pub struct BehindGateway;

/// The known names, besides addresses and `localhost`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts(Vec<String>);

impl Hosts {
    /// Returns the hosts of these origins (`https://chat.example.org:8443`). Ports do not matter: a proxy may listen on
    /// another one.
    pub fn of<'a>(origins: impl IntoIterator<Item = &'a str>) -> Hosts {
        let hosts = origins.into_iter().filter_map(|origin| origin.split_once("://"));
        Hosts(hosts.filter_map(|(_, authority)| Some(name(&authority.parse().ok()?))).collect())
    }

    fn knows(&self, host: &Authority) -> bool {
        let name = name(host);
        address(&name).is_some() || is_localhost(&name) || self.0.contains(&name)
    }
}

/// Why a call has no usable host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidHost {
    #[error("The request has no Host header. Send the name of this server in one.")]
    Missing,
    #[error("The request has several Host headers. Send one.")]
    Several,
    #[error("The Host header is not a name with an optional port.")]
    Malformed,
}

/// Returns the host that a call names, in its header or (over HTTP/2 and in an absolute URL) in its URL.
pub(crate) fn host_of(request: &Request) -> Result<Authority, InvalidHost> {
    let mut headers = request.headers().get_all(header::HOST).iter();
    let host = match (headers.next(), request.uri().authority()) {
        (Some(_), _) if headers.next().is_some() => return Err(InvalidHost::Several),
        (_, Some(authority)) => authority.clone(),
        (Some(host), None) => Authority::try_from(host.as_bytes()).map_err(|_| InvalidHost::Malformed)?,
        (None, None) => return Err(InvalidHost::Missing),
    };
    let port = host.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']'));
    let is_valid = !host.host().is_empty()
        && !host.as_str().contains('@')
        && port.is_none_or(|(_, port)| port.is_empty() || port.parse::<u16>().is_ok());
    if is_valid { Ok(host) } else { Err(InvalidHost::Malformed) }
}

/// Returns whether the host is an address of this machine's own, or `localhost`.
pub(crate) fn is_loopback(host: &Authority) -> bool {
    let name = name(host);
    is_localhost(&name) || address(&name).is_some_and(|address| address.to_canonical().is_loopback())
}

/// Returns whether the host is a name that other machines know, neither an address nor `localhost`.
pub(crate) fn is_public_name(host: &Authority) -> bool {
    let name = name(host);
    !is_localhost(&name) && address(&name).is_none()
}

/// Returns the host without its port, in lower case, and without the dot that ends an absolute name.
fn name(host: &Authority) -> String {
    let name = host.host().to_ascii_lowercase();
    name.strip_suffix('.').map(str::to_owned).unwrap_or(name)
}

fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// RFC 6761 section 6.3: `localhost` and all names below it mean this machine, so nobody else can let them lead here.
fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// Answers calls under a name that is not this server's.
pub(crate) async fn check(State(settings): State<Arc<WebSettings>>, request: Request, next: Next) -> Response {
    if request.extensions().get::<BehindGateway>().is_some() {
        return next.run(request).await;
    }
    let host = match host_of(&request) {
        Ok(host) => host,
        Err(invalid) => return Problem::from(Refusal::bad_request(invalid.to_string())).into_response(),
    };
    if settings.hosts.knows(&host) || has_https_origin(request.headers(), &host) {
        return next.run(request).await;
    }
    misdirected(&request, &host)
}

/// Returns whether a page of `https://` with this host made the call: its browser has checked the certificate of that
/// name, which another site cannot have for a connection that leads here.
fn has_https_origin(headers: &HeaderMap, host: &Authority) -> bool {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else { return false };
    let place = origin.to_str().ok().and_then(|origin| origin.strip_prefix("https://"));
    place.is_some_and(|place| place.eq_ignore_ascii_case(host.as_str()))
}

/// Says which setting makes the name known: as a page for a browser that opens one, otherwise as a problem.
fn misdirected(request: &Request, host: &Authority) -> Response {
    let scheme = if is_forwarded_https(request.headers()) { "https" } else { "http" };
    let host: String = host.as_str().chars().take(SHOWN_CHARS).collect();
    let setting = format!("PALAVER_PUBLIC_URL={scheme}://{host}");
    log_unknown(request, &host, &setting);

    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if !accept.contains("text/html") {
        let text = format!(
            "This server is not known as {host}. If it is yours, set {setting}, or add the origin to PALAVER_ORIGINS if \
             the server has several names."
        );
        let refusal = Refusal::new(Code::BadRequest, text);
        return Problem::with_status(StatusCode::MISDIRECTED_REQUEST, refusal).into_response();
    }
    let (host, setting) = (escaped(&host), escaped(&setting));
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Palaver: unknown name</title>\
         <h1>This server is not known as {host}</h1>\
         <p>Palaver answers only under names that it knows, so that no other site can pretend to be it.</p>\
         <p>If this is your server, start it with <code>{setting}</code>. If it has several names, add the others to \
         <code>PALAVER_ORIGINS</code>. If you followed a link, ask the people who run the server for its address.</p></html>"
    );
    (StatusCode::MISDIRECTED_REQUEST, [(header::CACHE_CONTROL, "no-store")], Html(page)).into_response()
}

/// Logs a call under an unknown name, with what makes the name known. Anybody can make such calls, so the line is throttled
/// and what it quotes is cut.
fn log_unknown(request: &Request, host: &str, setting: &str) {
    static LINE: LogThrottle = LogThrottle::new();
    if let Some(repeated) = LINE.admit(host, Instant::now()) {
        tracing::warn!(
            host,
            origin = shown(request.headers().get(header::ORIGIN)),
            repeated,
            remedy = format!("if the name is yours, set {setting}, or add its origin to PALAVER_ORIGINS"),
            "a call was refused because this server is not known under its Host"
        );
    }
}

fn escaped(text: &str) -> String {
    let escape = |c| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        c => String::from(c),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn host(text: &str) -> Authority {
        text.parse().expect("a host")
    }

    fn call(hosts: &[&str]) -> Request {
        let request = hosts.iter().fold(Request::get("/"), |request, host| request.header("host", *host));
        request.body(Body::empty()).expect("a request")
    }

    #[test]
    fn addresses_localhost_and_the_configured_names_are_own() {
        let hosts = Hosts::of(["https://Chat.example.org", "http://app.example.org:8443"]);
        for own in [
            "127.0.0.1",
            "127.0.0.1:8080",
            "203.0.113.7",
            "[::1]:8080",
            "[2001:db8::1]",
            "localhost",
            "LOCALHOST:3000",
            "localhost.",
            "chat.localhost:8080",
            "chat.example.org",
            "CHAT.example.org:8080",
            "chat.example.org.",
            "app.example.org",
        ] {
            assert!(hosts.knows(&host(own)), "{own}");
        }
        for other in [
            "evil.org",
            "evil.org:8080",
            "chat.example.org.evil.org",
            "evilchat.example.org",
            "example.org",
            "localhost.evil.org",
            "notlocalhost",
            "127.0.0.1.evil.org",
            "127.0.0.1.nip.io",
            "2130706433",
            "0x7f.1",
            "::1",
        ] {
            assert!(other.parse::<Authority>().is_err() || !hosts.knows(&host(other)), "{other}");
        }
    }

    #[test]
    fn a_call_has_one_host() {
        assert_eq!(host_of(&call(&["a.example"])).map(|host| host.to_string()), Ok("a.example".into()));
        assert_eq!(host_of(&call(&[])), Err(InvalidHost::Missing));
        assert_eq!(host_of(&call(&["a.example", "a.example"])), Err(InvalidHost::Several));
        for bad in ["", "a b", "user@a.example", "a.example/path", "a.example:port", "a.example:99999", ":80"] {
            assert_eq!(host_of(&call(&[bad])), Err(InvalidHost::Malformed), "{bad:?}");
        }
        let absolute = Request::get("http://b.example/").header("host", "localhost").body(Body::empty());
        let named = host_of(&absolute.expect("a request")).map(|host| host.to_string());
        assert_eq!(named, Ok("b.example".into()), "RFC 9112 section 3.2.2: the URL wins");
    }

    #[test]
    fn a_name_with_markup_stays_text() {
        assert_eq!(escaped("a'&\"<b>"), "a&#39;&amp;&quot;&lt;b&gt;");
    }

    #[test]
    fn loopback_is_this_machine_only_and_no_public_name() {
        for own in ["127.0.0.1:80", "127.8.8.8", "[::1]", "[::ffff:127.0.0.1]:1", "localhost", "a.localhost"] {
            assert!(is_loopback(&host(own)) && !is_public_name(&host(own)), "{own}");
        }
        for other in ["10.0.0.1", "[2001:db8::1]", "0.0.0.0", "chat.example.org:8443"] {
            assert!(!is_loopback(&host(other)), "{other}");
        }
        assert!(is_public_name(&host("chat.example.org:8443")) && !is_public_name(&host("10.0.0.1")));
    }
}
