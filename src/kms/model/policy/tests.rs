use proptest::prelude::*;

use super::*;
use crate::clock::Timestamp;

const OWN: &str = "1000000000000001";
const OTHER: &str = "2000000000000002";

/// 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045_000;

const ROOT: PrincipalKind = PrincipalKind::Root;
const ALICE: PrincipalKind = PrincipalKind::User("alice");
const BOB: PrincipalKind = PrincipalKind::User("bob");

fn anywhere() -> Environment<'static> {
    Environment {
        source: "192.0.2.7".parse().ok(),
        is_secure: false,
        now: Timestamp(NOW),
        tags: &[],
    }
}

/// A policy with one statement, whose members have the names of these, but for those that are empty.
fn statement(effect: &str, principal: &str, action: &str) -> String {
    format!(
        r#"{{"Effect":"{effect}","Principal":{{"RAM":"{principal}"}},"Action":"{action}","Resource":"*"}}"#
    )
}

fn policy(statements: &[String]) -> SecretPolicy {
    let text = format!(r#"{{"Version":"1","Statement":[{}]}}"#, statements.join(","));
    SecretPolicy::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn decide(
    policy: &SecretPolicy,
    account: &str,
    kind: PrincipalKind,
    action: &str,
) -> Option<Effect> {
    policy.decide(PrincipalRef { account, kind }, OWN, action, &anywhere())
}

fn own(name: &str) -> String {
    format!("acs:ram::{OWN}:{name}")
}

fn other(name: &str) -> String {
    format!("acs:ram::{OTHER}:{name}")
}

fn reason(text: &str) -> String {
    match SecretPolicy::parse(text) {
        Err(Error::Invalid(Field::Policy, reason)) => reason.into_owned(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn the_default_policy_is_the_documented_one() {
    let text = default_policy("119285303511");
    assert_eq!(
        text,
        r#"{"Version":"1","Statement": [{"Sid":"kms default secret policy","Effect":"Allow","Principal":{"RAM": ["acs:ram::119285303511:*"]},"Action":["kms:*"],"Resource": ["*"] }] }"#
    );
    let policy = SecretPolicy::parse(&default_policy(OWN)).unwrap();
    assert_eq!(policy.text(), default_policy(OWN));
    assert!(policy.foreign_accounts(OWN).is_empty());
    for kind in [ROOT, ALICE, BOB] {
        for action in ["kms:GetSecretValue", "kms:SetSecretPolicy", "kms:GetSecretPolicy"] {
            assert_eq!(decide(&policy, OWN, kind, action), Some(Effect::Allow), "{kind:?}");
            assert_eq!(decide(&policy, OTHER, kind, action), None, "{kind:?}");
        }
    }
}

#[test]
fn policies_that_people_write() {
    for text in [
        // The acceptance tests of Terraform's provider.
        r#"{"Statement": [{"Action": ["kms:*"],"Effect": "Allow","Principal": {"RAM": ["acs:ram::1000000000000001:*"]},"Resource": ["*"],"Sid": "Secret"}],"Version": "1"}"#,
        // Documented samples.
        r#"{
            "Version": "1",
            "Statement": [
                {
                    "Sid": "Enable RAM User Permissions",
                    "Effect": "Allow",
                    "Principal": { "RAM": ["acs:ram::1:*", "acs:ram::1:root"] },
                    "Action": ["kms:List*", "kms:Describe*", "kms:CancelKeyDeletion"],
                    "Resource": ["*"],
                    "Condition": {
                        "IpAddress": { "acs:SourceIp": ["192.0.2.0/24", "::1"] },
                        "Bool": { "acs:SecureTransport": true }
                    }
                },
                {
                    "Effect": "Deny",
                    "Principal": { "RAM": "acs:ram::2:role/Some-role_1.x" },
                    "Action": "kms:GetSecretValue",
                    "Resource": "*",
                    "Condition": {}
                }
            ]
        }"#,
    ] {
        assert_eq!(SecretPolicy::parse(text).unwrap().text(), text);
    }
}

#[test]
fn bytes_are_counted() {
    let policy = default_policy(OWN);
    let longest = format!("{policy}{}", " ".repeat(LENGTH_MAX - policy.len()));
    assert_eq!(SecretPolicy::parse(&longest).unwrap().text().len(), 32_768);
    assert_eq!(reason(&format!("{longest} ")), "has more than 32,768 bytes");
    let wide = format!("{{\"Version\":\"{}\"}}", "中".repeat(LENGTH_MAX / 3));
    assert_eq!(reason(&wide), "has more than 32,768 bytes");
}

#[test]
fn what_is_no_policy_is_refused() {
    for (text, expected) in [
        ("", "is not valid JSON (line 1, column 0)"),
        ("x", "is not valid JSON (line 1, column 1)"),
        ("[]", "is not a JSON object"),
        (r#"{"Version":"1","Version":"1"}"#, "has the key [Version] twice"),
        (r#"{"Statement":[]}"#, "Version is missing"),
        (r#"{"Version":1}"#, "Version is not a string"),
        (r#"{"Version":""}"#, "Version is empty"),
        (r#"{"Version":"2"}"#, "Version is not \"1\""),
        (r#"{"Version":"1"}"#, "Statement is missing"),
        (r#"{"Version":"1","Statement":{}}"#, "Statement is not a list"),
        (r#"{"Version":"1","Statement":[]}"#, "Statement is empty"),
        (r#"{"Version":"1","Statement":[],"Id":"x"}"#, "Id is unknown"),
        (r#"{"Version":"1","Statement":["x"]}"#, "Statement[0] is not a JSON object"),
        (r#"{"Version":"1","Statement":[{}]}"#, "Statement[0].Effect is missing"),
    ] {
        assert_eq!(reason(text), expected, "{text}");
    }
}

#[test]
fn members_of_a_statement_have_their_rules() {
    let fine = [
        ("Effect", r#""Allow""#),
        ("Principal", r#"{"RAM":["acs:ram::1:*"]}"#),
        ("Action", r#"["kms:*"]"#),
        ("Resource", r#"["*"]"#),
    ];
    let with = |changed: &str, value: &str| {
        let mut members: Vec<_> = fine.into_iter().filter(|(name, _)| *name != changed).collect();
        if !value.is_empty() {
            members.push((changed, value));
        }
        let members = members.iter().map(|(name, value)| format!("\"{name}\":{value}"));
        let members = members.collect::<Vec<_>>().join(",");
        let first = statement("Deny", "acs:ram::1:root", "kms:ListSecrets");
        format!(r#"{{"Version":"1","Statement":[{first},{{{members}}}]}}"#)
    };
    assert!(SecretPolicy::parse(&with("Sid", "\"a\"")).is_ok());
    let principal = "is not acs:ram::ACCOUNT: followed by *, root, user/NAME or role/NAME";
    let at = |place: &str| format!("{place} {principal}");
    let long = format!(r#"{{"RAM":"acs:ram::1:user/{}"}}"#, "a".repeat(65));
    for (changed, value, expected) in [
        ("Effect", "", "Effect is missing"),
        ("Effect", "\"allow\"", "Effect is neither Allow nor Deny"),
        ("Effect", "true", "Effect is not a string"),
        ("Principal", "", "Principal is missing"),
        ("Principal", "\"*\"", "Principal is not a JSON object"),
        ("Principal", "{}", "Principal.RAM is missing"),
        ("Principal", r#"{"RAM":"acs:ram::1:*","Service":["x"]}"#, "Principal.Service is unknown"),
        ("Principal", r#"{"RAM":[]}"#, "Principal.RAM is empty"),
        ("Principal", r#"{"RAM":7}"#, "Principal.RAM is not a string"),
        ("Principal", r#"{"RAM":["acs:ram::1:*",null]}"#, "Principal.RAM[1] is not a string"),
        ("Principal", r#"{"RAM":"*"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":["acs:ram::1:*","acs:ram::1:"]}"#, &at("Principal.RAM[1]")),
        ("Principal", r#"{"RAM":"acs:ram::*:*"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram:::root"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::12a:root"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::1:Root"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::1:user"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::1:user/"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::1:user/*"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::1:user/a/b"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:ram::1:group/a"}"#, &at("Principal.RAM")),
        ("Principal", r#"{"RAM":"acs:kms::1:user/a"}"#, &at("Principal.RAM")),
        ("Principal", &long, &at("Principal.RAM")),
        ("Action", "", "Action is missing"),
        ("Action", "[]", "Action is empty"),
        ("Action", "\"*\"", "Action does not begin with kms:"),
        ("Action", r#"["kms:*","ecs:*"]"#, "Action[1] does not begin with kms:"),
        ("Action", r#"["KMS:*"]"#, "Action[0] does not begin with kms:"),
        ("Action", "{}", "Action is not a string"),
        ("Resource", "", "Resource is missing"),
        ("Resource", "\"**\"", "Resource is not *"),
        ("Resource", r#"["*","acs:kms:*:1:secret/a"]"#, "Resource[1] is not *"),
        ("NotAction", "\"kms:*\"", "NotAction is unknown"),
        ("Sid", "1", "Sid is not a string"),
        ("Sid", "\"a:b\"", "Sid has other characters than letters, digits, spaces and _/+=.@-"),
        ("Condition", "[]", "Condition is not a JSON object"),
        ("Condition", r#"{"IpAddress":"x"}"#, "Condition.IpAddress is not a JSON object"),
        (
            "Condition",
            r#"{"IpAddress":{"acs:SourceIp":"192.0.2"}}"#,
            "Condition.IpAddress.acs:SourceIp: expected an IP address, or a block such as 192.0.2.0/24",
        ),
        (
            "Condition",
            r#"{"IpAddress":{"acs:SourceIp":["192.0.2.1",null]}}"#,
            "Condition.IpAddress.acs:SourceIp[1] is no value",
        ),
        (
            "Condition",
            r#"{"IpAddress":{"acs:SourceIp":[]}}"#,
            "Condition.IpAddress.acs:SourceIp is empty",
        ),
        (
            "Condition",
            r#"{"Bool":{"acs:SourceIp":"true"}}"#,
            "Condition.Bool.acs:SourceIp: this operator does not fit the condition key",
        ),
        (
            "Condition",
            r#"{"Bool":{"kms:tag/team":"a"}}"#,
            "Condition.Bool.kms:tag/team: this operator does not fit the condition key",
        ),
        (
            "Condition",
            r#"{"StringEquals":{"kms:tag/":"a"}}"#,
            "Condition.StringEquals.kms:tag/: unknown condition key",
        ),
        (
            "Condition",
            r#"{"Equals":{"acs:SourceIp":"a"}}"#,
            "Condition.Equals.acs:SourceIp: unknown condition operator",
        ),
    ] {
        assert_eq!(reason(&with(changed, value)), format!("Statement[1].{expected}"), "{value}");
    }
    let action = reason(&with("Action", r#""kms:a b""#));
    assert!(action.starts_with("Statement[1].Action: an action is SERVICE:ACTION"), "{action}");
    assert!(reason(&with("Action", r#""kms:""#)).starts_with("Statement[1].Action: "));
    let twice = reason(&with("Sid", r#""a","Effect":"Allow""#));
    assert_eq!(twice, "Statement[1] has the key [Effect] twice");

    for (length, fits) in [(0, true), (128, true), (129, false)] {
        let sid = format!("\"{}\"", "b".repeat(length));
        assert_eq!(SecretPolicy::parse(&with("Sid", &sid)).is_ok(), fits, "{length}");
    }
    assert!(SecretPolicy::parse(&with("Sid", "\"aZ09 _/+=.@-\"")).is_ok());
    let longest = long.replace(&"a".repeat(65), &"a".repeat(64));
    assert!(SecretPolicy::parse(&with("Principal", &longest)).is_ok());
}

#[test]
fn principals_are_who_they_name() {
    for (named, account, kind, is_allowed) in [
        (own("*"), OWN, ROOT, true),
        (own("*"), OWN, ALICE, true),
        (own("*"), OTHER, ALICE, false),
        (own("root"), OWN, ROOT, true),
        (own("root"), OWN, ALICE, false),
        (own("user/alice"), OWN, ALICE, true),
        (own("user/alice"), OWN, BOB, false),
        (own("user/Alice"), OWN, ALICE, false),
        (own("user/alice"), OWN, ROOT, false),
        (own("user/alice"), OTHER, ALICE, false),
        (own("role/alice"), OWN, ALICE, false),
        (other("user/alice"), OTHER, ALICE, true),
        (other("user/alice"), OTHER, BOB, false),
        (other("*"), OTHER, BOB, true),
        (other("root"), OTHER, ROOT, true),
        (other("root"), OTHER, BOB, false),
    ] {
        let policy = policy(&[statement("Allow", &named, "kms:GetSecretValue")]);
        let decision = decide(&policy, account, kind, "kms:GetSecretValue");
        assert_eq!(decision, is_allowed.then_some(Effect::Allow), "{named} {account} {kind:?}");
    }
}

#[test]
fn only_some_actions_have_effect() {
    for (written, asked, has_effect) in [
        ("kms:GetSecretValue", "kms:GetSecretValue", true),
        ("kms:getsecretvalue", "kms:GetSecretValue", true),
        ("kms:Get*", "kms:GetSecretValue", true),
        ("kms:Get*", "kms:GetSecretPolicy", false),
        ("kms:GetSecretPolicy", "kms:GetSecretPolicy", false),
        ("kms:SetSecretPolicy", "kms:SetSecretPolicy", false),
        ("kms:*", "kms:SetSecretPolicy", true),
        ("kms:**", "kms:SetSecretPolicy", true),
        ("kms:?*", "kms:SetSecretPolicy", false),
        ("kms:List*", "kms:ListSecretVersionIds", true),
        ("kms:ListSecretVersionIds", "kms:ListSecretVersionIds", true),
        ("kms:Describe*", "kms:DescribeSecret", true),
        ("kms:PutSecretValue", "kms:PutSecretValue", true),
        ("kms:Update*", "kms:UpdateSecretVersionStage", true),
        ("kms:DeleteSecret", "kms:DeleteSecret", true),
        ("kms:RestoreSecret", "kms:RestoreSecret", true),
        ("kms:RotateSecret", "kms:RotateSecret", true),
        ("kms:TagResource", "kms:TagResource", true),
        ("kms:TagResource", "kms:TagResources", false),
        ("kms:TagResources", "kms:TagResources", false),
        ("kms:UntagResource", "kms:UntagResource", true),
        ("kms:PutSecretValue", "kms:GetSecretValue", false),
        ("kms:DeleteSecre?", "kms:DeleteSecret", true),
    ] {
        for effect in [Effect::Allow, Effect::Deny] {
            let policy = policy(&[statement(&format!("{effect:?}"), &own("*"), written)]);
            let decision = decide(&policy, OWN, ALICE, asked);
            assert_eq!(decision, has_effect.then_some(effect), "{written} {asked}");
        }
    }
}

#[test]
fn another_account_can_only_get_the_value() {
    let policy = policy(&[statement("Allow", &other("user/alice"), "kms:*")]);
    for (action, is_allowed) in [
        ("kms:GetSecretValue", true),
        ("kms:DescribeSecret", false),
        ("kms:PutSecretValue", false),
        ("kms:ListSecretVersionIds", false),
        ("kms:SetSecretPolicy", false),
    ] {
        let decision = decide(&policy, OTHER, ALICE, action);
        assert_eq!(decision, is_allowed.then_some(Effect::Allow), "{action}");
    }
}

#[test]
fn a_denial_wins_but_over_the_account_itself() {
    let (allow, deny) = (
        statement("Allow", &own("*"), "kms:*"),
        statement("Deny", &own("*"), "kms:GetSecretValue"),
    );
    for statements in [[allow.clone(), deny.clone()], [deny.clone(), allow]] {
        let policy = policy(&statements);
        assert_eq!(decide(&policy, OWN, ALICE, "kms:GetSecretValue"), Some(Effect::Deny));
        assert_eq!(decide(&policy, OWN, ALICE, "kms:DescribeSecret"), Some(Effect::Allow));
        assert_eq!(decide(&policy, OWN, ROOT, "kms:GetSecretValue"), Some(Effect::Allow));
    }
    assert_eq!(decide(&policy(&[deny]), OWN, ROOT, "kms:GetSecretValue"), None);
    let foreign = policy(&[
        statement("Allow", &other("*"), "kms:*"),
        statement("Deny", &other("root"), "kms:*"),
    ]);
    assert_eq!(decide(&foreign, OTHER, ROOT, "kms:GetSecretValue"), Some(Effect::Deny));
    assert_eq!(decide(&foreign, OTHER, BOB, "kms:GetSecretValue"), Some(Effect::Allow));
}

#[test]
fn conditions_have_to_be_met() {
    let with = |condition: &str| {
        let known = statement("Allow", &own("*"), "kms:*");
        let known = known.strip_suffix('}').unwrap_or_default();
        policy(&[format!(r#"{known},"Condition":{condition}}}"#)])
    };
    for (condition, is_met) in [
        ("{}", true),
        (r#"{"IpAddress":{"acs:SourceIp":["198.51.100.1","192.0.2.0/24"]}}"#, true),
        (r#"{"IpAddress":{"acs:SourceIp":"198.51.100.1"}}"#, false),
        (r#"{"NotIpAddress":{"acs:SourceIp":"192.0.2.7"}}"#, false),
        (r#"{"Bool":{"acs:SecureTransport":false}}"#, true),
        (r#"{"Bool":{"acs:SecureTransport":["true"]}}"#, false),
        (r#"{"NumericLessThan":{"acs:CurrentTime":1767323046}}"#, true),
        (
            r#"{"DateLessThan":{"acs:CurrentTime":"2027-01-01T00:00:00Z"},"Bool":{"acs:MFAPresent":"true"}}"#,
            false,
        ),
        (
            r#"{"DateLessThan":{"acs:CurrentTime":"2027-01-01T00:00:00Z"},"Bool":{"acs:MFAPresent":"false"}}"#,
            true,
        ),
    ] {
        let decision = decide(&with(condition), OWN, ALICE, "kms:DescribeSecret");
        assert_eq!(decision, is_met.then_some(Effect::Allow), "{condition}");
    }
}

#[test]
fn other_accounts_are_counted_once() {
    let policy = policy(&[
        statement("Allow", &own("*"), "kms:*"),
        statement("Allow", &other("user/alice"), "kms:*"),
        statement("Deny", &other("user/bob"), "kms:*"),
        statement("Deny", "acs:ram::3:root", "kms:*"),
    ]);
    assert_eq!(policy.foreign_accounts(OWN), BTreeSet::from(["3", OTHER]));
    assert_eq!(policy.foreign_accounts("3"), BTreeSet::from([OWN, OTHER]));
}

#[test]
fn reasons_hold_no_values() {
    for text in [
        r#"{"Version":"CANARY"}"#,
        r#"{"Version":"1","Statement":"CANARY"}"#,
        &format!(r#"{{"Version":"1","Statement":[{}]}}"#, statement("CANARY", "x", "y")),
        &format!(r#"{{"Version":"1","Statement":[{}]}}"#, statement("Deny", "CANARY", "y")),
        &format!(
            r#"{{"Version":"1","Statement":[{}]}}"#,
            statement("Deny", "acs:ram::1:*", "CANARY")
        ),
    ] {
        assert!(!reason(text).contains("CANARY"), "{text}");
    }
}

#[test]
fn depth_is_harmless() {
    let (open, close) = ("[".repeat(16_000), "]".repeat(16_000));
    let text = format!(r#"{{"Version":"1","Statement":{open}{close}}}"#);
    assert_eq!(reason(&text), "Statement[0] is not a JSON object");
    assert!(reason(&format!(r#"{{"Version":"1","Statement":{open}"#)).starts_with("is not valid"));
}

proptest! {
    /// Whatever is allowed besides, a denial of the same holds; and nothing is allowed that no statement names.
    #[test]
    fn no_statement_undoes_a_denial(
        picked in prop::collection::vec((any::<bool>(), 0_usize..4, 0_usize..4), 0..6),
    ) {
        let names = [own("*"), own("user/alice"), own("user/bob"), other("*")];
        let actions = ["kms:*", "kms:Get*", "kms:GetSecretValue", "kms:DescribeSecret"];
        let statements: Vec<String> = std::iter::once((true, 2, 3)).chain(picked.iter().copied())
            .map(|(allows, name, action)| {
                statement(if allows { "Allow" } else { "Deny" }, &names[name], actions[action])
            })
            .collect();
        let applies = |allows| picked.iter().any(|(known, name, action)| {
            *known == allows && *name < 2 && *action < 3
        });
        let expected = match (applies(false), applies(true)) {
            (true, _) => Some(Effect::Deny),
            (false, true) => Some(Effect::Allow),
            (false, false) => None,
        };
        prop_assert_eq!(decide(&policy(&statements), OWN, ALICE, "kms:GetSecretValue"), expected);
    }
}
