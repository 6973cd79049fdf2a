//! The dialect of SAE, version 2019-05-06: namespaced secrets and namespaces in ROA style.

mod errors;
mod namespaces;
mod operation;
mod product;
mod regions;
mod reply;
mod request;
mod requests;
mod resource;
mod secret_data;
mod secrets;

pub use errors::{Code, entries};
pub use operation::{Operation, VERSION};
pub use product::serve;
pub use request::Sae;
pub use secret_data::normalise;
