//! The listener's certificate: what it has to be, and how it is replaced.

use super::*;
use crate::child::binary;

/// What a client is shown that has no earlier session to go on with.
fn shown(server: &Server) -> Vec<rustls::pki_types::CertificateDer<'static>> {
    tls::chain(&tls::greet(server.address))
}

/// No line of a key's block may be in a text.
fn assert_silent_about_keys(text: &str) {
    for name in ["one", "two"] {
        let key = fixture(&format!("tls/listener/{name}.key"));
        let lines: Vec<_> = key.lines().filter(|line| !line.contains([' ', '-'])).collect();
        assert!(lines.len() > 1);
        for line in lines {
            assert!(!text.contains(line), "{line} is in {text}");
        }
    }
}

#[test]
fn a_hangup_shows_the_new_certificate_to_new_connections() {
    let folder = Folder::new();
    let server = start(&folder);
    let mut open = server.connect();
    let mut ask = || {
        open.send(&full().sign(list(), None).bytes(server.address)).unwrap();
        open.receive().data();
    };
    ask();
    place(&folder, "listener/two", "listener/two");
    assert_eq!(shown(&server), tls::certificates("listener/one"), "files alone change nothing");
    server.signal("-HUP");
    wait_until("the new certificate is not shown", || {
        shown(&server) == tls::certificates("listener/two")
    });
    ask();
    server.send(&full().sign(list(), None)).data();
    let chain = folder.path().join("chain.pem");
    let told = format!("the certificate in {} has been read again", chain.display());
    wait_until("it is not told", || server.log().contains(&told));
}

#[test]
fn a_hangup_with_unusable_files_changes_nothing_and_is_told() {
    const CANARY: &str = "*CANARY*CANARY*";
    let folder = Folder::new();
    place(&folder, "listener/one", "listener/one");
    let mut server = start_with(&folder, |command| {
        command.env("RUST_LOG", "trace");
    });
    let mut open = server.connect();
    let key = folder.path().join("key.pem");
    let mut hang_up = |reason: &str| {
        server.signal("-HUP");
        let told = format!("the certificate stays unchanged: {reason}");
        wait_until(reason, || server.log().contains(&told));
        assert_eq!(shown(&server), tls::certificates("listener/one"), "{reason}");
        open.send(&full().sign(list(), None).bytes(server.address)).unwrap();
        open.receive().data();
    };
    fs::write(&key, CANARY).unwrap();
    hang_up(&format!("{}: there is no PRIVATE KEY", key.display()));
    let block = format!("-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n");
    fs::write(&key, block).unwrap();
    hang_up(&format!("{}: a PEM block is not base64", key.display()));
    place(&folder, "listener/one", "listener/two");
    hang_up(&format!("the key in {} does not belong to the first certificate", key.display()));
    fs::remove_file(&key).unwrap();
    hang_up(&format!("cannot read {}: No such file or directory", key.display()));
    // Nobody writes to it, and nothing waits for it.
    assert!(Command::new("mkfifo").arg(&key).status().unwrap().success());
    hang_up(&format!("{}: it is not a regular file", key.display()));
    fs::remove_file(&key).unwrap();
    place(&folder, "listener/two", "listener/two");
    server.signal("-HUP");
    wait_until("it does not recover", || shown(&server) == tls::certificates("listener/two"));
    server.terminate();
    server.wait();
    let log = server.log();
    assert_silent_about_keys(&log);
    assert!(!log.contains("CANARY"), "{log}");
}

/// What a server says that is to end at once, with these flags and variables.
fn refusal(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
    let mut command = binary();
    command.args(["serve", "--listen", "127.0.0.1:0", "--database-url", "sqlite::memory:"]);
    command.args(flags.iter().flat_map(|(name, value)| [name, value]));
    let output = command.envs(variables.iter().copied()).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("listening"), "{said}");
    assert_silent_about_keys(&said);
    said
}

#[test]
fn half_of_a_pair_is_refused_with_the_flag_that_is_missing() {
    let folder = Folder::new();
    place(&folder, "listener/one", "listener/one");
    let file = |name| folder.path().join(name).display().to_string();
    let (chain, key) = (file("chain.pem"), file("key.pem"));
    for (flags, variables, missing) in [
        (&[("--tls-cert", chain.as_str())][..], &[][..], "--tls-key"),
        (&[("--tls-key", &key)], &[], "--tls-cert"),
        (&[], &[("SAE_SECRET_TLS_CERT", chain.as_str())], "--tls-key"),
        (&[], &[("SAE_SECRET_TLS_KEY", key.as_str())], "--tls-cert"),
    ] {
        let said = refusal(flags, variables);
        let expected = format!("--tls-cert and --tls-key belong together: {missing} is missing");
        assert!(said.contains(&expected), "{said}");
    }
}

#[test]
fn files_that_make_no_pair_are_refused_with_their_names() {
    let folder = Folder::new();
    place(&folder, "listener/one", "listener/one");
    let file = |name: &str| folder.path().join(name).display().to_string();
    fs::write(file("two.key"), fixture("tls/listener/two.key")).unwrap();
    fs::write(file("sealed.key"), fixture("tls/encrypted-pkcs8.key")).unwrap();
    fs::write(file("empty"), "").unwrap();
    let (chain, key) = (file("chain.pem"), file("key.pem"));
    for (with_chain, with_key, expected) in [
        (
            &chain,
            file("two.key"),
            format!(
                "the key in {} does not belong to the first certificate in {chain}",
                file("two.key")
            ),
        ),
        (&key, key.clone(), format!("{key}: there is no CERTIFICATE block")),
        (&chain, chain.clone(), format!("{chain}: there is no PRIVATE KEY")),
        (
            &chain,
            file("sealed.key"),
            format!("{}: the private key is encrypted", file("sealed.key")),
        ),
        (&file("empty"), key.clone(), format!("{}: there is no CERTIFICATE", file("empty"))),
        (&file("none"), key.clone(), format!("cannot read {}: No such file", file("none"))),
        (&chain, file("none"), format!("cannot read {}: No such file", file("none"))),
        (&chain, file(""), format!("cannot read {}: Is a directory", file(""))),
    ] {
        let said = refusal(&[("--tls-cert", with_chain), ("--tls-key", &with_key)], &[]);
        assert!(said.contains(&expected), "{expected} in {said}");
        assert!(said.contains("SAE_SECRET_TLS_CERT"), "{said}");
    }
}
