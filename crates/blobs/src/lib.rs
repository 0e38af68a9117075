//! The files' bytes: a folder on disk (S3 next).
