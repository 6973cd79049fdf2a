//! Backups: taken while the server goes on, and put back only when all of it can be opened.

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::json;

use super::{
    child::{Server, binary},
    torture,
    upkeep::{done, refused, said, url},
};
use crate::common::{Request, server::*};

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|it| it.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

fn stop(server: &mut Server) {
    server.terminate();
    assert!(server.wait().success());
}

#[test]
fn a_backup_is_one_moment_and_can_be_put_back() {
    let folder = Folder::new();
    let path = folder.path();
    let (first, second) = (path.join("first.db"), path.join("second.db"));
    let (first, second) = (first.to_str().unwrap(), second.to_str().unwrap());
    let mut server = Server::start(path);
    let id = server.create("cn-beijing:test", "n", &json!({"k": "before"})).secret_id();
    assert!(done(path, &["backup", first]).contains("is written"));
    let body =
        json!({"NamespaceId": "cn-beijing:test", "SecretId": id, "SecretData": {"k": "after"}});
    server.send(&Request::new("PUT", SECRET).json(&body)).data();
    let later = server.create("cn-beijing:test", "later", &json!({"k": "v"})).secret_id();
    done(path, &["keys", "rotate"]);
    done(path, &["backup", second]);
    let report = refused(path, &["restore", "--force", first]);
    assert!(report.contains("open: stop the server first"), "{report}");
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "after");
    stop(&mut server);
    let report = refused(path, &["restore", first]);
    assert!(report.contains("is there already, and --force was not given"), "{report}");

    for (file, value, count) in [(first, "before", 1), (second, "after", 2), (first, "before", 1)] {
        let said = done(path, &["restore", "--force", file]);
        assert!(said.contains(&format!("restored; opened {count} secret")), "{said}");
        done(path, &["verify"]);
        let mut server = Server::start(path);
        assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], value);
        let status = server.describe("cn-beijing:test", later).status;
        assert_eq!(status, if count == 1 { 400 } else { 200 });
        stop(&mut server);
    }
    fs::remove_file(path.join("test.db")).unwrap();
    assert!(done(path, &["restore", first]).contains("restored; opened 1 secret and 1 key"));
    let left = ["first.db", "second.db", "test.db", "test.db.key", "world.yaml"];
    assert_eq!(names(path), left, "nothing else is left behind");
}

/// A world with a secret that a key of KMS encrypts, and one that none does.
const KMS: &str = "
regions: [cn-beijing]
kms:
  keys: [{ alias: alias/app }]
  secrets:
    - { name: sealed, data: canary-sealed, key: alias/app }
    - { name: plain, data: canary-plain }
";

#[test]
fn what_the_world_puts_into_kms_is_in_a_backup() {
    let folder = Folder::new();
    let path = folder.path();
    let world = path.join("kms.yaml");
    fs::write(&world, KMS).unwrap();
    let start = || {
        Server::start_with(path, |command| {
            command.env("SAE_SECRET_WORLD", &world);
        })
    };
    let call = |server: &Server, parameters: &str| {
        let target = format!("/?Version=2016-01-20&{parameters}");
        let mut connection = server.connect();
        connection.send(&Request::new("GET", target).bytes(server.address)).unwrap();
        let reply = connection.receive();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    };
    let value = |server: &Server, name: &str| {
        let value = call(server, &format!("Action=GetSecretValue&SecretName={name}"));
        (value["SecretData"].as_str().unwrap().to_owned(), value["VersionId"].clone())
    };
    let key = |server: &Server| {
        let described = call(server, "Action=DescribeKey&KeyId=alias/app");
        described["KeyMetadata"]["KeyId"].clone()
    };
    let file = path.join("copy.db");
    let file = file.to_str().unwrap();

    let mut server = start();
    let first = key(&server);
    call(&server, "Action=PutSecretValue&SecretName=sealed&VersionId=v2&SecretData=canary-later");
    done(path, &["keys", "rotate"]);
    done(path, &["backup", file]);
    call(&server, "Action=PutSecretValue&SecretName=sealed&VersionId=v3&SecretData=canary-last");
    done(path, &["verify"]);
    stop(&mut server);

    let said = done(path, &["restore", "--force", file]);
    assert!(said.contains("restored; opened "), "{said}");
    assert!(done(path, &["verify"]).ends_with("0 faults\n"));
    let mut server = start();
    assert_eq!(value(&server, "sealed"), ("canary-later".to_owned(), json!("v2")));
    assert_eq!(value(&server, "plain"), ("canary-plain".to_owned(), json!("v1")));
    assert_eq!(key(&server), first);
    stop(&mut server);
}

