//! The address of a PostgreSQL server: what libpq takes as a URI, and two parameters more. The client library reads it,
//! except for TLS: it knows neither certificates nor `verify-ca` and `verify-full`.

use std::{collections::HashMap, fmt, path::PathBuf, time::Duration};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Config, Host, SslMode, TargetSessionAttrs};

/// How many connections a server process opens where the address does not say. PostgreSQL itself allows 100 to all its
/// clients, which is room for a few processes; more than a few for each processor of the database do no work sooner.
const POOL_SIZE: u32 = 16;

/// How many connections one process may be told to open.
const POOL_SIZE_MAX: u32 = 1000;

/// The timeout for connecting to one host where the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection is idle before keepalives are sent, where the address does not say: less than routers remember an
/// idle connection.
const KEEPALIVES_IDLE: Duration = Duration::from_mins(1);

/// Parameters that the client library takes. They are listed, since a name that it does not know may be a piece of a
/// password, and its own message would show it.
const PASSED: &str = "host, hostaddr, port, user, password, dbname, application_name, options, connect_timeout, \
                      tcp_user_timeout, keepalives, keepalives_idle, keepalives_interval, keepalives_count, \
                      target_session_attrs, load_balance_hosts, channel_binding";

/// Parameters that are read here: what libpq has and the library has not, and two more.
const READ: &str = "sslmode, sslrootcert, sslcert, sslkey, pool_size, prepare";

/// Where a PostgreSQL database is and how it is talked to. Neither `Display` nor `Debug` shows the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    /// What the client library needs to know.
    pub config: Config,
    pub trust: Trust,
    /// The client's own certificate and its key, PEM files.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// How many connections a process may open.
    pub pool_size: u32,
    /// Whether statements are prepared once for each connection. A proxy that gives each transaction another connection
    /// does not know them then.
    pub names_statements: bool,
}

/// What the server's certificate has to show: libpq's `sslmode` and `sslrootcert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Nothing.
    Any,
    /// That one of the certificates in this file signed it.
    SignedBy(PathBuf),
    /// The same, for the name that the address has.
    NamedBy(PathBuf),
    /// That an authority which the machine trusts signed it for the name that the address has.
    NamedBySystem,
}

impl PostgresAddress {
    /// The address of that text, without its scheme and the slashes. Errors show no value, since any of them may be part of a
    /// password.
    pub fn parse(rest: &str) -> Result<Self> {
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let database = place.split_once('/').map_or("", |(_, database)| database);
        // A password that is not encoded would be taken for a host or a database, and be shown as that.
        let is_encoded = ![query, database].iter().any(|text| text.contains(['@', '?']))
            && place.matches('@').count() <= 1;
        ensure!(is_encoded, "a ?, / or @ in a password is written %3F, %2F or %40");
        let (mut passed, mut read) = (String::new(), HashMap::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, written) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(written)?);
            match &*name {
                "keepalives_count" => pass(&mut passed, "keepalives_retries", written),
                // In a query the library takes a list for one name.
                "host" => written.split(',').for_each(|host| pass(&mut passed, "host", host)),
                name if names(PASSED, name) => pass(&mut passed, name, written),
                name if names(READ, name) && value.is_empty() => return Err(no_such_value(name)),
                name if names(READ, name) => {}
                name => return Err(unknown(name)),
            }
            ensure!(read.insert(name.clone(), value).is_none(), "it has its {name} twice");
        }
        let behind_user = place.rsplit_once('@').map_or(place, |(_, place)| place);
        let has_host = !behind_user.is_empty() && !behind_user.starts_with('/');
        ensure!(!has_host || !read.contains_key("host"), "it has its host twice");
        let text = |name| read.get(name).map(String::as_str);
        let (mode, trust) = trust(text("sslmode").unwrap_or("prefer"), text("sslrootcert"))?;
        let identity = match (text("sslcert"), text("sslkey")) {
            (Some(certificate), Some(key)) => Some((certificate.into(), key.into())),
            (None, None) => None,
            _ => bail!("sslcert and sslkey need each other"),
        };
        let pool_size = match text("pool_size").map(str::parse) {
            None => POOL_SIZE,
            Some(Ok(size)) if (1..=POOL_SIZE_MAX).contains(&size) => size,
            Some(_) => return Err(no_such_value("pool_size")),
        };
        let names_statements = match text("prepare") {
            None | Some("on") => true,
            Some("off") => false,
            Some(_) => return Err(no_such_value("prepare")),
        };
        let mut config = by_library(place, &passed)?;
        config.ssl_mode(mode);
        complete(&mut config, |name| read.contains_key(name))?;
        Ok(Self { config, trust, identity, pool_size, names_statements })
    }
}

