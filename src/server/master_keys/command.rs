//! Runs the command that prints the master keys.

use std::{
    io,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};
use zeroize::Zeroizing;

use super::read_text;

/// How long the command may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How often it is checked whether the command has ended.
const PAUSE: Duration = Duration::from_millis(5);

/// The text that a command prints. Its standard error is that of the server.
pub fn output(command: &str) -> io::Result<Zeroizing<String>> {
    let words = shlex::split(command)
        .ok_or_else(|| io::Error::other("its quotation marks do not go together"))?;
    let (program, arguments) =
        words.split_first().ok_or_else(|| io::Error::other("the command is empty"))?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        // With those that it starts, so that all of them can be ended.
        .process_group(0)
        .spawn()
        .map_err(|error| io::Error::other(format!("{program}: {error}")))?;
    let until = Instant::now() + TIMEOUT;
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        // On a thread of its own: a child of the command may keep the pipe open when the command has ended.
        thread::spawn(move || drop(sender.send(read_text(stdout))));
    }
    let status = wait(&mut child, until)?;
    if !status.success() {
        // When too much was printed, that is why the command failed.
        if let Ok(Err(error)) = receiver.recv_timeout(PAUSE) {
            return Err(error);
        }
        return Err(io::Error::other(format!("{program} failed: {status}")));
    }
    let left = until.saturating_duration_since(Instant::now());
    let printed = receiver.recv_timeout(left);
    printed.unwrap_or_else(|_| {
        end(&mut child);
        Err(io::Error::other(format!("{program} leaves its output open")))
    })
}

/// Ends the command and whatever it has started.
fn end(child: &mut Child) {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let ended = group.map_or(Ok(()), |group| kill_process_group(group, Signal::KILL));
    if let Err(error) = ended.map_err(io::Error::from).and_then(|()| child.wait().map(drop)) {
        log::warn!("the command for the master keys may go on: {error}");
    }
}

fn wait(child: &mut Child, until: Instant) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() > until {
            end(child);
            return Err(io::Error::other(format!("it took more than {} s", TIMEOUT.as_secs())));
        }
        thread::sleep(PAUSE);
    }
}