#[test]
fn backups_are_whole_while_others_write() {
    let folder = Folder::new();
    let path = folder.path();
    let server = Server::start(path);
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let _ends = torture::ends(&ended);
        let (server, ended) = (&server, &ended);
        scope.spawn(move || {
            for number in 0.. {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let name = format!("n{number}");
                let id = server.create("cn-beijing:test", &name, &json!({"k": "v"})).secret_id();
                let parameters =
                    [("NamespaceId", "cn-beijing:test"), ("SecretId", &id.to_string())];
                if number % 2 == 0 {
                    server.call("DELETE", SECRET, &parameters).data();
                }
                if number > 150 {
                    server.call("DELETE", SECRET, &parameters);
                }
            }
        });
        for number in 0..5 {
            thread::sleep(Duration::from_millis(100));
            let file = path.join(format!("{number}.db"));
            done(path, &["backup", file.to_str().unwrap()]);
            let copy = format!("sqlite://{}", file.display());
            let key = path.join("test.db.key");
            let checked =
                ["verify", "--database-url", &copy, "--master-key-file", key.to_str().unwrap()];
            assert!(done(path, &checked).ends_with("0 faults\n"));
        }
    });
}

#[test]
fn what_is_in_the_way_of_a_backup_stays() {
    let folder = Folder::new();
    let path = folder.path();
    drop(Server::start(path));
    let file = |name: &str| path.join(name).display().to_string();
    fs::write(path.join("there"), "mine").unwrap();
    symlink(path.join("nowhere"), path.join("link")).unwrap();
    for (target, complaint) in [
        (file("there"), "is there already"),
        (file("link"), "is there already"),
        (file("test.db"), "is there already"),
        (path.display().to_string(), "is there already"),
        (file("no/such/folder"), "No such file"),
        (file("test.db-wal"), "the database's own log"),
        (file("test.db-journal"), "the database's own log"),
    ] {
        let report = refused(path, &["backup", &target]);
        assert!(report.contains(complaint), "{target}: {report}");
    }
    assert_eq!(fs::read_to_string(path.join("there")).unwrap(), "mine");
    assert!(!names(path).iter().any(|name| name.contains("partial")), "{:?}", names(path));
}

