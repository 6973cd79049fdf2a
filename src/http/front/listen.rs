//! Puts the front door between a listener and an application.

use std::{fmt, io, net::TcpListener, time::Duration};

use actix_http::{
    HttpService, KeepAlive, Request, Response, body::MessageBody, error::DispatchError,
};
use actix_server::ServerBuilder;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config,
};
use actix_web::{dev::AppConfig, rt::net::TcpStream};

use super::{FrontStream, Limits};

/// Serves HTTP/1 on a bound listener, with a [`FrontStream`] around every connection.
///
/// `factory` makes one application for each worker, as with `actix_web::HttpServer::new`.
///
/// The dispatcher's timers are off because [`FrontStream`] keeps the time. When the server is
/// told to stop gracefully (by `SIGTERM`, or by its handle), connections without a request close
/// at once, and the others after the answer to the request that they are at; the builder's
/// `shutdown_timeout` bounds the wait.
///
/// # Errors
/// When the listener cannot be made non-blocking, or does not know its address.
pub fn listen<F, I, S, B>(
    builder: ServerBuilder,
    listener: TcpListener,
    limits: Limits,
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
        let stopping = stopping.clone();
        let application = factory().into_factory().map_err(|error| error.into().error_response());
        fn_service(move |io: TcpStream| async move {
            // Answers are written whole: waiting to fill a segment would only delay them.
            io.set_nodelay(true).map_err(DispatchError::Io)?;
            let peer = io.peer_addr().ok();
            Ok((FrontStream::new(io, limits), peer))
        })
        .and_then(
            HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .keep_alive(KeepAlive::Os)
                .client_request_timeout(Duration::ZERO)
                .client_disconnect_timeout(Duration::ZERO)
                .local_addr(address)
                .h1(map_config(application, |()| AppConfig::default())),
        )
    })
}
