//! The audit log: what it tells of each request, and what becomes of requests when it cannot be written.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Read as _,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::child::{Server, run};
use crate::common::{Reply, Request, server::*, wire::Connection};

const CANARY: &str = "CANARYVALUE";
const TEST: (&str, &str) = ("NamespaceId", "cn-beijing:test");

fn start(folder: &Folder, log: &Path) -> Server {
    Server::start_with(folder.path(), |command| {
        command.arg("--audit-log").arg(log);
    })
}

fn start_full(folder: &Folder, flags: &[&str]) -> Server {
    Server::start_with(folder.path(), |command| {
        command.args(["--audit-log", "/dev/full"]).args(flags);
    })
}

pub fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The only line about a request.
pub fn line_of(lines: &[Value], reply: &Reply) -> Value {
    let id = reply.header("x-acs-request-id").unwrap();
    let found: Vec<_> = lines.iter().filter(|line| line["request_id"] == id).collect();
    assert_eq!(found.len(), 1, "{id} in {lines:#?}");
    found[0].clone()
}

/// Waits for something that the server does by itself.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn each_operation_has_one_line_that_is_there_when_its_reply_is() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let server = start(&folder, &path);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let namespace = ("NamespaceId", "cn-beijing:made");
    let named = |name| [namespace, ("NamespaceName", name)];
    let mut calls = vec![];
    let mut done = |action: &str, reply: Reply| {
        assert_eq!(reply.status, 200, "{action}: {}", reply.text());
        let line = line_of(&lines(&path), &reply);
        assert_eq!(line["action"], format!("sae:{action}"));
        calls.push((line, reply));
    };
    done("CreateNamespace", server.call("POST", NAMESPACE, &named("made")));
    done("UpdateNamespace", server.call("PUT", NAMESPACE, &named("other")));
    done("DescribeNamespace", server.call("GET", NAMESPACE, &[namespace]));
    let paging = [("CurrentPage", "1"), ("PageSize", "10")];
    done("DescribeNamespaces", server.call("GET", NAMESPACES, &paging));
    done("DescribeNamespaceList", server.call("GET", NAMESPACE_LIST, &[]));
    done("DescribeNamespaceResources", server.call("GET", NAMESPACE_RESOURCES, &[namespace]));
    done("DeleteNamespace", server.call("DELETE", NAMESPACE, &[namespace]));
    done("DescribeRegions", server.call("GET", REGIONS, &[]));
    let created = server.create(TEST.1, "n", &json!({"k": CANARY}));
    let id = created.secret_id();
    done("CreateSecret", created);
    done("DescribeSecret", server.describe(TEST.1, id));
    let body = json!({"NamespaceId": TEST.1, "SecretId": id, "SecretData": {"k": CANARY}});
    done("UpdateSecret", server.send(&Request::new("PUT", SECRET).json(&body)));
    done("ListSecrets", server.call("GET", SECRETS, &[TEST]));
    let number = id.to_string();
    done("DeleteSecret", server.call("DELETE", SECRET, &[TEST, ("SecretId", &number)]));
    assert_eq!(lines(&path).len(), 13, "one line an operation");
    for (line, _) in &calls {
        assert_eq!(line["caller"]["kind"], "anonymous");
        assert_eq!((&line["decision"], &line["code"]), (&json!("allow"), &json!("200")));
        assert_eq!(line["source"], "127.0.0.1");
        assert!(line["duration_us"].as_u64().is_some_and(|took| took > 0 && took < 30_000_000));
        assert!(line["time"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24));
    }
    let names =
        |line: &Value| -> BTreeSet<String> { line.as_object().unwrap().keys().cloned().collect() };
    assert!(calls.iter().all(|(line, _)| names(line) == names(&calls[0].0)), "the same members");
    for (line, _) in &calls[8..] {
        assert_eq!(line["namespace"], TEST.1, "{line}");
        let of_one = line["action"] != "sae:ListSecrets";
        assert_eq!(line["secret_id"], if of_one { json!(id) } else { Value::Null }, "{line}");
    }
    assert_eq!(calls[8].0["secret_name"], "n");
    assert!(!fs::read_to_string(&path).unwrap().contains(CANARY));
}

