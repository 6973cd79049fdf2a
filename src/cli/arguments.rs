//! Reads flags and variables: what a flag says wins over its variable, and over those of flags that it cannot stand beside.
//!
//! The parser's own reading of the environment takes an empty variable for a value, repeats control characters to the
//! terminal, and names the flag that was not given. So it is handed the variables as flags, behind those that are given.

use std::{
    any::TypeId,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

use clap::{
    Arg, ArgMatches, Command, CommandFactory, Error,
    builder::Resettable,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};

use super::Cli;
use crate::settings::{NOT_UTF8, variable};

/// Flags that may hold something secret, of which no value is shown.
const SECRET: [&str; 3] = ["--database-url", "--master-key-command", "--url"];

/// What a server, and no other command, can be told of its database.
const DATABASE_OF_SERVE: &str = "Where secrets are kept: sqlite://PATH, which is made when it is missing; postgres://USER@HOST/DATABASE of a server; or \
     sqlite::memory:, which is lost at the end";

/// What the arguments, the first of which is the program's name, and the environment say. Errors are as the parser words
/// them, but those about a variable's value name the variable. Also what asks for help is one.
pub fn read(mut arguments: Vec<OsString>) -> Result<ArgMatches, Error> {
    let described = Cli::command().mut_subcommand("serve", |serve| {
        serve.mut_arg("database_url", |argument| argument.help(DATABASE_OF_SERVE))
    });
    let mut command = without_environment(described.clone());
    for (place, argument) in arguments.iter().enumerate().skip(1) {
        refuse_control(&mut command, argument, || name_of(&arguments, place))?;
    }
    let given = command.try_get_matches_from_mut(&arguments);
    let given = given.map_err(|error| match not_utf8(&described, &arguments) {
        Some(name) if error.kind() == ErrorKind::InvalidUtf8 => {
            command.error(ErrorKind::InvalidUtf8, format!("{name}: {NOT_UTF8}"))
        }
        _ => error,
    })?;
    let (mut leaf, mut of_leaf, mut depth) = (&described, &given, 1);
    while let Some((name, below)) = of_leaf.subcommand() {
        let Some(next) = leaf.find_subcommand(name) else { break };
        (leaf, of_leaf, depth) = (next, below, depth + 1);
    }
    let mut from_variables = vec![];
    for (argument, flag, name, value) in variables_beside(leaf, of_leaf) {
        if !is_path(argument) && value.to_str().is_none() {
            return Err(command.error(ErrorKind::InvalidUtf8, format!("{name}: {NOT_UTF8}")));
        }
        refuse_control(&mut command, &value, || (name.clone(), SECRET.contains(&&*flag)))?;
        let mut whole = OsString::from(format!("{flag}="));
        whole.push(value);
        from_variables.push((whole, flag, name));
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
            error.insert(ContextKind::InvalidArg, ContextValue::String(name.clone()));
        }
        error
    })
}

/// The variables that count beside what was given to a command, each with its argument, its flag and its name: none whose
/// argument was given, or cannot stand beside one that was, or beside one of a variable before it.
fn variables_beside<'c>(
    command: &'c Command,
    given: &ArgMatches,
) -> Vec<(&'c Arg, String, String, OsString)> {
    let is_given = |argument: &&Arg| {
        given.value_source(argument.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    let mut taken: Vec<&Arg> = command.get_arguments().filter(is_given).collect();
    let mut found = vec![];
    for argument in command.get_arguments() {
        let (Some(name), Some(long)) = (argument.get_env(), argument.get_long()) else { continue };
        let is_overruled = |by: &&Arg| {
            *by == argument
                || command.get_arg_conflicts_with(by).contains(&argument)
                || command.get_arg_conflicts_with(argument).contains(by)
        };
        let name = name.to_string_lossy().into_owned();
        if let Some(value) = variable(&name).filter(|_| !taken.iter().any(is_overruled)) {
            taken.push(argument);
            found.push((argument, format!("--{long}"), name, value));
        }
    }
    found
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

/// What the first argument is called that is not UTF-8 and no path, which need not be.
fn not_utf8(command: &Command, arguments: &[OsString]) -> Option<String> {
    let wrong = arguments.iter().enumerate().filter(|(_, argument)| argument.to_str().is_none());
    let mut names = wrong.map(|(place, _)| name_of(arguments, place).0);
    names.find(|name| !has_path(command, name))
}

/// Whether the command, or one below it, has a flag of that name that takes a path.
fn has_path(command: &Command, flag: &str) -> bool {
    let is_named = |argument: &Arg| argument.get_long() == flag.strip_prefix("--");
    command.get_arguments().any(|argument| is_path(argument) && is_named(argument))
        || command.get_subcommands().any(|below| has_path(below, flag))
}

fn is_path(argument: &Arg) -> bool {
    argument.get_value_parser().type_id() == TypeId::of::<PathBuf>()
}

/// What an argument is called by its flag, which may stand before it, and whether it may be secret.
fn name_of(arguments: &[OsString], place: usize) -> (String, bool) {
    let text_at = |place: usize| arguments.get(place).map(|text| text.to_string_lossy());
    let before = place.checked_sub(1).and_then(text_at).filter(|before| !before.contains('='));
    let mut flags = text_at(place).into_iter().chain(before).filter_map(|text| {
        let flag = text.split('=').next().unwrap_or_default();
        flag.starts_with("--").then(|| (flag.to_owned(), SECRET.contains(&flag)))
    });
    flags.next().unwrap_or_else(|| ("an argument".to_owned(), false))
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
