//! One request, for every product, in the one order: the head is admitted before a byte of the body is read; then what the
//! body adds; the audit log has to be writable; the operation runs; what became of it is written down; the reply goes out.

use std::{sync::Arc, time::Instant};

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web::Payload};

use crate::{
    audit::{AuditLog, CallerEntry, Entry},
    clock::{Clock, Timestamp},
    http::{
        BodyBudget, BodyError, Outcome, Room, SharedOutcome, Source, TrustedProxies,
        browser::Sites, discard_body, read_body,
    },
};

/// What every product needs to answer requests. Cloning is cheap.
#[derive(Clone)]
pub struct Exchange {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The proxies that are believed about where a request comes from.
    pub proxies: TrustedProxies,
    /// Where each operation is written down; `None` for nowhere.
    pub audit: Option<AuditLog>,
    /// The room that large bodies share.
    pub bodies: BodyBudget,
    /// Where pages and host names of unsigned requests may come from.
    pub sites: Sites,
}

/// One request under way.
pub struct Call<'a> {
    /// Its head.
    pub head: &'a HttpRequest,
    /// Its id.
    pub request_id: String,
    /// When it arrived.
    pub now: Timestamp,
    /// Where it comes from.
    pub source: Source,
    /// What every product needs.
    pub exchange: &'a Exchange,
    /// What goes to the logs.
    pub outcome: SharedOutcome,
}

impl Call<'_> {
    /// The text of a header; `None` where it is absent or no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// Changes what goes to the logs.
    pub fn note(&self, change: impl FnOnce(&mut Outcome)) {
        change(&mut self.outcome.borrow_mut());
    }
}

/// A body that has been read, and the room that it takes as long as it is held: what is made of it is as large.
pub struct Body {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// To be held to the end of the operation.
    pub room: Room,
}

/// Why a request fails for no reason of its product.
#[derive(Debug)]
pub enum Failure {
    /// Its body did not arrive.
    Body(BodyError),
    /// Nothing was done: it could not be written down now.
    Unwritable(String),
    /// The operation ran, and what became of it could not be written down.
    Unwritten(String),
}

/// What a product brings: which requests it takes, what they do, and how their outcome looks on its wire.
pub trait Product {
    /// What is known of one request from its head on, to its reply: its parameters, the format of the reply.
    type State;
    /// What the head of a request proves and claims of its caller.
    type Claim;
    /// A request that may run: its operation and its caller.
    type Admitted;
    /// What an operation answers when it succeeds.
    type Answer;
    /// What can go wrong, on its way to the caller.
    type Error: From<Failure>;

    /// Reads from the head what the reply needs.
    fn begin(&self, call: &Call<'_>) -> Self::State;

    /// Checks the head. A product notes operation and action for the logs as soon as it knows them; what has no action is
    /// not written to the audit log.
    ///
    /// # Errors
    /// The request goes no further, and its body is not read.
    fn admit_head(
        &self,
        call: &Call<'_>,
        state: &mut Self::State,
    ) -> Result<Self::Claim, Self::Error>;

    /// Checks what the body adds, and whether the caller may do what it asks for. It notes the caller and the permission.
    ///
    /// # Errors
    /// The request goes no further.
    fn admit(
        &self,
        call: &Call<'_>,
        state: &mut Self::State,
        claim: Self::Claim,
        body: Body,
    ) -> impl Future<Output = Result<Self::Admitted, Self::Error>>;

    /// Carries the operation out.
    ///
    /// # Errors
    /// Whatever the operation answers.
    fn run(
        &self,
        call: &Call<'_>,
        admitted: Self::Admitted,
    ) -> impl Future<Output = Result<Self::Answer, Self::Error>>;

    /// What the logs call an outcome: a text of a fixed table.
    fn code(
        &self,
        state: &Self::State,
        outcome: &Result<Self::Answer, Self::Error>,
    ) -> &'static str;

    /// The reply. What must go only to the log is logged here.
    fn reply(
        &self,
        call: &Call<'_>,
        state: Self::State,
        outcome: Result<Self::Answer, Self::Error>,
    ) -> HttpResponse;
}

/// Answers one request of a product.
pub async fn serve<P: Product>(
    product: &P,
    exchange: &Exchange,
    head: &HttpRequest,
    payload: Payload,
) -> HttpResponse {
    let started = Instant::now();
    let outcome = head.extensions().get::<SharedOutcome>().cloned().unwrap_or_default();
    let request_id = outcome.borrow().request_id.clone();
    let call = Call {
        head,
        request_id,
        now: exchange.clock.now(),
        source: exchange.proxies.source(head),
        exchange,
        outcome,
    };
    call.note(|outcome| outcome.source = call.source.address);
    let mut state = product.begin(&call);
    let admitted = admit(product, &call, &mut state, payload).await;
    let writable = match &exchange.audit {
        Some(audit) if admitted.is_ok() => audit.check().await,
        _ => Ok(()),
    };
    let may_run = writable.is_ok() && admitted.is_ok();
    let answered = match (writable, admitted) {
        (Ok(()), Ok(admitted)) => product.run(&call, admitted).await,
        (Ok(()), Err(error)) => Err(error),
        (Err(error), _) => Err(Failure::Unwritable(error).into()),
    };
    let outcome = match record(&call, product.code(&state, &answered), started).await {
        Err(error) if may_run => Err(Failure::Unwritten(error).into()),
        // Of what was refused nothing was done, and the caller may be told why.
        _ => answered,
    };
    call.note(|noted| noted.code = product.code(&state, &outcome));
    product.reply(&call, state, outcome)
}

async fn admit<P: Product>(
    product: &P,
    call: &Call<'_>,
    state: &mut P::State,
    payload: Payload,
) -> Result<P::Admitted, P::Error> {
    let claim = match product.admit_head(call, state) {
        Ok(claim) => claim,
        Err(error) => {
            // A client that is still sending would not see the reply.
            discard_body(payload).await;
            return Err(error);
        }
    };
    let declared = call.header("content-length").and_then(|text| text.parse().ok());
    let body = read_body(payload, declared, &call.exchange.bodies).await;
    let (bytes, room) = body.map_err(Failure::Body)?;
    product.admit(call, state, claim, Body { bytes, room }).await
}

/// Writes down what became of an operation.
async fn record(call: &Call<'_>, code: &str, started: Instant) -> Result<(), String> {
    let Some(audit) = &call.exchange.audit else { return Ok(()) };
    let outcome = call.outcome.borrow().clone();
    let Some(action) = outcome.action else { return Ok(()) };
    let mut object = outcome.object;
    if let Some((name, place)) = outcome.place {
        object.insert(0, (name, place.into()));
    }
    let entry = Entry {
        time: call.exchange.clock.now(),
        request_id: &call.request_id,
        caller: CallerEntry {
            kind: outcome.caller.kind,
            name: outcome.caller.name.as_deref(),
            access_key_id: outcome.caller.access_key_id.as_deref(),
        },
        source: outcome.source,
        action,
        object,
        decision: if outcome.is_permitted { "allow" } else { "deny" },
        code,
        duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
    };
    audit.write(&entry).await
}
