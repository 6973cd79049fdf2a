//! The built binary as a child process.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::common::{Reply, Request, document, query, server::*, tls, wire::Connection};

/// How long a test waits for the process.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The binary, without the environment's settings.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sae-secret"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SAE_SECRET_")) {
        command.env_remove(name);
    }
    command.env_remove("RUST_LOG");
    command
}

/// Tells the binary of the database that belongs to a folder.
pub fn with_database(command: &mut Command, folder: &Path) {
    let (url, master_keys) = database_of(folder);
    command.env("SAE_SECRET_DATABASE_URL", url);
    if let Some(file) = master_keys {
        command.env("SAE_SECRET_MASTER_KEY_FILE", file);
    }
}

/// Runs the binary to its end.
pub fn run(arguments: &[&str]) -> Output {
    binary().args(arguments).output().expect("the binary runs")
}

/// A running `serve`.
pub struct Server {
    pub address: SocketAddr,
    /// What it says that it speaks: `http` or `https`.
    pub scheme: String,
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<thread::JoinHandle<()>>,
    /// The rest of the log, as long as it is not read.
    unread: Option<BufReader<ChildStderr>>,
}

impl Server {
    /// Serves a database file with the tests' world.
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, |_| {})
    }

    pub fn start_with(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let mut server = Self::start_unread(folder, change);
        server.read_log();
        server
    }

    /// A server whose log is read no further than to its address.
    pub fn start_unread(folder: &Path, change: impl FnOnce(&mut Command)) -> Self {
        let world = folder.join("world.yaml");
        std::fs::write(&world, WORLD).unwrap();
        let mut command = binary();
        command.arg("serve");
        with_database(&mut command, folder);
        // By the environment, so that a test's arguments can say something else.
        command.env("SAE_SECRET_LISTEN", "127.0.0.1:0").env("SAE_SECRET_WORLD", &world);
        command.stdout(Stdio::null()).stdin(Stdio::null());
        change(&mut command);
        command.stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let log = Arc::new(Mutex::new(String::new()));
        let stderr = child.stderr.take().unwrap();
        let (scheme, address, unread) = read_address(stderr, &log);
        Self { address, scheme, child, log, reader: None, unread: Some(unread) }
    }

    /// Reads the log from now on.
    pub fn read_log(&mut self) {
        let Some(unread) = self.unread.take() else { return };
        let log = Arc::clone(&self.log);
        self.reader = Some(thread::spawn(move || {
            for line in unread.lines().map_while(Result::ok) {
                keep(&line, &log);
            }
        }));
    }

    /// Over TLS where the server speaks it.
    pub fn connect(&self) -> Connection {
        match self.scheme.as_str() {
            "https" => tls::open(self.address),
            _ => Connection::open(self.address),
        }
    }

    pub fn send(&self, request: &Request) -> Reply {
        let mut connection = self.connect();
        let bytes = request.bytes(self.address);
        connection.send(&bytes).unwrap();
        let reply = connection.receive();
        document::check_sent(&bytes, &reply);
        reply
    }

    pub fn call(&self, method: &str, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.send(&Request::new(method, format!("{path}?{}", query(parameters))))
    }

    pub fn create(&self, namespace: &str, name: &str, data: &Value) -> Reply {
        self.call(
            "POST",
            SECRET,
            &[
                ("NamespaceId", namespace),
                ("SecretName", name),
                ("SecretType", "Opaque"),
                ("SecretData", &data.to_string()),
            ],
        )
    }

    pub fn update(&self, namespace: &str, id: i64, data: &Value) -> Reply {
        let (id, data) = (id.to_string(), data.to_string());
        let parameters = [("NamespaceId", namespace), ("SecretId", &id), ("SecretData", &data)];
        self.call("PUT", SECRET, &parameters)
    }

    pub fn describe(&self, namespace: &str, id: i64) -> Reply {
        self.call("GET", SECRET, &[("NamespaceId", namespace), ("SecretId", &id.to_string())])
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.end_log();
    }

    /// Waits until the log of a process that has ended is read to its end.
    fn end_log(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
    }

    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.end_log();
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not stop");
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn keep(line: &str, log: &Mutex<String>) {
    let mut log = log.lock().unwrap();
    log.push_str(line);
    log.push('\n');
}

/// Reads the log until it tells scheme and address.
fn read_address(
    stderr: ChildStderr,
    log: &Arc<Mutex<String>>,
) -> (String, SocketAddr, BufReader<ChildStderr>) {
    let (sender, receiver) = std::sync::mpsc::channel();
    let log = Arc::clone(log);
    thread::spawn(move || {
        let mut stderr = BufReader::new(stderr);
        let mut line = String::new();
        while stderr.read_line(&mut line).is_ok_and(|count| count > 0) {
            keep(line.trim_end_matches('\n'), &log);
            let url = line.split_once("listening on ").and_then(|(_, url)| url.split_once("://"));
            if let Some((scheme, rest)) = url {
                let address = rest.trim_end_matches(|c: char| !c.is_ascii_digit());
                let address = address.parse().expect("an address");
                sender.send((scheme.to_owned(), address, stderr)).expect("the test waits");
                return;
            }
            line.clear();
        }
    });
    receiver.recv_timeout(TIMEOUT).expect("the server listens")
}
