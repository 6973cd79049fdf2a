//! How use cases share transactions, and what they do to each other: nothing.

mod statements;

use std::{
    collections::HashSet,
    ops::Deref,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use diesel::connection::SimpleConnection;
use tokio::task::JoinHandle;

use super::{
    DatabaseUrl, Store, Tx, WORK_TIMEOUT,
    executor::{READS_MAX, WAITING_MAX},
    files_of,
};
use crate::{
    clock::Timestamp,
    sae::model::{Error, Namespace, NamespaceId, Result},
    sealed::KeyId,
};

/// A store over a file that goes with it.
struct Opened {
    store: Store,
    file: PathBuf,
}

impl Deref for Opened {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        files_of(&self.file).for_each(|file| drop(std::fs::remove_file(file)));
    }
}

fn store() -> Opened {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::SeqCst);
    let name = format!("sae-secret-store-{}-{number}.db", std::process::id());
    let file = std::env::temp_dir().join(name);
    let store = Store::open(&DatabaseUrl::SqliteFile(file.clone())).unwrap();
    Opened { store, file }
}

fn namespace(name: &str) -> Namespace {
    Namespace {
        id: NamespaceId::parse(&format!("cn-beijing:{name}")).unwrap(),
        name: name.to_owned(),
        description: String::new(),
        micro_registration: false,
        secret_count: 0,
        created: Timestamp(0),
    }
}

async fn names(store: &Store) -> Vec<String> {
    let all = store.read(|tx: &mut Tx<'_>| tx.namespaces()).await.unwrap();
    all.into_iter().map(|namespace| namespace.name).collect()
}

/// Keeps the writer busy until the sender is dropped.
async fn hold(store: &Store) -> (mpsc::Sender<()>, JoinHandle<Result<()>>) {
    let (release, end) = mpsc::channel::<()>();
    let (tell, told) = tokio::sync::oneshot::channel();
    let (end, tell, holder) = (Mutex::new(end), Mutex::new(Some(tell)), store.clone());
    let task = tokio::spawn(async move {
        let wait = move |_: &mut Tx<'_>| {
            tell.lock().unwrap().take().unwrap().send(()).unwrap();
            end.lock().unwrap().recv().unwrap_err();
            Ok(())
        };
        holder.write_for_upkeep(wait).await
    });
    told.await.unwrap();
    (release, task)
}

/// Hands a write over, and returns once it waits.
async fn wait_with<F>(store: &Store, use_case: F) -> JoinHandle<Result<()>>
where
    F: Fn(&mut Tx<'_>) -> Result<()> + Send + 'static,
{
    let waiting = store.load().writes_waiting;
    let writer = store.clone();
    let task = tokio::spawn(async move { writer.write(use_case).await });
    while store.load().writes_waiting == waiting && !task.is_finished() {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn what_fails_in_a_shared_transaction_fails_alone() {
    let store = store();
    let (release, holder) = hold(&store).await;
    let most = Arc::new(AtomicUsize::new(0));
    let mut tasks = vec![];
    for index in 0..9 {
        let (most, observer) = (Arc::clone(&most), store.clone());
        let insert = move |tx: &mut Tx<'_>| {
            most.fetch_max(observer.load().writing, Ordering::SeqCst);
            tx.insert_namespace(&namespace(&format!("n{index}")))?;
            match index {
                1 => Err(Error::NamespaceNotFound),
                8 => panic!("as was to be tried"),
                7 => tx.insert_namespace(&namespace("n0")),
                _ => Ok(()),
            }
        };
        tasks.push(wait_with(&store, insert).await);
    }
    drop(release);
    holder.await.unwrap().unwrap();
    let mut outcomes = vec![];
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    assert_eq!(most.load(Ordering::SeqCst), 9, "all were in one transaction");
    assert!(matches!(outcomes[1], Err(Error::NamespaceNotFound)));
    assert!(matches!(outcomes[8], Err(Error::Unavailable(_))));
    assert!(matches!(outcomes[7], Err(Error::NamespaceExists)));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 6);
    assert_eq!(names(&store).await, ["n0", "n2", "n3", "n4", "n5", "n6"]);
}

#[tokio::test]
async fn what_ends_a_shared_transaction_is_done_without_the_others() {
    let store = store();
    let (release, holder) = hold(&store).await;
    let insert = |name: &'static str| move |tx: &mut Tx<'_>| tx.insert_namespace(&namespace(name));
    let end = |tx: &mut Tx<'_>| {
        tx.insert_namespace(&namespace("ended"))?;
        tx.connection.batch_execute("ROLLBACK").map_err(Error::unavailable)
    };
    let tasks = [
        wait_with(&store, insert("before")).await,
        wait_with(&store, end).await,
        wait_with(&store, insert("behind")).await,
    ];
    drop(release);
    holder.await.unwrap().unwrap();
    let [before, ended, behind] = tasks;
    before.await.unwrap().unwrap();
    behind.await.unwrap().unwrap();
    assert!(matches!(ended.await.unwrap(), Err(Error::Unavailable(_))));

    // The first of all, before anything else is taken into the transaction.
    let (release, holder) = hold(&store).await;
    let ended = wait_with(&store, end).await;
    let waiting = wait_with(&store, insert("waiting")).await;
    drop(release);
    holder.await.unwrap().unwrap();
    assert!(matches!(ended.await.unwrap(), Err(Error::Unavailable(_))));
    waiting.await.unwrap().unwrap();
    assert_eq!(names(&store).await, ["before", "behind", "waiting"]);
}

