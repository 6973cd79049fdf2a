//! The pure functions one by one. What real clients sign stands in `tests/signatures`.

mod authorizations;
mod canonical;
mod dates;
mod keys;
mod rpc;
mod vectors;

use super::{Authorization, SignedRequest, acs3::Acs3, roa::Roa};

/// A request for a list without anything that is signed; a test changes what it is about.
const PLAIN: SignedRequest<'static> = SignedRequest {
    method: "GET",
    path: "/pop/v1/sam/secret/secrets",
    query: "",
    headers: &[("host", b"sae.test")],
};

fn acs3(text: &str) -> Acs3<'_> {
    match Authorization::parse(text.as_bytes()) {
        Ok(Authorization::Acs3(authorization)) => authorization,
        other => panic!("{text}: {other:?}"),
    }
}

fn roa(text: &str) -> Roa<'_> {
    match Authorization::parse(text.as_bytes()) {
        Ok(Authorization::Roa(authorization)) => authorization,
        other => panic!("{text}: {other:?}"),
    }
}
