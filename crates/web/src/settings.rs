//! The operator's settings for HTTP. Never reads the environment: binaries do.

use std::sync::Arc;
use std::time::Duration;

use domain::limits::Limits;
use service::shared_counts::SharedCounts;

use crate::{Hosts, Network, Origins};

/// Settings of [`crate::mount()`].
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Calls per address and minute, and the other limits.
    pub limits: Limits,
    /// Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted.
    pub trusted_proxies: Vec<Network>,
    /// Other origins whose pages may call, with cookies. Pages of this server itself always may.
    pub origins: Origins,
    /// The names that this server is called by, besides addresses and `localhost`. Calls under other names are answered
    /// with 421.
    pub hosts: Hosts,
    /// How long a call may take, except for uploads.
    pub request_timeout: Duration,
    /// How long a call with a `multipart/form-data` body may take.
    pub upload_timeout: Duration,
    /// How long a body may stall.
    pub body_idle_timeout: Duration,
    /// Whether the server listens only on its own machine, and no setting says that a proxy is in front of it.
    pub listens_locally: bool,
    /// Whether the server owns all of its host, so that it may ask browsers to use https only.
    pub owns_host: bool,
    /// Whether the log may name the addresses of clients.
    pub log_addresses: bool,
    /// Whether cookies are marked `Secure`; `None` decides by the call's own scheme.
    pub secure_cookies: Option<bool>,
    /// What counts calls together with other processes; `None` if each counts by itself.
    pub shared_counts: Option<Arc<SharedCounts>>,
}

impl Default for WebSettings {
    fn default() -> Self {
        WebSettings {
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
            origins: Origins::default(),
            hosts: Hosts::default(),
            request_timeout: Duration::from_secs(30),
            upload_timeout: Duration::from_secs(15 * 60),
            body_idle_timeout: Duration::from_secs(15),
            listens_locally: false,
            owns_host: true,
            log_addresses: false,
            secure_cookies: None,
            shared_counts: None,
        }
    }
}
