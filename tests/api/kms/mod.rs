//! KMS.

mod world;

use crate::common::{Reply, Request, TestServer, query};

/// Sends a request for an operation, unsigned: the account itself asks.
fn call(server: &TestServer, action: &str, parameters: &[(&str, &str)]) -> Reply {
    let named = [("Action", action), ("Version", "2016-01-20")];
    let parameters: Vec<_> = named.iter().chain(parameters).copied().collect();
    let request = Request::new("POST", format!("/?{}", query(&parameters)));
    let mut connection = server.connect();
    connection.send(&request.bytes(server.address)).expect("the server reads");
    connection.receive()
}

/// The reply to a request that succeeds.
#[track_caller]
fn done(server: &TestServer, action: &str, parameters: &[(&str, &str)]) -> serde_json::Value {
    let reply = call(server, action, parameters);
    assert_eq!(reply.status, 200, "{action} {parameters:?}: {}", reply.text());
    reply.json()
}

/// Holds the reply to an error's status, code and message.
#[track_caller]
fn refused(
    server: &TestServer,
    action: &str,
    parameters: &[(&str, &str)],
    expected: (u16, &str, &str),
) {
    let reply = call(server, action, parameters);
    let told = (reply.status, reply.code(), reply.message());
    let (status, code, message) = expected;
    assert_eq!(told, (status, code.to_owned(), message.to_owned()), "{action} {parameters:?}");
}
