//! Starts the servers that tests and the local cloud need: Redis, PostgreSQL, DynamoDB Local, S3, a local AWS, nginx.
//! Each listens on a free port of 127.0.0.1, with its data in a temporary folder; it ends when dropped, and with this
//! process however that ends. Uses the network only in [`install`], which tests never call.
//!
//! `start()` panics with the server's log if it cannot start, and says what to do if it is not installed.

mod autobahn;
mod cargo_deny;
mod dynamodb_local;
mod folder;
mod install;
mod ministack;
mod nginx;
pub mod openapi;
mod port;
mod postgres;
mod process;
mod redis;
pub mod sdk;
pub mod shared;
mod tools;
mod versions;
mod versitygw;

pub use autobahn::autobahn;
pub use cargo_deny::cargo_deny;
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

/// The access key and the secret that [`DynamoDbLocal`] and [`Ministack`] accept; they check neither.
pub const AWS_KEYS: (&str, &str) = ("test", "test");
/// The region of [`DynamoDbLocal`], [`Ministack`] and [`VersityGw`].
pub const AWS_REGION: &str = "us-east-1";
