//! Every vector of `tests/fixtures/kms`: those that SDKs made (`vectors.json`), and those computed from the captures without
//! one (`vectors.md`).

use sae_secret::access::{
    Refusal,
    signature::{
        Authorization, SignedRequest,
        acs3::{self, Style},
        rpc::{self, EmptyValues, Parameters, Rpc, string_to_sign},
    },
};
use serde_json::Value;

use super::{ID, SECRET, captures, is_acs4, parameters};
use crate::{
    common::{fixture, query},
    sent::{Sent, secret},
};

/// The signatures of `vectors.json`, in their order.
const SIGNATURES: [&str; 5] = [
    "wKZBTncD7rmpo3e8GynviPuFXy4=",
    "H8cgXyWoYfB9Gth0uzc0owwfzwo=",
    "dH3PuBfn5qoSznBAb2p8VsNk0XIpfnOF2g7gfOBY2Js=",
    "ff4a6a9313318ef7f3b9fabb4917ae6b5735f29bd12424f4fa20bd5a226d6547",
    "cbdf537ee7f4d3a5b47a2fcd143ad6dc2248eed2c693487cc70b992814155b51",
];

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_else(|| panic!("no {member} in {value}"))
}

fn members(value: &Value) -> Vec<(&str, &str)> {
    let members = value.as_object().unwrap().iter();
    members.map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect()
}

fn check_rpc(vector: &Value, signature: &str) {
    let mut pairs = members(&vector["params"]);
    pairs.push(("Signature", signature));
    let (query, method) = (query(&pairs), text(vector, "method"));
    let parameters = Parameters::read(&query, b"");
    let expected = text(vector, "string_to_sign");
    assert_eq!(string_to_sign(method, &parameters, EmptyValues::WithEqualsSign), expected);
    let claim = Rpc::parse(&parameters).ok().unwrap();
    assert_eq!((claim.access_key_id, claim.signature), (ID, signature));
    assert_eq!(rpc::verify(method, &parameters, &claim, &secret(SECRET)), Ok(()));
    let told = Refusal::RpcMismatch { string_to_sign: expected.to_owned() };
    for other in ["", "another", "FakeSecretFakeSecretFakeSecret&"] {
        let wrong = rpc::verify(method, &parameters, &claim, &secret(other));
        assert_eq!(wrong, Err(told.clone()), "{other}");
    }
}

fn check_acs3(vector: &Value, signature: &str) {
    let headers = members(&vector["headers"]).into_iter();
    let headers: Vec<(&str, &[u8])> =
        headers.map(|(name, value)| (name, value.as_bytes())).collect();
    let query = query(&members(&vector["query"]));
    let method = text(vector, "method");
    let request = SignedRequest { method, path: "/", query: &query, headers: &headers };
    let authorization = Authorization::parse(text(vector, "authorization").as_bytes());
    let Ok(Authorization::Acs3(claim)) = authorization else { panic!("{vector}") };
    assert_eq!((claim.access_key_id, claim.signature), (ID, signature));
    let hash = claim.algorithm.hash(text(vector, "body").as_bytes());
    assert_eq!(request.values("x-acs-content-sha256").next(), Some(hash.as_bytes()));
    let canonical = acs3::canonical_request(&request, &claim, Style::Rpc, hash.as_bytes());
    assert_eq!(std::str::from_utf8(&canonical).unwrap(), text(vector, "canonical_request"));
    let signed = acs3::string_to_sign(claim.algorithm, &canonical);
    assert_eq!(signed, text(vector, "string_to_sign"));
    for style in [Style::Roa, Style::Rpc] {
        assert_eq!(acs3::unsigned_header(&request, &claim, style), None);
        assert_eq!(acs3::verify(&request, &claim, &secret(SECRET), style), Ok(()));
        assert!(acs3::verify(&request, &claim, &secret("another"), style).is_err());
    }
}

#[test]
fn vectors_of_sdks() {
    let file: Value = serde_json::from_str(&fixture("kms/vectors.json")).unwrap();
    assert_eq!((text(&file, "access_key_id"), text(&file, "access_key_secret")), (ID, SECRET));
    let vectors = file["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), SIGNATURES.len());
    for (vector, signature) in vectors.iter().zip(SIGNATURES) {
        if vector.get("params").is_some() {
            check_rpc(vector, signature);
        } else {
            check_acs3(vector, signature);
        }
    }
}

/// What stands between the fences behind a title.
fn block<'a>(section: &'a str, title: &str) -> Option<&'a str> {
    let (_, rest) = section.split_once(&format!("{title}:\n```\n"))?;
    Some(rest.split_once("\n```").unwrap().0)
}

fn canonical_request(sent: &Sent) -> Vec<u8> {
    let canonical = sent.signed(|request| {
        let authorization = Authorization::parse(sent.header("authorization").unwrap());
        let Ok(Authorization::Acs3(claim)) = authorization else { panic!("not the newer way") };
        let hash = sent.header("x-acs-content-sha256").unwrap();
        acs3::canonical_request(request, &claim, Style::Rpc, hash)
    });
    canonical.unwrap()
}

#[test]
fn vectors_of_captures() {
    let captures = captures();
    let file = fixture("kms/vectors.md");
    let (mut rpc, mut acs3, mut odd) = (0, 0, 0);
    for section in file.split("\n## ").skip(1) {
        let name = section.split('`').nth(1).unwrap().strip_suffix(".txt").unwrap();
        let Some(expected) = block(section, "String to sign") else { continue };
        let (_, sent) = captures.iter().find(|(known, _)| known == name).expect(name);
        let signature = section.rsplit_once("Signature: `").unwrap().1.split('`').next().unwrap();
        if let Some(canonical) = block(section, "Canonical request") {
            let authorization = sent.header("authorization").unwrap().to_vec();
            assert!(String::from_utf8(authorization).unwrap().contains(signature), "{name}");
            if is_acs4(name) || name.ends_with("raw-names") {
                odd += 1;
            } else {
                let own = canonical_request(sent);
                assert_eq!(std::str::from_utf8(&own).unwrap(), canonical, "{name}");
                let own = acs3::string_to_sign(acs3::Algorithm::HmacSha256, &own);
                assert_eq!(own, expected, "{name}");
                acs3 += 1;
            }
        } else {
            let parameters = parameters(sent);
            assert_eq!(Rpc::parse(&parameters).ok().unwrap().signature, signature, "{name}");
            let empty_values = match name.ends_with("empty-unsigned") {
                true => EmptyValues::LeftOut,
                false => EmptyValues::WithEqualsSign,
            };
            assert_eq!(string_to_sign("POST", &parameters, empty_values), expected, "{name}");
            rpc += 1;
        }
    }
    assert_eq!((rpc, acs3, odd), (12, 6, 3));
}
