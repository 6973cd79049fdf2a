//! What the log tells, and what it never tells.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{audit::wait_until, child::Server};
use crate::common::{Request, server::*};

const CANARY: &str = "CANARYVALUE";

#[test]
fn each_request_has_one_line_with_its_ids_and_no_value() {
    let folder = Folder::new();
    let mut server = Server::start_with(folder.path(), |command| {
        command.env("RUST_LOG", "trace");
    });
    let reply = server.create("cn-beijing:test", "n", &json!({"k": CANARY}));
    let id = reply.secret_id();
    server.create("cn-beijing:test", "n", &json!({"k": CANARY, "l": null}));
    server.create("cn-beijing:nowhere", "n", &json!({"k": CANARY}));
    assert!(server.describe("cn-beijing:test", id).text().contains(CANARY));
    let body =
        json!({"NamespaceId": "cn-beijing:test", "SecretId": id, "SecretData": {"k": CANARY}});
    server.send(&Request::new("PUT", SECRET).json(&body)).data();
    let long = CANARY.repeat(6000);
    server.create("cn-beijing:test", "long", &json!({"k": long})).data();
    server.terminate();
    server.wait();
    let log = server.log();
    let request_id = reply.header("x-acs-request-id").unwrap();
    let lines: Vec<&str> =
        log.lines().filter(|line| line.contains("access]") && line.contains(request_id)).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let trace_id = format!("trace_id={}", reply.header("x-acs-trace-id").unwrap());
    for part in [
        &trace_id,
        "operation=CreateSecret",
        "namespace=cn-beijing:test",
        "status=200",
        "code=200",
        "duration_us=",
    ] {
        assert!(lines[0].contains(part), "{part} in {}", lines[0]);
    }
    let refused = log.lines().find(|line| line.contains("namespace=cn-beijing:nowhere")).unwrap();
    for part in [
        "operation=CreateSecret",
        "caller=anonymous",
        "source=127.0.0.1",
        "status=404",
        "code=InvalidNamespaceId.NotFound",
    ] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
    let leak = log.lines().find(|line| line.contains(CANARY));
    assert!(leak.is_none(), "a value is in the log: {leak:?}");
}

#[test]
fn json_lines_are_json() {
    let folder = Folder::new();
    let mut server = Server::start_with(folder.path(), |command| {
        command.env("SAE_SECRET_LOG_FORMAT", "json");
    });
    server.call("GET", REGIONS, &[]);
    server.terminate();
    server.wait();
    let log = server.log();
    let lines: Vec<Value> =
        log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let access = lines.iter().find(|line| line["target"] == "access").expect("an access line");
    assert_eq!(access["operation"], "DescribeRegions");
    assert_eq!(access["status"], 200);
    assert!(access["request_id"].is_string() && access["trace_id"].is_string());
    assert!(access["duration_us"].is_u64() && access["time"].is_string());
}

/// The numbers in lines that tell of dropped lines.
fn told_as_dropped(log: &str) -> Vec<u64> {
    let told = log.lines().filter_map(|line| {
        line.strip_suffix(" log lines were dropped: standard error was not read")
    });
    told.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

fn dropped(server: &Server) -> u64 {
    let metrics = server.call("GET", "/metrics", &[]);
    let metric = "sae_secret_log_lines_dropped_total ";
    let line = metrics.text().lines().find_map(|line| line.strip_prefix(metric)).map(str::to_owned);
    line.unwrap_or_else(|| panic!("{metric} in {}", metrics.text())).parse().unwrap()
}

/// More requests than pipe and queue have room for lines.
fn ask_often(server: &Server) {
    let mut connection = server.connect();
    for number in 0..8000 {
        connection.send(&Request::new("GET", REGIONS).bytes(server.address)).unwrap();
        assert_eq!(connection.receive().status, 200, "{number}");
    }
}

#[test]
fn a_log_that_is_not_read_holds_up_nothing_and_tells_what_was_dropped() {
    let folder = Folder::new();
    let mut server = Server::start_unread(folder.path(), |_| {});
    assert_eq!(dropped(&server), 0);
    ask_often(&server);
    assert_eq!(server.call("GET", "/health", &[]).status, 200);
    let lost = dropped(&server);
    assert!(lost > 1000, "neither pipe nor queue has room for 8000 lines: {lost}");
    server.read_log();
    wait_until("nothing is told", || !told_as_dropped(&server.log()).is_empty());
    let reply = server.call("GET", REGIONS, &[]);
    server.terminate();
    assert!(server.wait().success());
    let log = server.log();
    let told = told_as_dropped(&log);
    // Also the lines of the requests that looked.
    assert!(told.len() == 1 && told[0] >= lost && told[0] < lost + 10, "{told:?} {lost}");
    assert!(
        log.contains(reply.header("x-acs-request-id").unwrap()),
        "what is logged afterwards is there"
    );
    assert!(log.contains("stopping: "), "what is logged last is there, too");
}

#[test]
fn a_server_whose_log_is_not_read_can_be_stopped() {
    let folder = Folder::new();
    let mut server = Server::start_unread(folder.path(), |command| {
        command.env("SAE_SECRET_LOG_FORMAT", "json");
    });
    ask_often(&server);
    let begun = Instant::now();
    server.terminate();
    assert!(server.wait().success());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}
