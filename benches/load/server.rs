//! The server under test: started as anybody would start it, with users, keys, a policy, an audit log.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{Failure, options::Options, process::Process};

pub const KEY_ID: &str = "LTAI5tLoadLoadLoadLoadL1";
pub const KEY_SECRET: &str = "load-secret-not-real-00000000a";

/// A user whom a policy lets do everything, and quotas that nobody reaches.
const WORLD: &str = "regions: [cn-beijing]
quotas: { namespaces: 1000000, secrets_per_namespace: 1000000, keys_per_secret: 100 }
users:
  - name: load
    access_keys: [{ id: LTAI5tLoadLoadLoadLoadL1, secret: load-secret-not-real-00000000a }]
    policies: [AliyunSAEFullAccess, AliyunKMSFullAccess]
";

/// How long a server may take to be ready.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many errors of a server's log are repeated: the first ones tell.
const ERRORS_TOLD: usize = 3;

/// A running server; killed when it goes.
pub struct Server {
    running: Running,
    pub address: SocketAddr,
    /// From its start to its first yes to the question whether it is ready.
    pub ready_after: Duration,
}

impl Server {
    /// Serves this database by the keys in this file, with its other files in the folder.
    pub fn start(
        options: &Options,
        folder: &Path,
        database_url: &str,
        master_keys: &Path,
    ) -> Result<Self, Failure> {
        let world = folder.join("world.yaml");
        fs::write(&world, WORLD)?;
        let mut command = Command::new(&options.binary);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("SAE_SECRET_")) {
            command.env_remove(name);
        }
        // The access log is the one thing left out: what it costs depends on who reads it.
        command.env("RUST_LOG", "info,access=warn");
        command.args(["serve", "--listen", "127.0.0.1:0", "--anonymous", "deny"]);
        command.args(["--noop-endpoint", "--database-url", database_url]);
        command.arg("--master-key-file").arg(master_keys).arg("--world").arg(&world);
        command.arg("--audit-log").arg(folder.join("audit.log"));
        command.args(options.serve.split_whitespace());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let begun = Instant::now();
        let mut child = command.spawn().map_err(|error| {
            format!("{} does not start: {error}; make build makes it", options.binary.display())
        })?;
        let log = child.stderr.take();
        // From here on it ends with its owner, also when it never listens.
        let running = Running(child);
        let address = address(log.ok_or("no log")?)?;
        wait_until_ready(address)?;
        Ok(Self { running, address, ready_after: begun.elapsed() })
    }

    pub fn process(&self) -> Process {
        Process(self.running.0.id())
    }

    /// What clients call the server.
    pub fn host(&self) -> String {
        self.address.to_string()
    }
}

/// A process that ends with its owner.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Reads the log until it tells the address, and goes on reading, so that the server is never stopped by a full pipe.
fn address(log: ChildStderr) -> Result<SocketAddr, Failure> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut told, mut errors) = (String::new(), 0);
        for line in BufReader::new(log).lines().map_while(Result::ok) {
            let url = line.split_once("listening on http://").map(|(_, url)| url.to_owned());
            if let Some(address) = url.and_then(|url| url.trim_end_matches(']').parse().ok()) {
                drop(sender.send(Ok(address)));
            } else if line.contains("ERROR") && errors < ERRORS_TOLD {
                eprintln!("the server: {line}");
                errors += 1;
            }
            if told.len() < 4096 {
                told.push_str(&line);
                told.push('\n');
            }
        }
        drop(sender.send(Err(told)));
    });
    match receiver.recv_timeout(PATIENCE) {
        Ok(Ok(address)) => Ok(address),
        Ok(Err(told)) => Err(format!("the server ended:\n{told}").into()),
        Err(_) => Err("the server does not listen".into()),
    }
}

/// Asks until the answer is yes.
pub fn wait_until_ready(address: SocketAddr) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        if status_of(address, "/ready").is_ok_and(|status| status == "200") {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err(format!("the server at {address} is not ready in {PATIENCE:?}").into())
}

fn status_of(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply.split(' ').nth(1).unwrap_or_default().to_owned())
}
