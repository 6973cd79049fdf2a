//! What comes by itself in KMS is done once, whatever is killed meanwhile.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    child::Server,
    database::{check_database, execute, number_of, texts_of},
    torture::{self, Dice},
};
use crate::common::{Request, query, server::*};

const SECRETS: i64 = 60;

const RDS: &str = r#"{"SecretSubType":"DoubleUsers","DBInstanceId":"rm-1"}"#;
const ACCOUNT: &str =
    r#"{"Accounts":[{"AccountName":"app_user","AccountPassword":"first-canary"}]}"#;
const ECS: &str = r#"{"SecretSubType":"SSHKey","RegionId":"cn-beijing","InstanceId":"i-1"}"#;
const SSH_KEYS: &str =
    r#"{"UserName":"root","PublicKey":"canary-public","PrivateKey":"canary-private"}"#;

/// A date that is past.
const PAST: i64 = 1_000;

/// Calls an operation of KMS, which answers that all went well.
#[track_caller]
pub fn call(server: &Server, action: &str, given: &[(&str, &str)]) -> Value {
    let system = [("Action", action), ("Version", "2016-01-20")];
    let request = Request::new("POST", format!("/?{}", query(&system)));
    let request = request.body("application/x-www-form-urlencoded", query(given));
    let mut connection = server.connect();
    connection.send(&request.bytes(server.address)).unwrap();
    let reply = connection.receive();
    assert_eq!(reply.status, 200, "{action}: {}", reply.text());
    reply.json()
}

/// Creates secrets that are rotated every week: so many accounts of databases, and so many SSH keys.
pub fn create(server: &Server, accounts: i64, keys: i64) {
    for number in 0..accounts + keys {
        let (name, kind, config, data) = if number < accounts {
            (format!("n{number}"), "Rds", RDS, ACCOUNT)
        } else {
            (format!("acs/ecs/n{number}"), "ECS", ECS, SSH_KEYS)
        };
        let given = [
            ("SecretName", name.as_str()),
            ("VersionId", "first"),
            ("SecretData", data),
            ("SecretType", kind),
            ("ExtendedConfig", config),
            ("EnableAutomaticRotation", "true"),
            ("RotationInterval", "7d"),
        ];
        call(server, "CreateSecret", &given);
    }
}

/// Lets the time of all of them have come.
pub fn let_all_be_due(folder: &Path) {
    execute(folder, &format!("UPDATE kms_secrets SET next_rotation_at = {PAST}"));
}

pub fn rotated(folder: &Path) -> i64 {
    number_of(
        folder,
        "SELECT count(*) AS number FROM kms_secrets WHERE last_rotation_at IS NOT NULL",
    )
}

/// Holds every secret to having been rotated wholly, once, or not at all.
#[track_caller]
pub fn none_is_half_rotated(folder: &Path) {
    let versions = "SELECT count(*) FROM kms_versions
        WHERE kms_versions.scope = s.scope AND secret_id = s.id";
    let odd = format!(
        "SELECT name AS text FROM kms_secrets s WHERE NOT (
             last_rotation_at IS NULL AND next_rotation_at = {PAST} AND ({versions}) = 1
             AND ({versions} AND number = 1 AND stages = ',ACSCurrent,') = 1
             OR next_rotation_at = last_rotation_at + 604800000 AND ({versions}) = 2
             AND ({versions} AND number = 1 AND stages = ',ACSPrevious,') = 1
             AND ({versions} AND number = 2 AND stages = ',ACSCurrent,') = 1
         )"
    );
    assert_eq!(texts_of(folder, &odd), [""; 0]);
}

/// Waits until so many are rotated.
#[track_caller]
pub fn wait_until_rotated(folder: &Path, count: i64) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while rotated(folder) < count {
        assert!(Instant::now() < deadline, "{} are rotated", rotated(folder));
        thread::sleep(Duration::from_millis(20));
    }
}

