//! What the types of secrets demand of their data.

use sae_secret::settings::DockerConfigChoice;
use serde_json::{Value, json};

use crate::common::{Reply, TestServer, fixture, server::WORLD};

const DOCKER: &str = "kubernetes.io/dockerconfigjson";
const TLS: &str = "kubernetes.io/tls";
const CANARY: &str = "CANARYPASS";

fn base64(text: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(text)
}

fn entry(username: &str, password: &str) -> Value {
    json!({"username": username, "password": password, "auth": base64(&format!("{username}:{password}"))})
}

fn docker(server: &TestServer, name: &str, config: &Value) -> Reply {
    let value = base64(&config.to_string());
    server.create_secret("cn-beijing:test", name, DOCKER, &json!({ ".dockerconfigjson": value }))
}

#[test]
fn good_docker_configurations_are_kept_verbatim() {
    let server = TestServer::start_with(
        &WORLD.replace("secrets_per_namespace: 100", "secrets_per_namespace: 1000"),
        |_| {},
    );
    for (index, registry) in [
        "registry.cn-beijing.aliyuncs.com",
        "localhost",
        "localhost:5000",
        "127.0.0.1:5000",
        "[::1]:5000",
        "registry.example.com/team",
        "registry.example.com:443/team/app",
        "https://index.docker.io/v1/",
        "http://registry.example.com",
        "*.example.com",
        "REGISTRY.example.com",
    ]
    .iter()
    .enumerate()
    {
        let mut one = entry("user", "pass:with:colons");
        one["email"] = json!("user@example.com");
        let config = json!({"auths": {*registry: one}, "credHelpers": {}});
        let id = docker(&server, &format!("n{index}"), &config).secret_id();
        let stored = server.describe_secret("cn-beijing:test", id).data();
        assert_eq!(
            stored["SecretData"][".dockerconfigjson"],
            base64(&config.to_string()),
            "{registry}"
        );
    }
}

#[test]
fn auth_may_be_without_padding() {
    let server = TestServer::start();
    for (name, password) in [("one", "passw"), ("two", "passwo"), ("none", "passwor")] {
        let mut unpadded = entry("user", password);
        let auth = unpadded["auth"].as_str().unwrap().trim_end_matches('=').to_owned();
        unpadded["auth"] = json!(auth);
        let config = json!({"auths": {"r.example.com": unpadded}});
        docker(&server, name, &config).data();
        if auth.len() % 4 == 2 {
            unpadded["auth"] = json!(format!("{auth}="));
            let half = docker(&server, "half", &json!({"auths": {"r.example.com": unpadded}}));
            half.assert_error(400, "InvalidParameter.WithMessage");
        }
    }
}

#[test]
fn bad_docker_configurations_name_registry_and_field_and_never_the_value() {
    let server = TestServer::start();
    let good = || entry("CANARYUSER", CANARY);
    let without = |field: &str| {
        let mut entry = good();
        entry.as_object_mut().unwrap().remove(field);
        entry
    };
    let with = |field: &str, value: Value| {
        let mut entry = good();
        entry[field] = value;
        entry
    };
    let one = |entry: Value| json!({"auths": {"ok.example.com": good(), "bad.example.com": entry}});
    for (config, parts) in [
        (json!([]), vec!["object"]),
        (json!({}), vec!["auths"]),
        (json!({"auths": {}}), vec!["auths"]),
        (json!({"auths": []}), vec!["auths"]),
        (json!({"auths": {"a b": good()}}), vec!["registry"]),
        (json!({"auths": {"": good()}}), vec!["registry"]),
        (json!({"auths": {"host:99999": good()}}), vec!["registry"]),
        (json!({"auths": {"CANARYUSER:CANARYPASS": good()}}), vec!["registry number 1", "port"]),
        (json!({"auths": {"ftp://CANARYUSER:CANARYPASS": good()}}), vec!["registry number 1"]),
        (one(json!("x")), vec!["bad.example.com"]),
        (one(without("username")), vec!["bad.example.com", "username"]),
        (one(without("password")), vec!["bad.example.com", "password"]),
        (one(without("auth")), vec!["bad.example.com", "auth"]),
        (one(with("auth", json!("!!!"))), vec!["bad.example.com", "auth"]),
        (one(with("auth", json!(base64("CANARYUSER:other")))), vec!["bad.example.com", "auth"]),
        (one(with("password", json!(17))), vec!["bad.example.com", "password"]),
        (one(with("username", json!("a:b"))), vec!["bad.example.com", "username"]),
    ] {
        let reply = docker(&server, "n", &config);
        reply.assert_error(400, "InvalidParameter.WithMessage");
        let message = reply.message();
        assert!(
            message.starts_with("The parameter is invalid {SecretData}: .dockerconfigjson"),
            "{message}"
        );
        assert!(parts.iter().all(|part| message.contains(part)), "{config}: {message}");
        for hidden in [CANARY, "CANARYUSER", &base64(&format!("CANARYUSER:{CANARY}"))] {
            assert!(!message.contains(hidden), "{message}");
        }
    }
    for value in ["not base64!", "e30", "/w=="] {
        let data = json!({ ".dockerconfigjson": value });
        server
            .create_secret("cn-beijing:test", "n", DOCKER, &data)
            .assert_error(400, "InvalidParameter.WithMessage");
    }
}

