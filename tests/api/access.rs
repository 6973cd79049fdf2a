//! Who is calling, and may they: every row of the gateway's errors, and every operation as every kind of caller.

mod fields;
mod resources;
mod window;

use sae_secret::{
    pop::{Code as Gateway, Entry},
    sae::api::Operation,
    settings::{AnonymousChoice, Settings},
};
use serde_json::{Value, json};

use crate::common::{Reply, Request, Signer, TestServer, Way, query, server::*, signer::unix_now};

pub use fields::refusals;

const WAYS: [Way; 3] = [Way::Acs3Sha256, Way::Acs3Sm3, Way::RoaSha1];

fn full() -> Signer {
    Signer::new("testAKid0000000000000001", "testAKsecret000000000000000001")
}

fn reader() -> Signer {
    Signer::new("LTAI5tReader000000000001", "reader-not-real")
}

fn nobody() -> Signer {
    Signer::new("LTAI5tNobody000000000001", "nobody-not-real")
}

fn start(change: impl FnOnce(&mut Settings)) -> TestServer {
    TestServer::start_with(&world_with_users(), |settings| {
        settings.anonymous = Some(AnonymousChoice::Deny);
        change(settings);
    })
}

fn list() -> Request {
    Request::new("GET", format!("{SECRETS}?{}", query(&[("NamespaceId", "cn-beijing:test")])))
}

/// A creation with the data in a body, whose content type is signed.
fn create(name: &str) -> Request {
    let parameters =
        [("NamespaceId", "cn-beijing:test"), ("SecretName", name), ("SecretType", "Opaque")];
    Request::new("POST", format!("{SECRET}?{}", query(&parameters)))
        .json(&json!({"SecretData": {"k": "canary-not-a-secret"}}))
}

