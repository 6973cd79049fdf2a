//! Files that cannot be read, or are not what they should be.

use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

use super::refusal;
use crate::{
    child::{Server, binary, run},
    common::{Request, fixture, server::*},
    upkeep::said,
};

#[test]
fn a_byte_order_mark_names_itself() {
    let folder = Folder::new();
    let world = folder.path().join("world.yaml");
    let utf_16: Vec<u8> =
        "\u{feff}regions: [cn-beijing]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, part) in [
        ("\u{feff}regions: [cn-beijing]\n".as_bytes(), "begins with a byte order mark (BOM)"),
        (utf_16.as_slice(), "it is UTF-16"),
        (b"regions: [\xE9]\n", "it is not UTF-8"),
    ] {
        fs::write(&world, bytes).unwrap();
        let output = run(&["check-world", world.to_str().unwrap()]);
        assert!(!output.status.success() && said(&output).contains(part), "{}", said(&output));
    }
    let server = Server::start(folder.path());

    let body: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let reply = server.send(&Request::new("POST", SECRET).body("application/json", body));
    assert!(reply.text().contains("it is UTF-16"), "{}", reply.text());
}

#[test]
fn too_few_file_descriptors_are_a_sentence_of_every_command() {
    let serve = "serve --listen 127.0.0.1:0";
    for (limit, arguments) in [
        (24, serve),
        (40, serve),
        (60, serve),
        (5, serve),
        (5, "verify"),
        (16, "verify"),
        (16, "keys list"),
        (16, "keys rotate"),
        (16, "backup no-such-file"),
        (16, "restore no-such-file"),
    ] {
        let script =
            format!("ulimit -n {limit}; exec \"$0\" {arguments} --database-url sqlite::memory:");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_sae-secret")]);
        let output = command.output().unwrap();
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains(&format!("may open only {limit} files at once (ulimit -n)")),
            "{text}"
        );
        assert!(!text.contains("panicked"), "{text}");
    }
}

#[test]
fn a_process_takes_the_file_descriptors_that_it_may_have() {
    let script = "ulimit -Sn 24; exec \"$0\" serve --listen 127.0.0.1:0 --world no-such-world.yaml";
    let output =
        Command::new("sh").args(["-c", script, env!("CARGO_BIN_EXE_sae-secret")]).output().unwrap();
    assert!(said(&output).contains("no-such-world.yaml"), "{}", said(&output));
}

/// The binary where another user may run it, and a command that runs it as that user.
struct Stranger(PathBuf);

impl Stranger {
    fn new(folder: &Folder) -> Self {
        assert!(rustix::process::geteuid().is_root(), "this test has to be run as root");
        let copy = folder.path().join("sae-secret");
        fs::copy(env!("CARGO_BIN_EXE_sae-secret"), &copy).unwrap();
        Self(copy)
    }

    fn runs(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&self.0);
        let output = command.args(arguments).output().unwrap();
        assert!(!output.status.success(), "{}", said(&output));
        said(&output)
    }
}

