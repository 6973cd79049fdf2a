//! What is signed of a request, in both ways, against a signer of our own.
//!
//! An input is a request as it is on the wire. Its own signature is held against ours; then the request is signed anew,
//! spelt in other words, and changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sae_secret::access::{
    Refusal,
    signature::{
        Authorization, KeyMaterial,
        acs3::{self, Style},
        parameters, parse_acs3_date, parse_http_date, roa,
    },
};
use sae_secret_fuzz::{
    escaped, holds,
    random::Choices,
    signer::{Hash, canonical_request, content_md5, roa_text, sign_acs3, sign_roa},
    wire::{Wire, decoded, target, token, value},
};

/// The key of the captured requests; it opens nothing.
const ID: &str = "testAKid0000000000000001";
const SECRET: &str = "testAKsecret000000000000000001";

/// How many changed bytes an input is tried with, in each way of signing.
const CHANGES: usize = 4;

fuzz_target!(|input: &[u8]| {
    let choices = &mut Choices::of(input);
    let sent = Wire::read(input);
    names_are_told(&sent);
    dates_are_whole_seconds(&sent);
    what_was_sent_is_judged_as_by_the_signer(&sent);
    for hash in [Hash::Sha256, Hash::Sm3] {
        the_newer_way_covers_the_request(sent.clone(), hash, choices);
    }
    for has_equals_sign in [true, false] {
        the_older_way_covers_the_request(sent.clone(), has_equals_sign, choices);
    }
});

fn names_are_told(sent: &Wire) {
    let told: Vec<Vec<u8>> = parameters(&sent.query).map(std::borrow::Cow::into_owned).collect();
    let expected: Vec<Vec<u8>> = sent
        .query
        .split('&')
        .map(|pair| decoded(pair.split('=').next().unwrap_or_default(), true))
        .collect();
    holds!(told == expected, "the names of {:?}", sent.query);
}

fn dates_are_whole_seconds(sent: &Wire) {
    for (_, value) in &sent.headers {
        for moment in [parse_acs3_date(value), parse_http_date(value)].into_iter().flatten() {
            holds!(moment % 1000 == 0, "{value:?} is a whole second");
        }
    }
}

fn verifies(wire: &Wire, authorization: &str, secret: &str) -> bool {
    let key = KeyMaterial::Secret(secret.to_owned().into());
    wire.look(|request| match Authorization::parse(authorization.as_bytes()) {
        Ok(Authorization::Acs3(claim)) => acs3::verify(request, &claim, &key, Style::Roa).is_ok(),
        Ok(Authorization::Roa(claim)) => roa::verify(request, &claim, &key).is_ok(),
        Err(_) => false,
    })
}

fn what_was_sent_is_judged_as_by_the_signer(sent: &Wire) {
    let [value] = sent.values("authorization")[..] else { return };
    let Ok(claim) = Authorization::parse(value) else { return };
    holds!(!claim.access_key_id().is_empty(), "a claim names a key");
    let key = KeyMaterial::Secret(SECRET.to_owned().into());
    match &claim {
        Authorization::Acs3(claim) => {
            let listed: Vec<String> = claim.signed_headers.split(';').map(str::to_owned).collect();
            let hash = match claim.algorithm {
                acs3::Algorithm::HmacSha256 => Some(Hash::Sha256),
                acs3::Algorithm::HmacSm3 => Some(Hash::Sm3),
                acs3::Algorithm::RsaSha256 => None,
            };
            let expected = hash.map(|hash| sign_acs3(sent, &listed, hash, SECRET));
            let answer = sent.look(|request| acs3::verify(request, claim, &key, Style::Roa));
            let is_right = expected.as_deref() == Some(claim.signature);
            holds!(answer.is_ok() == is_right, "{claim:?} of {sent:?}");
            let told = sent.look(|request| acs3::explain(request, claim, Style::Roa, "0f"));
            let text = canonical_request(sent, &listed, b"0f");
            let text = String::from_utf8_lossy(&text);
            let is_told = matches!(told, Refusal::Acs3Mismatch { canonical_request, .. } if canonical_request == text);
            holds!(is_told, "the canonical request of {sent:?}");
        }
        Authorization::Roa(claim) => {
            let expected = [true, false].map(|sign| sign_roa(sent, sign, SECRET));
            let answer = sent.look(|request| roa::verify(request, claim, &key));
            let is_right = expected.iter().any(|expected| expected == claim.signature);
            holds!(answer.is_ok() == is_right, "{claim:?} of {sent:?}");
        }
    }
    let again = authorization_of(&claim);
    holds!(Authorization::parse(again.as_bytes()) == Ok(claim), "{again:?} is read again");
}

