//! What is to be measured, and how long.

use std::{fmt, path::PathBuf, time::Duration};

use clap::{Parser, ValueEnum};

use super::peers::Peer;

/// Measures the built server under load, beside its own no-op endpoint and, where they are installed, beside others
#[derive(Debug, Clone, Parser)]
#[command(name = "load", max_term_width = 100)]
pub struct Options {
    /// Cargo says so to every benchmark
    #[arg(long, hide = true)]
    bench: bool,

    /// The server's binary: a release build
    #[arg(long, default_value = "target/bench/sae-secret", value_name = "FILE")]
    pub binary: PathBuf,

    /// Where databases, logs and the report are put; its file system is what is measured
    #[arg(long, default_value = "target/bench", value_name = "FOLDER")]
    pub folder: PathBuf,

    /// How often everything is measured; medians are reported
    #[arg(long, env = "BENCH_RUNS", default_value_t = 5, value_name = "N")]
    pub runs: usize,

    /// How long each operation is measured in each run, after half a second that does not count
    #[arg(long, env = "BENCH_SECONDS", default_value_t = 3.0, value_name = "SECONDS")]
    pub seconds: f64,

    /// The operations, in the order in which they are measured
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "describe,list,update,create,kms-get,kms-list,kms-encrypt,kms-data-key,kms-put,kms-create",
        value_name = "LIST"
    )]
    pub ops: Vec<Operation>,

    /// How many connections ask at the same time
    #[arg(long, value_delimiter = ',', default_value = "1,8,64", value_name = "LIST")]
    pub connections: Vec<usize>,

    /// What the databases hold at first
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "empty,thousand,million",
        value_name = "LIST"
    )]
    pub databases: Vec<Content>,

    /// The databases' engines; PostgreSQL is measured with the empty and the large database only
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres", value_name = "LIST")]
    pub engines: Vec<Engine>,

    /// Others to be measured beside it, if they are installed; --peers alone says none
    #[arg(
        long,
        num_args = 0..,
        value_delimiter = ',',
        default_value = "etcd,etcd-json,rusty-vault,moto,ministack",
        value_name = "LIST"
    )]
    pub peers: Vec<Peer>,

    /// Further flags of `serve`, separated by spaces
    #[arg(long, env = "BENCH_SERVE", default_value = "", value_name = "FLAGS")]
    pub serve: String,
}

impl Options {
    /// How long one operation is measured.
    pub fn counted(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

/// Where secrets are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// In a file of the server's own
    Sqlite,
    /// On a PostgreSQL that is started for it
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Sqlite { "SQLite" } else { "PostgreSQL" })
    }
}

/// An operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Operation {
    /// CreateSecret, in turn in each of the namespaces that are there for it
    Create,
    /// UpdateSecret, of any secret that was there at first
    Update,
    /// DescribeSecret, of any secret that was there at first
    Describe,
    /// ListSecrets, of any namespace that was there at first: 100 secrets
    List,
    /// CreateSecret of KMS
    KmsCreate,
    /// PutSecretValue of KMS, to any secret that was there at first
    KmsPut,
    /// GetSecretValue of KMS, of any secret that was there at first
    KmsGet,
    /// ListSecrets of KMS: the first page
    KmsList,
    /// Encrypt of KMS, by the key that was there at first
    KmsEncrypt,
    /// GenerateDataKey of KMS, by the key that was there at first
    KmsDataKey,
}

impl Operation {
    /// Which API it belongs to: the version that requests name.
    pub fn version(self) -> &'static str {
        match self {
            Self::Create | Self::Update | Self::Describe | Self::List => "2019-05-06",
            Self::KmsCreate
            | Self::KmsPut
            | Self::KmsGet
            | Self::KmsList
            | Self::KmsEncrypt
            | Self::KmsDataKey => "2016-01-20",
        }
    }

    /// Its name on the wire.
    pub fn action(self) -> &'static str {
        match self {
            Self::Create | Self::KmsCreate => "CreateSecret",
            Self::Update => "UpdateSecret",
            Self::Describe => "DescribeSecret",
            Self::List | Self::KmsList => "ListSecrets",
            Self::KmsPut => "PutSecretValue",
            Self::KmsGet => "GetSecretValue",
            Self::KmsEncrypt => "Encrypt",
            Self::KmsDataKey => "GenerateDataKey",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.version() == "2016-01-20" {
            f.write_str("KMS ")?;
        }
        f.write_str(self.action())
    }
}

/// What a database holds at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Content {
    /// Nothing but the 100 secrets of one namespace that reading needs
    Empty,
    /// 1,000 secrets in 10 namespaces
    Thousand,
    /// 1,000,000 secrets in 10,000 namespaces
    Million,
}

impl Content {
    /// How many namespaces there are, with 100 secrets each.
    pub fn namespaces(self) -> usize {
        match self {
            Self::Empty => 1,
            Self::Thousand => 10,
            Self::Million => 10_000,
        }
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Thousand => "1,000",
            Self::Million => "1,000,000",
        })
    }
}