#[test]
fn refused_requests_have_their_line_and_strangers_none() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let server = Server::start_with(folder.path(), |command| {
        command.arg("--audit-log").arg(&path).args(["--anonymous", "deny"]);
    });
    let denied = server.create(TEST.1, CANARY, &json!({"k": CANARY}));
    assert_eq!(denied.status, 400, "{}", denied.text());
    for path in ["/health", "/ready", "/metrics", "/no/such/path"] {
        server.call("GET", path, &[]);
    }
    server.call("DELETE", NAMESPACES, &[]);
    let found = lines(&path);
    let line = line_of(&found, &denied);
    assert_eq!(line["decision"], "deny");
    assert_eq!(line["code"], "MissingAccessKeyId");
    assert_eq!((&line["caller"]["kind"], &line["secret_name"]), (&json!("unknown"), &Value::Null));
    assert_eq!((&line["namespace"], &line["secret_id"]), (&json!(TEST.1), &Value::Null));
    assert_eq!(found.len(), 1, "{found:#?}");
    // Whatever it was refused for, as soon as it is known to be for an operation.
    for (request, code) in [
        (Request::new("GET", SECRETS).header("x-acs-action", "GetTea"), "InvalidAction.NotFound"),
        (Request::new("GET", SECRETS).header("x-acs-version", "1999-12-31"), "InvalidVersion"),
    ] {
        let reply = server.send(&request);
        let line = line_of(&lines(&path), &reply);
        assert_eq!((&line["decision"], &line["code"]), (&json!("deny"), &json!(code)));
    }
    // What a refused request was for is told as far as its query is well-formed.
    let asked = server.describe(TEST.1, 77);
    let line = line_of(&lines(&path), &asked);
    assert_eq!((&line["namespace"], &line["secret_id"]), (&json!(TEST.1), &json!(77)));
    let asked = server.call("GET", SECRET, &[("NamespaceId", CANARY), ("SecretId", CANARY)]);
    let line = line_of(&lines(&path), &asked);
    assert_eq!((&line["namespace"], &line["secret_id"]), (&Value::Null, &Value::Null));
}

#[test]
fn requests_of_strangers_pages_have_their_line_and_the_log_tells_which_header_decided() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let mut server = start(&folder, &path);
    for (name, value, code) in [
        ("Host", "evil.example", "Forbidden.Host"),
        ("Origin", "https://evil.example", "Forbidden.Origin"),
        ("Sec-Fetch-Site", "cross-site", "Forbidden.Origin"),
    ] {
        let target = format!("{SECRETS}?NamespaceId=cn-beijing%3Atest");
        let reply = server.send(&Request::new("GET", target).header(name, value));
        let line = line_of(&lines(&path), &reply);
        assert_eq!((&line["decision"], &line["code"]), (&json!("deny"), &json!(code)));
        let id = reply.header("x-acs-request-id").unwrap();
        let told = |log: &str| {
            log.lines().any(|line| line.contains(&format!("its {name} ")) && line.contains(id))
        };
        wait_until("the log does not tell", || told(&server.log()));
    }
    let odd = "evil\u{1b}[31m.example";
    let mut connection = server.connect();
    connection
        .send(&Request::new("GET", REGIONS).header("Origin", odd).bytes(server.address))
        .unwrap();
    drop(connection.try_receive(false));
    server.send(&Request::new("GET", REGIONS).header("Host", &"a.".repeat(9_000)));
    server.terminate();
    server.wait();
    let log = server.log();
    assert!(!log.contains('\u{1b}') && log.lines().all(|line| line.len() < 1_000), "{log}");
}

