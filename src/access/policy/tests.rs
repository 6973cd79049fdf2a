use proptest::prelude::*;

use super::*;

/// 2026-01-02T03:04:05Z.
const NOW: i64 = 1_767_323_045;

fn environment(source: &str, is_secure: bool) -> Environment<'static> {
    let now = Timestamp(NOW * 1000 + 678);
    Environment { source: source.parse().ok(), is_secure, now, tags: &[] }
}

fn anywhere() -> Environment<'static> {
    environment("192.0.2.7", false)
}

fn actions(patterns: &[&str]) -> Vec<Pattern> {
    patterns.iter().map(|pattern| Pattern::action(pattern).unwrap()).collect()
}

fn resources(patterns: &[&str]) -> Vec<Pattern> {
    patterns.iter().map(|pattern| Pattern::resource(pattern).unwrap()).collect()
}

fn statement(effect: Effect, patterns: &[&str]) -> Statement {
    Statement {
        effect,
        actions: Patterns::These(actions(patterns)),
        resources: Patterns::These(resources(&["*"])),
        conditions: Vec::new(),
    }
}

fn decide(statements: &[Statement], action: &str) -> Result<(), Denied> {
    evaluate(statements, action, "*", &anywhere())
}

fn is_met(operator: &str, key: &str, values: &[&str], environment: &Environment<'_>) -> bool {
    let mut condition = Condition::new(operator, key).unwrap();
    for value in values {
        condition.add(value).unwrap();
    }
    condition.is_met(environment)
}

#[test]
fn nothing_is_allowed_without_a_statement() {
    assert_eq!(decide(&[], "sae:ListSecrets"), Err(Denied::Implicitly));
    let other = [statement(Effect::Allow, &["kms:*", "sae:CreateSecret"])];
    assert_eq!(decide(&other, "sae:ListSecrets"), Err(Denied::Implicitly));
}

#[test]
fn a_denial_wins_wherever_it_stands() {
    let (allow, deny) =
        (statement(Effect::Allow, &["*"]), statement(Effect::Deny, &["sae:DELETE*"]));
    for statements in [[allow.clone(), deny.clone()], [deny, allow]] {
        assert_eq!(decide(&statements, "sae:DeleteSecret"), Err(Denied::Explicitly));
        assert_eq!(decide(&statements, "sae:DescribeSecret"), Ok(()));
    }
}

#[test]
fn all_but_some_actions() {
    let mut all_but = statement(Effect::Allow, &[]);
    all_but.actions = Patterns::AllBut(actions(&["sae:Delete*", "sae:Update*"]));
    assert_eq!(decide(&[all_but.clone()], "sae:CreateSecret"), Ok(()));
    assert_eq!(decide(&[all_but], "sae:deleteSecret"), Err(Denied::Implicitly));
}

#[test]
fn a_statement_applies_to_the_resources_that_its_patterns_cover() {
    for (pattern, asked, covers) in [
        ("*", "acs:sae:cn-beijing:1:*", true),
        ("**", "acs:sae:cn-beijing:1:*", true),
        ("acs:sae:cn-beijing:*:*", "acs:sae:cn-beijing:1:*", true),
        ("acs:sae:*:1:*", "acs:sae:cn-beijing:1:*", true),
        ("acs:*:*:*:*", "acs:sae:cn-beijing:1:*", true),
        ("acs:sae:cn-shanghai:*:*", "acs:sae:cn-beijing:1:*", false),
        ("acs:sae:cn-beijing:2:*", "acs:sae:cn-beijing:1:*", false),
        ("acs:kms:*:*:*", "acs:sae:cn-beijing:1:*", false),
        ("acs:sae:*:*:application/*", "acs:sae:cn-beijing:1:*", false),
        ("acs:sae:*:*:?", "acs:sae:cn-beijing:1:*", false),
        ("acs:sae:cn-*:1:application/a/?", "acs:sae:cn-beijing:1:application/a/b", true),
        ("acs:sae:cn-*:1:application/a/?", "acs:sae:cn-beijing:1:application/a/bc", false),
        ("*", "*", true),
        ("acs:sae:*:*:*", "*", false),
    ] {
        let mut known = statement(Effect::Allow, &["sae:*"]);
        for (is_these, expected) in [(true, covers), (false, !covers)] {
            let patterns = resources(&["acs:x:*:*:*", pattern]);
            known.resources =
                if is_these { Patterns::These(patterns) } else { Patterns::AllBut(patterns) };
            let decision = evaluate(&[known.clone()], "sae:ListSecrets", asked, &anywhere());
            assert_eq!(decision == Ok(()), expected, "{pattern} {asked} {is_these}");
        }
    }
}

