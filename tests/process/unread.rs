//! Pipes for the log and the audit log that are not read.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    audit::{line_of, wait_until},
    child::Server,
};
use crate::common::{Request, server::*};

const TEST: (&str, &str) = ("NamespaceId", "cn-beijing:test");

/// The numbers in lines that tell of dropped lines.
fn told_as_dropped(log: &str) -> Vec<u64> {
    let told = log.lines().filter_map(|line| {
        line.strip_suffix(" log lines were dropped: standard error was not read, or was full")
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
    assert!(log.contains("stopped"), "what is logged last is there, too");
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

#[test]
fn standard_output_that_is_not_read_refuses_operations_and_holds_up_nothing_else() {
    let folder = Folder::new();
    let (mut output, input) = std::io::pipe().unwrap();
    let mut server = Server::start_with(folder.path(), |command| {
        command.args(["--audit-log", "-"]).stdout(input);
    });
    let mut connection = server.connect();
    let mut done = 0;
    let begun = Instant::now();
    let refused = loop {
        connection.send(&Request::new("GET", REGIONS).bytes(server.address)).unwrap();
        let reply = connection.receive();
        if reply.status != 200 {
            break reply;
        }
        done += 1;
        assert!(done < 2000, "the pipe is never full");
    };
    refused.assert_error(503, "ServiceUnavailable");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let begun = Instant::now();
    let reply = server.create(TEST.1, "n", &json!({"k": "v"}));
    reply.assert_error(503, "ServiceUnavailable");
    assert_eq!(server.call("GET", "/health", &[]).status, 200);
    assert_eq!(server.call("GET", "/ready", &[]).status, 503);
    assert!(begun.elapsed() < Duration::from_secs(3), "only the first waits long");
    let text = Arc::new(Mutex::new(String::new()));
    let read = Arc::clone(&text);
    let reader = thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut part) {
            *read.lock().unwrap() += std::str::from_utf8(&part[..count]).unwrap();
        }
    });
    wait_until("the log does not recover", || server.call("GET", "/ready", &[]).status == 200);
    let last = server.call("GET", SECRETS, &[TEST]);
    assert_eq!(last.text().matches("\"n\"").count(), 0, "it was not done: {}", last.text());
    server.terminate();
    assert!(server.wait().success());
    reader.join().unwrap();
    let text = text.lock().unwrap();
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert_eq!(lines.len(), done + 3, "each has its line, those that were refused too");
    line_of(&lines, &refused);
    line_of(&lines, &last);
}

#[test]
fn a_server_whose_standard_output_is_not_read_can_be_stopped() {
    let folder = Folder::new();
    let (_output, mut input) = std::io::pipe().unwrap();
    // One page is left.
    input.write_all(&[b'\n'; 60 * 1024]).unwrap();
    let mut server = Server::start_with(folder.path(), |command| {
        command.args(["--audit-log", "-", "--audit-best-effort"]).stdout(input);
    });
    for _ in 0..50 {
        assert_eq!(server.call("GET", REGIONS, &[]).status, 200);
    }
    let begun = Instant::now();
    server.terminate();
    assert!(server.wait().success());
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
}
