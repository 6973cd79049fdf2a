//! Takes a request's body off the wire, within limits.

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use actix_web::web::{Bytes, Payload};
use futures_core::Stream;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};

/// How many bytes a body may have: 4 MiB. A secret has at most 1 MiB of values, which percent-encoding triples.
pub const BODY_MAX: usize = 4 * 1024 * 1024;

/// How long a body may take to arrive.
pub const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of a body that is refused is still read, so that a client that writes everything before it reads sees the
/// reply and not a reset connection.
const DISCARD_MAX: usize = 32 * 1024 * 1024;

/// How long that takes at most. What comes later is read away when the connection closes.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a client that sends nothing more of such a body is waited for.
const DISCARD_STALL: Duration = Duration::from_millis(500);

/// How many bytes of one body need no room of the budget: most bodies are smaller.
const SMALL: usize = 64 * 1024;

/// How many bytes all larger bodies may have together at one time: 96 MiB, room for 64 of the largest secrets.
const LARGE_TOTAL: usize = 96 * 1024 * 1024;

/// How long a body waits for room.
const ROOM_TIMEOUT: Duration = Duration::from_secs(2);

/// How many pieces of a body are taken before the task yields: in chunks of a byte, 4 MiB are four million.
const YIELD_AFTER: u32 = 256;

/// How many large bodies are parsed at the same time: each may take ten times its room while it is.
const PARSED_AT_ONCE: usize = 2;

/// What large bodies share.
#[derive(Debug, Clone)]
pub struct BodyBudget {
    /// Room, in bytes.
    room: Arc<Semaphore>,
    /// Permits to parse.
    parsing: Arc<Semaphore>,
}

impl Default for BodyBudget {
    fn default() -> Self {
        let (room, parsing) = (Semaphore::new(LARGE_TOTAL), Semaphore::new(PARSED_AT_ONCE));
        Self { room: Arc::new(room), parsing: Arc::new(parsing) }
    }
}

impl BodyBudget {
    /// Does what takes long with a body of so many bytes; a large one is worked on by a blocking thread, since the worker's
    /// other connections would wait for it. `None` if the work panics.
    pub async fn work_on<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        if bytes <= SMALL {
            return Some(work());
        }
        let permit = Arc::clone(&self.parsing).acquire_owned().await.ok()?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        done.await.inspect_err(|error| log::error!("a large body was not parsed: {error}")).ok()
    }
}

/// The room that one body takes; given back when it goes. To be kept as long as anything made of the body is.
#[derive(Debug, Default)]
pub struct Room(Option<OwnedSemaphorePermit>);

impl Room {
    /// Takes room for so many bytes, all at once: bodies that took it piece by piece could wait for each other's.
    async fn wait_for(budget: &BodyBudget, bytes: usize) -> Result<Self, BodyError> {
        let bytes = u32::try_from(bytes).map_err(|_| BodyError::NoRoom)?;
        let room = timeout(ROOM_TIMEOUT, Arc::clone(&budget.room).acquire_many_owned(bytes)).await;
        match room {
            Ok(Ok(room)) => Ok(Self(Some(room))),
            Ok(Err(_)) | Err(_) => Err(BodyError::NoRoom),
        }
    }

    /// Gives back what the whole body turned out not to need.
    fn shrink(&mut self, bytes: usize) {
        if let Some(room) = &mut self.0 {
            drop(room.split(room.num_permits().saturating_sub(bytes)));
        }
    }
}

/// A body did not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// It has more than [`BODY_MAX`] bytes.
    TooLarge,
    /// It took longer than [`READ_TIMEOUT`].
    TooSlow,
    /// It is larger than 64 KiB, and the large bodies under way leave no room for it.
    NoRoom,
    /// It ended early, or its framing is broken.
    Broken,
}

/// The whole body, and the room that it takes; `declared` is its length by the request's head, if that tells.
pub async fn read_body(
    payload: Payload,
    declared: Option<usize>,
    budget: &BodyBudget,
) -> Result<(Vec<u8>, Room), BodyError> {
    if declared.is_some_and(|length| length > BODY_MAX) {
        discard_body(payload).await;
        return Err(BodyError::TooLarge);
    }
    let mut pieces = Pieces { payload, taken: 0 };
    let deadline = Instant::now() + READ_TIMEOUT;
    let (mut body, mut room) = (Vec::new(), Room::default());
    while let Some(chunk) = pieces.next(deadline).await? {
        let length = body.len() + chunk.len();
        let grown = if length > BODY_MAX {
            Err(BodyError::TooLarge)
        } else if length > SMALL && room.0.is_none() {
            // A chunked body does not tell its length, so it takes room for the largest one.
            let room_for = Room::wait_for(budget, declared.unwrap_or(BODY_MAX)).await;
            room_for.map(|taken| room = taken)
        } else {
            Ok(())
        };
        if let Err(error) = grown {
            drop((body, room));
            pieces.discard().await;
            return Err(error);
        }
        body.extend_from_slice(&chunk);
    }
    room.shrink(body.len());
    Ok((body, room))
}

/// Reads away a body that is refused, so far as it comes soon.
pub async fn discard_body(payload: Payload) {
    Pieces { payload, taken: 0 }.discard().await;
}

/// A body as it comes.
struct Pieces {
    payload: Payload,
    taken: u32,
}

impl Pieces {
    async fn next(&mut self, deadline: Instant) -> Result<Option<Bytes>, BodyError> {
        self.taken = self.taken.wrapping_add(1);
        if self.taken.is_multiple_of(YIELD_AFTER) {
            tokio::task::yield_now().await;
        }
        let piece = poll_fn(|context| Pin::new(&mut self.payload).poll_next(context));
        match timeout_at(deadline, piece).await {
            Err(_elapsed) => Err(BodyError::TooSlow),
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some(piece)),
            Ok(Some(Err(_broken))) => Err(BodyError::Broken),
        }
    }

    async fn discard(&mut self) {
        let deadline = Instant::now() + DISCARD_TIMEOUT;
        let mut discarded = 0;
        while discarded <= DISCARD_MAX {
            let stall = deadline.min(Instant::now() + DISCARD_STALL);
            match self.next(stall).await {
                Ok(Some(piece)) => discarded += piece.len(),
                Ok(None) | Err(_) => return,
            }
        }
    }
}
