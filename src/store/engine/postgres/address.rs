//! The address of a PostgreSQL server: what libpq takes as a URI, and two parameters of our own. The client library reads
//! it, but for TLS: it knows neither certificates nor `verify-ca` and `verify-full`.

use std::{collections::HashSet, error::Error, fmt, path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Config, Host, SslMode, TargetSessionAttrs};

/// How many connections a server process opens where the address does not say. PostgreSQL itself allows 100 to all its
/// clients, which is room for a few processes; more than a few for each processor of the database do no work sooner.
const POOL_SIZE: u32 = 16;

/// How many connections one process may be told to open.
const POOL_SIZE_MAX: u32 = 1000;

/// How long one host has to take a connection where the address does not say.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long nothing is heard of a host before it is asked whether it is there, where the address does not say: less than
/// routers remember a silent connection.
const KEEPALIVES_IDLE: Duration = Duration::from_mins(1);

/// What is said of a parameter's value that is none.
type Reason = String;

/// Where a PostgreSQL database is and how it is talked to. Neither `Display` nor `Debug` shows the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    config: Config,
    tls: TlsChoice,
    pool_size: u32,
    names_statements: bool,
}

/// How the server has to prove who it is: libpq's `sslmode` and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TlsChoice {
    /// How much is asked of the server.
    pub mode: TlsMode,
    /// Who signs the server's certificate.
    pub roots: Option<Roots>,
    /// The client's own certificate, a PEM file.
    pub certificate: Option<PathBuf>,
    /// The key of that, a PEM file.
    pub key: Option<PathBuf>,
}

/// How much is asked of the server, in libpq's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server has it, whatever its certificate.
    #[default]
    Prefer,
    /// TLS, whatever the server's certificate.
    Require,
    /// TLS with a server whose certificate is signed by one of the roots.
    VerifyCa,
    /// The same, for the name that the address has.
    VerifyFull,
}

/// Who signs a server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roots {
    /// Those that the machine trusts.
    System,
    /// Those of a PEM file.
    File(PathBuf),
}

/// Parameters that the client library takes. They are listed, since a name that it does not know may be a piece of a
/// password, and its own message would show it.
const PASSED: &str = "host, hostaddr, port, user, password, dbname, application_name, options, connect_timeout, \
                      tcp_user_timeout, keepalives, keepalives_idle, keepalives_interval, target_session_attrs, \
                      load_balance_hosts, channel_binding";

impl PostgresAddress {
    /// The address of that text, without its scheme and the slashes. What libpq has and the client library has not is
    /// taken out of the query, and what is ours; the rest is read by the library.
    ///
    /// # Errors
    /// Why it is none; shows no value, since any of them may be part of a password.
    pub fn parse(rest: &str) -> Result<Self, Reason> {
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let database = place.split_once('/').map_or("", |(_, database)| database);
        // A password that is not encoded would be taken for a host or a database, and be shown as that.
        if [query, database].iter().any(|text| text.contains(['@', '?']))
            || place.matches('@').count() > 1
        {
            return Err("a ?, / or @ in a password is written %3F, %2F or %40".to_owned());
        }
        let mut tls = TlsChoice::default();
        let (mut pool_size, mut names_statements) = (POOL_SIZE, true);
        let (mut passed, mut seen) = (String::new(), HashSet::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, written) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decoded(name)?, decoded(written)?);
            let wrong = || no_such_value(&name);
            match &*name {
                "sslmode" => tls.mode = TlsMode::parse(&value).ok_or_else(wrong)?,
                "sslrootcert" if value == "system" => tls.roots = Some(Roots::System),
                "sslrootcert" => tls.roots = Some(Roots::File(file(&value).ok_or_else(wrong)?)),
                "sslcert" => tls.certificate = Some(file(&value).ok_or_else(wrong)?),
                "sslkey" => tls.key = Some(file(&value).ok_or_else(wrong)?),
                "pool_size" => {
                    let size = value.parse().ok();
                    let fits = |size: &u32| (1..=POOL_SIZE_MAX).contains(size);
                    pool_size = size.filter(fits).ok_or_else(wrong)?;
                }
                "prepare" => names_statements = switch(&value).ok_or_else(wrong)?,
                "keepalives_count" => pass(&mut passed, "keepalives_retries", written),
                // In a query the library takes a list for one name.
                "host" => {
                    written.split(',').for_each(|host| pass(&mut passed, "host", host));
                }
                known if PASSED.split(", ").any(|it| it == known) => {
                    pass(&mut passed, known, written);
                }
                _ => return Err(unknown(&name)),
            }
            if !seen.insert(name.clone()) {
                return Err(format!("it has its {name} twice"));
            }
        }
        let mut config = read(place, &passed)?;
        let behind_user = place.rsplit_once('@').map_or(place, |(_, place)| place);
        if seen.contains("host") && !behind_user.is_empty() && !behind_user.starts_with('/') {
            return Err("it has its host twice".to_owned());
        }
        tls.settle()?;
        complete(&mut config, &tls)?;
        Ok(Self { config, tls, pool_size, names_statements })
    }

    /// The same with this password, unless the address has one.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        if self.config.get_password().is_none() {
            self.config.password(password);
        }
        self
    }

    /// What the client library needs to know.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// How the server has to prove who it is.
    pub fn tls(&self) -> &TlsChoice {
        &self.tls
    }

    /// How many connections a process may open.
    pub fn pool_size(&self) -> u32 {
        self.pool_size
    }

    /// Whether statements are prepared once for each connection. A proxy that gives each transaction another connection
    /// does not know them then.
    pub fn names_statements(&self) -> bool {
        self.names_statements
    }
}