fn authorization_of(claim: &Authorization<'_>) -> String {
    match claim {
        Authorization::Acs3(claim) => format!(
            "{} Credential={},SignedHeaders={},Signature={}",
            claim.algorithm.name(),
            claim.access_key_id,
            claim.signed_headers,
            claim.signature
        ),
        Authorization::Roa(claim) => format!("acs {}:{}", claim.access_key_id, claim.signature),
    }
}

fn acs3_header(listed: &[String], hash: Hash, signature: &str) -> String {
    let (algorithm, listed) = (hash.algorithm(), listed.join(";"));
    format!("{algorithm} Credential={ID},SignedHeaders={listed},Signature={signature}")
}

fn the_newer_way_covers_the_request(mut wire: Wire, hash: Hash, choices: &mut Choices) {
    wire.headers.retain(|(name, _)| name != "authorization");
    wire.set("x-acs-content-sha256", &hash.of(&wire.body));
    if wire.values("host").is_empty() {
        wire.set("host", "sae.example");
    }
    let listed = listed_headers(&wire, choices);
    let signature = sign_acs3(&wire, &listed, hash, SECRET);
    let authorization = acs3_header(&listed, hash, &signature);
    holds!(verifies(&wire, &authorization, SECRET), "{authorization} of {wire:?}");
    what_has_to_be_signed_is_known(&wire, &authorization, &listed, hash);

    for mut same in [respelt(&wire, choices), respelt(&wire, choices)] {
        let segments = same.segments();
        let path: Vec<_> = segments.iter().map(|segment| escaped(segment, true)).collect();
        same.path = path.join("/");
        holds!(verifies(&same, &authorization, SECRET), "{same:?} is another spelling of {wire:?}");
    }
    for _ in 0..CHANGES {
        let other = changed(&wire, choices);
        let is_same = meaning(&other, &listed) == meaning(&wire, &listed);
        let answer = verifies(&other, &authorization, SECRET);
        holds!(answer == is_same, "{authorization} of {other:?}, signed for {wire:?}");
    }
    let forged = acs3_header(&listed, hash, &changed_text(&signature, choices));
    holds!(!verifies(&wire, &forged, SECRET), "{forged} is forged");
    holds!(!verifies(&wire, &authorization, &changed_text(SECRET, choices)), "another secret");
    let other = if hash == Hash::Sm3 { Hash::Sha256 } else { Hash::Sm3 };
    let confused = acs3_header(&listed, other, &signature);
    holds!(!verifies(&wire, &confused, SECRET), "{confused} has another algorithm");
    let fewer = acs3_header(&listed[1..], hash, &signature);
    holds!(!verifies(&wire, &fewer, SECRET), "{fewer} lists other headers");
}

/// Most of the names, in any order and in either case: the server takes them as the client lists them.
fn listed_headers(wire: &Wire, choices: &mut Choices) -> Vec<String> {
    let mut listed = wire.names();
    let middle = choices.below(listed.len());
    listed.rotate_left(middle);
    if choices.one_in(4) {
        let left_out = choices.below(listed.len());
        listed.remove(left_out);
    }
    for name in &mut listed {
        if choices.one_in(4) {
            name.make_ascii_uppercase();
        }
    }
    listed
}

fn what_has_to_be_signed_is_known(wire: &Wire, header: &str, listed: &[String], hash: Hash) {
    let is_listed = |name: &str| listed.iter().any(|known| known.eq_ignore_ascii_case(name));
    let has_body = wire.values("x-acs-content-sha256") != [hash.of(b"").as_bytes()];
    let has_to_be = |name: &str| {
        name == "host" || name.starts_with("x-acs-") || (name == "content-type" && has_body)
    };
    let mut missing = wire.names();
    missing.retain(|name| has_to_be(name) && !is_listed(name));
    let Ok(Authorization::Acs3(claim)) = Authorization::parse(header.as_bytes()) else { return };
    let told =
        wire.look(|request| acs3::unsigned_header(request, &claim, Style::Roa).map(str::to_owned));
    let is_right = told.as_ref().map_or(missing.is_empty(), |told| missing.contains(told));
    holds!(is_right, "{told:?} is not signed by {header} of {wire:?}, but {missing:?}");
}

/// All that the newer way signs, as a reader of HTTP understands it.
fn meaning(wire: &Wire, listed: &[String]) -> impl PartialEq + use<> {
    let joined = |name: &str| wire.values(&name.to_ascii_lowercase()).join(&b","[..]);
    let headers: Vec<Vec<u8>> = listed.iter().map(|name| joined(name)).collect();
    let hash = joined("x-acs-content-sha256");
    (wire.method.clone(), wire.segments(), wire.parameters(), headers, hash)
}

