//! Who may call the built binary: its defaults, keys from the environment, and a flood of bad signatures.

use std::{
    fs,
    net::SocketAddr,
    ops::Range,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use serde_json::json;

use super::child::{Server, binary};
use crate::common::{Request, Signer, query, server::*, wire::Connection};

/// By how much the resident memory may grow in a flood, in KiB: 2 MiB, less than half a KiB a refused request. The nonces
/// of the honest caller, which are remembered, have their part in it.
const GROWTH_KIB: u64 = 2 * 1024;

pub fn list() -> Request {
    Request::new("GET", format!("{SECRETS}?{}", query(&[("NamespaceId", "cn-beijing:test")])))
}

pub fn full() -> Signer {
    Signer::new("testAKid0000000000000001", "testAKsecret000000000000000001")
}

/// A master key whose bytes are all 1.
const MASTER_KEY: &str = "test:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn start(folder: &Path, arguments: &[&str]) -> Server {
    let world = folder.join("users.yaml");
    fs::write(&world, world_with_users()).unwrap();
    Server::start_with(folder, |command| {
        command.env("SAE_SECRET_WORLD", &world).args(arguments);
        // On a public address none is made.
        command.env("SAE_SECRET_MASTER_KEY", MASTER_KEY);
    })
}

#[test]
fn whoever_reaches_a_public_address_has_to_sign_unless_it_is_said_aloud() {
    const WARNING: &str = "is not a loopback address, and requests without a signature are allowed";
    for (arguments, takes_unsigned, warns) in [
        (&[][..], true, false),
        (&["--anonymous", "allow"], true, false),
        (&["--anonymous", "deny"], false, false),
        (&["--listen", "0.0.0.0:0"], false, false),
        (&["--listen", "0.0.0.0:0", "--anonymous", "allow"], true, true),
        (&["--listen", "0.0.0.0:0", "--anonymous", "deny"], false, false),
    ] {
        let folder = Folder::new();
        let server = start(folder.path(), arguments);
        let reply = server.send(&list());
        if takes_unsigned {
            assert_eq!(reply.status, 200, "{arguments:?}: {}", reply.text());
        } else {
            reply.assert_error(400, "MissingAccessKeyId");
        }
        server.send(&full().sign(list(), None)).data();
        assert_eq!(server.log().contains(WARNING), warns, "{arguments:?}: {}", server.log());
    }
}

#[test]
fn unsigned_requests_from_behind_a_proxy_have_to_be_meant() {
    const WARNING: &str = "also those that a trusted proxy forwards";
    for (arguments, warns) in [
        (&["--trusted-proxy", "127.0.0.1"][..], true),
        (&["--trusted-proxy", "127.0.0.1", "--anonymous", "allow"], false),
        (&["--trusted-proxy", "127.0.0.1", "--anonymous", "deny"], false),
    ] {
        let folder = Folder::new();
        let server = start(folder.path(), arguments);
        assert_eq!(server.log().contains(WARNING), warns, "{arguments:?}: {}", server.log());
    }
}

#[test]
fn a_server_that_nobody_can_call_says_so() {
    let folder = Folder::new();
    let server = Server::start_with(folder.path(), |command| {
        command.args(["--anonymous", "deny"]);
    });
    assert!(server.log().contains("no access key is known"), "{}", server.log());
}

#[test]
fn secrets_come_from_the_environment() {
    let folder = Folder::new();
    let world = folder.path().join("lent.yaml");
    let keys = "{ id: '${LENT_ID}', secret: '${LENT_SECRET}' }";
    fs::write(&world, format!("{WORLD}\nroot:\n  access_keys:\n    - {keys}\n")).unwrap();
    let lent = "lent-secret-not-real";
    let server = Server::start_with(folder.path(), |command| {
        command.env("SAE_SECRET_WORLD", &world).args(["--anonymous", "deny"]);
        command.env("LENT_ID", "LAI5tLent").env("LENT_SECRET", lent);
    });
    server.send(&Signer::new("LAI5tLent", lent).sign(list(), None)).data();
    server
        .send(&Signer::new("LAI5tLent", "${LENT_SECRET}").sign(list(), None))
        .assert_error(400, "SignatureDoesNotMatch");
    let output = binary()
        .args(["check-world", world.to_str().unwrap()])
        .env("LENT_ID", "LAI5tLent")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && said.contains("the environment's variable"), "{said}");
}

/// The resident memory of a process, in KiB.
fn resident(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    resident.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A request that is refused: of a known key with a wrong secret, of an unknown key each time, or with another body than
/// the signed one.
fn refused(kind: usize, round: usize) -> (Request, &'static str) {
    let (signer, code) = match kind {
        0 => (Signer::new(&full().id, "no"), "SignatureDoesNotMatch"),
        1 => (Signer::new(&format!("LTAI5t{round:018}"), "no"), "InvalidAccessKeyId.NotFound"),
        _ => (full(), "SignatureDoesNotMatch"),
    };
    let mut request = signer.sign(Request::new("POST", SECRET).json(&json!({"k": round})), None);
    if kind == 2 {
        request.body[0] = b' ';
    }
    (request, code)
}

/// Sends such requests from three connections, and tells how many of an honest caller were served meanwhile.
fn flood(address: SocketAddr, rounds: Range<usize>) -> u32 {
    let send = |connection: &mut Connection, request: &Request| {
        connection.send(&request.bytes(address)).unwrap();
        connection.receive()
    };
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let strangers = [0, 1, 2].map(|kind| {
            let rounds = rounds.clone();
            scope.spawn(move || {
                let mut connection = Connection::open(address);
                for round in rounds {
                    let (request, code) = refused(kind, round);
                    assert_eq!(send(&mut connection, &request).code(), code);
                }
            })
        });
        let honest = scope.spawn(|| {
            let mut connection = Connection::open(address);
            let mut served = 0;
            while !is_over.load(Ordering::SeqCst) {
                let reply = send(&mut connection, &full().sign(list(), None));
                assert_eq!(reply.status, 200, "{}", reply.text());
                served += 1;
            }
            served
        });
        let ended = strangers.map(thread::ScopedJoinHandle::join);
        is_over.store(true, Ordering::SeqCst);
        let served = honest.join().unwrap();
        for stranger in ended {
            stranger.unwrap();
        }
        served
    })
}

#[test]
fn a_flood_of_bad_signatures_costs_no_memory_and_keeps_nobody_out() {
    const ROUNDS: usize = 1500;
    let folder = Folder::new();
    let server = start(folder.path(), &["--anonymous", "deny"]);
    // What a few connections need is taken before the measure; what then grows, grows with the requests.
    let mut served = flood(server.address, 0..ROUNDS);
    let before = resident(server.id());
    served += flood(server.address, ROUNDS..2 * ROUNDS);
    let growth = resident(server.id()).saturating_sub(before);
    assert!(growth < GROWTH_KIB, "{growth} KiB more after {} requests", 3 * ROUNDS);
    assert!(served > 100, "{served} requests of the honest caller were served");
}