/// Has the client library read what is its own.
fn read(place: &str, passed: &str) -> Result<Config, Reason> {
    format!("postgresql://{place}?{passed}").parse().map_err(|error: tokio_postgres::Error| {
        let said = error.source().map(ToString::to_string).unwrap_or_default();
        // Of all that it says this alone shows nothing of the address.
        match said.strip_prefix("invalid value for option `").and_then(|it| it.strip_suffix('`')) {
            Some("keepalives_retries") => no_such_value("keepalives_count"),
            Some(name) => no_such_value(name),
            None => "it is not user:password@host:port/database; other characters than letters and digits are written %XX"
                .to_owned(),
        }
    })
}

/// Adds a parameter as it was written.
fn pass(passed: &mut String, name: &str, written: &str) {
    passed.extend([name, "=", written, "&"]);
}

/// Sets what the address leaves to us, and refuses what no server can be found by.
fn complete(config: &mut Config, tls: &TlsChoice) -> Result<(), Reason> {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
    }
    let (hosts, addresses) = (config.get_hosts().len(), config.get_hostaddrs().len());
    if config.get_hosts().contains(&Host::Tcp(String::new())) {
        return Err("it has a host without a name".to_owned());
    }
    if hosts.min(addresses) > 0 && hosts != addresses {
        return Err("it has not as many hosts as hostaddrs".to_owned());
    }
    if config.get_ports().len() > 1 && config.get_ports().len() != hosts.max(addresses) {
        return Err("it has not as many ports as hosts".to_owned());
    }
    if config.get_connect_timeout().is_none_or(Duration::is_zero) {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // Without TLS a kernel notices a host that is gone after two hours.
    if config.get_keepalives_idle() == Duration::from_hours(2) {
        config.keepalives_idle(KEEPALIVES_IDLE);
    }
    if config.get_application_name().is_none() {
        config.application_name("sae-secret");
    }
    // Where there is a choice, the one that can be written to is meant.
    if config.get_hosts().len() > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any
    {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config.ssl_mode(match tls.mode {
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    });
    Ok(())
}

fn decoded(text: &str) -> Result<String, Reason> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_| "its parameters are not UTF-8".to_owned())
}

fn file(path: &str) -> Option<PathBuf> {
    (!path.is_empty()).then(|| PathBuf::from(path))
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

/// Of what there is no such value, and which there are.
fn no_such_value(name: &str) -> Reason {
    let values = match name {
        "sslmode" => ": there are disable, prefer, require, verify-ca and verify-full",
        "pool_size" => ": it goes from 1 to 1000",
        "prepare" => ": it is on or off",
        _ => "",
    };
    format!("its parameter {name} has no such value{values}")
}

fn unknown(name: &str) -> Reason {
    // What looks like a name is shown; anything else may be a piece of a password.
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let name = if is_name && !name.is_empty() { name } else { "that is no name" };
    format!(
        "it has a parameter {name}, which is not known: there are {PASSED}, keepalives_count, sslmode, sslrootcert, \
         sslcert, sslkey, pool_size and prepare"
    )
}

impl TlsMode {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

impl TlsChoice {
    /// Fills in what libpq infers, and refuses what cannot be meant.
    fn settle(&mut self) -> Result<(), Reason> {
        if self.certificate.is_some() != self.key.is_some() {
            return Err("sslcert and sslkey need each other".to_owned());
        }
        match (self.mode, &self.roots) {
            (TlsMode::VerifyCa | TlsMode::VerifyFull, None) => {
                Err("sslmode verify-ca and verify-full need sslrootcert: a file, or system"
                    .to_owned())
            }
            // A certificate that the machine trusts can be had by anybody, for another name.
            (TlsMode::Prefer | TlsMode::Require | TlsMode::VerifyCa, Some(Roots::System)) => {
                Err("sslrootcert=system needs sslmode=verify-full".to_owned())
            }
            (TlsMode::Require, Some(Roots::File(_))) => {
                self.mode = TlsMode::VerifyCa;
                Ok(())
            }
            _ => Ok(()),
        }
    }
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
