//! What is on disk: nothing in clear, nothing that can be exchanged, nothing without the master key.

mod kms;
mod masters;
mod tampering;

use std::fs;

use serde_json::json;

use super::{
    child::Server,
    scanner::hits,
    upkeep::{done, keys},
};
use crate::common::{Request, server::*};

/// A value that is looked for.
pub const CANARY: &str = "CANARY-not-a-secret-5f1e";

/// Puts the value wherever a value can be: short, long, replaced, deleted, in a key of any place.
fn fill(server: &Server) {
    let long = format!("{}{CANARY}{}", "x".repeat(20_000), "y".repeat(20_000));
    server.create("cn-beijing:test", "short", &json!({"k": CANARY})).data();
    server.create("cn-beijing:test", "long", &json!({"a": "b", "k": long})).data();
    let id = server.create("cn-beijing:test", "replaced", &json!({"k": CANARY})).secret_id();
    for data in [json!({"k": long}), json!({"k": format!("{CANARY}{CANARY}")}), json!({"k": "v"})] {
        let body = json!({"NamespaceId": "cn-beijing:test", "SecretId": id, "SecretData": data});
        server.send(&Request::new("PUT", SECRET).json(&body)).data();
    }
    let id = server.create("cn-beijing:test", "deleted", &json!({"k": long})).secret_id();
    let parameters = [("NamespaceId", "cn-beijing:test"), ("SecretId", &id.to_string())];
    server.call("DELETE", SECRET, &parameters).data();
}

#[test]
fn no_value_is_on_disk() {
    let folder = Folder::new();
    let temporary = folder.path().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let serve = || {
        Server::start_with(folder.path(), |command| {
            command.env("TMPDIR", &temporary).env("SQLITE_TMPDIR", &temporary);
            command.args(["--audit-log"]).arg(folder.path().join("audit.log"));
        })
    };
    let mut server = serve();
    fill(&server);
    assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "while it serves");
    done(folder.path(), &["backup", folder.path().join("online").to_str().unwrap()]);
    done(folder.path(), &["keys", "rotate"]);
    assert_eq!(keys(folder.path()).len(), 2);
    assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "after a rotation");
    server.kill();
    assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "after a kill");
    let mut server = serve();
    assert!(server.describe("cn-beijing:test", 1).text().contains(CANARY));
    server.terminate();
    server.wait();
    assert_eq!(hits(folder.path(), CANARY), Vec::<String>::new(), "after a stop");
    // The scan would have seen it: the same folder, the same files, the value in one of them.
    let planted = fs::read(folder.path().join("test.db")).unwrap();
    fs::write(folder.path().join("control.db"), [planted, CANARY.into()].concat()).unwrap();
    assert_eq!(hits(folder.path(), CANARY).len(), 1);
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let server = Server::start(folder.path());
    server.create("cn-beijing:test", "n", &json!({"k": "v"})).data();
    done(folder.path(), &["backup", folder.path().join("backup.db").to_str().unwrap()]);
    let mode =
        |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o7777;
    for name in ["test.db", "test.db-wal", "test.db-shm", "test.db.key", "backup.db"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    drop(server);
    for name in ["test.db", "test.db-wal"] {
        let open = fs::Permissions::from_mode(0o644);
        fs::set_permissions(folder.path().join(name), open).unwrap();
    }
    let shut = fs::Permissions::from_mode(0o400);
    fs::set_permissions(folder.path().join("test.db-shm"), shut).unwrap();
    let server = Server::start(folder.path());
    for name in ["test.db", "test.db-wal", "test.db-shm"] {
        assert_eq!(mode(name), 0o600, "{name}");
    }
    assert!(server.log().contains("could be read by others: its mode was 644"), "{}", server.log());
}

#[test]
fn memory_is_kept_from_core_dumps_and_neighbours() {
    use std::{
        os::unix::fs::{MetadataExt, PermissionsExt},
        process::{Command, Stdio},
    };
    let folder = Folder::new();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    // Another user may not reach the place where it was built.
    let binary = folder.path().join("sae-secret");
    fs::copy(env!("CARGO_BIN_EXE_sae-secret"), &binary).unwrap();
    // A superuser's processes belong to the superuser either way, so another user is asked where that is possible.
    let mut command = match fs::metadata("/proc/self").unwrap().uid() {
        0 => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=65534", "--clear-groups"]).arg(&binary);
            command
        }
        _ => Command::new(&binary),
    };
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite::memory:"]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut log = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("listening on") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut log, &mut line).unwrap() > 0, "it listens");
    }
    let about = format!("/proc/{}", child.id());
    let limits = fs::read_to_string(format!("{about}/limits")).unwrap();
    // The kernel gives the memory of a process that must not be dumped to the superuser.
    let owner = fs::metadata(format!("{about}/mem")).unwrap().uid();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(owner, 0);
    let cores = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let sizes: Vec<&str> = cores.split_whitespace().skip(4).take(2).collect();
    assert_eq!(sizes, ["0", "0"], "{cores}");
}

/// Every secret of the fixture, as it was described by the version that made the database.
#[test]
fn what_was_sealed_once_can_always_be_opened() {
    let fixture =
        |name: &str| format!("{}/tests/fixtures/databases/{name}", env!("CARGO_MANIFEST_DIR"));
    let folder = Folder::new();
    fs::copy(fixture("sealed.db"), folder.path().join("test.db")).unwrap();
    let server = Server::start_with(folder.path(), |command| {
        command.env_remove("SAE_SECRET_WORLD").args(["--master-key-file", &fixture("master.keys")]);
    });
    let expected = fs::read_to_string(fixture("expected.json")).unwrap();
    let expected: Vec<serde_json::Value> = serde_json::from_str(&expected).unwrap();
    assert_eq!(expected.len(), 5);
    for secret in expected {
        let (namespace, id) = (secret["NamespaceId"].as_str(), secret["SecretId"].as_i64());
        assert_eq!(server.describe(namespace.unwrap(), id.unwrap()).data(), secret);
    }
    let id = server.create("cn-beijing:old", "new", &json!({"k": "v"})).secret_id();
    assert_eq!(id, 7, "numbers go on where they were");
    done(folder.path(), &["verify", "--master-key-file", &fixture("master.keys")]);
}
