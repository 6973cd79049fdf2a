//! What the kills have cost.

use std::{collections::BTreeMap, fmt};

#[derive(Default)]
pub struct Tally {
    pub kills: u32,
    /// Acknowledged writes of each kind.
    pub acknowledged: BTreeMap<&'static str, u64>,
    /// How many acknowledged states were looked for.
    pub checked: u64,
    /// Operations under way at a kill that were found wholly done, and that were found not done at all.
    pub done: u64,
    pub not_done: u64,
    pub lost: Vec<String>,
    pub half_made: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, acknowledged, checked, done, not_done, lost, half_made } = self;
        let writes: u64 = acknowledged.values().sum();
        let (lost, half_made) = (lost.len(), half_made.len());
        writeln!(
            f,
            "{kills} kills, {writes} acknowledged writes, {checked} checked, {lost} lost, {half_made} half-made"
        )?;
        write!(f, "acknowledged: {acknowledged:?}; under way: {done} done, {not_done} not done")
    }
}
