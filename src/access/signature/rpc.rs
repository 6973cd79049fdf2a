//! The older way of signing, of RPC style: an HMAC over all parameters, which is one of them (the platform's RPC request
//! signature, version 1.0).
//!
//! It covers the method and the parameters of query and form, wherever they stand, and nothing else: no path, no header, no
//! body that is not a form. Whoever takes a request has to ignore or refuse what is not signed.

use std::borrow::Cow;

use ring::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256};
use zeroize::Zeroizing;

use super::{KeyMaterial, is_hmac, query};
use crate::access::{CommonField, Refusal};

/// The parameters that a request was sent with, decoded, and sorted by name, then value. They may hold a secret's values, so
/// there is no `Debug`.
#[derive(Default)]
pub struct Parameters<'a>(Vec<[Cow<'a, [u8]>; 2]>);

impl<'a> Parameters<'a> {
    /// Those of a query and of a form, both as they were sent: `+` is a space, escapes that are none stay as they are. One
    /// that stands in both with the same value is signed once (seen in an SDK for Python). There is no limit to their
    /// number here.
    #[must_use]
    pub fn read(query: &'a str, form: &'a [u8]) -> Self {
        let mut pairs: Vec<_> = query::pairs(query.as_bytes()).collect();
        pairs.sort_unstable();
        let of_form = query::pairs(form).filter(|pair| pairs.binary_search(pair).is_err());
        let of_form: Vec<_> = of_form.collect();
        pairs.extend(of_form);
        pairs.sort_unstable();
        Self(pairs)
    }

    /// Whether anything of a signature is among them, if only that there is one.
    #[must_use]
    pub fn are_signed(&self) -> bool {
        const TELLS: [&[u8]; 7] = [
            b"AccessKeyId",
            b"BearerToken",
            b"SecurityToken",
            b"Signature",
            b"SignatureMethod",
            b"SignatureType",
            b"SignatureVersion",
        ];
        self.0.iter().any(|[name, _]| TELLS.contains(&name.as_ref()))
    }

    /// Which key is said to have signed; `None` also where that cannot be read.
    #[must_use]
    pub fn access_key_id(&self) -> Option<&str> {
        self.text("AccessKeyId").ok().flatten()
    }

    /// The value of a parameter; an empty one says nothing.
    fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let found = self.0.iter().find(|[known, _]| **known == *name.as_bytes());
        let text = found.map(|[_, value]| std::str::from_utf8(value)).transpose();
        Ok(text.map_err(|_| Refusal::Incomplete)?.filter(|text| !text.is_empty()))
    }

    fn required(&self, name: &str, field: CommonField) -> Result<&str, Refusal> {
        self.text(name)?.ok_or(Refusal::Missing(field))
    }
}

/// What a request says of its signature. It may hold a token, so there is no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Rpc<'a> {
    /// `SignatureMethod`: HMAC-SHA1, also where it is absent, or HMAC-SHA256.
    pub algorithm: hmac::Algorithm,
    /// Which key signed.
    pub access_key_id: &'a str,
    /// The signature in base64.
    pub signature: &'a str,
    /// When it was signed, as [`super::parse_rpc_date`] reads it.
    pub timestamp: &'a str,
    /// What makes the request the only one of its kind. KMS does not ask for it.
    pub nonce: Option<&'a str>,
    /// The token of a temporary key.
    pub security_token: Option<&'a str>,
}

/// How a client signs a parameter without a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyValues {
    /// `name=`: the rule.
    WithEqualsSign,
    /// Not at all: one of the Java SDKs, which sends it all the same.
    LeftOut,
}

impl<'a> Rpc<'a> {
    /// Finds the claim among the parameters.
    ///
    /// # Errors
    /// [`Refusal::UnknownMethod`] for RSA, bearer tokens and every other way than HMAC; that first, since such a request may
    /// have no key. [`Refusal::Missing`] for the first field that is absent or empty. [`Refusal::Incomplete`] when a
    /// parameter of any name stands twice: the signature does not cover which of them stands where, and so not which is meant.
    pub fn parse(parameters: &'a Parameters<'_>) -> Result<Self, Refusal> {
        let names = parameters.0.iter().map(|[name, _]| name);
        if !names.is_sorted_by(|name, next| name < next) {
            return Err(Refusal::Incomplete);
        }
        let is_other_type = parameters.text("SignatureType")?.is_some();
        let version = parameters.text("SignatureVersion")?;
        let algorithm = match parameters.text("SignatureMethod")? {
            None | Some("HMAC-SHA1") => HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Some("HMAC-SHA256") => HMAC_SHA256,
            Some(_) => return Err(Refusal::UnknownMethod),
        };
        if is_other_type || version.is_some_and(|version| version != "1.0") {
            return Err(Refusal::UnknownMethod);
        }
        Ok(Self {
            algorithm,
            access_key_id: parameters.required("AccessKeyId", CommonField::AccessKeyId)?,
            signature: parameters.required("Signature", CommonField::Signature)?,
            timestamp: parameters.required("Timestamp", CommonField::Timestamp)?,
            nonce: parameters.text("SignatureNonce")?,
            security_token: parameters.text("SecurityToken")?,
        })
    }
}

/// What a signature is made of.
#[must_use]
pub fn string_to_sign(
    method: &str,
    parameters: &Parameters<'_>,
    empty_values: EmptyValues,
) -> String {
    let is_signed = |[name, value]: &&[Cow<'_, [u8]>; 2]| {
        **name != *b"Signature"
            && (!value.is_empty() || empty_values == EmptyValues::WithEqualsSign)
    };
    let pairs = query::canonical(parameters.0.iter().filter(is_signed));
    format!("{method}&%2F&{}", query::encode(pairs.as_bytes()))
}

/// Verifies a signature, in either way of signing parameters without a value; the time that it takes does not depend on
/// where the signatures differ. [`Refusal::RpcMismatch`], also when the key is a key pair's, tells the text that the rule
/// makes: SDKs compare it with their own.
pub fn verify(
    method: &str,
    parameters: &Parameters<'_>,
    claim: &Rpc<'_>,
    key: &KeyMaterial,
) -> Result<(), Refusal> {
    let text = |empty_values| string_to_sign(method, parameters, empty_values);
    let told = text(EmptyValues::WithEqualsSign);
    if let KeyMaterial::Secret(secret) = key {
        let key = Zeroizing::new([secret.as_bytes(), b"&"].concat());
        let is_right =
            |text: &str| is_hmac(claim.algorithm, &key, text.as_bytes(), claim.signature);
        let has_empty = || parameters.0.iter().any(|[_, value]| value.is_empty());
        if is_right(&told) || (has_empty() && is_right(&text(EmptyValues::LeftOut))) {
            return Ok(());
        }
    }
    Err(Refusal::RpcMismatch { string_to_sign: told })
}
