//! The value of `.dockerconfigjson`, in both modes.
//!
//! An input is taken as the value, as what the value encodes, and, line by line, as registries and accounts.
#![no_main]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::Specification;
use libfuzzer_sys::fuzz_target;
use sae_secret::sae::model::docker_config::{
    DockerConfigMode, build, check, decode_auth, decode_base64,
};
use sae_secret_fuzz::holds;
use serde_json::{Map, Value, json};

/// Stands where secrets were, so that it can be told whether a reason shows any.
const CANARY: &str = "CANARY";

fuzz_target!(|input: &[u8]| {
    both_modes_keep_their_rules(&STANDARD.encode(input));
    let Ok(text) = std::str::from_utf8(input) else {
        let reason = check(&STANDARD.encode(input), DockerConfigMode::Lenient);
        holds!(reason.is_err_and(|reason| reason.contains("UTF-8")), "it is not UTF-8");
        return;
    };
    both_modes_keep_their_rules(text);
    base64_is_read_as_go_reads_it(text);

    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let (registry, username, password) = (line(), line(), line());
    a_registry_is_judged_by_its_parts(registry);
    an_account_is_judged_by_its_text(username, password);
    if !text.contains(CANARY) {
        no_reason_shows_a_secret(text, registry);
    }
});

fn both_modes_keep_their_rules(value: &str) {
    let answers =
        || [DockerConfigMode::Strict, DockerConfigMode::Lenient].map(|mode| check(value, mode));
    let [strict, lenient] = answers();
    holds!(answers() == [strict.clone(), lenient.clone()], "{value:?} is checked twice");
    holds!(strict.is_err() || lenient.is_ok(), "strict accepts {value:?}, lenient does not");
    for reason in [&strict, &lenient].into_iter().filter_map(|answer| answer.as_ref().err()) {
        holds!(!reason.contains(char::is_control), "a reason is one plain line: {reason:?}");
        holds!(reason.len() < 2000, "a reason is short: {reason:?}");
    }
    if !value.is_empty() {
        let pieces: Vec<String> = value.chars().map(|c| format!("{c}\r\n")).collect();
        let broken = check(&pieces.concat(), DockerConfigMode::Strict);
        holds!(broken == strict, "line breaks say nothing in {value:?}");
    }
    if lenient.is_ok()
        && let Some(config) = decoded(value)
    {
        holds!(config["auths"].is_object(), "{config} has an object auths");
        if strict.is_ok() {
            what_strict_accepts_is_whole(&config);
        }
    }
}

/// The configuration as another reader understands it; that one knows a depth and a greatest number.
fn decoded(value: &str) -> Option<Value> {
    serde_json::from_slice(&decode_base64(value)?).ok()
}

fn what_strict_accepts_is_whole(config: &Value) {
    let empty = Map::new();
    let auths = config["auths"].as_object().unwrap_or(&empty);
    holds!(!auths.is_empty(), "{config} names a registry");
    let mut registries = vec![];
    for (registry, entry) in auths {
        let field = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        let (username, password, auth) = (field("username"), field("password"), field("auth"));
        let is_named = !username.is_empty() && !username.contains(':') && !password.is_empty();
        holds!(is_named, "{entry} has a user name and a password");
        let pair = decode_auth(&auth).unwrap_or_default();
        holds!(*pair == format!("{username}:{password}").into_bytes(), "auth agrees in {entry}");
        registries.push((registry.clone(), username, password));
    }
    let again = check(&build(&registries), DockerConfigMode::Strict);
    holds!(again == Ok(()), "{config} is accepted when it is built anew: {again:?}");
}

