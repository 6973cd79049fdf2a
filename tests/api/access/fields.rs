//! What a signed request must have: every row of the gateway's errors about callers, and their order.

use super::*;

/// A signed request, changed by hand.
fn changed(signer: &Signer, change: impl Fn(&mut Vec<(String, String)>)) -> Request {
    let mut request = signer.sign(list(), None);
    change(&mut request.headers);
    request
}

fn without(name: &'static str) -> impl Fn(&mut Vec<(String, String)>) {
    move |headers| headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name))
}

fn with(name: &'static str, value: &'static str) -> impl Fn(&mut Vec<(String, String)>) {
    move |headers| {
        headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        headers.push((name.to_owned(), value.to_owned()));
    }
}

/// A request for each of the gateway's errors that a single request can provoke.
fn refused_requests() -> Vec<(Request, Code)> {
    let acs3 = full();
    let roa = full().way(Way::RoaSha1);
    let sts = || Signer::new("STS.fakeid", "fakests-secret");
    let expired = Signer::new("STS.expired", "sts-expired-not-real").token("EXPIREDTOKEN");
    let mut untyped = acs3.sign(create("untyped"), None);
    for (_, value) in &mut untyped.headers {
        *value = value.replace("SignedHeaders=content-type;", "SignedHeaders=");
    }
    let other_md5 = create("other_md5").header("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA==");
    let other_md5 = acs3.sign(other_md5, None);
    let mut other_body = roa.sign(create("other_body"), None);
    other_body.body.push(b' ');
    vec![
        (changed(&acs3, without("authorization")), Code::MissingAccessKeyId),
        (changed(&acs3, with("Authorization", "")), Code::MissingAccessKeyId),
        (
            changed(
                &acs3,
                with(
                    "Authorization",
                    "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
                ),
            ),
            Code::MissingAccessKeyId,
        ),
        (changed(&roa, with("Authorization", "acs :c2ln")), Code::MissingAccessKeyId),
        (
            changed(
                &acs3,
                with(
                    "Authorization",
                    "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=",
                ),
            ),
            Code::MissingSignature,
        ),
        (
            changed(
                &acs3,
                with("Authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host"),
            ),
            Code::MissingSignature,
        ),
        (changed(&roa, with("Authorization", "acs a:")), Code::MissingSignature),
        (list().header("x-acs-accesskey-id", "a"), Code::MissingSignature),
        (list().header("x-acs-security-token", "t"), Code::MissingSignature),
        (changed(&acs3, without("x-acs-date")), Code::MissingTimestamp),
        (changed(&acs3, with("x-acs-date", "")), Code::MissingTimestamp),
        (changed(&roa, without("date")), Code::MissingTimestamp),
        (changed(&acs3, without("x-acs-signature-nonce")), Code::MissingSignatureNonce),
        (changed(&acs3, without("x-acs-content-sha256")), Code::MissingContentSha256),
        (changed(&acs3, without("x-acs-version")), Code::MissingVersion),
        (changed(&roa, without("x-acs-version")), Code::MissingVersion),
        (changed(&acs3, with("x-acs-version", "2015-01-01")), Code::VersionNotValid),
        (changed(&acs3, with("x-acs-action", "CreateSecret")), Code::ActionNotFound),
        (changed(&acs3, with("x-acs-extra", "unsigned")), Code::IncompleteSignature),
        (untyped, Code::IncompleteSignature),
        (
            changed(&acs3, |headers| {
                headers.push(("x-acs-date".to_owned(), "2026-01-02T03:04:05Z".to_owned()))
            }),
            Code::IncompleteSignature,
        ),
        (
            changed(&acs3, |headers| {
                headers.push(("Authorization".to_owned(), "acs a:b".to_owned()))
            }),
            Code::IncompleteSignature,
        ),
        (changed(&acs3, with("Authorization", "Basic dTpw")), Code::IncompleteSignature),
        (changed(&acs3, with("Authorization", "ACS3-HMAC-SHA256")), Code::IncompleteSignature),
        (
            changed(&acs3, with("Authorization", "ACS3-HMAC-SHA256 nonsense")),
            Code::IncompleteSignature,
        ),
        (changed(&acs3, with("Authorization", "acs")), Code::IncompleteSignature),
        (
            changed(
                &acs3,
                with("Authorization", "ACS3-HMAC-MD5 Credential=a,SignedHeaders=host,Signature=00"),
            ),
            Code::SignatureMethodNotValid,
        ),
        (changed(&roa, with("x-acs-signature-method", "HMAC-MD5")), Code::SignatureMethodNotValid),
        (changed(&acs3, with("x-acs-date", "yesterday")), Code::TimestampFormat),
        (
            changed(&acs3, with("x-acs-date", "Fri, 02 Jan 2026 03:04:05 GMT")),
            Code::TimestampFormat,
        ),
        (changed(&roa, with("date", "yesterday")), Code::TimestampFormat),
        (
            Signer::new("LTAI5tFullInactive000001", "full-inactive-not-real").sign(list(), None),
            Code::AccessKeyInactive,
        ),
        (Signer::new("LTAI5tUnknown00000000001", "no").sign(list(), None), Code::AccessKeyNotFound),
        (full().at(0).sign(list(), None), Code::TimestampExpired),
        (sts().sign(list(), None), Code::MissingSecurityToken),
        (sts().token("unknown").sign(list(), None), Code::TokenMalformed),
        (sts().token("READERTOKEN").sign(list(), None), Code::TokenMismatch),
        (expired.sign(list(), None), Code::TokenExpired),
        (other_body, Code::ContentMd5Mismatch),
        (other_md5, Code::ContentMd5Mismatch),
    ]
}

