//! Every error of the contract, produced from outside, with status, code and message.

use std::collections::HashSet;

use sae_secret::{
    pop::{Code as Gateway, Entry, Origin},
    sae::api::{self, Code},
};
use serde_json::json;

use crate::{
    access,
    common::{Reply, Request, TestServer, server::*, wire::Connection},
};

/// A reply and what it must be.
type Case = (Reply, Entry, &'static [&'static str]);

fn filled(entry: Entry, blanks: &[&str]) -> String {
    let mut blanks = blanks.iter();
    let pieces: Vec<&str> = entry.template.split("%s").collect();
    let mut message = pieces[0].to_owned();
    for piece in &pieces[1..] {
        message.push_str(blanks.next().expect("as many blanks as the template has"));
        message.push_str(piece);
    }
    message
}

#[track_caller]
fn check(reply: &Reply, entry: Entry, blanks: &[&str]) {
    check_code(reply, entry);
    assert_eq!(reply.message(), filled(entry, blanks));
}

/// The code, and the members that its body has.
#[track_caller]
fn check_code(reply: &Reply, entry: Entry) {
    reply.assert_error(entry.status, entry.code);
    let body = reply.json();
    let names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    match entry.origin {
        Origin::Service => assert_eq!(
            names,
            [
                "RequestId",
                "HostId",
                "Code",
                "Message",
                "Recommend",
                "TraceId",
                "ErrorCode",
                "Success"
            ]
        ),
        Origin::Gateway => {
            let names = names.strip_suffix(&["AccessDeniedDetail"]).unwrap_or(&names);
            assert_eq!(names, ["RequestId", "HostId", "Code", "Message", "Recommend"]);
            let has_detail = !body["AccessDeniedDetail"].is_null();
            assert_eq!(has_detail, entry == Gateway::NoPermission.entry());
        }
    }
    assert_eq!(reply.header("x-acs-request-id"), body["RequestId"].as_str());
}

