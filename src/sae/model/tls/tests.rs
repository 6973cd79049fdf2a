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

const RSA_CRT: &str = fixture!("rsa2048.crt");
const RSA_KEY: &str = fixture!("rsa2048.key");
const P256_CRT: &str = fixture!("p256.crt");
const P256_KEY: &str = fixture!("p256.key");
const P521_CRT: &str = fixture!("p521.crt");
const ED25519_CRT: &str = fixture!("ed25519.crt");
const ED25519_KEY: &str = fixture!("ed25519.key");

/// Certificates with a key that belongs to them.
const PAIRS: [(&str, &str); 16] = [
    (fixture!("rsa1024.crt"), fixture!("rsa1024.key")),
    (RSA_CRT, RSA_KEY),
    (RSA_CRT, fixture!("rsa2048-pkcs1.key")),
    (fixture!("rsa8192.crt"), fixture!("rsa8192.key")),
    (P256_CRT, P256_KEY),
    // These begin with an EC PARAMETERS block.
    (P256_CRT, fixture!("p256-sec1.key")),
    (P256_CRT, fixture!("p256-nopub.key")),
    (fixture!("p384.crt"), fixture!("p384.key")),
    (fixture!("p384.crt"), fixture!("p384-sec1.key")),
    (fixture!("p384.crt"), fixture!("p384-nopub.key")),
    (P521_CRT, fixture!("p521.key")),
    (P521_CRT, fixture!("p521-sec1.key")),
    (ED25519_CRT, ED25519_KEY),
    (fixture!("p256-expired.crt"), P256_KEY),
    (fixture!("p256-expired.crt"), fixture!("p256-sec1.key")),
    (fixture!("p256-expired.crt"), fixture!("p256-nopub.key")),
];

/// Keys that belong to none of the certificates in [`PAIRS`].
const OTHER_KEYS: [&str; 5] = [
    fixture!("rsa2048-other.key"),
    fixture!("p256-other.key"),
    fixture!("p384-other.key"),
    fixture!("p521-other.key"),
    fixture!("ed25519-other.key"),
];

const FOREIGN: &str = "the private key does not belong to the certificate in tls.crt";

