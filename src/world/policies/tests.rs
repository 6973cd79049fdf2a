//! The policies of a user in a world file: what they become, and every mistake with its place.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use super::super::tests::{told, world};
use crate::{
    access::{
        Known, Owner,
        policy::{Decision, Environment, Policy, evaluate},
    },
    clock::Timestamp,
};

/// The policies of a user to whom a file gives these.
fn policies(text: &str) -> Vec<Policy> {
    let world = world(&format!(
        "users: [{{ name: u, access_keys: [{{ id: a, secret: s }}], policies: {text} }}]"
    ));
    match world.directory.find("a") {
        Some(Known::Key(_, Owner::User(user))) => user.policies.clone(),
        other => panic!("a user's key, not {other:?}"),
    }
}

fn decide(policies: &[Policy], action: &str, source: &str) -> Decision {
    let now = Timestamp(1_767_323_045_000);
    let environment = Environment { source: source.parse().ok(), is_secure: true, now };
    evaluate(policies, action, "*", &environment)
}

/// What is told of a policy that stands from line 5, column 9 on.
fn told_of(policy: &str) -> Vec<String> {
    told(&format!("users:\n  - name: u\n    policies:\n      -\n        {policy}"))
}

fn told_of_statement(statement: &str) -> Vec<String> {
    told_of(&format!("Version: '1'\n        Statement:\n          - {{ {statement} }}"))
}

#[test]
fn a_document_is_read_as_ram_writes_it() {
    let json = r#"[{
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sae:Describe*", "sae:List*"],
                "Resource": "*",
                "Condition": {
                    "IpAddress": { "acs:SourceIp": ["192.0.2.0/24", "2001:db8::/32"] },
                    "Bool": { "acs:SecureTransport": true }
                }
            },
            { "Effect": "Deny", "NotAction": "sae:*Secret*", "NotResource": ["acs:x:*:*:*"] }
        ]
    }]"#;
    let policies = policies(json);
    assert_eq!(policies[0].statements.len(), 2);
    for (action, source, expected) in [
        ("sae:DescribeSecret", "192.0.2.1", Decision::Allowed),
        ("sae:ListSecrets", "2001:db8::5", Decision::Allowed),
        ("sae:ListSecrets", "198.51.100.1", Decision::ImplicitlyDenied),
        ("sae:CreateSecret", "192.0.2.1", Decision::ImplicitlyDenied),
        ("sae:DescribeNamespace", "192.0.2.1", Decision::ExplicitlyDenied),
    ] {
        assert_eq!(decide(&policies, action, source), expected, "{action} from {source}");
    }
}

#[test]
fn names_and_documents_stand_beside_each_other() {
    let policies = policies(
        "[AliyunSAEReadOnlyAccess, { Version: 1, Statement: [{ Effect: Allow, Action: sae:CreateSecret, Resource: '*' }] }]",
    );
    assert_eq!(policies.len(), 2);
    for (action, expected) in [
        ("sae:ListSecrets", Decision::Allowed),
        ("sae:CreateSecret", Decision::Allowed),
        ("sae:DeleteSecret", Decision::ImplicitlyDenied),
    ] {
        assert_eq!(decide(&policies, action, "192.0.2.1"), expected, "{action}");
    }
}

#[test]
fn unknown_names_are_told_with_the_nearest_known_one() {
    assert_eq!(
        told_of("AliyunSAEFulAccess"),
        ["5:9: unknown system policy; did you mean AliyunSAEFullAccess?"]
    );
    assert_eq!(
        told_of("AdministratorAccess"),
        ["5:9: unknown system policy; there are AliyunSAEFullAccess and AliyunSAEReadOnlyAccess; \
          others are written out here"]
    );
}

#[test]
fn a_document_has_a_version_and_statements() {
    for (policy, message) in [
        ("{ Statement: [] }", "5:9: the key `Version` is missing"),
        ("{ Version: '1' }", "5:9: the key `Statement` is missing"),
        ("{ Version: '2', Statement: [] }", "5:20: the version of a policy is \"1\""),
        ("{ Version: '1', Statement: {} }", "5:36: expected a list, found a mapping"),
        (
            "{ Version: '1', Statements: [], Statement: [] }",
            "5:25: unknown key; did you mean `Statement`?",
        ),
        ("[]", "5:9: expected a mapping, found a list"),
    ] {
        assert_eq!(told_of(policy), [message], "{policy}");
    }
}