#[tokio::test]
async fn a_write_whose_caller_is_gone_is_not_done() {
    let store = store();
    let (release, holder) = hold(&store).await;
    let task = wait_with(&store, |tx| tx.insert_namespace(&namespace("gone"))).await;
    let other = wait_with(&store, |tx| tx.insert_namespace(&namespace("kept"))).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    drop(release);
    holder.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

#[tokio::test]
async fn a_write_whose_caller_goes_while_it_runs_is_not_done() {
    let store = store();
    let (release, holder) = hold(&store).await;
    let (tell, told) = tokio::sync::oneshot::channel();
    let (go_on, end) = mpsc::channel::<()>();
    let (tell, end) = (Mutex::new(Some(tell)), Mutex::new(end));
    let slow = move |tx: &mut Tx<'_>| {
        tx.insert_namespace(&namespace("gone"))?;
        tell.lock().unwrap().take().unwrap().send(()).unwrap();
        end.lock().unwrap().recv().unwrap_err();
        Ok(())
    };
    let task = wait_with(&store, slow).await;
    let other = wait_with(&store, |tx| tx.insert_namespace(&namespace("kept"))).await;
    drop(release);
    holder.await.unwrap().unwrap();
    told.await.unwrap();
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    drop(go_on);
    other.await.unwrap().unwrap();
    assert_eq!(names(&store).await, ["kept"]);
}

#[tokio::test(start_paused = true)]
async fn a_write_without_a_permit_in_time_is_refused_and_not_done() {
    let store = store();
    let (release, holder) = hold(&store).await;
    // The clock stands still until all are idle, then goes on to what they wait for.
    let late = store.write(|tx| tx.insert_namespace(&namespace("late"))).await;
    assert!(matches!(late, Err(Error::Unavailable(_))), "{late:?}");
    tokio::time::resume();
    drop(release);
    holder.await.unwrap().unwrap();
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn a_write_whose_caller_was_told_that_it_failed_keeps_nothing() {
    let store = Store::open(&DatabaseUrl::SqliteMemory).unwrap();
    let slow = |tx: &mut Tx<'_>| {
        tx.insert_namespace(&namespace("slow"))?;
        std::thread::sleep(WORK_TIMEOUT + Duration::from_millis(300));
        Ok(())
    };
    let told = store.write(slow).await.unwrap_err();
    assert!(matches!(&told, Error::Unavailable(cause) if !cause.contains("may still")), "{told:?}");
    assert!(names(&store).await.is_empty());
}

#[tokio::test]
async fn more_reads_than_fit_into_a_batch_are_run_by_more_threads() {
    let store = store();
    store.read_briefly(|_| Result::Ok(())).await.unwrap();
    // Its thread is idle again: while none is, each batch is given a new one.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let threads = Arc::new(Mutex::new(HashSet::new()));
    let mut tasks = vec![];
    for _ in 0..=READS_MAX {
        let (reader, threads) = (store.clone(), Arc::clone(&threads));
        let read = move |_: &mut Tx<'_>| {
            threads.lock().unwrap().insert(thread::current().id());
            // The first waits until another thread has begun.
            let deadline = Instant::now() + Duration::from_secs(2);
            while threads.lock().unwrap().len() < 2 && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(1));
            }
            Result::Ok(())
        };
        tasks.push(tokio::spawn(async move { reader.read_briefly(read).await }));
    }
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(threads.lock().unwrap().len() > 1);
}

