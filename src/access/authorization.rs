//! Whether a caller may do what it asks for.

use super::{
    Caller,
    policy::{self, Decision, Environment},
};

/// The caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No policy allows it.
    Implicitly,
    /// A policy forbids it.
    Explicitly,
}

/// Whether the caller may take an action, such as `sae:CreateSecret`, on a resource, such as
/// `acs:sae:cn-beijing:1000000000000001:*`. The account itself may do everything.
pub fn authorize(
    caller: &Caller,
    action: &str,
    resource: &str,
    environment: &Environment,
) -> Result<(), Denied> {
    let Some(user) = caller.user() else { return Ok(()) };
    match policy::evaluate(&user.policies, action, resource, environment) {
        Decision::Allowed => Ok(()),
        Decision::ImplicitlyDenied => Err(Denied::Implicitly),
        Decision::ExplicitlyDenied => Err(Denied::Explicitly),
    }
}