#[test]
fn a_statement_has_its_parts() {
    let (action, resource) = (
        "an action is SERVICE:ACTION, such as sae:DescribeSecret or sae:List*, or * alone",
        "a resource is acs:SERVICE:REGION:ACCOUNT:ID, or * alone",
    );
    for (statement, message) in [
        ("Action: '*', Resource: '*'", "7:13: the key `Effect` is missing".to_owned()),
        ("Effect: Allow, Resource: '*'", "7:13: the key `Action` is missing".to_owned()),
        ("Effect: Allow, Action: '*'", "7:13: the key `Resource` is missing".to_owned()),
        ("Effect: allow, Action: '*', Resource: '*'", "7:23: an effect is Allow or Deny".to_owned()),
        (
            "Effect: Deny, Action: '*', NotAction: '*', Resource: '*'",
            "7:42: a statement has either `Action` or `NotAction`, not both".to_owned(),
        ),
        (
            "Effect: Deny, Action: '*', Resource: '*', NotResource: '*'",
            "7:57: a statement has either `Resource` or `NotResource`, not both".to_owned(),
        ),
        ("Effect: Deny, Action: ListSecrets, Resource: '*'", format!("7:37: {action}")),
        ("Effect: Deny, Action: ['*', ''], Resource: '*'", format!("7:43: {action}")),
        ("Effect: Deny, NotAction: 'sae', Resource: '*'", format!("7:40: {action}")),
        ("Effect: Deny, Action: '*', Resource: secret/1", format!("7:52: {resource}")),
        ("Effect: Deny, Action: [], Resource: '*'", "7:37: expected a text, or a list of at least one".to_owned()),
        ("Effect: Deny, Action: {}, Resource: '*'", "7:37: expected a text, found a mapping".to_owned()),
        ("Effect: Deny, Action: '*', Resource: '*', Principal: x", "7:57: unknown key; the keys here are Effect, Action, NotAction, Resource, NotResource, Condition".to_owned()),
    ] {
        assert_eq!(told_of_statement(statement), [message], "{statement}");
    }
}

#[test]
fn a_condition_compares_what_can_be_compared() {
    for (condition, message) in [
        (
            "IpAdress: { acs:SourceIp: 192.0.2.1 }",
            "7:71: unknown condition operator; did you mean `IpAddress`?",
        ),
        (
            "StringEquals: { acs:SourceIP: x }",
            "7:87: unknown condition key; did you mean `acs:SourceIp`?",
        ),
        (
            "StringEquals: { ecs:tag/team: x }",
            "7:87: unknown condition key; there are acs:SourceIp, acs:SecureTransport, acs:CurrentTime, acs:MFAPresent",
        ),
        ("Bool: { acs:SourceIp: 'true' }", "7:79: this operator does not fit the condition key"),
        ("Bool: { acs:SecureTransport: 'yes' }", "7:100: expected true or false"),
        ("Bool: { acs:SecureTransport: ['true', 'yes'] }", "7:109: expected true or false"),
        ("Bool: { acs:SecureTransport: [] }", "7:100: expected a text, or a list of at least one"),
        (
            "IpAddress: { acs:SourceIp: 192.0.2.0/99 }",
            "7:98: expected an IP address, or a block such as 192.0.2.0/24",
        ),
        (
            "DateLessThan: { acs:CurrentTime: tomorrow }",
            "7:104: expected a date such as 2026-01-02T03:04:05Z",
        ),
        ("NumericLessThan: { acs:CurrentTime: many }", "7:107: expected a whole number"),
        ("Bool: true", "7:77: expected a mapping, found a text"),
    ] {
        let statement =
            format!("Effect: Allow, Action: '*', Resource: '*', Condition: {{ {condition} }}");
        assert_eq!(told_of_statement(&statement), [message], "{condition}");
    }
}

#[test]
fn a_statement_about_less_than_everything_is_remarked_on() {
    let text = "\
users:
  - name: u
    policies:
      - { Version: '1', Statement: [{ Effect: Allow, Action: 'sae:*', Resource: 'acs:sae:*:*:*' }] }
";
    let remarks = world(text).remarks();
    assert_eq!(remarks.len(), 1);
    assert!(remarks[0].starts_with("4:37: this statement never applies"), "{remarks:?}");
    assert!(world(&text.replace("acs:sae:*:*:*", "*")).remarks().is_empty());
}
