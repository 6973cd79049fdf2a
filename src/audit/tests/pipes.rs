//! The audit log into pipes that are not read, or not always.

use std::{
    fs::{File, OpenOptions},
    io::Read,
    os::unix::fs::OpenOptionsExt,
};

use super::*;

/// Reads what is in a pipe now, and leaves it open.
fn drain(pipe: &mut File) -> String {
    let mut text = vec![];
    let mut part = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut part) {
        text.extend_from_slice(&part[..count]);
    }
    String::from_utf8(text).unwrap()
}

fn reader(pipe: &Path) -> File {
    OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(pipe)
        .unwrap()
}

/// Writes lines until the pipe takes no more, and says how many were begun. Their names are their numbers.
async fn fill(log: &AuditLog) -> usize {
    fill_with(log, "REQUEST").await
}

/// The same with something that each line tells besides.
async fn fill_with(log: &AuditLog, text: &str) -> usize {
    for count in 1..2000 {
        let name = count.to_string();
        // A short one, so that of the pages of a pipe only one is left for a line that needs two.
        let text = if count == 1 { "REQUEST" } else { text };
        let caller = CallerEntry { kind: text, name: Some(text), access_key_id: Some(text) };
        let object = object(text.into(), 42.into(), name.as_str().into());
        let entry = Entry { request_id: text, object, caller, ..entry(&name) };
        if let Err(error) = log.write(&Entry { action: text, code: text, ..entry }).await {
            assert_eq!(error, STALLED);
            return count;
        }
    }
    panic!("the pipe is never full");
}

fn numbers(last: usize) -> Vec<String> {
    (1..=last).map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn a_pipe_that_is_not_read_is_waited_for_once_and_loses_nothing() {
    let folder = Folder::new();
    let pipe = folder.pipe();
    let mut reader = reader(&pipe);
    let timeout = Duration::from_secs(2);
    let log = open_with(&pipe, false, timeout);
    let begun = fill(&log).await;
    assert!(begun > 1, "a pipe has room");
    let started = Instant::now();
    assert_eq!(log.check().await.unwrap_err(), STALLED);
    assert_eq!(log.write(&entry("late")).await.unwrap_err(), STALLED);
    assert!(started.elapsed() < timeout, "only the first waits long: {:?}", started.elapsed());
    let mut text = String::new();
    let deadline = Instant::now() + Duration::from_secs(10);
    while log.check().await.is_err() {
        assert!(Instant::now() < deadline, "the log does not recover");
        text += &drain(&mut reader);
    }
    text += &drain(&mut reader);
    assert_eq!(names(&text), [numbers(begun), vec!["late".to_owned()]].concat());
    log.write(&entry("z")).await.unwrap();
    assert_eq!(names(&drain(&mut reader)), ["z"]);
}

#[tokio::test]
async fn a_line_that_was_cut_is_continued() {
    let folder = Folder::new();
    let pipe = folder.pipe();
    let mut reader = reader(&pipe);
    let log = open(&pipe);
    let begun = fill_with(&log, &"\0".repeat(128)).await;
    let mut text = drain(&mut reader);
    assert!(!text.ends_with('\n'), "a pipe takes a part of a line that is longer than PIPE_BUF");
    log.check().await.unwrap();
    text += &drain(&mut reader);
    assert_eq!(names(&text), numbers(begun));
}

#[tokio::test]
async fn a_line_that_was_cut_is_whole_in_another_file() {
    let folder = Folder::new();
    let pipe = folder.pipe();
    let mut reader = reader(&pipe);
    let log = open(&pipe);
    let begun = fill_with(&log, &"\0".repeat(128)).await;
    fs::remove_file(&pipe).unwrap();
    log.reopen();
    log.check().await.expect("the stalled pipe does not keep from the file");
    log.write(&entry("z")).await.unwrap();
    assert_eq!(names_in(&pipe), [begun.to_string(), "z".to_owned()]);
    let text = drain(&mut reader);
    assert_eq!(text.lines().count(), begun, "the last is cut");
    assert!(!text.ends_with('\n'));
}

#[tokio::test]
async fn a_line_that_was_cut_is_ended_and_whole_in_the_same_pipe_opened_anew() {
    let folder = Folder::new();
    let pipe = folder.pipe();
    let mut reader = reader(&pipe);
    let log = open(&pipe);
    let begun = fill_with(&log, &"\0".repeat(128)).await;
    log.reopen();
    log.reopen();
    let text = drain(&mut reader);
    log.check().await.unwrap();
    let text = text + &drain(&mut reader);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), begun + 1);
    let [.., cut, whole] = lines[..] else { panic!("{text}") };
    assert!(whole.starts_with(cut) && whole.len() > cut.len(), "{cut} and {whole}");
    assert_eq!(names(&format!("{whole}\n")), [begun.to_string()]);
}

#[tokio::test]
async fn a_pipe_may_get_another_reader() {
    let folder = Folder::new();
    let pipe = folder.pipe();
    let mut first = reader(&pipe);
    let log = open(&pipe);
    let begun = fill(&log).await;
    let text = drain(&mut first);
    drop(first);
    let error = log.write(&entry("alone")).await.unwrap_err();
    assert!(error.contains("Broken pipe"), "{error}");
    assert!(log.check().await.is_err());
    let mut second = reader(&pipe);
    log.check().await.unwrap();
    let all = [names(&text), names(&drain(&mut second))].concat();
    assert_eq!(all, [numbers(begun), vec!["alone".to_owned()]].concat());
}

#[tokio::test]
async fn best_effort_does_not_wait_for_a_stalled_pipe_and_counts_what_is_lost() {
    let folder = Folder::new();
    let pipe = folder.pipe();
    let mut reader = reader(&pipe);
    let log = open_with(&pipe, true, SOON);
    let count = 10_000;
    let started = Instant::now();
    for number in 0..count {
        log.check().await.unwrap();
        log.write(&entry(&number.to_string())).await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let lost = log.lines().lost;
    assert!(lost > 0, "a pipe does not hold {count} lines");
    let mut text = drain(&mut reader);
    log.write(&entry("kept")).await.unwrap();
    assert_eq!(log.lines().lost, lost, "there is room since some of the lines could be written");
    while log.lines().lost > 0 {
        assert!(started.elapsed() < Duration::from_secs(20), "the log does not recover");
        text += &drain(&mut reader);
        log.lines().write_all().unwrap();
    }
    text += &drain(&mut reader);
    assert_eq!(names(&text).len() as u64, count - lost + 1);
}
