//! Every captured request, byte for byte, at the hour of its capture: the server believes those that can be believed.

use std::fs;

use crate::common::{TestServer, server::*};

/// When the captures were made, in Unix seconds: 2026-11-22T02:49:00Z, at most six minutes from each.
const CAPTURED_AT: i64 = 1_795_315_740;

/// What the gateway says of a capture that cannot be believed: its client signed another value than it sent, or it signed
/// nothing at all.
const UNBELIEVABLE: [(&str, &str); 3] = [
    ("node_popcore_create_namespace", "SignatureDoesNotMatch"),
    ("py_mid_bearer_list", "MissingAccessKeyId"),
    ("py_new_bearer_list", "MissingAccessKeyId"),
];

fn captures() -> Vec<(String, Vec<u8>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sae");
    let mut captures = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let bytes = fs::read(&path).unwrap();
            // The recorder ended each file with a line feed of its own.
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes).to_vec();
            captures.push((path.file_stem().unwrap().to_string_lossy().into_owned(), bytes));
        }
    }
    captures.sort();
    captures
}

#[test]
fn captured_requests_are_believed() {
    let clock = SetClock::at(CAPTURED_AT);
    let server = TestServer::start_at(clock, &world_with_users(), |_| {});
    let (mut believed, mut unserved, mut refused) = (0, 0, vec![]);
    for (name, bytes) in captures() {
        let mut connection = server.connect();
        connection.send(&bytes).unwrap();
        let reply = connection.receive();
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
    let expected = UNBELIEVABLE.map(|(name, code)| (name.to_owned(), code.to_owned()));
    assert_eq!(refused, expected);
    assert_eq!((believed, unserved), (71, 4));
}

#[test]
fn captured_requests_are_believed_once_and_not_for_ever() {
    let clock = SetClock::at(CAPTURED_AT);
    let server = TestServer::start_at(clock.clone(), &world_with_users(), |_| {});
    let signed = |name: &str| captures().into_iter().find(|(known, _)| known == name).unwrap().1;
    let send = |bytes: &[u8]| {
        let mut connection = server.connect();
        connection.send(bytes).unwrap();
        connection.receive()
    };
    let request = signed("py_new_list");
    assert_eq!(send(&request).status, 200);
    send(&request).assert_error(400, "SignatureNonceUsed");
    clock.set(CAPTURED_AT + 3600);
    send(&request).assert_error(400, "InvalidTimeStamp.Expired");
    send(&signed("py_classic_list")).assert_error(400, "InvalidTimeStamp.Expired");
}
