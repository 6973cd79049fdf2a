//! A secret's versions, and how its stages move between them.

use super::{DataType, Error, Field, Result, Stage};
use crate::clock::Timestamp;

/// How long a version's id may be, in characters (documented).
const ID_MAX: usize = 64;

/// How many versions of a secret are kept (documented).
const KEPT: usize = 10;

/// How many stages may stand on all versions of a secret, the built-in ones included (documented).
const STAGES_MAX: usize = 8;

/// What the caller names a version by: 1 to 64 characters (documented), no control characters (inferred).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VersionId(String);

impl VersionId {
    /// The id in `field`, if it follows the rule.
    pub fn parse(text: &str, field: Field) -> Result<Self> {
        if text.is_empty() {
            return Err(Error::Missing(field));
        }
        if text.chars().count() > ID_MAX {
            return Err(Error::invalid(field, format!("has more than {ID_MAX} characters")));
        }
        if text.contains(char::is_control) {
            return Err(Error::invalid(field, "has a control character"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The id that these random bytes make, for a version that no caller names: a UUID (inferred).
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string())
    }

    /// The id's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A version without its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its place in the order of being made: 1 is the first, and no two versions of a secret ever have the same one.
    pub number: i64,
    /// Unique in the secret while the version is kept.
    pub id: VersionId,
    pub data_type: DataType,
    pub created: Timestamp,
    /// The built-in ones first, then the others in the order of being set.
    pub stages: Vec<Stage>,
}

impl Version {
    /// Whether a stage stands on it.
    pub fn has(&self, stage: &Stage) -> bool {
        self.stages.contains(stage)
    }
}

/// All versions of one secret, by their numbers.
///
/// There are 1 to 10 of them and no more than 8 stages; a stage stands on one version. `ACSCurrent` always stands on one.
/// `ACSPrevious` stands on another one or nowhere: never on the current version, since there is nothing before it to go back
/// to then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions(Vec<Version>);

/// What is different after a change, and all versions as they are then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The version that is new.
    pub made: Option<Version>,
    /// The versions that were there and have other stages now.
    pub relabelled: Vec<Version>,
    /// The numbers of the versions that are gone, with the stages that stood on them.
    pub deleted: Vec<i64>,
    pub versions: Versions,
}

impl Change {
    /// Whether all is as it was.
    pub fn is_empty(&self) -> bool {
        self.made.is_none() && self.relabelled.is_empty() && self.deleted.is_empty()
    }

    /// # Errors
    /// [`Error::TooManyStages`] when more stand on the versions afterwards than may.
    fn between(before: &Versions, after: Versions) -> Result<Self> {
        if after.iter().map(|version| version.stages.len()).sum::<usize>() > STAGES_MAX {
            return Err(Error::TooManyStages);
        }
        let (mut made, mut relabelled) = (None, Vec::new());
        for version in after.iter() {
            match before.numbered(version.number) {
                None => made = Some(version.clone()),
                Some(known) if known.stages != version.stages => relabelled.push(version.clone()),
                Some(_) => {}
            }
        }
        let numbers = before.iter().map(|version| version.number);
        let deleted = numbers.filter(|number| after.numbered(*number).is_none()).collect();
        Ok(Self { made, relabelled, deleted, versions: after })
    }
}

impl Versions {
    /// Those that are stored, in whatever order.
    pub fn stored(mut versions: Vec<Version>) -> Self {
        versions.sort_by_key(|version| version.number);
        Self(versions)
    }

    /// The versions, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Version> {
        self.0.iter()
    }

    /// The version of that id.
    pub fn find(&self, id: &VersionId) -> Option<&Version> {
        self.iter().find(|version| version.id == *id)
    }

    /// The version that a stage stands on.
    pub fn with_stage(&self, stage: &Stage) -> Option<&Version> {
        self.iter().find(|version| version.has(stage))
    }

