//! A disk that takes no more.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::json;

use super::Case;
use crate::{child::Server, common::server::*};

/// How large a secret is that fills the disk up.
const VALUE: usize = 60_000;

/// How large a log SQLite begins to write back to the database, in bytes: a thousand pages with their heads.
const CHECKPOINT: usize = 1000 * (4096 + 24);

#[test]
fn a_full_disk_refuses_what_it_cannot_keep() {
    // The log finds no room; or the log does, and the database that it is to be written back to does not.
    for free in [CHECKPOINT / 6, CHECKPOINT + 200_000] {
        let folder = Folder::new();
        let disk = Disk::mount(folder.path());
        let mut case = Case::new(&disk.0);
        disk.fill_up_to(free);
        let (mut tried, mut refused) = (0, 0);
        // Small values, too, when there is no more room for large ones: what fits is still kept.
        for bytes in [VALUE, 100] {
            let mut in_a_row = 0;
            while in_a_row < 10 {
                tried += 1;
                let reply = case.create(&format!("n{tried}"), &json!({"k": "v".repeat(bytes)}));
                if reply.status == 200 {
                    in_a_row = 0;
                } else {
                    reply.assert_error(500, "OperationFailed.RPCError");
                    (refused, in_a_row) = (refused + 1, in_a_row + 1);
                }
            }
        }
        let kept = tried - refused;
        println!("{kept} creates were acknowledged, {refused} refused");
        assert!(kept * VALUE > free / 4, "only {kept} fitted");
        case.serves_reads();
        case.reports(true);
        disk.empty();
        case.recovers();
        case.survives_a_kill();
    }
}

#[test]
fn what_is_refused_on_a_full_disk_is_not_there_after_a_kill() {
    let folder = Folder::new();
    let disk = Disk::mount(folder.path());
    let mut case = Case::new(&disk.0);
    disk.fill_up_to(0);
    case.refuses_writes();
    for number in 0..20 {
        let reply = case.create(&format!("n{number}"), &json!({"k": "v".repeat(VALUE)}));
        reply.assert_error(500, "OperationFailed.RPCError");
    }
    case.server.kill();
    disk.empty();
    case.server = Server::start(&disk.0);
    case.recovers();
    case.survives_a_kill();
}

/// As when the kernel finds a disk broken and goes on with it read-only: the files are open for writing, and no write to
/// them succeeds. No file system can be made so from outside while files are open for writing, but a process can be.
#[test]
fn a_disk_that_became_read_only_is_an_outage_for_writers_only() {
    let folder = Folder::new();
    let server = Server::start_with(folder.path(), |command| {
        // The kernel's default is to end a process that writes past its limit.
        let mut inner = Command::new("env");
        inner.arg("--ignore-signal=XFSZ").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => inner.env(name, value),
                None => inner.env_remove(name),
            };
        }
        inner.stdin(Stdio::null()).stdout(Stdio::null());
        *command = inner;
    });
    let mut case = Case::of(folder.path(), server);
    limit_files(&case, "0:");
    case.refuses_writes();
    case.serves_reads();
    case.reports(true);
    limit_files(&case, "unlimited:");
    case.recovers();
    case.survives_a_kill();
}

/// How far the files may reach that the server writes to.
fn limit_files(case: &Case, limit: &str) {
    let id = case.server.id().to_string();
    let limit = format!("--fsize={limit}");
    run(Command::new("prlimit").args(["--pid", &id, &limit]));
}

/// A small file system of its own, in memory.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path) -> Self {
        let path = folder.join("disk");
        fs::create_dir(&path).unwrap();
        run(Command::new("mount").args(["-t", "tmpfs", "-o", "size=10m", "tmpfs"]).arg(&path));
        Self(path)
    }

    /// Leaves that many bytes free.
    fn fill_up_to(&self, free: usize) {
        let mut ballast = fs::File::create(self.0.join("ballast")).unwrap();
        let full = std::io::copy(&mut std::io::repeat(0), &mut ballast).expect_err("it gets full");
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
        let length = ballast.metadata().unwrap().len();
        ballast.set_len(length - free as u64).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also while a server that is ended later has files there.
        drop(Command::new("umount").arg("--lazy").arg(&self.0).output());
    }
}

/// A test of a fault that could not be made has not seen anything: it fails.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "the fault could not be made (only root may mount a tmpfs): {command:?}: {complaint}"
    );
}
