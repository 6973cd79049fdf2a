//! What the official SDKs, their command line and the caching clients sent, at the hour when they sent it.

use sae_secret::access::{
    Refusal,
    signature::{
        Authorization,
        acs3::Style,
        parse_acs3_date, parse_rpc_date,
        rpc::{EmptyValues, Rpc, string_to_sign},
    },
};

use super::{
    ID, SESSION, TOKEN, captures, check, check_in, is_acs4, parameters, spellings::rpc_signature,
};
use crate::sent::Sent;

/// Key, token and date as the request claims them.
fn claimed(sent: &Sent) -> (String, Option<String>, i64) {
    let own = |text: &[u8]| String::from_utf8(text.to_vec()).unwrap();
    if let Some(value) = sent.header("authorization") {
        let claim = Authorization::parse(value).unwrap();
        let token = sent.header("x-acs-security-token").map(own);
        let date = sent.header("x-acs-date").and_then(parse_acs3_date).unwrap();
        return (claim.access_key_id().to_owned(), token, date);
    }
    let parameters = parameters(sent);
    let claim = Rpc::parse(&parameters).ok().unwrap();
    let date = parse_rpc_date(claim.timestamp.as_bytes()).unwrap();
    assert!(claim.nonce.is_some_and(|nonce| (26..=53).contains(&nonce.len())), "{:?}", claim.nonce);
    (claim.access_key_id.to_owned(), claim.security_token.map(str::to_owned), date)
}

#[test]
fn captures_are_verified() {
    // All were recorded between these two.
    let days = ["2026-11-30T16:00:00Z", "2026-11-30T20:00:00Z"];
    let [first, last] = days.map(|text| parse_acs3_date(text.as_bytes()).unwrap());
    let (mut acs3, mut rpc, mut sessions, mut refused) = (0, 0, 0, 0);
    for (name, sent) in captures() {
        if is_acs4(&name) {
            assert_eq!(check(&sent), Err(Refusal::Incomplete), "{name}");
            refused += 1;
            continue;
        }
        assert_eq!(check(&sent), Ok(()), "{name}");
        let (id, token, date) = claimed(&sent);
        assert!((first..last).contains(&date), "{name}: {date}");
        assert_eq!(token.as_deref(), (id == SESSION).then_some(TOKEN), "{name}");
        assert!(id == ID || token.is_some(), "{name}: {id}");
        sessions += usize::from(token.is_some());
        if sent.is_acs3() { acs3 += 1 } else { rpc += 1 }
    }
    assert_eq!((acs3, rpc, sessions, refused), (36, 65, 27, 2));
}

/// The clients whose newer way is not that of the other APIs: they do not sign `host`, or names as they are.
#[test]
fn these_sign_in_rpc_style() {
    let captures = captures();
    let strict = captures.iter().filter(|(_, sent)| sent.is_acs3());
    let refused = strict.filter_map(|(name, sent)| Some((name, check_in(Style::Roa, sent).err()?)));
    let (unsigned, raw): (Vec<_>, Vec<_>) =
        refused.partition(|(_, refusal)| *refusal == Refusal::Incomplete);
    let unsigned: Vec<&str> = unsigned.iter().map(|(name, _)| name.as_str()).collect();
    let with_host_unsigned = [
        "java-async-1.0.11-sigv3.CreateSecret",
        "java-classic-sigv3-GET.GetSecretValue",
        "java-classic-sigv3.CreateSecret",
    ];
    assert_eq!(unsigned, with_host_unsigned);
    let with_raw_names: Vec<&str> = raw.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        with_raw_names,
        [
            "_odd_go-kms20160120-3.2.3.UpdateSecret.raw-names",
            "_odd_py-kms20160120-3.3.1-sts.UpdateSecret.raw-names"
        ]
    );
    for (name, refusal) in raw {
        let Refusal::Acs3Mismatch { canonical_request, .. } = refusal else { panic!("{name}") };
        // What is told has the names encoded.
        assert!(canonical_request.contains("CustomData.%E5%9F%8E%E5%B8%82=%E6"), "{name}");
    }
}

#[test]
fn one_client_does_not_sign_empty_values() {
    let captures = captures();
    let with_another_text = captures.iter().filter(|(_, sent)| {
        sent.header("authorization").is_none() && {
            let parameters = parameters(sent);
            let method = std::str::from_utf8(&sent.method).unwrap();
            let text = string_to_sign(method, &parameters, EmptyValues::WithEqualsSign);
            rpc_signature(&text) != Rpc::parse(&parameters).ok().unwrap().signature
        }
    });
    let names: Vec<&str> = with_another_text.map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["_odd_java-kms20160120-1.2.3-sigv1.UpdateSecret.empty-unsigned"]);
}

/// Without the header that says so, a form is no form, and what stands in it is not signed.
#[test]
fn a_form_without_its_type_is_not_signed() {
    let mut tried = 0;
    for (name, mut sent) in captures() {
        let is_older = sent.header("authorization").is_none();
        if is_older && !sent.body.is_empty() {
            sent.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(b"content-type"));
            assert!(check(&sent).is_err(), "{name}");
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried}");
}
