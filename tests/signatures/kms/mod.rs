//! KMS: requests of RPC style, signed over their parameters or by the newer way as its clients use it.

mod captures;
mod changed;
mod spellings;
mod vectors;

use sae_secret::access::{
    KeyMaterial, Refusal, authorization,
    signature::{
        Authorization,
        acs3::{self, Style},
        rpc::{self, Parameters, Rpc},
    },
};

use crate::sent::{self, Sent};

/// The key of most captures, and the temporary one of the others with its token. Both have the same secret.
const ID: &str = "LTAI5tFAKEFAKEFAKEFAKE01";
const SESSION: &str = "STS.FAKEFAKEFAKE";
const TOKEN: &str = "FakeStsToken/abc+==";
const SECRET: &str = "FakeSecretFakeSecretFakeSecret";

fn key(id: &str) -> Result<KeyMaterial, Refusal> {
    if [ID, SESSION].contains(&id) { Ok(sent::secret(SECRET)) } else { Err(Refusal::UnknownKey) }
}

/// The part of the body that the older way signs.
fn form(sent: &Sent) -> &[u8] {
    let content_type = sent.header("content-type").unwrap_or_default();
    let is_form = content_type.starts_with(b"application/x-www-form-urlencoded");
    if is_form { &sent.body } else { b"" }
}

fn parameters(sent: &Sent) -> Parameters<'_> {
    let target = std::str::from_utf8(&sent.target).unwrap();
    Parameters::read(target.split_once('?').map_or("", |(_, query)| query), form(sent))
}

/// Whether the signature is that of the key it names, and the body the signed one: by the pure functions alone.
fn check(sent: &Sent) -> Result<(), Refusal> {
    check_in(Style::Rpc, sent)
}

fn check_in(style: Style, sent: &Sent) -> Result<(), Refusal> {
    let answer = sent.signed(|request| match authorization(request)? {
        Some(Authorization::Acs3(claim)) => {
            let hash = claim.algorithm.hash(&sent.body);
            let is_body = request.values("x-acs-content-sha256").eq([hash.as_bytes()]);
            if !is_body || acs3::unsigned_header(request, &claim, style).is_some() {
                return Err(Refusal::Incomplete);
            }
            acs3::verify(request, &claim, &key(claim.access_key_id)?, style)
        }
        Some(Authorization::Roa(_)) => Err(Refusal::UnknownMethod),
        None => {
            let parameters = parameters(sent);
            let claim = Rpc::parse(&parameters)?;
            rpc::verify(request.method, &parameters, &claim, &key(claim.access_key_id)?)
        }
    });
    answer.unwrap_or(Err(Refusal::Incomplete))
}

/// Every capture by its name.
fn captures() -> Vec<(String, Sent)> {
    sent::captures_in("kms", |bytes| bytes)
}

/// A newer generation of the newer way, which is not supported.
fn is_acs4(name: &str) -> bool {
    name.contains("-sigv4")
}
