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
fn refused_requests() -> Vec<(Request, Entry)> {
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
        (changed(&acs3, without("authorization")), Gateway::MissingAccessKeyId.entry()),
        (changed(&acs3, with("Authorization", "")), Gateway::MissingAccessKeyId.entry()),
        (
            changed(
                &acs3,
                with(
                    "Authorization",
                    "ACS3-HMAC-SHA256 Credential=,SignedHeaders=host,Signature=00",
                ),
            ),
            Gateway::MissingAccessKeyId.entry(),
        ),
        (changed(&roa, with("Authorization", "acs :c2ln")), Gateway::MissingAccessKeyId.entry()),
        (
            changed(
                &acs3,
                with(
                    "Authorization",
                    "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host,Signature=",
                ),
            ),
            Gateway::MissingSignature.entry(),
        ),
        (
            changed(
                &acs3,
                with("Authorization", "ACS3-HMAC-SHA256 Credential=a,SignedHeaders=host"),
            ),
            Gateway::MissingSignature.entry(),
        ),
        (changed(&roa, with("Authorization", "acs a:")), Gateway::MissingSignature.entry()),
        (list().header("x-acs-accesskey-id", "a"), Gateway::MissingSignature.entry()),
        (list().header("x-acs-security-token", "t"), Gateway::MissingSignature.entry()),
        (changed(&acs3, without("x-acs-date")), Gateway::MissingTimestamp.entry()),
        (changed(&acs3, with("x-acs-date", "")), Gateway::MissingTimestamp.entry()),
        (changed(&roa, without("date")), Gateway::MissingTimestamp.entry()),
        (changed(&acs3, without("x-acs-signature-nonce")), Gateway::MissingSignatureNonce.entry()),
        (changed(&acs3, without("x-acs-content-sha256")), Gateway::MissingContentSha256.entry()),
        (changed(&acs3, without("x-acs-version")), Gateway::MissingVersion.entry()),
        (changed(&roa, without("x-acs-version")), Gateway::MissingVersion.entry()),
        (changed(&acs3, with("x-acs-version", "2015-01-01")), Gateway::VersionNotValid.entry()),
        (changed(&acs3, with("x-acs-action", "CreateSecret")), Gateway::ActionNotFound.entry()),
        (changed(&acs3, with("x-acs-extra", "unsigned")), Gateway::IncompleteSignature.entry()),
        (untyped, Gateway::IncompleteSignature.entry()),
        (
            changed(&acs3, |headers| {
                headers.push(("x-acs-date".to_owned(), "2026-01-02T03:04:05Z".to_owned()))
            }),
            Gateway::IncompleteSignature.entry(),
        ),
        (
            changed(&acs3, |headers| {
                headers.push(("Authorization".to_owned(), "acs a:b".to_owned()))
            }),
            Gateway::IncompleteSignature.entry(),
        ),
        (changed(&acs3, with("Authorization", "Basic dTpw")), Gateway::IncompleteSignature.entry()),
        (
            changed(&acs3, with("Authorization", "ACS3-HMAC-SHA256")),
            Gateway::IncompleteSignature.entry(),
        ),
        (
            changed(&acs3, with("Authorization", "ACS3-HMAC-SHA256 nonsense")),
            Gateway::IncompleteSignature.entry(),
        ),
        (changed(&acs3, with("Authorization", "acs")), Gateway::IncompleteSignature.entry()),
        (
            changed(
                &acs3,
                with("Authorization", "ACS3-HMAC-MD5 Credential=a,SignedHeaders=host,Signature=00"),
            ),
            Gateway::SignatureMethodNotValid.entry(),
        ),
        (
            changed(&roa, with("x-acs-signature-method", "HMAC-MD5")),
            Gateway::SignatureMethodNotValid.entry(),
        ),
        (changed(&acs3, with("x-acs-date", "yesterday")), Gateway::TimestampFormat.entry()),
        (
            changed(&acs3, with("x-acs-date", "Fri, 02 Jan 2026 03:04:05 GMT")),
            Gateway::TimestampFormat.entry(),
        ),
        (changed(&roa, with("date", "yesterday")), Gateway::TimestampFormat.entry()),
        (
            Signer::new("LTAI5tFullInactive000001", "full-inactive-not-real").sign(list(), None),
            Gateway::AccessKeyInactive.entry(),
        ),
        (
            Signer::new("LTAI5tUnknown00000000001", "no").sign(list(), None),
            Gateway::AccessKeyNotFound.entry(),
        ),
        (full().at(0).sign(list(), None), Gateway::TimestampExpired.entry()),
        (sts().sign(list(), None), Gateway::MissingSecurityToken.entry()),
        (sts().token("unknown").sign(list(), None), Gateway::TokenMalformed.entry()),
        (sts().token("READERTOKEN").sign(list(), None), Gateway::TokenMismatch.entry()),
        (expired.sign(list(), None), Gateway::TokenExpired.entry()),
        (other_body, Gateway::ContentMd5Mismatch.entry()),
        (other_md5, Gateway::ContentMd5Mismatch.entry()),
    ]
}