#[test]
fn a_backup_that_does_not_open_replaces_nothing() {
    let folder = Folder::new();
    let path = folder.path();
    let mut server = Server::start(path);
    server.create("cn-beijing:test", "n", &json!({"k": "v"})).data();
    let file = |name: &str| path.join(name).display().to_string();
    done(path, &["backup", &file("good.db")]);
    stop(&mut server);
    let good = fs::read(path.join("good.db")).unwrap();
    let spoil = |name: &str, sql: &str| {
        fs::write(path.join(name), &good).unwrap();
        let mut rows = SqliteConnection::establish(&file(name)).unwrap();
        rows.batch_execute(sql).unwrap();
    };
    spoil("blob.db", "UPDATE secrets SET payload = zeroblob(40)");
    spoil("count.db", "UPDATE namespaces SET secret_count = 9 WHERE id = 'cn-beijing:test'");
    spoil("counter.db", "UPDATE counters SET value = 0 WHERE name = 'secret_id'");
    spoil("reference.db", "PRAGMA foreign_keys = OFF; DELETE FROM namespaces");
    spoil("key.db", "UPDATE keys SET wrapped = zeroblob(61)");
    spoil("nokey.db", "UPDATE keys SET is_current = FALSE");
    spoil("newer.db", "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000000')");
    fs::write(path.join("cut.db"), &good[..good.len() / 2]).unwrap();
    let mut flipped = good.clone();
    flipped[4096..4196].fill(0xAA);
    fs::write(path.join("page.db"), flipped).unwrap();
    fs::write(path.join("text.db"), "no database at all ".repeat(300)).unwrap();
    fs::write(path.join("empty.db"), "").unwrap();
    let mut foreign = SqliteConnection::establish(&file("foreign.db")).unwrap();
    let contacts = "CREATE TABLE contacts (name TEXT); CREATE TABLE secrets (id BIGINT)";
    foreign.batch_execute(contacts).unwrap();
    spoil("nothing.db", "DELETE FROM __diesel_schema_migrations");
    spoil("lost.db", "PRAGMA foreign_keys = OFF; DELETE FROM keys");
    fs::write(path.join("used.db"), &good).unwrap();
    fs::write(path.join("used.db-wal"), "a log").unwrap();
    fs::write(path.join("torn.db"), &good).unwrap();
    fs::write(path.join("torn.db-journal"), "a journal").unwrap();
    assert!(Command::new("mkfifo").arg(path.join("pipe")).status().unwrap().success());
    let before = fs::read(path.join("test.db")).unwrap();
    for (name, complaint) in [
        ("blob.db", "do not open"),
        ("count.db", "counts 9 secrets and has 1"),
        ("counter.db", "the last number given is 0"),
        ("reference.db", "refers to nothing"),
        ("key.db", "is another one than the one that sealed"),
        ("nokey.db", "no key of the database is the current one"),
        ("newer.db", "newer version"),
        ("cut.db", "malformed"),
        ("page.db", "malformed"),
        ("empty.db", "no database of this program"),
        ("foreign.db", "no database of this program"),
        ("nothing.db", "no database of this program"),
        ("lost.db", "it has sealed secrets and no keys"),
        ("text.db", "not a database"),
        ("used.db", "it has a log beside it, as a database in use has"),
        ("torn.db", "it has a log beside it, as a database in use has"),
        ("pipe", "it is no file"),
        ("missing.db", "No such file"),
        (".", "is no file"),
    ] {
        let report = refused(path, &["restore", "--force", &file(name)]);
        assert!(report.contains(complaint), "{name}: {report}");
        assert!(fs::read(path.join("test.db")).unwrap() == before, "{name}");
    }
    let mut command = binary();
    command.args(["restore", "--force", &file("good.db"), "--database-url", &url(path)]);
    let output =
        command.env("SAE_SECRET_MASTER_KEY", format!("local:{}=", "A".repeat(43))).output();
    assert!(said(&output.unwrap()).contains("is another one than the one that sealed"));
    assert!(fs::read(path.join("test.db")).unwrap() == before);
    assert!(!names(path).iter().any(|name| name.contains("restoring")), "{:?}", names(path));
    done(path, &["verify"]);
}

