use super::*;

fn clean(path: &str, text: &str) {
    assert_eq!(of_file(path, text), [""; 0]);
}

fn caught(path: &str, text: &str) {
    assert_eq!(of_file(path, text).len(), 1, "{path}: {text}");
}

#[test]
fn a_long_file_is_reported_unless_it_is_a_test_or_generated() {
    let text = "x\n".repeat(CEILING + 1);
    caught("crates/domain/src/fold.rs", &text);
    caught("frontend/src/app.tsx", &text);
    clean("crates/domain/src/fold/tests.rs", &text);
    clean("tests/tests/it/rooms.rs", &text);
    clean("frontend/src/app.test.tsx", &text);
    clean("frontend/sdk/src/generated/frames.ts", &text);
    clean("docs/notes.md", &text);
    clean("crates/domain/src/fold.rs", &"x\n".repeat(CEILING));
}

#[test]
fn tests_are_neither_ignored_nor_selected() {
    caught("crates/wire/src/frame.rs", &format!("    {IGNORED}]\n"));
    caught("crates/wire/src/frame.rs", &format!("    {}\"later\")\n", TO_DO[0]));
    for call in NOT_ALL_TESTS {
        caught("frontend/src/app.test.ts", &format!("it{call}'sends', …)\n"));
    }
    clean("crates/wire/src/frame.rs", &format!("    names.iter(){}1)\n", NOT_ALL_TESTS[1]));
}

#[test]
fn paths_of_a_machine_are_reported_in_any_file() {
    for path in MACHINE_PATHS {
        caught("docs/notes.md", &format!("see {path}x\n"));
    }
}

#[test]
fn lock_files_and_settings_name_no_registry() {
    caught("frontend/package-lock.json", "  \"resolved\": \"https://host/x.tgz\",\n");
    caught("frontend/.npmrc", "registry=https://host/\n");
    clean("frontend/.npmrc", "omit-lockfile-registry-resolved=true\n");
}

#[test]
fn only_binaries_read_the_environment() {
    caught("crates/host/src/config.rs", "    let port = std::env::var(\"PORT\");\n");
    clean("functions/auth/src/main.rs", "    let port = std::env::var(\"PORT\");\n");
    clean("crates/palaver/src/config.rs", "    let port = std::env::var(\"PORT\");\n");
}

#[test]
fn pure_parts_have_no_clock_and_no_runtime() {
    caught("crates/domain/src/decide.rs", "    let now = Instant::now();\n");
    caught("crates/realtime/src/hub/room.rs", "use tokio::sync::mpsc;\n");
    caught("crates/service/src/log/appender/mod.rs", "    let now = Instant::now();\n");
    caught("crates/service/src/marks/state/mod.rs", "    let pause = rand::random();\n");
    caught("crates/realtime/src/replay.rs", "    tokio::time::sleep(pause).await;\n");
    caught("crates/realtime/src/protocol/open.rs", "use service::messages;\n");
    clean("ws-tier/src/gateway/socket.rs", "use tokio::sync::mpsc;\n");
    clean("crates/realtime/src/hub/tests.rs", "use tokio::sync::mpsc;\n");
    clean("crates/domain/src/decide.rs", "/// As of `Instant::now()` of the caller.\n");
}

#[test]
fn a_crate_takes_the_workspaces_lints() {
    caught("crates/bus/Cargo.toml", "[package]\nname = \"bus\"\n");
    clean("crates/bus/Cargo.toml", "[package]\nname = \"bus\"\n\n[lints]\nworkspace = true\n");
    clean("Cargo.toml", "[workspace]\n");
}
