//! Every shape of `SecretData` that a client is known to send, replayed from captured bytes and built by hand.

use serde_json::{Value, json};

use crate::common::{Request, TestServer, encoded, fixture, server::*};

/// A captured request, changed and so without its signature: the head with CRLF lines, an empty line, the body.
fn captured(file: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    let text = change(fixture(&format!("sae/{file}.txt")));
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    // The recorder ended each file with a line feed of its own.
    let body = body.strip_suffix('\n').unwrap_or(body);
    let signature = [
        "authorization:",
        "x-acs-accesskey-id:",
        "x-acs-security-token:",
        "x-acs-bearer-token:",
        "x-acs-signature-type:",
    ];
    let is_signature = |line: &&str| {
        let line = line.to_ascii_lowercase();
        signature.iter().any(|name| line.starts_with(name))
    };
    let head: Vec<String> = head
        .lines()
        .filter(|line| !is_signature(line))
        .map(|line| match line.to_ascii_lowercase().split_once(':') {
            Some(("content-length", _)) => format!("Content-Length: {}", body.len()),
            _ => line.to_owned(),
        })
        .collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n")).into_bytes()
}

/// The captures create a secret that their own docker rule would refuse (`{"auths":{}}`), so they become `Opaque`.
fn as_opaque(text: String) -> String {
    text.replace("kubernetes.io%2Fdockerconfigjson", "Opaque")
}

const DOCKER: &str = "eyJhdXRocyI6e319";

#[test]
fn captured_creations_store_what_the_client_meant() {
    let plain = || json!({"k1": "djE=", "k2": "djI="});
    let docker = || json!({".dockerconfigjson": DOCKER});
    let cases: Vec<(&str, &str, Value)> = vec![
        ("A", "py_new_create", docker()),
        ("A", "py_mid_create", docker()),
        ("A", "py_new_v2_create", plain()),
        ("A", "py_mid_v2_create", plain()),
        ("A", "py_classic_create", docker()),
        ("A", "node_openapi_create", plain()),
        ("A", "py_common_create_query", Value::Null),
        ("B", "py_classic_create_flat_json", plain()),
        ("B", "node_popcore_create", Value::Null),
        ("C", "py_old_create", docker()),
        ("C", "py_old_v2_create", plain()),
        ("C", "py_common_create_body", Value::Null),
        ("C", "node_openapi_create_body", Value::Null),
        ("C", "py_generic_body_all_params", plain()),
        ("D", "py_generic_body_nested_object", plain()),
        ("E", "py_generic_body_plain_map", json!({"k1": "djE="})),
        ("G", "py_generic_form_nested", plain()),
        ("G", "py_generic_nested_query_flattened", plain()),
        ("H", "py_generic_map_query_flattened", json!({"k1": "djE=", "k.2": "djI="})),
        ("A", "py_new_create_unicode", Value::Null),
        ("A", "py_mid_create_unicode", Value::Null),
    ];
    for (shape, file, expected) in cases {
        let server = TestServer::start();
        let reply = server.send_bytes(&captured(file, as_opaque));
        let id = reply.secret_id();
        let stored = server.describe_secret("cn-beijing:test", id).data()["SecretData"].clone();
        assert!(
            stored.as_object().is_some_and(|map| !map.contains_key("SecretData")),
            "{file}: {stored}"
        );
        if !expected.is_null() {
            assert_eq!(stored, expected, "shape {shape}, {file}");
        }
    }
}

#[test]
fn captured_updates_store_what_the_client_meant() {
    for file in [
        "py_new_update",
        "py_mid_update",
        "py_old_update",
        "py_classic_update",
        "py_common_update_body",
        "py_common_update_form",
        "py_generic_form_all",
        "node_openapi_update",
        "node_popcore_update",
    ] {
        let server = TestServer::start();
        let id = server
            .create_secret("cn-beijing:test", "n", "Opaque", &json!({"old": "x"}))
            .secret_id();
        let retarget = |text: String| text.replace("SecretId=16", &format!("SecretId={id}"));
        assert_eq!(server.send_bytes(&captured(file, retarget)).secret_id(), id, "{file}");
        let stored = server.describe_secret("cn-beijing:test", id).data()["SecretData"].clone();
        assert_eq!(stored, json!({"k1": "djE=", "k2": "djI="}), "{file}");
    }
}

