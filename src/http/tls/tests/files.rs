//! Files that make no certificate: each is told apart, and nothing of what they hold is told.

use super::*;

/// A base64 line that no real file has, to be looked for in texts.
const CANARY: &str = "CANARYCANARYCANARYCANARY";

const NO_CERTIFICATE: &str = "CHAIN: there is no CERTIFICATE block in PEM";
const NO_KEY: &str = "KEY: there is no PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block in PEM";
const ENCRYPTED: &str = "KEY: the private key is encrypted; only a plain key can be used";
const UNUSABLE: &str = "KEY: the private key cannot be used: it must be RSA with 2,048, 3,072 or 4,096 bits, ECDSA on \
                        P-256 or P-384, or Ed25519, undamaged, and an ECDSA key must hold its public key";
const FOREIGN: &str = "the key in KEY does not belong to the first certificate in CHAIN";

/// What is said of this folder's files, with `CHAIN` and `KEY` for their paths. Neither the text for
/// the user nor the one for developers repeats eight bytes of a block.
fn complaint(folder: &Folder) -> String {
    let error = folder.load().unwrap_err();
    for file in [folder.chain(), folder.key()] {
        let text = fs::read(file).unwrap_or_default();
        let texts = format!("{error} {error:?}");
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"-----"));
        for piece in lines.flat_map(|line| line.windows(8)) {
            let is_told = texts.as_bytes().windows(8).any(|window| window == piece);
            assert!(!is_told, "{} is in {texts}", String::from_utf8_lossy(piece));
        }
    }
    let text = error.replace(&folder.chain().display().to_string(), "CHAIN");
    text.replace(&folder.key().display().to_string(), "KEY")
}

/// A block with other contents.
fn block(label: &str, contents: &str) -> String {
    format!("-----BEGIN {label}-----\n{contents}\n-----END {label}-----\n")
}

/// A text up to its first END line.
fn endless(pem: &str) -> &str {
    pem.split("-----END").next().unwrap()
}

#[test]
fn files_without_the_right_block_are_told_apart() {
    for (chain, key, expected) in [
        ("", ONE_KEY, NO_CERTIFICATE),
        (CANARY, ONE_KEY, NO_CERTIFICATE),
        (ONE_KEY, ONE_KEY, NO_CERTIFICATE),
        (&block("TRUSTED CERTIFICATE", CANARY), ONE_KEY, NO_CERTIFICATE),
        (ONE_CRT, "", NO_KEY),
        (ONE_CRT, CANARY, NO_KEY),
        (ONE_CRT, ONE_CRT, NO_KEY),
        (ONE_CRT, &block("PUBLIC KEY", CANARY), NO_KEY),
        (ONE_CRT, &block("OPENSSH PRIVATE KEY", CANARY), NO_KEY),
    ] {
        assert_eq!(complaint(&Folder::with(chain, key)), expected);
    }
}

#[test]
fn malformed_blocks_are_told_apart() {
    let cut = endless(ONE_KEY);
    let half = ONE_CRT.replacen("-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE", 1);
    for (chain, key, expected) in [
        (endless(ONE_CRT), ONE_KEY, "CHAIN: a PEM block has no END line"),
        (ONE_CRT, cut, "KEY: a PEM block has no END line"),
        (
            ONE_CRT,
            &format!("{cut}-----END RSA PRIVATE KEY-----\n"),
            "KEY: a PEM block has no END line",
        ),
        (&half, ONE_KEY, "CHAIN: a BEGIN line of PEM is malformed"),
        (ONE_CRT, "-----BEGIN PRIVATE KEY CANARY\n", "KEY: a BEGIN line of PEM is malformed"),
        (&block("CERTIFICATE", "*CANARY*CANARY*"), ONE_KEY, "CHAIN: a PEM block is not base64"),
        (ONE_CRT, &block("PRIVATE KEY", "*CANARY*CANARY*"), "KEY: a PEM block is not base64"),
        // Also behind the first certificate, which alone would do.
        (
            &[ONE_CRT, &block("CERTIFICATE", "ü")].concat(),
            ONE_KEY,
            "CHAIN: a PEM block is not base64",
        ),
    ] {
        let told = complaint(&Folder::with(chain, key));
        assert_eq!(told, expected);
        assert!(!told.contains("CANARY"));
    }
}

#[test]
fn encrypted_keys_are_told_as_such() {
    for key in [fixture!("encrypted-pkcs8.key"), fixture!("encrypted-pkcs1.key")] {
        assert_eq!(complaint(&Folder::with(RSA_CRT, key)), ENCRYPTED);
    }
}

