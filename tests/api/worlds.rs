//! What the world file puts into the emulated cloud.

use std::{fs, path::Path};

use serde_json::json;

use crate::common::{TestServer, server::*};

const SEEDED: &str = r#"
account: "1000000000000001"
regions: [cn-beijing, cn-hangzhou]
quotas: { namespaces: 2, secrets_per_namespace: 2, keys_per_secret: 2 }
namespaces:
  - { id: "cn-beijing:test", name: test, description: "from the file", quotas: { secrets_per_namespace: 3 } }
secrets:
  - namespace: cn-beijing:test
    name: registry-auth
    type: kubernetes.io/dockerconfigjson
    registries:
      registry.cn-beijing.aliyuncs.com: { username: username, password: password }
  - { namespace: cn-beijing, name: app-config, type: Opaque, data: { k1: v1 } }
"#;

#[test]
fn secrets_and_namespaces_of_the_file_are_there() {
    let server = TestServer::start_with(SEEDED, |_| {});
    let named = [("NamespaceId", "cn-beijing:test")];
    assert_eq!(
        server.call("GET", NAMESPACE, &named).data()["NamespaceDescription"],
        "from the file"
    );
    let listed = server.list_secrets("cn-beijing:test").data();
    let id = listed["Secrets"][0]["SecretId"].as_i64().unwrap();
    let secret = server.describe_secret("cn-beijing:test", id).data();
    assert_eq!(secret["SecretName"], "registry-auth");
    let value = secret["SecretData"][".dockerconfigjson"].as_str().unwrap();
    use base64::Engine;
    let decoded = base64::engine::general_purpose::STANDARD.decode(value).unwrap();
    let decoded: serde_json::Value = serde_json::from_slice(&decoded).unwrap();
    let auth = "dXNlcm5hbWU6cGFzc3dvcmQ=";
    assert_eq!(
        decoded,
        json!({"auths": {"registry.cn-beijing.aliyuncs.com": {
        "username": "username", "password": "password", "auth": auth}}})
    );
    let listed = server.list_secrets("cn-beijing").data();
    assert_eq!(listed["Secrets"][0]["SecretName"], "app-config");
}

#[test]
fn quotas_of_the_file_hold() {
    let server = TestServer::start_with(SEEDED, |_| {});
    let data = json!({"k": "canary-not-a-secret"});
    server.create_secret("cn-hangzhou", "a", "Opaque", &data).data();
    server.create_secret("cn-hangzhou", "b", "Opaque", &data).data();
    let over = server.create_secret("cn-hangzhou", "c", "Opaque", &data);
    over.assert_error(400, "QuotaExceeded.SecretInNamespace");
    assert_eq!(over.message(), "The specified secret exceeded quota [2].");
    server.create_secret("cn-beijing:test", "b", "Opaque", &data).data();
    server.create_secret("cn-beijing:test", "c", "Opaque", &data).data();
    let over = server.create_secret("cn-beijing:test", "d", "Opaque", &data);
    assert_eq!(over.message(), "The specified secret exceeded quota [3].");
    server.create_namespace("cn-beijing:second", "n").data();
    server.create_namespace("cn-beijing:third", "n").assert_error(400, "Exceed.Namespace");
}

/// A server over a database that outlives it.
fn over(database: &Path, world: &str) -> TestServer {
    TestServer::start_with(world, |settings| {
        settings.database.database_url = format!("sqlite://{}", database.display());
    })
}

#[test]
fn a_restart_makes_what_is_missing_and_keeps_what_users_changed() {
    let folder = Folder::new();
    let database = folder.path().join("kept % # é.db");
    let (kept, lost) = {
        let server = over(&database, SEEDED);
        let kept =
            server.list_secrets("cn-beijing").data()["Secrets"][0]["SecretId"].as_i64().unwrap();
        let lost = server.list_secrets("cn-beijing:test").data()["Secrets"][0]["SecretId"]
            .as_i64()
            .unwrap();
        server.update_secret("cn-beijing", kept, &json!({"k1": "changed"})).data();
        server.delete_secret("cn-beijing:test", lost).data();
        let rename = [("NamespaceId", "cn-beijing:test"), ("NamespaceName", "renamed")];
        server.call("PUT", NAMESPACE, &rename).data();
        (kept, lost)
    };
    assert!(fs::metadata(&database).is_ok());
    let server = over(&database, SEEDED);
    assert_eq!(
        server.describe_secret("cn-beijing", kept).data()["SecretData"],
        json!({"k1": "changed"})
    );
    let again =
        server.list_secrets("cn-beijing:test").data()["Secrets"][0]["SecretId"].as_i64().unwrap();
    assert!(again > lost, "ids are not used again after a restart: {again} after {lost}");
    let named = [("NamespaceId", "cn-beijing:test")];
    assert_eq!(server.call("GET", NAMESPACE, &named).data()["NamespaceName"], "renamed");
    drop(server);

    let full = "regions: [cn-beijing]\nquotas: { secrets_per_namespace: 1 }\nsecrets:\n  \
                - { namespace: cn-beijing, name: one-too-many, data: { k: v } }\n";
    let server = over(&database, full);
    let listed = server.list_secrets("cn-beijing").data();
    assert_eq!(
        listed["Secrets"].as_array().unwrap().len(),
        1,
        "a full namespace does not stop the start"
    );
    server.list_secrets("cn-hangzhou").assert_error(404, "InvalidNamespaceId.NotFound");
}

#[test]
fn a_database_in_memory_serves_many_at_once() {
    let server = TestServer::start_with(SEEDED, |settings| {
        settings.database.database_url = "sqlite::memory:".to_owned();
    });
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(server.list_secrets("cn-beijing").status, 200);
                }
            });
        }
    });
    let id = server
        .create_secret("cn-hangzhou", "a", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    assert_eq!(
        server.describe_secret("cn-hangzhou", id).data()["SecretData"],
        json!({"k": "canary-not-a-secret"})
    );
}
