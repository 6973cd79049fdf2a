//! Takes a request's body off the wire, within limits.

use std::{pin::Pin, time::Duration};

use actix_web::web::{Bytes, Payload};
use tokio::time::{Instant, timeout_at};

/// How many bytes a body may have: 4 MiB. A secret has at most 1 MiB of values, which percent-encoding triples.
pub const BODY_MAX: usize = 4 * 1024 * 1024;

/// How long a body may take to arrive.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body that is too large is still read, so that a client that writes everything before it reads sees
/// the reply and not a reset connection.
const DISCARD_MAX: usize = 64 * 1024 * 1024;

/// How long that is done.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// A body did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It has more than [`BODY_MAX`] bytes.
    TooLarge,
    /// It took longer than [`READ_TIMEOUT`].
    TooSlow,
    /// It ended early, or its framing is broken.
    Broken,
}

/// The whole body.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(payload: Payload) -> Result<Vec<u8>, BodyError> {
    let mut payload = payload.into_inner();
    let deadline = Instant::now() + READ_TIMEOUT;
    let mut body = Vec::new();
    while let Some(chunk) = next(&mut payload, deadline).await? {
        if body.len() + chunk.len() > BODY_MAX {
            discard(&mut payload).await;
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

type Inner = actix_web::dev::Payload;

async fn next(payload: &mut Inner, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
    use actix_web::error::PayloadError;
    let chunk = std::future::poll_fn(|context| {
        futures_core::Stream::poll_next(Pin::new(&mut *payload), context)
    });
    match timeout_at(deadline, chunk).await {
        Err(_elapsed) => Err(BodyError::TooSlow),
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(PayloadError::Overflow))) => Err(BodyError::TooLarge),
        Ok(Some(Err(_broken))) => Err(BodyError::Broken),
    }
}

async fn discard(payload: &mut Inner) {
    let deadline = Instant::now() + DISCARD_TIMEOUT;
    let mut discarded = 0;
    while let Ok(Some(chunk)) = next(payload, deadline).await {
        discarded += chunk.len();
        if discarded > DISCARD_MAX {
            return;
        }
    }
}
