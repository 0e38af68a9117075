//! Parses `REDIS_URL`: one server, a master behind Sentinels, or a Cluster.
//!
//! Never quotes the URL or a part of it in an error, because it contains the password.

use redis::sentinel::SentinelNodeConnectionInfo;
use redis::{ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo, TlsMode};

/// The port of a server, if the URL has none.
const PORT: u16 = 6379;
/// The port of a Sentinel, if the URL has none.
const SENTINEL_PORT: u16 = 26379;

/// An invalid URL. The text says what to write.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// The scheme is unknown.
    #[error(
        "it must begin with redis://, rediss:// (TLS), redis+sentinel://, rediss+sentinel://, redis+cluster:// or rediss+cluster://"
    )]
    Scheme,
    /// The host is missing or invalid.
    #[error("its host is missing or cannot be read: write [user:password@]host[:port]")]
    Host,
    /// The database is not a number, or not 0 on a Cluster.
    #[error("its database must be a number, as in redis://host:6379/2; a Cluster has database 0 only")]
    Database,
    /// The user name or password contains a character that a URL cannot contain.
    #[error("its user name or password cannot be read: write special letters as %XX")]
    UserInfo,
    /// The Sentinels' master name is missing.
    #[error("the name of the master is missing: write redis+sentinel://host1,host2/NAME")]
    Master,
    /// A part of the query is unknown.
    #[error("the part after ? may only be db=NUMBER and, for Sentinels, sentinel_password=PASSWORD")]
    Query,
}

/// The location of Redis, and how to connect to it.
#[derive(Clone)]
pub enum Topology {
    /// One server.
    One(ConnectionInfo),
    /// The server that the Sentinels name as the master of this name.
    Sentinel { sentinels: Vec<ConnectionInfo>, master: String, server: SentinelNodeConnectionInfo },
    /// A Cluster, given by some of its servers.
    Cluster(Vec<ConnectionInfo>),
}

/// The pieces of a URL.
struct Parts<'a> {
    tls: bool,
    user_info: Option<&'a str>,
    hosts: Vec<&'a str>,
    path: &'a str,
    query: Vec<(&'a str, &'a str)>,
}

impl Topology {
    /// Parses a URL:
    ///
    /// - `redis://[user:password@]host[:port][/db]`, with TLS `rediss://`
    /// - `redis+sentinel://[user:password@]host[:port],…/master[?db=1&sentinel_password=…]`: user and password are the
    ///   server's
    /// - `redis+cluster://[user:password@]host[:port],…`
    pub fn parse(url: &str) -> Result<Topology, InvalidUrl> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(InvalidUrl::Scheme)?;
        let (kind, tls) = match scheme {
            "redis" | "valkey" => ("one", false),
            "rediss" | "valkeys" => ("one", true),
            "redis+sentinel" => ("sentinel", false),
            "rediss+sentinel" => ("sentinel", true),
            "redis+cluster" => ("cluster", false),
            "rediss+cluster" => ("cluster", true),
            _ => return Err(InvalidUrl::Scheme),
        };
        let parts = Parts::of(rest, tls)?;
        match kind {
            "one" => parts.one(),
            "sentinel" => parts.sentinel(),
            _ => parts.cluster(),
        }
    }
}

