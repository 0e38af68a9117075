//! Starts the servers that tests and the local cloud need: Redis, PostgreSQL, DynamoDB Local, S3, a local AWS, nginx.
//! Each on a free port of 127.0.0.1, its data in a temporary folder; ended when dropped, and with this process however
//! that ends. Never reaches out to the network: only [`install`] does, and tests never call it.
//!
//! `start()` panics with the server's own log when it cannot start, and says what to do when it is not installed.

mod dynamodb_local;
mod folder;
mod install;
mod ministack;
mod nginx;
mod port;
mod postgres;
mod process;
mod redis;
pub mod sdk;
pub mod shared;
mod tools;
mod versions;
mod versitygw;

pub use dynamodb_local::DynamoDbLocal;
pub use install::install;
pub use ministack::Ministack;
pub use nginx::Nginx;
pub use port::free as free_port;
pub use postgres::{Postgres, Replica};
pub use process::{Process, http_status};
pub use redis::{Redis, RedisCluster, RedisSentinel};
pub use tools::folder as tools_folder;
pub use versitygw::VersityGw;

/// The access key and the secret that [`DynamoDbLocal`] and [`Ministack`] take; they check neither.
pub const AWS_KEYS: (&str, &str) = ("test", "test");
/// The region of [`DynamoDbLocal`], [`Ministack`] and [`VersityGw`].
pub const AWS_REGION: &str = "us-east-1";
