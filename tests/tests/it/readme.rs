//! Runs the commands of the README's blocks for operators, as they stand there. Only the folders and servers of its
//! examples are replaced by those of the test.

use std::path::Path;
use std::process::{Command, Output};

use tests::binary;
use tests::person::{PASSWORD, Person};
use tests::server::{Server, Settings};

use crate::copy::place::Place;
use crate::setup::{generous, say};

const README: &str = include_str!("../../../README.md");

/// Returns the lines of every `sh` block that call `palaver`, without their comments.
fn commands() -> Vec<String> {
    let blocks = README.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with("palaver "));
    lines.map(|line| line.split(" # ").next().unwrap_or(line).trim().to_owned()).collect()
}

/// Returns the command with this verb; the one without a verb serves.
fn command(verb: &str) -> String {
    let mut found = commands().into_iter().filter(|command| match verb {
        "serve" => command.contains("--listen"),
        verb => command.split_ascii_whitespace().any(|word| word == verb),
    });
    let one = found.next().unwrap_or_else(|| panic!("the README has no command {verb}"));
    assert_eq!(found.next(), None, "the README has several commands {verb}");
    one
}

/// A machine like that of the README: its folders below a temporary one, and `palaver` on the path.
struct Machine {
    root: tempfile::TempDir,
}

impl Machine {
    fn new() -> Machine {
        let root = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::create_dir(root.path().join("bin")).expect("a folder can be made");
        Machine { root }
    }

    fn path(&self, absolute: &str) -> std::path::PathBuf {
        self.root.path().join(absolute.trim_start_matches('/'))
    }

    /// Runs a line of the README in a shell.
    async fn run(
        &self,
        program: &Path,
        line: &str,
        replaced: &[(&str, &str)],
        more: &[(&'static str, String)],
    ) -> Output {
        let link = self.path("/bin/palaver");
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(program, &link).expect("a link can be made");
        let root = self.root.path().display().to_string();
        let line = ["/srv/", "/backups/"]
            .iter()
            .fold(line.to_owned(), |line, folder| line.replace(folder, &format!("{root}{folder}")));
        let line = replaced.iter().fold(line, |line, (from, to)| {
            assert!(line.contains(from), "{line} has no {from}");
            line.replace(from, to)
        });
        let mut shell: Command = binary::clean(Path::new("sh"));
        let path = format!("{root}/bin:{}", std::env::var("PATH").unwrap_or_default());
        shell.args(["-ec", &line]).env("PATH", path).current_dir(&root).envs(more.iter().cloned());
        let ended = tokio::task::spawn_blocking(move || shell.output()).await.expect("it does not panic");
        ended.expect("a shell can be started")
    }
}

#[track_caller]
fn succeeded(line: &str, output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("panicked"), "{line}: {}\n{said}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_for_operators_runs_as_it_stands() {
    let beside = ["check-config", "list", "grant", "reset-password", "ban", "backup", "export", "checksum"];
    let tested = beside.into_iter().chain(["serve", "restore", "copy"]);
    let mut listed: Vec<String> = tested.map(command).collect();
    let mut commands = commands();
    listed.sort();
    commands.sort();
    assert_eq!(listed, commands, "a command of the README is not tested");

    let machine = Machine::new();
    let data = machine.path("/srv/palaver");
    std::fs::create_dir_all(machine.path("/backups")).expect("a folder can be made");
    let mut server: Server = served(&command("serve"), &data).await;
    let (ada, eve) = (Person::register(&server, "ada").await, Person::register(&server, "eve").await);
    Person::register(&server, "bob").await;
    let general = "general";
    crate::setup::join(&ada, general).await;
    say(&ada, general, "hello from the README").await;

    // Those that run beside a server.
    let palaver = binary::palaver();
    for verb in beside {
        let line = command(verb);
        let said = succeeded(&line, &machine.run(palaver, &line, &[], &[]).await);
        match verb {
            "check-config" => {
                assert!(said.contains("PALAVER_DATA") && said.contains("all settings are valid"), "{said}")
            }
            "list" => assert!(["ada", "bob", "eve"].iter().all(|name| said.contains(name)), "{said}"),
            "grant" => assert!(said.contains("ada is an admin"), "{said}"),
            "reset-password" => assert!(said.contains("/reset#"), "{said}"),
            "ban" => assert_eq!(eve.get("/api/auth/me").await.status, 401, "{said}"),
            "checksum" => assert!(said.contains("user") && said.contains("log"), "{said}"),
            _ => {}
        }
    }
    let exported = std::fs::read_to_string(machine.root.path().join("general.jsonl")).expect("the line writes it");
    assert!(exported.contains("hello from the README"), "{exported}");
    assert!(machine.path("/backups/monday/palaver.db").is_file());

    // Those that need it to be stopped.
    let line = command("restore");
    let refused = machine.run(palaver, &line, &[], &[]).await;
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("in use"));
    say(&ada, general, "after the backup").await;
    server.ask_to_end();
    assert!(server.ended().await.success());
    succeeded(&line, &machine.run(palaver, &line, &[], &[]).await);
    server.start_again().await;
    let texts = crate::setup::texts(&ada, general).await;
    assert_eq!(texts, ["hello from the README"]);
    server.ask_to_end();
    assert!(server.ended().await.success());

    let (line, target) = (command("copy"), Place::postgres().await);
    let bucket = target.bucket();
    let replaced = [("postgres://palaver@db.example.org/palaver", target.url()), ("s3://chat-files", bucket)];
    succeeded(&line, &machine.run(binary::full(), &line, &replaced, &Place::variables()).await);
    let moved = target.start().await;
    let me = serde_json::json!({ "name": "ada", "password": PASSWORD });
    assert_eq!(Person::nobody(&moved).post("/api/auth/login", me).await.ok()["user"]["id"], ada.id.as_str());
}

/// Starts a server with the arguments of the README's line, except for its address and folder.
async fn served(line: &str, data: &Path) -> Server {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    assert_eq!(words, ["palaver", "--data", "/srv/palaver", "--listen", "0.0.0.0:8080"], "{line}");
    let settings: Settings = generous().listen_everywhere().data(data);
    settings.start().await
}
