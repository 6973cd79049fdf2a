//! Takes a request's body off the wire, within limits.

use std::{pin::Pin, sync::Arc, time::Duration};

use actix_web::web::{Bytes, Payload};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

/// How many bytes a body may have: 4 MiB. A secret has at most 1 MiB of values, which percent-encoding triples.
pub const BODY_MAX: usize = 4 * 1024 * 1024;

/// How long a body may take to arrive.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body that is not wanted is still read, so that a client that writes everything before it reads sees the
/// reply and not a reset connection.
const DISCARD_MAX: usize = 32 * 1024 * 1024;

/// How long that is done.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client that sends nothing more of such a body is waited for.
const DISCARD_STALL: Duration = Duration::from_millis(500);

/// How many bytes of one body need no room of the budget: most bodies are smaller.
const SMALL: usize = 64 * 1024;

/// How many bytes all larger bodies may have together at one time: 64 MiB. Further ones wait for room.
const LARGE_TOTAL: usize = 64 * 1024 * 1024;

/// The room that large bodies share.
#[derive(Debug, Clone)]
pub struct BodyBudget(Arc<Semaphore>);

impl Default for BodyBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LARGE_TOTAL / BODY_MAX)))
    }
}

/// A body that has arrived. It keeps its room of the budget until it goes.
#[derive(Debug, Default)]
pub struct Body {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl Body {
    /// The body's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A body did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It has more than [`BODY_MAX`] bytes.
    TooLarge,
    /// It took longer than [`READ_TIMEOUT`], or found no room for so long.
    TooSlow,
    /// It ended early, or its framing is broken.
    Broken,
}

/// The whole body; `declared` is its length by the request's head, if that tells.
///
/// # Errors
/// [`BodyError`].
pub async fn read_body(
    payload: Payload,
    declared: Option<u64>,
    budget: &BodyBudget,
) -> Result<Body, BodyError> {
    if declared
        .is_some_and(|length| usize::try_from(length).map_or(true, |length| length > BODY_MAX))
    {
        discard_body(payload).await;
        return Err(BodyError::TooLarge);
    }
    let mut payload = payload.into_inner();
    let deadline = Instant::now() + READ_TIMEOUT;
    let mut body = Body::default();
    while let Some(chunk) = next(&mut payload, deadline).await? {
        let length = body.bytes.len() + chunk.len();
        if length > BODY_MAX {
            discard(&mut payload).await;
            return Err(BodyError::TooLarge);
        }
        if length > SMALL && body.room.is_none() {
            body.room = Some(room(budget, deadline).await?);
        }
        body.bytes.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Takes a body off the wire that nobody wants.
pub async fn discard_body(payload: Payload) {
    discard(&mut payload.into_inner()).await;
}

async fn room(budget: &BodyBudget, deadline: Instant) -> Result<OwnedSemaphorePermit, BodyError> {
    match timeout_at(deadline, Arc::clone(&budget.0).acquire_owned()).await {
        Ok(Ok(room)) => Ok(room),
        Ok(Err(_closed)) => Err(BodyError::Broken),
        Err(_elapsed) => Err(BodyError::TooSlow),
    }
}

type Inner = actix_web::dev::Payload;

async fn next(payload: &mut Inner, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
    let chunk = std::future::poll_fn(|context| {
        futures_core::Stream::poll_next(Pin::new(&mut *payload), context)
    });
    match timeout_at(deadline, chunk).await {
        Err(_elapsed) => Err(BodyError::TooSlow),
        Ok(None) => Ok(None),
        Ok(Some(Ok(chunk))) => Ok(Some(chunk)),
        Ok(Some(Err(_broken))) => Err(BodyError::Broken),
    }
}

async fn discard(payload: &mut Inner) {
    let deadline = Instant::now() + DISCARD_TIMEOUT;
    let mut discarded = 0;
    while discarded <= DISCARD_MAX {
        let stall = deadline.min(Instant::now() + DISCARD_STALL);
        match next(payload, stall).await {
            Ok(Some(chunk)) => discarded += chunk.len(),
            Ok(None) | Err(_) => return,
        }
    }
}
