//! Puts the front door between a listener and an application.

use std::{fmt, io, net::TcpListener, rc::Rc, time::Duration};

use actix_http::{HttpService, KeepAlive, Request, Response, body::MessageBody};
use actix_server::ServerBuilder;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_factory, fn_service,
};
use actix_web::{dev::AppConfig, rt::net::TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{Limits, door::Door, entry::Entry};

/// Serves a bound listener: HTTP/1 with a [`FrontStream`](super::FrontStream) around every
/// connection; with `tls` nothing but TLS, in which the client may choose HTTP/2.
///
/// `factory` makes one application for each worker, as with `actix_web::HttpServer::new`.
///
/// The dispatcher's timers are off because the front door keeps the time. When the server is told
/// to stop gracefully (by `SIGTERM`, or by its handle), connections without a request close at
/// once, and the others after the answers to the requests that they are at; the builder's
/// `shutdown_timeout` bounds the wait.
///
/// # Errors
/// When the listener cannot be made non-blocking, or does not know its address.
pub fn listen<F, I, S, B>(
    builder: ServerBuilder,
    listener: TcpListener,
    limits: Limits,
    tls: Option<TlsAcceptor>,
    factory: F,
) -> io::Result<ServerBuilder>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<actix_web::Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let stopping = builder.graceful_shutdown_signal();
    builder.listen(format!("http-{address}"), listener, move || {
        let (stopping, tls, factory) = (stopping.clone(), tls.clone(), factory.clone());
        fn_factory(move || {
            let application =
                factory().into_factory().map_err(|error| error.into().error_response());
            let application = application.new_service(AppConfig::default());
            let (stopping, tls) = (stopping.clone(), tls.clone());
            async move {
                let entry = Entry::new(application.await.map_err(unusable)?, tls.is_some());
                let http1 = HttpService::build()
                    .graceful_shutdown_signal({
                        let stopping = stopping.clone();
                        move || {
                            let stopping = stopping.clone();
                            async move { stopping.notified().await }
                        }
                    })
                    .keep_alive(KeepAlive::Os)
                    .client_request_timeout(Duration::ZERO)
                    .client_disconnect_timeout(Duration::ZERO)
                    .local_addr(address)
                    .h1(fn_factory({
                        let entry = entry.clone();
                        move || std::future::ready(Ok::<_, ()>(entry.clone()))
                    }));
                let http1 = http1.new_service(()).await?;
                let door = Rc::new(Door::new(limits, tls, stopping, entry, http1));
                Ok::<_, ()>(fn_service(move |io: TcpStream| Rc::clone(&door).serve(io)))
            }
        })
    })
}

/// Tells why a worker has no application; the server does not start then.
fn unusable(error: impl fmt::Debug) {
    log::error!("the application cannot be built: {error:?}");
}
