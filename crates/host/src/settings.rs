//! All settings of a server, by name. Reading collects every problem and does not stop at the first.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::config::Config;
use crate::log::Format;
use domain::limits::Limits;
use domain::name::Slug;
use service::auth::{AuthSettings, SigningKeys};
use service::{DirectPolicy, Offers};
use web::{Hosts, Origins, PublicUrl, WebSettings};

use crate::{Backends, BlobsBackend, InternalSettings, ListenAddress, Secret};

/// The settings of an operator.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address of the page, the API and the sockets.
    pub listen: ListenAddress,
    /// The URL at which users reach this server, if a proxy publishes it elsewhere than at the root of its own address.
    pub public_url: Option<PublicUrl>,
    /// The origins whose pages may show the page in a frame.
    pub frame_origins: Origins,
    /// The folder of the database, the files and the signing key.
    pub data: PathBuf,
    /// The adapter for each port.
    pub backends: Backends,
    /// The key that signs tokens, the same on every node; if unset, a key is stored in the data folder.
    pub signing_key: Option<Secret>,
    /// This node's name; generated if unset.
    pub node: Option<String>,
    /// Whether this process runs the event feed. Each installation needs at least one that does; a Lambda never does.
    pub feed: bool,
    /// The management API of an API Gateway WebSocket API, if it differs from the one its events name.
    pub connections_url: Option<String>,
    /// The admin that `palaver bootstrap` creates.
    pub first_admin: Option<FirstAdmin>,
    /// The private port for other nodes, and for programs that post to sockets; disabled if unset.
    pub internal: Option<InternalSettings>,
    /// A private address for metrics; disabled if unset.
    pub metrics_listen: Option<ListenAddress>,
    /// The format of log lines.
    pub log_format: Format,
    /// The log filter, such as `info,sqlx=warn`.
    pub log: String,
    /// The rooms that a new installation starts with, and that everybody is offered first.
    pub default_rooms: Vec<Slug>,
    /// Who may open a direct room with whom.
    pub direct: DirectPolicy,
    /// Whom to ask for an account, shown at sign-in.
    pub contact: Option<String>,
    /// How long sockets and calls may take to end after SIGTERM.
    pub drain: Duration,
    /// Settings of the HTTP layers.
    pub web: WebSettings,
    /// Settings of sign-in.
    pub auth: AuthSettings,
    /// The limits.
    pub limits: Limits,
    /// Whether Socket.IO is served.
    pub socketio: bool,
}

/// The admin that `palaver bootstrap` creates if no user has this handle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstAdmin {
    /// The handle.
    pub name: String,
    /// The password; if unset, read from standard input.
    pub password: Option<Secret>,
}

/// The setting that the server's log names when an address has too many connections.
pub(crate) const CONNECTIONS_PER_ADDRESS: &str = "PALAVER_LIMITS_CONNECTIONS_PER_ADDRESS";

/// Characters of PALAVER_CONTACT: it is one line of the page.
const CONTACT_CHARS: usize = 200;

impl Settings {
    /// Returns what this installation offers to those who are not signed in.
    pub fn offers(&self) -> Offers {
        let is_direct = matches!(&self.backends.blobs, BlobsBackend::S3(bucket) if bucket.presign);
        let upload_bytes = match is_direct {
            true => self.limits.upload_bytes.max(self.limits.direct_upload_bytes),
            false => self.limits.upload_bytes,
        };
        let AuthSettings { guests, registration, .. } = self.auth;
        Offers { guests, registration, contact: self.contact.clone(), upload_bytes }
    }

