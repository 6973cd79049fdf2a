//! Lets the other requests of a thread go first, so that what they want can be done together with what one wants.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

/// Comes to its end when everything else that this thread could go on with has had its turn.
///
/// Tokio's own `yield_now` comes to its end when it is looked at a second time, which whoever polls a connection does for
/// reasons of his own.
pub async fn of_others() {
    let mut yielding = pin!(tokio::task::yield_now());
    let mut turn: Option<Arc<Turn>> = None;
    poll_fn(|cx| match &turn {
        Some(turn) if turn.has_come.load(Ordering::SeqCst) => Poll::Ready(()),
        Some(_) => Poll::Pending,
        None => {
            let next =
                Arc::new(Turn { has_come: AtomicBool::new(false), waker: cx.waker().clone() });
            let waker = Waker::from(Arc::clone(&next));
            turn = Some(next);
            yielding.as_mut().poll(&mut Context::from_waker(&waker))
        }
    })
    .await;
}

/// Remembers that it was woken.
struct Turn {
    has_come: AtomicBool,
    waker: Waker,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.has_come.store(true, Ordering::SeqCst);
        self.waker.wake_by_ref();
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    #[tokio::test]
    async fn all_others_have_their_turn_however_often_it_is_looked_at() {
        let order = Rc::new(RefCell::new(vec![]));
        let tasks = tokio::task::LocalSet::new();
        for name in ["a", "b", "c"] {
            let order = Rc::clone(&order);
            tasks.spawn_local(async move {
                order.borrow_mut().push(name);
                let mut turn = pin!(of_others());
                poll_fn(|cx| {
                    assert!(
                        turn.as_mut().poll(cx).is_pending() && turn.as_mut().poll(cx).is_pending()
                    );
                    Poll::Ready(())
                })
                .await;
                turn.await;
                order.borrow_mut().push("again");
            });
        }
        tasks.await;
        assert_eq!(*order.borrow(), ["a", "b", "c", "again", "again", "again"]);
    }
}
