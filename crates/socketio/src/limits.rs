//! Limits of the packets, as the Socket.IO project's own servers have them where it names any.

/// Maximum number of binary attachments of one packet.
pub const ATTACHMENTS: usize = 10;
/// Maximum size of all attachments of one packet together, in bytes.
pub const ATTACHMENT_BYTES: usize = 1_000_000;
/// Maximum length of a namespace, in bytes.
pub const NAMESPACE_BYTES: usize = 256;
/// Maximum number of digits of an ack's number.
pub const ID_DIGITS: usize = 15;
