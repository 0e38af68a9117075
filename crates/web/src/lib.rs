//! What all functions share for HTTP: the layers around a router, extractors, problem+json, health, the OpenAPI page.
//!
//! Never decides anything about rooms or users: that is `service`. The only place that turns an error code into an HTTP
//! status.

mod address;
mod address_cap;
mod caller;
pub mod compat;
mod cookie;
mod docs;
mod extract;
mod headers;
mod health;
mod hosts;
mod json;
mod json_lines;
pub mod limits;
mod mount;
mod origin;
mod patience;
mod problem;
mod public_url;
mod rate;
mod request_log;
mod settings;
mod unread_body;

pub use address::{Client, InvalidNetwork, Network, is_trusted};
pub use address_cap::{AddressCap, AddressPermit, ConnectionPermit, OverCap};
pub use caller::{AdminOrService, Caller, MaybeCaller};
pub use cookie::{Cookies, SetCookie};
pub use docs::{completed, docs, docs_at, failure};
pub use extract::{EpochHeader, IdempotencyKey, PALAVER_EPOCH, Path, Query, StoreEpoch};
pub use headers::{Framed, content_security_policy};
pub use health::{Check, Checks, Health};
pub use hosts::{BehindGateway, Hosts};
pub use json::Json;
pub use json_lines::json_lines;
pub use mount::mount;
pub use origin::{InvalidOrigin, Origin, Origins, refuse_foreign_origin};
pub use patience::{Called, Patience};
pub use problem::Problem;
pub use public_url::{InvalidPublicUrl, PublicUrl, below};
pub use settings::WebSettings;
