//! The policies of users.

use super::*;
use crate::{
    access::policy::{Denied, Environment, Statement, evaluate},
    clock::Timestamp,
};

/// The policies of a user to whom a file gives these.
fn policies(text: &str) -> Vec<Statement> {
    let text =
        format!("users: [{{ name: u, access_keys: [{{ id: a, secret: s }}], policies: {text} }}]");
    match &key(&world(&text), "a").principal {
        Principal::User(user) => user.policies.clone(),
        other => panic!("a user's key, not {other:?}"),
    }
}

fn decide(policies: &[Statement], action: &str, source: &str) -> Result<(), Denied> {
    let now = Timestamp(1_767_323_045_000);
    let environment = Environment { source: source.parse().ok(), is_secure: true, now, tags: &[] };
    evaluate(policies, action, "acs:sae:cn-beijing:1:*", &environment)
}

#[test]
fn a_document_is_read_as_ram_writes_it() {
    let policies = policies(
        r#"["AliyunOSSFullAccess", {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sae:Describe*", "sae:List*"],
                "Resource": "*",
                "Condition": {
                    "IpAddress": { "acs:SourceIp": ["192.0.2.0/24", "2001:db8::/32"] },
                    "Bool": { "acs:SecureTransport": true },
                    "NumericGreaterThan": { "acs:CurrentTime": 1767323044 }
                }
            }
        ]
    }, {
        "Version": "1",
        "Statement": [{ "Effect": "Deny", "NotAction": "sae:*Secret*", "NotResource": ["acs:x:*:*:*"] }]
    }]"#,
    );
    assert_eq!(policies.len(), 2);
    for (action, source, expected) in [
        ("sae:DescribeSecret", "192.0.2.1", Ok(())),
        ("sae:ListSecrets", "2001:db8::5", Ok(())),
        ("sae:ListSecrets", "198.51.100.1", Err(Denied::Implicitly)),
        ("sae:CreateSecret", "192.0.2.1", Err(Denied::Implicitly)),
        ("sae:DescribeNamespace", "192.0.2.1", Err(Denied::Explicitly)),
    ] {
        assert_eq!(decide(&policies, action, source), expected, "{action} from {source}");
    }
}

#[test]
fn policies_have_rules() {
    for bad in [
        "AliyunSAEFulAccess",
        "AliyunSAEFullAccess1",
        "AliyunKMSFulAccess",
        "Administrator",
        "''",
        "AliyunOSS FullAccess",
    ] {
        let message = format!(
            "there is no system policy \"{}\"; known are AdministratorAccess, AliyunSAEFullAccess, \
             AliyunSAEReadOnlyAccess, AliyunKMSFullAccess, AliyunKMSReadOnlyAccess, AliyunKMSSecretAdminAccess, \
             AliyunKMSSecretUserAccess, AliyunKMSCryptoAdminAccess, AliyunKMSCryptoUserAccess and, without effect \
             here, those of other services; a policy of your own is written out as a document",
            bad.trim_matches('\'')
        );
        check("users: [{ name: u, policies: […] }]", &format!("@{bad} => {message}"));
    }
    let document = "users: [{ name: u, policies: [{ Version: '1', Statement: [{ … }] }] }]";
    check(
        &document.replace("'1'", "…").replace("{ … }", ""),
        "@'2' => the version of a policy is \"1\"",
    );
    check(
        &document.replace("{ … }", "…"),
        "
        @{ Effect: Allow, Resource: '*' } => a statement has either `Action` or `NotAction`
        @{ Effect: Allow, Action: '*', NotAction: '*', Resource: '*' } => a statement has either `Action` or `NotAction`
        @{ Effect: Allow, Action: '*' } => a statement has either `Resource` or `NotResource`
        { Effect: @allow, Action: '*', Resource: '*' } => an effect is Allow or Deny
        { Effect: Deny, Action: @ListSecrets, Resource: '*' } => an action is SERVICE:ACTION, such as sae:DescribeSecret or
        { Effect: Deny, Action: ['*', @''], Resource: '*' } => an action is SERVICE:ACTION
        { Effect: Deny, NotAction: @sae, Resource: '*' } => an action is SERVICE:ACTION
        { Effect: Deny, Action: '*', Resource: @secret/1 } => a resource is acs:SERVICE:REGION:ACCOUNT:ID, or * alone
        ",
    );
    check(
        &document.replace('…', "Effect: Allow, Action: '*', Resource: '*', Condition: { … }"),
        "
        @IpAdress: { acs:SourceIp: 192.0.2.1 } => unknown condition operator; there are StringEquals, StringNotEquals, 
        StringEquals: { @kms:tag/: x } => unknown condition key; there are acs:SourceIp,
        IpAddress: { @kms:tag/team: 192.0.2.1 } => this operator does not fit the condition key
        StringEquals: { @acs:SourceIP: x } => unknown condition key; there are acs:SourceIp, acs:SecureTransport, 
        Bool: { @acs:SourceIp: 'true' } => this operator does not fit the condition key
        Bool: { acs:SecureTransport: @'yes' } => expected true or false
        Bool: { acs:SecureTransport: ['true', @'yes'] } => expected true or false
        IpAddress: { acs:SourceIp: @192.0.2.0/99 } => expected an IP address, or a block such as 192.0.2.0/24
        DateLessThan: { acs:CurrentTime: @tomorrow } => expected a date such as 2026-01-02T03:04:05Z
        NumericLessThan: { acs:CurrentTime: @many } => expected a whole number
        ",
    );
}

