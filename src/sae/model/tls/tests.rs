#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/fixtures/tls/", $name))
    };
}

const P256_CRT: &str = fixture!("p256.crt");
const P256_KEY: &str = fixture!("p256.key");

fn der(text: &str) -> Vec<u8> {
    pem::blocks(text).unwrap().last().unwrap().der.to_vec()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

/// The key at fault and the reason, where there is a defect.
fn check(certificate: &str, key: &str) -> Result<(), (&'static str, String)> {
    super::check(certificate, key).map_err(|error| match error {
        Error::SecretKeyInvalid(key, reason) => (key, reason),
        other => panic!("{other}"),
    })
}

/// Which pairs are taken, and what is said of the others, is tested from outside: `tests/fixtures/tls/pairs.json`.
#[test]
fn damaged_and_truncated_der_never_panics_and_no_reason_holds_a_value() {
    for (certificate, key) in [
        (P256_CRT, fixture!("p256-sec1.key")),
        (fixture!("ed25519.crt"), fixture!("ed25519.key")),
        (fixture!("rsa1024.crt"), fixture!("rsa1024.key")),
    ] {
        let (leaf, secret) = (der(certificate), der(key));
        let texts = |der: &[u8]| (pem("CERTIFICATE", der), pem("PRIVATE KEY", der));
        for end in 0..leaf.len() {
            let found = check(&texts(&leaf[..end]).0, key).expect_err("a cut certificate");
            assert_eq!(found.0, CERTIFICATE);
        }
        for end in 0..secret.len() {
            let (at, reason) = check(certificate, &texts(&secret[..end]).1).expect_err("a cut key");
            assert_eq!(at, KEY);
            assert!(reason.len() < 100 && reason.is_ascii(), "{reason:?}");
        }
        for bit in [1, 0x80, 0xff] {
            for index in 0..leaf.len() {
                let mut damaged = leaf.clone();
                damaged[index] ^= bit;
                drop(check(&texts(&damaged).0, key));
            }
            for index in 0..secret.len() {
                let mut damaged = secret.clone();
                damaged[index] ^= bit;
                drop(check(certificate, &texts(&damaged).1));
            }
        }
    }
}

#[test]
fn each_certificate_of_a_chain_has_to_be_one() {
    let chain = format!("{P256_CRT}{}", pem("CERTIFICATE", b"CANARY"));
    let reason = "certificate 2 is not an X.509 certificate in DER".to_owned();
    assert_eq!(check(&chain, P256_KEY), Err(("tls.crt", reason)));
}

#[test]
fn hostile_values_take_linear_time() {
    const MIB: usize = 1 << 20;
    let start = Instant::now();
    // An RSA key whose primes are longer than any modulus.
    let integer = [&[2, 0x83, 4, 0, 0, 1][..], &[7].repeat(0x3_ffff)].concat();
    let numbers = [&[2, 1, 0][..], &[2, 1, 3], &[2, 1, 3], &[2, 1, 1], &integer.repeat(5)].concat();
    let long_primes = [&[0x30, 0x83, 0x14, 0, 0x2a][..], &numbers].concat();
    let long_modulus = [&[0x30, 0x83, 0x20, 0, 0x33][..], &[2, 1, 0], &integer.repeat(8)].concat();
    for garbage in [
        "A".repeat(MIB),
        "\n".repeat(MIB),
        "-----BEGIN ".repeat(MIB / 11),
        "\n-----END ".repeat(MIB / 10),
        "-----BEGIN CERTIFICATE-----\n".repeat(MIB / 28),
        "-----BEGIN X-----\n-----END X-----\n".repeat(MIB / 34),
        "-----BEGIN X-----\nA:\n-----END X-----:\n".repeat(MIB / 38),
        format!("-----BEGIN X-----\n{}\n-----END X-----\n", "A:\n".repeat(MIB / 3)),
        pem("CERTIFICATE", &b"\x30".repeat(700_000)),
        pem("CERTIFICATE", &b"\x30\x80".repeat(350_000)),
        pem("PRIVATE KEY", &b"\x30\x83\x0a\x00\x00".repeat(140_000)),
        pem("EC PRIVATE KEY", &[&b"\x30\x83\x0a\xae\x60"[..], &b"\x00".repeat(700_000)].concat()),
        pem("RSA PRIVATE KEY", &[&b"\x30\x83\x0a\xae\x60"[..], &b"\x02".repeat(700_000)].concat()),
        pem("RSA PRIVATE KEY", &long_primes),
        pem("RSA PRIVATE KEY", &long_modulus),
    ] {
        assert_eq!(check(&garbage, P256_KEY).map_err(|(at, _)| at), Err(CERTIFICATE));
        assert_eq!(check(P256_CRT, &garbage).map_err(|(at, _)| at), Err(KEY));
    }
    let chain = P256_CRT.repeat(MIB / P256_CRT.len());
    assert_eq!(check(&chain, P256_KEY), Ok(()));
    assert!(start.elapsed() < Duration::from_mins(1));
}