    /// Reads every setting by its name and adds each problem to `config`.
    pub fn read(config: &mut Config) -> Settings {
        let limits = limits(config);
        let listen = config.parse("PALAVER_LISTEN", SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)).into());
        let public_url: Option<PublicUrl> = config.parse_optional("PALAVER_PUBLIC_URL");
        let mut allowed = origins(config, "PALAVER_ORIGINS");
        if let Some(url) = &public_url {
            // The page's own address is one of the server's names, too.
            allowed = allowed.with_own(url);
        }
        let trusted_proxies: Vec<_> = config.list("PALAVER_TRUSTED_PROXIES");
        let web = WebSettings {
            limits: limits.clone(),
            hosts: Hosts::of(allowed.all()),
            listens_locally: listens_locally(&listen) && public_url.is_none() && trusted_proxies.is_empty(),
            owns_host: public_url.as_ref().is_none_or(|url| url.path().is_empty()),
            trusted_proxies,
            origins: allowed,
            log_addresses: config.flag("PALAVER_LOG_ADDRESSES", false),
            secure_cookies: config
                .optional("PALAVER_SECURE_COOKIES")
                .map(|_| config.flag("PALAVER_SECURE_COOKIES", true)),
            ..WebSettings::default()
        };
        let auth = AuthSettings {
            guests: config.flag("PALAVER_GUESTS", true),
            registration: config.flag("PALAVER_REGISTRATION", true),
            sign_ins_per_minute: limits.sign_ins_per_minute,
            password_threads: config.within("PALAVER_PASSWORD_THREADS", 0, 0..=64),
            service_tokens: config.list("PALAVER_SERVICE_TOKENS"),
        };
        Settings {
            listen,
            public_url,
            frame_origins: origins(config, "PALAVER_FRAME_ORIGINS"),
            data: config.text("PALAVER_DATA", "./data").into(),
            backends: Backends::read(config),
            signing_key: signing_key(config),
            node: config.optional("PALAVER_NODE"),
            feed: config.flag("PALAVER_FEED", true),
            connections_url: config.url("PALAVER_CONNECTIONS_URL", &["http", "https"]).map(|url| url.to_string()),
            first_admin: first_admin(config),
            internal: InternalSettings::read(config),
            metrics_listen: config.parse_optional("PALAVER_METRICS_LISTEN"),
            log_format: config.parse("PALAVER_LOG_FORMAT", Format::Json),
            log: log_filter(config),
            default_rooms: default_rooms(config),
            direct: direct_policy(config),
            contact: contact(config),
            drain: config.duration("PALAVER_DRAIN", Duration::from_secs(20), Duration::ZERO..=Duration::from_secs(600)),
            web,
            auth,
            limits,
            socketio: config.flag("PALAVER_SOCKETIO", false),
        }
    }
}

/// Returns whether only this machine reaches the address without a proxy. On a Unix socket there always is a proxy.
fn listens_locally(address: &ListenAddress) -> bool {
    address.tcp().is_some_and(|address| address.ip().to_canonical().is_loopback())
}

fn contact(config: &mut Config) -> Option<String> {
    const KEY: &str = "PALAVER_CONTACT";
    let contact = config.optional(KEY)?;
    if contact.chars().count() > CONTACT_CHARS || contact.chars().any(char::is_control) {
        config.problem(KEY, format!("must be one line of at most {CONTACT_CHARS} characters"));
    }
    Some(contact)
}

fn origins(config: &mut Config, key: &str) -> Origins {
    let origins: Vec<String> = config.list(key);
    Origins::parse(origins.iter().map(String::as_str)).unwrap_or_else(|error| {
        config.problem(key, error.to_string());
        Origins::default()
    })
}

fn log_filter(config: &mut Config) -> String {
    const KEY: &str = "PALAVER_LOG";
    let filter = config.text(KEY, "info");
    if let Err(error) = crate::log::check(&filter) {
        config.problem(KEY, error.to_string());
    }
    filter
}

/// A PEM key has several lines, which not every source of settings can hold: `\n` also ends a line.
fn signing_key(config: &mut Config) -> Option<Secret> {
    const KEY: &str = "PALAVER_SIGNING_KEY";
    let pem = config.optional(KEY)?.replace("\\n", "\n");
    if let Err(error) = SigningKeys::from_pem(&pem) {
        // The error says nothing of the key itself.
        config.problem(KEY, error.to_string());
    }
    Some(Secret::new(pem))
}

fn first_admin(config: &mut Config) -> Option<FirstAdmin> {
    let password = config.optional("PALAVER_ADMIN_PASSWORD").map(Secret::new);
    let name = config.optional("PALAVER_ADMIN");
    if name.is_none() && password.is_some() {
        config.problem("PALAVER_ADMIN_PASSWORD", "needs PALAVER_ADMIN: set both");
    }
    name.map(|name| FirstAdmin { name, password })
}

