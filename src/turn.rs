//! Lets the other requests of a thread go first, so that what they want can be done together with what one wants.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use thread_local::ThreadLocal;

/// What the requests of each thread want to hand to another thread at the same moment: to wake that one for each of them
/// costs more than what it does for them.
#[derive(Debug)]
pub struct Gathering<T: Send>(Arc<ThreadLocal<Gathered<T>>>);

type Gathered<T> = Arc<Mutex<Vec<T>>>;

impl<T: Send> Default for Gathering<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Send> Clone for Gathering<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send> Gathering<T> {
    /// Adds something to what this thread hands over next. Whoever is the first hands all of it over, once everybody else
    /// who is ready has added his; also when he is given up meanwhile, since the others rely on it.
    pub async fn add(&self, thing: T, hand_over: impl FnOnce(Vec<T>)) {
        let gathered = self.0.get_or_default();
        let is_first = {
            let mut things = locked(gathered);
            things.push(thing);
            things.len() == 1
        };
        if is_first {
            // Whoever is carried on by another thread still hands over what he has begun to gather.
            let gathered = Arc::clone(gathered);
            let first = First { gathered, hand_over: Some(hand_over) };
            of_others().await;
            drop(first);
        }
    }
}

fn locked<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first of those that are gathered: when it goes, all that is there by then is handed over.
struct First<T, F: FnOnce(Vec<T>)> {
    gathered: Gathered<T>,
    hand_over: Option<F>,
}

impl<T, F: FnOnce(Vec<T>)> Drop for First<T, F> {
    fn drop(&mut self) {
        let things = std::mem::take(&mut *locked(&self.gathered));
        if let Some(hand_over) = self.hand_over.take() {
            hand_over(things);
        }
    }
}

/// Comes to its end when everything else that this thread could go on with has had its turn.
///
/// Tokio's own `yield_now` comes to its end when it is looked at a second time, which whoever polls a connection does for
/// reasons of his own.
pub async fn of_others() {
    let mut yielding = pin!(tokio::task::yield_now());
    let mut turn: Option<Arc<Turn>> = None;
    poll_fn(|cx| {
        if let Some(turn) = &turn {
            // Whoever waits may be another one by now. Put there before it is looked, so that none is missed.
            locked(&turn.waker).clone_from(cx.waker());
            return if turn.has_come.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            };
        }
        let waker = Mutex::new(cx.waker().clone());
        let next = Arc::new(Turn { has_come: AtomicBool::new(false), waker });
        let waker = Waker::from(Arc::clone(&next));
        turn = Some(next);
        yielding.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await;
}

/// Remembers that it was woken.
struct Turn {
    has_come: AtomicBool,
    waker: Mutex<Waker>,
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.has_come.store(true, Ordering::SeqCst);
        // The lock is not held meanwhile: what wakes may look at once.
        let waker = locked(&self.waker).clone();
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use super::*;

    /// Looks at a future once, which then waits.
    fn begin<F: Future<Output = ()>>(future: &mut std::pin::Pin<Box<F>>, waker: &Waker) {
        assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
    }

    #[tokio::test]
    async fn what_is_gathered_is_handed_over_by_whoever_was_first_wherever_he_ends() {
        let gathering = Gathering::<u8>::default();
        let all = Arc::new(Mutex::new(vec![]));
        let add = |thing| {
            let (gathering, all) = (gathering.clone(), Arc::clone(&all));
            Box::pin(async move {
                gathering.add(thing, |things| all.lock().unwrap().extend(things)).await;
            })
        };
        let (mut first, second) = (add(1), add(2));
        begin(&mut first, Waker::noop());
        second.await;
        std::thread::spawn(move || drop(first)).join().unwrap();
        assert_eq!(*all.lock().unwrap(), [1, 2]);
        add(3).await;
        assert_eq!(*all.lock().unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn whoever_asked_last_is_woken() {
        struct Woken(AtomicBool);
        impl Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let mut turn = Box::pin(of_others());
        begin(&mut turn, Waker::noop());
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        begin(&mut turn, &Waker::from(Arc::clone(&woken)));
        tokio::task::yield_now().await;
        assert!(woken.0.load(Ordering::SeqCst));
    }

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
