//! What an idle server holds.

use std::{fs, thread, time::Duration};

use super::child::Server;
use crate::common::server::*;

/// The resident memory that an idle server may have, in KiB: 40 MiB.
const IDLE_KIB: u64 = 40 * 1024;

#[test]
fn an_idle_server_is_small() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    server.call("GET", REGIONS, &[]).json();
    thread::sleep(Duration::from_millis(200));
    let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    let resident: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(resident < IDLE_KIB, "{resident} KiB");
}
