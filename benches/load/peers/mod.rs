//! What others do on the same machine, with the same load and the same values: each begins with 100 values, is asked for
//! any of them, then given new ones.

mod etcd;
mod rusty_vault;
mod secrets_manager;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use clap::ValueEnum;

use super::{
    Failure,
    daemon::{Daemon, free_address},
    databases::RunFolder,
    driver::{self, Exchange},
    http,
    options::Options,
    plan,
    results::{Cell, Pair, Results},
};

/// How many values there are before anything is measured.
const VALUES: usize = 100;

/// Another server that keeps values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// etcd, which waits for the disk like the server does, by gRPC
    Etcd,
    /// The same by HTTP and JSON
    EtcdJson,
    /// RustyVault over its file storage
    RustyVault,
    /// moto's Secrets Manager
    Moto,
    /// MiniStack's Secrets Manager
    Ministack,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Etcd => "etcd",
            Self::EtcdJson => "etcd by JSON",
            Self::RustyVault => "RustyVault",
            Self::Moto => "moto",
            Self::Ministack => "MiniStack",
        })
    }
}

/// What is asked of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errand {
    /// Any of the values that were there at first.
    Get,
    /// A new value.
    Put,
}

impl fmt::Display for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Get { "get" } else { "put" })
    }
}

/// Names for values, of which the first ones are those to be got.
struct Names {
    errand: Errand,
    prefix: String,
    count: usize,
}

impl Names {
    fn of(errand: Errand) -> Self {
        Self { errand, prefix: format!("new-{:08x}", fastrand::u32(..)), count: 0 }
    }

    /// Those of the first values, in turn.
    fn first() -> Self {
        Self { errand: Errand::Put, prefix: "first".to_owned(), count: 0 }
    }

    fn next(&mut self) -> String {
        self.count += 1;
        match self.errand {
            Errand::Get => format!("first-{}", fastrand::usize(1..=VALUES)),
            Errand::Put => format!("{}-{}", self.prefix, self.count),
        }
    }
}

impl Peer {
    /// Where `make bench-peers` puts its program.
    fn program(self, options: &Options) -> PathBuf {
        options.folder.join("peers").join(match self {
            Self::Etcd | Self::EtcdJson => "etcd/usr/bin/etcd",
            Self::RustyVault => "rusty_vault/bin/rvault",
            Self::Moto => "venv/bin/moto_server",
            Self::Ministack => "venv/bin/ministack",
        })
    }

    /// What says which version it is.
    fn version(self, options: &Options) -> String {
        let mut command = match self {
            Self::Etcd | Self::EtcdJson => Command::new(self.program(options)),
            // Its own --version names no number.
            Self::RustyVault => return "rusty_vault 0.2.1".to_owned(),
            Self::Moto | Self::Ministack => {
                let package = self.to_string().to_lowercase();
                let mut command = Command::new(options.folder.join("peers/venv/bin/python"));
                let code = format!(
                    "import importlib.metadata as m; print('{package}', m.version('{package}'))"
                );
                command.arg("-c").arg(code);
                command
            }
        };
        if matches!(self, Self::Etcd | Self::EtcdJson) {
            command.arg("--version");
        }
        let told = command.output().map(|output| output.stdout).unwrap_or_default();
        let told = String::from_utf8_lossy(&told);
        told.lines().next().unwrap_or("unknown").to_owned()
    }
}

/// Measures the peers that are installed, and notes which are not.
pub async fn measure(options: &Options, run: usize, results: &mut Results) -> Result<(), Failure> {
    for peer in &options.peers {
        let program = peer.program(options);
        if !program.exists() {
            if run == 1 {
                results.missing.push(format!("{peer}: make bench-peers installs it"));
            }
            continue;
        }
        if run == 1 {
            let version = peer.version(options);
            if !results.versions.contains(&version) {
                results.versions.push(version);
            }
        }
        let folder = RunFolder::make(&options.folder, &peer.to_string())?;
        if let Err(failure) = one(options, *peer, run, folder.path(), results).await {
            eprintln!("run {run}: {peer}: {failure}");
            results.missing.push(format!("{peer} in run {run}: {failure}"));
        }
    }
    Ok(())
}

async fn one(
    options: &Options,
    peer: Peer,
    run: usize,
    folder: &Path,
    results: &mut Results,
) -> Result<(), Failure> {
    let program = peer.program(options).canonicalize()?;
    let address = free_address()?;
    match peer {
        Peer::Etcd => {
            let daemon = etcd::start(&program, folder, address)?;
            let make = async |errand, count| etcd::callers(address, errand, count).await;
            etcd::fill(address).await?;
            rounds(options, peer, run, &daemon, results, make).await
        }
        Peer::EtcdJson => {
            let daemon = etcd::start(&program, folder, address)?;
            fill(address, etcd::requests(address, Names::first())).await?;
            let make = async |errand, count| {
                Ok(http::connections(address, count, etcd::requests(address, Names::of(errand))))
            };
            rounds(options, peer, run, &daemon, results, make).await
        }
        Peer::RustyVault => {
            let daemon = rusty_vault::start(&program, folder, address)?;
            let token = rusty_vault::unseal(address).await?;
            fill(address, rusty_vault::requests(&token, address, Names::first())).await?;
            let make = async |errand, count| {
                let requests = rusty_vault::requests(&token, address, Names::of(errand));
                Ok(http::connections(address, count, requests))
            };
            rounds(options, peer, run, &daemon, results, make).await
        }
        Peer::Moto | Peer::Ministack => {
            let daemon = secrets_manager::start(peer, &program, folder, address)?;
            fill(address, secrets_manager::requests(address, Names::first())).await?;
            let make = async |errand, count| {
                let requests = secrets_manager::requests(address, Names::of(errand));
                Ok(http::connections(address, count, requests))
            };
            rounds(options, peer, run, &daemon, results, make).await
        }
    }
}

/// Makes the first values.
async fn fill<R: http::Requests>(address: SocketAddr, requests: R) -> Result<(), Failure> {
    let mut connections = http::connections(address, 1, requests);
    for connection in &mut connections {
        for _ in 0..VALUES {
            connection.exchange().await?;
        }
    }
    Ok(())
}

async fn rounds<E: Exchange + 'static>(
    options: &Options,
    peer: Peer,
    run: usize,
    daemon: &Daemon,
    results: &mut Results,
    make: impl AsyncFn(Errand, usize) -> Result<Vec<E>, Failure>,
) -> Result<(), Failure> {
    for errand in [Errand::Get, Errand::Put] {
        for connections in &options.connections {
            let all = make(errand, *connections).await?;
            let sample = driver::run(all, options.counted(), daemon.process(), None).await;
            let cell = Cell {
                subject: peer.to_string(),
                content: String::new(),
                operation: errand.to_string(),
                connections: *connections,
            };
            plan::tell(run, &cell, &sample, None);
            results.add(&cell, Pair { run, sample, noop: None, sync: f64::NAN });
        }
    }
    Ok(())
}
