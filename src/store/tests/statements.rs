//! Which statements a connection prepares once.

use diesel::{Connection, connection::InstrumentationEvent};

use super::*;
use crate::{
    sae::model::{SecretName, SecretSummary, SecretType, SecretUid, Version},
    sealed::{SealedData, WrappedDataKey, WrappedKey},
};

/// What requests do of the secrets in a namespace.
fn requests(tx: &mut Tx<'_>, place: &Namespace, key: &KeyId) -> Result<()> {
    let data_key = WrappedDataKey { key: key.clone(), bytes: vec![2] };
    let payload = SealedData(vec![3]);
    assert!(tx.take_secret_place(&place.id, 10)?);
    let (id, current) = tx.next_secret()?;
    assert_eq!(&current, key);
    let made = SecretSummary {
        id,
        uid: SecretUid::from_random([4; 16]),
        namespace: place.id.clone(),
        name: "s".to_owned(),
        secret_type: SecretType::Opaque,
        version: Version::FIRST,
        created: Timestamp(5),
        updated: Timestamp(5),
    };
    tx.insert_secret(&made, &data_key, &payload)?;
    tx.replace_payload(&made, &data_key, &payload)?;
    tx.stored_secret(&place.id, made.id)?;
    tx.secret_summary(&place.id, made.id)?;
    assert_eq!(tx.secret_summaries(&place.id)?.len(), 1);
    assert!(tx.has_secret_named(&place.id, &SecretName::parse("s")?)?);
    tx.namespace(&place.id)?;
    tx.delete_secret(&place.id, made.id)?;
    tx.free_secret_place(&place.id)
}

#[tokio::test]
async fn what_requests_do_is_prepared_once() {
    let store = store();
    let key = KeyId::from_random([7; 6]);
    let wrapped = WrappedKey {
        id: key.clone(),
        master: "m".parse().unwrap(),
        bytes: vec![1],
        created: Timestamp(0),
    };
    let (asked, kept) = (Arc::new(Mutex::new(vec![])), Arc::new(Mutex::new(vec![])));
    let (asking, keeping) = (Arc::clone(&asked), Arc::clone(&kept));
    let prepare = move |tx: &mut Tx<'_>| {
        tx.insert_namespace(&namespace("n"))?;
        tx.insert_current_key(&wrapped)?;
        let (asking, keeping) = (Arc::clone(&asking), Arc::clone(&keeping));
        tx.connection.set_instrumentation(move |event: InstrumentationEvent<'_>| match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                asking.lock().unwrap().push(query.to_string());
            }
            InstrumentationEvent::CacheQuery { sql, .. } => {
                keeping.lock().unwrap().push(sql.to_owned());
            }
            _ => {}
        });
        crate::sae::model::Result::Ok(())
    };
    store.write(prepare).await.unwrap();
    for _ in 0..2 {
        let key = key.clone();
        store.write(move |tx| requests(tx, &namespace("n"), &key)).await.unwrap();
    }
    let (asked, kept) = (asked.lock().unwrap(), kept.lock().unwrap());
    let begins = ["SELECT", "INSERT", "UPDATE", "DELETE"];
    let asked: Vec<&String> =
        asked.iter().filter(|query| begins.iter().any(|begin| query.starts_with(begin))).collect();
    assert!(asked.len() >= 24, "{asked:?}");
    for query in asked {
        let times = kept.iter().filter(|sql| query.starts_with(sql.as_str())).count();
        assert_eq!(times, 1, "{query} is prepared each time, or twice: {kept:?}");
    }
}
