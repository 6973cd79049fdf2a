//! What the products write their queries with.

pub(crate) use super::{
    engine::{connection::AnyConnection, is_of_primary_key},
    prepared::Value,
    tx::corrupt,
};