#[test]
fn failures_are_told_with_their_codes_and_without_values() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let server = start(&folder, &path);
    let missing = server.describe(TEST.1, 999_999);
    assert_ne!(missing.status, 200);
    let line = line_of(&lines(&path), &missing);
    assert_eq!((&line["decision"], &line["secret_id"]), (&json!("allow"), &json!(999_999)));
    assert_eq!(line["code"], missing.json()["Code"]);
    let twice = json!({"k": CANARY});
    server.create(TEST.1, "twice", &twice).secret_id();
    let again = server.create(TEST.1, "twice", &twice);
    let line = line_of(&lines(&path), &again);
    assert_eq!(line["secret_name"], "twice");
    assert_ne!(line["code"], "200");
    let malformed = server.create(TEST.1, "n", &json!({"k": CANARY, "l": null}));
    assert_ne!(line_of(&lines(&path), &malformed)["code"], "200");
    let nowhere = server.create("cn-beijing:nowhere", "n", &json!({"k": CANARY}));
    assert_eq!(nowhere.status, 404);
    assert_eq!(line_of(&lines(&path), &nowhere)["code"], "InvalidNamespaceId.NotFound");
    server.call("POST", SECRET, &[TEST, ("SecretName", &"\n\"\u{2028}x".repeat(2000))]);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count(), 6);
    assert!(text.lines().all(|line| line.len() < 8 * 1024));
    assert!(!text.contains(CANARY));
}

#[test]
fn a_hangup_leaves_the_renamed_file() {
    let folder = Folder::new();
    let (path, old) = (folder.path().join("audit.log"), folder.path().join("audit.log.1"));
    let server = start(&folder, &path);
    let before = server.call("GET", REGIONS, &[]);
    fs::rename(&path, &old).unwrap();
    let between = server.call("GET", REGIONS, &[]);
    assert!(!path.exists());
    server.signal("-HUP");
    wait_until("the file is not opened anew", || path.exists());
    wait_until("the old file stays in use", || {
        server.call("GET", REGIONS, &[]);
        !lines(&path).is_empty()
    });
    let after = server.call("GET", REGIONS, &[]);
    line_of(&lines(&old), &before);
    line_of(&lines(&old), &between);
    line_of(&lines(&path), &after);
    let count = lines(&old).len();
    server.call("GET", REGIONS, &[]);
    assert_eq!(lines(&old).len(), count);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn nothing_is_lost_when_the_server_is_killed() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let mut server = start(&folder, &path);
    let replies: Vec<_> = (0..20).map(|_| server.call("GET", REGIONS, &[])).collect();
    server.kill();
    let found = lines(&path);
    replies.iter().for_each(|reply| drop(line_of(&found, reply)));
    drop(start(&folder, &path));
    assert_eq!(lines(&path).len(), found.len(), "a restart goes on behind the lines");
}

#[test]
fn what_is_done_for_a_client_that_went_away_has_its_line() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    let server = start(&folder, &path);
    for number in 0..40 {
        let name = format!("gone-{number}");
        let mut body = json!({"NamespaceId": TEST.1, "SecretName": name, "SecretType": "Opaque"});
        body["SecretData"] = json!({"k": "v"});
        let mut connection = Connection::open(server.address);
        connection.send(&Request::new("POST", SECRET).json(&body).bytes(server.address)).unwrap();
        drop(connection);
    }
    let told = || lines(&path).iter().filter(|line| line["action"] == "sae:CreateSecret").count();
    wait_until("lines are missing", || told() == 40);
    assert!(lines(&path).iter().all(|line| line["code"] == "200"));
    let listed = server.call("GET", SECRETS, &[TEST]);
    assert_eq!(listed.text().matches("gone-").count(), 40);
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let folder = Folder::new();
    let mut server = start_full(&folder, &[]);
    let first = server.create(TEST.1, "first", &json!({"k": CANARY}));
    first.assert_error(500, "InternalError");
    for name in ["second", "third"] {
        let reply = server.create(TEST.1, name, &json!({"k": CANARY}));
        reply.assert_error(503, "ServiceUnavailable");
    }
    server.call("GET", REGIONS, &[]).assert_error(503, "ServiceUnavailable");
    assert_eq!(server.call("GET", "/health", &[]).status, 200);
    let unready = server.call("GET", "/ready", &[]);
    assert_eq!((unready.status, unready.text()), (503, "the audit log cannot be written\n"));
    server.terminate();
    server.wait();
    let log = server.log();
    assert!(log.contains("the audit log cannot be written: No space left on device"), "{log}");
    assert!(!log.contains(CANARY));
    let path = folder.path().join("audit.log");
    let server = start(&folder, &path);
    let listed = server.call("GET", SECRETS, &[TEST]);
    let listed = listed.text();
    assert!(listed.contains("first"), "the first was done before it was known: {listed}");
    assert!(!listed.contains("second") && !listed.contains("third"), "{listed}");
}

