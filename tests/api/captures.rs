//! Every captured request, byte for byte, at the time of its capture: the server believes those that can be believed.

use std::{fs, sync::Arc};

use jiff::fmt::rfc2822;
use serde_json::{Value, json};

use crate::common::{Reply, Request, Signer, TestServer, Way, encoded, server::*};

/// What the gateway says of a capture that cannot be believed: its client signed another value than it sent, or it signed
/// nothing at all.
const UNBELIEVABLE: [(&str, &str); 3] = [
    ("node_popcore_create_namespace", "SignatureDoesNotMatch"),
    ("py_mid_bearer_list", "MissingAccessKeyId"),
    ("py_new_bearer_list", "MissingAccessKeyId"),
];

/// A request as its client sent it.
struct Capture {
    name: String,
    bytes: Vec<u8>,
    /// The date that its client wrote, in Unix seconds.
    sent_at: i64,
}

fn date(head: &str) -> i64 {
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let date = match header("x-acs-date") {
        Some(date) => date.parse().unwrap(),
        None => rfc2822::DateTimeParser::new().parse_timestamp(header("date").unwrap()).unwrap(),
    };
    date.as_second()
}

/// All of them, from the oldest to the newest, so that a server's clock that follows them does not run backwards.
fn captures() -> Vec<Capture> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sae");
    let mut captures = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let bytes = fs::read(&path).unwrap();
            // The recorder ended each file with a line feed of its own.
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes).to_vec();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            let sent_at = date(&String::from_utf8_lossy(&bytes));
            captures.push(Capture { name, bytes, sent_at });
        }
    }
    captures.sort_by(|a, b| (a.sent_at, &a.name).cmp(&(b.sent_at, &b.name)));
    captures
}

fn capture(name: &str) -> Capture {
    captures().into_iter().find(|capture| capture.name == name).unwrap()
}

/// A server that knows the callers, and the clock by which it believes what was captured.
fn server_at(seconds: i64) -> (TestServer, Arc<SetClock>) {
    let clock = SetClock::at(seconds);
    (TestServer::start_at(clock.clone(), &world_with_users(), |_| {}), clock)
}

/// Sends a captured request at the time when it was captured.
fn replay(server: &TestServer, clock: &SetClock, capture: &Capture) -> Reply {
    clock.set(capture.sent_at);
    let mut connection = server.connect();
    connection.send(&capture.bytes).unwrap();
    connection.receive()
}

#[test]
fn captured_requests_are_believed() {
    let (server, clock) = server_at(0);
    let (mut believed, mut unserved, mut refused) = (0, 0, vec![]);
    for capture in captures() {
        let reply = replay(&server, &clock, &capture);
        let name = capture.name;
        // The gateway's errors have no trace id.
        if reply.status == 200 || !reply.json()["TraceId"].is_null() {
            believed += 1;
        } else if reply.code() == "InvalidApi.NotFound" {
            assert!(name.ends_with("_create_configmap"), "{name}: the sibling API is not served");
            unserved += 1;
        } else {
            refused.push((name, reply.code()));
        }
    }
    refused.sort();
    let expected = UNBELIEVABLE.map(|(name, code)| (name.to_owned(), code.to_owned()));
    assert_eq!(refused, expected);
    assert_eq!((believed, unserved), (106, 4));
}

#[test]
fn captured_requests_are_believed_once_and_not_for_ever() {
    let request = capture("py_new_list");
    let (server, clock) = server_at(request.sent_at);
    assert_eq!(replay(&server, &clock, &request).status, 200);
    replay(&server, &clock, &request).assert_error(400, "SignatureNonceUsed");
    for name in ["py_new_list", "py_classic_list"] {
        let mut late = capture(name);
        late.sent_at += 3600;
        replay(&server, &clock, &late).assert_error(400, "InvalidTimeStamp.Expired");
    }
}

/// What the clients escape differently on its way, down to the signs that mean something in queries and in JSON.
#[test]
fn what_a_captured_request_creates_is_what_its_user_meant() {
    let difficult = "a+b c/d=e&f%20~*()!中文é\n";
    let cases = [
        ("cli_create", "v 中文+=/ ~*"),
        ("cli_create_body", "v"),
        ("go_classic_create", difficult),
        ("go_new_create", difficult),
        ("java_core_create", difficult),
        ("java_tea_create", difficult),
    ];
    let (server, clock) = server_at(0);
    for (name, value) in cases {
        let id = replay(&server, &clock, &capture(name)).secret_id();
        let described = server.describe_secret("cn-beijing:test", id).data();
        assert_eq!(described["SecretData"], json!({ "k": value }), "{name}");
    }
}

/// The provider's requests in the order of its `apply`, a changed plan, and `destroy`. What it does between was not
/// captured and is signed here in its way.
#[test]
fn terraform_keeps_a_namespace() {
    let (server, clock) = server_at(0);
    let send = |name: &str| replay(&server, &clock, &capture(&format!("terraform_{name}")));
    let key = Signer::new("testAKid0000000000000001", "testAKsecret000000000000000001");
    let key = key.way(Way::RoaSha1).at(capture("terraform_update_namespace").sent_at);
    let call = |method: &str, id: &str| {
        let target = format!("{NAMESPACE}?NamespaceId={}", encoded(id));
        server.send(&key.sign(Request::new(method, target), None))
    };

    // By NameSpaceShortId, the id is the answer's; by NamespaceId, the short id is.
    let mut by_id = json!({
        "NamespaceId": "cn-beijing:tf", "NameSpaceShortId": "tf", "NamespaceName": "tf",
        "NamespaceDescription": "by terraform", "RegionId": "cn-beijing", "EnableMicroRegistration": true,
    });
    let by_short_id = json!({
        "NamespaceId": "cn-beijing:tfshort", "NameSpaceShortId": "tfshort", "NamespaceName": "tf-short",
        "NamespaceDescription": "", "RegionId": "cn-beijing", "EnableMicroRegistration": false,
    });
    assert_eq!(send("create_namespace_1").data(), by_short_id);
    assert_eq!(send("create_namespace_2").data(), by_id);
    assert_eq!(send("describe_namespace").data(), by_id);
    assert_eq!(call("GET", "cn-beijing:tfshort").data(), by_short_id);

    let listed = send("namespaces").data();
    let entries = listed["Namespaces"].as_array().unwrap();
    assert_eq!(listed["TotalSize"], entries.len());
    for wanted in [&by_id, &by_short_id] {
        let same = |entry: &&Value| entry["NamespaceId"] == wanted["NamespaceId"];
        let entry = entries.iter().find(same).expect("it is listed");
        for name in ["NameSpaceShortId", "NamespaceName", "NamespaceDescription", "RegionId"] {
            assert_eq!(entry[name], wanted[name], "{name}");
        }
    }

    by_id["NamespaceDescription"] = json!("changed 中文");
    assert_eq!(send("update_namespace").data(), by_id);
    assert_eq!(call("GET", "cn-beijing:tf").data(), by_id, "the plan is empty after it");

    // It reads until this very code says that the namespace is gone, and takes it as done when another was quicker.
    assert_eq!(send("delete_namespace").status, 200);
    assert_eq!(call("DELETE", "cn-beijing:tf").status, 200);
    for id in ["cn-beijing:tf", "cn-beijing:tfshort"] {
        for method in ["GET", "DELETE"] {
            let gone = call(method, id);
            gone.assert_error(404, "InvalidNamespaceId.NotFound");
            assert_eq!(gone.message(), "The specified NamespaceId does not exist.");
        }
    }
}
