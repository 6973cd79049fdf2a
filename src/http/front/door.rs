//! What happens to one connection: TLS or not, HTTP/1 or HTTP/2.

use std::{net::SocketAddr, rc::Rc, sync::Arc};

use actix_http::{
    Request, Response,
    body::{BoxBody, MessageBody},
};
use actix_server::GracefulShutdownSignal;
use actix_service::Service;
use actix_web::rt::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::{
    FrontStream, Limits,
    entry::Entry,
    http2,
    transport::{Transport, handshake, is_http2},
};

/// What the connections of one worker share. `H` is the dispatcher of HTTP/1.
pub(super) struct Door<S, H> {
    limits: Limits,
    tls: Option<TlsAcceptor>,
    stopping: GracefulShutdownSignal,
    entry: Entry<S>,
    http1: H,
    /// The room for HTTP/2 requests under way.
    places: Arc<Semaphore>,
}

impl<S, H> Door<S, H> {
    pub(super) fn new(
        limits: Limits,
        tls: Option<TlsAcceptor>,
        stopping: GracefulShutdownSignal,
        entry: Entry<S>,
        http1: H,
    ) -> Self {
        let places = Arc::new(Semaphore::new(limits.worker_streams));
        Self { limits, tls, stopping, entry, http1, places }
    }

    /// Serves one connection to its end.
    ///
    /// # Errors
    /// When the connection broke. There is nobody to be told.
    pub(super) async fn serve<B>(self: Rc<Self>, io: TcpStream) -> Result<(), ()>
    where
        S: Service<Request> + 'static,
        S::Response: Into<Response<B>> + 'static,
        S::Error: Into<Response<BoxBody>> + 'static,
        S::Future: 'static,
        B: MessageBody + 'static,
        H: Service<(FrontStream<Transport>, Option<SocketAddr>), Response = ()>,
    {
        // Answers are written whole: waiting to fill a segment would only delay them.
        io.set_nodelay(true).map_err(drop)?;
        let peer = io.peer_addr().ok();
        let transport = match &self.tls {
            None => Transport::Plain(io),
            Some(acceptor) => {
                let stream = tokio::select! {
                    stream = handshake(acceptor, io, self.limits) => stream.ok_or(())?,
                    () = self.stopping.notified() => return Err(()),
                };
                if is_http2(&stream) {
                    let (entry, places) = (self.entry.clone(), Arc::clone(&self.places));
                    let visit = http2::Visit { limits: self.limits, entry, places, peer };
                    visit.serve(stream, self.stopping.notified()).await;
                    return Ok(());
                }
                Transport::Secure(stream)
            }
        };
        let stream = FrontStream::new(transport, self.limits);
        self.http1.call((stream, peer)).await.map_err(drop)
    }
}