fn secret_errors(server: &TestServer) -> Vec<Case> {
    let data = json!({"k": "canary-not-a-secret"});
    let seed = server.create_secret("cn-beijing:test", "taken", "Opaque", &data).secret_id();
    for name in ["a", "b", "c"] {
        server.create_secret("cn-beijing:small", name, "Opaque", &data).data();
    }
    let six = json!({"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""});
    let docker =
        server.create_secret("cn-beijing:test", "d", "kubernetes.io/dockerconfigjson", &data);
    vec![
        (server.call("POST", SECRET, &[]), Code::NotEmpty.entry(), &["NamespaceId"]),
        (
            server.create_secret("cn-beijing:test", "1x", "Opaque", &data),
            Code::Obviously.entry(),
            &["SecretName"],
        ),
        (
            server.create_secret("cn-beijing:test", "x", "Opaque", &json!({"k": null})),
            Code::WithMessage.entry(),
            &["SecretData", "the value of the key [k] is null, it must be a string"],
        ),
        (
            server.create_secret("cn-beijing:test", "taken", "Opaque", &data),
            Code::SecretNameConflict.entry(),
            &["taken"],
        ),
        (
            server.create_secret("cn-beijing:small", "d", "Opaque", &data),
            Code::SecretQuota.entry(),
            &["3"],
        ),
        (
            server.create_secret("cn-beijing:test", "x", "Opaque", &six),
            Code::KeyQuota.entry(),
            &["5"],
        ),
        (server.update_secret("cn-beijing:test", seed, &six), Code::KeyQuota.entry(), &["5"]),
        (
            server.create_secret("cn-beijing:test", "x", "opaque", &data),
            Code::SecretType.entry(),
            &["opaque"],
        ),
        (server.describe_secret("cn-beijing:test", 999_999), Code::SecretId.entry(), &["999999"]),
        (
            server.update_secret("cn-beijing:test", 999_999, &data),
            Code::SecretId.entry(),
            &["999999"],
        ),
        (server.delete_secret("cn-beijing:test", 999_999), Code::SecretId.entry(), &["999999"]),
        (docker, Code::SecretDataKey.entry(), &[".dockerconfigjson", "d"]),
        (server.list_secrets("cn-beijing:nowhere"), Code::NamespaceNotFound.entry(), &[]),
        (
            server.create_secret("cn-shanghai", "x", "Opaque", &data),
            Code::NamespaceNotFound.entry(),
            &[],
        ),
        (server.describe_secret("cn-beijing:nowhere", seed), Code::NamespaceNotFound.entry(), &[]),
        (
            server.update_secret("cn-beijing:nowhere", seed, &data),
            Code::NamespaceNotFound.entry(),
            &[],
        ),
        (server.delete_secret("cn-beijing:nowhere", seed), Code::NamespaceNotFound.entry(), &[]),
    ]
}

fn namespace_errors(server: &TestServer) -> Vec<Case> {
    let delete = |id: &str| server.call("DELETE", NAMESPACE, &[("NamespaceId", id)]);
    let mut cases: Vec<Case> = vec![
        (server.create_namespace("cn-beijing:test", "n"), Code::NamespaceExists.entry(), &[]),
        (server.create_namespace("cn-beijing:Test", "n"), Code::NamespaceUppercase.entry(), &[]),
        (server.create_namespace("cn-beijing", "n"), Code::NamespaceFormat.entry(), &[]),
        (server.create_namespace("cn-shanghai:a", "n"), Code::NamespaceFormat.entry(), &[]),
        (server.create_namespace("cn-beijing:a-b", "n"), Code::NamespaceSuffix.entry(), &[]),
        (
            server.create_namespace("cn-beijing:a", &"n".repeat(65)),
            Code::NamespaceName.entry(),
            &[],
        ),
        (delete("cn-beijing:busy"), Code::ApplicationsExist.entry(), &[]),
        (delete("cn-beijing:clustered"), Code::ClustersExist.entry(), &[]),
        (delete("cn-beijing:nowhere"), Code::NamespaceNotFound.entry(), &[]),
    ];
    for index in 0..6 {
        server.create_namespace(&format!("cn-beijing:fill{index}"), "n").data();
    }
    cases.push((
        server.create_namespace("cn-beijing:over", "n"),
        Code::NamespaceQuota.entry(),
        &[],
    ));
    cases
}

/// What a client is told that says no more before its body is whole.
fn ends_early(mut connection: Connection) -> Reply {
    let head = format!("POST {SECRET} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n{{}}");
    connection.send(head.as_bytes()).unwrap();
    connection.end();
    connection.receive()
}

fn gateway_errors(server: &TestServer) -> Vec<Case> {
    let list = |name: &str, value: &str| {
        server.send(
            &Request::new("GET", format!("{SECRETS}?NamespaceId=cn-beijing")).header(name, value),
        )
    };
    let huge =
        Request::new("POST", SECRET).body("application/json", vec![b' '; 4 * 1024 * 1024 + 1]);
    vec![
        (server.call("GET", "/pop/v1/sam/secret/nothing", &[]), Gateway::ApiNotFound.entry(), &[]),
        (server.call("PATCH", SECRET, &[]), Gateway::MethodNotSupported.entry(), &[]),
        (list("x-acs-action", "CreateSecret"), Gateway::ActionNotFound.entry(), &[]),
        (list("x-acs-version", "2018-01-01"), Gateway::VersionNotValid.entry(), &[]),
        (server.send(&huge), Gateway::BodyTooLarge.entry(), &["4194304"]),
        (
            server.send(
                &Request::new("DELETE", SECRET).header("Origin", "https://elsewhere.example"),
            ),
            Gateway::OriginForbidden.entry(),
            &[],
        ),
        (ends_early(server.connect()), Gateway::BadRequest.entry(), &[]),
    ]
}

#[test]
fn every_error_of_the_table_is_produced() {
    let server = TestServer::start();
    let upgrading = TestServer::start_with(
        "regions: [cn-beijing]\nupgrading: true\nnamespaces: [{ id: \"cn-beijing:test\" }]\n",
        |_| {},
    );
    let mut cases = secret_errors(&server);
    cases.extend(namespace_errors(&server));
    cases.extend(gateway_errors(&server));
    for (method, parameters) in [
        ("POST", [("NamespaceId", "cn-beijing:a"), ("NamespaceName", "a")]),
        ("PUT", [("NamespaceId", "cn-beijing:test"), ("NamespaceName", "a")]),
        ("DELETE", [("NamespaceId", "cn-beijing:test"), ("NamespaceName", "a")]),
    ] {
        cases.push((upgrading.call(method, NAMESPACE, &parameters), Code::Upgrading.entry(), &[]));
    }
    let mut produced = HashSet::new();
    for (reply, code, blanks) in &cases {
        check(reply, *code, blanks);
        produced.insert(*code);
    }
    for (reply, entry) in access::refusals() {
        check_code(&reply, entry);
        let begin = entry.template.split("%s").next().unwrap();
        assert!(reply.message().starts_with(begin), "{}", reply.message());
        produced.insert(entry);
    }
    // An outage, a crowd, a slow client and a full disk take a process, many clients, a clock of their own and a device:
    // tests/process, the gateway's tests and the test below.
    produced.extend([
        Code::RpcError.entry(),
        Gateway::ServiceUnavailable.entry(),
        Gateway::RequestTimeout.entry(),
        Gateway::InternalError.entry(),
    ]);
    let missing: Vec<_> = api::entries().filter(|entry| !produced.contains(entry)).collect();
    assert!(missing.is_empty(), "no test produces {missing:?}");
}

#[test]
fn a_slow_head_is_answered() {
    let server = TestServer::start();
    let mut connection = server.connect();
    connection.send(b"GET /pop/v1/paas/regionConfig HTTP/1.1\r\nHost: x\r\n").unwrap();
    let reply = connection.receive();
    assert_eq!((reply.status, reply.is_bare()), (408, true));
    assert!(connection.is_closed_by_server());
}

#[test]
fn required_parameters_are_asked_for_in_the_documented_order() {
    let server = TestServer::start();
    let all = [
        ("NamespaceId", "cn-beijing:nowhere"),
        ("SecretName", "!"),
        ("SecretType", "!"),
        ("SecretData", "!"),
    ];
    for given in 0..all.len() {
        let reply = server.call("POST", SECRET, &all[..given]);
        check(&reply, Code::NotEmpty.entry(), &[all[given].0]);
    }
    for parameter in all.map(|(name, _)| name) {
        let blank = all.map(|(name, value)| (name, if name == parameter { "" } else { value }));
        check(&server.call("POST", SECRET, &blank), Code::NotEmpty.entry(), &[parameter]);
    }
    let place = ("NamespaceId", "cn-beijing:test");
    check(&server.call("PUT", SECRET, &[]), Code::NotEmpty.entry(), &["NamespaceId"]);
    check(&server.call("PUT", SECRET, &[place]), Code::NotEmpty.entry(), &["SecretId"]);
    check(
        &server.call("PUT", SECRET, &[place, ("SecretId", "1")]),
        Code::NotEmpty.entry(),
        &["SecretData"],
    );
    for method in ["GET", "DELETE"] {
        check(&server.call(method, SECRET, &[]), Code::NotEmpty.entry(), &["NamespaceId"]);
        check(&server.call(method, SECRET, &[place]), Code::NotEmpty.entry(), &["SecretId"]);
    }
    check(&server.call("GET", SECRETS, &[]), Code::NotEmpty.entry(), &["NamespaceId"]);
    check(&server.call("POST", NAMESPACE, &[]), Code::NotEmpty.entry(), &["NamespaceName"]);
    check(
        &server.call("POST", NAMESPACE, &[("NamespaceName", "n")]),
        Code::NotEmpty.entry(),
        &["NamespaceId"],
    );
    for method in ["GET", "DELETE"] {
        check(&server.call(method, NAMESPACE, &[]), Code::NotEmpty.entry(), &["NamespaceId"]);
    }
    check(&server.call("GET", NAMESPACE_RESOURCES, &[]), Code::NotEmpty.entry(), &["NamespaceId"]);
    check(&server.call("GET", NAMESPACES, &[]), Code::NotEmpty.entry(), &["CurrentPage"]);
    check(
        &server.call("GET", NAMESPACES, &[("CurrentPage", "1")]),
        Code::NotEmpty.entry(),
        &["PageSize"],
    );
}

#[test]
fn checks_come_in_the_decided_order() {
    let server = TestServer::start();
    server
        .create_secret("cn-beijing:test", "taken", "Opaque", &json!({"k": "canary-not-a-secret"}))
        .data();
    let six = json!({"a": "", "b": "", "c": "", "d": "", "e": "", "f": ""}).to_string();
    let bad = json!({"k": null}).to_string();
    for (namespace, name, kind, data, code) in [
        ("CN", "!", "!", "!", Code::Obviously.entry()),
        ("cn-beijing:nowhere", "!", "!", "!", Code::Obviously.entry()),
        ("cn-beijing:nowhere", "taken", "!", "!", Code::NamespaceNotFound.entry()),
        ("cn-beijing:nowhere", "taken", "Opaque", bad.as_str(), Code::NamespaceNotFound.entry()),
        ("cn-beijing:test", "taken", "!", bad.as_str(), Code::SecretType.entry()),
        ("cn-beijing:test", "taken", "Opaque", bad.as_str(), Code::WithMessage.entry()),
        ("cn-beijing:test", "taken", "Opaque", six.as_str(), Code::SecretNameConflict.entry()),
        ("cn-beijing:test", "free", "Opaque", six.as_str(), Code::KeyQuota.entry()),
    ] {
        let reply = server.call(
            "POST",
            SECRET,
            &[
                ("NamespaceId", namespace),
                ("SecretName", name),
                ("SecretType", kind),
                ("SecretData", data),
            ],
        );
        assert_eq!(reply.code(), code.code, "{namespace} {name} {kind} {data}");
    }
}

#[test]
fn names_and_ids_are_held_to_their_syntax() {
    let server = TestServer::start();
    let data = json!({"k": "canary-not-a-secret"});
    let longest = "n".repeat(253);
    for name in ["a", "A_b-c9", &longest] {
        server.create_secret("cn-beijing:test", name, "Opaque", &data).data();
    }
    let over = "n".repeat(254);
    for name in ["_a", "-a", "9a", "a.b", "a b", "a/b", "é", "a\u{0}", "a%", "a'--", "a\n", &over]
    {
        let reply = server.create_secret("cn-beijing:test", name, "Opaque", &data);
        check(&reply, Code::Obviously.entry(), &["SecretName"]);
    }
    for id in ["0", "-1", "+1", "1.0", "1e1", "0x1", " 1", "9223372036854775808", "x", "٣"] {
        let parameters = [("NamespaceId", "cn-beijing:test"), ("SecretId", id)];
        check(&server.call("GET", SECRET, &parameters), Code::Obviously.entry(), &["SecretId"]);
    }
    let last = [("NamespaceId", "cn-beijing:test"), ("SecretId", "9223372036854775807")];
    check(&server.call("GET", SECRET, &last), Code::SecretId.entry(), &["9223372036854775807"]);
    for namespace in
        ["beijing", "cn-beijing:", "cn-beijing:A", "cn-beijing:a:b", ":test", "cn-beijing:a b", "%"]
    {
        check(&server.list_secrets(namespace), Code::Obviously.entry(), &["NamespaceId"]);
    }
}

#[test]
fn what_cannot_be_decoded_names_its_parameter() {
    let server = TestServer::start();
    for (query, parameter) in [
        ("NamespaceId=cn%2", "NamespaceId"),
        ("NamespaceId=%FF", "NamespaceId"),
        ("NamespaceId=cn-beijing&NamespaceId=cn-hangzhou", "NamespaceId"),
        ("NamespaceId=cn-beijing&SecretId=%C0%80", "SecretId"),
    ] {
        let reply = server.send(&Request::new("GET", format!("{SECRET}?{query}&SecretId=1")));
        check(&reply, Code::Obviously.entry(), &[parameter]);
    }
    let not_json = Request::new("PUT", SECRET).body("application/json", "{\"NamespaceId\":");
    check(
        &server.send(&not_json),
        Code::WithMessage.entry(),
        &["body", "not valid JSON (line 1, column 15)"],
    );
    let not_utf8 =
        Request::new("PUT", SECRET).body("application/json", b"{\"a\":\"\xFF\"}".to_vec());
    check(&server.send(&not_utf8), Code::WithMessage.entry(), &["body", "it is not UTF-8"]);
}