    /// Makes a version that has exactly these stages, taken from wherever they stand; without any said, `ACSCurrent`. When
    /// it becomes the current one, `ACSPrevious` goes to the version that was, and otherwise that one stays (documented).
    ///
    /// Ten versions are kept (documented). The oldest ones make room, except the one that is current until now
    /// (inferred): it may be the one to go back to.
    ///
    /// # Errors
    /// [`Error::VersionExists`] when there is one of that id, whose data the caller has to compare before.
    /// [`Error::Invalid`] when both built-in stages are said (inferred). [`Error::TooManyStages`].
    pub fn put(
        &self,
        id: VersionId,
        data_type: DataType,
        stages: Option<Vec<Stage>>,
        created: Timestamp,
    ) -> Result<Change> {
        if self.find(&id).is_some() {
            return Err(Error::VersionExists);
        }
        let wanted = stages.unwrap_or_else(|| vec![Stage::CURRENT]);
        if wanted.contains(&Stage::CURRENT) && wanted.contains(&Stage::PREVIOUS) {
            let reason = "names both ACSCurrent and ACSPrevious";
            return Err(Error::invalid(Field::VersionStages, reason));
        }
        // The newest version never makes room, so no number is used again.
        let number = self.0.last().map_or(1, |newest| newest.number.saturating_add(1));
        let mut after = self.clone();
        after.make_room();
        after.0.push(Version { number, id, data_type, created, stages: Vec::new() });
        for stage in wanted {
            after.set(stage, number);
        }
        Change::between(self, after)
    }

    /// Makes the next version of a secret that the service manages, which becomes the current one (documented).
    ///
    /// # Errors
    /// [`Error::VersionExists`] when there is one of that id.
    pub fn rotate(&self, id: VersionId, created: Timestamp) -> Result<Change> {
        self.put(id, DataType::Text, None, created)
    }

    /// Moves a stage to a version, from the one that is to lose it where that is said; without a version to move it to,
    /// takes it away (documented). `ACSCurrent` leaves `ACSPrevious` on the version that it goes away from (inferred).
    /// Where the stage stands on the version already, nothing changes.
    ///
    /// # Errors
    /// [`Error::StageMismatch`] when neither version is said, or the stage does not stand on the one that is to lose it.
    /// [`Error::StageBuiltIn`] when a built-in stage is to be taken away (documented), or `ACSPrevious` to be moved to the
    /// current version (inferred). [`Error::SecretNotFound`] for an unknown version. [`Error::TooManyStages`].
    pub fn move_stage(
        &self,
        stage: &Stage,
        move_to: Option<&VersionId>,
        remove_from: Option<&VersionId>,
    ) -> Result<Change> {
        if move_to.is_none() && remove_from.is_none() {
            return Err(Error::StageMismatch);
        }
        if move_to.is_none() && stage.is_built_in() {
            return Err(Error::StageBuiltIn);
        }
        let known = |id: &VersionId| self.find(id).ok_or(Error::SecretNotFound);
        let to = move_to.map(known).transpose()?;
        let from = remove_from.map(known).transpose()?;
        if from.is_some_and(|version| !version.has(stage)) {
            return Err(Error::StageMismatch);
        }
        let mut after = self.clone();
        match to {
            Some(version) if *stage == Stage::PREVIOUS && version.has(&Stage::CURRENT) => {
                return Err(Error::StageBuiltIn);
            }
            Some(version) => after.set(stage.clone(), version.number),
            None => after.take_away(stage),
        }
        Change::between(self, after)
    }

    fn numbered(&self, number: i64) -> Option<&Version> {
        self.iter().find(|version| version.number == number)
    }

    /// Deletes the oldest versions until there can be one more.
    fn make_room(&mut self) {
        let mut excess = self.0.len().saturating_sub(KEPT - 1);
        self.0.retain(|version| {
            let goes = excess > 0 && !version.has(&Stage::CURRENT);
            excess -= usize::from(goes);
            !goes
        });
    }

    fn take_away(&mut self, stage: &Stage) {
        for version in &mut self.0 {
            version.stages.retain(|known| known != stage);
        }
    }

    /// Puts a stage on a version, and `ACSPrevious` on the one that was current if that changes.
    fn set(&mut self, stage: Stage, number: i64) {
        let holder = self.with_stage(&stage).map(|version| version.number);
        if holder == Some(number) {
            return;
        }
        self.take_away(&stage);
        let was_current = holder.filter(|_| stage == Stage::CURRENT);
        if let Some(version) = self.0.iter_mut().find(|version| version.number == number) {
            stage.add_to(&mut version.stages);
        }
        if let Some(former) = was_current {
            self.set(Stage::PREVIOUS, former);
        }
    }
}

#[cfg(test)]
mod tests;
