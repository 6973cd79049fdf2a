//! sae-secret: a server that speaks the namespaced Secret API of Alibaba Cloud SAE.
//!
//! Three rooms in a row, and a request walks through them once each way: [`api`] (a dialect: decode, answer),
//! [`service`] (what can be done), [`store`] (where it is kept). [`domain`] is the ground that all three stand on.
//!
//! | module | may use | never |
//! |---|---|---|
//! | [`domain`] | small pure crates | everything else here; actix, diesel, the clock |
//! | [`access`] | `domain` | everything else here; actix, diesel, the clock |
//! | [`crypto`] | `domain` | everything else here; actix, diesel, the clock |
//! | [`store`] | `domain` | `service`, `api`, `http`, `crypto`: it sees sealed values only |
//! | [`service`] | `domain`, `store`, `crypto`, `access` | `api`, `http`, actix, diesel |
//! | [`audit`] | `domain`, `turn` | everything else here; actix, diesel |
//! | [`http`] | `domain`, `clock` | `service`, `store`, `api` |
//! | `api::X` | `domain`, `service`, `access`, `audit`, `http`, `clock` | `store`, diesel, another api |
//! | [`world`] | `domain`, `access` | everything else here |
//! | [`settings`] | `domain`, `access` | everything else here |
//! | [`clock`] | `domain` | everything else here |
//! | [`turn`] | tokio | everything else here |
//! | [`server`] | all but `cli` | – |
//! | [`cli`] | `server`, `settings`, `access` | everything else here |
//!
//! `tests/house.rs` has the same table as a list and holds the sources to it.

pub mod access;
pub mod api;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod crypto;
pub mod domain;
pub mod http;
pub mod server;
pub mod service;
pub mod settings;
pub mod store;
pub mod turn;
pub mod world;
