//! A proxy between the server and its database on which faults are injected.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU8, Ordering},
    },
    thread,
    time::Duration,
};

/// What happens on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Fault {
    /// What comes in goes out.
    None,
    /// Connections are taken, and nothing goes through any more; nor is one that is there closed.
    Stalled,
    /// Connections are closed as soon as they are made.
    Refusing,
    /// Each piece takes 40 ms.
    Slow,
    /// What the clients send goes through, and the answers are lost with the connection.
    LosesAnswers,
}

const ALL: [Fault; 5] =
    [Fault::None, Fault::Stalled, Fault::Refusing, Fault::Slow, Fault::LosesAnswers];

/// Passes connections on.
pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

struct State {
    server: SocketAddr,
    fault: AtomicU8,
    open: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
}

impl Proxy {
    /// In front of that server.
    pub fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            server,
            fault: AtomicU8::new(Fault::None as u8),
            open: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.is_over.load(Ordering::SeqCst) {
                    return;
                }
                accepting.pass(client).ok();
            }
        });
        Self { port, state }
    }

    pub fn set(&self, fault: Fault) {
        self.state.fault.store(fault as u8, Ordering::SeqCst);
    }

    /// Closes every connection: by a reset where there is something unread, as when a router forgot them.
    pub fn cut(&self) {
        for stream in self.state.open.lock().unwrap().drain(..) {
            stream.shutdown(Shutdown::Both).ok();
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        self.set(Fault::Refusing);
        self.cut();
        TcpStream::connect(("127.0.0.1", self.port)).ok();
    }
}

impl State {
    fn fault(&self) -> Fault {
        ALL[usize::from(self.fault.load(Ordering::SeqCst))]
    }

    fn pass(self: &Arc<Self>, client: TcpStream) -> io::Result<()> {
        if self.fault() == Fault::Refusing {
            return client.shutdown(Shutdown::Both);
        }
        let server = TcpStream::connect(self.server)?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        self.open.lock().unwrap().extend([client.try_clone()?, server.try_clone()?]);
        let ways = [(client.try_clone()?, server.try_clone()?, false), (server, client, true)];
        for (from, to, is_answer) in ways {
            let state = Arc::clone(self);
            thread::spawn(move || {
                state.copy(&from, &to, is_answer).ok();
                from.shutdown(Shutdown::Both).ok();
                to.shutdown(Shutdown::Both).ok();
            });
        }
        Ok(())
    }

    fn copy(&self, mut from: &TcpStream, mut to: &TcpStream, is_answer: bool) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        loop {
            let size = from.read(&mut piece)?;
            if size == 0 {
                return Ok(());
            }
            while self.fault() == Fault::Stalled {
                thread::sleep(Duration::from_millis(10));
            }
            match self.fault() {
                Fault::Slow => thread::sleep(Duration::from_millis(40)),
                Fault::LosesAnswers if is_answer => return Ok(()),
                _ => {}
            }
            to.write_all(&piece[..size])?;
        }
    }
}
