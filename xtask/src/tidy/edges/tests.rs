use serde_json::json;

use super::*;

/// Returns a package as `cargo metadata` prints it, with dependencies `(name, kind, optional)`.
fn package(name: &str, dependencies: &[(&str, Option<&str>, bool)]) -> Package {
    let dependencies: Vec<_> = dependencies
        .iter()
        .map(|(name, kind, optional)| {
            json!({
                "name": name, "kind": kind, "optional": optional, "req": "*", "uses_default_features": true,
                "features": [], "source": null, "target": null, "rename": null, "registry": null,
            })
        })
        .collect();
    serde_json::from_value(json!({
        "name": name, "version": "0.1.0", "id": name, "dependencies": dependencies, "targets": [], "features": {},
        "manifest_path": "/clone/Cargo.toml", "license": null, "license_file": null, "description": null,
        "source": null, "edition": "2024",
    }))
    .unwrap()
}

fn problems(name: &str, dependencies: &[(&str, Option<&str>, bool)]) -> Vec<String> {
    let ours = RULES.iter().map(|rule| rule.of).collect();
    of_package(&package(name, dependencies), &ours)
}

#[test]
fn the_domain_depends_on_no_crate_of_the_workspace() {
    assert_eq!(problems("palaver-domain", &[("uuid", None, false), ("thiserror", None, false)]), [""; 0]);
    assert_eq!(problems("palaver-domain", &[("service", None, false)]), ["palaver-domain may not depend on service"]);
    assert_eq!(
        problems("palaver-domain", &[("palaver-wire", Some("dev"), false)]),
        ["palaver-domain may not depend on palaver-wire in tests"]
    );
}

#[test]
fn adapters_depend_neither_on_wire_nor_on_each_other() {
    assert_eq!(
        problems("store-sql", &[("palaver-domain", None, false), ("service", None, false), ("sqlx", None, false)]),
        [""; 0]
    );
    assert_eq!(problems("store-sql", &[("palaver-wire", None, false)]), ["store-sql may not depend on palaver-wire"]);
    assert_eq!(problems("bus", &[("blobs", None, false)]), ["bus may not depend on blobs"]);
}

#[test]
fn a_functions_binary_picks_adapters_by_feature() {
    assert_eq!(problems("rooms", &[("store-sql", None, true)]), [""; 0]);
    assert_eq!(problems("rooms", &[("store-sql", None, false)]), ["rooms may not depend on store-sql"]);
    assert_eq!(problems("rooms", &[("store-sql", Some("dev"), false)]), [""; 0]);
}

#[test]
fn a_library_is_used_only_by_its_adapter() {
    assert_eq!(problems("service", &[("sqlx", None, false)]), ["service may not depend on sqlx"]);
    assert_eq!(problems("web", &[("redis", None, true)]), ["web may not depend on redis (optional)"]);
    assert_eq!(
        problems("service", &[("aws-sdk-s3", Some("dev"), false)]),
        ["service may not depend on aws-sdk-s3 in tests"]
    );
    assert_eq!(problems("blobs", &[("aws-sdk-s3", None, true)]), [""; 0]);
}

#[test]
fn only_host_uses_lambda_also_in_tests() {
    assert_eq!(problems("host", &[("lambda_http", None, true)]), [""; 0]);
    assert_eq!(problems("auth", &[("lambda_http", Some("dev"), false)]).len(), 1);
    assert_eq!(problems("service", &[("lambda_http", Some("dev"), false)]).len(), 1);
}

#[test]
fn nothing_depends_on_a_program() {
    assert_eq!(problems("tests", &[("palaver", Some("dev"), false)]), ["tests may not depend on palaver in tests"]);
}

#[test]
fn a_new_crate_must_be_in_the_table() {
    assert_eq!(problems("search", &[]), ["search is not in the table of crates (xtask/src/tidy/edges.rs)"]);
}