/// Holds every secret to giving out its values, of which the previous one is that of its creation.
#[track_caller]
pub fn all_give_out_both_values(server: &Server, accounts: i64) {
    for number in 0..accounts {
        let name = format!("n{number}");
        let data = |stage| {
            let given = [("SecretName", name.as_str()), ("VersionStage", stage)];
            let value = call(server, "GetSecretValue", &given);
            let data = value["SecretData"].as_str().unwrap();
            serde_json::from_str::<Value>(data).unwrap()
        };
        assert_eq!(data("ACSCurrent")["AccountName"], "app_user_clone");
        assert_eq!(data("ACSPrevious")["AccountPassword"], "first-canary");
    }
}

#[test]
fn a_kill_loses_no_rotation_and_does_none_twice() {
    let mut dice = Dice::new(torture::seed());
    let (mut kills, mut midway) = (0, 0);
    for _ in 0..torture::rounds(2) {
        let folder = Folder::with_database();
        let mut server = Server::start(folder.path());
        create(&server, SECRETS, 0);
        server.kill();
        let_all_be_due(folder.path());
        while rotated(folder.path()) < SECRETS {
            server = Server::start(folder.path());
            thread::sleep(Duration::from_millis(dice.within(0..100)));
            server.kill();
            kills += 1;
            none_is_half_rotated(folder.path());
            midway += i64::from((1..SECRETS).contains(&rotated(folder.path())));
        }
        // There is nothing left to do.
        server = Server::start(folder.path());
        thread::sleep(Duration::from_millis(1_500));
        none_is_half_rotated(folder.path());
        all_give_out_both_values(&server, SECRETS);
        check_database(folder.path());
    }
    println!("{kills} kills, {midway} of them midway");
    assert!(midway > 0, "no rotation was under way when a server was killed");
}

#[test]
fn a_server_that_stops_does_not_wait_for_what_is_due() {
    let folder = Folder::with_database();
    let mut server = Server::start(folder.path());
    create(&server, 0, 40);
    let_all_be_due(folder.path());
    wait_until_rotated(folder.path(), 1);
    let begun = Instant::now();
    server.terminate();
    assert!(server.wait().success());
    // The pair of keys that is being made is made to its end.
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    none_is_half_rotated(folder.path());
    assert!(rotated(folder.path()) < 40, "all were rotated before it stopped");
    let log = server.log();
    assert!(!log.contains("ERROR") && !log.contains("too late"), "{log}");
}

#[test]
fn what_cannot_be_rotated_is_told_once() {
    let folder = Folder::with_database();
    let server = Server::start(folder.path());
    create(&server, 5, 0);
    let damage = "UPDATE kms_versions SET payload = data_key
        WHERE secret_id = (SELECT id FROM kms_secrets WHERE name = 'n2')";
    execute(folder.path(), damage);
    let_all_be_due(folder.path());
    wait_until_rotated(folder.path(), 4);
    thread::sleep(Duration::from_millis(2_500));
    let log = server.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("cannot be rotated")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let told = "is tried again when it is due next: acs:kms:cn-beijing:1000000000000001:secret/n2 does not open";
    assert!(lines[0].contains(told) && lines[0].contains("ERROR"), "{}", lines[0]);
}

#[test]
fn what_is_due_during_an_outage_is_done_after_it_and_told_once() {
    let folder = Folder::with_database();
    let server = Server::start(folder.path());
    create(&server, 5, 0);
    execute(folder.path(), "ALTER TABLE kms_secrets RENAME TO elsewhere");
    let told = "what is due in KMS is not done now: ";
    let deadline = Instant::now() + Duration::from_secs(20);
    while !server.log().contains(told) {
        assert!(Instant::now() < deadline, "{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
    // Some passes more.
    thread::sleep(Duration::from_millis(4_000));
    execute(folder.path(), "ALTER TABLE elsewhere RENAME TO kms_secrets");
    let_all_be_due(folder.path());
    wait_until_rotated(folder.path(), 5);
    none_is_half_rotated(folder.path());
    let deadline = Instant::now() + Duration::from_secs(20);
    while !server.log().contains("what is due in KMS is done again") {
        assert!(Instant::now() < deadline, "{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.log().matches(told).count(), 1, "{}", server.log());
}