#[test]
fn the_system_policies_allow_what_their_names_say() {
    for (policy, action, allowed) in [
        ("AdministratorAccess", "sae:DeleteNamespace", true),
        ("AdministratorAccess", "kms:GetSecretValue", true),
        ("AliyunSAEFullAccess", "sae:DeleteNamespace", true),
        ("AliyunSAEFullAccess", "kms:GetSecretValue", false),
        ("AliyunSAEReadOnlyAccess", "sae:DescribeSecret", true),
        ("AliyunSAEReadOnlyAccess", "sae:ListSecrets", true),
        ("AliyunSAEReadOnlyAccess", "sae:CheckInDebt", true),
        ("AliyunSAEReadOnlyAccess", "sae:CreateSecret", false),
        ("AliyunSAEReadOnlyAccess", "sae:DeleteNamespace", false),
    ] {
        assert!(system_policies().any(|known| known == policy));
        let known = system_policy(policy).unwrap();
        let decision = evaluate(&known, action, "acs:sae:cn-beijing:1:*", &anywhere());
        assert_eq!(decision == Ok(()), allowed, "{policy} {action}");
    }
    let (secrets, secret) = ("acs:kms:cn-beijing:1:secret", "acs:kms:cn-beijing:1:secret/a");
    let key = "acs:kms:cn-beijing:1:key/a";
    for (policy, action, resource, allowed) in [
        ("AliyunKMSFullAccess", "kms:GetSecretValue", secret, true),
        ("AliyunKMSFullAccess", "sae:DescribeSecret", "*", false),
        ("AliyunKMSReadOnlyAccess", "kms:ListSecrets", secrets, true),
        ("AliyunKMSReadOnlyAccess", "kms:DescribeSecret", secret, true),
        ("AliyunKMSReadOnlyAccess", "kms:GetSecretPolicy", secret, true),
        ("AliyunKMSReadOnlyAccess", "kms:GetSecretValue", secret, false),
        ("AliyunKMSReadOnlyAccess", "kms:GetRandomPassword", "*", false),
        ("AliyunKMSSecretAdminAccess", "kms:CreateSecret", secrets, true),
        ("AliyunKMSSecretAdminAccess", "kms:GetSecretValue", secret, true),
        ("AliyunKMSSecretAdminAccess", "kms:GetRandomPassword", "*", true),
        ("AliyunKMSSecretAdminAccess", "kms:Decrypt", key, false),
        ("AliyunKMSSecretUserAccess", "kms:GetSecretValue", secret, true),
        ("AliyunKMSSecretUserAccess", "kms:ListSecrets", secrets, false),
        ("AliyunKMSCryptoAdminAccess", "kms:CreateKey", "acs:kms:cn-beijing:1:key", true),
        ("AliyunKMSCryptoAdminAccess", "kms:CreateAlias", "acs:kms:cn-beijing:1:alias/a", true),
        ("AliyunKMSCryptoAdminAccess", "kms:GetSecretValue", secret, false),
        ("AliyunKMSCryptoUserAccess", "kms:Decrypt", key, true),
        ("AliyunKMSCryptoUserAccess", "kms:CreateKey", key, false),
    ] {
        let decision = evaluate(&system_policy(policy).unwrap(), action, resource, &anywhere());
        assert_eq!(decision == Ok(()), allowed, "{policy} {action} {resource}");
    }
    for known in system_policies() {
        assert!(!system_policy(known).unwrap().is_empty(), "{known}");
    }
    for other in ["AliyunOSSFullAccess", "AliyunECSReadOnlyAccess", "AliyunARMSDefaultRolePolicy"] {
        assert_eq!(system_policy(other), Some(vec![]), "{other}");
    }
    for slip in [
        "AliyunSAEFulAccess",
        "AliyunKMSAccess",
        "aliyunsaefullaccess",
        "AliyunOSS",
        "OSSFullAccess",
        "",
    ] {
        assert_eq!(system_policy(slip), None, "{slip}");
    }
}

