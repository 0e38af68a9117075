//! `bench append|fsync|page [folder]`: measures the store behind the use cases, prints a line of JSON for each figure,
//! and fails if a bar is missed.
//!
//! The folder is where the databases are while it runs; by default the one for temporary files. The cost of full
//! durability depends on that folder's disk.

mod append;
mod page;
mod setup;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tests::figure::Figure;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let row = arguments.next().unwrap_or_default();
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    match run(&row, folder).await {
        Ok(figures) => {
            show(&figures);
            if figures.iter().all(|figure| figure.ok) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("bench {row}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(row: &str, folder: PathBuf) -> Result<Vec<Figure>> {
    match row {
        "append" => append::append(folder).await,
        "fsync" => append::fsync(folder).await,
        "page" => page::page(folder).await,
        other => bail!("unknown row {other:?}; the rows are append, fsync and page"),
    }
}

fn show(figures: &[Figure]) {
    for figure in figures {
        println!("{}", figure.line());
    }
    println!();
    for Figure { what, value, unit, bar, ok, .. } in figures {
        let verdict = if *ok { "" } else { "   MISSED" };
        println!("{what:<60} {value:>12} {unit:<12} {bar:<14}{verdict}");
    }
}
