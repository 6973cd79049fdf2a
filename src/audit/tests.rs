//! The audit log against files that move, full disks and hostile texts.

mod pipes;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

use super::{entry::LINE_MAX, output::OWED_MAX, *};
use crate::clock::Timestamp;

/// Short enough to be waited for.
const SOON: Duration = Duration::from_millis(300);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder that goes with its owner.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("sae-secret-audit-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn pipe(&self) -> PathBuf {
        let path = self.file("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn open(path: &Path) -> AuditLog {
    open_with(path, false, SOON)
}

fn open_with(path: &Path, is_best_effort: bool, timeout: Duration) -> AuditLog {
    let mut log = AuditLog::open(Destination::File(path.to_owned()), is_best_effort).unwrap();
    Arc::get_mut(&mut log.0).unwrap().timeout = timeout;
    log
}

fn object(namespace: Value, id: Value, name: Value) -> Vec<(&'static str, Value)> {
    vec![("namespace", namespace), ("secret_id", id), ("secret_name", name)]
}

fn entry(secret_name: &str) -> Entry<'_> {
    Entry {
        time: Timestamp(1_595_556_477_284),
        request_id: "REQUEST",
        caller: CallerEntry { kind: "user", name: Some("full"), access_key_id: None },
        source: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        action: "sae:CreateSecret",
        object: object(Value::Null, 42.into(), secret_name.into()),
        decision: "allow",
        code: "200",
        duration_us: 1234,
    }
}

/// The secret names of the lines, each of which must be whole.
fn names(text: &str) -> Vec<String> {
    assert!(text.is_empty() || text.ends_with('\n'), "{text}");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    lines.map(|line| line["secret_name"].as_str().unwrap().to_owned()).collect()
}

fn names_in(path: &Path) -> Vec<String> {
    names(&fs::read_to_string(path).unwrap())
}

