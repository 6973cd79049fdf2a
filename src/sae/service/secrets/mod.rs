//! What can be done with secrets.

mod create;
mod delete;
mod describe;
mod list;
pub(super) mod payload;
mod update;

pub(super) use create::SealedDraft;
