//! The project's own commands. Owns the command line; each command is in its own file, and none of them is needed to
//! build or run the product with plain cargo and npm.

mod bench;
mod browser;
mod ci;
mod cloud;
mod generate;
mod node;
mod process;
mod prove;
mod report;
mod screens;
mod server;
mod test;
mod tidy;
mod up;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use workspace::Workspace;

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The project's own commands", disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Builds the page and the server, runs it on its embedded defaults and prints its URL.
    Up {
        /// Arguments passed on to `palaver`, as in `cargo xtask up --listen 127.0.0.1:9000`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Installs what the tests need and runs all of them; the last line says how many passed and failed
    Test,
    /// Runs a profile of several processes on this machine and prints its URL; Ctrl-C ends all of them
    Cloud(cloud::Options),
    /// Checks format, lints, docs, project rules and generated files, then runs what `test` runs
    Ci,
    /// Installs the servers that the tests start: Redis, PostgreSQL, DynamoDB, S3, a local AWS, nginx.
    Servers,
    /// Checks the project's rules that no compiler checks
    Tidy,
    /// Writes the types and schemas that are generated from `crates/wire`.
    Gen {
        /// Changes nothing; fails if a file is not up to date
        #[arg(long)]
        check: bool,
    },
    /// Measures the product; prints a Markdown table and one JSON line per row
    Bench {
        /// Only this row (append, fsync, page …)
        row: Option<String>,
    },
    /// Measures how long other users wait while somebody attacks a server, beside harmless traffic of the same volume
    Attacks {
        /// Only this attack, and options: `idle-connections --rounds 5`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Measures what the product promises to people, and prints a table with the bars
    Prove {
        /// What is measured
        #[arg(value_enum)]
        what: Proof,
        /// Only this measurement: keys, frames, heap (30 minutes) or lighthouse
        only: Option<String>,
    },
    /// Writes screenshots of the page, taken from a server with seeded data.
    Screens {
        /// The folder for the pictures; `screens/` by default
        #[arg(long)]
        out: Option<std::path::PathBuf>,
    },
}

/// What `prove` measures.
#[derive(Clone, Copy, ValueEnum)]
enum Proof {
    /// The page in a browser: keys, frames, memory, and Lighthouse's scores
    Page,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        // Printed in one line: these are errors of a build or of a user, and a backtrace through this program helps
        // neither.
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    let workspace = Workspace::find()?;
    match command {
        Command::Up { arguments } => up::run(&workspace, &arguments),
        Command::Test => test::run(&workspace),
        Command::Cloud(options) => cloud::run(&workspace, &options),
        Command::Ci => ci::run(&workspace),
        Command::Servers => local_servers::install(),
        Command::Tidy => tidy::run(&workspace),
        Command::Gen { check } => generate::run(&workspace, check),
        Command::Bench { row } => bench::run(&workspace, row.as_deref()),
        Command::Attacks { arguments } => bench::attacks(&workspace, &arguments),
        Command::Prove { what: Proof::Page, only } => prove::page(&workspace, only.as_deref()),
        Command::Screens { out } => screens::run(&workspace, out),
    }
}
