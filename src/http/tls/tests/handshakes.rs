//! What a client gets: keys that sign, whole chains, protocols, and the newest files.

use super::*;

#[test]
fn every_kind_of_key_signs_for_its_certificate() {
    for (chain, key) in [
        (RSA_CRT, RSA_KEY),
        (RSA_CRT, fixture!("rsa2048-pkcs1.key")),
        (fixture!("p256.crt"), fixture!("p256.key")),
        // These two begin with an EC PARAMETERS block.
        (fixture!("p256.crt"), fixture!("p256-sec1.key")),
        (fixture!("p384.crt"), fixture!("p384-sec1.key")),
        (fixture!("p384.crt"), fixture!("p384.key")),
        (fixture!("ed25519.crt"), fixture!("ed25519.key")),
        (ONE_CRT, ONE_KEY),
        (ONE_CRT, fixture!("listener/one-sec1.key")),
    ] {
        let folder = Folder::with(chain, key);
        let certificates = folder.load().unwrap_or_else(|error| panic!("{error}: {chain}{key}"));
        for version in [&TLS12, &TLS13] {
            let shaken = shake(&certificates, client(&[version], &[])).unwrap();
            assert_eq!(shaken.peer_certificates().unwrap(), ders(chain));
        }
    }
}

#[test]
fn the_chain_is_shown_whole_and_in_the_order_of_its_file() {
    let chain = [ONE_CRT, fixture!("listener/ca.crt")].concat();
    let certificates = Folder::with(&chain, ONE_KEY).load().unwrap();
    let shown = shown(&certificates);
    assert_eq!(shown.len(), 3);
    assert_eq!(shown, ders(&chain));
}

#[test]
fn both_may_stand_in_one_file() {
    for both in [[ONE_CRT, ONE_KEY], [ONE_KEY, ONE_CRT]] {
        let text = format!("Bag Attributes\r\n{}\nand so on", both.concat().replace('\n', "\r\n"));
        let folder = Folder::with(&text, "");
        let certificates = Certificates::load(&folder.chain(), &folder.chain()).map(Arc::new);
        assert_eq!(shown(&certificates.unwrap()), ders(ONE_CRT));
    }
}

#[test]
fn the_first_key_of_a_file_counts() {
    let folder = Folder::with(ONE_CRT, &[ONE_KEY, TWO_KEY].concat());
    assert_eq!(shown(&folder.load().unwrap()), ders(ONE_CRT));
}

#[test]
fn tls_is_1_3_or_1_2_without_early_data() {
    let certificates = Folder::with(ONE_CRT, ONE_KEY).load().unwrap();
    for (offered, agreed) in
        [(&[&TLS12, &TLS13][..], &TLS13), (&[&TLS13], &TLS13), (&[&TLS12], &TLS12)]
    {
        let shaken = shake(&certificates, client(offered, &[])).unwrap();
        assert_eq!(shaken.protocol_version(), Some(agreed.version));
    }
    assert_eq!(server_config(certificates).unwrap().max_early_data_size, 0);
}

#[test]
fn a_reload_takes_what_the_files_hold_now() {
    let folder = Folder::with(ONE_CRT, ONE_KEY);
    let certificates = folder.load().unwrap();
    folder.write(TWO_CRT, TWO_KEY);
    assert_eq!(shown(&certificates), ders(ONE_CRT));
    certificates.reload().unwrap();
    assert_eq!(shown(&certificates), ders(TWO_CRT));
    // Another kind of key is no hindrance.
    folder.write(RSA_CRT, RSA_KEY);
    certificates.reload().unwrap();
    assert_eq!(shown(&certificates), ders(RSA_CRT));
}

#[test]
fn a_reload_that_fails_leaves_the_certificate_as_it_was() {
    let folder = Folder::with(ONE_CRT, ONE_KEY);
    let certificates = folder.load().unwrap();
    for (chain, key) in [(TWO_CRT, ONE_KEY), (ONE_CRT, TWO_KEY), (ONE_CRT, ""), ("", ONE_KEY)] {
        folder.write(chain, key);
        certificates.reload().unwrap_err();
        assert_eq!(shown(&certificates), ders(ONE_CRT));
    }
    fs::remove_file(folder.key()).unwrap();
    certificates.reload().unwrap_err();
    assert_eq!(shown(&certificates), ders(ONE_CRT));
    folder.write(TWO_CRT, TWO_KEY);
    certificates.reload().unwrap();
    assert_eq!(shown(&certificates), ders(TWO_CRT));
}