#[test]
fn captured_reads_deletes_and_namespace_calls_are_understood() {
    for file in [
        "py_new_describe",
        "py_mid_describe",
        "py_old_describe",
        "py_classic_describe",
        "py_common_describe",
        "node_openapi_describe",
        "node_popcore_describe",
        "py_new_delete",
        "py_mid_delete",
        "py_old_delete",
        "py_classic_delete",
        "py_common_delete",
        "node_openapi_delete",
        "node_popcore_delete",
    ] {
        let server = TestServer::start();
        let id = server
            .create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "canary-not-a-secret"}))
            .secret_id();
        let retarget = |text: String| text.replace("SecretId=16", &format!("SecretId={id}"));
        assert_eq!(server.send_bytes(&captured(file, retarget)).secret_id(), id, "{file}");
    }
    let server = TestServer::start_with(
        "regions: [cn-beijing]\nnamespaces: [{ id: \"cn-beijing:test\" }]\n",
        |_| {},
    );
    for entry in
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sae")).unwrap()
    {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(file) = name.strip_suffix(".txt") else { continue };
        let reply = match file {
            _ if file.contains("create_namespace") => {
                let other = |text: String| {
                    text.replace("cn-beijing%3Atest", &format!("cn-beijing%3A{}", unique()))
                        .replace("NameSpaceShortId=test", &format!("NameSpaceShortId={}", unique()))
                };
                server.send_bytes(&captured(file, other))
            }
            _ if file.contains("list") || file.contains("regions") => {
                server.send_bytes(&captured(file, |text| text))
            }
            _ => continue,
        };
        assert_eq!(reply.status, 200, "{file}: {}", reply.text());
        let is_xml = file == "go_classic_list_xml";
        let format = if is_xml { "text/xml" } else { "application/json" };
        let content_type = format!("{format};charset=utf-8");
        assert_eq!(reply.header("content-type"), Some(content_type.as_str()), "{file}");
    }
}

fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("n{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn every_shape_and_wrapper_gives_the_same_map() {
    let server = TestServer::start();
    let map = json!({"k1": "v1", ".k.2": "名 +%&=\"\\"});
    let flat = map.to_string();
    let model = json!({ "SecretData": flat }).to_string();
    let data = json!({ "Data": flat }).to_string();
    let data_in_model = json!({ "SecretData": data }).to_string();
    let form =
        |text: &str| ("application/x-www-form-urlencoded", format!("SecretData={}", encoded(text)));
    let json_body = |value: Value| ("application/json", json!({ "SecretData": value }).to_string());
    let none = || ("", String::new());
    let query_of = |text: &str| format!("&SecretData={}", encoded(text));
    let flattened = format!("&SecretData.k1=v1&SecretData..k.2={}", encoded("名 +%&=\"\\"));
    let cases: Vec<(&str, String, (&str, String))> = vec![
        ("A", query_of(&model), none()),
        ("A with a space, as Python writes it", query_of(&model.replacen(':', ": ", 1)), none()),
        ("B", query_of(&flat), none()),
        ("C", String::new(), json_body(Value::String(flat.clone()))),
        (
            "C by a client that names no type",
            String::new(),
            ("text/plain", json!({"SecretData": flat}).to_string()),
        ),
        ("D", String::new(), json_body(json!({ "SecretData": flat }))),
        ("E", String::new(), json_body(map.clone())),
        ("F of B", String::new(), form(&flat)),
        ("F of A", String::new(), form(&model)),
        ("G in the query", format!("&SecretData.SecretData={}", encoded(&flat)), none()),
        (
            "G in a form",
            String::new(),
            (
                "application/x-www-form-urlencoded",
                format!("SecretData.SecretData={}", encoded(&flat)),
            ),
        ),
        ("H in the query", flattened.clone(), none()),
        (
            "H in a form",
            String::new(),
            ("application/x-www-form-urlencoded", flattened[1..].to_owned()),
        ),
        ("I around B", query_of(&data), none()),
        ("I in A", query_of(&data_in_model), none()),
        ("I in C", String::new(), json_body(Value::String(data.clone()))),
        ("I in D", String::new(), json_body(json!({ "SecretData": data }))),
        ("I in E", String::new(), json_body(json!({ "Data": map }))),
    ];
    for (shape, more, (content_type, body)) in cases {
        let name = unique();
        let target = format!(
            "{SECRET}?NamespaceId=cn-beijing%3Atest&SecretName={name}&SecretType=Opaque{more}"
        );
        let mut request = Request::new("POST", target);
        if !content_type.is_empty() {
            request = request.body(content_type, body);
        }
        let id = server.send(&request).secret_id();
        assert_eq!(
            server.describe_secret("cn-beijing:test", id).data()["SecretData"],
            map,
            "shape {shape}"
        );
    }
}