/// A reply for each of the gateway's errors that are about callers.
pub fn refusals() -> Vec<(Reply, Entry)> {
    let server = start(|settings| settings.rate_limit = Some("2/s".parse().unwrap()));
    let requests = refused_requests();
    let mut replies: Vec<(Reply, Entry)> =
        requests.iter().map(|(request, code)| (server.send(request), *code)).collect();
    let replayed = reader().sign(list(), None);
    server.send(&replayed).data();
    replies.push((server.send(&replayed), Gateway::NonceUsed.entry()));
    replies.push((server.send(&nobody().sign(list(), None)), Gateway::NoPermission.entry()));
    let wrong = |way| server.send(&Signer::new(&full().id, "no").way(way).sign(list(), None));
    replies.push((wrong(Way::Acs3Sha256), Gateway::Acs3SignatureMismatch.entry()));
    replies.push((wrong(Way::RoaSha1), Gateway::RoaSignatureMismatch.entry()));
    let hasty = || server.send(&full().sign(list(), None));
    let throttled = (0..50).map(|_| hasty()).find(|reply| reply.status != 200);
    replies.push((throttled.expect("too many requests"), Gateway::ThrottlingUser.entry()));
    replies
}

#[test]
fn what_a_signed_request_must_have_is_asked_for() {
    let server = start(|_| {});
    for (request, entry) in refused_requests() {
        let reply = server.send(&request);
        check(&reply, entry);
        // The older way signs Accept, so there a change of it is told before the body is looked at.
        let is_roa = request.headers.iter().any(|(_, value)| value.starts_with("acs "));
        let is_md5 = entry == Gateway::ContentMd5Mismatch.entry();
        let told = if is_md5 && is_roa { Gateway::RoaSignatureMismatch.entry() } else { entry };
        let xml = server.send(&request.clone().xml());
        let element = format!("<Code>{}</Code>", told.code);
        assert!(xml.text().contains(&element), "{}", xml.text());
        assert!(reply.message() == entry.template, "{}", reply.message());
    }
}

#[test]
fn checks_come_in_the_order_of_the_gateway() {
    let server = start(|_| {});
    // Each step takes away the mistake that was told.
    let unknown = Signer::new("LTAI5tUnknown00000000001", "no").at(0);
    let mut request = unknown.sign(list(), Some("ListSecrets"));
    request.target = request.target.replace(SECRETS, "/nowhere");
    check(&server.send(&request), Gateway::ApiNotFound.entry());
    let mut request = changed(&unknown, without("x-acs-signature-nonce"));
    check(&server.send(&request), Gateway::MissingSignatureNonce.entry());
    request = unknown.sign(list(), None);
    check(&server.send(&request), Gateway::AccessKeyNotFound.entry());
    let session = Signer::new("STS.expired", "no").at(0).nonce("n");
    check(&server.send(&session.sign(list(), None)), Gateway::TimestampExpired.entry());
    let session = Signer { time: unix_now(), ..session };
    check(&server.send(&session.sign(list(), None)), Gateway::MissingSecurityToken.entry());
    let session = session.token("EXPIREDTOKEN");
    check(&server.send(&session.sign(list(), None)), Gateway::TokenExpired.entry());
    let wrong = Signer::new(&nobody().id, "no").nonce("n");
    let asked_wrongly = || Request::new("GET", SECRETS);
    server.send(&wrong.sign(asked_wrongly(), None)).assert_error(400, "SignatureDoesNotMatch");
    check(
        &server.send(&nobody().nonce("n").sign(asked_wrongly(), None)),
        Gateway::NoPermission.entry(),
    );
    check(
        &server.send(&nobody().nonce("n").sign(asked_wrongly(), None)),
        Gateway::NonceUsed.entry(),
    );
    check(
        &server.send(&full().sign(asked_wrongly(), None)),
        sae_secret::sae::api::Code::NotEmpty.entry(),
    );
}
