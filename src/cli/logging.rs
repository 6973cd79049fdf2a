//! How log lines look.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use env_logger::{Builder, Env, Target, WriteStyle};
use log::{
    LevelFilter, Record,
    kv::{self, Key, VisitSource},
};
use serde_json::{Map, Value};

use super::stderr::Stderr;
use crate::settings::LogFormat;

/// What is written where `RUST_LOG` says nothing.
const DEFAULT_FILTER: &str = "info";

/// Starts logging to standard error. Whoever holds what is returned has to flush it at the end of the process.
///
/// # Errors
/// The system gives no thread to write with.
pub(super) fn init(format: LogFormat) -> io::Result<Stderr> {
    let stderr = Stderr::start()?;
    let mut builder = builder(format);
    // Left to the logger it would be no: it takes what it is given for a file.
    if env::var_os("RUST_LOG_STYLE").is_none() && takes_colours() {
        builder.write_style(WriteStyle::Always);
    }
    builder.target(Target::Pipe(Box::new(stderr.clone()))).init();
    Ok(stderr)
}

/// Whether standard error is a terminal whose user has nothing against colours.
fn takes_colours() -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    io::stderr().is_terminal() && !is_set("NO_COLOR") && env::var_os("TERM") != Some("dumb".into())
}

/// What lines are written and how they look, by `RUST_LOG` and what overrules it.
#[must_use]
pub fn builder(format: LogFormat) -> Builder {
    let mut builder = Builder::from_env(Env::default().default_filter_or(DEFAULT_FILTER));
    // Below this the crate repeats request targets, in which clients put secrets. Whatever RUST_LOG says of the two
    // modules is overruled.
    for module in ["h2", "h2::server"] {
        builder.filter_module(module, LevelFilter::Info);
    }
    match format {
        LogFormat::Text => builder.format_timestamp_millis(),
        LogFormat::Json => builder.format(|out, record| {
            let time = out.timestamp_millis().to_string();
            writeln!(out, "{}", json_line(&time, record))
        }),
    };
    builder
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
