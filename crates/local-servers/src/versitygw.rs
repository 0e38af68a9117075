//! versitygw: an S3 server on a folder, with correct signatures, ranges, conditions and multipart uploads.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::process::{Process, http_status, or_panic};
use crate::{AWS_REGION, folder, port, tools};

// Only letters and digits: DynamoDB Local, which may get the same key, accepts no others.
const ACCESS_KEY: &str = "palaveraccess";
const SECRET_KEY: &str = "palaver-secret";
const HEALTH: &str = "/_health";

/// A running S3 server. It needs path style: `endpoint/bucket/key`.
#[derive(Debug)]
pub struct VersityGw {
    _process: Process,
    port: u16,
    _folder: TempDir,
}

impl VersityGw {
    /// Starts one on a free port.
    ///
    /// If it cannot be started.
    /// When it cannot be started.
    pub fn start() -> Self {
        Self::start_on(port::free())
    }

    /// Starts one on this port.
    ///
    /// If it cannot be started.
    /// When it cannot be started.
    pub fn start_on(port: u16) -> Self {
        or_panic(Self::try_start(port))
    }

    fn try_start(port: u16) -> Result<Self> {
        let folder = folder::new("versitygw")?;
        let process = Self::run(port, folder.path(), false).or_else(|error| {
            // It stores an object's metadata in extended attributes, which not every file system has; otherwise in
            // files beside the objects.
            if !format!("{error:#}").contains("xattr") {
                return Err(error);
            }
            Self::run(port, folder.path(), true)
        })?;
        Ok(Self { _process: process, port, _folder: folder })
    }

    fn run(port: u16, folder: &Path, beside: bool) -> Result<Process> {
        let data = folder.join("data");
        std::fs::create_dir_all(&data)?;
        let mut command = Command::new(tools::installed(&tools::versitygw_folder(), "versitygw")?);
        command.args(["--port", &format!("127.0.0.1:{port}"), "--region", AWS_REGION, "--health", HEALTH, "--quiet"]);
        command.env("ROOT_ACCESS_KEY_ID", ACCESS_KEY).env("ROOT_SECRET_ACCESS_KEY", SECRET_KEY);
        command.arg("posix");
        if beside {
            let sidecar = folder.join("attributes");
            std::fs::create_dir_all(&sidecar)?;
            command.arg("--sidecar").arg(sidecar);
        }
        command.arg(data).current_dir(folder);
        let mut process = Process::start("versitygw", &command, folder.join("log"))?;
        process.wait_until(|| http_status(port, HEALTH) == Some(200))?;
        Ok(process)
    }

    /// Returns its URL.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the access key that it accepts.
    pub fn access_key(&self) -> &'static str {
        ACCESS_KEY
    }

    /// Returns the secret of the access key.
    pub fn secret_key(&self) -> &'static str {
        SECRET_KEY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versitygw_answers_and_ends() {
        let server = VersityGw::start();
        assert_eq!(http_status(server.port(), HEALTH), Some(200));
        assert_eq!(http_status(server.port(), "/"), Some(403), "an unsigned call is refused");
        let port = server.port();
        drop(server);
        assert_eq!(http_status(port, HEALTH), None);
    }

    #[test]
    fn metadata_can_be_stored_beside_the_objects() {
        let folder = folder::new("versitygw").expect("a folder");
        VersityGw::run(port::free(), folder.path(), true).expect("it starts without extended attributes");
    }
}
