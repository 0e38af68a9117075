//! Finds where a call comes from. A forwarded address is trusted only if a configured proxy sent it: otherwise any client
//! could choose the address that the rate limit counts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Once;

use axum::extract::{ConnectInfo, FromRequestParts, Request};
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts};
use ipnet::{IpNet, Ipv6Net};

use crate::hosts::{host_of, is_loopback};
use crate::origin::Origin;
use crate::{BehindGateway, Problem, WebSettings};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// The headers that proxies add: the usual ones, and RFC 7239's.
const FORWARDED: [HeaderName; 5] = [
    FORWARDED_FOR,
    FORWARDED_PROTO,
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
    header::FORWARDED,
];

/// Maximum number of forwarded addresses read from one header; no real proxy set-up has a longer chain.
const HOPS: usize = 16;

/// Addresses that share a prefix, as in `10.0.0.0/8` or `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(IpNet);

/// A text that is not a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an address or a network; write it as 10.0.0.0/8, 192.0.2.7 or fd00::/8")]
pub struct InvalidNetwork(String);

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let of_one = || text.trim().parse::<IpAddr>().map(IpNet::from);
        text.trim().parse().or_else(|_| of_one()).map(Network).map_err(|_| InvalidNetwork(text.to_owned()))
    }
}

impl Network {
    /// Returns whether the network contains the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

/// The caller, as far as the connection identifies it. An extractor; without [`crate::mount()`] it has no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    /// The address; `0.0.0.0` if it is unknown.
    pub address: IpAddr,
    /// Whether the call came over TLS, as the connection, a trusted proxy or the origin of the server's own page says.
    pub https: bool,
    /// Whether cookies are marked `Secure`.
    pub secure_cookies: bool,
    /// The origin of the page that made the call.
    pub origin: Origin,
    /// Whether the call came from the server's own machine: the server listens there only, is called by a name of it, and
    /// no proxy forwarded the call.
    pub local: bool,
    /// The address, if the log may name it.
    pub logged_address: Option<IpAddr>,
}

impl Client {
    const NOBODY: Client = Client {
        address: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        https: false,
        secure_cookies: false,
        origin: Origin::Absent,
        local: false,
        logged_address: None,
    };

    pub(crate) fn of(request: &Request, settings: &WebSettings) -> Client {
        let headers = request.headers();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let is_proxy = peer.is_some_and(|peer| is_trusted(peer, &settings.trusted_proxies));
        let is_direct = request.extensions().get::<BehindGateway>().is_none();
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(name));
        if is_direct && is_forwarded && peer.is_some() && !is_proxy {
            warn_of_untrusted_proxy();
        }
        let address = client_address(peer, headers, &settings.trusted_proxies);
        let host = host_of(request).ok();
        let origin = settings.origins.judge(headers, host.as_ref().map(Authority::as_str));
        let is_https_page = origin == Origin::Own
            && headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
        let https =
            (is_proxy && is_forwarded_https(headers)) || is_https_page || request.uri().scheme_str() == Some("https");
        let is_local_page = headers.get_all(header::ORIGIN).iter().all(is_loopback_origin);
        let local = settings.listens_locally
            && is_direct
            && !is_forwarded
            && is_local_page
            && host.as_ref().is_some_and(is_loopback);
        let logged_address = settings.log_addresses.then_some(address);
        Client {
            address,
            https,
            secure_cookies: settings.secure_cookies.unwrap_or(https),
            origin,
            local,
            logged_address,
        }
    }

    /// Returns the key that the rate limit counts: an IPv6 client owns a whole /64, so all of its addresses count as one.
    pub fn network(&self) -> IpAddr {
        network_of(self.address)
    }
}

/// Returns whether a proxy says that the client uses TLS. Of several proxies, the first one knows.
pub(crate) fn is_forwarded_https(headers: &HeaderMap) -> bool {
    let proto = headers.get(FORWARDED_PROTO).and_then(|proto| proto.to_str().ok()).unwrap_or_default();
    proto.split(',').next().is_some_and(|first| first.trim().eq_ignore_ascii_case("https"))
}

/// Says once that calls come through a proxy which is not trusted: its clients share one address, and so one rate limit,
/// and their TLS is not seen.
fn warn_of_untrusted_proxy() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            "a call has an X-Forwarded-* or Forwarded header, but comes from a peer that is not trusted: all clients \
             behind that peer count as one address; if it is your proxy, list its network in PALAVER_TRUSTED_PROXIES"
        );
    });
}

/// Returns the address that stands for all addresses of the same client: the first of an IPv6 /64, or the address itself.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Net::new_assert(address, 64).network()),
    }
}

/// Returns the address of the peer, or the one that a trusted proxy reports; `0.0.0.0` if it is unknown.
fn client_address(connected: Option<IpAddr>, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let peer = connected.map_or(Client::NOBODY.address, |peer| peer.to_canonical());
    match is_trusted(peer, trusted) {
        true => forwarded(headers, peer, |address| is_trusted(address, trusted)),
        false => peer,
    }
}

/// Returns whether one of the networks contains the address.
pub fn is_trusted(address: IpAddr, networks: &[Network]) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// Returns the last address that does not belong to a trusted proxy. Reads from the right, because a client can write
/// anything on the left.
fn forwarded(headers: &HeaderMap, peer: IpAddr, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let lines: Vec<&str> = headers.get_all(FORWARDED_FOR).iter().filter_map(|line| line.to_str().ok()).collect();
    let mut nearest = peer;
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')).take(HOPS) {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted(nearest) {
            break;
        }
    }
    nearest
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(parts.extensions.get().copied().unwrap_or(Client::NOBODY))
    }
}

/// Returns whether a page of this machine made the call.
fn is_loopback_origin(origin: &HeaderValue) -> bool {
    let place = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    place.and_then(|(_, place)| place.parse().ok()).is_some_and(|place: Authority| is_loopback(&place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse().expect("valid")
    }

    #[test]
    fn a_network_contains_its_addresses() {
        let holds = |net: &str, address: &str| network(net).contains(address.parse().expect("valid"));
        assert!(holds("10.0.0.0/8", "10.200.3.4"));
        assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1"), "an IPv4-mapped IPv6 address");
        assert!(!holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "10.0.0.1"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(holds("0.0.0.0/0", "8.8.8.8"));
        for bad in ["", "10.0.0.0/33", "a/8", "10.0.0.0/-1"] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    fn seen(peer: &str, forwarded_for: &str, trusted: &[&str]) -> String {
        let mut request = Request::new(axum::body::Body::empty());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().expect("valid"), 1)));
        request.headers_mut().insert(FORWARDED_FOR, forwarded_for.parse().expect("valid"));
        let trusted_proxies = trusted.iter().map(|text| network(text)).collect();
        Client::of(&request, &WebSettings { trusted_proxies, ..Default::default() }).address.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_may_forward_an_address() {
        assert_eq!(seen("203.0.113.9", "1.2.3.4", &[]), "203.0.113.9");
        assert_eq!(seen("203.0.113.9", "1.2.3.4", &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(seen("10.0.0.1", "1.2.3.4", &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(seen("10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2", &["10.0.0.0/8"]), "1.2.3.4", "the left is forged");
        assert_eq!(seen("10.0.0.1", "nonsense", &["10.0.0.0/8"]), "10.0.0.1");
    }
}
