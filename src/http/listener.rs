//! The listening socket, and what every connection that it accepts has from it.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use rustix::net::sockopt::{set_socket_keepalive, set_tcp_keepidle, set_tcp_user_timeout};

/// How long a client may leave an answer unread, or a peer unacknowledged, before the system resets the connection.
/// The HTTP library sets no limit to the writing of an answer.
pub const WRITE_STALL: Duration = Duration::from_secs(30);

/// After how much silence the system asks a peer whether it is still there, in both directions of an open request.
const KEEP_ALIVE_PROBE: Duration = Duration::from_secs(75);

/// Binds the port, which may be any that is free, and returns which one it is.
///
/// A connection whose peer takes nothing for `write_stall` is reset, and so is one whose peer is gone without a word:
/// on Linux, accepted sockets inherit both options from their listener.
pub fn bind(address: SocketAddr, write_stall: Duration) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address)?;
    let millis = u32::try_from(write_stall.as_millis()).unwrap_or(u32::MAX);
    set_tcp_user_timeout(&listener, millis)?;
    set_socket_keepalive(&listener, true)?;
    set_tcp_keepidle(&listener, KEEP_ALIVE_PROBE)?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{
        io::{ErrorKind, Write},
        net::TcpStream,
        time::Instant,
    };

    use super::*;

    #[test]
    fn a_peer_that_takes_nothing_is_given_up() {
        let stall = Duration::from_secs(1);
        let (listener, address) = bind("127.0.0.1:0".parse().unwrap(), stall).unwrap();
        let client = TcpStream::connect(address).unwrap();
        let (mut socket, _) = listener.accept().unwrap();
        let begun = Instant::now();
        let error = loop {
            if let Err(error) = socket.write_all(&[0; 8192]) {
                break error;
            }
        };
        assert_eq!(error.kind(), ErrorKind::TimedOut, "{error}");
        assert!(begun.elapsed() >= stall);
        drop(client);
    }
}
