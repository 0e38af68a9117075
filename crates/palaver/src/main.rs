//! The single process: wiring, and the operator's commands. Contains no rule of the product.

mod admin;
mod api;
mod backup;
mod bootstrap;
mod cli;
mod copy;
mod export;
mod lookup;
mod page;
mod serve;

use std::collections::BTreeMap;
use std::process::ExitCode;

use cli::{Cli, Command};
use lookup::{Lookup, Read, Source, Value, explain, in_file};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let (cli, flags) = Cli::of_process();
    match run(cli, flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("palaver: {}", message(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, flags: BTreeMap<String, String>) -> anyhow::Result<()> {
    if let Some(Command::Openapi) = cli.command {
        println!("{}", api::text()?);
        return Ok(());
    }
    let lookup = Lookup::of_process(&cli, flags)?;
    let Read { settings, values } = lookup.read().map_err(|errors| anyhow::anyhow!(explain(&errors)))?;
    let command = cli.command.unwrap_or(Command::Serve);
    if let Command::CheckConfig { list } = command {
        host::check_stored_key(&settings)?;
        print_settings(&values, list);
        println!("all settings are valid");
        return Ok(());
    }
    match command {
        Command::Serve => host::log::install(settings.log_format, &settings.log)?,
        // A command logs the problems that it can continue after.
        _ => host::log::install(host::log::Format::Text, "warn")?,
    }
    // Reads of SQLite may wait for the disk on a worker thread; another one goes on.
    let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    // These two wait for stores, which work in tasks of their own.
    match &command {
        Command::Copy(arguments) => return runtime.block_on(copy::copy(&lookup, arguments)),
        Command::Checksum { json } => return runtime.block_on(copy::checksum(&settings, *json)),
        _ => {}
    }
    // The command runs on a worker thread, too: the runtime wakes the thread of `block_on` at a higher cost.
    let running = runtime.spawn(async move {
        match command {
            Command::Serve => serve::serve(settings).await,
            Command::Migrate { restored } => bootstrap::migrate(&settings, restored).await,
            Command::Bootstrap { .. } => bootstrap::bootstrap(&settings).await,
            Command::Export { room } => export::export(&settings, &room).await,
            Command::Backup { folder } => backup::backup(&settings, &folder).await,
            Command::Restore { folder, force } => backup::restore(&settings, &folder, force).await,
            Command::Admin(command) => admin::run(&settings, command).await,
            Command::CheckConfig { .. } | Command::Openapi | Command::Copy(_) | Command::Checksum { .. } => {
                unreachable!("handled above")
            }
        }
    });
    match runtime.block_on(running) {
        Ok(done) => done,
        Err(ended) => std::panic::resume_unwind(ended.into_panic()),
    }
}

/// Returns what failed, and why. A cause that the text already contains is not repeated.
fn message(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Prints settings with their values and sources: all of them, or those that were given.
fn print_settings(values: &[Value], all: bool) {
    for value in values.iter().filter(|value| all || value.source != Source::Default) {
        let Value { name, source, .. } = value;
        println!("{:32} {name:40} {} ({source})", in_file(name), value.shown());
    }
}
