//! Writes the generated protocol files below the given folder (the root of the checkout).

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| ".".into()));
    let types = root.join("frontend/sdk/src/generated");
    fs::create_dir_all(&types)?;
    fs::write(types.join("wire.ts"), wire::generate::typescript())?;
    fs::write(types.join("limits.ts"), wire::generate::limits())?;
    let schemas = root.join("docs/protocol");
    fs::create_dir_all(&schemas)?;
    for (name, text) in wire::generate::schemas() {
        fs::write(schemas.join(name), text)?;
    }
    fs::write(schemas.join("asyncapi.json"), wire::generate::asyncapi())?;
    Ok(())
}