#[test]
fn every_operator_fits_some_key_and_no_other_word_is_one() {
    for operator in operators() {
        assert!(KEYS.iter().any(|key| Condition::new(operator, key).is_ok()), "{operator}");
    }
    for (operator, key, error) in [
        ("StringEqual", "acs:SourceIp", ConditionError::UnknownOperator),
        ("stringequals", "acs:SourceIp", ConditionError::UnknownOperator),
        ("Numeric", "acs:CurrentTime", ConditionError::UnknownOperator),
        ("DateLike", "acs:CurrentTime", ConditionError::UnknownOperator),
        ("StringEqualsIfExists", "acs:SourceIp", ConditionError::UnknownOperator),
        ("Bool", "acs:Sourceip", ConditionError::UnknownKey),
        ("Bool", "acs:ResourceTag/team", ConditionError::UnknownKey),
        ("StringEquals", "kms:tag", ConditionError::UnknownKey),
        ("StringEquals", "kms:tag/", ConditionError::UnknownKey),
        ("StringEquals", "kms:Tag/team", ConditionError::UnknownKey),
        ("Bool", "kms:tag/team", ConditionError::Unfit),
        ("DateEquals", "kms:tag/team", ConditionError::Unfit),
        ("IpAddress", "acs:SourceVpc", ConditionError::Unfit),
        ("Bool", "acs:SourceIp", ConditionError::Unfit),
        ("IpAddress", "acs:CurrentTime", ConditionError::Unfit),
        ("DateEquals", "acs:SecureTransport", ConditionError::Unfit),
        ("NumericLessThan", "acs:SourceIp", ConditionError::Unfit),
    ] {
        assert_eq!(Condition::new(operator, key).err(), Some(error), "{operator} {key}");
    }
}

#[test]
fn values_have_to_be_of_the_operators_kind() {
    for (operator, key, bad) in [
        ("NumericEquals", "acs:CurrentTime", "1.5"),
        ("NumericEquals", "acs:CurrentTime", ""),
        ("NumericEquals", "acs:CurrentTime", "99999999999999999999"),
        ("DateEquals", "acs:CurrentTime", "2026-01-02"),
        ("DateEquals", "acs:CurrentTime", "2026-13-02T00:00:00Z"),
        ("DateEquals", "acs:CurrentTime", "2026-01-02T00:00:00"),
        ("DateEquals", "acs:CurrentTime", "9223372036854775807"),
        ("Bool", "acs:SecureTransport", "yes"),
        ("Bool", "acs:MFAPresent", "True"),
        ("IpAddress", "acs:SourceIp", "192.0.2.0/33"),
        ("IpAddress", "acs:SourceIp", "192.0.2"),
        ("IpAddress", "acs:SourceIp", "*"),
    ] {
        let added = Condition::new(operator, key).unwrap().add(bad);
        assert!(matches!(added, Err(ConditionError::Value(_))), "{operator} {bad}");
    }
}

