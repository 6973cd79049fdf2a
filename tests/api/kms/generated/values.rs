//! Values that are wrong, or nearly.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;
use serde_json::Value;

use super::{described::Parameter, pool::Pool};

/// Texts that are good for little.
const HOSTILE: [&str; 36] = [
    "",
    " ",
    "0",
    "-1",
    "1.5",
    "1e3",
    "00000000000000000001",
    "99999999999999999999",
    "٣",
    "true",
    "TRUE",
    "yes",
    "null",
    "None",
    "{}",
    "[]",
    "\"\"",
    "{\"a\":{\"b\":[]}}",
    "[{\"Key\":\"SecretName\",\"Values\":\"x\"}]",
    "\u{0}",
    "\u{1}\u{b}",
    "\u{FFFE}\u{FFFF}",
    "é中\u{1F511}",
    "\u{202E}\u{2028}",
    "'; DROP TABLE kms_secrets; --",
    "<&>\"']]><!--",
    "a\r\nX-Injected: 1",
    "../../etc/passwd",
    "%s%n%00",
    "${jndi:ldap://127.0.0.1/x}",
    "acs:kms:cn-hangzhou:1000000000000001:secret/",
    "acs:kms:cn-hangzhou:2000000000000002:secret/app/db",
    "acs:kms:cn-beijing:1000000000000001:key/key-hzz000000example0001",
    "alias/acs/x",
    "$Auto",
    "key-hzz000000example0001",
];

/// A text that is good for little.
pub fn hostile(random: &mut Rng) -> &'static str {
    HOSTILE[random.usize(..HOSTILE.len())]
}

/// A value for a parameter that is wrong, or at the border of what is right.
pub fn wrong(random: &mut Rng, parameter: &Parameter, pool: &mut Pool) -> String {
    let value = match random.u8(..10) {
        0..4 => bordering(random, parameter),
        4..7 => Some(pool.other(random, parameter)),
        7 => parameter.examples.get(random.usize(..4)).cloned(),
        _ => None,
    };
    let value = value.unwrap_or_else(|| hostile(random).to_owned());
    // A secret must be told from whatever else is sent: it must come out nowhere.
    if parameter.is_secret() && !value.is_empty() {
        let is_long_base64 = parameter.name == "Plaintext" && value.len() > 60;
        return match is_long_base64 {
            true => STANDARD.encode(pool.secret_data(&value[..value.len() / 4 * 3])),
            false => pool.secret_data(&value),
        };
    }
    value
}

/// At the border of what the schema allows.
fn bordering(random: &mut Rng, parameter: &Parameter) -> Option<String> {
    if parameter.is_json {
        return Some(bent(random, parameter.examples.first().map_or("{}", String::as_str)));
    }
    let schema = parameter.schema;
    if let (Some(least), most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        let most = most.unwrap_or(i64::from(i32::MAX));
        let numbers = [least - 1, least, least + 1, most - 1, most, most + 1];
        return Some(numbers[random.usize(..numbers.len())].to_string());
    }
    if let Some(known) = schema["enum"].as_array() {
        let text = known[random.usize(..known.len())].as_str()?;
        return Some(match random.u8(..4) {
            0 => text.to_lowercase(),
            1 => text.to_uppercase(),
            2 => format!("{text} "),
            _ => text.to_owned(),
        });
    }
    if let Some(most) = schema["maxLength"].as_u64() {
        let most = usize::try_from(most).ok()? + random.usize(..2);
        let begin = parameter.examples.first().map_or("", String::as_str);
        return Some(begin.chars().chain(std::iter::repeat('x')).take(most).collect());
    }
    if parameter.kind == "RotationInterval" {
        let texts = [
            "6h", "5h", "21599s", "21600s", "8760h", "8761h", "7", "7D", "1w", "6,0,0m", ",6h",
            "6,h",
        ];
        return Some(texts[random.usize(..texts.len())].to_owned());
    }
    if parameter.kind == "PasswordLength" || parameter.kind == "RecoveryWindow" {
        let texts = ["6", "7", "8", "30", "31", "128", "129", "08", "+8", "8.0"];
        return Some(texts[random.usize(..texts.len())].to_owned());
    }
    // What has a pattern has a limit in it.
    let length = [63, 64, 65, 128, 129, 192, 193, 255, 256][random.usize(..9)];
    let begin = parameter.examples.first().map_or("a", String::as_str);
    let fill = ["x", "-", "é"][random.usize(..3)];
    Some(begin.to_owned() + &fill.repeat(length - begin.chars().count().min(length)))
}

/// JSON that is nearly the example.
fn bent(random: &mut Rng, example: &str) -> String {
    let value: Value = serde_json::from_str(example).unwrap_or_default();
    match random.u8(..12) {
        0 => example[..example.len() - 1].to_owned(),
        1 => format!("{example},"),
        2 => format!(" {} ", example.replace(':', " : ")),
        3 => Value::Array(vec![value; 2]).to_string(),
        4 => Value::Array(vec![Value::Null; 30]).to_string(),
        5 => match value {
            Value::Array(items) => {
                Value::Array(items.iter().cycle().take(30).cloned().collect()).to_string()
            }
            other => other.to_string().replacen('{', "{\"\":0,", 1),
        },
        6 => example.replace('"', "\\\""),
        7 => example.replacen('{', "{\"SecretName\":1,", 1),
        8 => "[".repeat(200) + &"]".repeat(200),
        9 => match value {
            Value::Object(members) => {
                let kept = members.into_iter().skip(1).collect();
                Value::Object(kept).to_string()
            }
            other => other.to_string().replace("\"Key\"", "\"key\"").replace("TagKey", "tagKey"),
        },
        10 => example.replacen("\":\"", "\":\"\\u0000<&>\\ud83d\\udd11", 1),
        _ => example.replacen("\":\"", &format!("\":\"{}", "x".repeat(40_000)), 1),
    }
}