/// The limits that an operator may set: `PALAVER_LIMITS_…`, in a file `[limits]`.
fn limits(config: &mut Config) -> Limits {
    let d = Limits::default();
    Limits {
        client_frame: frame(config, "PALAVER_LIMITS_CLIENT_FRAME", d.client_frame, 4_096),
        server_frame: frame(config, "PALAVER_LIMITS_SERVER_FRAME", d.server_frame, 16_384),
        rooms_per_user: config.within("PALAVER_LIMITS_ROOMS_PER_USER", d.rooms_per_user, 1..=100_000),
        joins_per_minute: config.within("PALAVER_LIMITS_JOINS_PER_MINUTE", d.joins_per_minute, 1..),
        direct_rooms_per_day: config.within("PALAVER_LIMITS_DIRECT_ROOMS_PER_DAY", d.direct_rooms_per_day, 0..),
        invitations_per_day: config.within("PALAVER_LIMITS_INVITATIONS_PER_DAY", d.invitations_per_day, 0..),
        connections_per_node: config.within("PALAVER_LIMITS_CONNECTIONS_PER_NODE", d.connections_per_node, 1..),
        connections_per_address: config.within(CONNECTIONS_PER_ADDRESS, d.connections_per_address, 0..),
        sockets_per_address: config.within("PALAVER_LIMITS_SOCKETS_PER_ADDRESS", d.sockets_per_address, 0..),
        guest_sockets_per_address: config.within(
            "PALAVER_LIMITS_GUEST_SOCKETS_PER_ADDRESS",
            d.guest_sockets_per_address,
            0..,
        ),
        sockets_per_user: config.within("PALAVER_LIMITS_SOCKETS_PER_USER", d.sockets_per_user, 1..),
        sends_per_10s: config.within("PALAVER_LIMITS_SENDS_PER_10S", d.sends_per_10s, 1..),
        frames_per_60s: config.within("PALAVER_LIMITS_FRAMES_PER_60S", d.frames_per_60s, 1..),
        upload_bytes: config.bytes("PALAVER_LIMITS_UPLOAD_BYTES", d.upload_bytes),
        direct_upload_bytes: config.bytes("PALAVER_LIMITS_DIRECT_UPLOAD_BYTES", d.direct_upload_bytes),
        user_storage_bytes: config.bytes("PALAVER_LIMITS_USER_STORAGE_BYTES", d.user_storage_bytes),
        storage_bytes: config.bytes("PALAVER_LIMITS_STORAGE_BYTES", d.storage_bytes),
        direct_download_above: config.bytes("PALAVER_LIMITS_DIRECT_DOWNLOAD_ABOVE", d.direct_download_above),
        requests_per_minute: config.within("PALAVER_LIMITS_REQUESTS_PER_MINUTE", d.requests_per_minute, 1..),
        sign_ins_per_minute: config.within("PALAVER_LIMITS_SIGN_INS_PER_MINUTE", d.sign_ins_per_minute, 1..),
        scans_per_10s: config.within("PALAVER_LIMITS_SCANS_PER_10S", d.scans_per_10s, 1..),
        heartbeat_ms: config.milliseconds("PALAVER_LIMITS_HEARTBEAT_MS", d.heartbeat_ms, 100..=300_000),
        memory: config.bytes("PALAVER_LIMITS_MEMORY", d.memory),
    }
}

/// Rooms that may be offered to everybody; more would not be seen.
const DEFAULT_ROOMS: usize = 16;

fn default_rooms(config: &mut Config) -> Vec<Slug> {
    const KEY: &str = "PALAVER_DEFAULT_ROOMS";
    let text = config.text(KEY, "general");
    if text == "none" {
        return Vec::new();
    }
    let mut rooms = Vec::new();
    for part in text.split(',').map(|part| part.trim().trim_start_matches('#')).filter(|part| !part.is_empty()) {
        match Slug::parse(part) {
            Ok(slug) if rooms.contains(&slug) => {}
            Ok(slug) => rooms.push(slug),
            Err(error) => config.problem(KEY, format!("{part}: {error}; write `none` for no rooms")),
        }
    }
    if rooms.len() > DEFAULT_ROOMS {
        config.problem(KEY, format!("names more than {DEFAULT_ROOMS} rooms"));
    }
    rooms
}

fn direct_policy(config: &mut Config) -> DirectPolicy {
    const KEY: &str = "PALAVER_DIRECT";
    match config.optional(KEY).as_deref() {
        None => DirectPolicy::ByAccount,
        Some("anyone") => DirectPolicy::Anyone,
        Some("shared-room") => DirectPolicy::SharedRoom,
        Some("nobody") => DirectPolicy::Nobody,
        Some(other) => {
            config.problem(KEY, format!("is `{other}`, but must be `anyone`, `shared-room` or `nobody`"));
            DirectPolicy::ByAccount
        }
    }
}

/// Longest frame that may be allowed, so that one socket cannot hold much memory.
const LONGEST_FRAME: u64 = 16 << 20;

fn frame(config: &mut Config, key: &str, default: usize, least: u64) -> usize {
    let bytes = config.bytes_within(key, default as u64, least..=LONGEST_FRAME);
    usize::try_from(bytes).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        let mut config = Config::from_lookup(|_| None);
        let settings = Settings::read(&mut config);
        let settings = config.finish(settings).expect("the defaults are valid");
        assert_eq!(settings.limits, Limits::default());
        assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let mut config = Config::from_lookup(|name| name.contains("LI").then(|| "nonsense".to_owned()));
        let settings = Settings::read(&mut config);
        let errors = config.finish(settings).expect_err("several settings are invalid");
        assert!(errors.problems().len() >= 12, "{errors}");
    }
}