fn the_older_way_covers_the_request(mut wire: Wire, has_equals_sign: bool, choices: &mut Choices) {
    wire.headers.retain(|(name, _)| name != "authorization");
    wire.set("content-md5", &content_md5(&wire.body));
    let signature = sign_roa(&wire, has_equals_sign, SECRET);
    let authorization = format!("acs {ID}:{signature}");
    holds!(verifies(&wire, &authorization, SECRET), "{authorization} of {wire:?}");
    let same = respelt(&wire, choices);
    holds!(verifies(&same, &authorization, SECRET), "{same:?} is another spelling of {wire:?}");

    let signed = roa_text(&wire, has_equals_sign);
    for _ in 0..CHANGES {
        let other = changed(&wire, choices);
        // The way joins decoded parameters, so that some requests have one text: its own weakness, and documented.
        let is_same = [true, false].iter().any(|sign| roa_text(&other, *sign) == signed);
        let answer = verifies(&other, &authorization, SECRET);
        holds!(answer == is_same, "{authorization} of {other:?}, signed for {wire:?}");
        holds!(!answer || other.method == wire.method, "the method is signed");
        let bodies = [&other, &wire].map(|wire| wire.values("content-md5").concat());
        holds!(!answer || bodies[0] == bodies[1], "the body's hash is signed");
    }
    let forged = format!("acs {ID}:{}", changed_text(&signature, choices));
    holds!(!verifies(&wire, &forged, SECRET), "{forged} is forged");
    holds!(!verifies(&wire, &authorization, &changed_text(SECRET, choices)), "another secret");
}

/// The same request in other words: parameters and headers turned round, and escapes for all that may be one.
fn respelt(wire: &Wire, choices: &mut Choices) -> Wire {
    let mut same = wire.clone();
    same.headers.reverse();
    let pairs = wire.query.split('&').rev().map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let spell = |text: &str, is_upper: bool| escaped(&decoded(text, true), is_upper);
        match (choices.below(3), pair.is_empty()) {
            (_, true) | (0, _) => pair.to_owned(),
            (1, _) if value.is_empty() && !name.is_empty() => spell(name, true),
            (kind, _) => format!("{}={}", spell(name, kind == 1), spell(value, kind == 2)),
        }
    });
    same.query = pairs.collect::<Vec<_>>().join("&");
    same
}

/// The request with another byte somewhere. It may still mean the same.
fn changed(wire: &Wire, choices: &mut Choices) -> Wire {
    let mut other = wire.clone();
    let number = choices.below(other.headers.len());
    match (choices.below(6), other.headers.get_mut(number)) {
        (0, _) => {
            let method = token(&changed_bytes(wire.method.as_bytes(), choices));
            if !method.is_empty() {
                other.method = method;
            }
        }
        (1, Some((name, _))) => {
            let new = token(&changed_bytes(name.as_bytes(), choices)).to_ascii_lowercase();
            if !new.is_empty() {
                *name = new;
            }
        }
        (2 | 3, Some((_, text))) => *text = value(&changed_bytes(text, choices)),
        _ => {
            let text = format!("{}?{}", wire.path, wire.query);
            let text = target(&changed_bytes(text.as_bytes(), choices));
            if text.starts_with('/') {
                let (path, query) = text.split_once('?').unwrap_or((&text, ""));
                (other.path, other.query) = (path.to_owned(), query.to_owned());
            }
        }
    }
    other
}

fn changed_bytes(bytes: &[u8], choices: &mut Choices) -> Vec<u8> {
    // What parts parameters, and what counts as nothing, tells more than most bytes.
    const TELLING: &[u8] = b"&=?/%+ ,;0aA.\t";
    let mut changed = bytes.to_vec();
    if let Some(byte) = changed.get_mut(choices.below(bytes.len())) {
        *byte = match choices.below(4) {
            0 => *byte ^ 0x20,
            1 => *byte ^ 1,
            2 => TELLING[choices.below(TELLING.len())],
            _ => u8::try_from(choices.below(256)).unwrap_or_default(),
        };
    }
    changed
}

/// Another text: one letter or digit of it is another one.
fn changed_text(text: &str, choices: &mut Choices) -> String {
    let mut changed = text.as_bytes().to_vec();
    let number = choices.below(changed.len());
    changed[number] = if changed[number] == b'0' { b'1' } else { b'0' };
    String::from_utf8_lossy(&changed).into_owned()
}
