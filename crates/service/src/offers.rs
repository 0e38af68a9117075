//! What an installation offers to those who are not signed in yet, for `GET /api/config`.

use domain::limits::Limits;

/// What an installation offers. A copy of settings for clients: the use cases enforce the settings themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offers {
    /// Whether guests may sign in.
    pub guests: bool,
    /// Whether anyone may register an account.
    pub registration: bool,
    /// Whom to ask for an account, in the operator's words.
    pub contact: Option<String>,
    /// Bytes of the largest file that a client may upload, in whichever way the installation offers.
    pub upload_bytes: u64,
}

impl Default for Offers {
    fn default() -> Self {
        Offers { guests: true, registration: true, contact: None, upload_bytes: Limits::default().upload_bytes }
    }
}
