//! ministack: a local AWS with S3, DynamoDB and its streams, Lambda and API Gateway. Keeps everything in memory.

use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::process::{Process, http_status, or_panic};
use crate::{AWS_KEYS, AWS_REGION, folder, port, tools};

/// A running local AWS.
#[derive(Debug)]
pub struct Ministack {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl Ministack {
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
        let folder = folder::new("ministack")?;
        let mut command = Command::new(tools::installed(&tools::ministack_folder(), "bin/ministack")?);
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            // The endpoint that its Lambda functions get.
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
            .env("AWS_ACCESS_KEY_ID", AWS_KEYS.0)
            .env("AWS_SECRET_ACCESS_KEY", AWS_KEYS.1)
            .env("AWS_DEFAULT_REGION", AWS_REGION)
            .env("S3_DATA_DIR", folder.path().join("s3"))
            .env("STATE_DIR", folder.path().join("state"))
            .env("TMPDIR", folder.path())
            .env("SFTP_ENABLED", "0")
            .env("IOT_MTLS_ENABLED", "0")
            .current_dir(folder.path());
        let mut process = Process::start("ministack", &command, folder.path().join("log"))?;
        process.wait_until(|| http_status(port, "/_localstack/health") == Some(200))?;
        Ok(Self { _process: process, port, _folder: folder })
    }

    /// Returns its URL, the same for every service.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ministack_answers_and_ends() {
        let server = Ministack::start();
        assert_eq!(http_status(server.port(), "/_localstack/health"), Some(200));
        let port = server.port();
        drop(server);
        assert_eq!(http_status(port, "/_localstack/health"), None);
    }
}