#[test]
fn numbers_and_booleans_are_taken_as_they_are_written() {
    let server = TestServer::start();
    let target = format!("{SECRET}?NamespaceId=cn-beijing:test&SecretName=n&SecretType=Opaque");
    let body = r#"{"SecretData":{"a":1.10,"b":12345678901234567890123,"c":true,"d":-0,"e":"x"}}"#;
    let id = server.send(&Request::new("POST", target).body("application/json", body)).secret_id();
    assert_eq!(
        server.describe_secret("cn-beijing:test", id).data()["SecretData"],
        json!({"a": "1.10", "b": "12345678901234567890123", "c": "true", "d": "-0", "e": "x"})
    );
}

#[test]
fn the_query_wins_in_every_form_and_halves_are_not_mixed() {
    let server = TestServer::start();
    let target = |more: &str| {
        let name = unique();
        format!("{SECRET}?NamespaceId=cn-beijing:test&SecretName={name}&SecretType=Opaque{more}")
    };
    for (query, body, expected) in [
        ("&SecretData.a=query", json!({"SecretData": {"a": "body"}}), json!({"a": "query"})),
        (
            "&SecretData=%7B%22a%22:%22query%22%7D",
            json!({"SecretData.b": "body"}),
            json!({"a": "query"}),
        ),
        ("", json!({"SecretData": {"a": "body"}, "SecretData.b": "x"}), json!({"a": "body"})),
    ] {
        let id = server.send(&Request::new("POST", target(query)).json(&body)).secret_id();
        assert_eq!(
            server.describe_secret("cn-beijing:test", id).data()["SecretData"],
            expected,
            "{query}"
        );
    }
    let mixed = target("&SecretData=%7B%22a%22:%22b%22%7D&SecretData.c=d");
    server.send(&Request::new("POST", mixed)).assert_error(400, "InvalidParameter.Obviously");
    let unknown = Request::new("POST", target("")).json(&json!({"SecretData.k1": "v"}));
    server.send(&unknown).assert_error(400, "InvalidParameter.NotEmpty");
}

#[test]
fn a_wrapper_around_something_else_than_a_map_is_a_forgotten_encoding() {
    let server = TestServer::start();
    let target = format!("{SECRET}?NamespaceId=cn-beijing:test&SecretName=n&SecretType=Opaque");
    let refuse = |query: &str, content_type: &str, body: &str| {
        let request = Request::new("POST", format!("{target}{query}")).body(content_type, body);
        server.send(&request).assert_error(400, "InvalidParameter.Obviously");
    };
    let values = json!(["nope", "", "djE=", "[]", "1", "null", "\"{}\"", 1, true, null, ["k"]]);
    let names = |value| [("SecretData", value), ("Data", value)];
    for (name, value) in values.as_array().unwrap().iter().flat_map(names) {
        let model = json!({ name: value });
        refuse(&format!("&SecretData={}", encoded(&model.to_string())), "", "");
        refuse("", "application/json", &json!({ "SecretData": model }).to_string());
        if let Some(text) = value.as_str() {
            let flattened = format!("SecretData.{name}={}", encoded(text));
            refuse(&format!("&{flattened}"), "", "");
            refuse("", "application/x-www-form-urlencoded", &flattened);
        }
    }
    let id = server.create_secret("cn-beijing:test", "n", "Opaque", &json!({"k": "v"})).secret_id();
    let reply = server.update_secret("cn-beijing:test", id, &json!({"SecretData": "nope"}));
    reply.assert_error(400, "InvalidParameter.Obviously");
}

#[test]
fn a_key_may_have_a_wrappers_name_when_the_map_is_encoded_or_has_more_keys() {
    let server = TestServer::start();
    for text in [r#"{"Data":"plain"}"#, r#"{"SecretData":"plain"}"#, r#"{"Data":"{}","k":"v"}"#] {
        let model = json!({ "SecretData": text });
        let id = server.create_secret("cn-beijing:test", &unique(), "Opaque", &model).secret_id();
        let stored = server.describe_secret("cn-beijing:test", id).data();
        assert_eq!(stored["SecretData"].to_string(), text);
    }
}

