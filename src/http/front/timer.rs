//! A timer that costs nothing until somebody has to wait.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A deadline that may move with every poll.
///
/// The runtime's timer is made at the first wait and kept; when the deadline moves away the timer
/// is left alone and corrected when it fires, so that a busy connection does not touch it.
#[derive(Debug, Default)]
pub(super) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Ready when `patience` has passed since `since`; otherwise the task is woken then, or
    /// earlier. A time beyond the clock's range never comes.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        since: Instant,
        patience: Duration,
    ) -> Poll<()> {
        let Some(at) = since.checked_add(patience) else {
            return Poll::Pending;
        };
        if Instant::now() >= at {
            return Poll::Ready(());
        }
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() > at || sleep.is_elapsed() {
            sleep.as_mut().reset(at);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    #[actix_web::test]
    async fn follows_a_deadline_that_moves_both_ways() {
        tokio::time::pause();
        let start = Instant::now();
        let mut deadline = Deadline::default();
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            let wait = if polls == 1 { 30 } else { 60 };
            deadline.poll(cx, start, Duration::from_secs(wait))
        })
        .await;
        assert_eq!(start.elapsed().as_secs(), 60);
        assert!(polls <= 4, "{polls} polls");

        let start = Instant::now();
        let mut polls = 0;
        poll_fn(|cx| {
            polls += 1;
            if polls == 1 {
                cx.waker().wake_by_ref();
            }
            let wait = if polls == 1 { 60_000 } else { 20 };
            deadline.poll(cx, start, Duration::from_secs(wait))
        })
        .await;
        assert_eq!(start.elapsed().as_secs(), 20);
        let never = poll_fn(|cx| Poll::Ready(deadline.poll(cx, start, Duration::MAX)));
        assert!(never.await.is_pending());
    }
}