#[test]
fn a_wrong_bit_in_the_schema_is_refused_and_ends_every_command() {
    let folder = Folder::new();
    let path = folder.path();
    let mut server = Server::start(path);
    for name in ["a", "b", "c"] {
        server.create("cn-beijing:test", name, &json!({"k": "v"})).data();
    }
    let file = |name: &str| path.join(name).display().to_string();
    done(path, &["backup", &file("flipped.db")]);
    stop(&mut server);
    // By this word the numbers of secrets are those of the rows. Without it none is read, and the rows have no order.
    let mut bytes = fs::read(path.join("flipped.db")).unwrap();
    let declared = b"INTEGER NOT NULL PRIMARY KEY";
    // Also where the text stands no more for what there is, as after a page was divided.
    let found: Vec<usize> = bytes
        .windows(declared.len())
        .enumerate()
        .filter_map(|(at, window)| (window == declared).then_some(at))
        .collect();
    assert!(!found.is_empty());
    for at in found {
        bytes[at + 3] ^= 0x10;
    }
    fs::write(path.join("flipped.db"), &bytes).unwrap();
    fs::remove_file(path.join("test.db")).unwrap();
    // As a killed restore leaves them.
    let left = format!("test.db.partial-{}", "0".repeat(32));
    for suffix in ["", "-wal", "-shm"] {
        fs::write(path.join(format!("{left}{suffix}")), "").unwrap();
    }
    let ends = |arguments: &[&str]| {
        let mut command = Command::new("timeout");
        command.args(["60", env!("CARGO_BIN_EXE_sae-secret")]).args(arguments);
        command.args(["--master-key-file", &file("test.db.key")]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        said(&output)
    };
    let report = ends(&["restore", &file("flipped.db"), "--database-url", &url(path)]);
    assert!(report.contains("the backup is not sound, and nothing was replaced"), "{report}");
    assert_eq!(names(path), ["flipped.db", "test.db.key", "world.yaml"]);
    let flipped = format!("sqlite://{}", file("flipped.db"));
    ends(&["verify", "--database-url", &flipped]);
    ends(&["keys", "rotate", "--database-url", &flipped]);
}

#[test]
fn a_backup_replaces_even_what_is_no_database_any_more() {
    let folder = Folder::new();
    let path = folder.path();
    let mut server = Server::start(path);
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    let backup = path.join("backup.db").display().to_string();
    done(path, &["backup", &backup]);
    server.kill();
    for name in ["test.db", "test.db-wal"] {
        fs::write(path.join(name), "spoiled".repeat(1000)).unwrap();
    }
    done(path, &["restore", "--force", &backup]);
    let mut server = Server::start(path);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
    // A log that has lost its database is kept, and out of the way of the new one.
    server.create("cn-beijing:test", "in the log", &json!({"k": "v"}));
    server.kill();
    fs::remove_file(path.join("test.db")).unwrap();
    done(path, &["restore", &backup]);
    // As the one that was spoiled is.
    let aside = |start: &str| names(path).iter().filter(|name| name.starts_with(start)).count();
    assert_eq!(aside("test.db-wal.replaced-"), 1, "{:?}", names(path));
    assert_eq!(aside("test.db.replaced-"), 1, "{:?}", names(path));
    // And so is another program's.
    fs::remove_file(path.join("test.db")).unwrap();
    let mut foreign = SqliteConnection::establish(path.join("test.db").to_str().unwrap()).unwrap();
    foreign.batch_execute("CREATE TABLE orders (number)").unwrap();
    drop(foreign);
    done(path, &["restore", "--force", &backup]);
    assert_eq!(aside("test.db.replaced-"), 2, "{:?}", names(path));
    let server = Server::start(path);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
}

#[test]
fn a_full_disk_leaves_no_half_backup() {
    let folder = Folder::new();
    let path = folder.path();
    let server = Server::start(path);
    let body = json!({
        "NamespaceId": "cn-beijing:test", "SecretName": "n", "SecretType": "Opaque",
        "SecretData": {"k": "x".repeat(900_000)},
    });
    let id = server.send(&Request::new("POST", SECRET).json(&body)).secret_id();
    let small = path.join("small");
    fs::create_dir(&small).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
        .arg(&small)
        .status();
    assert!(mounted.is_ok_and(|status| status.success()), "a small file system can be mounted");
    let report = refused(path, &["backup", small.join("backup.db").to_str().unwrap()]);
    let left = names(&small);
    assert!(Command::new("umount").arg(&small).status().unwrap().success());
    assert!(report.contains("full"), "{report}");
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(server.describe("cn-beijing:test", id).status, 200);
}

#[test]
fn a_database_in_memory_has_no_upkeep() {
    let folder = Folder::new();
    let file = folder.path().join("x.db").display().to_string();
    for arguments in [&["verify"][..], &["backup", &file], &["restore", &file], &["keys", "list"]] {
        let mut command = binary();
        let output = command.args(arguments).args(["--database-url", "sqlite::memory:"]).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("in memory"), "{}", said(&output));
    }
    for arguments in [&["verify"][..], &["keys", "list"], &["backup", &file]] {
        assert!(refused(folder.path(), arguments).contains("there is no such file"));
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}

#[test]
fn a_backup_needs_no_master_key() {
    let folder = Folder::new();
    let path = folder.path();
    drop(Server::start(path));
    let file = |name: &str| path.join(name).display().to_string();
    fs::rename(path.join("test.db.key"), path.join("elsewhere")).unwrap();
    done(path, &["backup", &file("one.db")]);
    done(path, &["backup", &file("two.db"), "--master-key-file", &file("no-such-file")]);
    done(path, &["backup", &file("three.db"), "--master-key-command", "false"]);
    done(path, &["verify", "--database-url", &url(path), "--master-key-file", &file("elsewhere")]);
}

#[test]
fn links_lead_to_the_database_itself() {
    let folder = Folder::new();
    let path = folder.path();
    let real = path.join("real");
    fs::create_dir(&real).unwrap();
    symlink(real.join("data.db"), path.join("test.db")).unwrap();
    fs::write(real.join("data.db"), "").unwrap();
    let mut server = Server::start(path);
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    assert!(real.join("data.db.key").exists() && real.join("data.db-wal").exists());
    let backup = path.join("backup.db").display().to_string();
    done(path, &["backup", &backup]);
    // The link to a database in use is no backup either.
    let report = refused(path, &["restore", "--force", path.join("test.db").to_str().unwrap()]);
    assert!(report.contains("it has a log beside it"), "{report}");
    let report = refused(path, &["restore", "--force", &backup]);
    assert!(report.contains("open: stop the server first"), "{report}");
    server.create("cn-beijing:test", "later", &json!({"k": "v"})).data();
    stop(&mut server);
    done(path, &["restore", "--force", &backup]);
    assert!(fs::symlink_metadata(path.join("test.db")).unwrap().is_symlink());
    let server = Server::start(path);
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
    let listed = server.call("GET", SECRETS, &[("NamespaceId", "cn-beijing:test")]).data();
    assert_eq!(listed["Secrets"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_looked_at_is_not_replaced() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let folder = Folder::new();
    let path = folder.path();
    let server = Server::start(path);
    let id = server.create("cn-beijing:test", "n", &json!({"k": "v"})).secret_id();
    let backup = path.join("backup.db");
    done(path, &["backup", backup.to_str().unwrap()]);
    // Another user, who may write into the folder and not open the database.
    assert_eq!(fs::metadata("/proc/self").unwrap().uid(), 0, "this test has to be run as root");
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    for file in [&backup, &path.join("test.db.key")] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
    }
    let copy = path.join("sae-secret");
    fs::copy(env!("CARGO_BIN_EXE_sae-secret"), &copy).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--clear-groups"]).arg(&copy).args(["restore", "--force"]);
    let output = command.arg(&backup).args(["--database-url", &url(path)]).output().unwrap();
    assert!(!output.status.success());
    assert!(said(&output).contains("unable to open database file"), "{}", said(&output));
    assert_eq!(server.describe("cn-beijing:test", id).data()["SecretData"]["k"], "v");
    drop(server);
    // And what root restores belongs to whom the database belongs.
    chown(path.join("test.db"), Some(65534), Some(65534)).unwrap();
    done(path, &["restore", "--force", backup.to_str().unwrap()]);
    let owner = fs::metadata(path.join("test.db")).unwrap();
    assert_eq!((owner.uid(), owner.gid(), owner.mode() & 0o777), (65534, 65534, 0o600));
}

#[test]
fn a_name_that_looks_like_an_address_is_a_name() {
    let folder = Folder::new();
    let path = folder.path();
    let server = Server::start(path);
    server.create("cn-beijing:test", "n", &json!({"k": "v"})).data();
    for name in ["file:nightly.db", "file:x?cache=private", ":memory:", "a b%20?#.db", "-x.db"] {
        let mut command = binary();
        command.current_dir(path).args(["backup", "--database-url", &url(path), "--", name]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{name}: {}", said(&output));
        assert!(fs::metadata(path.join(name)).unwrap().len() > 4096, "{name} is a whole backup");
    }
    assert!(!names(path).iter().any(|name| name.contains("partial")), "{:?}", names(path));
}

#[test]
fn what_a_killed_command_left_is_removed() {
    let folder = Folder::new();
    let path = folder.path();
    drop(Server::start(path));
    let name = |digit: &str| path.join(format!("test.db.partial-{}", digit.repeat(32)));
    let left = name("0");
    fs::write(&left, "values in clear, of a backup of the first version").unwrap();
    // One that another process is at work on stays: it holds the lock. And so does what SQLite keeps beside it.
    let used = name("1");
    fs::write(&used, "").unwrap();
    let journal = std::path::PathBuf::from(format!("{}-journal", used.display()));
    fs::write(&journal, "").unwrap();
    let mut holder = Command::new("flock").arg(&used).args(["sleep", "60"]).spawn().unwrap();
    let is_held =
        || !Command::new("flock").arg("-n").arg(&used).arg("true").status().unwrap().success();
    super::audit::wait_until("the lock is held", is_held);
    let server = Server::start(path);
    let (gone, kept) = (!left.exists(), used.exists() && journal.exists());
    drop(holder.kill());
    drop(holder.wait());
    drop(server);
    assert!(gone && kept, "{:?}", names(path));
}
