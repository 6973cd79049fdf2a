//! The command line.

use std::{
    collections::BTreeSet,
    fs,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output, Stdio},
};

use super::{
    audit::wait_until,
    child::{Server, binary, run},
};
use crate::common::{Request, server::*, wire::Connection};

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8(text).unwrap()
}

/// The words of a text that begin so.
fn words<'t>(text: &'t str, start: &str) -> BTreeSet<&'t str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let words = text.split(|c| !is_part(c));
    words.filter(|word| word.len() > start.len() && word.starts_with(start)).collect()
}

#[test]
fn help_tells_flags_variables_and_defaults() {
    let help = run(&["serve", "--help"]);
    assert!(help.status.success());
    let text = said(&help);
    for part in ["127.0.0.1:8080", "sqlite://sae-secret.db", "strict", "lenient"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table: String = readme.lines().filter(|line| line.starts_with("| `--")).collect();
    assert_eq!(words(&text, "--"), words(&(table.clone() + "--help"), "--"));
    assert_eq!(words(&text, "SAE_SECRET_"), words(&table, "SAE_SECRET_"));
    assert!(text.contains("sqlite::memory:"), "{text}");
    assert!(!said(&run(&["backup", "--help"])).contains("sqlite::memory:"));
    assert!(said(&run(&["--help"])).contains("check-world"));
    assert!(said(&run(&["healthcheck", "--help"])).contains("http://127.0.0.1:8080"));
    assert!(run(&["--version"]).status.success());
}

#[test]
fn bad_flags_are_refused_with_their_name() {
    for (arguments, part) in [
        (vec!["serve", "--listen", "nowhere"], "--listen"),
        (vec!["serve", "--database-url", "mysql://root:hidden@host/db"], "sqlite://PATH"),
        (vec!["serve", "--docker-config", "maybe"], "--docker-config"),
        (
            vec![
                "serve",
                "--database-url",
                "sqlite::memory:",
                "--cors-origin",
                "https://a.example/path",
            ],
            "origin",
        ),
        (
            vec!["serve", "--database-url", "sqlite::memory:", "--world", "no-such-file.yaml"],
            "no-such-file.yaml",
        ),
        (vec!["serve", "--anonymous", "perhaps"], "--anonymous"),
        (vec!["serve", "--rate-limit", "50"], "such as 50/s"),
        (vec!["serve", "--trusted-proxy", "proxy.example"], "--trusted-proxy"),
        (
            vec!["serve", "--listen", "127.0.0.1:0", "--audit-best-effort"],
            "--audit-best-effort needs --audit-log",
        ),
        (
            vec!["serve", "--listen", "127.0.0.1:0", "--audit-log", "no-such-folder/audit.log"],
            "its directory does not exist",
        ),
        (vec!["serve", "--nonsense"], "--nonsense"),
        (vec!["nonsense"], "nonsense"),
    ] {
        let output = run(&arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!said(&output).contains("hidden"), "{}", said(&output));
        assert!(said(&output).contains(part), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn an_address_in_use_is_told_before_anything_is_touched() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let address = server.address.to_string();
    let (database, audit) = (folder.path().join("other.db"), folder.path().join("audit.log"));
    let url = format!("sqlite://{}", database.display());
    let audit_log = audit.to_str().unwrap();
    let output =
        run(&["serve", "--listen", &address, "--database-url", &url, "--audit-log", audit_log]);
    assert!(!output.status.success());
    assert!(
        said(&output)
            .contains(&format!("--listen (SAE_SECRET_LISTEN): cannot listen on {address}")),
        "{}",
        said(&output)
    );
    assert!(!database.exists() && !audit.exists());
}

#[test]
fn the_audit_log_is_no_other_file_of_the_server() {
    let folder = Folder::new();
    let file = |name: &str| folder.path().join(name).display().to_string();
    fs::write(file("world.yaml"), WORLD).unwrap();
    fs::hard_link(file("world.yaml"), file("other-name.yaml")).unwrap();
    fs::write(file("password"), "hidden").unwrap();
    let url = format!("sqlite://{}", file("new.db"));
    for name in [
        "new.db",
        "new.db-wal",
        "new.db.key",
        "./new.db",
        "world.yaml",
        "other-name.yaml",
        "password",
    ] {
        let output = run(&[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            &url,
            "--world",
            &file("world.yaml"),
            "--database-password-file",
            &file("password"),
            "--audit-log",
            &file(name),
        ]);
        assert!(!output.status.success(), "{name}");
        let text = said(&output);
        assert!(text.contains("is something else of this server already"), "{name}: {text}");
        assert!(!folder.path().join("new.db").exists(), "{name}");
    }
    assert_eq!(fs::read_to_string(file("world.yaml")).unwrap(), WORLD);
    assert_eq!(fs::read_to_string(file("password")).unwrap(), "hidden");
}

#[test]
fn a_switch_in_the_environment_takes_the_usual_words() {
    let folder = Folder::new();
    let with = |value: &str| {
        let mut command = binary();
        // It stops for want of a world file, or before that.
        let world = folder.path().join("missing.yaml");
        command.args(["serve", "--listen", "127.0.0.1:0", "--world"]).arg(world);
        said(&command.env("SAE_SECRET_AUDIT_BEST_EFFORT", value).output().unwrap())
    };
    for value in ["1", "true", "yes", "on", "0", "false", "no", "off"] {
        assert!(with(value).contains("missing.yaml"), "{value}: {}", with(value));
    }
    assert!(with("perhaps").contains("SAE_SECRET_AUDIT_BEST_EFFORT"), "{}", with("perhaps"));
}

#[test]
fn healthcheck_tells_whether_a_server_is_ready() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    let url = format!("http://{}", server.address);
    assert!(run(&["healthcheck", "--url", &url]).status.success());
    fs::rename(folder.path().join("test.db"), folder.path().join("away.db")).unwrap();
    let unready = run(&["healthcheck", "--url", &url]);
    assert!(
        !unready.status.success() && said(&unready).contains("not ready"),
        "{}",
        said(&unready)
    );
    server.kill();
    let gone = run(&["healthcheck", "--url", &url]);
    assert!(!gone.status.success() && said(&gone).contains("does not answer"));
    for url in ["ftp://x", "http://127.0.0.1:1/path", "127.0.0.1:1"] {
        assert!(!run(&["healthcheck", "--url", url]).status.success(), "{url}");
    }
}

#[test]
fn check_world_says_every_mistake_with_line_and_column() {
    let folder = Folder::new();
    let good = folder.path().join("good.yaml");
    fs::write(&good, WORLD).unwrap();
    let checked = run(&["check-world", good.to_str().unwrap()]);
    assert!(
        checked.status.success() && said(&checked).contains("no mistakes"),
        "{}",
        said(&checked)
    );
    let bad = folder.path().join("bad.yaml");
    fs::write(&bad, "regions: [cn-beijing]\nnamespces: []\n").unwrap();
    let bad = bad.to_str().unwrap();
    let checked = run(&["check-world", bad]);
    let text = said(&checked);
    let told = format!("{bad}:2:1: unknown key `namespces`; the keys here are account, ");
    assert!(!checked.status.success() && text.contains(&told), "{text}");
    fs::write(bad, "regions: [cn-x]\nnamespaces:\n  - { id: cn-x:A }\naccount: one\n").unwrap();
    for arguments in [
        vec!["check-world", bad],
        vec![
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            "sqlite::memory:",
            "--world",
            bad,
        ],
    ] {
        let output = run(&arguments);
        assert!(!output.status.success());
        let text = said(&output);
        for part in [format!("{bad}:3:11: "), format!("{bad}:4:10: ")] {
            assert!(text.contains(&part), "{part} in {text}");
        }
    }
    fs::write(&good, "regions: [cn-bejing]\n").unwrap();
    let slip = run(&["check-world", good.to_str().unwrap()]);
    assert!(slip.status.success() && said(&slip).contains("remark: cn-bejing"), "{}", said(&slip));
    fs::write(&good, b"\xFF\xFE").unwrap();
    assert!(!run(&["check-world", good.to_str().unwrap()]).status.success());
}

#[test]
fn the_development_world_has_no_mistakes() {
    let output = run(&["check-world", concat!(env!("CARGO_MANIFEST_DIR"), "/worlds/dev.yaml")]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains(" 1 keys and 2 secrets of KMS, "), "{}", said(&output));
}

#[test]
fn access_key_prints_a_new_pair_for_the_world_file() {
    let folder = Folder::new();
    let lines: Vec<String> = (0..2)
        .map(|_| {
            let output = run(&["access-key"]);
            assert!(output.status.success(), "{}", said(&output));
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    assert_ne!(lines[0], lines[1]);
    for line in &lines {
        let pair = line.strip_prefix("- { id: ").unwrap().strip_suffix(" }\n").unwrap();
        let (id, secret) = pair.split_once(", secret: ").unwrap();
        assert!(id.starts_with("LTAI5t") && id.len() == 24 && secret.len() == 30, "{line}");
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{line}");
    }
    let world = folder.path().join("world.yaml");
    let keys = lines.iter().map(|line| format!("      {line}")).collect::<String>();
    fs::write(&world, format!("users:\n  - name: u\n    access_keys:\n{keys}")).unwrap();
    let checked = run(&["check-world", world.to_str().unwrap()]);
    assert!(said(&checked).contains("2 access keys: no mistakes"), "{}", said(&checked));
}

/// A free port that nobody is given who asks for any: below the range of those.
fn free_port() -> SocketAddr {
    let start = 20_000 + std::process::id() % 10_000;
    let ports = (start..start + 1000).map(|port| format!("127.0.0.1:{port}").parse().unwrap());
    let mut ports = ports.filter(|port: &SocketAddr| TcpListener::bind(port).is_ok());
    ports.next().expect("a free port")
}

/// Whoever waits for the port, and finds it, may send the signal at once.
#[test]
fn a_hangup_while_the_server_starts_does_not_end_it() {
    for _ in 0..8 {
        let folder = Folder::new();
        let world = folder.path().join("world.yaml");
        fs::write(&world, WORLD).unwrap();
        let port = free_port();
        let mut command = binary();
        command.args(["serve", "--listen", &port.to_string()]).arg("--world").arg(&world);
        command.arg("--database-url").arg(format!("sqlite://{}/t.db", folder.path().display()));
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        wait_until("the port is not taken", || TcpStream::connect(port).is_ok());
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
        let mut connection = Connection::open(port);
        connection.send(&Request::new("GET", "/health").bytes(port)).unwrap();
        assert_eq!(connection.receive().status, 200);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
