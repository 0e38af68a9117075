//! Opens a node's two connections to Redis: one for commands, one for published messages.
//!
//! Never retries; the link does. Every wait has a timeout.

use std::sync::Arc;

use crate::limits::BUS_TIMEOUT;
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{Sentinel, SentinelNodeConnectionInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionInfo, ErrorKind, Pipeline, ProtocolVersion, PushInfo, RedisError,
    RedisFuture, RedisResult, ServerErrorKind, Value,
};

use super::url::Topology;

/// A connection to one server or to a Cluster; a clone uses the same sockets.
#[derive(Clone)]
pub enum Conn {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// Called with everything that Redis pushes. Must not block.
pub type OnPush = Arc<dyn Fn(PushInfo) + Send + Sync>;

/// Both connections of a node.
pub struct Pair {
    pub commands: Conn,
    pub published: Conn,
}

/// The reason why no connection was established.
pub enum DialError {
    /// Redis is not reachable now; it may be later.
    Away(RedisError),
    /// Redis is reachable and refuses the connection: the settings are wrong.
    Refused(RedisError),
}

impl From<RedisError> for DialError {
    fn from(error: RedisError) -> Self {
        if is_refusal(&error) { DialError::Refused(error) } else { DialError::Away(error) }
    }
}

/// Opens both connections. Takes at most a few times [`BUS_TIMEOUT`].
pub async fn dial(topology: &Topology, on_push: OnPush) -> Result<Pair, DialError> {
    let opened = async {
        match topology {
            Topology::One(info) => one(info, on_push).await,
            Topology::Sentinel { sentinels, master, server } => {
                one(&master_of(sentinels, master, server).await?, on_push).await
            }
            Topology::Cluster(servers) => cluster(servers, on_push).await,
        }
    };
    match tokio::time::timeout(BUS_TIMEOUT * 3, opened).await {
        Ok(opened) => opened,
        Err(_) => Err(DialError::Away(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))),
    }
}

async fn one(info: &ConnectionInfo, on_push: OnPush) -> Result<Pair, DialError> {
    let client = Client::open(info.clone())?;
    let commands = client.get_multiplexed_async_connection_with_config(&config()).await?;
    let config = config().set_push_sender(move |info: PushInfo| {
        on_push(info);
        Ok::<(), std::convert::Infallible>(())
    });
    let published = client.get_multiplexed_async_connection_with_config(&config).await?;
    Ok(Pair { commands: Conn::One(commands), published: Conn::One(published) })
}

fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(BUS_TIMEOUT))
        .set_response_timeout(Some(BUS_TIMEOUT))
        .set_pipeline_buffer_size(1_024)
}

/// Returns where the master is now. Asked for each connection, because the master may have changed.
async fn master_of(
    sentinels: &[ConnectionInfo],
    master: &str,
    server: &SentinelNodeConnectionInfo,
) -> Result<ConnectionInfo, DialError> {
    let mut sentinel = Sentinel::build(sentinels.to_vec())?;
    let client = sentinel.async_master_for(master, Some(server)).await?;
    Ok(client.get_connection_info().clone())
}

async fn cluster(servers: &[ConnectionInfo], on_push: OnPush) -> Result<Pair, DialError> {
    let builder = || {
        ClusterClientBuilder::new(servers.to_vec())
            .use_protocol(ProtocolVersion::RESP3)
            .connection_timeout(BUS_TIMEOUT)
            .response_timeout(BUS_TIMEOUT)
            .overall_response_timeout(Some(BUS_TIMEOUT))
            .retries(3)
            .max_retry_wait(200)
    };
    let opened = async {
        let commands = builder().build()?.get_async_connection().await?;
        let on_push = move |info: PushInfo| {
            on_push(info);
            Ok::<(), std::convert::Infallible>(())
        };
        let published = builder().push_sender(on_push).build()?.get_async_connection().await?;
        Ok(Pair { commands: Conn::Cluster(commands), published: Conn::Cluster(published) })
    };
    let error: RedisError = match opened.await {
        Ok(pair) => return Ok(pair),
        Err(error) => error,
    };
    // The client of a Cluster only reports that it found no server; a single server reports the reason.
    for server in servers {
        let asked = Client::open(server.clone())?.get_multiplexed_async_connection_with_config(&config()).await;
        if let Err(refused) = asked
            && is_refusal(&refused)
        {
            return Err(DialError::Refused(refused));
        }
    }
    Err(DialError::from(error))
}

/// Returns whether the server answered, and will answer the same until the settings change.
fn is_refusal(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::AuthenticationFailed
        | ErrorKind::InvalidClientConfig
        | ErrorKind::RESP3NotSupported
        | ErrorKind::MasterNameNotFoundBySentinel
        | ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError) => true,
        _ => matches!(error.code(), Some("NOAUTH" | "WRONGPASS")),
    }
}

impl Conn {
    /// Checks that every server answers.
    pub async fn ping(&mut self) -> RedisResult<()> {
        redis::cmd("PING").exec_async(self).await
    }
}

impl ConnectionLike for Conn {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Conn::One(conn) => conn.req_packed_command(cmd),
            Conn::Cluster(conn) => conn.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Conn::One(conn) => conn.req_packed_commands(pipeline, offset, count),
            Conn::Cluster(conn) => conn.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Conn::One(conn) => conn.get_db(),
            Conn::Cluster(conn) => conn.get_db(),
        }
    }
}
