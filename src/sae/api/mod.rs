//! The API of SAE, version 2019-05-06: namespaced secrets and namespaces in ROA style.

mod errors;
mod namespaces;
mod operation;
mod product;
mod reply;
mod request;
mod requests;
mod secret_data;
mod secrets;

pub use errors::{Code, entries};
pub use operation::Operation;
pub(crate) use product::serve;
pub(crate) use request::Sae;
pub use secret_data::normalise;
