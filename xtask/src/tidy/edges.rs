//! Which crate may depend on which: rules 1 to 3 of ARCHITECTURE.md as a table. A new edge changes the table and that
//! page in one commit.

use std::collections::BTreeSet;

use cargo_metadata::{Dependency, DependencyKind, Metadata, Package};

/// The crates of this workspace that a crate may use.
struct Rule {
    of: &'static str,
    /// The crates allowed in its normal build.
    may: &'static [&'static str],
    /// The crates allowed behind a feature, for its binary.
    binary_may: &'static [&'static str],
}

const NONE: &[&str] = &[];
const ADAPTERS: &[&str] = &["store-sql", "store-dynamo", "blobs", "bus", "host"];
const PORTS: &[&str] = &["palaver-domain", "service"];
const STORED: &[&str] = &["palaver-domain", "service", "stored"];
const FUNCTION: &[&str] = &["palaver-domain", "service", "palaver-wire", "web"];

const fn rule(of: &'static str, may: &'static [&'static str], binary_may: &'static [&'static str]) -> Rule {
    Rule { of, may, binary_may }
}

/// Rule 1. A crate that is not listed here has no place in the architecture yet.
const RULES: &[Rule] = &[
    rule("palaver-domain", NONE, NONE),
    rule("stored", &["palaver-domain"], NONE),
    rule("palaver-wire", &["palaver-domain"], NONE),
    rule("service", &["palaver-domain"], NONE),
    rule("store-sql", STORED, NONE),
    rule("store-dynamo", STORED, NONE),
    rule("blobs", PORTS, NONE),
    rule("bus", STORED, NONE),
    // A test double: crates use it only as a dev-dependency.
    rule("store-memory", PORTS, NONE),
    rule("conformance", &["palaver-domain", "service", "store-memory"], NONE),
    // For tests of all crates, and for the local cloud.
    rule("local-servers", NONE, NONE),
    // The one place that opens adapters according to the settings; binaries are built on it.
    rule("host", &["palaver-domain", "service", "web", "blobs", "bus"], &["store-sql", "store-dynamo"]),
    rule("web", &["palaver-domain", "service", "palaver-wire"], NONE),
    rule("palaver-client", &["palaver-domain", "palaver-wire"], NONE),
    rule("auth", FUNCTION, ADAPTERS),
    rule("rooms", FUNCTION, ADAPTERS),
    rule("presence", FUNCTION, ADAPTERS),
    rule("notifications", FUNCTION, ADAPTERS),
    rule("files", FUNCTION, ADAPTERS),
    rule("websocket", NONE, NONE),
    rule("socketio", NONE, NONE),
    rule("engine", &["websocket"], NONE),
    rule("realtime", &["palaver-domain", "stored", "palaver-wire", "websocket", "socketio", "service"], NONE),
    rule("gateway", &["palaver-domain", "service", "stored", "palaver-wire", "web", "realtime"], ADAPTERS),
    rule(
        "ws-tier",
        &["palaver-domain", "service", "stored", "palaver-wire", "web", "realtime", "websocket", "socketio", "engine"],
        ADAPTERS,
    ),
    rule(
        "palaver",
        &[
            "palaver-domain",
            "service",
            // To compare what two stores hold.
            "stored",
            "palaver-wire",
            "web",
            "ws-tier",
            "host",
            "store-sql",
            "blobs",
            "bus",
            "auth",
            "rooms",
            "presence",
            "notifications",
            "files",
        ],
        &["store-dynamo"],
    ),
    // Code for newcomers to copy: the client, and functions inside another program.
    rule("examples", &["palaver-client", "palaver-wire", "auth", "rooms", "web", "host"], NONE),
    rule(
        "tests",
        &[
            "palaver-domain",
            "service",
            "palaver-wire",
            "palaver-client",
            "websocket",
            "socketio",
            "engine",
            "conformance",
            "ws-tier",
            "web",
            "store-sql",
            "store-dynamo",
            "blobs",
            "bus",
            "local-servers",
        ],
        NONE,
    ),
    // No crate of the workspace: a bench compares the functions with it.
    rule("hello-lambda", NONE, NONE),
    rule("xtask", &["local-servers"], NONE),
];

/// Rule 3: programs are run, never depended on, not even by tests.
const PROGRAMS: &[&str] = &["palaver", "tests", "hello-lambda", "xtask"];

/// Rule 2: libraries that only these crates may use. A name that ends in `-` or `_` is a prefix.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("sqlx", &["store-sql"]),
    // The black-box tests open a database directly, to make it one of a later release.
    ("rusqlite", &["store-sql", "tests"]),
    ("redis", &["bus"]),
    ("aws-sdk-", &["store-dynamo", "blobs", "bus", "examples", "tests", "hello-lambda"]),
    ("aws-config", &["store-dynamo", "blobs", "bus", "examples", "tests", "hello-lambda"]),
    // The verifier of signatures is compared with them in its tests.
    ("aws-sigv4", &["ws-tier"]),
    ("aws-credential-types", &["ws-tier"]),
    ("lambda_", &["host", "hello-lambda"]),
];

/// Returns every edge that the rules do not allow.
pub fn check(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages();
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    packages.iter().flat_map(|package| of_package(package, &ours)).collect()
}

fn of_package(package: &Package, ours: &BTreeSet<&str>) -> Vec<String> {
    let name = package.name.as_str();
    let Some(rule) = RULES.iter().find(|rule| rule.of == name) else {
        return vec![format!("{name} is not in the table of crates (xtask/src/tidy/edges.rs)")];
    };
    let mut problems = Vec::new();
    for dependency in &package.dependencies {
        let on = dependency.name.as_str();
        let allowed = if ours.contains(on) { edge(rule, dependency) } else { library(name, on) };
        if !allowed {
            problems.push(format!("{name} may not depend on {on}{}", how(dependency)));
        }
    }
    problems
}

/// Returns whether a crate may use another crate of the workspace in this way.
fn edge(rule: &Rule, dependency: &Dependency) -> bool {
    let on = dependency.name.as_str();
    if PROGRAMS.contains(&on) {
        return false;
    }
    match dependency.kind {
        // Tests may use real adapters and clients; the core uses none even there.
        DependencyKind::Development => rule.of != "palaver-domain",
        _ => rule.may.contains(&on) || (dependency.optional && rule.binary_may.contains(&on)),
    }
}

/// Returns whether a crate may use a third-party library, also in its tests.
fn library(name: &str, on: &str) -> bool {
    let rule = LIBRARIES.iter().find(|(library, _)| match library.ends_with(['-', '_']) {
        true => on.starts_with(library),
        false => on == *library,
    });
    rule.is_none_or(|(_, users)| users.contains(&name))
}

fn how(dependency: &Dependency) -> &'static str {
    match dependency.kind {
        DependencyKind::Development => " in tests",
        DependencyKind::Build => " to build",
        _ if dependency.optional => " (optional)",
        _ => "",
    }
}

#[cfg(test)]
mod tests;
