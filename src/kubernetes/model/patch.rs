//! The three kinds of patches that need no schema of owners: each is parsed once and applied to an object as often as a write
//! has to be tried again. What comes out is not decoded, let alone validated.
//!
//! The members of a patched object come in alphabetical order, in which a real server finds what is unknown in them.

pub mod document;
pub mod json_patch;
pub mod merge_patch;
pub mod strategic;

pub use json_patch::JsonPatch;
pub use merge_patch::MergePatch;
pub use strategic::{Schema, StrategicPatch};

/// How deep arrays and objects may stand in each other in a patch and in what a JSON patch makes: as deep as `serde_json` reads
/// them, so that every result can be read again, and dropped on any stack. A real server goes down to 10,000, where nothing
/// stands that it would keep.
pub const DEPTH_MAX: usize = 127;

/// What happens with repeated and unknown members (the parameter `fieldValidation`, documented).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValidation {
    /// Nobody looks for them.
    Ignore,
    /// Each is told in a header.
    Warn,
    /// They are refused.
    Strict,
}

/// Why a patch cannot be applied. Each variant says how it is answered; the texts are those of a real server unless it says
/// otherwise. None holds a value of `data` or `stringData`.
///
/// A real server looks for the object after [`Self::NotJson`] and before everything else: 404 comes between.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// 400 BadRequest. The text is not JSON, or is nested deeper than [`DEPTH_MAX`].
    #[error("invalid JSON patch")]
    NotJson,
    /// 400 BadRequest. A merge patch is null.
    #[error("Invalid JSON Patch")]
    Null,
    /// 400 BadRequest. The patch, or a part of a JSON patch, has the wrong type.
    #[error("{prefix}json: cannot unmarshal {found} into Go {place}")]
    WrongType {
        /// How the text begins.
        prefix: &'static str,
        /// The kind of the value that was sent.
        found: &'static str,
        /// What a real server would have read it into.
        place: &'static str,
    },
    /// 413 RequestEntityTooLarge. A JSON patch has this many operations.
    #[error(
        "Request entity too large: The allowed maximum operations in a JSON patch is {max}, got {0}",
        max = json_patch::OPERATIONS_MAX
    )]
    TooManyOperations(usize),
    /// 422 Invalid with `details: {}`. An operation of a JSON patch is none, fails, or costs too much.
    #[error("the server rejected our request due to an error in our request")]
    Rejected,
    /// 422 Invalid (a real server: 500, with the whole map). `$patch` is something that it cannot be.
    #[error("unknown patch type: {0}")]
    UnknownPatchType(String),
    /// 422 Invalid (a real server: 500). An element of a list has `$patch: merge`.
    #[error("merging lists cannot yet be specified in the patch")]
    MergedList,
    /// 422 Invalid (a real server: 500). A list has other elements than its `$setElementOrder`, or in another order. Only lists
    /// of metadata, spec and status can get here.
    #[error("The order in patch list:\n{list}\n doesn't match $setElementOrder list:\n{order}\n")]
    ElementOrder {
        /// What the patch sets.
        list: String,
        /// What `$setElementOrder` holds.
        order: String,
    },
    /// 422 Invalid (a real server: 500). There is no list that `$setElementOrder` could order by this name.
    #[error("unable to find api field in {within} for the json field {name}")]
    UnknownList {
        /// The type of the map in which the directive stands.
        within: &'static str,
        /// In quotation marks.
        name: String,
    },
    /// 422 Invalid (a real server: 500). Something else stands where a list or a map must.
    #[error("expected a {expected}, but received a {found}")]
    Unexpected {
        /// The type that must stand there.
        expected: &'static str,
        /// The type that does.
        found: &'static str,
    },
    /// 422 Invalid (a real server: 500, with both lists). Elements of one list have several types.
    #[error("list element types are not identical")]
    MixedList,
    /// 422 Invalid. An element of a list is a list.
    #[error("lists of lists are not supported")]
    ListOfLists,
    /// 422 Invalid (a real server: 500). A list is to be ordered that has no elements, neither in the patch nor in the object.
    #[error("no elements in any of the given slices")]
    NoElements,
    /// 422 Invalid (a real server: 500, with the whole map). An element of a list lacks the member that tells it from others.
    #[error("map does not contain declared merge key: {0}")]
    NoMergeKey(&'static str),
    /// 400 BadRequest. `$retainKeys` is no list, or lacks a member that the patch sets.
    #[error("invalid patch format of retainKeys")]
    RetainKeys,
    /// 400 BadRequest. `$setElementOrder` stands without the name of a list.
    #[error("invalid patch format of setElementOrder list")]
    OrderFormat,
    /// 400 BadRequest. `$deleteFromPrimitiveList` stands without the name of a list.
    #[error("invalid patch format of primitive list")]
    DeletionFormat,
}
