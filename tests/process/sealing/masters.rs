//! Where the master keys come from, and what a server does without the right ones.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    audit::wait_until,
    child::{Server, binary},
    common::server::*,
    upkeep::{done, keys, refused, said, url},
};

/// A line of a key file; the key is as bad as a key can be.
pub fn line(id: &str, byte: u8) -> String {
    format!("{id}:{}\n", STANDARD.encode([byte; 32]))
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

/// Every file of the database and its bytes, without the index of the log, which is made anew by whoever looks.
fn bytes(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && !path.display().to_string().ends_with("-shm"))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        // An empty log holds nothing.
        .filter(|(_, bytes)| !bytes.is_empty())
        .collect();
    files.sort();
    files
}

fn serve(folder: &Path, change: impl FnOnce(&mut Command)) -> Output {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", &url(folder)]);
    change(&mut command);
    command.output().unwrap()
}

#[test]
fn a_wrong_or_missing_master_key_stops_the_start_and_changes_nothing() {
    let folder = Folder::new();
    let path = folder.path();
    let right = write(path, "right.keys", &(line("one", 1) + &line("two", 2)));
    let start = |file: &str| {
        let file = file.to_owned();
        Server::start_with(path, |command| {
            command.args(["--master-key-file", &file]);
        })
    };
    let mut server = start(&right);
    let id = server.create("cn-beijing:test", "kept", &json!({"k": "v"})).secret_id();
    // Killed, so that there is a log that whoever opens the database could write back.
    server.kill();
    let wrong = [
        ("the master key one is missing", line("other", 1)),
        ("the master key one is missing", line("two", 2)),
        ("the master key one is another one than the one that sealed", line("one", 3)),
        (
            "the master key one is another one than the one that sealed",
            line("a", 1) + &line("one", 2),
        ),
        ("it holds no key", "# nothing\n".to_owned()),
        ("line 1 is not of the form id:base64", "AAAA".to_owned()),
    ];
    for (index, (complaint, keys)) in wrong.iter().enumerate() {
        let file = write(path, &format!("wrong-{index}.keys"), keys);
        let before = bytes(path);
        let output = serve(path, |command| {
            command.args(["--master-key-file", &file]);
        });
        assert_eq!(output.status.code(), Some(1));
        let text = said(&output);
        assert!(text.contains(complaint), "{complaint}: {text}");
        assert!(!text.contains("listening") && !text.contains("AQEB"), "{text}");
        assert!(bytes(path) == before, "{complaint}: a file was changed");
        // Given by no flag at all, and with none beside the database.
        let output = serve(path, |_| {});
        assert!(said(&output).contains("the master key one is missing"), "{}", said(&output));
        assert!(bytes(path) == before, "a file was changed or made");
    }
    let server = start(&right);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
}

#[test]
fn master_keys_come_from_a_file_a_variable_or_a_command() {
    let folder = Folder::new();
    let path = folder.path();
    let file = write(path, "a file with spaces.keys", &line("shared", 7));
    let text = line("shared", 7);
    let serve = |change: &dyn Fn(&mut Command)| Server::start_with(path, change);
    let id = serve(&|command| {
        command.env("SAE_SECRET_MASTER_KEY", &text);
    })
    .create("cn-beijing:test", "n", &json!({"k": "v"}))
    .secret_id();
    let command = format!("/bin/sh -c 'echo \"# printed\"; cat \"{file}\"'");
    let ways: [&dyn Fn(&mut Command); 4] = [
        &|it| {
            it.args(["--master-key-file", &file]);
        },
        &|it| {
            it.env("SAE_SECRET_MASTER_KEY_FILE", &file);
        },
        &|it| {
            it.args(["--master-key-command", &command]);
        },
        &|it| {
            it.env("SAE_SECRET_MASTER_KEY_COMMAND", &command);
        },
    ];
    for way in ways {
        let server = serve(way);
        assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
        assert!(!server.log().contains("stands beside the database"));
    }
    assert!(!path.join("test.db.key").exists(), "none was made where one was given");
}

