//! Black-box tests of the running program. Owns what they share: a server to start and kill, users who call it, sockets
//! that speak raw frames. Never links the server: everything goes through its command line, HTTP and WebSocket.

pub mod backends;
pub mod binary;
pub mod cluster;
pub mod cpu;
pub mod dynamodb;
pub mod figure;
pub mod golden;
pub mod person;
pub mod server;
pub mod socket;
pub mod wait;
pub mod websocket_api;
