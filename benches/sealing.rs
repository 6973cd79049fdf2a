//! What it costs to seal a value, to open it, and to wrap and unwrap the data key that does so.
//!
//! `make bench-micro`, or `cargo bench --bench sealing`. The numbers in brackets are bytes of the value.
#![allow(missing_docs, clippy::unwrap_used)]

use divan::{Bencher, black_box, counter::BytesCount};
use sae_secret::{
    clock::Timestamp,
    crypto::{Binding, DataEncryptionKey, DatabaseKey, MasterKeys, random_id},
};

/// A handful of passwords, a certificate with its key, and what takes long.
const SIZES: [usize; 3] = [200, 4096, 65_536];

fn main() {
    divan::main();
}

#[divan::bench(args = SIZES)]
fn seal(bencher: Bencher<'_, '_>, size: usize) {
    let (key, value) = (DataEncryptionKey::generate().unwrap(), vec![b'x'; size]);
    bencher.counter(BytesCount::new(size)).bench_local(|| key.seal(black_box(&value)));
}

#[divan::bench(args = SIZES)]
fn open(bencher: Bencher<'_, '_>, size: usize) {
    let key = DataEncryptionKey::generate().unwrap();
    let sealed = key.seal(&vec![b'x'; size]).unwrap();
    assert!(key.open(&sealed).is_ok_and(|opened| opened.len() == size));
    bencher.counter(BytesCount::new(size)).bench_local(|| key.open(black_box(&sealed)));
}

#[divan::bench]
fn generate_data_key() -> DataEncryptionKey {
    DataEncryptionKey::generate().unwrap()
}

/// A place of a secret, and the key of a database.
fn with_place(run: impl FnOnce(&DatabaseKey, &Binding)) {
    let place = Binding::new("bench 1", &random_id().unwrap())
        .number(1_000_000)
        .text("cn-beijing:test")
        .text("registry-auth-acree");
    run(&DatabaseKey::generate().unwrap(), &place);
}

#[divan::bench]
fn wrap_data_key(bencher: Bencher<'_, '_>) {
    with_place(|key, place| {
        let data_key = DataEncryptionKey::generate().unwrap();
        bencher.bench_local(|| key.wrap_data_key(black_box(&data_key), black_box(place)));
    });
}

#[divan::bench]
fn unwrap_data_key(bencher: Bencher<'_, '_>) {
    with_place(|key, place| {
        let wrapped = key.wrap_data_key(&DataEncryptionKey::generate().unwrap(), place).unwrap();
        assert!(key.unwrap_data_key(&wrapped, place).is_ok());
        bencher.bench_local(|| key.unwrap_data_key(black_box(&wrapped), black_box(place)));
    });
}

/// Once a start for each key of the database.
#[divan::bench]
fn unwrap_database_key(bencher: Bencher<'_, '_>) {
    let masters = MasterKeys::generate("bench".parse().unwrap()).unwrap();
    let wrapped = DatabaseKey::generate().unwrap().wrap(&masters, Timestamp(0)).unwrap();
    assert!(DatabaseKey::unwrap(&wrapped, &masters).is_ok());
    bencher.bench_local(|| DatabaseKey::unwrap(black_box(&wrapped), black_box(&masters)));
}
