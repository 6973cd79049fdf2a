//! The flags and environment variables of `serve`, as typed settings.

mod listen;

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt,
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::PathBuf,
};

use clap::{ArgAction, Args, ValueEnum, builder::BoolishValueParser};
use zeroize::Zeroizing;

pub use self::listen::ListenAddress;

use crate::access::Rate;

/// How the server is to run. Every flag has an environment variable `SAE_SECRET_*`; the flag wins.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address or name, and port, to listen on; port 0 takes any free one
    #[arg(
        long,
        env = "SAE_SECRET_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: ListenAddress,

    /// The database and the keys of its values.
    #[command(flatten)]
    pub database: DatabaseSettings,

    /// The YAML file that describes the emulated cloud; without one: all regions, default quotas, no secrets
    #[arg(long, env = "SAE_SECRET_WORLD", value_name = "FILE")]
    pub world: Option<PathBuf>,

    /// How closely the content of kubernetes.io/dockerconfigjson secrets is checked
    #[arg(long, env = "SAE_SECRET_DOCKER_CONFIG", default_value = "strict", value_name = "MODE")]
    pub docker_config: DockerConfigChoice,

    /// An origin whose browser pages may call the API, such as https://console.example; may be repeated,
    /// comma-separated in the environment [default: none]
    #[arg(long, env = "SAE_SECRET_CORS_ORIGIN", value_delimiter = ',', value_name = "ORIGIN")]
    pub cors_origin: Vec<String>,

    /// A host name under which requests without a signature are taken, beside addresses, localhost, *.localhost and names
    /// without a dot, such as secrets.example; may be repeated, comma-separated in the environment [default: none]
    #[arg(long, env = "SAE_SECRET_ALLOWED_HOST", value_delimiter = ',', value_name = "NAME")]
    pub allowed_host: Vec<String>,

    /// Whether requests without a signature are let through, as if the account itself made them
    /// [default: allow on loopback addresses, deny on others]
    #[arg(long, env = "SAE_SECRET_ANONYMOUS", value_name = "CHOICE")]
    pub anonymous: Option<AnonymousChoice>,

    /// How many requests a second each caller may make, such as 50/s [default: any number]
    #[arg(long, env = "SAE_SECRET_RATE_LIMIT", value_name = "N/s")]
    pub rate_limit: Option<Rate>,

    /// Hold requests to KMS to what only the cloud refuses: a nonce that was used, a signed request without one, policies of
    /// secrets and keys that are in no instance, rotation policies of secrets with less than 7 days, and rotation of keys
    /// in no instance but once a year
    #[arg(
        long,
        env = "SAE_SECRET_KMS_STRICT",
        value_name = "BOOL",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub kms_strict: bool,

    /// A proxy whose X-Forwarded-For and X-Forwarded-Proto are believed: an address, or a network such as 10.0.0.0/8;
    /// may be repeated, comma-separated in the environment [default: none]
    #[arg(long, env = "SAE_SECRET_TRUSTED_PROXY", value_delimiter = ',', value_name = "ADDRESS")]
    pub trusted_proxy: Vec<String>,

    /// Where one JSON line is written for each operation: a file, or - for standard output [default: nowhere]
    #[arg(long, env = "SAE_SECRET_AUDIT_LOG", value_name = "FILE")]
    pub audit_log: Option<PathBuf>,

    /// Go on serving while the audit log cannot be written
    #[arg(
        long,
        env = "SAE_SECRET_AUDIT_BEST_EFFORT",
        value_name = "BOOL",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub audit_best_effort: bool,

    /// Answer every request to /noop with a fixed reply, to measure what the server costs without the API
    #[arg(
        long,
        env = "SAE_SECRET_NOOP_ENDPOINT",
        value_name = "BOOL",
        action = ArgAction::Set,
        value_parser = BoolishValueParser::new(),
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "false"
    )]
    pub noop_endpoint: bool,

    /// The certificate to serve https:// with: a PEM file, the server's own first, then those that sign it; SIGHUP
    /// reads it again [default: none, and http://]
    #[arg(long, env = "SAE_SECRET_TLS_CERT", value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key: a PEM file with PKCS#8, PKCS#1 or SEC1, not encrypted
    #[arg(long, env = "SAE_SECRET_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// How log lines look; RUST_LOG chooses which are written
    #[arg(long, env = "SAE_SECRET_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
}