#[test]
fn what_is_no_map_of_texts_is_refused_with_a_reason() {
    let server = TestServer::start();
    for (data, code, part) in [
        ("hello", "InvalidParameter.Obviously", "SecretData"),
        ("[]", "InvalidParameter.Obviously", "SecretData"),
        ("null", "InvalidParameter.Obviously", "SecretData"),
        ("\"k\"", "InvalidParameter.Obviously", "SecretData"),
        (r#"{"Data":"{"k1":"v1", "k2":"v2"}"}"#, "InvalidParameter.Obviously", "SecretData"),
        (r#"{"SecretData":"{\"k1\":\"v1\""}"#, "InvalidParameter.Obviously", "SecretData"),
        (
            r#"{"Data":{"Data":{"Data":{"Data":{"k":"canary-not-a-secret"}}}}}"#,
            "InvalidParameter.Obviously",
            "SecretData",
        ),
        (r#"{"k":"v""#, "InvalidParameter.Obviously", "SecretData"),
        (r#"{"k":"\ud800"}"#, "InvalidParameter.Obviously", "SecretData"),
        ("{}", "InvalidParameter.NotEmpty", "SecretData"),
        (r#"{"SecretData":"{}"}"#, "InvalidParameter.NotEmpty", "SecretData"),
        (r#"{"k":null}"#, "InvalidParameter.WithMessage", "[k] is null"),
        (r#"{"k":["canary-not-a-secret"]}"#, "InvalidParameter.WithMessage", "[k] is an array"),
        (
            r#"{"k":{"a":"canary-not-a-secret"}}"#,
            "InvalidParameter.WithMessage",
            "[k] is an object",
        ),
        (r#"{"k":"v","k":"w"}"#, "InvalidParameter.WithMessage", "[k]"),
        (r#"{"a b":"v"}"#, "InvalidParameter.WithMessage", "[a b]"),
        (r#"{"":"v"}"#, "InvalidParameter.WithMessage", "empty"),
        (r#"{"..k":"v"}"#, "InvalidParameter.WithMessage", "[..k]"),
        (r#"{"é":"v"}"#, "InvalidParameter.WithMessage", "[é]"),
    ] {
        let reply = server.call(
            "POST",
            SECRET,
            &[
                ("NamespaceId", "cn-beijing:test"),
                ("SecretName", "n"),
                ("SecretType", "Opaque"),
                ("SecretData", data),
            ],
        );
        reply.assert_error(400, code);
        assert!(reply.message().contains(part), "{data}: {}", reply.message());
    }
    assert_eq!(server.list_secrets("cn-beijing:test").data()["Secrets"], json!([]));
}

#[test]
fn sizes_are_bounded() {
    let server = TestServer::start();
    let create = |name: &str, data: &Value| {
        let body = json!({
            "NamespaceId": "cn-beijing:test", "SecretName": name, "SecretType": "Opaque", "SecretData": data,
        });
        server.send(&Request::new("POST", SECRET).json(&body))
    };
    let exactly = "x".repeat(1_048_576);
    let id = create("exactly", &json!({ "k": exactly })).secret_id();
    assert_eq!(server.describe_secret("cn-beijing:test", id).data()["SecretData"]["k"], exactly);
    let over = create("over", &json!({ "k": exactly, "l": "y" }));
    over.assert_error(400, "InvalidParameter.WithMessage");
    assert!(over.message().contains("1048577"), "{}", over.message());
    let key = "k".repeat(253);
    create("key", &json!({ key: "v" })).data();
    create("longer", &json!({ "k".repeat(254): "v" }))
        .assert_error(400, "InvalidParameter.WithMessage");
}

#[test]
fn the_documented_requests_work_as_printed() {
    let text = fixture("sae/documented_samples.md");
    let value = text.lines().find(|line| line.starts_with("eyJ")).expect("the documented value");
    let server = TestServer::start_with(WORLD, |settings| {
        settings.allowed_host = vec!["sae.aliyuncs.com".to_owned()];
    });
    let created = server.create_secret(
        "cn-beijing:test",
        "registry-auth-acree",
        "kubernetes.io/dockerconfigjson",
        &json!({ ".dockerconfigjson": value }),
    );
    let id = created.secret_id();
    let start = text.find("PUT /pop").expect("the documented update");
    let end = text[start..].find("```").expect("its end") + start;
    let printed = text[start..end].trim_end().replace("SecretId=16", &format!("SecretId={id}"));
    let (head, body) = printed.split_once("\n\n").expect("a head and a body");
    let head = head.replace('\n', "\r\n");
    let bytes = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    assert_eq!(server.send_bytes(bytes.as_bytes()).secret_id(), id);
    let stored = server.describe_secret("cn-beijing:test", id).data();
    assert_eq!(stored["SecretData"], json!({ ".dockerconfigjson": value }));
}
