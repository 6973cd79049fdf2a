//! The flags and environment variables of `serve`, as typed settings.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};

use crate::domain::DockerConfigMode;

/// How the server is to run. Every flag has an environment variable `SAE_SECRET_*`; the flag wins.
#[derive(Debug, Clone, Args)]
pub struct Settings {
    /// Address and port to listen on; port 0 takes any free one
    #[arg(
        long,
        env = "SAE_SECRET_LISTEN",
        default_value = "127.0.0.1:8080",
        value_name = "ADDRESS:PORT"
    )]
    pub listen: SocketAddr,

    // A text: what is no address may hold a password, and the parser of flags would repeat it.
    /// Where secrets are kept: sqlite://PATH (made when missing) or sqlite::memory: (lost at the end)
    #[arg(
        long,
        env = "SAE_SECRET_DATABASE_URL",
        default_value = "sqlite://sae-secret.db",
        value_name = "URL"
    )]
    pub database_url: String,

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

    /// How log lines look; RUST_LOG chooses which are written
    #[arg(long, env = "SAE_SECRET_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub log_format: LogFormat,
}

/// How closely docker configurations are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DockerConfigChoice {
    /// Each registry needs username, password and an auth that agrees with them
    Strict,
    /// Base64 of a JSON object with auths is enough
    Lenient,
}

impl From<DockerConfigChoice> for DockerConfigMode {
    fn from(choice: DockerConfigChoice) -> Self {
        match choice {
            DockerConfigChoice::Strict => Self::Strict,
            DockerConfigChoice::Lenient => Self::Lenient,
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line an event
    Text,
    /// One JSON object a line
    Json,
}