/// Has the client library read what it takes.
fn by_library(place: &str, passed: &str) -> Result<Config> {
    format!("postgresql://{place}?{passed}").parse().map_err(|error: tokio_postgres::Error| {
        let said = Error::from(error).root_cause().to_string();
        // Of all that it says this alone shows nothing of the address.
        match said.strip_prefix("invalid value for option `").and_then(|it| it.strip_suffix('`')) {
            Some("keepalives_retries") => no_such_value("keepalives_count"),
            Some(name) => no_such_value(name),
            None => anyhow!(
                "it is not user:password@host:port/database; other characters than letters and digits are written %XX"
            ),
        }
    })
}

/// Whether a name is in that list.
fn names(list: &str, name: &str) -> bool {
    list.split(", ").any(|it| it == name)
}

/// Adds a parameter as it was written.
fn pass(passed: &mut String, name: &str, written: &str) {
    passed.extend([name, "=", written, "&"]);
}

/// Sets what was not given, which the library's own defaults do not show, and refuses what leads to no server.
fn complete(config: &mut Config, is_given: impl Fn(&str) -> bool) -> Result<()> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
    }
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    let (ports, nameless) = (config.get_ports().len(), Host::Tcp(String::new()));
    ensure!(!config.get_hosts().contains(&nameless), "it has a host without a name");
    let is_paired = hosts.min(addresses) == 0 || hosts == addresses;
    ensure!(is_paired, "it has not as many hosts as hostaddrs");
    ensure!(ports <= 1 || ports == hosts.max(addresses), "it has not as many ports as hosts");
    if config.get_connect_timeout().is_none_or(Duration::is_zero) {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // Without TLS a kernel notices a host that is gone after two hours.
    if !is_given("keepalives_idle") {
        config.keepalives_idle(KEEPALIVES_IDLE);
    }
    if config.get_application_name().is_none() {
        config.application_name("sae-secret");
    }
    // Where there is a choice, the one that can be written to is meant.
    if config.get_hosts().len() > 1 && !is_given("target_session_attrs") {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    Ok(())
}

/// What is asked of the server; as in libpq, `require` with a file is `verify-ca`.
fn trust(mode: &str, roots: Option<&str>) -> Result<(SslMode, Trust)> {
    Ok(match (mode, roots) {
        ("disable", _) => (SslMode::Disable, Trust::Any),
        // Certificates that the machine trusts are given to all, for names of their own.
        ("prefer" | "require" | "verify-ca", Some("system")) => {
            bail!("sslrootcert=system needs sslmode=verify-full")
        }
        ("prefer", _) => (SslMode::Prefer, Trust::Any),
        ("require", None) => (SslMode::Require, Trust::Any),
        ("require" | "verify-ca", Some(file)) => (SslMode::Require, Trust::SignedBy(file.into())),
        ("verify-full", Some("system")) => (SslMode::Require, Trust::NamedBySystem),
        ("verify-full", Some(file)) => (SslMode::Require, Trust::NamedBy(file.into())),
        ("verify-ca" | "verify-full", None) => {
            bail!("sslmode verify-ca and verify-full need sslrootcert: a file, or system")
        }
        _ => return Err(no_such_value("sslmode")),
    })
}

fn decoded(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).context("its parameters are not UTF-8")
}

/// Of what there is no such value, and which there are.
fn no_such_value(name: &str) -> Error {
    let values = match name {
        "sslmode" => ": there are disable, prefer, require, verify-ca and verify-full",
        "pool_size" => ": it goes from 1 to 1000",
        "prepare" => ": it is on or off",
        _ => "",
    };
    anyhow!("its parameter {name} has no such value{values}")
}

fn unknown(name: &str) -> Error {
    // Only what can be a name is shown: anything else may be a piece of a password.
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let name = if is_name && !name.is_empty() { name } else { "that is no name" };
    anyhow!("it has a parameter {name}, which is not known: there are {PASSED}, {READ}")
}

impl fmt::Display for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("postgres://")?;
        if let Some(user) = self.config.get_user() {
            write!(f, "{user}@")?;
        }
        let names = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let mut places: Vec<String> = names.collect();
        if places.is_empty() {
            places = self.config.get_hostaddrs().iter().map(ToString::to_string).collect();
        }
        let ports = self.config.get_ports();
        for (number, place) in places.iter_mut().enumerate() {
            if let Some(port) = ports.get(number).or(ports.first()) {
                *place = format!("{place}:{port}");
            }
        }
        f.write_str(&places.join(","))?;
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