/// Where the database is, and where the keys of its values come from.
#[derive(Clone, Args)]
pub struct DatabaseSettings {
    // A text: what is no address may hold a password, and the parser of flags would repeat it.
    /// Where secrets are kept: sqlite://PATH, or postgres://USER@HOST/DATABASE of a server
    #[arg(
        long,
        env = "SAE_SECRET_DATABASE_URL",
        default_value = "sqlite://sae-secret.db",
        value_name = "URL"
    )]
    pub database_url: String,

    /// A file with the password for a postgres:// URL that has none. SAE_SECRET_DATABASE_PASSWORD may hold it instead: any
    /// characters, as they are [default: none]
    #[arg(long, env = "SAE_SECRET_DATABASE_PASSWORD_FILE", value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,

    /// The master keys: a file with one id:base64 of 32 bytes on each line, the first of which seals and all of which
    /// open. SAE_SECRET_MASTER_KEY may hold the same text instead [default: a file beside the database, which `serve`
    /// makes when it listens on a loopback address]
    #[arg(long, env = "SAE_SECRET_MASTER_KEY_FILE", value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,

    /// A command that prints the same text: a program and its arguments, no shell [default: none]
    #[arg(long, env = "SAE_SECRET_MASTER_KEY_COMMAND", value_name = "COMMAND")]
    pub master_key_command: Option<String>,
}

impl fmt::Debug for DatabaseSettings {
    /// Without the address and the command, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DatabaseSettings")
    }
}

/// The variable that may hold the master keys. It has no flag: all users of a machine can see flags.
pub(crate) const MASTER_KEY_VARIABLE: &str = "SAE_SECRET_MASTER_KEY";

/// The variable that may hold the password of the PostgreSQL server. It has no flag either.
pub(crate) const DATABASE_PASSWORD_VARIABLE: &str = "SAE_SECRET_DATABASE_PASSWORD";

/// What to tell of a text that has to be UTF-8 and is not.
pub(crate) const NOT_UTF8: &str = "it is not UTF-8";

/// What every variable of a setting begins with.
const PREFIX: &[u8] = b"SAE_SECRET_";

/// A variable's value; none where it is not set or empty, since compose writes `""` for what is not set. Carriage returns
/// at its end, as env files with Windows line ends leave them, are no part of it.
pub(crate) fn variable(name: &str) -> Option<OsString> {
    let mut value = env::var_os(name)?.into_vec();
    while value.pop_if(|byte| *byte == b'\r').is_some() {}
    (!value.is_empty()).then(|| OsString::from_vec(value))
}

/// What is strange about the variables that are set, a sentence each.
pub(crate) fn remarks() -> Vec<String> {
    let is_setting = |name: &OsStr| {
        name.as_bytes().starts_with(PREFIX) || name.as_bytes().starts_with(b"RUST_LOG")
    };
    let strange = env::vars_os()
        .filter(|(name, value)| is_setting(name) && value.as_bytes().ends_with(b"\r"));
    let remark = |(name, _): (OsString, OsString)| {
        format!(
            "{} ends with a carriage return (\\r), which is left out: the file that it comes from seems to have Windows \
             line ends",
            name.display()
        )
    };
    strange.map(remark).collect()
}

/// The text of a variable that holds a secret, if it is set.
pub(crate) fn secret_variable(name: &str) -> Option<anyhow::Result<Zeroizing<String>>> {
    let text = variable(name)?.into_string();
    Some(text.map(Zeroizing::new).map_err(|_| anyhow::anyhow!(NOT_UTF8)))
}

/// How closely docker configurations are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DockerConfigChoice {
    /// Each registry needs username, password and an auth that agrees with them
    Strict,
    /// Base64 of a JSON object with auths is enough
    Lenient,
}

/// Whether requests without a signature are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AnonymousChoice {
    /// As the account itself
    Allow,
    /// Refused with MissingAccessKeyId
    Deny,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line an event
    Text,
    /// One JSON object a line
    Json,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        database: DatabaseSettings,
    }

    #[test]
    fn no_password_is_shown() {
        let address = "--database-url=postgres://u:hidden@h/db";
        let command = Command::parse_from(["verify", address, "--master-key-command=hidden"]);
        assert!(command.database.database_url.contains("hidden"));
        let shown = format!("{command:?}");
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
