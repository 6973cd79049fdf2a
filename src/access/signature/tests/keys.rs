//! Public keys, and the signatures that they verify.

use data_encoding::HEXLOWER;

use super::{
    super::{
        KeyMaterial, RsaPublicKey,
        acs3::{self, Style},
        rsa::NOT_A_KEY,
    },
    PLAIN, acs3 as authorization,
};

const PUBLIC: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/rsa/public.pem"));
const PRIVATE: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls/rsa2048.key"));

/// The private key's signature of a text.
fn sign(text: &str) -> Vec<u8> {
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
    let der = PrivatePkcs8KeyDer::from_pem_slice(PRIVATE.as_bytes()).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; pair.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    let padding = &ring::signature::RSA_PKCS1_SHA256;
    pair.sign(padding, &random, text.as_bytes(), &mut signature).unwrap();
    signature
}

#[test]
fn a_public_key_is_read() {
    let key = RsaPublicKey::from_pem(PUBLIC).unwrap();
    assert_eq!(format!("{key:?}"), "RsaPublicKey");
    let commented = format!("made by a test\n\n{PUBLIC}\nand so on\n");
    assert_eq!(RsaPublicKey::from_pem(&commented), Ok(key));
}

#[test]
fn other_keys_are_not() {
    let other = |name: &str| {
        let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    };
    let cut: String = PUBLIC
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != 2)
        .map(|(_, l)| l.to_owned() + "\n")
        .collect();
    for (what, text, error) in [
        ("nothing", String::new(), NOT_A_KEY),
        ("no PEM", "no PEM".to_owned(), NOT_A_KEY),
        ("the private half", PRIVATE.to_owned(), NOT_A_KEY),
        ("a certificate", other("tls/rsa2048.crt"), NOT_A_KEY),
        ("a key with a line cut out", cut, NOT_A_KEY),
        ("an elliptic key", other("rsa/p256-public.pem"), "not an RSA key"),
        ("a short key", other("rsa/1024-public.pem"), "an RSA key must have 2048 to 8192 bits"),
    ] {
        assert_eq!(RsaPublicKey::from_pem(&text), Err(error), "{what}");
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let key = RsaPublicKey::from_pem(PUBLIC).unwrap();
    let signature = HEXLOWER.encode(&sign("text"));
    assert!(key.verifies(b"text", &signature));
    assert!(!key.verifies(b"Text", &signature));
    for other in [
        String::new(),
        signature.to_uppercase(),
        format!("{signature}0"),
        format!("{signature}00"),
        format!("00{signature}"),
        format!("0x{signature}"),
        format!(" {signature}"),
        signature[..510].to_owned(),
        signature.replace(['a', 'b'], "é"),
        "0".repeat(512),
        "f".repeat(512),
        format!("{:0>512}", 1),
    ] {
        assert!(!key.verifies(b"text", &other), "{other}");
    }
}

#[test]
fn a_key_serves_no_algorithm_of_the_other_kind() {
    let key = RsaPublicKey::from_pem(PUBLIC).unwrap();
    let with = |algorithm: &str, signature: &str| {
        format!("{algorithm} Credential=a,SignedHeaders=host,Signature={signature}")
    };
    let unsigned = with("ACS3-RSA-SHA256", "x");
    let canonical = acs3::canonical_request(&PLAIN, &authorization(&unsigned), Style::Roa, b"");
    let text = acs3::string_to_sign(acs3::Algorithm::RsaSha256, &canonical);
    let right = with("ACS3-RSA-SHA256", &HEXLOWER.encode(&sign(&text)));
    let right = authorization(&right);
    let verify = |claim: &acs3::Acs3<'_>, key| acs3::verify(&PLAIN, claim, &key, Style::Roa);
    assert_eq!(verify(&right, KeyMaterial::Rsa(key.clone())), Ok(()));
    assert!(verify(&right, KeyMaterial::Secret(PUBLIC.to_owned().into())).is_err());
    for algorithm in ["ACS3-HMAC-SHA256", "ACS3-HMAC-SM3"] {
        let other = with(algorithm, right.signature);
        assert!(verify(&authorization(&other), KeyMaterial::Rsa(key.clone())).is_err());
    }
}
