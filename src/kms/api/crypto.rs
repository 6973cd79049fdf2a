//! The handlers of encryption and decryption.

use serde::Serialize;

use super::{
    errors::Fault,
    keys::key,
    request::{Handled, Map, Request},
};
use crate::kms::model::{CiphertextBlob, DataKeyLength, EncryptionContext, KeyForms, Plaintext};

/// `GenerateDataKey`.
pub async fn generate_data_key(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ANY)?;
    let (length, bound) = (length(&request)?, bound(&request)?);
    let (context, action) = (request.context.clone(), request.operation.action());
    let made = request.service.generate_data_key(context, action, named, length, bound).await?;
    request.note_key_id(&made.blob.key);
    request.answer(&DataKeyBody {
        plaintext: &made.plain.to_base64(),
        ciphertext: CiphertextBody::of(&made.blob),
    })
}

/// `GenerateDataKeyWithoutPlaintext`.
pub async fn generate_data_key_without_plaintext(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ID_OR_ALIAS)?;
    let (length, bound) = (length(&request)?, bound(&request)?);
    let (context, action) = (request.context.clone(), request.operation.action());
    let made = request.service.generate_data_key(context, action, named, length, bound).await?;
    request.note_key_id(&made.blob.key);
    request.answer(&CiphertextBody::of(&made.blob))
}

/// `Encrypt`.
pub async fn encrypt(request: Request<'_>) -> Handled {
    let named = key(&request, KeyForms::ANY)?;
    let plain = Plaintext::parse(&request.required("Plaintext")?)?;
    let bound = bound(&request)?;
    let context = request.context.clone();
    let blob = request.service.encrypt(context, named, plain, bound).await?;
    request.note_key_id(&blob.key);
    request.answer(&CiphertextBody::of(&blob))
}

/// `Decrypt`.
pub async fn decrypt(request: Request<'_>) -> Handled {
    let blob = CiphertextBlob::parse(&request.required("CiphertextBlob")?)?;
    request.note_key_id(&blob.key);
    let bound = bound(&request)?;
    let opened = request.service.decrypt(request.context.clone(), blob, bound).await?;
    request.answer(&PlaintextBody {
        plaintext: &opened.plain.to_base64(),
        key_id: opened.key.as_str(),
        key_version_id: opened.version.to_string(),
    })
}

fn length(request: &Request<'_>) -> Result<DataKeyLength, Fault> {
    let spec = request.text("KeySpec")?;
    let bytes = request.number("NumberOfBytes")?;
    Ok(DataKeyLength::parse(spec.as_deref(), bytes.map(i64::from))?)
}

/// What is bound to a ciphertext.
fn bound(request: &Request<'_>) -> Result<EncryptionContext, Fault> {
    Ok(match request.map("EncryptionContext")? {
        None => EncryptionContext::default(),
        Some(Map::Json(text)) => EncryptionContext::parse(&text)?,
        Some(Map::Pairs(pairs)) => EncryptionContext::from_pairs(pairs)?,
    })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CiphertextBody<'a> {
    ciphertext_blob: String,
    key_id: &'a str,
    key_version_id: String,
}

impl<'a> CiphertextBody<'a> {
    fn of(blob: &'a CiphertextBlob) -> Self {
        Self {
            ciphertext_blob: blob.text(),
            key_id: blob.key.as_str(),
            key_version_id: blob.version.to_string(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct DataKeyBody<'a> {
    plaintext: &'a str,
    #[serde(flatten)]
    ciphertext: CiphertextBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PlaintextBody<'a> {
    plaintext: &'a str,
    key_id: &'a str,
    key_version_id: String,
}
