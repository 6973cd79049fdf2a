//! Reads flags and variables: what a flag says wins over its variable.
//!
//! The parser's own reading of the environment takes an empty variable for a value, repeats control characters to the
//! terminal, and names the flag that was not given. So it is handed the variables as flags, behind those that are given.

use std::ffi::{OsStr, OsString};

use clap::{
    ArgMatches, Command, CommandFactory, Error,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use super::Cli;
use crate::settings::variable;

/// Flags that may hold something secret, of which no value is shown.
const SECRET: [&str; 2] = ["--database-url", "--master-key-command"];

/// What a server, and no other command, can be told of its database.
const DATABASE_OF_SERVE: &str = "Where secrets are kept: sqlite://PATH, which is made when it is missing; postgres://USER@HOST/DATABASE of a server; or \
     sqlite::memory:, which is lost at the end";

/// What the arguments, the first of which is the program's name, and the environment say.
///
/// # Errors
/// As the parser words them; those about a variable's value name the variable. Also what asks for help is one.
pub fn read(mut arguments: Vec<OsString>) -> Result<ArgMatches, Error> {
    let described = Cli::command().mut_subcommand("serve", |serve| {
        serve.mut_arg("database_url", |argument| argument.help(DATABASE_OF_SERVE))
    });
    let mut command = without_environment(described.clone());
    for (place, argument) in arguments.iter().enumerate().skip(1) {
        let before = place.checked_sub(1).and_then(|before| arguments.get(before));
        refuse_control(&mut command, argument, || name_of(argument, before))?;
    }
    let given = command.try_get_matches_from_mut(&arguments)?;
    let (mut leaf, mut of_leaf, mut depth) = (&described, &given, 1);
    while let Some((name, below)) = of_leaf.subcommand() {
        let Some(next) = leaf.find_subcommand(name) else { break };
        (leaf, of_leaf, depth) = (next, below, depth + 1);
    }
    let mut from_variables = vec![];
    for argument in leaf.get_arguments() {
        let (Some(name), Some(long)) = (argument.get_env(), argument.get_long()) else { continue };
        let is_given =
            of_leaf.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine);
        let name = name.to_string_lossy();
        if let Some(value) = variable(&name).filter(|_| !is_given) {
            let flag = format!("--{long}");
            refuse_control(&mut command, &value, || {
                (name.clone().into_owned(), SECRET.contains(&&*flag))
            })?;
            let mut whole = OsString::from(format!("{flag}="));
            whole.push(value);
            from_variables.push((whole, flag, name));
        }
    }
    // Behind the names of the commands, before all that is given.
    arguments.splice(depth..depth, from_variables.iter().map(|(whole, _, _)| whole.clone()));
    command.try_get_matches_from(arguments).map_err(|mut error| {
        let flag = match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::String(text)) => {
                text.split([' ', '=', '[']).next().unwrap_or_default()
            }
            _ => "",
        };
        let named = from_variables.iter().find(|(_, of_variable, _)| of_variable == flag);
        if let Some((_, _, name)) = named {
            error.insert(ContextKind::InvalidArg, ContextValue::String(name.to_string()));
        }
        error
    })
}

/// The command line where the parser leaves the environment alone, but tells of it.
fn without_environment(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let Some(name) = argument.get_env().map(|name| name.to_string_lossy().into_owned()) else {
            return argument;
        };
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        argument.env(Resettable::Reset).help(format!("{help} [env: {name}]"))
    });
    command.mut_subcommands(without_environment)
}

/// What an argument with that one before it is called, and whether it may be secret.
fn name_of(argument: &OsStr, before: Option<&OsString>) -> (String, bool) {
    let flag_of = |text: &str| {
        let flag = text.split('=').next().unwrap_or_default();
        flag.starts_with("--").then(|| (flag.to_owned(), SECRET.contains(&flag)))
    };
    let is_value = |text: &str| !text.contains('=');
    let before = before.map(|before| before.to_string_lossy()).filter(|before| is_value(before));
    flag_of(&argument.to_string_lossy())
        .or_else(|| before.and_then(|before| flag_of(&before)))
        .unwrap_or_else(|| ("an argument".to_owned(), false))
}

/// A name with a line end or a tab in it is hardly ever meant, and a terminal would obey some of the others.
fn refuse_control(
    command: &mut Command,
    value: &OsStr,
    name: impl FnOnce() -> (String, bool),
) -> Result<(), Error> {
    let text = value.to_string_lossy();
    let Some(control) = text.chars().find(|c| c.is_control()) else { return Ok(()) };
    let (name, is_secret) = name();
    let shown = if is_secret { format!("{control:?}") } else { format!("{text:?}") };
    let message = format!("{} holds a control character: {shown}", name.escape_debug());
    Err(command.error(ErrorKind::ValueValidation, message))
}
