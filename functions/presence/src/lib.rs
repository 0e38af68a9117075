//! The presence function: a router, and a binary for Lambda or plain HTTP.
