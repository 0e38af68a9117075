//! What every function shares on its way in: the layers around a router, extractors, problem+json,
//! health, the OpenAPI page, configuration, and the server itself.
//!
//! Never decides anything about rooms or people: that is `service`. The only place where a code becomes
//! an HTTP status.

mod address;
mod caller;
pub mod config;
mod cookie;
mod docs;
mod extract;
mod headers;
mod health;
mod json;
#[cfg(feature = "lambda")]
mod lambda;
pub mod limits;
pub mod log;
pub mod metrics;
mod mount;
mod origin;
mod problem;
mod rate;
mod request_log;
mod server;
mod settings;

pub use address::{Client, InvalidNetwork, Network};
pub use caller::{AdminOrService, Caller, MaybeCaller};
pub use cookie::{Cookies, SetCookie};
pub use docs::docs;
pub use extract::{EpochHeader, IdempotencyKey, PALAVER_EPOCH, Path, Query, StoreEpoch};
pub use headers::content_security_policy;
pub use health::{Check, Checks, Health};
pub use json::Json;
#[cfg(feature = "lambda")]
pub use lambda::{calls, events, is_call};
pub use mount::mount;
pub use origin::{InvalidOrigin, Origin, Origins};
pub use problem::Problem;
pub use server::{Server, is_lambda, serve, shutdown_signal};
pub use settings::WebSettings;
