//! The server over PostgreSQL: several of them on one database, and whatever may happen on the way to it. These tests need a
//! server, which `tests/postgres/run` starts.

mod addresses;
mod crowd;
mod due;
mod faults;
mod keys;
mod locks;
mod partitions;
mod proxy;
mod races;
mod restart;
mod through;

use std::{env, net::SocketAddr, path::Path};

use super::child::Server;
use crate::common::postgres;

const NAMESPACE_ID: &str = "cn-beijing:test";

/// A further server on the database of a folder. All have the folder's world.
fn start(folder: &Path) -> Server {
    Server::start(folder)
}

/// The same with room for many secrets in the namespace cn-hangzhou, which is the only one.
fn start_roomy(folder: &Path) -> Server {
    let world = folder.join("roomy.yaml");
    let quotas = "{ secrets_per_namespace: 100000 }";
    std::fs::write(&world, format!("regions: [cn-hangzhou]\nquotas: {quotas}\n")).unwrap();
    Server::start_with(folder, |command| {
        command.env("SAE_SECRET_WORLD", &world);
    })
}

/// Where the PostgreSQL server listens.
fn listens() -> SocketAddr {
    let server = postgres::server().expect("tests/postgres/run names the server");
    server.rsplit('@').next().unwrap().parse().unwrap()
}

/// What `tests/postgres/run` says beside that.
fn told(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set: tests/postgres/run"))
}
