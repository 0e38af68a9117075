//! Which targets have tests. A library or binary without tests sets `test = false`, because otherwise it is linked once
//! more for nothing; this reports targets with tests that set it, whose tests would never run.

use std::path::Path;

use anyhow::Result;
use cargo_metadata::{Metadata, TargetKind};

/// The start of a test, split so that this file does not contain one.
const TESTS: [&str; 2] = [concat!("#[", "test]"), concat!("#[", "tokio::test")];

/// Returns every target whose tests would not run.
pub fn check(metadata: &Metadata) -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for package in metadata.workspace_packages() {
        for target in package.targets.iter().filter(|target| !target.test) {
            let is_library = target.kind.contains(&TargetKind::Lib);
            if !is_library && !target.kind.contains(&TargetKind::Bin) {
                continue;
            }
            // A binary beside a library is one file; otherwise the whole folder belongs to the target.
            let file = target.src_path.as_std_path();
            let is_alone = !is_library && file.parent().is_some_and(|folder| folder.ends_with("src"));
            if has_tests(if is_alone { file } else { file.parent().unwrap_or(file) })? {
                problems.push(format!(
                    "{} {} has tests, and `test = false` keeps them from running",
                    package.name, target.name
                ));
            }
        }
    }
    Ok(problems)
}

fn has_tests(path: &Path) -> Result<bool> {
    if !path.is_dir() {
        let text = std::fs::read_to_string(path)?;
        return Ok(TESTS.iter().any(|test| text.contains(test)));
    }
    for entry in std::fs::read_dir(path)? {
        if has_tests(&entry?.path())? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_found_wherever_it_is() {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        assert!(has_tests(&source).unwrap());
        assert!(has_tests(&source.join("tidy/edges.rs")).unwrap() || has_tests(&source.join("tidy/edges")).unwrap());
        assert!(!has_tests(&source.join("main.rs")).unwrap());
    }
}
