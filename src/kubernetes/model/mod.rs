//! What things are: objects, their syntax and their rules. Pure, and free of HTTP and SQL.

mod base64;
pub mod decode;
pub mod fields;
pub mod name;
mod object;
pub mod patch;
pub mod protobuf;
mod quote;
mod reading;
pub mod selector;
pub mod syntax;
mod time;
pub mod validate;
pub mod yaml;

pub use decode::{Decoded, Finding, TypeMeta};
pub use object::{
    Data, ManagedFieldsEntry, Namespace, NamespaceCondition, NamespaceSpec, NamespaceStatus,
    ObjectMeta, OwnerReference, Secret, Time,
};
pub use quote::{is_printable, quoted};
pub use reading::{Json, text_of};
