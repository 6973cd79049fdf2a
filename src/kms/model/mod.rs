//! What a secret, a version, a key, a policy *is*: plain types and rules without I/O, HTTP, SQL or a clock. Wire names stand
//! here only inside parameters that are texts of their own (JSON, lists), and as the names of kinds that are stored as well.

mod data;
mod error;
mod filters;
mod name;
mod number;
mod paging;
mod rotation;
mod scope;
mod secret_type;
mod stage;
mod tags;
mod version;
mod window;

pub(crate) use data::{DataType, SecretData};
pub(crate) use error::{Error, Field, KeyState, Result};
pub(crate) use filters::{FilterKey, Filters, KeyFilter, SecretFilter};
pub(crate) use name::{RequestedName, SecretName, SecretRef};
pub(crate) use number::whole_number;
pub(crate) use paging::Page;
pub(crate) use rotation::{AutomaticRotation, Interval};
pub(crate) use scope::{Arn, Kind, Scope};
pub(crate) use secret_type::SecretType;
pub(crate) use stage::{Stage, parse_stages, stages_from_column, stages_to_column};
pub(crate) use tags::{Tag, TagKey, TagValue, Tags, parse_tag_keys};
pub(crate) use version::{Change, Version, VersionId, Versions};
pub(crate) use window::RecoveryWindow;