#[tokio::test]
async fn reads_of_one_event_loop_do_not_wait_for_another() {
    let store = store();
    let (tell, told) = mpsc::channel();
    let (release, end) = mpsc::channel::<()>();
    let other = store.clone();
    let busy = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let read = tokio::spawn(async move { other.read_briefly(|_| Result::Ok(())).await });
            // The read is gathered, and then its event loop is kept busy.
            tokio::task::yield_now().await;
            tell.send(()).unwrap();
            end.recv().unwrap_err();
            read.await.unwrap().unwrap();
        });
    });
    told.recv().unwrap();
    let read = store.read_briefly(|_| Result::Ok(()));
    tokio::time::timeout(Duration::from_secs(2), read).await.expect("it waits").unwrap();
    drop(release);
    busy.join().unwrap();
}

#[tokio::test]
async fn too_many_are_refused_at_once() {
    let store = store();
    let (release, holder) = hold(&store).await;
    let mut tasks = vec![];
    for _ in 0..WAITING_MAX {
        let writer = store.clone();
        tasks.push(tokio::spawn(async move { writer.write(|_| Result::Ok(())).await }));
    }
    while store.load().writes_waiting < WAITING_MAX {
        tokio::task::yield_now().await;
    }
    let refused = store.write(|_| Result::Ok(())).await.unwrap_err().to_string();
    assert!(refused.contains("unavailable"), "{refused}");
    drop(release);
    holder.await.unwrap().unwrap();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    store.write(|_| Result::Ok(())).await.unwrap();
}

#[tokio::test]
async fn short_reads_share_a_transaction_and_fail_alone() {
    let store = store();
    store.write(|tx| tx.insert_namespace(&namespace("there"))).await.unwrap();
    let batches = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..200)
        .map(|index| {
            let (reader, batches) = (store.clone(), Arc::clone(&batches));
            tokio::spawn(async move {
                let find = move |tx: &mut Tx<'_>| {
                    // What one of them comes to know is known to the others of the same transaction.
                    if tx.known.current_key.replace(KeyId::from_random([0; 6])).is_none() {
                        batches.fetch_add(1, Ordering::SeqCst);
                    }
                    match index % 4 {
                        0 => panic!("as was to be tried"),
                        1 => Err(Error::unavailable("as was to be tried")),
                        2 => tx.namespace(&namespace("gone").id),
                        _ => tx.namespace(&namespace("there").id),
                    }
                };
                reader.read_briefly(find).await
            })
        })
        .collect();
    for (index, task) in tasks.into_iter().enumerate() {
        let outcome = task.await.unwrap();
        match index % 4 {
            0 | 1 => assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}"),
            2 => assert!(matches!(outcome, Err(Error::NamespaceNotFound)), "{outcome:?}"),
            _ => assert!(outcome.is_ok(), "{outcome:?}"),
        }
    }
    let batches = batches.load(Ordering::SeqCst);
    assert!((1..50).contains(&batches), "{batches} transactions for 200 reads");
}

#[tokio::test]
async fn reads_that_share_a_transaction_read_once_what_all_of_them_need() {
    let store = store();
    store.write(|tx| tx.insert_namespace(&namespace("there"))).await.unwrap();
    let (asked, read) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let find = move |tx: &mut Tx<'_>, name: &str, count: &AtomicUsize| {
        tx.memoized(name.to_owned(), |tx| {
            count.fetch_add(1, Ordering::SeqCst);
            tx.namespace(&namespace(name).id).map(|found| found.name)
        })
    };
    let tasks: Vec<_> = (0..60)
        .map(|index| {
            let (reader, asked, read) = (store.clone(), Arc::clone(&asked), Arc::clone(&read));
            tokio::spawn(async move {
                let name = if index % 2 == 0 { "there" } else { "gone" };
                let use_case = move |tx: &mut Tx<'_>| {
                    find(tx, name, if name == "there" { &read } else { &asked })
                };
                reader.read_briefly(use_case).await
            })
        })
        .collect();
    for (index, task) in tasks.into_iter().enumerate() {
        let expected =
            if index % 2 == 0 { Ok("there".to_owned()) } else { Err(Error::NamespaceNotFound) };
        assert_eq!(task.await.unwrap(), expected);
    }
    let counted = read.load(Ordering::SeqCst);
    assert!((1..10).contains(&counted), "read {counted} times for 30 use cases");
    assert_eq!(asked.load(Ordering::SeqCst), 30, "an error is not kept");
}

#[tokio::test]
async fn a_write_reads_again_what_it_may_have_changed() {
    let store = store();
    let rename = |tx: &mut Tx<'_>| {
        let mut found = Vec::new();
        for name in ["before", "after"] {
            let changed = Namespace { name: name.to_owned(), ..namespace("n") };
            match name {
                "before" => tx.insert_namespace(&changed)?,
                _ => tx.update_namespace(&changed, Timestamp(1))?,
            }
            found.push(tx.memoized("n".to_owned(), |tx| tx.namespace(&changed.id))?.name);
        }
        Result::Ok(found)
    };
    assert_eq!(store.write(rename).await.unwrap(), ["before", "after"]);
}

