//! What the server's default build may link. A cloud's SDK costs minutes to build, and the default build uses nothing
//! of it, so only the feature `full` includes it.

const NOT_LINKED: [&str; 4] = ["aws-sdk-", "aws-config", "aws-smithy-", "lambda_"];

/// Returns the problems in the output of `cargo tree -p palaver -e normal --prefix none`.
pub fn check(tree: &str) -> Vec<String> {
    let mut found: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| NOT_LINKED.iter().any(|start| name.starts_with(start)))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.iter().map(|name| format!("palaver links {name} in its default build")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cloud_crates_are_found_once() {
        let tree =
            "palaver v0.1.0 (/clone)\naws-lc-rs v1.0.0\naws-sdk-s3 v1.2.3\nlambda_http v1.3.0\naws-sdk-s3 v1.2.3 (*)\n";
        assert_eq!(
            check(tree),
            ["palaver links aws-sdk-s3 in its default build", "palaver links lambda_http in its default build"]
        );
    }

    #[test]
    fn the_crypto_library_is_fine() {
        assert!(check("palaver v0.1.0\naws-lc-rs v1.0.0\naws-lc-sys v0.1.0\n").is_empty());
    }
}
