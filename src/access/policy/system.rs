//! The policies that come with the platform.

use super::{Effect, Pattern, Patterns, Statement};

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

/// The statements of the system policy of that name. Other services' are known by their form, `Aliyun…Access` or
/// `Aliyun…Policy`, and have none: they grant nothing here.
pub fn system_policy(name: &str) -> Option<Vec<Statement>> {
    let Some((_, actions)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        let is_other = name.starts_with("Aliyun")
            && !name.starts_with(EMULATED)
            && (name.ends_with("Access") || name.ends_with("Policy"))
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        return is_other.then(Vec::new);
    };
    let actions = actions.iter().map(|action| Pattern::action(action)).collect::<Result<_, _>>();
    Some(vec![Statement {
        effect: Effect::Allow,
        actions: Patterns::These(actions.ok()?),
        resources: Patterns::These(vec![Pattern::resource("*").ok()?]),
        conditions: Vec::new(),
    }])
}
