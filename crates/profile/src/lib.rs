//! What every binary's wiring shares: the settings by name, and the adapters that they choose.
//!
//! Never reads the environment and never installs a log: binaries do.

mod backends;
#[cfg(feature = "lambda")]
mod function;
mod internal;
mod open;
mod prepare;
mod secret;
mod settings;

pub use backends::{Backends, BlobsBackend, BusBackend, S3Bucket, StoreBackend};
#[cfg(feature = "lambda")]
pub use function::{Function, FunctionError, function, settings};
pub use internal::{AccessKey, InternalSettings, InvalidAccessKey};
#[cfg(feature = "s3")]
pub use open::s3_settings;
pub use open::{DATABASE, FILES, FileStore, OpenError, Profile, SIGNING_KEY, WithFiles, WithoutFiles};
pub use prepare::{prepare, renew};
pub use secret::Secret;
pub use service::Duties;
pub use settings::{FirstAdmin, Settings};