#[test]
fn addresses_are_held_against_blocks() {
    for (source, values, inside) in [
        ("192.0.2.7", &["192.0.2.0/24"][..], true),
        ("192.0.2.7", &["192.0.2.99/24"], true),
        ("192.0.2.7", &["192.0.2.7"], true),
        ("192.0.2.7", &["192.0.2.8"], false),
        ("192.0.2.7", &["198.51.100.0/24", "192.0.2.7/32"], true),
        ("192.0.2.7", &["0.0.0.0/0"], true),
        ("192.0.2.7", &["::/0"], false),
        ("::ffff:192.0.2.7", &["192.0.2.0/24"], true),
        ("192.0.2.7", &["::ffff:192.0.2.7"], true),
        ("2001:db8::1", &["2001:db8::/32"], true),
        ("2001:db9::1", &["2001:db8::/32"], false),
    ] {
        let from = environment(source, false);
        assert_eq!(
            is_met("IpAddress", "acs:SourceIp", values, &from),
            inside,
            "{source} {values:?}"
        );
        assert_eq!(
            is_met("NotIpAddress", "acs:SourceIp", values, &from),
            !inside,
            "{source} {values:?}"
        );
    }
    // What is not known meets no condition, not even one that rules something out.
    let unknown = environment("", false);
    for operator in ["IpAddress", "NotIpAddress"] {
        assert!(!is_met(operator, "acs:SourceIp", &["192.0.2.0/24"], &unknown), "{operator}");
    }
}

#[test]
fn truth_values_are_compared() {
    for is_secure in [true, false] {
        let from = environment("192.0.2.7", is_secure);
        assert_eq!(is_met("Bool", "acs:SecureTransport", &["true"], &from), is_secure);
        assert_eq!(is_met("Bool", "acs:SecureTransport", &["false"], &from), !is_secure);
        assert!(is_met("Bool", "acs:SecureTransport", &["true", "false"], &from));
        assert!(!is_met("Bool", "acs:MFAPresent", &["true"], &from));
        assert!(is_met("Bool", "acs:MFAPresent", &["false"], &from));
    }
}

#[test]
fn moments_are_compared() {
    let (before, second, after) =
        ("2026-01-02T03:04:04Z", "2026-01-02T03:04:05Z", "2026-01-02T11:04:06+08:00");
    for (order, expected) in [
        ("Equals", [false, true, false]),
        ("NotEquals", [true, false, true]),
        ("LessThan", [false, false, true]),
        ("LessThanEquals", [false, true, true]),
        ("GreaterThan", [true, false, false]),
        ("GreaterThanEquals", [true, true, false]),
    ] {
        let dates = [before, second, after]
            .map(|value| is_met(&format!("Date{order}"), "acs:CurrentTime", &[value], &anywhere()));
        assert_eq!(dates, expected, "Date{order}");
        let numbers = [NOW - 1, NOW, NOW + 1].map(|value| {
            let value = value.to_string();
            is_met(&format!("Numeric{order}"), "acs:CurrentTime", &[&value], &anywhere())
        });
        assert_eq!(numbers, expected, "Numeric{order}");
    }
    let seconds = (NOW + 1).to_string();
    assert!(is_met("DateLessThan", "acs:CurrentTime", &[&seconds], &anywhere()));
}

#[test]
fn texts_are_compared() {
    for (operator, values, expected) in [
        ("StringEquals", &["192.0.2.7"][..], true),
        ("StringEquals", &["192.0.2.*"], false),
        ("StringEquals", &["x", "192.0.2.7"], true),
        ("StringNotEquals", &["x", "192.0.2.7"], false),
        ("StringNotEquals", &["x", "y"], true),
        ("StringLike", &["192.0.2.?"], true),
        ("StringLike", &["x*", "*.7"], true),
        ("StringNotLike", &["x*", "*.7"], false),
        ("StringNotLike", &["x*"], true),
    ] {
        let met = is_met(operator, "acs:SourceIp", values, &anywhere());
        assert_eq!(met, expected, "{operator} {values:?}");
    }
    for (operator, value, expected) in [
        ("StringEquals", "2026-01-02T03:04:05Z", true),
        ("StringEquals", "2026-01-02t03:04:05z", false),
        ("StringEqualsIgnoreCase", "2026-01-02t03:04:05z", true),
        ("StringNotEqualsIgnoreCase", "2026-01-02t03:04:05z", false),
        ("StringNotEqualsIgnoreCase", "never", true),
        ("StringLike", "2026-01-*", true),
    ] {
        let met = is_met(operator, "acs:CurrentTime", &[value], &anywhere());
        assert_eq!(met, expected, "{operator} {value}");
    }
    assert!(is_met("StringEquals", "acs:SecureTransport", &["false"], &anywhere()));
}

