//! Use cases of keys and their aliases.

mod aliases;
mod create;
mod crypto;
mod describe;
mod find;
mod list;
pub mod material;
mod purge;
mod rotate;
mod state;

pub use aliases::{CreateAlias, ListedAliases};
pub use create::{CreateKey, NewKey};
pub use describe::DescribedKey;
pub use purge::purge_keys;
pub use rotate::rotate_due_keys;