#[test]
fn updates_are_held_to_the_type_of_the_secret() {
    let server = TestServer::start();
    let config = json!({"auths": {"r.example.com": entry("u", "p")}});
    let id = docker(&server, "registry", &config).secret_id();
    let reply = server.update_secret("cn-beijing:test", id, &json!({"k": "canary-not-a-secret"}));
    reply.assert_error(400, "InvalidSecretDataKey.NotFound");
    assert_eq!(
        reply.message(),
        "The specified Key [.dockerconfigjson] does not exist in the specified Secret [registry]."
    );
    server
        .update_secret("cn-beijing:test", id, &json!({".dockerconfigjson": "e30="}))
        .assert_error(400, "InvalidParameter.WithMessage");
    let stored = server.describe_secret("cn-beijing:test", id).data();
    assert_eq!(stored["SecretData"][".dockerconfigjson"], base64(&config.to_string()));
}

#[test]
fn lenient_asks_only_for_an_object_with_auths() {
    let server = TestServer::start_with(WORLD, |settings| {
        settings.docker_config = DockerConfigChoice::Lenient
    });
    for (index, config) in [json!({"auths": {}}), json!({"auths": {"a b": 1}})].iter().enumerate() {
        docker(&server, &format!("n{index}"), config).data();
    }
    for config in [json!({}), json!({"auths": []}), json!([])] {
        docker(&server, "bad", &config).assert_error(400, "InvalidParameter.WithMessage");
    }
}

#[test]
fn certificates_and_keys_must_belong_together() {
    let server = TestServer::start();
    let create = |name: &str, certificate: &str, key: &str| {
        let data = json!({"tls.crt": certificate, "tls.key": key});
        server.create_secret("cn-beijing:test", name, TLS, &data)
    };
    for kind in ["p256", "rsa2048", "ed25519"] {
        let certificate = fixture(&format!("tls/{kind}.crt"));
        let key = fixture(&format!("tls/{kind}.key"));
        let id = create(&format!("{kind}-plain"), &certificate, &key).secret_id();
        assert_eq!(
            server.describe_secret("cn-beijing:test", id).data()["SecretData"]["tls.crt"],
            certificate
        );
        create(&format!("{kind}-base64"), &base64(&certificate), &base64(&key)).data();
    }
    let certificate = fixture("tls/p256.crt");
    let other = fixture("tls/rsa2048.key");
    let reply = create("n", &certificate, &other);
    reply.assert_error(400, "InvalidParameter.WithMessage");
    assert!(reply.message().contains("tls.key"), "{}", reply.message());
    create("n", "nonsense", &other).assert_error(400, "InvalidParameter.WithMessage");
    create("n", &certificate, "nonsense").assert_error(400, "InvalidParameter.WithMessage");
    for (data, key) in
        [(json!({"tls.key": other}), "tls.crt"), (json!({"tls.crt": certificate}), "tls.key")]
    {
        let reply = server.create_secret("cn-beijing:test", "n", TLS, &data);
        reply.assert_error(400, "InvalidSecretDataKey.NotFound");
        assert!(reply.message().contains(&format!("[{key}]")), "{}", reply.message());
    }
}

/// The table's verdicts are Go's; `verdicts.go` beside it compares them.
#[test]
fn certificates_and_keys_are_judged_as_go_judges_them() {
    let server = TestServer::start_with(
        &WORLD.replace("secrets_per_namespace: 100", "secrets_per_namespace: 1000"),
        |_| {},
    );
    let table: Value = serde_json::from_str(&fixture("tls/pairs.json")).unwrap();
    let pairs = table["pairs"].as_array().unwrap();
    assert!(pairs.len() > 150, "{}", pairs.len());
    for (index, pair) in pairs.iter().enumerate() {
        let text = |member: &str| &table["texts"][pair[member].as_str().unwrap()];
        let data = json!({"tls.crt": text("crt"), "tls.key": text("key")});
        let reply = server.create_secret("cn-beijing:test", &format!("n{index}"), TLS, &data);
        if pair["go"] == "taken" {
            assert_eq!(reply.status, 200, "{}: {}", pair["name"], reply.text());
        } else {
            reply.assert_error(400, "InvalidParameter.WithMessage");
            let says = pair["says"].as_str().unwrap();
            let message = format!("The parameter is invalid {{SecretData}}: {says}");
            assert_eq!(reply.message(), message, "{}", pair["name"]);
        }
    }
}

#[test]
fn the_types_names_are_exact() {
    let server = TestServer::start();
    for kind in [
        "opaque",
        "OPAQUE",
        "kubernetes.io/TLS",
        "kubernetes.io/.dockerconfigjson",
        "Opaque ",
        "\u{0}",
    ] {
        server
            .create_secret("cn-beijing:test", "n", kind, &json!({"k": "canary-not-a-secret"}))
            .assert_error(400, "InvalidSecretType.NotAvailable");
    }
}
