//! What every binary's wiring shares: the settings by name, and the adapters that they choose.
//!
//! Never reads the environment: binaries hand it over.

mod backends;
mod begin;
#[cfg(feature = "lambda")]
mod function;
mod internal;
mod open;
mod prepare;
mod secret;
mod settings;

pub use backends::{Backends, BlobsBackend, BusBackend, S3Bucket, StoreBackend};
pub use begin::{BeginError, begin};
#[cfg(feature = "lambda")]
pub use function::{Function, FunctionError, function};
pub use internal::{AccessKey, InternalSettings, InvalidAccessKey};
#[cfg(feature = "s3")]
pub use open::s3_settings;
pub use open::{BlobBackend, DATABASE, FILES, IfMissing, OpenError, Profile, SIGNING_KEY, WithFiles, WithoutFiles};
pub use prepare::{prepare, renew};
pub use secret::Secret;
pub use service::Duties;
pub use settings::{FirstAdmin, Settings, is_ours};