impl<'a> Parts<'a> {
    fn of(rest: &'a str, tls: bool) -> Result<Parts<'a>, InvalidUrl> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, hosts) = match authority.rsplit_once('@') {
            Some((user_info, hosts)) => (Some(user_info), hosts),
            None => (None, authority),
        };
        let hosts: Vec<&str> = hosts.split(',').filter(|host| !host.is_empty()).collect();
        if hosts.is_empty() {
            return Err(InvalidUrl::Host);
        }
        let query = query.split('&').filter(|pair| !pair.is_empty());
        let query = query.map(|pair| pair.split_once('=').ok_or(InvalidUrl::Query)).collect::<Result<_, _>>()?;
        Ok(Parts { tls, user_info, hosts, path, query })
    }

    fn one(self) -> Result<Topology, InvalidUrl> {
        let db = if self.path.is_empty() { self.db()? } else { number(self.path)? };
        self.query(&["db"])?;
        match &self.hosts[..] {
            [host] => Ok(Topology::One(self.server(host, PORT, self.user_info, db)?)),
            _ => Err(InvalidUrl::Host),
        }
    }

    fn cluster(self) -> Result<Topology, InvalidUrl> {
        self.query(&[])?;
        if !matches!(self.path, "" | "0") {
            return Err(InvalidUrl::Database);
        }
        let servers = self.hosts.iter().map(|host| self.server(host, PORT, self.user_info, 0));
        Ok(Topology::Cluster(servers.collect::<Result<_, _>>()?))
    }

    fn sentinel(self) -> Result<Topology, InvalidUrl> {
        let query = self.query(&["db", "sentinel_password"])?;
        if self.path.is_empty() || self.path.contains('/') {
            return Err(InvalidUrl::Master);
        }
        let password = query.iter().find(|(name, _)| *name == "sentinel_password");
        let password = password.map(|(_, value)| format!(":{value}"));
        let sentinels = self.hosts.iter().map(|host| self.server(host, SENTINEL_PORT, password.as_deref(), 0));
        let sentinels = sentinels.collect::<Result<_, _>>()?;
        // The user, password and database of the server itself; the Sentinels supply its address.
        let server = self.server(self.hosts[0], PORT, self.user_info, self.db()?)?;
        let mut info = SentinelNodeConnectionInfo::default().set_redis_connection_info(server.redis_settings().clone());
        if self.tls {
            info = info.set_tls_mode(TlsMode::Secure);
        }
        Ok(Topology::Sentinel { sentinels, master: self.path.to_owned(), server: info })
    }

    /// Returns everything after `?`, if only the allowed names occur.
    fn query(&self, allowed: &[&str]) -> Result<&[(&'a str, &'a str)], InvalidUrl> {
        let known = self.query.iter().all(|(name, _)| allowed.contains(name));
        known.then_some(&self.query[..]).ok_or(InvalidUrl::Query)
    }

    fn db(&self) -> Result<i64, InvalidUrl> {
        self.query.iter().find(|(name, _)| *name == "db").map_or(Ok(0), |(_, value)| number(value))
    }

    /// Returns how to connect to one server. It uses RESP3, in which published messages arrive beside the answers.
    fn server(&self, host: &str, port: u16, user_info: Option<&str>, db: i64) -> Result<ConnectionInfo, InvalidUrl> {
        let bare = format!("redis://{host}").into_connection_info().map_err(|_| InvalidUrl::Host)?;
        let named_port = host.rsplit_once(':').is_some_and(|(_, last)| last.parse::<u16>().is_ok());
        let host = if named_port { host.to_owned() } else { format!("{host}:{port}") };
        let scheme = if self.tls { "rediss" } else { "redis" };
        let user_info = user_info.map(|user_info| format!("{user_info}@")).unwrap_or_default();
        let url = format!("{scheme}://{user_info}{host}/{db}");
        let info = url.into_connection_info().map_err(|_| InvalidUrl::UserInfo)?;
        // A password that splits the URL must not become a host.
        let host_of = |info: &ConnectionInfo| info.addr().to_string().rsplit_once(':').map(|(host, _)| host.to_owned());
        if host_of(&info) != host_of(&bare) {
            return Err(InvalidUrl::UserInfo);
        }
        let settings: RedisConnectionInfo = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3)
            .set_lib_name("palaver", env!("CARGO_PKG_VERSION"));
        Ok(info.set_redis_settings(settings))
    }
}

fn number(text: &str) -> Result<i64, InvalidUrl> {
    text.parse::<u16>().map(i64::from).map_err(|_| InvalidUrl::Database)
}

#[cfg(test)]
mod tests;