#[test]
fn what_grants_nothing_is_remarked_on() {
    let remarks = |policy: &str| {
        let text =
            format!("account: 12\nregions: [cn-x]\nusers: [{{ name: u, policies: [{policy}] }}]");
        world(&text).remarks[1..].to_vec()
    };
    let of_statement = |action: &str, resource: &str| {
        let statement = format!("{{ Effect: Allow, Action: {action}, {resource} }}");
        remarks(&format!("{{ Version: '1', Statement: [{statement}] }}"))
    };
    assert_eq!(world("regions: [cn-bejing]").remarks, ["cn-bejing is no documented region of SAE"]);
    for quiet in [
        "AdministratorAccess",
        "AliyunSAEFullAccess",
        "AliyunSAEReadOnlyAccess",
        "AliyunKMSFullAccess",
        "AliyunKMSSecretUserAccess",
    ] {
        assert_eq!(remarks(quiet), [""; 0], "{quiet}");
    }
    for other in
        ["AliyunOSSFullAccess", "AliyunContainerRegistryReadOnlyAccess", "AliyunECSFullAccess"]
    {
        assert_eq!(
            remarks(other),
            ["3:31: a system policy of another service grants nothing here"],
            "{other}"
        );
    }
    for (resource, applies) in [
        ("Resource: '*'", true),
        ("Resource: 'acs:sae:cn-x:*:*'", true),
        ("Resource: 'acs:sae:*:12:*'", true),
        ("Resource: ['acs:oss:*:*:*', 'acs:*:*:*:*']", true),
        ("NotResource: 'acs:oss:*:*:*'", true),
        ("Resource: 'acs:sae:cn-y:*:*'", false),
        ("Resource: 'acs:sae:*:13:*'", false),
        ("Resource: 'acs:sae:*:*:application/*'", false),
        ("Resource: 'acs:sae:*:*:?'", false),
        ("Resource: 'acs:oss:*:*:*'", false),
        ("NotResource: '*'", false),
        ("Resource: 'acs:kms:cn-x:12:secret/team-a'", true),
        ("Resource: 'acs:kms:*:*:*'", true),
        ("Resource: 'acs:kms:cn-x:12:key'", true),
        ("Resource: 'acs:kms:cn-y:12:secret/team-a'", false),
        ("Resource: 'acs:kms:cn-x:13:secret/team-a'", false),
        ("Resource: 'acs:kms:cn-x:12:certificate/a'", false),
    ] {
        let remarks = of_statement("'*'", resource);
        let told = remarks
            .iter()
            .filter(|remark| remark.starts_with("3:59: this statement never applies: SAE "));
        assert_eq!(told.count(), usize::from(!applies), "{resource}: {remarks:?}");
    }
    let other = "account: 12\nregions: [cn-x]\nusers: [{ name: u, account: '34', policies: [{ Version: '1', Statement: \
                 [{ Effect: Allow, Action: 'kms:*', Resource: 'acs:kms:*:…:secret/*' }] }] }]";
    for (account, remarks) in [("12", 1), ("34", 1), ("56", 2)] {
        assert_eq!(world(&other.replace('…', account)).remarks.len(), remarks, "{account}");
    }
    // A statement has to be about both a service and what that one authorises.
    for (action, resource, service) in [
        ("kms:GetSecretValue", "acs:kms:cn-x:*:secret/a", None),
        ("k*:*", "acs:kms:cn-x:*:secret/a", None),
        ("kms:*", "acs:kms:cn-y:*:*", Some("KMS")),
        ("oss:*", "acs:oss:*:*:*", Some("SAE")),
        ("sae:*", "acs:kms:*:*:secret/*", Some("SAE")),
    ] {
        let remarks = of_statement(action, &format!("Resource: '{resource}'"));
        let told =
            remarks.iter().map(|remark| remark.split(": ").nth(2).unwrap().split(' ').next());
        assert_eq!(
            told.collect::<Vec<_>>(),
            Vec::from_iter(service.map(Some)),
            "{action} {resource}"
        );
    }
}
