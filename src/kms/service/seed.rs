//! What must be there at every start: the keys and secrets that the world file asks for.

use std::sync::Arc;

use super::{
    Service,
    secrets::{create::insert, create::random, payload},
};
use crate::{
    clock::Timestamp,
    kms::model::{
        Cloud, Error, KeyId, Kind, Result, Rotation, Scope, Secret, SeedKey, SeedSecret, Version, Stage,
    },
    sealing::{Sealing, random_id},
    store::Tx,
};

/// How often missing rows are created, while other processes create the same.
const SEED_TRIES: u32 = 3;