fn base64_is_read_as_go_reads_it(text: &str) {
    let found = decode_base64(text);
    let mut go = Specification::new();
    go.symbols.push_str("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    go.padding = Some('=');
    go.ignore.push_str("\r\n");
    go.check_trailing_bits = false;
    // The other reader goes on behind padding.
    let bare: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let ends_once = !bare.trim_end_matches('=').contains('=');
    let expected = go.encoding().ok().and_then(|go| go.decode(text.as_bytes()).ok());
    let expected = expected.filter(|_| ends_once);
    holds!(found.as_deref() == expected.as_ref(), "{text:?} is read as Go reads it");
    if let Some(bytes) = found {
        let again = decode_base64(&STANDARD.encode(&*bytes));
        holds!(again.as_deref() == Some(&*bytes), "{text:?} is read when it is encoded anew");
    }
}

fn accepts(registry: &str, username: &str, password: &str) -> bool {
    let registry = (registry.to_owned(), username.to_owned(), password.to_owned());
    check(&build(&[registry]), DockerConfigMode::Strict).is_ok()
}

fn a_registry_is_judged_by_its_parts(name: &str) {
    let accepts = |name: &str| accepts(name, "user", "pass:word");
    let is_good = accepts(name);
    let scheme = ["https://", "http://"].into_iter().find(|scheme| name.starts_with(scheme));
    let rest = &name[scheme.unwrap_or_default().len()..];
    if is_good {
        let is_hostile = |c: char| !c.is_ascii_graphic() || "@?#%\\\"'".contains(c);
        holds!(!name.is_empty() && !name.contains(is_hostile), "{name:?} is plain");
        holds!(!rest.contains("//"), "{name:?} has no empty segment");
        let (host, _) = rest.split_once('/').unwrap_or((rest, ""));
        holds!(!host.is_empty(), "{name:?} has a host");
        for same in [
            rest.to_owned(),
            format!("http://{rest}"),
            format!("https://{rest}"),
            rest.to_ascii_uppercase(),
            rest.to_ascii_lowercase(),
            host.to_owned(),
            format!("{host}/"),
            format!("{host}/v1/"),
        ] {
            holds!(accepts(&same), "{same:?} is as good as {name:?}");
        }
    } else if scheme.is_none() && !name.contains("://") {
        for same in [format!("http://{name}"), format!("https://{name}")] {
            holds!(!accepts(&same), "{same:?} is no better than {name:?}");
        }
    }
    for bad in [
        format!("user@{rest}"),
        format!("{rest} "),
        format!("{name}?token"),
        format!("{name}#x"),
        format!("{rest}//x"),
        format!("ftp://{rest}"),
    ] {
        holds!(!accepts(&bad), "{bad:?} is no registry");
    }
}

fn an_account_is_judged_by_its_text(username: &str, password: &str) {
    let is_good = !username.is_empty() && !username.contains(':') && !password.is_empty();
    let accepted = accepts("registry.example:5000", username, password);
    holds!(accepted == is_good, "user name {username:?} and password {password:?}");
}

/// The configuration of the input with other secrets in it.
fn no_reason_shows_a_secret(text: &str, registry: &str) {
    let auth = STANDARD.encode(format!("{CANARY}:{CANARY}"));
    let entry = json!({ "username": CANARY, "password": CANARY, "auth": auth });
    let mut configs = vec![];
    for name in [
        registry.to_owned(),
        format!("{registry}:{CANARY}@registry.example"),
        format!("{registry}?token={CANARY}"),
        format!("https://user:{CANARY}@{registry}"),
    ] {
        let member = format!("{}:{entry}", Value::from(name));
        configs.push(format!("{{\"auths\":{{{member}}}}}"));
        configs.push(format!("{{\"auths\":{{{member},{member}}}}}"));
        configs.push(format!("{{\"auths\":{{{member}"));
    }
    if let Ok(mut config) = serde_json::from_str::<Value>(text) {
        hide("", &mut config, &auth);
        configs.push(config.to_string());
    }
    for config in configs {
        for value in [STANDARD.encode(&config), config] {
            for mode in [DockerConfigMode::Strict, DockerConfigMode::Lenient] {
                let reason = check(&value, mode).err().unwrap_or_default();
                let is_silent = !reason.contains(CANARY) && !reason.contains(&auth);
                holds!(is_silent, "a reason shows a secret: {reason:?}");
            }
        }
    }
}

/// Puts something that would be known again in the place of each text that is no name.
fn hide(name: &str, value: &mut Value, auth: &str) {
    match value {
        Value::String(text) => auth_or_canary(name, auth).clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| hide("", item, auth)),
        Value::Object(members) => {
            members.iter_mut().for_each(|(name, member)| hide(name, member, auth));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn auth_or_canary<'a>(name: &str, auth: &'a str) -> &'a str {
    if name == "auth" { auth } else { CANARY }
}
