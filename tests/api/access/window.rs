//! How long a signed request counts, and how often.

use std::time::Instant;

use super::*;
use crate::common::wire::Connection;

#[test]
fn a_signature_is_good_for_15_minutes_and_once() {
    let start_time = unix_now();
    let clock = SetClock::at(start_time);
    let server = TestServer::start_at(clock.clone(), &world_with_users(), |_| {});
    for way in WAYS {
        let ask = |signer: Signer| server.send(&signer.way(way).sign(list(), None));
        for late in [-900, 900] {
            ask(full().at(start_time + late)).data();
            let too_late = late + late.signum();
            check(&ask(full().at(start_time + too_late)), Gateway::TimestampExpired.entry());
        }
        let nonce = format!("nonce-{way:?}");
        ask(full().at(start_time).nonce(&nonce)).data();
        check(&ask(full().at(start_time).nonce(&nonce)), Gateway::NonceUsed.entry());
        check(&ask(full().at(start_time + 7).nonce(&nonce)), Gateway::NonceUsed.entry());
        ask(reader().at(start_time).nonce(&nonce)).data();
        // The request as it was sent, to the end of its days.
        let last =
            full().at(start_time).way(way).nonce(&format!("last-{way:?}")).sign(list(), None);
        server.send(&last).data();
        clock.set(start_time + 900);
        check(&server.send(&last), Gateway::NonceUsed.entry());
        clock.set(start_time + 901);
        check(&server.send(&last), Gateway::TimestampExpired.entry());
        clock.set(start_time);
    }
    // One client of the older way sends no nonce: its requests can be repeated.
    let repeated = full().at(start_time).way(Way::RoaSha1).nonce("").sign(list(), None);
    server.send(&repeated).data();
    server.send(&repeated).data();
}

#[test]
fn a_nonce_is_used_up_by_a_valid_signature_only() {
    let server = start(|_| {});
    for way in WAYS {
        let nonce = format!("kept-{way:?}");
        let wrong = Signer::new(&full().id, "no").way(way).nonce(&nonce);
        server.send(&wrong.sign(list(), None)).assert_error(400, "SignatureDoesNotMatch");
        let mut altered = full().way(way).nonce(&nonce).sign(create("altered"), None);
        altered.body.push(b' ');
        assert_eq!(server.send(&altered).status, 400);
        server.send(&full().way(way).nonce(&nonce).sign(list(), None)).data();
        check(
            &server.send(&full().way(way).nonce(&nonce).sign(list(), None)),
            Gateway::NonceUsed.entry(),
        );
    }
}

/// How many requests the server is at, this one among them.
fn under_way(server: &TestServer) -> u32 {
    let reply = server.send(&Request::new("GET", "/metrics"));
    let mut lines = reply.text().lines();
    let number = lines.find_map(|line| line.split_once("requests_in_flight ")?.1.parse().ok());
    number.expect("the number of requests")
}

/// The body may take longer than the date is good, and than nonces of that date are remembered.
#[test]
fn a_replay_with_a_slow_body_comes_too_late() {
    let start_time = unix_now();
    let clock = SetClock::at(start_time);
    let server = TestServer::start_at(clock.clone(), &world_with_users(), |_| {});
    for way in WAYS {
        clock.set(start_time);
        let name = format!("slow-{way:?}");
        let request = full().at(start_time).way(way).sign(create(&name), None);
        server.send(&request).data();
        let bytes = request.bytes(server.address);
        let (begin, end) = bytes.split_at(bytes.len() - 1);
        clock.set(start_time + 900);
        let mut connection = Connection::open(server.address);
        connection.send(begin).unwrap();
        let begun = Instant::now();
        while under_way(&server) < 2 {
            assert!(begun.elapsed().as_secs() < 30, "the head does not arrive");
        }
        clock.set(start_time + 961);
        server.send(&full().at(start_time + 961).sign(list(), None)).data();
        connection.send(end).unwrap();
        check(&connection.receive(), Gateway::TimestampExpired.entry());
    }
}