#[test]
fn tags_are_compared() {
    let tags = [("team".to_owned(), "Payments".to_owned()), ("a/b".to_owned(), String::new())];
    let tagged = Environment { tags: &tags, ..anywhere() };
    for (operator, key, value, expected) in [
        ("StringEquals", "kms:tag/team", "Payments", true),
        ("StringEquals", "kms:tag/team", "payments", false),
        ("StringNotEquals", "kms:tag/team", "payments", true),
        ("StringEqualsIgnoreCase", "kms:tag/team", "payments", true),
        ("StringLike", "kms:tag/team", "Pay*", true),
        ("StringEquals", "kms:tag/a/b", "", true),
        ("StringEquals", "kms:tag/Team", "Payments", false),
    ] {
        assert_eq!(is_met(operator, key, &[value], &tagged), expected, "{operator} {key} {value}");
    }
    // What a resource or a request does not have meets no condition, not even one that rules something out.
    for key in ["kms:tag/other", "acs:SourceVpc"] {
        for operator in ["StringEquals", "StringNotEquals", "StringLike", "StringNotLike"] {
            assert!(!is_met(operator, key, &["*"], &tagged), "{operator} {key}");
        }
    }
}

#[test]
fn all_conditions_have_to_be_met() {
    let condition = |operator: &str, key: &str, value: &str| {
        let mut condition = Condition::new(operator, key).unwrap();
        condition.add(value).unwrap();
        condition
    };
    let mut known = statement(Effect::Allow, &["sae:*"]);
    known.conditions = vec![
        condition("IpAddress", "acs:SourceIp", "192.0.2.0/24"),
        condition("Bool", "acs:SecureTransport", "true"),
    ];
    let decide = |source, is_secure| {
        evaluate(&[known.clone()], "sae:X", "*", &environment(source, is_secure))
    };
    assert_eq!(decide("192.0.2.7", true), Ok(()));
    assert_eq!(decide("192.0.2.7", false), Err(Denied::Implicitly));
    assert_eq!(decide("198.51.100.1", true), Err(Denied::Implicitly));
}

proptest! {
    /// Whatever else is allowed, what one statement denies stays denied; and more statements never allow what a denial forbids.
    #[test]
    fn order_and_company_never_undo_a_denial(
        mut statements in prop::collection::vec((any::<bool>(), "(sae:)?[*?CD][*?a-z]{0,3}[*?]"), 0..6),
        action in "sae:[CD][a-z]{0,4}",
    ) {
        statements.retain(|(_, pattern)| Pattern::action(pattern).is_ok());
        let made = |(allows, pattern): &(bool, String)| {
            statement(if *allows { Effect::Allow } else { Effect::Deny }, &[pattern])
        };
        let made: Vec<Statement> = statements.iter().map(made).collect();
        let reversed: Vec<Statement> = made.iter().rev().cloned().collect();
        let matching = |wanted: bool| statements.iter().any(|(allows, pattern)| {
            *allows == wanted && Pattern::action(pattern).unwrap().matches(&action.to_ascii_lowercase())
        });
        let expected = match (matching(false), matching(true)) {
            (true, _) => Err(Denied::Explicitly),
            (false, true) => Ok(()),
            (false, false) => Err(Denied::Implicitly),
        };
        prop_assert_eq!(decide(&made, &action), expected);
        prop_assert_eq!(decide(&reversed, &action), expected);
    }
}
