//! The five operations on secrets, when all goes well.

use serde_json::json;

use crate::common::{TestServer, server::*};

#[test]
fn a_secret_lives_and_dies() {
    let server = TestServer::start();
    let created =
        server.create_secret("cn-beijing:test", "app_config", "Opaque", &json!({"k1": "canary-1"}));
    let id = created.secret_id();
    assert_eq!(created.data(), json!({ "SecretId": id }));

    let described = server.describe_secret("cn-beijing:test", id).data();
    let time = described["CreateTime"].as_i64().unwrap();
    assert!(time > 1_700_000_000_000, "{time} is not in milliseconds");
    assert_eq!(
        described,
        json!({
            "NamespaceId": "cn-beijing:test", "SecretId": id, "SecretName": "app_config",
            "SecretType": "Opaque", "SecretData": {"k1": "canary-1"}, "RelateApps": [],
            "CreateTime": time, "UpdateTime": time,
        })
    );

    let updated =
        server.update_secret("cn-beijing:test", id, &json!({"k2": "canary-2", "k3": "canary-3"}));
    assert_eq!(updated.data(), json!({ "SecretId": id }));
    let described = server.describe_secret("cn-beijing:test", id).data();
    assert_eq!(
        described["SecretData"],
        json!({"k2": "canary-2", "k3": "canary-3"}),
        "the map is replaced"
    );
    assert_eq!(described["CreateTime"], time);
    assert!(described["UpdateTime"].as_i64().unwrap() >= time);

    let listed = server.list_secrets("cn-beijing:test").data();
    let mut without_data = described.clone();
    without_data.as_object_mut().unwrap().remove("SecretData");
    assert_eq!(listed, json!({ "Secrets": [without_data] }));

    assert_eq!(server.delete_secret("cn-beijing:test", id).data(), json!({ "SecretId": id }));
    server.describe_secret("cn-beijing:test", id).assert_error(400, "InvalidSecretId.NotFound");
    server.delete_secret("cn-beijing:test", id).assert_error(400, "InvalidSecretId.NotFound");
    assert_eq!(server.list_secrets("cn-beijing:test").data(), json!({ "Secrets": [] }));
}

#[test]
fn values_come_back_verbatim_and_in_order() {
    let server = TestServer::start();
    let values =
        ["", " ", "+ %20&=#?~*", "\"\\/", "\r\n\t\u{0}\u{1f}", "名é🔑\u{ffff}", "<&>'", "dGVzdA=="];
    for (index, value) in values.iter().enumerate() {
        let name = format!("value{index}");
        let data = json!({"z": value, "a": "last"});
        let id = server.create_secret("cn-beijing:test", &name, "Opaque", &data).secret_id();
        let reply = server.describe_secret("cn-beijing:test", id);
        assert_eq!(reply.data()["SecretData"], data, "{value:?}");
        let text = reply.text();
        assert!(text.find("\"z\":") < text.find("\"a\":"), "the order of keys changed: {text}");
    }
}

#[test]
fn ids_grow_and_are_never_used_twice() {
    let server = TestServer::start();
    let mut last = 0;
    for round in 0..3 {
        for namespace in ["cn-beijing:test", "cn-beijing", "cn-hangzhou"] {
            let id = server
                .create_secret(namespace, "again", "Opaque", &json!({"k": "canary-not-a-secret"}))
                .secret_id();
            assert!(id > last, "round {round}: {id} after {last}");
            last = id;
            server.delete_secret(namespace, id).data();
        }
    }
}