#[test]
fn files_that_are_not_for_this_process_say_whose_they_are() {
    let folder = Folder::new();
    let path = folder.path();
    let mode = |name: &str, mode| {
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    drop(Server::start(path));
    let stranger = Stranger::new(&folder);
    let at = |name: &str| path.join(name).display().to_string();
    let refused = |name: &str, mode: &str| {
        format!(
            "permission denied: {} belongs to uid 0 and gid 0 with mode {mode}, and this process runs as uid 65534 and \
             gid 65534",
            at(name)
        )
    };
    let url = format!("sqlite://{}", at("test.db"));
    let serve = |more: &[&str]| {
        stranger.runs(&[&["serve", "--listen", "127.0.0.1:0", "--database-url"], more].concat())
    };
    mode("world.yaml", 0o600);
    let text = stranger.runs(&["check-world", &at("world.yaml")]);
    assert!(text.contains(&refused("world.yaml", "600")), "{text}");
    let text = serve(&[&url]);
    assert!(text.contains(&refused("test.db.key", "600")), "{text}");
    mode("test.db.key", 0o644);
    let text = serve(&[&url]);
    assert!(text.contains(&refused("test.db", "600")), "{text}");
    // It may be read, which is enough for none.
    mode("test.db", 0o644);
    let text = serve(&[&url]);
    assert!(text.contains(&refused("test.db", "644")), "{text}");
    fs::create_dir(path.join("closed")).unwrap();
    for (wanted, shown) in [(0o755, "755"), (0o700, "700")] {
        mode("closed", wanted);
        let text = serve(&[&format!("sqlite://{}", at("closed/new.db"))]);
        assert!(text.contains(&refused("closed", shown)), "{text}");
    }
    fs::write(path.join("chain.pem"), fixture("tls/listener/one.crt")).unwrap();
    fs::write(path.join("key.pem"), fixture("tls/listener/one.key")).unwrap();
    mode("key.pem", 0o640);
    let text =
        serve(&["sqlite::memory:", "--tls-cert", &at("chain.pem"), "--tls-key", &at("key.pem")]);
    assert!(text.contains(&refused("key.pem", "640")), "{text}");
    fs::write(path.join("audit.log"), "").unwrap();
    mode("audit.log", 0o644);
    let text = serve(&["sqlite::memory:", "--audit-log", &at("audit.log")]);
    assert!(text.contains(&refused("audit.log", "644")), "{text}");
    fs::write(path.join("password"), "hidden").unwrap();
    mode("password", 0o600);
    let text = serve(&["postgres://u@127.0.0.1:1/d", "--database-password-file", &at("password")]);
    assert!(text.contains(&refused("password", "600")), "{text}");
}

#[test]
fn another_user_leaves_nothing_beside_a_database_that_its_owner_could_not_open() {
    let folder = Folder::new();
    let path = folder.path();
    let mut server = Server::start(path);
    assert_eq!(server.call("GET", "/health", &[]).status, 200);
    server.terminate();
    assert!(server.wait().success());
    let stranger = Stranger::new(&folder);
    let mode = |name: &str, mode| {
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o777);
    mode("test.db.key", 0o644);
    let url = format!("sqlite://{}", path.join("test.db").display());
    let copy = path.join("copy.db");
    for (database, told) in [(0o644, "test.db belongs to uid 0 "), (0o666, "run it as its owner")] {
        mode("test.db", database);
        for arguments in [&["verify"][..], &["keys", "list"], &["backup", copy.to_str().unwrap()]] {
            let text = stranger.runs(&[arguments, &["--database-url", &url]].concat());
            assert!(text.contains(told), "{text}");
            assert!(!path.join("test.db-wal").exists() && !path.join("test.db-shm").exists());
        }
    }
    let server = Server::start(path);
    assert_eq!(server.call("GET", "/ready", &[]).status, 200);
    // A backup has no log to be made.
    let backup = ["backup", copy.to_str().unwrap(), "--database-url", &url];
    assert!(run(&backup).status.success());
    mode("copy.db", 0o666);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&stranger.0);
    command.args(["verify", "--database-url", &format!("sqlite://{}", copy.display())]);
    let key = path.join("test.db.key");
    let output = command.arg("--master-key-file").arg(key).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn a_file_without_an_end_is_not_read_for_ever() {
    let url = "postgres://u:p@127.0.0.1:1/d";
    for (arguments, told) in [
        ("check-world /dev/zero".to_owned(), "/dev/zero: it is larger than 64 MiB"),
        ("serve --listen 127.0.0.1:0 --world /dev/zero".to_owned(), "it is larger than 64 MiB"),
        (
            format!("verify --database-url '{url}?sslmode=verify-full&sslrootcert=/dev/zero'"),
            "/dev/zero is larger than 1 MiB",
        ),
    ] {
        let script = format!("ulimit -v 1000000; exec timeout 60 \"$0\" {arguments}");
        let mut command = Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_sae-secret")]);
        command.env("SAE_SECRET_MASTER_KEY", "a:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=");
        let output = command.output().unwrap();
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(told), "{text}");
    }
}

#[test]
fn the_password_of_a_database_is_given_once_and_not_empty() {
    let folder = Folder::new();
    let file = folder.path().join("password");
    let serve = |content: &str, change: &dyn Fn(&mut Command)| {
        fs::write(&file, content).unwrap();
        let mut command = binary();
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            "postgres://u@127.0.0.1:1/d",
        ]);
        change(command.env("SAE_SECRET_DATABASE_PASSWORD_FILE", &file));
        let text = said(&command.output().unwrap());
        assert!(!text.contains("hidden"), "{text}");
        text
    };
    for empty in ["", "\n", "\r\n"] {
        let text = serve(empty, &|_| {});
        assert!(
            text.contains("cannot read the password of the database")
                && text.contains("it is empty"),
            "{text}"
        );
    }
    let text = serve("hidden", &|command| {
        command.env("SAE_SECRET_DATABASE_PASSWORD", "hidden");
    });
    assert!(text.contains("SAE_SECRET_DATABASE_PASSWORD_FILE) is given, too"), "{text}");
    fs::remove_file(&file).unwrap();
    let text = refusal(|command| {
        command.args(["--database-password-file", "no-such-file"]);
        command.args(["--world", "no-such-world"]);
    });
    assert!(text.contains("no-such-world"), "a database without a password needs no file: {text}");
}
