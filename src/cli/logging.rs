//! How log lines look.

use std::io::{self, IsTerminal, Write};

use anyhow::{Result, anyhow};
use env_logger::{Builder, Target, WriteStyle};
use log::{
    LevelFilter, Record,
    kv::{self, Key, VisitSource},
};
use serde_json::{Map, Value};

use super::stderr::Stderr;
use crate::settings::{LogFormat, NOT_UTF8, remarks, variable};

/// What is written where `RUST_LOG` says nothing. `actix_server` tells how it starts, which is nothing to users.
const DEFAULT_FILTER: &str = "info,actix_server=warn";

/// What the targets of this program's lines begin with.
const OWN_TARGETS: [&str; 2] = [env!("CARGO_CRATE_NAME"), "access"];

/// Starts logging to standard error. What is returned has to be flushed at the end of the process.
pub(super) fn init(format: LogFormat) -> Result<Stderr> {
    let stderr =
        Stderr::start().map_err(|error| anyhow!("cannot start the log's thread: {error}"))?;
    let mut builder = builder(format);
    // Left to the logger it would be no: it takes what it is given for a file.
    if variable("RUST_LOG_STYLE").is_none() && takes_colours() {
        builder.write_style(WriteStyle::Always);
    }
    builder.target(Target::Pipe(Box::new(stderr.clone()))).init();
    for remark in remarks().into_iter().chain(filter().err()) {
        log::warn!("{remark}");
    }
    Ok(stderr)
}

/// Whether standard error is a terminal whose user has nothing against colours.
fn takes_colours() -> bool {
    let is_dumb = variable("TERM").is_some_and(|terminal| terminal == "dumb");
    io::stderr().is_terminal() && variable("NO_COLOR").is_none() && !is_dumb
}

/// What lines are written and how they look, by `RUST_LOG` and what overrules it.
#[must_use]
pub fn builder(format: LogFormat) -> Builder {
    let mut builder = Builder::new();
    builder.parse_filters(filter().ok().as_deref().unwrap_or(DEFAULT_FILTER));
    let style = variable("RUST_LOG_STYLE").and_then(|style| style.into_string().ok());
    builder.parse_write_style(style.as_deref().unwrap_or_default());
    // It reports each client that does not speak HTTP as an error of the server. Whatever RUST_LOG says of it is overruled.
    builder.filter_module("actix_http::h1::dispatcher", LevelFilter::Off);
    match format {
        LogFormat::Text => builder.format_timestamp_millis(),
        LogFormat::Json => builder.format(|out, record| {
            let time = out.timestamp_millis().to_string();
            writeln!(out, "{}", json_line(&time, record))
        }),
    };
    builder
}

/// The filter of `RUST_LOG`. The error says what is wrong with it and that the default filter takes its place.
fn filter() -> std::result::Result<String, String> {
    let Some(text) = variable("RUST_LOG") else { return Ok(DEFAULT_FILTER.to_owned()) };
    let wrong = match text.into_string() {
        Err(_) => NOT_UTF8.to_owned(),
        Ok(text) => match meaningless(&text) {
            None => return Ok(text),
            Some(part) => format!(
                "{part:?} is neither a level (error, warn, info, debug, trace, off) nor NAME=LEVEL nor a part of this program"
            ),
        },
    };
    Err(format!("RUST_LOG: {wrong}; the default is used: {DEFAULT_FILTER}"))
}

/// The first part of a filter that selects nothing, or all of it.
fn meaningless(filter: &str) -> Option<&str> {
    let (directives, pattern) = filter.split_once('/').unwrap_or((filter, ""));
    let mut directives =
        directives.split(',').map(str::trim).filter(|part| !part.is_empty()).peekable();
    let is_meant = directives.peek().is_some() && !pattern.contains('/');
    directives.find(|part| !is_directive(part)).or((!is_meant).then_some(filter))
}

/// Whether a text selects lines. The library takes any word for the name of a module, and a level that is misspelt would
/// silence all others.
fn is_directive(text: &str) -> bool {
    let is_level = |text: &str| text.trim().parse::<LevelFilter>().is_ok();
    let is_own = |name: &str| OWN_TARGETS.iter().any(|own| name.starts_with(own));
    match text.split_once('=') {
        Some((_, level)) => is_level(level),
        None => is_level(text) || is_own(text),
    }
}

/// One event as a JSON object: the common members, then the event's own.
fn json_line(time: &str, record: &Record<'_>) -> Value {
    let mut members = Members(Map::new());
    let mut put = |name: &str, value: String| members.0.insert(name.to_owned(), value.into());
    put("time", time.to_owned());
    put("level", record.level().to_string());
    put("target", record.target().to_owned());
    put("message", record.args().to_string());
    if record.key_values().visit(&mut members).is_err() {
        members.0.insert("incomplete".to_owned(), true.into());
    }
    Value::Object(members.0)
}

struct Members(Map<String, Value>);

impl<'kvs> VisitSource<'kvs> for Members {
    fn visit_pair(&mut self, key: Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
        let value = match value.to_u64() {
            Some(number) => number.into(),
            None => value.to_string().into(),
        };
        self.0.insert(key.as_str().to_owned(), value);
        Ok(())
    }
}
