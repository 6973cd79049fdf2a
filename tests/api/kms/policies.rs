//! SetSecretPolicy and GetSecretPolicy.

use super::harness::*;

const SET: &str = "SetSecretPolicy";
const GET: &str = "GetSecretPolicy";
const NAME: (&str, &str) = ("SecretName", "a");
const NOT_FOUND: &str = "Forbidden.ResourceNotFound";

/// A statement with these members in place of its own; `null` takes one away.
fn policy(changed: &Value) -> String {
    let mut statement = json!({
        "Sid": "kms default secret policy", "Effect": "Allow",
        "Principal": {"RAM": [format!("acs:ram::{ACCOUNT}:*")]}, "Action": ["kms:*"],
        "Resource": ["*"],
    });
    for (name, value) in changed.as_object().unwrap() {
        let members = statement.as_object_mut().unwrap();
        members.insert(name.clone(), value.clone());
        if value.is_null() {
            members.remove(name);
        }
    }
    json!({"Version": "1", "Statement": [statement]}).to_string()
}

#[test]
fn policy_is_the_default_one_until_it_is_set_and_comes_back_to_the_letter() {
    let kms = Kms::start();
    kms.create("a");
    let default = format!(
        r#"{{"Version":"1","Statement": [{{"Sid":"kms default secret policy","Effect":"Allow","Principal":{{"RAM": ["acs:ram::{ACCOUNT}:*"]}},"Action":["kms:*"],"Resource": ["*"] }}] }}"#
    );
    let answer = json!({ "Policy": default });
    assert_eq!(kms.ok(GET, &[NAME]), answer);
    assert_eq!(kms.ok(GET, &[NAME, ("PolicyName", "default")]), answer);
    assert_eq!(kms.ok(GET, &[NAME, ("PolicyName", "")]), answer);
    kms.wait(1);
    let text = " {\"Version\" :\"1\",\n\"Statement\":[{\"Resource\":\"*\",\"Effect\":\"Deny\",\
                \"Action\":\"kms:GetSecretValue\",\"Principal\":{\"RAM\":\"acs:ram::1:role/x\"},\
                \"Condition\":{\"IpAddress\":{\"acs:SourceIp\":[\"192.0.2.0/24\"]}}}]}";
    assert_eq!(kms.ok(SET, &[NAME, ("Policy", text), ("PolicyName", "default")]), json!({}));
    assert_eq!(kms.ok(GET, &[NAME]), json!({ "Policy": text }));
    let shown = kms.ok("DescribeSecret", &[NAME]);
    assert_eq!(shown["UpdateTime"], "2026-01-02T03:04:06Z");
    // The default one can be set as well.
    kms.ok(SET, &[NAME, ("Policy", &default)]);
    assert_eq!(kms.ok(GET, &[NAME]), answer);
    kms.create_with("b", &[("Policy", text)]);
    assert_eq!(kms.ok(GET, &[("SecretName", "b")]), json!({ "Policy": text }));
}

#[test]
fn there_is_no_other_policy() {
    let kms = Kms::start();
    kms.create("a");
    let text = policy(&json!({}));
    for name in ["Default", "other", "default "] {
        let name = ("PolicyName", name);
        kms.refused(GET, &[NAME, name], 404, NOT_FOUND, RESOURCE_STOP);
        kms.refused(SET, &[NAME, name, ("Policy", &text)], 404, NOT_FOUND, RESOURCE_STOP);
    }
    kms.refused(GET, &[("SecretName", "b")], 404, NOT_FOUND, RESOURCE_STOP);
    let of_none = [("SecretName", "b"), ("Policy", text.as_str())];
    kms.refused(SET, &of_none, 404, NOT_FOUND, RESOURCE_STOP);
    kms.refused(GET, &[], 400, "MissingParameter", &missing("SecretName"));
    kms.refused(SET, &[NAME], 400, "MissingParameter", &missing("Policy"));
    kms.refused(SET, &[("Policy", &text)], 400, "MissingParameter", &missing("SecretName"));
    let message = not_valid("SecretName", "may hold letters, digits and _/+=.@- only");
    kms.refused(GET, &[("SecretName", "a b")], 400, "InvalidParameter", &message);
}