/// A well-formed request for any operation.
fn request_for(operation: Operation) -> Request {
    let namespace = ("NamespaceId", "cn-beijing:test");
    let id = ("SecretId", "1");
    let data = ("SecretData", r#"{"k":"canary-not-a-secret"}"#);
    let parameters: &[(&str, &str)] = match operation {
        Operation::CreateSecret => {
            &[namespace, ("SecretName", "swept"), ("SecretType", "Opaque"), data]
        }
        Operation::UpdateSecret => &[namespace, id, data],
        Operation::DescribeSecret | Operation::DeleteSecret => &[namespace, id],
        Operation::ListSecrets
        | Operation::DescribeNamespace
        | Operation::DescribeNamespaceResources => &[namespace],
        Operation::CreateNamespace => {
            &[("NamespaceId", "cn-beijing:swept"), ("NamespaceName", "swept")]
        }
        Operation::UpdateNamespace => &[namespace, ("NamespaceName", "swept")],
        Operation::DeleteNamespace => &[("NamespaceId", "cn-beijing:small")],
        Operation::DescribeNamespaces => &[("CurrentPage", "1"), ("PageSize", "10")],
        Operation::DescribeNamespaceList | Operation::DescribeRegions => &[],
    };
    let target = format!("{}?{}", operation.path(), query(parameters));
    Request::new(operation.method().as_str(), target)
}

#[track_caller]
fn check(reply: &Reply, entry: Entry) {
    reply.assert_error(entry.status, entry.code);
}

#[test]
fn every_operation_holds_every_kind_of_caller_to_its_rights() {
    let server = start(|_| {});
    server.send(&full().sign(create("first"), None)).data();
    for operation in Operation::ALL {
        let name = Some(operation.name());
        let ask = |signer: &Signer| server.send(&signer.sign(request_for(*operation), name));
        check(&server.send(&request_for(*operation)), Gateway::MissingAccessKeyId.entry());
        for way in WAYS {
            let unknown = Signer::new("LTAI5tUnknown00000000001", "no").way(way);
            check(&ask(&unknown), Gateway::AccessKeyNotFound.entry());
            let wrong = Signer::new(&full().id, "not-the-secret").way(way);
            let reply = ask(&wrong);
            reply.assert_error(400, "SignatureDoesNotMatch");

            let reply = ask(&nobody().way(way));
            check(&reply, Gateway::NoPermission.entry());
            let expected = json!({
                "AuthAction": operation.action(),
                "AuthPrincipalDisplayName": "nobody",
                "AuthPrincipalOwnerId": "1000000000000001",
                "AuthPrincipalType": "SubUser",
                "NoPermissionType": "ImplicitDeny",
                "PolicyType": "AccountLevelIdentityBasedPolicy",
            });
            assert_eq!(reply.json()["AccessDeniedDetail"], expected);
        }
        let reply = ask(&reader());
        let reads =
            operation.name().starts_with("Describe") || operation.name().starts_with("List");
        if reads {
            assert_eq!(reply.status, 200, "{operation:?}: {}", reply.text());
        } else {
            check(&reply, Gateway::NoPermission.entry());
        }
        let reply = ask(&Signer::new("LTAI5tForbidden000000001", "forbidden-not-real"));
        if operation.name().starts_with('D') {
            check(&reply, Gateway::NoPermission.entry());
            assert_eq!(reply.json()["AccessDeniedDetail"]["NoPermissionType"], "ExplicitDeny");
        } else {
            assert_ne!(reply.status, 403, "{}", reply.text());
        }
    }
    // What was refused was not done; and who may do everything can.
    let listed = server.send(&full().sign(list(), None)).data();
    assert_eq!(listed["Secrets"].as_array().unwrap().len(), 2, "{listed}");
    for operation in Operation::ALL {
        for signer in [full(), Signer::new("LTAI5tRoot00000000000001", "root-not-real")] {
            let reply = server.send(&signer.sign(request_for(*operation), Some(operation.name())));
            // The service itself has answered: the second caller finds done what the first one did.
            let is_answered = reply.status == 200 || reply.json()["Success"] == Value::Bool(false);
            assert!(is_answered, "{operation:?}: {}", reply.text());
        }
    }
}

#[test]
fn every_way_of_signing_works_with_parameters_in_every_place() {
    let server = start(|_| {});
    for (number, way) in WAYS.into_iter().enumerate() {
        let signer = full().way(way);
        let id = server.send(&signer.sign(create(&format!("s{number}")), None)).secret_id();
        let data = r#"{"k.1":"a+b*c~d/é =","k2":""}"#;
        let parameters = [
            ("NamespaceId", "cn-beijing:test"),
            ("SecretId", &id.to_string()),
            ("SecretData", data),
            ("Unknown", "* !'()~"),
        ];
        let update = Request::new("PUT", format!("{SECRET}?{}", query(&parameters)));
        server.send(&signer.sign(update, Some("UpdateSecret"))).data();
        // As Python sends it: a plus for a space, a bare tilde.
        let target = format!("{SECRET}?SecretId={id}&NamespaceId=cn-beijing%3Atest&x=a+b~%2A");
        let reply = server.send(&signer.sign(Request::new("GET", target), None));
        assert_eq!(reply.data()["SecretData"], json!({"k.1": "a+b*c~d/é =", "k2": ""}));
    }
}

#[test]
fn a_header_that_means_something_stands_once() {
    let server = start(|_| {});
    for way in WAYS {
        let signer = full().way(way);
        let sent = |more: &[(&str, &str)]| {
            let request =
                more.iter().fold(list(), |request, (name, value)| request.header(name, value));
            server.send(&signer.sign(request, None))
        };
        assert_eq!(sent(&[("x-acs-other", "1"), ("accept-language", "en")]).status, 200, "{way:?}");
        assert_eq!(sent(&[("accept-language", "en"), ("accept-language", "de")]).status, 200);
        // Signed are the values in the order of the alphabet: a proxy that turns them around could choose the operation.
        for (name, first, second) in
            [("x-acs-other", "1", "1"), ("content-type", "application/json", "text/plain")]
        {
            let reply = sent(&[(name, first), (name, second)]);
            assert_eq!(
                (reply.status, reply.code()),
                (400, "IncompleteSignature".to_owned()),
                "{way:?} {name}"
            );
        }
    }
}

#[test]
fn a_type_that_the_http_library_gives_to_no_body_is_no_mistake() {
    let server = start(|_| {});
    for way in [Way::Acs3Sha256, Way::Acs3Sm3] {
        let signed = full().way(way).sign(list(), None);
        server.send(&signed.header("Content-Type", "application/octet-stream")).data();
    }
}

#[test]
fn temporary_keys_need_their_own_token() {
    let server = start(|_| {});
    let sts = || Signer::new("STS.fakeid", "fakests-secret");
    for way in WAYS {
        let ask = |signer: Signer| server.send(&signer.way(way).sign(list(), None));
        ask(sts().token("FAKETOKEN/+=abc")).data();
        check(&ask(sts()), Gateway::MissingSecurityToken.entry());
        check(&ask(sts().token("FAKETOKEN/+=abd")), Gateway::TokenMalformed.entry());
        check(&ask(sts().token("READERTOKEN")), Gateway::TokenMismatch.entry());
        check(&ask(full().token("READERTOKEN")), Gateway::TokenMismatch.entry());
        check(&ask(full().token("unknown")), Gateway::TokenMismatch.entry());
        let expired = Signer::new("STS.expired", "sts-expired-not-real");
        check(&ask(expired.token("EXPIREDTOKEN")), Gateway::TokenExpired.entry());
        let wrong = Signer::new("STS.fakeid", "no").token("FAKETOKEN/+=abc");
        ask(wrong).assert_error(400, "SignatureDoesNotMatch");

        let sts_reader = Signer::new("STS.reader", "sts-reader-not-real").token("READERTOKEN");
        let reply = server.send(&sts_reader.way(way).sign(create("by_reader"), None));
        check(&reply, Gateway::NoPermission.entry());
        assert_eq!(reply.json()["AccessDeniedDetail"]["AuthPrincipalType"], "AssumedRoleUser");
    }
}

#[test]
fn another_body_than_the_signed_one_is_refused() {
    let server = start(|_| {});
    for way in WAYS {
        let mut request = full().way(way).sign(create("tampered"), None);
        let body = String::from_utf8(request.body.clone()).unwrap();
        request.body = body.replace("canary", "change").into_bytes();
        let reply = server.send(&request);
        if way == Way::RoaSha1 {
            check(&reply, Gateway::ContentMd5Mismatch.entry());
        } else {
            reply.assert_error(400, "SignatureDoesNotMatch");
            let sent = request.headers.iter().find(|(name, _)| name == "x-acs-content-sha256");
            let (sent, told) = (&sent.unwrap().1, reply.message());
            // The header as it came, and in the last line the hash of the body as it came.
            assert!(told.contains(&format!("\nx-acs-content-sha256:{sent}\n")), "{told}");
            assert!(!told.contains(&format!("\n{sent}]")), "{told}");
        }
    }
    assert_eq!(server.send(&full().sign(list(), None)).data()["Secrets"], json!([]));
}

#[test]
fn a_mismatch_tells_what_the_server_signed() {
    let server = start(|_| {});
    let wrong = Signer::new(&full().id, "no").nonce("n1");
    let reply = server.send(&wrong.sign(list(), Some("ListSecrets")));
    let message = reply.message();
    assert!(
        message.starts_with(
            "Specified signature does not match our calculation. server StringToSign is [ACS3-HMAC-SHA256\n"
        ),
        "{message}"
    );
    assert!(
        message.contains("server CanonicalRequest is [GET\n/pop/v1/sam/secret/secrets\nNamespaceId=cn-beijing%3Atest\nhost:"),
        "{message}"
    );
    assert!(message.contains("\nx-acs-signature-nonce:n1\n"), "{message}");

    let wrong = Signer::new(&full().id, "no").way(Way::RoaSha1).nonce("n1");
    let message = server.send(&wrong.sign(list(), None)).message();
    let (begin, text) = message.split_once("server string to sign is:").expect("a colon");
    assert_eq!(begin, "Specified signature is not matched with our calculation. ");
    assert!(text.starts_with("GET\n\n\n\n"), "{text}");
    assert!(text.ends_with("\n/pop/v1/sam/secret/secrets?NamespaceId=cn-beijing:test"), "{text}");

    // What was asked may hold what no XML document may.
    let mut request = wrong.sign(list(), None).xml();
    request.target += "&x=%01%EF%BF%BF%FF";
    let reply = server.send(&request);
    assert!(reply.text().contains("x=\u{FFFD}\u{FFFD}\u{FFFD}</Message>"), "{}", reply.text());
}

#[test]
fn unsigned_requests_pass_on_loopback_unless_they_try_to_prove_themselves() {
    let server = TestServer::start_with(&world_with_users(), |_| {});
    server.send(&list()).data();
    server.send(&list().header("x-acs-signature-nonce", "n").header("x-acs-date", "never")).data();
    for (name, value) in [
        ("x-acs-bearer-token", "token"),
        ("x-acs-signature-type", "BEARERTOKEN"),
        ("x-acs-zero-trust-idtoken", "token"),
        ("Authorization", ""),
    ] {
        check(&server.send(&list().header(name, value)), Gateway::MissingAccessKeyId.entry());
    }
    // As the platform's APIs of RPC style have it.
    for (parameter, code) in [
        ("AccessKeyId=a", Gateway::MissingSignature.entry()),
        ("Sign%61ture=s&AccessKeyId=", Gateway::MissingSignature.entry()),
        ("Signature=s", Gateway::MissingAccessKeyId.entry()),
    ] {
        let mut request = list();
        request.target = format!("{}&{parameter}", request.target);
        check(&server.send(&request), code);
        server.send(&full().sign(request, None)).data();
    }
    // A signature is verified in full all the same.
    let wrong = Signer::new(&full().id, "no");
    server.send(&wrong.sign(list(), None)).assert_error(400, "SignatureDoesNotMatch");
    check(&server.send(&nobody().sign(list(), None)), Gateway::NoPermission.entry());
    server.send(&full().sign(list(), None)).data();
}

#[test]
fn key_pairs_sign_too() {
    let key = |name: &str| crate::common::fixture(&format!("tls/{name}"));
    let world = format!(
        "{WORLD}root: {{ access_keys: [{{ id: LTAI5tRsa, public_key: {:?} }}] }}\n",
        key("../rsa/public.pem")
    );
    let server = TestServer::start_with(&world, |_| {});
    let signer = |private: &str| Signer::new("LTAI5tRsa", &key(private)).way(Way::Acs3Rsa);
    server.send(&signer("rsa2048.key").sign(create("by_pair"), None)).data();
    let other = server.send(&signer("rsa2048-other.key").sign(list(), None));
    other.assert_error(400, "SignatureDoesNotMatch");
    // The public half is no secret to sign with.
    let hmac = Signer::new("LTAI5tRsa", &key("../rsa/public.pem"));
    server.send(&hmac.sign(list(), None)).assert_error(400, "SignatureDoesNotMatch");
}

#[test]
fn policies_look_at_where_a_request_comes_from() {
    let policy = |operator: &str, key: &str, value: &str| {
        format!(
            "{{ Version: '1', Statement: [{{ Effect: Allow, Action: '*', Resource: '*', \
             Condition: {{ {operator}: {{ '{key}': '{value}' }} }} }}] }}"
        )
    };
    let users: String = [
        ("here", policy("IpAddress", "acs:SourceIp", "127.0.0.0/8")),
        ("mapped", policy("IpAddress", "acs:SourceIp", "::ffff:127.0.0.0/104")),
        ("not-mapped", policy("NotIpAddress", "acs:SourceIp", "::ffff:127.0.0.0/104")),
        ("there", policy("IpAddress", "acs:SourceIp", "198.51.100.0/24")),
        ("secure", policy("Bool", "acs:SecureTransport", "true")),
        ("later", policy("DateGreaterThan", "acs:CurrentTime", "2099-01-01T00:00:00Z")),
    ]
    .iter()
    .map(|(name, policy)| {
        format!("  - {{ name: {name}, access_keys: [{{ id: AK-{name}, secret: s-{name} }}], policies: [{policy}] }}\n")
    })
    .collect();
    let world = format!("{WORLD}users:\n{users}");
    let ask = |server: &TestServer, name: &str, headers: &[(&str, &str)]| {
        let signer = Signer::new(&format!("AK-{name}"), &format!("s-{name}"));
        let request = signer.sign(list(), None);
        server
            .send(
                &headers.iter().fold(request, |request, (name, value)| request.header(name, value)),
            )
            .status
    };
    let forwarded =
        [("X-Forwarded-For", "203.0.113.9, 198.51.100.7"), ("X-Forwarded-Proto", "https")];
    let server = TestServer::start_with(&world, |_| {});
    for (name, status) in [
        ("here", 200),
        ("mapped", 200),
        ("not-mapped", 403),
        ("there", 403),
        ("secure", 403),
        ("later", 403),
    ] {
        assert_eq!(ask(&server, name, &[]), status, "{name}");
        assert_eq!(ask(&server, name, &forwarded), status, "{name}: a stranger's word counts");
    }
    let server = TestServer::start_with(&world, |settings| {
        settings.trusted_proxy = vec!["::ffff:127.0.0.0/104".to_owned()];
    });
    for (name, status) in [("here", 403), ("there", 200), ("secure", 200), ("later", 403)] {
        assert_eq!(ask(&server, name, &forwarded), status, "{name}");
    }
}

#[test]
fn a_caller_that_asks_too_often_is_told_when_to_come_back() {
    let server = start(|settings| settings.rate_limit = Some("1/s".parse().unwrap()));
    let ask = |signer: &Signer| server.send(&signer.sign(list(), None));
    // On a slow machine the second request may come late enough to be answered.
    let replies = (0..50).map(|_| ask(&full()));
    let reply = replies.skip(1).find(|reply| reply.status != 200).expect("too many requests");
    check(&reply, Gateway::ThrottlingUser.entry());
    let wait: u64 = reply.header("x-acs-retry-after").unwrap().parse().unwrap();
    assert!((1..=1000).contains(&wait), "{wait}");
    ask(&reader()).data();
    // Whoever cannot prove who it is uses up nobody's allowance.
    for _ in 0..12 {
        let wrong = Signer::new("LTAI5tForbidden000000001", "no");
        server.send(&wrong.sign(list(), None)).assert_error(400, "SignatureDoesNotMatch");
    }
    ask(&Signer::new("LTAI5tForbidden000000001", "forbidden-not-real")).data();
}
