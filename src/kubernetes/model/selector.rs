//! The selectors of list, watch and deletecollection requests: which objects of a collection a request
//! is about.

mod field;
mod label;

pub use field::FieldSelector;
pub use label::LabelSelector;

/// Why a selector was refused. It displays the whole message of the 400 BadRequest Status, as a
/// real server answers; callers have nothing else to tell apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SelectorError(String);
