//! Sends the application's answer: RFC 9113, section 8.3.2.

use std::{future::poll_fn, pin::pin, time::Duration};

use actix_http::{
    Response,
    body::{BodySize, MessageBody},
    header::HttpDate,
};
use actix_web::{http::header::HeaderMap, web::Bytes};
use h2::{Reason, SendStream, server::SendResponse};
use h2_http::{HeaderName, HeaderValue, StatusCode, header};
use tokio::time::timeout;

/// Header fields that concern a connection of HTTP/1: RFC 9113, section 8.2.2.
const CONNECTION_FIELDS: [&str; 5] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

/// Sends an answer whole, or resets its stream when the client takes nothing of it for so long.
///
/// # Errors
/// When the client has gone or has given up the request.
pub(super) async fn send<B: MessageBody>(
    answer: Response<B>,
    respond: &mut SendResponse<Bytes>,
    is_head: bool,
    patience: Duration,
) -> Result<(), h2::Error> {
    let (head, body) = answer.into_parts();
    let status =
        StatusCode::from_u16(head.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let never_has_body = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let size = if never_has_body { BodySize::None } else { body.size() };
    let mut response = h2_http::Response::new(());
    *response.status_mut() = status;
    copy_fields(head.headers(), response.headers_mut());
    if let BodySize::Sized(length) = size {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if is_head || size.is_eof() {
        return respond.send_response(response, true).map(drop);
    }
    let stream = respond.send_response(response, false)?;
    send_body(body, size, stream, patience).await
}

/// Copies what is not about a connection, and adds the date, which a server with a clock sends
/// (RFC 9110, section 6.6.1).
fn copy_fields(from: &HeaderMap, to: &mut h2_http::HeaderMap) {
    for (name, value) in from {
        let name = name.as_str();
        let pair =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()));
        if let (Ok(known), Ok(value)) = pair
            && !CONNECTION_FIELDS.contains(&name)
        {
            to.append(known, value);
        }
    }
    if !to.contains_key(header::DATE) {
        let now = HttpDate::from(std::time::SystemTime::now()).to_string();
        if let Ok(now) = HeaderValue::from_str(&now) {
            to.insert(header::DATE, now);
        }
    }
}

async fn send_body<B: MessageBody>(
    body: B,
    size: BodySize,
    mut stream: SendStream<Bytes>,
    patience: Duration,
) -> Result<(), h2::Error> {
    let mut left = match size {
        BodySize::Sized(length) => Some(length),
        BodySize::None | BodySize::Stream => None,
    };
    let mut body = pin!(body);
    while let Some(piece) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        let fits = |piece: &Bytes| left.is_none_or(|left| piece.len() as u64 <= left);
        let Some(mut piece) = piece.ok().filter(fits) else {
            stream.send_reset(Reason::INTERNAL_ERROR);
            return Ok(());
        };
        while !piece.is_empty() {
            stream.reserve_capacity(piece.len());
            let room = timeout(patience, poll_fn(|cx| stream.poll_capacity(cx))).await;
            let Ok(room) = room else {
                stream.send_reset(Reason::CANCEL);
                return Ok(());
            };
            let Some(room) = room.transpose()? else { return Ok(()) };
            let part = piece.split_to(room.min(piece.len()));
            left = left.map(|left| left.saturating_sub(part.len() as u64));
            stream.send_data(part, left == Some(0))?;
        }
        if left == Some(0) {
            return Ok(());
        }
    }
    if left.is_some() {
        // It is shorter than its head has said.
        stream.send_reset(Reason::INTERNAL_ERROR);
        return Ok(());
    }
    stream.send_data(Bytes::new(), true)
}