#[test]
fn what_is_refused_says_why_although_it_cannot_be_written_down() {
    let folder = Folder::new();
    let server = start_full(&folder, &["--anonymous", "deny"]);
    for _ in 0..2 {
        let refused = server.create(TEST.1, "n", &json!({"k": CANARY}));
        refused.assert_error(400, "MissingAccessKeyId");
    }
}

#[test]
fn a_server_recovers_with_the_lines_that_it_owes() {
    let folder = Folder::new();
    let path = folder.path().join("audit.log");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let server = start(&folder, &path);
    let first = server.call("GET", REGIONS, &[]);
    first.assert_error(500, "InternalError");
    let second = server.call("GET", REGIONS, &[]);
    second.assert_error(503, "ServiceUnavailable");
    fs::remove_file(&path).unwrap();
    server.signal("-HUP");
    wait_until("the server does not recover", || server.call("GET", "/ready", &[]).status == 200);
    let found = lines(&path);
    assert_eq!(line_of(&found, &first)["code"], "200", "it was done");
    assert_eq!(line_of(&found, &second)["code"], "ServiceUnavailable");
    wait_until("the recovery is not told", || server.log().contains("is written again"));
}

#[test]
fn best_effort_serves_without_the_log() {
    let folder = Folder::new();
    let mut server = start_full(&folder, &["--audit-best-effort"]);
    let id = server.create(TEST.1, "n", &json!({"k": CANARY})).secret_id();
    assert_eq!(server.describe(TEST.1, id).status, 200);
    server.terminate();
    assert!(server.wait().success());
    let log = server.log();
    let complaint = "the audit log cannot be written: No space left on device";
    let told = log.lines().filter(|line| line.contains(complaint)).count();
    assert!((1..=2).contains(&told), "once when it begins, once at the end: {log}");
}

#[test]
fn best_effort_writes_what_is_left_when_it_stops() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // With a writer of its own this can be opened before the server writes.
    let mut reader = File::options().read(true).write(true).open(&pipe).unwrap();
    let size = rustix::pipe::fcntl_setpipe_size(&reader, 4096).unwrap();
    let mut server = Server::start_with(folder.path(), |command| {
        command.arg("--audit-best-effort").env("SAE_SECRET_AUDIT_LOG", &pipe);
    });
    // Each line is longer than 100 bytes.
    let replies: Vec<_> = (0..=size / 100).map(|_| server.call("GET", REGIONS, &[])).collect();
    reader = {
        let without_writer = File::open(&pipe).unwrap();
        drop(reader);
        without_writer
    };
    server.terminate();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    server.wait();
    assert!(text.len() > size, "the pipe was full: {text}");
    let path = folder.path().join("audit.log");
    fs::write(&path, text).unwrap();
    let found = lines(&path);
    replies.iter().for_each(|reply| drop(line_of(&found, reply)));
}

#[test]
fn a_dash_is_standard_output_and_logs_stay_apart() {
    let folder = Folder::new();
    let path = folder.path().join("stdout");
    let output = File::create(&path).unwrap();
    let mut server = Server::start_with(folder.path(), |command| {
        command.args(["--audit-log", "-"]).stdout(output);
    });
    let reply = server.call("GET", REGIONS, &[]);
    assert_eq!(line_of(&lines(&path), &reply)["action"], "sae:DescribeRegions");
    server.signal("-HUP");
    server.call("GET", REGIONS, &[]);
    server.terminate();
    server.wait();
    assert_eq!(lines(&path).len(), 2, "nothing but lines of the audit log");
    assert!(!server.log().contains("\"action\""), "{}", server.log());
    assert!(!Path::new("-").exists());
}

#[test]
fn a_log_that_cannot_be_opened_stops_the_start_with_a_clear_message() {
    let folder = Folder::new();
    let missing = folder.path().join("no/such/folder/audit.log");
    for (path, reason) in
        [(missing.as_path(), "its directory does not exist"), (folder.path(), "it is a directory")]
    {
        let path = path.display().to_string();
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite::memory:"];
        let output = run(&[&arguments[..], &["--audit-log", &path]].concat());
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        let text = format!("cannot open the audit log {path}: {reason}");
        assert!(complaint.contains(&text), "{complaint}");
    }
}
