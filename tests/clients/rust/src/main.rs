//! KMS through the Rust SDK: plays the scenarios of `kms.json`, which tells what they are made of, by GET and by POST.
//!
//! The server is the one of SAE_SERVER; the folder with the expectations is the only argument. COUNTS names a file for
//! `PASSED FAILED`.

mod matching;
mod way;

use std::{
    env,
    error::Error,
    fs,
    path::Path,
    process::ExitCode,
    sync::atomic::{AtomicUsize, Ordering},
};

use serde_json::{Value, json};

use matching::{Known, filled, is_request_id, is_worded, mismatch};
use way::Way;

/// What a test says where it fails.
type Verdict = Result<(), String>;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = env::args_os().nth(1).ok_or("usage: sae-secret-client-tests FOLDER")?;
    let kms = read(Path::new(&folder), "kms.json")?;
    let expected = read(Path::new(&folder), "expectations.json")?;
    let server = env::var("SAE_SERVER")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;

    let mut failed = 0;
    let mut passed = 0;
    let mut report = |title: String, verdict: Verdict| match verdict {
        Ok(()) => passed += 1,
        Err(wrong) => {
            println!("FAILED {title}: {wrong}");
            failed += 1;
        }
    };
    for method in ["GET", "POST"] {
        let suite = Suite {
            kms: &kms,
            way: Way {
                method,
                endpoint: format!("http://{server}/"),
                version: text(&kms["version"]).into(),
                callers: &expected["callers"],
                runtime: &runtime,
            },
        };
        for scenario in list(&kms["scenarios"]) {
            if scenario.get("over").is_none_or(|over| over == method) {
                report(format!("{} by {method}", scenario["title"]), suite.play(scenario));
            }
        }
        // This SDK takes the time from the machine.
        let refusals = list(&kms["caller_refusals"]);
        for refusal in refusals.iter().filter(|each| each.get("clock_seconds").is_none()) {
            let parameters = json!({ "SecretName": "unwelcome" });
            let (caller, refused) = (text(&refusal["caller"]), &refusal["refused"]);
            let verdict = suite.refused(caller, "GetSecretValue", &parameters, refused);
            report(format!("{} by {method}", refusal["title"]), verdict);
        }
    }
    println!("{passed} passed, {failed} failed");
    if let Some(counts) = env::var_os("COUNTS") {
        fs::write(counts, format!("{passed} {failed}\n"))?;
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

struct Suite<'a> {
    kms: &'a Value,
    way: Way<'a>,
}

impl Suite<'_> {
    fn play(&self, scenario: &Value) -> Verdict {
        static SERIAL: AtomicUsize = AtomicUsize::new(1);

        let mut known: Known =
            members(&self.kms["texts"]).map(|(name, is)| (name.clone(), text(is).into())).collect();
        known.insert("here".into(), format!("t{}", SERIAL.fetch_add(1, Ordering::Relaxed)));
        for (index, step) in list(&scenario["steps"]).iter().enumerate() {
            self.step(step, &mut known)
                .map_err(|wrong| format!("step {}, {}: {wrong}", index + 1, step["call"]))?;
        }
        Ok(())
    }

    fn step(&self, step: &Value, known: &mut Known) -> Verdict {
        let caller = step.get("as").map_or("dev", text);
        let operation = text(&step["call"]);
        let parameters = filled(&step["with"], known)?;
        if let Some(refused) = step.get("refused") {
            return self.refused(caller, operation, &parameters, &filled(refused, known)?);
        }
        let reply =
            self.way.call(caller, operation, &parameters).map_err(|error| error.to_string())?;
        if !is_request_id(text(&reply["RequestId"])) {
            return Err(format!("not a request id: {}", reply["RequestId"]));
        }
        // Some clients take a reply that holds the first three for an error.
        let absent = step.get("absent").map_or(&[][..], list).iter().map(text);
        for name in ["Code", "Message", "Success"].into_iter().chain(absent) {
            if reply.get(name).is_some() {
                return Err(format!("{name} is there: {reply}"));
            }
        }
        mismatch(&filled(&step["reply"], known)?, &reply, "reply")?;
        for (name, path) in step.get("save").into_iter().flat_map(members) {
            let saved = text(path).split('.').fold(&reply, |value, member| &value[member]);
            known.insert(name.clone(), text(saved).into());
        }
        Ok(())
    }

    fn refused(
        &self,
        caller: &str,
        operation: &str,
        parameters: &Value,
        refused: &Value,
    ) -> Verdict {
        use aliyun_openapi_core_rust_sdk::client::error::Error::InvalidResponse;

        match self.way.call(caller, operation, parameters) {
            Ok(reply) => Err(format!("not refused: {reply}")),
            // The status is nothing that this SDK tells.
            Err(InvalidResponse { request_id, error_code, error_message })
                if error_code == text(&refused[0])
                    && is_worded(text(&refused[1]), &error_message)
                    && is_request_id(&request_id) =>
            {
                Ok(())
            }
            Err(other) => Err(format!("not {refused}: {other:?}")),
        }
    }
}

fn read(folder: &Path, name: &str) -> Result<Value, Box<dyn Error>> {
    Ok(serde_json::from_slice(&fs::read(folder.join(name))?)?)
}

/// A text of the expectations or of a reply; none is empty.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}