#[tokio::test]
async fn each_short_read_counts_among_those_that_wait() {
    let store = store();
    let readers = store.engine.permits().read;
    let (releases, holders): (Vec<_>, Vec<_>) = (0..readers)
        .map(|_| {
            let (release, released) = mpsc::channel::<()>();
            let (reader, released) = (store.clone(), Mutex::new(released));
            let hold = move |_: &mut Tx<'_>| {
                assert!(released.lock().unwrap().recv().is_err(), "it ends with its owner");
                Ok(())
            };
            (release, tokio::spawn(async move { reader.read(hold).await }))
        })
        .unzip();
    while store.load().reading < readers {
        tokio::task::yield_now().await;
    }
    let ask = || {
        let reader = store.clone();
        tokio::spawn(async move { reader.read_briefly(|_| Result::Ok(())).await })
    };
    let waiting: Vec<_> = (0..WAITING_MAX).map(|_| ask()).collect();
    while store.load().reads_waiting < WAITING_MAX {
        tokio::task::yield_now().await;
    }
    assert!(matches!(ask().await.unwrap(), Err(Error::Unavailable(_))), "no room for more");
    drop(releases);
    for task in waiting.into_iter().chain(holders) {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_short_read_whose_caller_went_away_does_not_stop_the_others() {
    let store = store();
    let find =
        |reader: Store| async move { reader.read_briefly(|tx: &mut Tx<'_>| tx.namespaces()).await };
    let mut first = Box::pin(find(store.clone()));
    let mut second = Box::pin(find(store.clone()));
    // Both are asked once, and the first, which the second relies on, never again.
    std::future::poll_fn(|context| {
        assert!(first.as_mut().poll(context).is_pending());
        assert!(second.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(first);
    assert!(second.await.unwrap().is_empty());
}

#[test]
fn a_short_read_does_not_depend_on_the_event_loop_of_another() {
    let store = store();
    let ended = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let find = |reader: Store| async move { reader.read_briefly(|_| Result::Ok(())).await };
    // The first of both is asked once by an event loop that then comes to its end.
    let mut first = Box::pin(find(store.clone()));
    ended.block_on(std::future::poll_fn(|context| {
        assert!(first.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    }));
    let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut second = Box::pin(find(store.clone()));
    other.block_on(std::future::poll_fn(|context| {
        assert!(second.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    }));
    drop(ended);
    other.block_on(second).unwrap();
}

#[tokio::test]
async fn a_read_sees_what_was_committed_before_it_was_asked_for() {
    let store = store();
    for round in 0..10 {
        // All that may read begin before the commit, and are about to take further reads into their transactions.
        let mut held = vec![];
        for _ in 0..4 {
            let (release, end) = mpsc::channel::<()>();
            let (tell, told) = tokio::sync::oneshot::channel();
            let (end, tell, reader) = (Mutex::new(end), Mutex::new(Some(tell)), store.clone());
            let task = tokio::spawn(async move {
                let wait = move |tx: &mut Tx<'_>| {
                    tx.namespaces()?;
                    tell.lock().unwrap().take().unwrap().send(()).unwrap();
                    end.lock().unwrap().recv().unwrap_err();
                    Ok::<_, Error>(())
                };
                reader.read_briefly(wait).await
            });
            told.await.unwrap();
            held.push((release, task));
        }
        let name = format!("n{round}");
        let made = namespace(&name);
        store.write(move |tx: &mut Tx<'_>| tx.insert_namespace(&made)).await.unwrap();
        let reader = store.clone();
        let read = |tx: &mut Tx<'_>| Ok::<_, Error>(tx.namespaces()?);
        let found = tokio::spawn(async move { reader.read_briefly(read).await });
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        for (release, task) in held {
            drop(release);
            task.await.unwrap().unwrap();
        }
        let found = found.await.unwrap().unwrap();
        assert!(found.iter().any(|namespace| namespace.name == name), "{name} is not there");
    }
}

#[tokio::test]
async fn short_reads_of_one_moment_are_run_by_the_only_connection() {
    let store = Store::open(&DatabaseUrl::SqliteMemory).unwrap();
    for _ in 0..3 {
        let asked = (0..8).map(|_| {
            let reader = store.clone();
            tokio::spawn(
                async move { reader.read_briefly(|tx: &mut Tx<'_>| tx.namespaces()).await },
            )
        });
        let asked: Vec<_> = asked.collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap().unwrap(), []);
        }
    }
}
