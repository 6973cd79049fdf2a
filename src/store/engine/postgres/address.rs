//! The address of a PostgreSQL server: what libpq takes as a URI, and two parameters of our own.

use std::{
    collections::HashSet,
    fmt::{self, Write},
    path::PathBuf,
    time::Duration,
};

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
    /// TLS if the server has it, whoever it is.
    #[default]
    Prefer,
    /// TLS, whoever the server is.
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

/// Parameters that go to the client library as they are.
const PASSED: [&str; 15] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "application_name",
    "options",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "target_session_attrs",
    "channel_binding",
];

impl PostgresAddress {
    /// The address of that text, without its scheme and what stands behind it.
    ///
    /// # Errors
    /// Why it is none; shows no value, since any of them may be part of a password.
    pub fn parse(rest: &str) -> Result<Self, Reason> {
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        // What is meant as a password's, and would be taken for a host or a database, is shown then.
        let behind_user = place.split_once('@').map_or("", |(_, place)| place);
        let database = place.split_once('/').map_or("", |(_, database)| database);
        if query.contains(['@', '?']) || behind_user.contains('@') || database.contains('@') {
            return Err("a ?, / or @ in a password is written %3F, %2F or %40".to_owned());
        }
        let mut config: Config = format!("postgresql://{place}").parse().map_err(|_| {
            "it is not user:password@host:port/database; other characters than letters and digits are written %XX"
                .to_owned()
        })?;
        let mut tls = TlsChoice::default();
        let (mut pool_size, mut names_statements) = (POOL_SIZE, true);
        let (mut passed, mut seen) = (String::new(), HashSet::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decoded(name)?;
            let value = decoded(value)?;
            if !seen.insert(name.clone()) {
                return Err(unless_hidden(&name).map_or_else(|| unknown(&name), twice));
            }
            let wrong = || no_such_value(&name);
            match name.as_str() {
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
                "keepalives_count" => pass(&mut passed, "keepalives_retries", &value),
                name if PASSED.contains(&name) => {
                    let mut alone = String::new();
                    pass(&mut alone, name, &value);
                    alone.parse::<Config>().map_err(|_| wrong())?;
                    passed.push_str(&alone);
                }
                _ => return Err(unknown(&name)),
            }
        }
        if !passed.is_empty() {
            config = joined(place, &passed)?;
        }
        tls.settle()?;
        complete(&mut config, &tls);
        Ok(Self { config, tls, pool_size, names_statements })
    }

    /// Whether the address has a password of its own.
    pub fn has_password(&self) -> bool {
        self.config.get_password().is_some()
    }

    /// Gives it another password.
    pub fn set_password(&mut self, password: &str) {
        self.config.password(password);
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

/// The library reads the place from a URL and parameters from a list, but a URL's parameters by fewer names.
fn joined(place: &str, passed: &str) -> Result<Config, Reason> {
    let named = |name: &str| passed.contains(&format!("{name}='"));
    let base: Config = format!("postgresql://{place}").parse().map_err(|_| String::new())?;
    let mut list = passed.to_owned();
    let hosts: Vec<String> = base.get_hosts().iter().map(host_text).collect();
    if !hosts.is_empty() {
        if named("host") {
            return Err(twice("host"));
        }
        pass(&mut list, "host", &hosts.join(","));
    }
    let ports: Vec<String> = base.get_ports().iter().map(ToString::to_string).collect();
    if !ports.is_empty() && !named("port") {
        pass(&mut list, "port", &ports.join(","));
    }
    for (name, value) in [("user", base.get_user()), ("dbname", base.get_dbname())] {
        if let Some(value) = value.filter(|_| !named(name)) {
            pass(&mut list, name, value);
        }
    }
    let mut config: Config =
        list.parse().map_err(|_| "its parameters do not go together".to_owned())?;
    if let Some(password) = base.get_password().filter(|_| !named("password")) {
        config.password(password);
    }
    Ok(config)
}

fn host_text(host: &Host) -> String {
    match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    }
}

/// Sets what the address leaves to us.
fn complete(config: &mut Config, tls: &TlsChoice) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
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
}

/// Writes `name='value'` as the client library reads it.
fn pass(list: &mut String, name: &str, value: &str) {
    list.push_str(name);
    list.push_str("='");
    for c in value.chars() {
        if matches!(c, '\'' | '\\') {
            list.push('\\');
        }
        list.push(c);
    }
    list.push_str("' ");
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

fn twice(name: &str) -> Reason {
    format!("it has its {name} twice")
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

/// What looks like a name is shown; anything else may be part of a password.
fn unless_hidden(name: &str) -> Option<&str> {
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_name && !name.is_empty()).then_some(name)
}

fn unknown(name: &str) -> Reason {
    let name = unless_hidden(name).unwrap_or("that is no name");
    format!(
        "it has a parameter {name}, which is not known: there are {}, keepalives_count, sslmode, sslrootcert, sslcert, \
         sslkey, pool_size and prepare",
        PASSED.join(", ")
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
            // Everybody can have a certificate of those that a machine trusts, for a name of his own.
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
        let ports = self.config.get_ports();
        for (number, host) in self.config.get_hosts().iter().enumerate() {
            if number > 0 {
                f.write_char(',')?;
            }
            f.write_str(&host_text(host))?;
            if let Some(port) = ports.get(number).or(ports.first()) {
                write!(f, ":{port}")?;
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
