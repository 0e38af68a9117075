//! `cargo xtask cloud`: everything that a profile needs, on this machine: servers, tables, buckets, functions, several
//! nodes, and one address in front. Owns the order of the steps; each part is in its own file.

mod backing;
mod build;
mod control;
mod front;
mod functions;
mod node;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use crate::report::Counts;
use crate::test::playwright;
use crate::workspace::{PROFILE, Workspace};
use backing::Backing;
use control::Control;
use functions::Functions;
pub use functions::cargo_lambda;
use node::Node;

/// The profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// DynamoDB, S3, Redis; functions as Lambdas; two WebSocket nodes.
    Aws,
    /// PostgreSQL, S3, Redis; three whole nodes.
    SelfHosted,
}

/// The options.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The profile
    #[arg(long, value_enum, default_value_t = Profile::Aws)]
    pub profile: Profile,
    /// The port of the common address; a free one by default
    #[arg(long)]
    pub port: Option<u16>,
    /// Runs the end-to-end tests against it and ends
    #[arg(long)]
    pub test: bool,
    /// The nodes also answer the API and run the feed: AWS's stores without Lambdas
    #[arg(long)]
    pub without_functions: bool,
    /// A folder of programs that were built before; nothing is built then
    #[arg(long)]
    pub programs: Option<PathBuf>,
    /// The cargo profile to build with
    #[arg(long, default_value = PROFILE)]
    pub cargo_profile: String,
}

impl Options {
    /// Whether functions run as Lambdas.
    fn has_functions(&self) -> bool {
        self.profile == Profile::Aws && !self.without_functions
    }
}

impl Profile {
    /// Runs the end-to-end tests against this profile, with programs that were built before.
    pub fn test(self, workspace: &Workspace, programs: &Path) -> Result<Counts> {
        let (port, test, without_functions, cargo_profile) = (None, true, false, PROFILE.to_owned());
        let programs = Some(programs.to_owned());
        test_in(workspace, &Options { profile: self, port, test, without_functions, programs, cargo_profile })
    }
}

fn test_in(workspace: &Workspace, options: &Options) -> Result<Counts> {
    let cloud = Cloud::start(workspace, options)?;
    playwright::run_against(workspace, &cloud.environment())
}

/// Starts the profile, prints its URL and waits for Ctrl-C; or runs the end-to-end tests against it.
pub fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if options.test {
        let counts = test_in(workspace, options)?;
        println!("{} passed, {} failed", counts.passed, counts.failed);
        if counts.failed > 0 {
            bail!("the end-to-end tests failed in this profile");
        }
        return Ok(());
    }
    let cloud = Cloud::start(workspace, options)?;
    println!("\nPalaver is ready: {}", cloud.url);
    println!("Press Ctrl-C to stop everything.");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c()).context("cannot wait for Ctrl-C")
}

/// A running profile; dropping the value ends it, the front first.
pub struct Cloud {
    url: String,
    control: Control,
    _front: local_servers::Nginx,
    _page: Option<Node>,
    _functions: Option<Functions>,
    _backing: Backing,
    _folder: tempfile::TempDir,
}

impl Cloud {
    /// Installs, builds and starts everything.
    pub fn start(workspace: &Workspace, options: &Options) -> Result<Self> {
        local_servers::install()?;
        let programs = build::build(workspace, options)?;
        let folder = tempfile::tempdir()?;
        let backing = Backing::start(options.profile);
        let mut environment = backing.environment();
        let port = options.port.map_or_else(free_port, Ok)?;
        environment.extend([
            // nginx forwards the caller's address, and there is no TLS on this machine.
            ("PALAVER_TRUSTED_PROXIES".into(), "127.0.0.1".into()),
            ("PALAVER_SECURE_COOKIES".into(), "off".into()),
            ("PALAVER_LOG".into(), "info".into()),
        ]);
        bootstrap(&programs.palaver, &environment, &folder.path().join("bootstrap"))?;
        // The first start of one node makes this key; the others must be given it.
        let key = std::fs::read_to_string(folder.path().join("bootstrap/signing-key.pem"))?;
        environment.push(("PALAVER_SIGNING_KEY".into(), key));

        let functions =
            options.has_functions().then(|| Functions::start(workspace, &programs, &environment, folder.path()));
        let functions = functions.transpose()?;
        let node = |program, name: &str| Node::start(program, &environment, functions.is_none(), name, folder.path());
        // If functions answer the API, nodes are only the tier, and the page is served separately.
        let program = if functions.is_some() { &programs.ws_tier } else { &programs.palaver };
        let count = if options.profile == Profile::Aws { 2 } else { 3 };
        let nodes: Result<Vec<Node>> = (1..=count).map(|number| node(program, &format!("node-{number}"))).collect();
        let nodes = nodes?;
        let page = functions.is_some().then(|| node(&programs.palaver, "page")).transpose()?;
        let addresses: Vec<_> = nodes.iter().map(Node::address).collect();
        let upstreams = front::Upstreams {
            page: page.as_ref().map_or_else(|| addresses.clone(), |page| vec![page.address()]),
            api: functions.as_ref().map_or_else(|| addresses.clone(), |functions| vec![functions.address()]),
            sockets: addresses,
        };
        let front = front::start(workspace, port, &upstreams)?;
        let control = Control::start(nodes)?;
        Ok(Cloud {
            url: format!("http://127.0.0.1:{port}"),
            control,
            _front: front,
            _page: page,
            _functions: functions,
            _backing: backing,
            _folder: folder,
        })
    }

    /// Returns the variables for the end-to-end tests.
    pub fn environment(&self) -> [(&'static str, String); 2] {
        [("PALAVER_CLOUD", self.url.clone()), ("PALAVER_CLOUD_CONTROL", self.control.address().to_string())]
    }
}

/// Name and password of the admin. The installation listens on this machine only, and ends with its command.
const ADMIN: (&str, &str) = ("operator", "only for this machine");

/// A program's environment variables.
type Environment = Vec<(String, String)>;

/// Creates table or schema, bucket, signing key and the first admin: nobody can be it without a token, because nginx forwards
/// every call.
fn bootstrap(palaver: &PathBuf, environment: &Environment, data: &Path) -> Result<()> {
    let mut bootstrap = Command::new(palaver);
    bootstrap.arg("bootstrap").arg("--data").arg(data).envs(environment.iter().cloned());
    bootstrap.env("PALAVER_ADMIN", ADMIN.0).env("PALAVER_ADMIN_PASSWORD", ADMIN.1);
    crate::process::run(&mut bootstrap)?;
    println!("the admin of this installation is {}, with the password {}", ADMIN.0, ADMIN.1);
    Ok(())
}

/// Returns a port of this machine that was free a moment ago.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
