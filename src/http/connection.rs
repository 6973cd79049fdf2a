//! What becomes of a connection when its client goes away, sends more than is read, or offers another protocol.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::{ErrorInternalServerError, InternalError, PayloadError},
    http::{
        ConnectionType,
        header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING, UPGRADE},
    },
    middleware::Next,
    rt,
    web::Bytes,
};
use futures_core::Stream;

/// The middleware around everything.
///
/// A request runs to its end also when its client does not wait for it: what has been done to the database is written
/// down and counted. The connection is closed behind an answer when the body was not read to its end, since the HTTP
/// library would go on reading a chunked one for as long as it comes, and when the client offered another protocol,
/// which is a way of answering that offer (RFC 9110, section 7.8). A panic is answered by status 500.
pub async fn settle<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let offers_protocol = request.headers().contains_key(UPGRADE)
        || request.head().connection_type() == ConnectionType::Upgrade;
    let body = match request.take_payload() {
        Payload::None => None,
        payload => {
            let left = length_before_frames(request.headers());
            Some(Body(Rc::new(RefCell::new(Arriving { payload, left, has_ended: false }))))
        }
    };
    if let Some(body) = &body {
        request.set_payload(Payload::Stream { payload: Box::pin(body.clone()) });
    }
    let answered = rt::spawn(next.call(request)).await;
    let response = answered.unwrap_or_else(|panicked| {
        log::error!("a request was not answered: {panicked}");
        Err(ErrorInternalServerError(
            "The request processing has failed due to some unknown error.",
        ))
    });
    let unread = body.filter(|body| !body.0.borrow().has_ended);
    let closing = |mut response: HttpResponse| {
        if offers_protocol || unread.is_some() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        match unread {
            None => response,
            Some(unread) => {
                response.map_body(|_, body| BoxBody::new(BeforeUnread { body, _unread: unread }))
            }
        }
    };
    match response {
        Ok(response) => {
            let (request, response) = response.map_into_boxed_body().into_parts();
            Ok(ServiceResponse::new(request, closing(response)))
        }
        Err(error) => {
            let response = closing(error.error_response());
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// How many bytes of the body belong to the request, if the HTTP library does not stop at its end: it takes for frames
/// all that comes behind an offer of WebSocket.
fn length_before_frames(headers: &HeaderMap) -> Option<usize> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let is_endless = text(UPGRADE).is_some_and(|name| name.eq_ignore_ascii_case("websocket"))
        && !headers.contains_key(TRANSFER_ENCODING);
    let length = || text(CONTENT_LENGTH).and_then(|length| length.parse().ok()).unwrap_or_default();
    is_endless.then(length)
}

/// A request's body, for its reader and for us.
#[derive(Clone)]
struct Body(Rc<RefCell<Arriving>>);

struct Arriving {
    payload: Payload,
    /// How many bytes more there are, if the payload itself goes on behind the body.
    left: Option<usize>,
    has_ended: bool,
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut arriving = self.0.borrow_mut();
        if arriving.left == Some(0) {
            return Poll::Ready(None);
        }
        let mut piece = Pin::new(&mut arriving.payload).poll_next(cx);
        arriving.has_ended |= matches!(piece, Poll::Ready(None));
        if let (Some(left), Poll::Ready(Some(Ok(piece)))) = (&mut arriving.left, &mut piece) {
            piece.truncate(*left);
            *left -= piece.len();
        }
        piece
    }
}

/// An answer to a request whose body is not read any more. The HTTP library closes the connection behind it only if
/// the body still has a reader when the answer has been written.
struct BeforeUnread {
    body: BoxBody,
    _unread: Body,
}

impl MessageBody for BeforeUnread {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use actix_web::{App, HttpServer, middleware::from_fn, web};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        time::{Duration, timeout},
    };

    use super::*;

    /// What comes until the connection is closed, which must be soon.
    async fn answer_to(request: &str) -> String {
        let panicking = async || -> HttpResponse { panic!("as was to be tried") };
        let app = move || App::new().wrap(from_fn(settle)).default_service(web::to(panicking));
        let server = HttpServer::new(app).workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = timeout(Duration::from_secs(4), client.read_to_string(&mut answer)).await;
        read.expect("the connection stays open").unwrap();
        handle.stop(false).await;
        answer
    }

    #[actix_web::test]
    async fn a_panic_closes_the_connection_whose_body_is_not_read() {
        let unread = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n";
        let offer = "GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
        for request in [unread, offer] {
            let answer = answer_to(request).await;
            assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
            assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
            assert!(answer.ends_with("due to some unknown error."), "{answer}");
        }
    }
}
