//! The policies that come with the platform.

use super::{Effect, Pattern, Patterns, Policy, Statement};

/// What each known system policy allows on every resource (RAM pages of the policies; the last one in its version 3, by
/// which readers may also read the values of secrets).
const ALLOWED: [(&str, &[&str]); 3] = [
    ("AdministratorAccess", &["*"]),
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

/// The names of the system policies that grant something here.
pub const SYSTEM_POLICIES: [&str; 3] = [ALLOWED[0].0, ALLOWED[1].0, ALLOWED[2].0];

/// What the names of policies of services begin with that are emulated: one that is not known is a slip of the pen.
const EMULATED: &str = "AliyunSAE";

/// A policy that comes with the platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemPolicy {
    /// One whose statements are known.
    Known(Policy),
    /// One about another service: it grants nothing here.
    OtherService,
}

/// The system policy of that name. Other services' are known by their form, `Aliyun…Access` or `Aliyun…Policy`.
#[must_use]
pub fn system_policy(name: &str) -> Option<SystemPolicy> {
    let Some((_, actions)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        let is_other = name.starts_with("Aliyun")
            && !name.starts_with(EMULATED)
            && (name.ends_with("Access") || name.ends_with("Policy"))
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return is_other.then_some(SystemPolicy::OtherService);
    };
    let actions = actions.iter().map(|action| Pattern::action(action)).collect::<Result<_, _>>();
    let statement = Statement {
        effect: Effect::Allow,
        actions: Patterns::These(actions.ok()?),
        resources: Patterns::These(vec![Pattern::resource("*").ok()?]),
        conditions: Vec::new(),
    };
    Some(SystemPolicy::Known(Policy { statements: vec![statement] }))
}
