//! What the black-box tests share: a server of their own, a client that speaks bytes, and the document that every
//! reply is held to.
#![allow(dead_code, unused_imports)]

pub mod document;
pub mod leaks;
pub mod postgres;
pub mod server;
pub mod signer;
pub mod tls;
pub mod wire;

pub use server::TestServer;
pub use signer::{Signer, Way};
pub use wire::{Reply, Request};

/// A text as it stands in a query.
pub fn encoded(text: &str) -> String {
    let mut query = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                query.push(char::from(byte));
            }
            _ => query.push_str(&format!("%{byte:02X}")),
        }
    }
    query
}

/// Parameters as a query.
pub fn query(parameters: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    pairs.join("&")
}

/// A file of `tests/fixtures`.
pub fn fixture(path: &str) -> String {
    let full = format!("{}/tests/fixtures/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&full).unwrap_or_else(|error| panic!("{full}: {error}"))
}
