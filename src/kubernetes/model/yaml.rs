//! YAML bodies, as the real server reads and writes them.
//!
//! Behind this module everything decodes JSON, as it is there: a body in YAML is turned into JSON first, by YAML 1.1 as Go's yaml
//! library reads it, and an answer in YAML is written from the JSON of it.

mod convert;
mod dialect;
mod json;
mod scalar;
mod syntax;
mod text;
mod tree;
mod write;

use std::fmt;

use thiserror::Error;

pub use text::EncodingError;
pub use write::from_json;

/// A body in YAML as JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Converted {
    /// The first document; `null` where there is none. The members of objects stand in the order of their names, and of a
    /// repeated one the last is left (as a real server answers).
    pub json: String,
    /// The first thousand of the keys that were repeated, in the order found.
    pub duplicates: Vec<Duplicate>,
}

/// The JSON may hold secret values.
impl fmt::Debug for Converted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Converted").field("duplicates", &self.duplicates).finish_non_exhaustive()
    }
}

/// A key that was set in a mapping that had it already: a Warning, or an error in strict mode. Merge keys set keys too.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: key {key} already set in map")]
pub struct Duplicate {
    /// Where the second value begins. The first line is 1.
    pub line: usize,
    /// The key as Go writes it: text in quotation marks.
    key: String,
}

/// A body that cannot be turned into JSON. The texts are the real server's, but none holds a key or a value of the body.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum YamlError {
    /// It is no text.
    #[error("yaml: {0}")]
    Encoding(EncodingError),
    /// The syntax is wrong.
    #[error("yaml: {}{problem}", named(*line))]
    Syntax {
        /// The line that the real server names, 0 for none. It is not always the line of the mistake.
        line: usize,
        /// What is wrong there.
        problem: &'static str,
    },
    /// Made for another version than YAML 1.1.
    #[error("yaml: found incompatible YAML document")]
    IncompatibleVersion,
    /// Collections stand too deep in each other.
    #[error("yaml: exceeded max depth of 10000")]
    TooDeep,
    /// An alias of nothing.
    #[error("yaml: unknown anchor referenced")]
    UnknownAnchor,
    /// An alias inside of what it stands for.
    #[error("yaml: anchor value contains itself")]
    AliasInItself,
    /// Aliases multiply the document too much.
    #[error("yaml: document contains excessive aliasing")]
    ExcessiveAliasing,
    /// A list or a mapping as a key: often what a template left.
    #[error("yaml: invalid map key")]
    InvalidKey,
    /// A merge key with something else than mappings.
    #[error("yaml: map merge requires map or sequence of maps as the value")]
    MergeWithoutMapping,
    /// A scalar that is not what its tag says.
    #[error("yaml: cannot decode {found} as a {wanted}")]
    TagMismatch {
        /// What it is.
        found: &'static str,
        /// What the tag says.
        wanted: &'static str,
    },
    /// Not base64 behind `!!binary`.
    #[error("yaml: !!binary value contains invalid base64 data")]
    InvalidBinary,
    /// A key that has no name in JSON.
    #[error("unsupported map key of type: {0}")]
    UnsupportedKey(&'static str),
    /// Infinity, or not a number.
    #[error("json: unsupported value: {0}")]
    UnsupportedNumber(&'static str),
}

fn named(line: usize) -> String {
    if line == 0 { String::new() } else { format!("line {line}: ") }
}

/// Turns a body in YAML into JSON.
///
/// # Errors
/// It is no YAML 1.1, or nothing that JSON can say.
pub fn to_json(bytes: &[u8]) -> Result<Converted, YamlError> {
    let text = text::decode(bytes);
    let tree = tree::read(&text)?;
    let document = convert::convert(&tree)?;
    let json = json::write(&document)?;
    Ok(Converted { json, duplicates: document.into_duplicates() })
}

#[cfg(test)]
mod tests;
