//! The variables of the environment, as every setting takes them.

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
};

/// What every variable of a setting begins with.
const PREFIX: &str = "SAE_SECRET_";

/// A variable's value; none where it is not set or empty, since compose writes `""` for what is not set. Carriage returns
/// at its end, as env files with Windows line ends leave them, are no part of it.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    let value = without_returns(env::var_os(name)?);
    (!value.is_empty()).then_some(value)
}

/// What is strange about the variables that are set, a sentence each.
#[must_use]
pub fn remarks() -> Vec<String> {
    let is_setting = |name: &OsStr| {
        name.as_bytes().starts_with(PREFIX.as_bytes()) || name.as_bytes().starts_with(b"RUST_LOG")
    };
    let strange = env::vars_os()
        .filter(|(name, value)| is_setting(name) && value.as_bytes().ends_with(b"\r"))
        .map(|(name, _)| name.to_string_lossy().into_owned());
    let remark = |name| {
        format!(
            "{name} ends with a carriage return (\\r), which is left out: the file that it comes from seems to have \
             Windows line ends"
        )
    };
    strange.map(remark).collect()
}

/// The text without carriage returns at its end.
fn without_returns(text: OsString) -> OsString {
    let mut bytes = text.into_vec();
    while bytes.pop_if(|byte| *byte == b'\r').is_some() {}
    OsString::from_vec(bytes)
}