#[test]
fn a_secret_is_found_only_in_its_own_namespace() {
    let server = TestServer::start();
    let id = server
        .create_secret("cn-beijing:test", "mine", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    for elsewhere in ["cn-beijing", "cn-beijing:small", "cn-hangzhou"] {
        server.describe_secret(elsewhere, id).assert_error(400, "InvalidSecretId.NotFound");
        server.delete_secret(elsewhere, id).assert_error(400, "InvalidSecretId.NotFound");
        server
            .update_secret(elsewhere, id, &json!({"k": "stolen"}))
            .assert_error(400, "InvalidSecretId.NotFound");
    }
    assert_eq!(
        server.describe_secret("cn-beijing:test", id).data()["SecretData"],
        json!({"k": "canary-not-a-secret"})
    );
}

#[test]
fn the_default_namespace_holds_secrets() {
    let server = TestServer::start();
    let id = server
        .create_secret("cn-hangzhou", "here", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    assert_eq!(server.describe_secret("cn-hangzhou", id).data()["NamespaceId"], "cn-hangzhou");
}

#[test]
fn lists_are_in_the_order_of_ids() {
    let server = TestServer::start();
    for name in ["c", "a", "b"] {
        server
            .create_secret("cn-beijing:test", name, "Opaque", &json!({"k": "canary-not-a-secret"}))
            .data();
    }
    let listed = server.list_secrets("cn-beijing:test").data();
    let names: Vec<_> =
        listed["Secrets"].as_array().unwrap().iter().map(|it| &it["SecretName"]).collect();
    assert_eq!(names, ["c", "a", "b"]);
}

#[test]
fn applications_of_the_world_are_related() {
    let server = TestServer::start();
    let related = json!([{"AppName": "test-app", "AppId": "f16b4000-9058-4c22-a49d-49a28f0b0000"}]);
    let used = server
        .create_secret("cn-beijing:busy", "used", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    let unused = server
        .create_secret("cn-beijing:busy", "unused", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    assert_eq!(server.describe_secret("cn-beijing:busy", used).data()["RelateApps"], related);
    assert_eq!(server.describe_secret("cn-beijing:busy", unused).data()["RelateApps"], json!([]));
    let listed = server.list_secrets("cn-beijing:busy").data();
    assert_eq!(listed["Secrets"][0]["RelateApps"], related);
    server.delete_secret("cn-beijing:busy", used).data();
}

#[test]
fn parameters_are_found_in_query_form_and_json_body() {
    use crate::common::{Request, query};
    let server = TestServer::start();
    for in_query in 0..=4 {
        for as_form in [true, false] {
            let name = format!("n{in_query}{as_form}");
            let all = [
                ("NamespaceId", "cn-beijing:test"),
                ("SecretName", name.as_str()),
                ("SecretType", "Opaque"),
                ("SecretData", r#"{"k":"canary-not-a-secret"}"#),
            ];
            let (first, rest) = all.split_at(in_query);
            let request = Request::new("POST", format!("{SECRET}?{}", query(first)));
            let request = if as_form {
                request.body("application/x-www-form-urlencoded", query(rest))
            } else {
                request.json(&rest.iter().copied().collect::<serde_json::Value>())
            };
            let id = server.send(&request).secret_id();
            let stored = server.describe_secret("cn-beijing:test", id).data();
            assert_eq!(stored["SecretData"], json!({"k": "canary-not-a-secret"}));
        }
    }
}

#[test]
fn a_secret_id_is_a_number_or_a_text_and_unknown_parameters_are_ignored() {
    use crate::common::Request;
    let server = TestServer::start();
    let id = server
        .create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    for given in [json!(id), json!(id.to_string())] {
        let body = json!({
            "NamespaceId": "cn-beijing:test", "SecretId": given, "SecretData": {"k": "w"},
            "Nonsense": [1, {"a": null}],
        });
        let request =
            Request::new("PUT", format!("{SECRET}?RegionId=cn-beijing&Also=ignored")).json(&body);
        assert_eq!(server.send(&request).secret_id(), id);
    }
}

#[test]
fn the_query_wins_over_the_body() {
    use crate::common::{Request, query};
    let server = TestServer::start();
    let id = server
        .create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .secret_id();
    let target = query(&[("SecretId", &id.to_string()), ("NamespaceId", "cn-beijing:test")]);
    let body = json!({"SecretId": 999, "NamespaceId": "cn-hangzhou", "SecretData": {"k": "body"}});
    server.send(&Request::new("PUT", format!("{SECRET}?{target}")).json(&body)).data();
    assert_eq!(
        server.describe_secret("cn-beijing:test", id).data()["SecretData"],
        json!({"k": "body"})
    );
}