/// A reply for each of the gateway's errors that are about callers.
pub fn refusals() -> Vec<(Reply, Code)> {
    let server = start(|settings| settings.rate_limit = Some("2/s".parse().unwrap()));
    let requests = refused_requests();
    let mut replies: Vec<(Reply, Code)> =
        requests.iter().map(|(request, code)| (server.send(request), *code)).collect();
    let replayed = reader().sign(list(), None);
    server.send(&replayed).data();
    replies.push((server.send(&replayed), Code::NonceUsed));
    replies.push((server.send(&nobody().sign(list(), None)), Code::NoPermission));
    let wrong = |way| server.send(&Signer::new(&full().id, "no").way(way).sign(list(), None));
    replies.push((wrong(Way::Acs3Sha256), Code::Acs3SignatureMismatch));
    replies.push((wrong(Way::RoaSha1), Code::RoaSignatureMismatch));
    let hasty = || server.send(&full().sign(list(), None));
    let throttled = (0..50).map(|_| hasty()).find(|reply| reply.status != 200);
    replies.push((throttled.expect("too many requests"), Code::ThrottlingUser));
    replies
}

#[test]
fn what_a_signed_request_must_have_is_asked_for() {
    let server = start(|_| {});
    for (request, code) in refused_requests() {
        let reply = server.send(&request);
        check(&reply, code);
        // The older way signs Accept, so there a change of it is told before the body is looked at.
        let is_roa = request.headers.iter().any(|(_, value)| value.starts_with("acs "));
        let told = match code {
            Code::ContentMd5Mismatch if is_roa => Code::RoaSignatureMismatch,
            code => code,
        };
        let xml = server.send(&request.clone().xml());
        let element = format!("<Code>{}</Code>", told.entry().code);
        assert!(xml.text().contains(&element), "{}", xml.text());
        assert!(reply.message() == code.entry().template, "{}", reply.message());
    }
}

#[test]
fn checks_come_in_the_order_of_the_gateway() {
    let server = start(|_| {});
    // Each step takes away the mistake that was told.
    let unknown = Signer::new("LTAI5tUnknown00000000001", "no").at(0);
    let mut request = unknown.sign(list(), Some("ListSecrets"));
    request.target = request.target.replace(SECRETS, "/nowhere");
    check(&server.send(&request), Code::ApiNotFound);
    let mut request = changed(&unknown, without("x-acs-signature-nonce"));
    check(&server.send(&request), Code::MissingSignatureNonce);
    request = unknown.sign(list(), None);
    check(&server.send(&request), Code::AccessKeyNotFound);
    let session = Signer::new("STS.expired", "no").at(0).nonce("n");
    check(&server.send(&session.sign(list(), None)), Code::TimestampExpired);
    let session = Signer { time: unix_now(), ..session };
    check(&server.send(&session.sign(list(), None)), Code::MissingSecurityToken);
    let session = session.token("EXPIREDTOKEN");
    check(&server.send(&session.sign(list(), None)), Code::TokenExpired);
    let wrong = Signer::new(&nobody().id, "no").nonce("n");
    let asked_wrongly = || Request::new("GET", SECRETS);
    server.send(&wrong.sign(asked_wrongly(), None)).assert_error(400, "SignatureDoesNotMatch");
    check(&server.send(&nobody().nonce("n").sign(asked_wrongly(), None)), Code::NoPermission);
    check(&server.send(&nobody().nonce("n").sign(asked_wrongly(), None)), Code::NonceUsed);
    check(&server.send(&full().sign(asked_wrongly(), None)), Code::NotEmpty);
}