#[test]
fn keys_that_cannot_sign_are_refused() {
    for (chain, key) in [
        (fixture!("rsa1024.crt"), fixture!("rsa1024.key")),
        (fixture!("rsa8192.crt"), fixture!("rsa8192.key")),
        (fixture!("p521.crt"), fixture!("p521.key")),
        (fixture!("p521.crt"), fixture!("p521-sec1.key")),
        (fixture!("secp256k1.crt"), fixture!("secp256k1.key")),
        (fixture!("ed448.crt"), fixture!("ed448.key")),
        (fixture!("explicit.crt"), fixture!("explicit.key")),
        (fixture!("p256.crt"), fixture!("p256-nopub.key")),
        (fixture!("p384.crt"), fixture!("p384-nopub.key")),
        (ONE_CRT, &block("PRIVATE KEY", CANARY)),
        (ONE_CRT, &block("RSA PRIVATE KEY", CANARY)),
        (ONE_CRT, &block("EC PRIVATE KEY", CANARY)),
        (ONE_CRT, &block("PRIVATE KEY", "")),
        // A certificate under the name of a key.
        (ONE_CRT, &ONE_CRT.replace("CERTIFICATE", "PRIVATE KEY")),
    ] {
        assert_eq!(complaint(&Folder::with(chain, key)), UNUSABLE, "{key}");
    }
}

#[test]
fn a_key_of_another_certificate_is_refused() {
    let mut blocks: Vec<_> = ONE_CRT.split_inclusive("-----END CERTIFICATE-----\n").collect();
    blocks.reverse();
    let turned = blocks.concat();
    for (chain, key) in [
        (ONE_CRT, TWO_KEY),
        (ONE_CRT, RSA_KEY),
        (RSA_CRT, fixture!("rsa2048-other.key")),
        (fixture!("p256.crt"), fixture!("p256-other.key")),
        (fixture!("p384.crt"), fixture!("p384-other.key")),
        (fixture!("ed25519.crt"), fixture!("ed25519-other.key")),
        // The server's own certificate must be the first.
        (&turned, ONE_KEY),
        // The first key counts.
        (ONE_CRT, &[TWO_KEY, ONE_KEY].concat()),
    ] {
        assert_eq!(complaint(&Folder::with(chain, key)), FOREIGN);
    }
}

#[test]
fn a_certificate_that_is_none_is_refused() {
    for (chain, reason) in [
        (block("CERTIFICATE", CANARY), "BadEncoding"),
        (block("CERTIFICATE", ""), "BadEncoding"),
        // One of X.509's first version has no room for names of hosts.
        (fixture!("p256-expired.crt").to_owned(), "Other(OtherError(UnsupportedCertVersion))"),
    ] {
        let told = complaint(&Folder::with(&chain, fixture!("p256.key")));
        let beginning = "CHAIN: the first certificate cannot be used: ";
        assert_eq!(told, format!("{beginning}invalid peer certificate: {reason}"));
    }
}

#[test]
fn files_that_cannot_be_read_are_told_with_the_reason() {
    const MISSING: &str = "No such file or directory (os error 2)";
    const DIRECTORY: &str = "Is a directory (os error 21)";
    let replace = |path: &Path, with_directory: bool| {
        fs::remove_file(path).unwrap();
        if with_directory {
            fs::create_dir(path).unwrap();
        }
    };
    for (is_directory, reason) in [(false, MISSING), (true, DIRECTORY)] {
        let folder = Folder::with(ONE_CRT, ONE_KEY);
        replace(&folder.key(), is_directory);
        assert_eq!(complaint(&folder), format!("cannot read KEY: {reason}"));
        let folder = Folder::with(ONE_CRT, ONE_KEY);
        replace(&folder.chain(), is_directory);
        assert_eq!(complaint(&folder), format!("cannot read CHAIN: {reason}"));
    }
}

#[test]
fn a_file_may_have_one_mebibyte() {
    let filled = |pem: &str, length: usize| format!("{pem}{}", "\n".repeat(length - pem.len()));
    let (most, more) = (1024 * 1024, 1024 * 1024 + 1);
    Folder::with(&filled(ONE_CRT, most), &filled(ONE_KEY, most)).load().unwrap();
    for (chain, key, expected) in [
        (filled(ONE_CRT, more), filled(ONE_KEY, most), "CHAIN: it is larger than 1 MiB"),
        (filled(ONE_CRT, most), filled(ONE_KEY, more), "KEY: it is larger than 1 MiB"),
    ] {
        assert_eq!(complaint(&Folder::with(&chain, &key)), expected);
    }
    // What has no end, or none that comes, is not begun.
    let error = Certificates::load(Path::new("/dev/zero"), Path::new("/dev/zero")).unwrap_err();
    assert_eq!(error, "/dev/zero: it is not a regular file");
}

#[test]
fn what_developers_see_of_certificates_is_a_path() {
    let folder = Folder::with(ONE_CRT, ONE_KEY);
    let seen = format!("{:?}", folder.load().unwrap());
    assert_eq!(seen, format!("Certificates {{ chain: {:?}, .. }}", folder.chain()));
}
