//! Tests a full disk: a clear error, nothing acked that is not stored, and a server that continues once there is space.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tests::person::Person;
use tests::wait;

use crate::setup::{generous, messages, number, room, texts};

/// A separate file system, so small that it is soon full.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let status = Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(folder.path()).status();
        let mounted = status.is_ok_and(|status| status.success());
        assert!(mounted, "this test mounts a small tmpfs: run it as root, or where mounting is allowed");
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills the file system.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        // dd ends with an error, as expected: no space is left.
        let status = Command::new("dd")
            .args(["if=/dev/zero", "bs=64k", "status=none"])
            .arg(format!("of={}", ballast.display()))
            .status();
        assert!(status.is_ok_and(|status| !status.success()), "the disk is not full");
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

/// Returns the body of a call that creates a room, whose description does not fit into the rest of a page.
fn another_room() -> serde_json::Value {
    json!({ "id": "cellar", "name": "cellar", "kind": "public", "description": "x".repeat(250) })
}

#[tokio::test]
async fn a_full_disk_refuses_clearly_and_loses_nothing_acked() {
    let disk = SmallDisk::mount();
    let mut server = generous().data(&disk.path().join("data")).start().await;
    let ada = Person::register(&server, "ada").await;
    let id = room(&ada, "garden").await;
    let mut socket = ada.connect().await;
    let seen = number(&socket.follow(&id).await["head"]);
    let ballast = disk.fill();

    let mut acked = Vec::new();
    let mut refused = None;
    for number in 0..600 {
        let text = format!("{number} {}", "x".repeat(3_900));
        let send =
            json!({ "t": "send", "id": uuid::Uuid::now_v7().to_string(), "room": id, "text": text, "seen": seen });
        socket.send(send.clone()).await;
        let answer = socket.answer_to(send["id"].as_str().unwrap()).await;
        if answer["t"] == "ack" {
            acked.push(text);
        } else {
            refused = Some((send, answer));
            break;
        }
    }
    let (send, answer) = refused.expect("600 long messages do not fit on a full disk");
    assert_eq!(answer["code"], "unavailable", "{answer}");
    assert!(number(&answer["retry_ms"]) > 0, "{answer}");
    assert!(crate::setup::text(&answer["message"]).contains("disk is full"), "{answer}");

    // The server is alive: it answers, and what it stored can be read.
    assert!(server.is_running());
    let nobody = Person::nobody(&server);
    let health = nobody.get("/health").await;
    assert_eq!(
        (health.status.as_u16(), &health.body["checks"]["writes"]),
        (503, &json!("the disk is full")),
        "{}",
        health.text()
    );
    assert_eq!(health.body["checks"]["store"], "ok", "the store can be read");
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(nobody.get(path).await.status.as_u16(), 200, "{path}: another process would have no more space");
    }
    let page = ada.get(&format!("/api/rooms/{id}/messages?limit=1")).await.ok();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(usize::from(!acked.is_empty())));
    let upload = ada.upload(&id, "big.bin", "application/octet-stream", vec![7; 4 * 1024 * 1024]).await;
    assert_eq!((upload.status.as_u16(), &upload.body["code"]), (503, &json!("unavailable")), "{}", upload.text());
    assert!(upload.text().contains("disk is full"), "{}", upload.text());
    // A change over REST, and one that is no message, say the same.
    for (path, body) in [(messages(&id), json!({ "text": "x".repeat(3_900) })), ("/api/rooms".into(), another_room())] {
        let refused = ada.post(&path, body).await;
        assert_eq!(refused.status.as_u16(), 503, "{path}: {}", refused.text());
        assert!(refused.text().contains("disk is full"), "{path}: {}", refused.text());
    }

    std::fs::remove_file(ballast).unwrap();
    // No client writes: a probe notices that writes work again.
    let healthy = async || (nobody.get("/health").await.status.as_u16() == 200).then_some(());
    wait::until("writes that work again", healthy).await;
    let again = wait::until("a send that is taken", async || {
        let mut socket = ada.connect().await;
        socket.send(send.clone()).await;
        let answer = socket.answer_to(send["id"].as_str().unwrap()).await;
        (answer["t"] == "ack").then_some(answer)
    })
    .await;
    assert!(again["seq"].is_u64(), "{again}");

    server.kill();
    server.start_again().await;
    acked.push(send["text"].as_str().unwrap().to_owned());
    let stored = texts(&ada, &id).await;
    assert_eq!(stored, acked[acked.len().saturating_sub(200)..], "everything that was acked, once, and nothing else");
}
