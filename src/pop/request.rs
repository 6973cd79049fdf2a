//! Declares what an operation takes: which parameters in which order, which are required, and their declarative limits.

use validator::Validate;

use super::parameters::{Malformed, Parameters, Structure};

/// The code under which the validator reports an absent parameter. Declarations of requests write it out, since the
/// attributes of the validator take nothing but literals.
const ABSENT: &str = "absent";

/// A type that a parameter can be read as.
pub trait Parameter: Sized {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed>;
}

impl Parameter for String {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        parameters.text(name)
    }
}

impl Parameter for bool {
    /// `true` and `false` in any case: Python's clients send `True`.
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        match parameters.text(name)? {
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(text) if !text.is_empty() => Err(Malformed),
            _ => Ok(None),
        }
    }
}

impl Parameter for u32 {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        match parameters.text(name)? {
            Some(text) if !text.bytes().all(|byte| byte.is_ascii_digit()) => Err(Malformed),
            Some(text) if !text.is_empty() => text.parse().map(Some).map_err(|_| Malformed),
            _ => Ok(None),
        }
    }
}

impl Parameter for Structure {
    fn find(parameters: &Parameters, name: &str) -> Result<Option<Self>, Malformed> {
        parameters.structure(name)
    }
}

/// Declares a request: its fields in the documented order, each with its wire name, its type and its limits.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $(
        $(#[$limit:meta])* $wire:literal $field:ident: $type:ty,
    )* }) => {
        $(#[$doc])*
        #[derive(Debug, validator::Validate)]
        pub struct $name { $(
            $(#[$limit])*
            pub $field: Option<$type>,
        )* }

        impl $name {
            /// Reads the request, or tells its [`first_fault`]($crate::pop::first_fault).
            pub fn read(
                parameters: &$crate::pop::Parameters,
            ) -> Result<Self, $crate::pop::Fault> {
                let mut malformed = Vec::new();
                let request = Self { $(
                    $field: <$type as $crate::pop::Parameter>::find(parameters, $wire).unwrap_or_else(|_| {
                        malformed.push($wire);
                        None
                    }),
                )* };
                $crate::pop::first_fault(&request, &malformed, &[$((stringify!($field), $wire),)*])?;
                Ok(request)
            }
        }
    };
}

pub(crate) use request;

/// Why the parameters of an operation are refused, by wire name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A required one is absent or empty.
    Absent(&'static str),
    /// One cannot be read or is beyond its limits.
    Invalid(&'static str),
}

/// The first fault of a request that has been read, in the order of its fields: those that are absent come first.
pub fn first_fault(
    request: &impl Validate,
    malformed: &[&str],
    fields: &[(&'static str, &'static str)],
) -> Result<(), Fault> {
    let errors = request.validate().err().unwrap_or_default();
    let errors = errors.field_errors();
    let has = |field: &str, absent: bool| {
        errors
            .get(field)
            .is_some_and(|found| found.iter().any(|error| (error.code == ABSENT) == absent))
    };
    for (field, wire) in fields {
        if has(field, true) && !malformed.contains(wire) {
            return Err(Fault::Absent(wire));
        }
    }
    for (field, wire) in fields {
        if malformed.contains(wire) || has(field, false) {
            return Err(Fault::Invalid(wire));
        }
    }
    Ok(())
}
