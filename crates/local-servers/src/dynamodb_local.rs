//! Amazon's DynamoDB Local, in memory. It listens on every interface and has no option to change that, so our own small
//! class (`install/Loopback.java`) starts it and binds it to 127.0.0.1.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::process::{Process, http_status, or_panic};
use crate::{folder, port, tools};

/// A running DynamoDB Local: one set of tables for every region and every key.
#[derive(Debug)]
pub struct DynamoDbLocal {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl DynamoDbLocal {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start() -> Self {
        Self::start_on(port::free())
    }

    /// Starts one on this port.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start_on(port: u16) -> Self {
        or_panic(Self::try_start(port))
    }

    fn try_start(port: u16) -> Result<Self> {
        let folder = folder::new("dynamodb")?;
        let installed = tools::dynamodb_local_folder();
        tools::installed(&installed, "lib/Loopback.class")?;
        let mut command = Command::new(tools::program("java")?);
        // It is started often and runs for seconds: it has no time to optimise, and needs little memory.
        command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx384m", "-Djava.library.path=lib"]);
        command.args(["-cp", "lib:lib/*", "Loopback", "-inMemory", "-sharedDb", "-disableTelemetry", "-port"]);
        command.arg(port.to_string()).current_dir(&installed);
        let mut process = Process::start("DynamoDB Local", &command, folder.path().join("log"))?;
        // It refuses unsigned calls, as soon as it can answer.
        process.wait_until(|| http_status(port, "/").is_some())?;
        // Its first call takes a second or more on a busy machine, longer than clients wait.
        process.wait_until(|| list_tables(port).is_some_and(|answer| answer.contains("TableNames")))?;
        Ok(Self { _process: process, port, _folder: folder })
    }

    /// Returns its URL.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// Makes a call like an SDK; its signature is not checked.
fn list_tables(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let signature =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0";
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n\
         Content-Type: application/x-amz-json-1.0\r\nAuthorization: {signature}\r\nContent-Length: 2\r\n\
         Connection: close\r\n\r\n{{}}"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamodb_local_answers_and_ends() {
        let server = DynamoDbLocal::start();
        assert_eq!(http_status(server.port(), "/"), Some(400), "an unsigned call is refused");
        let port = server.port();
        drop(server);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }

    #[test]
    fn dynamodb_local_listens_on_loopback_only() {
        let server = DynamoDbLocal::start();
        // In the kernel's table, a loopback address (127.0.0.1 mapped to IPv6) ends with this.
        let wanted = format!("FFFF00000100007F:{:04X}", server.port());
        let table = std::fs::read_to_string("/proc/net/tcp6").expect("the kernel shows its sockets");
        assert!(table.contains(&wanted), "not bound to loopback:\n{table}");
    }
}
