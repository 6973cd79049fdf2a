//! The PostgreSQL server is killed and comes back, with a disk that it syncs.

use std::{
    fs::File,
    io::Write,
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::json;

use super::{start_roomy, told};
use crate::{
    common::{postgres::Database, server::*},
    database::check_database,
    torture,
};

/// A PostgreSQL server of the test's own, which can be killed without harm to the other tests.
pub struct Cluster {
    home: Folder,
    pub port: u16,
}

impl Cluster {
    pub fn start() -> Self {
        use std::os::unix::fs::PermissionsExt;
        let home = Folder::new();
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let cluster = Self { home, port };
        cluster.run("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]);
        cluster.control(&["start", "-l", &cluster.path("log")]);
        cluster
    }

    fn path(&self, name: &str) -> String {
        self.home.path().join(name).display().to_string()
    }

    fn control(&self, arguments: &[&str]) {
        let settings = format!("-c port={} -c unix_socket_directories='' -c fsync=on", self.port);
        self.run("pg_ctl", &[arguments, &["-w", "-o", &settings]].concat());
    }

    /// Has it speak TLS by that certificate.
    pub fn use_certificate(&self, certificate: &str, key: &str) {
        use std::os::unix::fs::{OpenOptionsExt, chown};
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = self.home.path().join("data").join(name);
            let mut file =
                File::options().create_new(true).write(true).mode(0o600).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            if rustix::process::geteuid().is_root() {
                chown(&path, Some(65534), Some(65534)).unwrap();
            }
        }
        let settings = self.home.path().join("data/postgresql.conf");
        File::options().append(true).open(settings).unwrap().write_all(b"ssl = on\n").unwrap();
        self.control(&["restart", "-l", &self.path("log")]);
    }

    /// Runs one of PostgreSQL's programs, as a user that is not the superuser.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = format!("{}/{program}", told("TEST_POSTGRES_BIN"));
        let mut command = match rustix::process::geteuid().is_root() {
            true => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid=65534", "--regid=65534", "--clear-groups", &program]);
                command
            }
            false => Command::new(&program),
        };
        command.args(["-D", &self.path("data")]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).current_dir("/");
        let done = command.stderr(Stdio::null()).status().unwrap();
        assert!(done.success(), "{program} {arguments:?}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.run("pg_ctl", &["-m", "immediate", "-w", "stop"]);
        }
    }
}

#[test]
#[ignore = "needs a PostgreSQL server: tests/postgres/run"]
fn what_was_acknowledged_is_there_when_the_server_comes_back() {
    let cluster = Cluster::start();
    let database = Database::on(&format!("postgres://postgres@127.0.0.1:{}", cluster.port));
    let folder = Folder::new();
    folder.point_to_database(&database);
    let server = start_roomy(folder.path());
    let is_over = AtomicBool::new(false);
    let mut acknowledged = vec![];
    thread::scope(|scope| {
        let _ends = torture::ends(&is_over);
        let tasks: Vec<_> = (0..6)
            .map(|task| {
                let (server, is_over) = (&server, &is_over);
                scope.spawn(move || {
                    let mut done = vec![];
                    for number in 0.. {
                        if is_over.load(Ordering::SeqCst) {
                            break;
                        }
                        let name = format!("n{task}-{number}");
                        let reply = server.create("cn-hangzhou", &name, &json!({"k": name}));
                        match reply.status {
                            200 => done.push((reply.secret_id(), name)),
                            _ => {
                                reply.assert_error(500, "OperationFailed.RPCError");
                            }
                        }
                    }
                    done
                })
            })
            .collect();
        for _ in 0..torture::rounds(3) {
            thread::sleep(Duration::from_millis(400));
            cluster.control(&["restart", "-m", "immediate", "-l", &cluster.path("log")]);
        }
        // Well again without a restart of ours.
        thread::sleep(Duration::from_secs(1));
        is_over.store(true, Ordering::SeqCst);
        for task in tasks {
            let done = task.join().unwrap();
            assert!(!done.is_empty());
            acknowledged.extend(done);
        }
    });
    let last = server.create("cn-hangzhou", "last", &json!({"k": "last"}));
    acknowledged.push((last.secret_id(), "last".to_owned()));
    for (id, name) in &acknowledged {
        let found = server.describe("cn-hangzhou", *id).data();
        assert_eq!(found["SecretData"]["k"], name.as_str(), "{id}");
    }
    println!("{} writes acknowledged, none lost", acknowledged.len());
    check_database(folder.path());
    drop(server);
    // A further server finds it all as well.
    start_roomy(folder.path()).describe("cn-hangzhou", acknowledged[0].0).data();
    drop(database);
}
