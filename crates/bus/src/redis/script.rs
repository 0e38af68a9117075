//! The scripts, and how they are called: by their hash, or with the whole text if Redis does not know it.
//!
//! Never waits longer than a timeout, and not at all while the link is down.

use std::sync::LazyLock;

use crate::limits::BUS_TIMEOUT;
use redis::{ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs};

use super::dial::Conn;
use super::link::Link;

/// A script that Redis runs atomically.
pub struct Script {
    text: String,
    hash: redis::Script,
}

macro_rules! script {
    ($(#[$doc:meta])* $name:ident, [$($file:literal),+]) => {
        $(#[$doc])*
        pub static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(concat!($(include_str!(concat!("lua/", $file)), "\n"),+)));
    };
}

script!(/** Adds or refreshes connections. */ REFRESH, ["prelude.lua", "refresh.lua"]);
script!(/** Removes a connection, or all of a user's. */ REMOVE, ["prelude.lua", "remove.lua"]);
script!(/** Removes expired connections and returns the changes. */ CHANGES, ["prelude.lua", "changes.lua"]);
script!(/** Returns the presence of some users. */ GET, ["prelude.lua", "get.lua"]);
script!(/** Returns the number of online users. */ ONLINE, ["prelude.lua", "online.lua"]);
script!(/** Somebody types, or stopped. */ TYPING_SET, ["typing_set.lua"]);
script!(/** Who types. */ TYPING_GET, ["typing_get.lua"]);
script!(/** Counts what a rate limit admits. */ COUNT, ["count.lua"]);

/// The keys and arguments of a call.
#[derive(Default)]
pub struct Call {
    keys: Vec<String>,
    args: Vec<Vec<u8>>,
}

impl Call {
    /// Returns a call on these keys, which must be in one slot.
    pub fn on(keys: impl IntoIterator<Item = String>) -> Call {
        Call { keys: keys.into_iter().collect(), args: Vec::new() }
    }

    /// Adds an argument.
    pub fn arg(mut self, arg: impl ToRedisArgs) -> Call {
        self.push(arg);
        self
    }

    /// Adds an argument.
    pub fn push(&mut self, arg: impl ToRedisArgs) {
        self.args.extend(arg.to_redis_args());
    }
}

impl Script {
    fn new(text: &str) -> Script {
        Script { text: text.to_owned(), hash: redis::Script::new(text) }
    }

    /// Returns the script's answer; none if there was none, which is reported to the link.
    pub async fn call<T: FromRedisValue>(&self, link: &Link, call: &Call) -> Option<T> {
        let conn = link.commands()?;
        match tokio::time::timeout(BUS_TIMEOUT, self.run(conn, call)).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, "redis did not answer a script");
                link.suspect(&error);
                None
            }
            Err(_) => {
                link.suspect_silence();
                None
            }
        }
    }

    async fn run<T: FromRedisValue>(&self, mut conn: Conn, call: &Call) -> RedisResult<T> {
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(call.keys.len()).arg(&call.keys).arg(&call.args);
            command
        };
        match command("EVALSHA", self.hash.get_hash()).query_async(&mut conn).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                command("EVAL", &self.text).query_async(&mut conn).await
            }
            answer => answer,
        }
    }
}