#[tokio::test]
async fn a_line_tells_everything_that_is_known_and_null_for_the_rest() {
    let folder = Folder::new();
    let path = folder.file("log");
    open(&path).write(&entry("n")).await.unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"time":"2020-07-24T02:07:57.284Z","request_id":"REQUEST","caller":{"kind":"user","#,
            r#""name":"full","access_key_id":null},"source":"127.0.0.1","action":"sae:CreateSecret","#,
            r#""namespace":null,"secret_id":42,"secret_name":"n","decision":"allow","code":"200","#,
            r#""duration_us":1234}"#,
            "\n"
        )
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn unknown_things_are_null_and_odd_times_are_none() {
    let caller = CallerEntry { kind: "unknown", name: None, access_key_id: None };
    let nothing = Entry {
        time: Timestamp(i64::MAX),
        caller,
        source: None,
        object: object(Value::Null, Value::Null, Value::Null),
        decision: "deny",
        ..entry("")
    };
    let line: Value = serde_json::from_slice(&nothing.line()).unwrap();
    for name in ["time", "source", "secret_id", "secret_name", "namespace"] {
        assert_eq!(line.get(name), Some(&Value::Null), "{name}");
    }
    assert_eq!(line["decision"], "deny");
    let text = |millis| {
        let line = Entry { time: Timestamp(millis), ..nothing.clone() }.line();
        serde_json::from_slice::<Value>(&line).unwrap()["time"].clone()
    };
    assert_eq!(text(0), "1970-01-01T00:00:00.000Z");
    assert_eq!(text(-1), "1969-12-31T23:59:59.999Z");
    assert_eq!(text(1_709_164_799_999), "2024-02-28T23:59:59.999Z");
}

#[tokio::test]
async fn a_line_that_was_left_unfinished_spoils_no_other() {
    let folder = Folder::new();
    let path = folder.0.join("audit.log");
    for torn in ["{\"torn\":", "{\"whole\":1}\n{\"torn\":"] {
        fs::write(&path, torn).unwrap();
        let log = open(&path);
        log.write(&entry("a")).await.unwrap();
        log.write(&entry("b")).await.unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let rest = text.strip_prefix(torn).unwrap().strip_prefix('\n').expect("its end");
        assert_eq!(names(rest), ["a", "b"]);
        // Another process has left one there, without a new name.
        fs::write(&path, torn).unwrap();
        log.reopen();
        log.write(&entry("c")).await.unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let rest = text.strip_prefix(torn).unwrap().strip_prefix('\n').expect("its end");
        assert_eq!(names(rest), ["c"]);
    }
    fs::write(&path, "{\"whole\":1}\n").unwrap();
    open(&path).write(&entry("d")).await.unwrap();
    assert!(fs::read_to_string(&path).unwrap().starts_with("{\"whole\":1}\n{"));
}

#[test]
fn hostile_texts_stay_one_short_line() {
    for hostile in [
        "a\nb\r\nc\u{b}\u{c}\0",
        "\",\"code\":\"200\"}\n{\"",
        "\\\\\"\\n",
        "\u{2028}\u{2029}\u{85}",
        "\u{202e}\u{2066}\u{200f}\u{61c}",
        "\u{1b}[2J\u{9b}2J\u{7f}",
        "日本語 🔑 e\u{301}",
        &"x".repeat(10_000),
        &"\u{2028}".repeat(10_000),
        &"\0".repeat(10_000),
        &"🔑".repeat(10_000),
    ] {
        let text = Some(hostile);
        let caller = CallerEntry { kind: "user", name: text, access_key_id: text };
        let line = Entry {
            caller,
            request_id: hostile,
            object: object(hostile.into(), 42.into(), hostile.into()),
            ..entry(hostile)
        }
        .line();
        assert!(line.len() < 16 * 1024, "{}", line.len());
        let line = String::from_utf8(line).unwrap();
        let body = line.strip_suffix('\n').unwrap();
        let misleads = |c: char| {
            c.is_control() || "\u{2028}\u{2029}\u{202e}\u{2066}\u{200f}\u{61c}".contains(c)
        };
        assert!(!body.contains(misleads), "{body}");
        let parsed: Value = serde_json::from_str(body).unwrap();
        let expected: String = hostile.chars().take(256).collect();
        for found in [
            &parsed["secret_name"],
            &parsed["namespace"],
            &parsed["request_id"],
            &parsed["caller"]["name"],
            &parsed["caller"]["access_key_id"],
        ] {
            assert_eq!(found, &expected);
        }
        assert_eq!(parsed["code"], "200");
        assert_eq!(parsed.as_object().unwrap().len(), 11);
    }
}

#[test]
fn a_list_is_cut_in_its_texts_and_at_the_end_of_the_line() {
    let line = |list: Vec<String>| {
        let object = vec![("secret_names", Value::from(list))];
        let line = Entry { object, ..entry("") }.line();
        assert!(line.len() <= LINE_MAX, "{}", line.len());
        serde_json::from_slice::<Value>(&line).unwrap()["secret_names"].clone()
    };
    // As many of the longest names as a request may have.
    let names: Vec<String> = (0..50).map(|number| format!("{number:0>192}")).collect();
    assert_eq!(line(names.clone()), Value::from(names));
    assert_eq!(line(vec!["x".repeat(10_000), "y".to_owned()]), json!(["x".repeat(256), "y"]));
    assert_eq!(line(vec![]), json!([]));

    let shown = line(vec!["\0".repeat(10_000); 50]);
    let (last, texts) = shown.as_array().unwrap().split_last().unwrap();
    assert!(!texts.is_empty() && texts.iter().all(|text| *text == "\0".repeat(256)));
    assert_eq!(last, 50 - texts.len());
}

#[tokio::test]
async fn a_renamed_file_is_left_when_asked() {
    let folder = Folder::new();
    let (path, old) = (folder.file("log"), folder.file("log.1"));
    fs::write(&path, "{\"secret_name\":\"there before\"}\n").unwrap();
    let log = open(&path);
    log.write(&entry("a")).await.unwrap();
    fs::rename(&path, &old).unwrap();
    log.write(&entry("b")).await.unwrap();
    assert!(!path.exists());
    log.reopen();
    log.write(&entry("c")).await.unwrap();
    assert_eq!(names_in(&old), ["there before", "a", "b"]);
    assert_eq!(names_in(&path), ["c"]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn the_old_file_stays_when_a_new_one_cannot_be_opened() {
    let folder = Folder::new();
    fs::create_dir(folder.file("logs")).unwrap();
    let path = folder.file("logs/log");
    let log = open(&path);
    fs::rename(folder.file("logs"), folder.file("away")).unwrap();
    log.reopen();
    log.write(&entry("a")).await.unwrap();
    assert_eq!(names_in(&folder.file("away/log")), ["a"]);
}

#[test]
fn a_file_that_cannot_be_opened_is_named_with_the_reason() {
    let folder = Folder::new();
    fs::write(folder.file("plain"), "").unwrap();
    symlink("loop", folder.file("loop")).unwrap();
    let pipe = folder.pipe();
    for (path, reason) in [
        (folder.file("no/such/log"), "its directory does not exist"),
        (folder.0.clone(), "it is a directory"),
        (folder.file("plain/log"), "part of its path is not a directory"),
        (folder.file("loop"), "symbolic link"),
        (pipe, "it is a pipe that is not read"),
    ] {
        let error = AuditLog::open(Destination::File(path.clone()), false).unwrap_err().to_string();
        let start = format!("cannot open the audit log {}: ", path.display());
        assert!(error.starts_with(&start) && error.contains(reason), "{error}");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn lines_of_many_writers_are_whole() {
    let folder = Folder::new();
    let path = folder.file("log");
    let log = AuditLog::open(Destination::File(path.clone()), false).unwrap();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let log = log.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
                runtime.unwrap().block_on(async {
                    let tasks = tokio::task::LocalSet::new();
                    for number in 0..400 {
                        let log = log.clone();
                        tasks.spawn_local(async move {
                            let name = format!("{thread}-{number}");
                            log.write(&entry(&name)).await.unwrap();
                        });
                    }
                    tasks.await;
                });
            })
        })
        .collect();
    for _ in 0..5 {
        log.reopen();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let mut found = names_in(&path);
    found.sort();
    let mut expected: Vec<_> =
        (0..8).flat_map(|thread| (0..400).map(move |n| format!("{thread}-{n}"))).collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_full_disk_refuses_until_the_line_can_be_written() {
    let folder = Folder::new();
    let path = folder.file("log");
    symlink("/dev/full", &path).unwrap();
    let log = open(&path);
    log.check().await.expect("nothing is known yet");
    let error = log.write(&entry("a")).await.unwrap_err();
    assert!(error.contains("No space left on device"), "{error}");
    assert_eq!(log.check().await, Err(error.clone()));
    assert_eq!(log.write(&entry("b")).await, Err(error));
    fs::remove_file(&path).unwrap();
    assert!(log.check().await.is_err(), "the old file is still in use");
    log.reopen();
    log.check().await.expect("there is room again");
    log.write(&entry("c")).await.unwrap();
    assert_eq!(names_in(&path), ["a", "b", "c"]);
}

#[tokio::test]
async fn no_more_lines_are_kept_than_the_limit() {
    let folder = Folder::new();
    let path = folder.file("log");
    symlink("/dev/full", &path).unwrap();
    let log = open(&path);
    for _ in 0..OWED_MAX {
        assert!(log.write(&entry("kept")).await.unwrap_err().contains("No space left on device"));
    }
    assert!(log.write(&entry("lost")).await.unwrap_err().ends_with("lines already wait"));
    assert_eq!(log.lines().lost, 1);
    fs::remove_file(&path).unwrap();
    log.reopen();
    log.check().await.unwrap();
    let found = names_in(&path);
    assert_eq!(found.len(), OWED_MAX);
    assert!(found.iter().all(|name| name == "kept"));
    assert_eq!(log.lines().lost, 0);
}

#[tokio::test]
async fn best_effort_never_refuses_and_keeps_what_it_can() {
    let folder = Folder::new();
    let path = folder.file("log");
    symlink("/dev/full", &path).unwrap();
    let log = open_with(&path, true, SOON);
    for name in ["a", "b"] {
        log.check().await.unwrap();
        log.write(&entry(name)).await.unwrap();
    }
    log.flush().await;
    fs::remove_file(&path).unwrap();
    log.reopen();
    log.write(&entry("c")).await.unwrap();
    log.flush().await;
    assert_eq!(names_in(&path), ["a", "b", "c"]);
}
