//! What functions share to serve the older contract: which calls are answered in its shape, its errors, and what handlers
//! take from a call.
//!
//! The credential decides: a call without one, where guests are allowed, and a call with a token that was issued for that
//! contract. Every other call reaches the native routes, as if the older contract did not exist.

mod detail;
mod dispatch;
mod extract;

pub use detail::OlderError;
pub use dispatch::{OlderRoutes, serve_older};
pub use extract::{OlderForm, OlderJson, OlderPath, OlderQuery, Visit};
