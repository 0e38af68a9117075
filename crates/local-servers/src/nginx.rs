//! nginx with a given configuration. It runs as one process, so that ending that process ends everything.

use std::net::TcpStream;
use std::process::Command;

use anyhow::Result;
use tempfile::TempDir;

use crate::process::{Process, or_panic};
use crate::{folder, tools};

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    _folder: TempDir,
}

impl Nginx {
    /// Starts one with a complete configuration (without `daemon` and `master_process`), which makes it listen on
    /// `port` of 127.0.0.1. Relative paths in it are in a temporary folder, where nginx also buffers bodies.
    ///
    /// # Panics
    /// If it cannot be started; nginx reports what is wrong with the configuration.
    pub fn start(configuration: &str, port: u16) -> Self {
        or_panic(Self::try_start(configuration, port))
    }

    fn try_start(configuration: &str, port: u16) -> Result<Self> {
        let folder = folder::new("nginx")?;
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let mut command = Command::new(tools::program("nginx")?);
        command.arg("-p").arg(folder.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
        command.args(["-g", "daemon off; master_process off; pid nginx.pid;"]);
        let mut process = Process::start("nginx", &command, folder.path().join("log"))?;
        process.wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok())?;
        Ok(Self { process, _folder: folder })
    }

    /// Returns the end of its standard error.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{port, process::http_status};

    #[test]
    fn nginx_serves_its_configuration_and_ends() {
        let port = port::free();
        let configuration = format!(
            "events {{}}\nhttp {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }} }}\n"
        );
        let nginx = Nginx::start(&configuration, port);
        assert_eq!(http_status(port, "/"), Some(204));
        drop(nginx);
        assert_eq!(http_status(port, "/"), None);
    }

    #[test]
    fn an_invalid_configuration_is_reported() {
        let error = Nginx::try_start("nonsense;", port::free()).expect_err("it cannot start");
        assert!(format!("{error:#}").contains("nonsense"), "{error:#}");
    }
}
