//! Whether a caller may do what it asks for.

use super::{
    Caller,
    policy::{self, Decision, Environment},
};

/// What every operation on secrets and namespaces is authorised on: the service documents no narrower resource, and says
/// that a policy for one has no effect (RAM authorization pages of SAE).
const RESOURCE: &str = "*";

/// The caller may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denied {
    /// No policy allows it.
    Implicitly,
    /// A policy forbids it.
    Explicitly,
}

/// Whether the caller may take an action, such as `sae:CreateSecret`. The account itself may do everything.
///
/// # Errors
/// [`Denied`].
pub fn authorize(caller: &Caller, action: &str, environment: &Environment) -> Result<(), Denied> {
    let Some(user) = caller.user() else { return Ok(()) };
    match policy::evaluate(&user.policies, action, RESOURCE, environment) {
        Decision::Allowed => Ok(()),
        Decision::ImplicitlyDenied => Err(Denied::Implicitly),
        Decision::ExplicitlyDenied => Err(Denied::Explicitly),
    }
}