#[test]
fn what_is_given_wins_over_what_is_beside_the_database() {
    let folder = Folder::new();
    let path = folder.path();
    drop(Server::start(path));
    let made = fs::read_to_string(path.join("test.db.key")).unwrap();
    assert!(made.starts_with("local:"), "the file beside the database has a key");
    let given = write(path, "given.keys", &(line("given", 5) + &made));
    let with = ["keys", "rotate", "--master-key-file", &given];
    done(path, &with);
    let listed = done(path, &["keys", "list", "--master-key-file", &given]);
    assert!(listed.contains("given  ") && listed.contains("seals"), "{listed}");
    assert!(listed.lines().filter(|line| line.starts_with("db/")).all(|it| it.contains("given")));
    // The one beside the database opens nothing any more.
    let report = refused(path, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(report.contains("the master key given is missing"), "{report}");
    let server = Server::start_with(path, |command| {
        command.args(["--master-key-file", &given]);
    });
    assert!(!server.log().contains("stands beside the database"));
}

#[test]
fn a_key_is_made_on_loopback_only_and_told() {
    let folder = Folder::new();
    let path = folder.path();
    let open = ["serve", "--listen", "0.0.0.0:0", "--anonymous", "deny"];
    let report = refused(path, &open);
    assert!(report.contains("no master key is given"), "{report}");
    assert_eq!(bytes(path), [], "nothing was made");
    let server = Server::start(path);
    assert!(server.log().contains("stands beside the database"), "{}", server.log());
    drop(server);
    let first = fs::read(path.join("test.db.key")).unwrap();
    // It is found again, on any address, and stays the same.
    let server = Server::start_with(path, |command| {
        command.env("SAE_SECRET_LISTEN", "0.0.0.0:0");
    });
    assert!(server.log().contains("stands beside the database"), "{}", server.log());
    assert_eq!(fs::read(path.join("test.db.key")).unwrap(), first);
    drop(server);
    fs::remove_file(path.join("test.db.key")).unwrap();
    let report = refused(path, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(report.contains("the master key local is missing"), "{report}");
    assert!(!path.join("test.db.key").exists(), "a new key would open nothing");
}

#[test]
fn a_database_of_an_older_master_key_says_which_line_is_needed() {
    let folder = Folder::new();
    let path = folder.path();
    drop(Server::start(path));
    let file = write(path, "master.keys", &line("prod", 1));
    let report = refused(path, &["serve", "--master-key-file", &file]);
    for part in [
        "the master key local is missing",
        "--master-key-file (SAE_SECRET_MASTER_KEY_FILE)",
        "was read and holds prod; append the line of the missing key to it",
    ] {
        assert!(report.contains(part), "{part}: {report}");
    }
    let older = fs::read_to_string(path.join("test.db.key")).unwrap();
    write(path, "master.keys", &(line("prod", 1) + &older));
    drop(Server::start_with(path, |command| {
        command.args(["--master-key-file", &file]);
    }));
}

#[test]
fn bad_sources_are_refused_with_a_reason() {
    let folder = Folder::new();
    let path = folder.path();
    let file = write(path, "a.keys", &line("a", 1));
    let long = write(path, "long.keys", &"#".repeat(70_000));
    let binary = path.join("binary.keys");
    fs::write(&binary, [0xFF, 0xFE, 0x00]).unwrap();
    let (folder_path, binary) = (path.to_str().unwrap(), binary.to_str().unwrap());
    for (flag, value, complaint) in [
        ("--master-key-file", "no-such-file", "No such file"),
        ("--master-key-file", folder_path, "is a directory"),
        ("--master-key-file", &long, "more than 65536 bytes"),
        ("--master-key-file", binary, "not UTF-8"),
        ("--master-key-command", "", "the command is empty"),
        ("--master-key-command", "no-such-program", "no-such-program: No such file"),
        ("--master-key-command", "sh -c 'exit 3'", "sh failed: exit status: 3"),
        ("--master-key-command", "echo 'a", "quotation marks"),
        ("--master-key-command", "echo nothing", "line 1 is not of the form"),
        ("--master-key-command", "yes", "more than 65536 bytes"),
        ("--master-key-command", "sh -c 'printf \"\\377\"'", "not UTF-8"),
    ] {
        let report = refused(path, &["serve", "--listen", "127.0.0.1:0", flag, value]);
        assert!(report.contains("cannot read the master keys"), "{value}: {report}");
        assert!(report.to_lowercase().contains(&complaint.to_lowercase()), "{value}: {report}");
    }
    for value in ["nothing", "a:AAAA"] {
        let output = serve(path, |command| {
            command.env("SAE_SECRET_MASTER_KEY", value);
        });
        let text = said(&output);
        assert!(text.contains("cannot read the master keys from SAE_SECRET_MASTER_KEY"), "{text}");
        assert!(!text.contains("AAAA"), "{text}");
    }
    let output = serve(path, |command| {
        command.args(["--master-key-file", &file]).env("SAE_SECRET_MASTER_KEY", line("a", 1));
    });
    assert!(said(&output).contains("given more than once"), "{}", said(&output));
    assert!(!path.join("test.db").exists(), "no database was made");
}

#[test]
fn a_new_master_key_in_the_file_is_found_when_it_is_needed_and_on_sighup() {
    let folder = Folder::new();
    let path = folder.path();
    let file = write(path, "master.keys", &line("old", 1));
    let with = ["--master-key-file", file.as_str()];
    let mut server = Server::start_with(path, |command| {
        command.args(with);
    });
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    // The new key seals, the old one opens what it sealed; the server has read neither line.
    write(path, "master.keys", &(line("new", 2) + &line("old", 1)));
    done(path, &["keys", "rotate", with[0], with[1]]);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
    server.create("cn-beijing:test", "after", &json!({"k": "v"})).data();
    let retired = done(path, &["keys", "retire", "old", with[0], with[1]]);
    assert!(retired.contains("nothing in the database needs the master key old"), "{retired}");
    write(path, "master.keys", &line("new", 2));
    server.signal("-HUP");
    wait_until("it reads the keys", || server.log().contains("have been read again"));
    // Neither text that is none nor keys that open nothing are taken.
    for (keys, complaint) in [
        ("broken".to_owned(), "line 1 is not of the form"),
        (line("new", 3), "the master key new is another one than the one that sealed"),
        (line("other", 2), "the master key new is missing"),
    ] {
        write(path, "master.keys", &keys);
        server.signal("-HUP");
        wait_until("it keeps the keys", || server.log().contains(complaint));
    }
    assert_eq!(server.log().matches("the master keys stay unchanged").count(), 3);
    assert_eq!(server.log().matches("have been read again").count(), 1);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
    write(path, "master.keys", &line("new", 2));
    server.terminate();
    assert!(server.wait().success());
    done(path, &["verify", with[0], with[1]]);
    let listed = keys_with(path, with);
    assert_eq!(listed.iter().filter(|line| line.contains("current")).count(), 1, "{listed:?}");
}

fn keys_with(folder: &Path, with: [&str; 2]) -> Vec<String> {
    let text = done(folder, &["keys", "list", with[0], with[1]]);
    text.lines().filter(|line| line.starts_with("db/")).map(str::to_owned).collect()
}

#[test]
fn a_command_that_does_not_end_is_ended_with_all_that_it_started() {
    let folder = Folder::new();
    let mark = format!("300.{}", std::process::id());
    let began = Instant::now();
    let command = format!("sh -c 'sleep {mark}; :'");
    let endless = ["serve", "--listen", "127.0.0.1:0", "--master-key-command", &command];
    let report = refused(folder.path(), &endless);
    assert!(report.contains("it took more than 30 s"), "{report}");
    assert!(began.elapsed() < Duration::from_secs(60));
    let left = || {
        let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        let lines = processes.filter_map(|path| fs::read(path.join("cmdline")).ok());
        let mut lines = lines.map(|line| String::from_utf8_lossy(&line).into_owned());
        lines.any(|line| line.starts_with("sleep") && line.contains(&mark))
    };
    wait_until("nothing is left of the command", || !left());
}

#[test]
fn a_command_is_asked_again_on_sighup() {
    let folder = Folder::new();
    let path = folder.path();
    let file = write(path, "printed", &line("old", 1));
    let command = format!("cat '{file}'");
    let server = Server::start_with(path, |it| {
        it.args(["--master-key-command", &command]);
    });
    server.create("cn-beijing:test", "n", &json!({"k": "v"})).data();
    write(path, "printed", &(line("new", 2) + &line("old", 1)));
    server.signal("-HUP");
    wait_until("it asks again", || server.log().contains("have been read again"));
    done(path, &["keys", "rotate", "--master-key-command", &command]);
    server.create("cn-beijing:test", "after", &json!({"k": "v"})).data();
}

#[test]
fn master_keys_can_come_through_a_pipe() {
    let folder = Folder::new();
    let path = folder.path();
    let pipe = path.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writing = pipe.clone();
    let writer = std::thread::spawn(move || fs::write(writing, line("piped", 4)).unwrap());
    let server = Server::start_with(path, |command| {
        command.arg("--master-key-file").arg(&pipe);
    });
    writer.join().unwrap();
    server.create("cn-beijing:test", "n", &json!({"k": "v"})).data();
    // A pipe gives its text once, so SIGHUP must not wait for another.
    server.signal("-HUP");
    server.create("cn-beijing:test", "m", &json!({"k": "v"})).data();
    let writing = pipe.clone();
    let writer = std::thread::spawn(move || fs::write(writing, line("piped", 4)).unwrap());
    done(path, &["keys", "rotate", "--master-key-file", pipe.to_str().unwrap()]);
    writer.join().unwrap();
}

#[test]
fn servers_that_start_at_once_on_nothing_agree_on_one_key() {
    let folder = Folder::new();
    let servers: Vec<Server> = std::thread::scope(|scope| {
        let path = folder.path();
        let start = || scope.spawn(move || Server::start(path));
        let threads: Vec<_> = std::iter::repeat_with(start).take(4).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let id = servers[0].create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    for server in &servers {
        assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
    }
    assert_eq!(keys(folder.path()).len(), 1);
}