fn der(pem: &str) -> Vec<u8> {
    blocks(pem).next().unwrap().unwrap().1.to_vec()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn defect(certificate: &str, key: &str) -> (&'static str, String) {
    let defect = check(certificate, key).expect_err("there should be a defect");
    assert_eq!(defect.to_string(), format!("{}: {}", defect.key, defect.reason));
    (defect.key, defect.reason)
}

#[test]
fn pairs_of_each_algorithm_pass_as_pem_and_as_base64() {
    for (certificate, key) in PAIRS {
        assert_eq!(check(certificate, key), Ok(()), "{certificate}");
        let windows = |text: &str| text.replace('\n', "\r\n");
        assert_eq!(check(&windows(certificate), &windows(key)), Ok(()), "{certificate}");
        let (packed, wrapped) = (STANDARD.encode(certificate), STANDARD.encode(key));
        assert_eq!(check(&packed, key), Ok(()), "{certificate}");
        let (half, rest) = wrapped.split_at(wrapped.len() / 2);
        assert_eq!(check(&packed, &format!("{half}\r\n{rest}\n")), Ok(()), "{certificate}");
    }
}

#[test]
fn a_foreign_key_is_refused_across_all_algorithms() {
    let foreign = ("tls.key", FOREIGN.to_owned());
    for (index, (certificate, _)) in PAIRS.iter().enumerate() {
        for key in OTHER_KEYS {
            assert_eq!(defect(certificate, key), foreign, "{index}");
        }
    }
    for (certificate, key) in [(RSA_CRT, P256_KEY), (P256_CRT, RSA_KEY), (P256_CRT, ED25519_KEY)] {
        assert_eq!(defect(certificate, key), foreign);
    }
    assert_eq!(defect(fixture!("p384.crt"), fixture!("p256-nopub.key")), foreign);
    assert_eq!(defect(P256_CRT, fixture!("p521-nopub.key")), foreign);
    assert_eq!(defect(fixture!("rsa1024.crt"), RSA_KEY), foreign);
}

#[test]
fn the_first_certificate_is_the_one_that_counts() {
    let chain = format!("{P256_CRT}{RSA_CRT}");
    assert_eq!(check(&chain, P256_KEY), Ok(()));
    assert_eq!(defect(&chain, RSA_KEY), ("tls.key", FOREIGN.to_owned()));
    // A combined file: the blocks of other kinds are passed over.
    let combined = format!("{P256_KEY}{P256_CRT}");
    assert_eq!(check(&combined, &combined), Ok(()));
    let two_keys = format!("{P256_KEY}{RSA_KEY}");
    assert_eq!(check(P256_CRT, &two_keys), Ok(()));
    assert_eq!(defect(RSA_CRT, &two_keys), ("tls.key", FOREIGN.to_owned()));
}

#[test]
fn a_key_is_judged_by_its_secret_number_not_by_the_public_key_it_carries() {
    // The scalar of one key with the point of another one.
    let (mut mixed, other) = (der(P256_KEY), der(fixture!("p256-other.key")));
    assert_eq!(mixed.len(), other.len());
    let point = mixed.len() - 64;
    mixed[point..].copy_from_slice(&other[point..]);
    assert_eq!(check(P256_CRT, &pem("PRIVATE KEY", &mixed)), Ok(()));
    let mut damaged = der(P256_KEY);
    damaged[60] ^= 1;
    assert_eq!(defect(P256_CRT, &pem("PRIVATE KEY", &damaged)).1, FOREIGN);
}

/// A certificate, a key, the key at fault, and words of the reason.
fn failing() -> Vec<(String, String, &'static str, &'static str)> {
    let mut cases = Vec::new();
    let garbage = pem("CERTIFICATE", b"CANARY");
    let leaf = der(P256_CRT);
    let long = pem("CERTIFICATE", &[&leaf[..], b"CANARY"].concat());
    let cut = pem("CERTIFICATE", &leaf[..leaf.len() - 1]);
    let point = leaf.windows(4).position(|bytes| bytes == b"\x03\x42\x00\x04").unwrap() + 3;
    let mut odd_point = leaf.clone();
    odd_point[point] = 5;
    for (certificate, words) in [
        (pem("CERTIFICATE", &odd_point).as_str(), "not an uncompressed point"),
        ("", "the value is empty"),
        ("CANARY", "neither PEM nor base64 of PEM"),
        ("CANARY==CANARY", "neither PEM nor base64 of PEM"),
        (STANDARD.encode("CANARY").as_str(), "neither PEM nor base64 of PEM"),
        (STANDARD.encode(b"-----BEGIN \xff").as_str(), "neither PEM nor base64 of PEM"),
        (STANDARD.encode(STANDARD.encode(P256_CRT)).as_str(), "neither PEM nor base64 of PEM"),
        (P256_KEY, "there is no CERTIFICATE block"),
        (&P256_CRT.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "there is no CERTIFICATE block"),
        ("-----BEGIN CERTIFICATE-----\nCANARY", "no END line"),
        (&pem("CERTIFICATE", &leaf).replace('\n', " "), "no END line"),
        ("-----BEGIN CERTIFICATE--\nCANARY", "a BEGIN line of PEM is malformed"),
        ("-----BEGIN CERTIFICATE-----\nCAN*RY\n-----END CERTIFICATE-----", "not base64"),
        (&garbage, "certificate 1 is not an X.509"),
        (&pem("CERTIFICATE", b""), "certificate 1 is not an X.509"),
        (&pem("CERTIFICATE", &der(P256_KEY)), "certificate 1 is not an X.509"),
        (&long, "certificate 1 is not an X.509"),
        (&cut, "certificate 1 is not an X.509"),
        (&format!("{P256_CRT}{garbage}"), "certificate 2 is not an X.509"),
        (fixture!("ed448.crt"), "the certificate's key is not RSA, ECDSA or Ed25519"),
        (fixture!("secp256k1.crt"), "the certificate's curve is not P-256"),
        (fixture!("explicit.crt"), "the certificate's curve is not P-256"),
    ] {
        cases.push((certificate.to_owned(), P256_KEY.to_owned(), "tls.crt", words));
    }
    for (key, words) in failing_keys() {
        cases.push((P256_CRT.to_owned(), key, "tls.key", words));
    }
    let without_point = fixture!("p521-nopub.key").to_owned();
    cases.push((P521_CRT.to_owned(), without_point, "tls.key", "must carry its public key"));
    cases.push((P256_CRT.to_owned(), RSA_KEY.to_owned(), "tls.key", FOREIGN));
    cases
}

fn failing_keys() -> Vec<(String, &'static str)> {
    let encrypted = "the private key is encrypted";
    let none = "there is no PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block";
    let (pkcs8, sec1) = (der(P256_KEY), der(fixture!("p256-nopub.key")));
    let seedless = [&der(ED25519_KEY)[..15], &[0x1f; 32]].concat();
    // In p256-nopub.key the number ends at byte 39, and 12 bytes name the curve.
    let curveless = [&[0x30, 37], &sec1[2..39]].concat();
    let mut two_curves = pkcs8.clone();
    two_curves[22..26].copy_from_slice(b"\x03\x01\x07\x05");
    vec![
        (String::new(), "the value is empty"),
        ("CANARY".into(), "neither PEM nor base64 of PEM"),
        (P256_CRT.into(), none),
        (P256_KEY.replace("PRIVATE", "OPENSSH PRIVATE"), none),
        (fixture!("encrypted-pkcs8.key").into(), encrypted),
        (STANDARD.encode(fixture!("encrypted-pkcs1.key")), encrypted),
        ("-----BEGIN PRIVATE KEY-----\nCANARY".into(), "no END line"),
        ("-----BEGIN PRIVATE KEY\nCANARY".into(), "a BEGIN line of PEM is malformed"),
        (P256_KEY.replacen("\nM", "\n*CANARY", 1), "not base64"),
        (pem("PRIVATE KEY", b"CANARY"), "not a PKCS#8 key"),
        (pem("PRIVATE KEY", b""), "not a PKCS#8 key"),
        (pem("PRIVATE KEY", &pkcs8[..pkcs8.len() - 1]), "not a PKCS#8 key"),
        (pem("PRIVATE KEY", &[&pkcs8[..], b"CANARY"].concat()), "not a PKCS#8 key"),
        (pem("PRIVATE KEY", &sec1), "not a PKCS#8 key"),
        (pem("PRIVATE KEY", &two_curves), "curve is not P-256"),
        (pem("PRIVATE KEY", &seedless), "not a PKCS#8 key"),
        (pem("RSA PRIVATE KEY", &pkcs8), "not a PKCS#1 key"),
        (pem("RSA PRIVATE KEY", b"CANARY"), "not a PKCS#1 key"),
        // A public key has fewer numbers, and a zero is none.
        (pem("RSA PRIVATE KEY", b"\x30\x06\x02\x01\x00\x02\x01\x03"), "not a PKCS#1 key"),
        (
            pem("RSA PRIVATE KEY", &[&b"\x30\x1b"[..], &b"\x02\x01\x00".repeat(9)].concat()),
            "PKCS#1",
        ),
        (
            pem(
                "RSA PRIVATE KEY",
                &[&b"\x30\x1b\x02\x01\x00"[..], &b"\x02\x01\x80".repeat(8)].concat(),
            ),
            "PKCS#1",
        ),
        (pem("EC PRIVATE KEY", &pkcs8), "not a SEC1 key"),
        (pem("EC PRIVATE KEY", &sec1[..20]), "not a SEC1 key"),
        (pem("EC PRIVATE KEY", &curveless), "does not name its curve"),
        (fixture!("ed448.key").into(), "the private key is not RSA, ECDSA or Ed25519"),
        (fixture!("secp256k1.key").into(), "the private key's curve is not P-256"),
        (fixture!("explicit.key").into(), "the private key's curve is not P-256"),
    ]
}

#[test]
fn each_defect_has_its_key_and_reason() {
    for (certificate, key, at_fault, words) in failing() {
        let (found, reason) = defect(&certificate, &key);
        assert!(reason.contains(words), "{words:?} is not in {reason:?}");
        assert_eq!(found, at_fault, "{reason}");
    }
}

#[test]
fn no_reason_holds_a_value() {
    for (certificate, key, ..) in failing() {
        let (_, reason) = defect(&certificate, &key);
        assert!(!reason.contains("CANARY"), "{reason}");
        for value in [&certificate, &key] {
            let secret = value.lines().filter(|line| line.len() > 15 && !line.contains("-----"));
            secret.for_each(|line| assert!(!reason.contains(line), "{reason}"));
        }
    }
}

#[test]
fn damaged_and_truncated_der_never_panics() {
    for (certificate, key) in [(P256_CRT, fixture!("p256-sec1.key")), (ED25519_CRT, ED25519_KEY)] {
        let label = if key.contains("EC PRIVATE") { "EC PRIVATE KEY" } else { "PRIVATE KEY" };
        let (leaf, secret) = (der(certificate), der(key));
        for end in 0..leaf.len() {
            assert_eq!(defect(&pem("CERTIFICATE", &leaf[..end]), key).0, "tls.crt");
        }
        for end in 0..secret.len() {
            assert_eq!(defect(certificate, &pem(label, &secret[..end])).0, "tls.key");
        }
        for (index, bit) in (0..leaf.len()).flat_map(|i| [(i, 1), (i, 0x80), (i, 0xff)]) {
            let mut damaged = leaf.clone();
            damaged[index] ^= bit;
            drop(check(&pem("CERTIFICATE", &damaged), key));
        }
        for (index, bit) in (0..secret.len()).flat_map(|i| [(i, 1), (i, 0x80), (i, 0xff)]) {
            let mut damaged = secret.clone();
            damaged[index] ^= bit;
            drop(check(certificate, &pem(label, &damaged)));
        }
    }
}

#[test]
fn hostile_values_take_linear_time() {
    const MIB: usize = 1 << 20;
    let start = Instant::now();
    for garbage in [
        "A".repeat(MIB),
        "\n".repeat(MIB),
        "-----BEGIN ".repeat(MIB / 11),
        "-----BEGIN CERTIFICATE-----\n".repeat(MIB / 28),
        "-----BEGIN X-----\n-----END X-----\n".repeat(MIB / 34),
        pem("CERTIFICATE", &b"\x30".repeat(700_000)),
        pem("CERTIFICATE", &b"\x30\x80".repeat(350_000)),
        pem("PRIVATE KEY", &b"\x30\x83\x0a\x00\x00".repeat(140_000)),
        pem("EC PRIVATE KEY", &[&b"\x30\x83\x0a\xae\x60"[..], &b"\x00".repeat(700_000)].concat()),
        pem("RSA PRIVATE KEY", &[&b"\x30\x83\x0a\xae\x60"[..], &b"\x02".repeat(700_000)].concat()),
    ] {
        assert_eq!(defect(&garbage, P256_KEY).0, "tls.crt");
        assert_eq!(defect(P256_CRT, &garbage).0, "tls.key");
    }
    let chain = P256_CRT.repeat(MIB / P256_CRT.len());
    assert_eq!(check(&chain, P256_KEY), Ok(()));
    assert!(start.elapsed() < Duration::from_mins(1));
}
