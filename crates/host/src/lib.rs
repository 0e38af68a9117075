//! Starts and stops processes: their settings by name, the adapters chosen by them, the log, the HTTP server or Lambda
//! runtime, and the shutdown.
//!
//! Never reads the environment: binaries pass it in. Never decides anything about rooms or users.

mod address;
mod backends;
mod begin;
pub mod config;
pub mod descriptors;
mod environment;
#[cfg(feature = "lambda")]
mod function;
mod internal;
#[cfg(feature = "lambda")]
mod lambda;
pub mod limits;
mod listener;
pub mod log;
mod memory;
pub mod metrics;
mod older_names;
mod open;
mod prepare;
mod secret;
mod server;
mod settings;

pub use address::{InvalidAddress, ListenAddress};
pub use backends::{Backends, BlobsBackend, BusBackend, S3Bucket, StoreBackend};
pub use begin::{BeginError, begin};
pub use environment::{EnvironmentError, NotUtf8, STANDARD_NAMES, environment};
#[cfg(feature = "lambda")]
pub use function::{Function, FunctionError, Routers, function};
pub use internal::{AccessKey, InternalSettings, InvalidAccessKey};
#[cfg(feature = "lambda")]
pub use lambda::{calls, events, is_call};
pub use memory::memory_budget;
pub use older_names::OlderDatabase;
#[cfg(feature = "s3")]
pub use open::s3_settings;
pub use open::{
    BlobBackend, DATABASE, DataLock, FILES, IfMissing, Installation, OpenError, Profile, SIGNING_KEY, WithFiles,
    WithoutFiles, check_stored_key,
};
pub use prepare::{prepare, renew};
pub use secret::Secret;
pub use server::{Server, end_of, is_lambda, serve, shutdown_signal};
pub use service::Duties;
pub use settings::{FirstAdmin, Settings};
