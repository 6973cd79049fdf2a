//! What is wrong with a world file, and where.

use std::fmt;

use serde_saphyr::{Error, Location};

/// One mistake in a world file. Its `Display` is `LINE:COLUMN: message`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{at}: {message}")]
pub struct Mistake {
    /// Where the offending part stands.
    pub at: Position,
    /// What is wrong; never shows a secret's value.
    pub message: String,
}

/// A place in the file; both numbers count from 1, columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
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

/// The mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<Mistake>);

impl Mistakes {
    pub fn add(&mut self, at: Position, message: impl Into<String>) {
        self.0.push(Mistake { at, message: message.into() });
    }

    /// What came out, or a mistake that says why nothing did.
    pub fn check<T, E: fmt::Display>(&mut self, at: Position, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(at, error.to_string())).ok()
    }

    /// Adds a mistake at the second and any further part that is the same; `first` is where the first one stands.
    pub fn twice(&mut self, at: Position, what: &str, first: Position) {
        self.add(at, format!("{what} stands twice; the first is at {first}"));
    }

    /// Adds a mistake for the first of `what` that its quota leaves no room for; `count` are there before it.
    pub fn hold_to(&mut self, quota: u32, count: u32, what: &str, at: Position) {
        if count == quota {
            self.add(at, format!("the quota of {quota} {what} is full before this one"));
        }
    }

    /// All of them in file order, each once.
    pub fn into_sorted(mut self) -> Vec<Mistake> {
        self.0.sort();
        self.0.dedup();
        self.0
    }
}

impl From<&Error> for Mistake {
    /// The library's own messages repeat what stands in the file, which may be a part of a secret, so none of them is
    /// passed on but the parser's, which are fixed texts with one exception. An unknown key is named where no secret can
    /// stand beside it.
    fn from(error: &Error) -> Self {
        let at = error.location().unwrap_or(Location::UNKNOWN);
        Self { at: at.into(), message: message(error) }
    }
}

/// Keys of the mappings that hold something secret: an unknown key there may be a part of it.
const AROUND_SECRETS: [&str; 5] = ["secret", "token", "password", "data", "access_keys"];

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
