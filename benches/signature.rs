//! What it costs to believe one request: a CreateSecret as the SDKs send it, in each way of signing.
//!
//! `make bench-micro`, or `cargo bench --bench signature`. The numbers in brackets are bytes of SecretData in the query.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    // What is shared with the tests reads as they do.
    clippy::pedantic,
    clippy::type_complexity
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::{Request, Signer, Way, fixture, query};
use divan::{Bencher, black_box};
use sae_secret::access::signature::{
    Authorization, KeyMaterial, RsaPublicKey, SignedRequest,
    acs3::{self, Style},
    roa,
};

const SECRET: &str = "bench-not-real-0123456789abcde";

/// One registry's access data, and about what a certificate with its chain has.
const SIZES: [usize; 2] = [512, 16_384];

fn main() {
    divan::main();
}

fn create(size: usize) -> Request {
    let data = format!(r#"{{".dockerconfigjson":"{}"}}"#, "eyJhdXRocyI6".repeat(size / 12));
    let parameters = [
        ("NamespaceId", "cn-beijing:test"),
        ("SecretName", "registry-auth-acree"),
        ("SecretType", "kubernetes.io/dockerconfigjson"),
        ("SecretData", &data),
    ];
    Request::new("POST", format!("/pop/v1/sam/secret/secret?{}", query(&parameters)))
        .header("Host", "sae.cn-beijing.aliyuncs.com")
        .header("Accept", "application/json")
        .header("User-Agent", "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2")
        .header("x-acs-credentials-provider", "static_ak")
}

/// All that is pure about a request's signature, as it is checked at the gate.
fn is_verified(request: &SignedRequest<'_>, key: &KeyMaterial, body: &[u8]) -> bool {
    let authorization = request.values("authorization").next().unwrap_or_default();
    match Authorization::parse(authorization) {
        Ok(Authorization::Acs3(claim)) => {
            let hash = claim.algorithm.hash(body);
            acs3::unsigned_header(request, &claim, Style::Roa).is_none()
                && acs3::verify(request, &claim, key, Style::Roa).is_ok()
                && request.values("x-acs-content-sha256").eq([hash.as_bytes()])
        }
        Ok(Authorization::Roa(claim)) => roa::verify(request, &claim, key).is_ok(),
        Err(_) => false,
    }
}

fn measure(bencher: Bencher<'_, '_>, way: Way, size: usize) {
    let pair = RsaPublicKey::from_pem(&fixture("rsa/public.pem")).unwrap();
    let (secret, key) = match way {
        Way::Acs3Rsa => (fixture("tls/rsa2048.key"), KeyMaterial::Rsa(pair)),
        Way::Acs3Sha256 | Way::Acs3Sm3 | Way::RoaSha1 => {
            (SECRET.to_owned(), KeyMaterial::Secret(SECRET.to_owned().into()))
        }
    };
    let signer = Signer::new("LTAI5tBench0000000000001", &secret).way(way);
    let request = signer.sign(create(size), Some("CreateSecret"));
    let headers: Vec<(String, &[u8])> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.as_bytes()))
        .collect();
    let headers: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let (path, query) = request.target.split_once('?').unwrap();
    let signed = SignedRequest { method: &request.method, path, query, headers: &headers };
    assert!(is_verified(&signed, &key, &request.body));
    bencher.bench_local(|| is_verified(black_box(&signed), black_box(&key), &request.body));
}

#[divan::bench(args = SIZES)]
fn acs3_hmac_sha256(bencher: Bencher<'_, '_>, size: usize) {
    measure(bencher, Way::Acs3Sha256, size);
}

#[divan::bench(args = SIZES)]
fn acs3_hmac_sm3(bencher: Bencher<'_, '_>, size: usize) {
    measure(bencher, Way::Acs3Sm3, size);
}

#[divan::bench(args = SIZES)]
fn acs3_rsa_sha256(bencher: Bencher<'_, '_>, size: usize) {
    measure(bencher, Way::Acs3Rsa, size);
}

#[divan::bench(args = SIZES)]
fn roa_hmac_sha1(bencher: Bencher<'_, '_>, size: usize) {
    measure(bencher, Way::RoaSha1, size);
}
