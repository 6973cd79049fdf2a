//! sae-secret: a server that speaks Alibaba Cloud's secret APIs: SAE's namespaced secrets and KMS Secrets Manager.
//!
//! A product is one folder, and a request goes down its layers and back: `api` (the wire: decode, answer), `service` (what can
//! be done), `store` (its rows), over `model` (what things are). [`sae`] and [`kms`] are the products, and of [`kubernetes`]
//! there is the model: nothing serves it yet. The other modules know no product, but for `world`, which uses their models, and
//! [`ops`], [`server`] and [`cli`] above them.
//!
//! | module | may use, besides itself | never |
//! |---|---|---|
//! | `sae/api` | `sae::service`, `sae::model`, `exchange`, `pop`, `region`, `access`, `http`, `clock`, `json`, `text` | `diesel`, `SystemTime` |
//! | `sae/service` | `sae::store`, `sae::model`, `clock`, `region`, `sealed`, `sealing`, `store` | `actix`, `diesel`, `SystemTime` |
//! | `sae/store` | `sae::model`, `clock`, `sealed`, `store` | `actix`, `tokio`, `SecretData`, `SecretValue`, `SystemTime` |
//! | `sae/model` | `clock`, `json`, `region`, `text` | `actix`, `diesel`, `tokio`, `log::`, `SystemTime`, `Instant::now` |
//! | `kms/api` | `kms::service`, `kms::model`, `exchange`, `pop`, `region`, `access`, `http`, `clock`, `json`, `text` | `diesel`, `SystemTime` |
//! | `kms/service` | `kms::store`, `kms::model`, `access`, `clock`, `sealed`, `sealing`, `store` | `actix`, `diesel`, `SystemTime` |
//! | `kms/store` | `kms::model`, `clock`, `sealed`, `store` | `actix`, `tokio`, `SecretData`, `SystemTime` |
//! | `kms/model` | `access`, `clock`, `json`, `region`, `text` | `actix`, `diesel`, `tokio`, `log::`, `SystemTime`, `Instant::now` |
//! | `kubernetes/model` | – | `actix`, `diesel`, `tokio`, `log::`, `SystemTime`, `Instant::now` |
//! | [`ops`] | `audit`, `http`, `kms`, `sae`, `sealing`, `store` | `diesel`, `SystemTime` |
//! | [`pop`] | `access`, `clock`, `exchange`, `http`, `json`, `text` | `diesel`, `SystemTime` |
//! | [`exchange`] | `access`, `audit`, `clock`, `http` | `diesel`, `SystemTime` |
//! | [`access`] | `clock`, `network` | `actix`, `diesel`, `tokio`, `log::`, `SystemTime`, `Instant::now` |
//! | [`audit`] | `clock` | `actix`, `diesel` |
//! | [`sealing`] | `clock`, `crypto`, `sealed`, `store` | `actix`, `diesel`, `SystemTime` |
//! | [`crypto`] | `clock`, `sealed` | `actix`, `diesel`, `tokio`, `log::`, `SystemTime`, `Instant::now` |
//! | [`store`] | `clock`, `sealed`, `tls_client` | `actix` |
//! | [`http`] | `clock`, `network` | `diesel` |
//! | `network` | – | `actix`, `diesel`, `tokio` |
//! | [`sealed`] | `clock` | `actix`, `diesel`, `tokio` |
//! | [`clock`] | – | `actix`, `diesel`, `tokio` |
//! | `json` | `text` | `actix`, `diesel`, `tokio` |
//! | [`tls_client`] | – | `actix`, `diesel`, `tokio`, `log::` |
//! | `region` | – | `actix`, `diesel`, `tokio` |
//! | `text` | – | `actix`, `diesel`, `tokio` |
//! | `world` | `access`, `clock`, `json`, `region`, `kms::model`, `sae::model`, `text` | `actix`, `diesel`, `tokio` |
//! | [`settings`] | `access` | `actix`, `diesel`, `tokio` |
//! | [`server`] | `access`, `audit`, `clock`, `crypto`, `exchange`, `http`, `kms`, `ops`, `pop`, `sae`, `sealed`, `sealing`, `settings`, `store`, `world` | `diesel` |
//! | [`cli`] | `access`, `clock`, `server`, `settings`, `tls_client` | `diesel` |
//!
//! `tests/house.rs` reads this table and holds the sources to it. "never" are words that must not stand in the
//! code: libraries, the system's clock, and for the products' stores the types of values in clear.

pub mod access;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod crypto;
pub mod exchange;
pub mod http;
mod json;
pub mod kms;
pub mod kubernetes;
mod network;
pub mod ops;
pub mod pop;
mod region;
pub mod sae;
pub mod sealed;
pub mod sealing;
pub mod server;
pub mod settings;
pub mod store;
mod text;
pub mod tls_client;
mod world;
