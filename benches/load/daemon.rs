//! Servers that are not the one under test: started, waited for, killed.

use std::{
    fs::{self, File},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{Failure, process::Process};

/// How long a server may take until it can be reached.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running server; killed when it goes.
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it, with what it says in this file, and waits until it can be reached.
    pub fn start(mut command: Command, address: SocketAddr, log: &Path) -> Result<Self, Failure> {
        let file = File::create(log)?;
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let mut daemon = Self { child: command.spawn()? };
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = daemon.child.try_wait()? {
                let told = fs::read_to_string(log).unwrap_or_default();
                return Err(format!("{command:?} ended with {status}: {told}").into());
            }
            if Instant::now() > deadline {
                return Err(format!("{command:?} cannot be reached in {PATIENCE:?}").into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(daemon)
    }

    pub fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port of this machine that nobody has at this moment.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
