//! Sets the folder of the built page. Without one (when only checking the code, say) the binary contains none, and
//! shows a notice instead.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let manifest = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let page = Path::new(&manifest).join("../../frontend/dist");
    println!("cargo:rerun-if-changed={}", page.display());
    let built = page.join("index.html").is_file();
    let folder = if built { page } else { PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("no-page") };
    if !built {
        fs::create_dir_all(&folder).expect("the folder for build output can be written");
    }
    println!("cargo:rustc-env=PALAVER_PAGE={}", folder.display());
}
