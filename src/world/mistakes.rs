//! What is wrong with a world file, and where.

use std::{
    collections::{BTreeSet, HashMap, hash_map},
    fmt,
    hash::Hash,
};

use serde_saphyr::{Error, Location};

/// A place in the file; both numbers count from 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    line: u64,
    column: u64,
}

impl From<Location> for Position {
    fn from(location: Location) -> Self {
        Self { line: location.line().max(1), column: location.column().max(1) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The mistakes found so far, in file order, each once; and what is allowed and still worth a remark.
#[derive(Default)]
pub(super) struct Mistakes {
    found: BTreeSet<(Position, String)>,
    pub remarks: Vec<String>,
}

impl Mistakes {
    pub fn add(&mut self, at: Position, message: impl Into<String>) {
        self.found.insert((at, message.into()));
    }

    /// What came out, or a mistake that says why nothing did.
    pub fn check<T, E: fmt::Display>(&mut self, at: Position, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(at, error.to_string())).ok()
    }

    /// Whether no other part has that key; adds a mistake at the second and any further one. `first` is where the first
    /// part of each key stands.
    pub fn is_first<K: Hash + Eq>(
        &mut self,
        first: &mut HashMap<K, Position>,
        key: K,
        at: Position,
        what: &str,
    ) -> bool {
        match first.entry(key) {
            hash_map::Entry::Vacant(place) => {
                place.insert(at);
                true
            }
            hash_map::Entry::Occupied(first) => {
                self.add(at, format!("{what} stands twice; the first is at {}", first.get()));
                false
            }
        }
    }

    /// Adds a mistake for the first of `what` that its quota leaves no room for; `count` are there before it.
    pub fn hold_to(&mut self, quota: u32, count: u32, what: &str, at: Position) {
        if count == quota {
            self.add(at, format!("the quota of {quota} {what} is full before this one"));
        }
    }

    /// Each as `LINE:COLUMN: message`.
    pub fn into_texts(self) -> Vec<String> {
        self.found.into_iter().map(|(at, message)| format!("{at}: {message}")).collect()
    }
}

/// What is wrong with the shape of a file, as `LINE:COLUMN: message`.
pub(super) fn of_shape(error: &Error) -> String {
    let at = Position::from(error.location().unwrap_or(Location::UNKNOWN));
    format!("{at}: {}", message(error))
}

/// Keys of the mappings that hold something secret, or the policy of something secret: an unknown key there may be a part
/// of it.
const AROUND_SECRETS: [&str; 8] =
    ["secret", "token", "password", "data", "access_keys", "Statement", "Principal", "RAM"];

/// The library's own messages repeat what stands in the file, which may be a part of a secret, so none of them is passed on
/// but the parser's, which are fixed texts with one exception. An unknown key is named where no secret can stand beside it.
fn message(error: &Error) -> String {
    match error {
        Error::AliasError { error, .. } => return message(error),
        Error::Unexpected { expected, .. } => match *expected {
            "mapping start" => "expected a mapping",
            "sequence start" => "expected a list",
            _ => "expected a text",
        },
        Error::NullIntoString { .. } => {
            "expected a text, found nothing; an empty text is written ''"
        }
        Error::InvalidBooleanStrict { .. } => "expected true or false",
        Error::InvalidScalar { .. } => "expected a whole number",
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidLength { expected, .. } => {
            return format!("expected {expected}");
        }
        Error::SerdeUnknownField { field, expected, .. } => {
            // Half a password becomes a key by a comma that is not in quotes.
            let beside_secret =
                expected.iter().any(|key| AROUND_SECRETS.contains(key));
            let named = if beside_secret { String::new() } else { format!(" `{field}`") };
            return format!("unknown key{named}; the keys here are {}", expected.join(", "));
        }
        Error::SerdeMissingField { field, .. } => {
            return format!("the key `{field}` is missing in this mapping");
        }
        Error::DuplicateMappingKey { .. } => "this key stands twice in its mapping",
        Error::MergeKeyNotAllowed { .. } => "merge keys are not supported; write the keys out",
        Error::UnsupportedTag { .. }
        | Error::TaggedStructFieldName { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => {
            "YAML tags have no meaning here; a text that begins with ! needs quotes"
        }
        Error::UnknownAnchor { .. } => {
            "this alias names nothing; a text that begins with * needs quotes"
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            "an alias cannot stand inside the part that it names"
        }
        Error::MultipleDocuments { .. } => "a second document begins here; a world file has one",
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            "the file is too large, too deep, or its aliases repeat too much"
        }
        Error::ExternalMessage { msg, .. } if msg.starts_with("unexpected character") => {
            "not valid YAML: this character cannot stand here; a text that begins with a sign such as \
             %, @ or ` needs quotes"
        }
        Error::ExternalMessage { msg, .. } => return format!("not valid YAML: {msg}"),
        _ => "not what a world file has here",
    }
    .to_owned()
}
