//! The auth function: a router, and a binary for Lambda or plain HTTP.
