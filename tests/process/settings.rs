//! Flags and variables as people really write them.

mod files;

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use super::{
    callers::{full, list},
    child::{Server, binary, run},
    upkeep::said,
};
use crate::common::{Request, fixture, server::*};

/// Every setting of `serve`, by flag and variable.
fn settings() -> Vec<(String, String)> {
    let help = said(&run(&["serve", "--help"]));
    let mut found = vec![];
    let mut flag = String::new();
    for line in help.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("--") {
            flag = rest.split([' ', '[', '=']).next().unwrap().to_owned();
        }
        for part in line.split("[env: ").skip(1) {
            found.push((flag.clone(), part.split(']').next().unwrap().to_owned()));
        }
    }
    assert!(found.len() >= 16, "{found:?}");
    found
}

/// What `serve` says that does not come to serve.
fn refusal(change: impl FnOnce(&mut Command)) -> String {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite::memory:"]);
    change(&mut command);
    let output: Output = command.output().unwrap();
    assert!(!output.status.success(), "{}", said(&output));
    said(&output)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn windows_line_ends_of_an_env_file_are_no_part_of_a_setting() {
    let folder = Folder::new();
    let path = folder.path();
    fs::write(path.join("master.keys"), "a:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\r\n")
        .unwrap();
    let at = |name: &str| path.join(name).display().to_string();
    let settings = [
        ("SAE_SECRET_LISTEN", "127.0.0.1:0".to_owned()),
        ("SAE_SECRET_DATABASE_URL", format!("sqlite://{}", at("s.db"))),
        ("SAE_SECRET_MASTER_KEY_FILE", at("master.keys")),
        ("SAE_SECRET_WORLD", at("world.yaml")),
        ("SAE_SECRET_AUDIT_LOG", at("audit.log")),
        ("SAE_SECRET_AUDIT_BEST_EFFORT", "true".to_owned()),
        ("SAE_SECRET_ANONYMOUS", "allow".to_owned()),
        ("SAE_SECRET_CORS_ORIGIN", "https://a.example,https://b.example".to_owned()),
        ("SAE_SECRET_RATE_LIMIT", "1000/s".to_owned()),
        ("SAE_SECRET_TLS_CERT", String::new()),
        ("RUST_LOG", "info".to_owned()),
    ];
    let server = Server::start_with(path, |command| {
        for (name, value) in &settings {
            command.env(name, format!("{value}\r"));
        }
    });
    let page = Request::new("GET", REGIONS).header("Origin", "https://b.example");
    assert_eq!(server.send(&page).header("access-control-allow-origin"), Some("https://b.example"));
    for (name, _) in &settings {
        let told = format!("{name} ends with a carriage return (\\r)");
        assert_eq!(server.log().matches(&told).count(), 1, "{name}: {}", server.log());
    }
    let found = names(path);
    assert!(
        found.contains(&"s.db".to_owned()) && found.contains(&"audit.log".to_owned()),
        "{found:?}"
    );
    assert!(found.iter().all(|name| !name.contains(char::is_control)), "{found:?}");
    let mut command = binary();
    command.args(["check-world", &at("world.yaml")]).env("SAE_SECRET_DOCKER_CONFIG", "lenient\r");
    let output = command.output().unwrap();
    assert!(
        output.status.success() && said(&output).contains("carriage return"),
        "{}",
        said(&output)
    );
}

#[test]
fn variables_of_the_world_are_taken_alike() {
    let folder = Folder::new();
    let world = folder.path().join("users.yaml");
    let secret = "testAKsecret000000000000000001";
    let text = world_with_users().replace(secret, "\"${FULL_SECRET}\"");
    fs::write(&world, text).unwrap();
    let server = Server::start_with(folder.path(), |command| {
        command.env("SAE_SECRET_WORLD", &world).env("FULL_SECRET", format!("{secret}\r"));
    });
    let mut connection = server.connect();
    connection.send(&full().sign(list(), None).bytes(server.address)).unwrap();
    connection.receive().data();
    for value in ["", "\r"] {
        let mut command = binary();
        command.arg("check-world").arg(&world).env("FULL_SECRET", value);
        let text = said(&command.output().unwrap());
        assert!(text.contains("is not set"), "{value:?}: {text}");
    }
}

#[test]
fn control_characters_are_refused_in_every_setting_and_shown_escaped() {
    let folder = Folder::new();
    for (flag, variable) in settings() {
        for control in ["\r", "\n", "\t", "\u{1b}[2J", "\u{9b}"] {
            let value = format!("a{control}b");
            let shown = control.escape_debug().to_string();
            let by_variable = refusal(|command| {
                command.current_dir(folder.path()).env(&variable, &value);
                // A flag would win.
                if variable == "SAE_SECRET_LISTEN" || variable == "SAE_SECRET_DATABASE_URL" {
                    let mut other = binary();
                    other.arg("serve").current_dir(folder.path()).env(&variable, &value);
                    *command = other;
                }
            });
            let mut command = binary();
            command.arg("serve").arg(format!("--{flag}={value}")).current_dir(folder.path());
            let by_flag = said(&command.output().unwrap());
            let mut command = binary();
            command.args(["serve", &format!("--{flag}"), &value]).current_dir(folder.path());
            let by_two_words = said(&command.output().unwrap());
            for (text, name) in [
                (by_variable, variable.clone()),
                (by_flag, format!("--{flag}")),
                (by_two_words, format!("--{flag}")),
            ] {
                assert!(text.contains(&format!("{name} holds a control character")), "{text}");
                assert!(text.contains(shown.trim_end_matches("[2J")), "{text}");
                assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            }
        }
    }
    assert_eq!(names(folder.path()), [""; 0]);
    let secret = refusal(|command| {
        command.env("SAE_SECRET_MASTER_KEY_COMMAND", "print hidden\t");
    });
    assert!(!secret.contains("hidden"), "{secret}");
    let file = said(&run(&["check-world", "world.yaml\r"]));
    assert!(file.contains("holds a control character: \"world.yaml\\r\""), "{file}");
}

#[test]
fn empty_variables_count_as_unset() {
    let folder = Folder::new();
    let mut names_of_all: Vec<String> = settings().into_iter().map(|(_, name)| name).collect();
    for name in
        ["SAE_SECRET_MASTER_KEY", "SAE_SECRET_DATABASE_PASSWORD", "RUST_LOG", "SAE_SECRET_URL"]
    {
        names_of_all.push(name.to_owned());
    }
    let server = Server::start_with(folder.path(), |command| {
        for name in &names_of_all {
            command.env(name, "");
        }
        // The port of the default is anybody's.
        command.current_dir(folder.path()).args(["--listen", "127.0.0.1:0"]);
    });
    assert_eq!(server.call("GET", REGIONS, &[]).status, 200);
    let found = names(folder.path());
    assert!(found.contains(&"sae-secret.db".to_owned()), "{found:?}");
    assert!(found.contains(&"sae-secret.db.key".to_owned()), "{found:?}");
}

#[test]
fn messages_name_the_variable_that_was_set() {
    for (name, value, reason) in [
        ("SAE_SECRET_DOCKER_CONFIG", "maybe", "strict, lenient"),
        ("SAE_SECRET_ANONYMOUS", "perhaps", "allow, deny"),
        ("SAE_SECRET_RATE_LIMIT", "50", "such as 50/s"),
        ("SAE_SECRET_AUDIT_BEST_EFFORT", "perhaps", "perhaps"),
        ("SAE_SECRET_AUDIT_BEST_EFFORT", "true", "needs --audit-log"),
        ("SAE_SECRET_NOOP_ENDPOINT", "perhaps", "perhaps"),
        ("SAE_SECRET_LOG_FORMAT", "xml", "text, json"),
        ("SAE_SECRET_TRUSTED_PROXY", "proxy.example", "neither an IP address"),
        ("SAE_SECRET_CORS_ORIGIN", "https://a.example/", "is no origin"),
        ("SAE_SECRET_ALLOWED_HOST", "*", "is no host name"),
        ("SAE_SECRET_TLS_KEY", "key.pem", "--tls-cert is missing"),
        ("SAE_SECRET_MASTER_KEY_COMMAND", "no-such-program", "No such file"),
        ("SAE_SECRET_MASTER_KEY", "nothing", "line 1 is not of the form"),
    ] {
        let text = refusal(|command| {
            command.env(name, value);
        });
        assert!(text.contains(name) && text.contains(reason), "{name}: {text}");
    }
    for (name, value, reason) in [
        ("SAE_SECRET_LISTEN", "nowhere", "the port is missing"),
        ("SAE_SECRET_DATABASE_URL", "mysql://root:hidden@host/db", "no database address"),
    ] {
        let output = binary().arg("serve").env(name, value).output().unwrap();
        let text = said(&output);
        assert!(!output.status.success() && text.contains(name) && text.contains(reason), "{text}");
        assert!(!text.contains("hidden"), "{text}");
    }
    // A flag wins over its variable, whatever that says.
    let text = refusal(|command| {
        command.env("SAE_SECRET_ANONYMOUS", "perhaps").args(["--anonymous", "never"]);
    });
    assert!(text.contains("'never' for '--anonymous"), "{text}");
    let text = refusal(|command| {
        command.env("SAE_SECRET_LISTEN", "nowhere").args(["--world", "no-such-file.yaml"]);
    });
    assert!(text.contains("no-such-file.yaml") && !text.contains("nowhere"), "{text}");
}

#[test]
fn a_setting_that_is_not_utf8_is_named() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let folder = Folder::new();
    let bytes = OsStr::from_bytes(b"s\xFF");
    let paths = ["world", "audit-log", "tls-cert", "tls-key", "master-key-file"];
    let serve = |change: &dyn Fn(&mut Command)| {
        let mut command = binary();
        change(command.arg("serve").current_dir(folder.path()));
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (flag, variable) in settings() {
        if paths.contains(&&*flag) || flag == "database-password-file" {
            continue;
        }
        let text = serve(&|command| {
            command.env(&variable, bytes);
        });
        assert!(text.contains(&format!("{variable}: it is not UTF-8")), "{text}");
        let flag = format!("--{flag}");
        let mut whole = std::ffi::OsString::from(format!("{flag}="));
        whole.push(bytes);
        // Behind a path, which need not be UTF-8.
        let text = serve(&|command| {
            command.arg("--world").arg(bytes).arg(&whole);
        });
        // Where only some words will do, the parser says so of any other.
        let is_told = text.contains(&format!("{flag}: it is not UTF-8"))
            || text.contains(&format!("for '{flag}"));
        assert!(is_told, "{text}");
    }
    let text = serve(&|command| {
        command.args(["--listen", "127.0.0.1:0"]).env("SAE_SECRET_WORLD", bytes);
    });
    assert!(text.contains("--world (SAE_SECRET_WORLD)") && text.contains("No such file"), "{text}");
}

#[test]
fn texts_are_not_taken_for_paths() {
    let folder = Folder::new();
    for url in ["sqlite://:memory:", "sqlite:///:memory:"] {
        let _server = Server::start_with(folder.path(), |command| {
            command.args(["--database-url", url]).current_dir(folder.path());
        });
        assert_eq!(names(folder.path()), ["world.yaml"], "{url} is in memory");
    }
    for url in ["sqlite://s.db?mode=rwc", "sqlite://:memory:?cache=shared", "sqlite://?"] {
        let output = binary()
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", url])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = said(&output);
        assert!(!output.status.success() && text.contains("takes no parameters"), "{url}: {text}");
    }
    assert_eq!(names(folder.path()), ["world.yaml"]);
}

#[test]
fn names_are_listened_on_and_what_is_missing_is_said() {
    let folder = Folder::new();
    let server = Server::start_with(folder.path(), |command| {
        command.args(["--listen", "localhost:0"]);
    });
    assert_eq!(server.address.ip().to_string(), "127.0.0.1");
    assert_eq!(server.call("GET", "/health", &[]).status, 200);
    // One that is taken is not passed over for the other address of the name.
    let taken = format!("localhost:{}", server.address.port());
    for (value, part) in [
        (":8080", "the address is missing: 127.0.0.1:8080"),
        ("8080", "the address is missing"),
        ("localhost", "the port is missing, as in localhost:8080"),
        ("::1:8080", "an IPv6 address stands in brackets"),
        (
            "no-such-host.invalid:8080",
            "cannot listen on no-such-host.invalid:8080: failed to lookup",
        ),
        (&taken, "Address already in use"),
    ] {
        let output = run(&["serve", "--database-url", "sqlite::memory:", "--listen", value]);
        let text = said(&output);
        assert!(!output.status.success() && text.contains(part), "{value}: {text}");
    }
}

#[test]
fn healthcheck_looks_where_the_server_s_own_variables_say() {
    let folder = Folder::new();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    fs::write(&chain, fixture("tls/listener/one.crt")).unwrap();
    fs::write(&key, fixture("tls/listener/one.key")).unwrap();
    for with_tls in [false, true] {
        let mut variables = vec![("SAE_SECRET_LISTEN", "0.0.0.0:0".to_owned())];
        if with_tls {
            variables.push(("SAE_SECRET_TLS_CERT", chain.display().to_string()));
            variables.push(("SAE_SECRET_TLS_KEY", key.display().to_string()));
        }
        let server = Server::start_with(folder.path(), |command| {
            command.args(["--database-url", "sqlite::memory:"]).envs(variables.clone());
        });
        variables[0].1 = format!("0.0.0.0:{}", server.address.port());
        let check = |more: &[(&str, &str)]| {
            let mut command = binary();
            command.arg("healthcheck").envs(variables.clone()).envs(more.iter().copied());
            command.output().unwrap()
        };
        let output = check(&[("SAE_SECRET_URL", "")]);
        assert!(output.status.success(), "{with_tls}: {}", said(&output));
        let output = check(&[("SAE_SECRET_URL", "http://127.0.0.1:1")]);
        let text = said(&output);
        assert!(!output.status.success() && text.contains("http://127.0.0.1:1 does"), "{text}");
        drop(server);
        let scheme = if with_tls { "https" } else { "http" };
        let text = said(&check(&[]));
        let address = variables[0].1.replace("0.0.0.0", "127.0.0.1");
        assert!(text.contains(&format!("{scheme}://{address} does not answer")), "{text}");
    }
    let output = binary().arg("healthcheck").env("SAE_SECRET_LISTEN", ":80").output().unwrap();
    assert!(said(&output).contains("SAE_SECRET_LISTEN"), "{}", said(&output));
}

#[test]
fn a_flag_of_healthcheck_wins_over_the_variables_of_all_others() {
    let folder = Folder::new();
    let server = Server::start(folder.path());
    let (ready, nowhere) = (server.address.to_string(), "127.0.0.1:1");
    let url = |address: &str| format!("http://{address}");
    let check = |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = binary();
        command.arg("healthcheck").args(arguments).envs(variables.iter().copied());
        command.output().unwrap()
    };
    let listen = ["--listen", nowhere];
    let output = check(&listen, &[("SAE_SECRET_URL", &url(&ready))]);
    let text = said(&output);
    assert!(!output.status.success() && text.contains("http://127.0.0.1:1 does not"), "{text}");
    // What is not asked for is not read.
    let junk = [("SAE_SECRET_LISTEN", "junk"), ("SAE_SECRET_URL", &url(&ready))];
    let output = check(&[], &junk);
    assert!(output.status.success(), "{}", said(&output));
    let output = check(&["--url", &url(&ready)], &junk[..1]);
    assert!(output.status.success(), "{}", said(&output));
    let both = said(&check(&["--listen", nowhere, "--url", &url(&ready)], &[]));
    assert!(both.contains("cannot be used with"), "{both}");
    for address in [
        format!("http://u:hunter2@{ready}"),
        format!("http://u:hunter2@{ready}/path"),
        format!("u:hunter2@{ready}"),
        format!("http://u:hunter2@{ready}\t"),
        format!("http://u:hunter2/x@{ready}"),
    ] {
        let by_variable = check(&[], &[("SAE_SECRET_URL", &address)]);
        for output in [check(&["--url", &address], &[]), by_variable] {
            let text = said(&output);
            assert!(!output.status.success() && !text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn the_master_key_of_the_compose_file_is_warned_of() {
    let compose = include_str!("../../docker-compose.yml");
    let key = "development:ZGV2ZWxvcG1lbnQgb25seSwgbm90IGEgc2VjcmV0ISE=";
    assert!(compose.contains(key), "it is the key of the compose file");
    for (key, is_known) in
        [(key, true), ("own:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", false)]
    {
        let folder = Folder::new();
        let server = Server::start_with(folder.path(), |command| {
            command.env("SAE_SECRET_MASTER_KEY", key);
        });
        let is_told = server.log().contains("the master key is that of docker-compose.yml");
        assert_eq!(is_told, is_known, "{}", server.log());
    }
}

#[test]
fn health_checks_that_go_well_are_not_logged() {
    let folder = Folder::new();
    let mut server = Server::start(folder.path());
    for path in ["/health", "/ready"] {
        assert_eq!(server.call("GET", path, &[]).status, 200);
    }
    fs::rename(folder.path().join("test.db"), folder.path().join("away.db")).unwrap();
    assert_eq!(server.call("GET", "/ready", &[]).status, 503);
    server.call("GET", "/metrics", &[]);
    server.terminate();
    server.wait();
    let log = server.log();
    let logged = |operation: &str| log.matches(&format!("operation={operation} ")).count();
    assert_eq!((logged("Health"), logged("Ready"), logged("Metrics")), (0, 1, 1), "{log}");
}
