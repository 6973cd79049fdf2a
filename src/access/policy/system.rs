//! The policies that come with the platform.

use super::{ActionPattern, Actions, Effect, Policy, ResourcePattern, Resources, Statement};

/// What each system policy allows on every resource (RAM pages of the two policies; the second one in its version 3, by
/// which readers may also read the values of secrets).
const ALLOWED: &[(&str, &[&str])] = &[
    ("AliyunSAEFullAccess", &["sae:*"]),
    (
        "AliyunSAEReadOnlyAccess",
        &[
            "sae:Get*",
            "sae:List*",
            "sae:Query*",
            "sae:Describe*",
            "sae:CheckInDebt",
            "sae:CheckApplication*",
        ],
    ),
];

/// The names of the system policies.
pub const SYSTEM_POLICIES: [&str; 2] = ["AliyunSAEFullAccess", "AliyunSAEReadOnlyAccess"];

/// The system policy of that name.
#[must_use]
pub fn system_policy(name: &str) -> Option<Policy> {
    let (_, actions) = ALLOWED.iter().find(|(known, _)| *known == name)?;
    let actions =
        actions.iter().map(|action| ActionPattern::parse(action)).collect::<Result<_, _>>();
    let statement = Statement {
        effect: Effect::Allow,
        actions: Actions::These(actions.ok()?),
        resources: Resources::These(vec![ResourcePattern::parse("*").ok()?]),
        conditions: Vec::new(),
    };
    Some(Policy { statements: vec![statement] })
}
