//! The product's wire: requests of RPC style, by GET and POST on `/`.

mod account;
mod crypto;
mod errors;
mod keys;
mod operation;
mod product;
mod reply;
mod request;
mod rotation;
mod secrets;

pub use errors::entries;
pub use operation::Operation;
pub use product::serve;
pub use request::Kms;