#[test]
fn a_policy_is_set_by_post_alone() {
    let kms = Kms::start();
    kms.create("a");
    let ask = |method: &str, action: &str| {
        let text = policy(&json!({}));
        let parameters =
            [("Action", action), ("Version", "2016-01-20"), NAME, ("Policy", text.as_str())];
        let request = Request::new(method, format!("/?{}", query(&parameters)));
        let mut connection = kms.server.connect();
        connection.send(&request.bytes(kms.server.address)).unwrap();
        connection.receive()
    };
    let reply = ask("GET", SET);
    let told = (reply.status, reply.code(), reply.message());
    let expected =
        (403, "UnsupportedHTTPMethod".to_owned(), "This http method is not supported.".to_owned());
    assert_eq!(told, expected);
    assert_eq!(ask("POST", SET).status, 200);
    assert_eq!(ask("GET", GET).status, 200);
}

#[test]
fn policies_have_rules() {
    let kms = Kms::start();
    kms.create("a");
    let sid = "kms default secret policy";
    for text in [
        policy(&json!({})),
        policy(&json!({"Sid": null})),
        policy(&json!({"Sid": "s".repeat(128)})),
        policy(&json!({"Sid": "Az09 _/+=.@-"})),
        policy(&json!({"Effect": "Deny"})),
        policy(&json!({"Action": "kms:Anything", "Principal": {"RAM": "acs:ram::1:root"}})),
        policy(&json!({"Principal": {"RAM": ["acs:ram::1:user/a.b", "acs:ram::2:role/c"]}})),
        policy(&json!({"Condition": {"StringEquals": {"kms:tag/team": ["a", "b"]}}})),
    ] {
        kms.ok(SET, &[NAME, ("Policy", &text)]);
        assert_eq!(kms.ok(GET, &[NAME])["Policy"], text);
    }
    let kept = kms.ok(GET, &[NAME]);
    let statement = policy(&json!({}));
    for text in [
        "{}".to_owned(),
        "not json".to_owned(),
        "[]".to_owned(),
        r#"{"Version":"1"}"#.to_owned(),
        r#"{"Version":"1","Statement":[]}"#.to_owned(),
        statement.replace(r#""Version":"1""#, r#""Version":"2""#),
        statement.replace(r#""Version":"1","#, ""),
        statement.replace(r#""Version":"1","#, r#""Version":"1","Version":"1","#),
        statement.replace(r#""Version":"1","#, r#""Version":"1","Id":"x","#),
        policy(&json!({"Effect": null})),
        policy(&json!({"Effect": "allow"})),
        policy(&json!({"Principal": null})),
        policy(&json!({"Principal": "*"})),
        policy(&json!({"Principal": {"RAM": []}})),
        policy(&json!({"Principal": {"RAM": ["*"]}})),
        policy(&json!({"Principal": {"RAM": ["acs:ram::x:user/a"]}})),
        policy(&json!({"Action": null})),
        policy(&json!({"Action": ["oss:*"]})),
        policy(&json!({"Action": "*"})),
        policy(&json!({"Action": []})),
        policy(&json!({"Resource": null})),
        policy(&json!({"Resource": [arn("a")]})),
        policy(&json!({"Sid": "s".repeat(129)})),
        policy(&json!({"Sid": "a:b"})),
        policy(&json!({"NotAction": "kms:*"})),
        policy(&json!({"Condition": {"StringEquals": {"other:key": "a"}}})),
    ] {
        let reply = kms.call(SET, &[NAME, ("Policy", &text)]);
        assert_eq!((reply.status, reply.code().as_str()), (400, "InvalidParameter"), "{text}");
        let message = reply.message();
        assert!(message.starts_with(&not_valid("Policy", "")), "{message}");
        assert!(!message.contains(sid), "{message}");
    }
    assert_eq!(kms.ok(GET, &[NAME]), kept);
}
