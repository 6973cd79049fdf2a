//! The product as requests meet it: who sends what, and what runs for it.

use std::sync::Arc;

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        Method,
        header::{CONTENT_ENCODING, HeaderValue},
    },
    web,
};
use serde_json::Value;

use super::{
    account, batch, crypto,
    errors::{Code, Fault, Refused, answered, missing, of_dry_run, refused},
    keys, lists,
    operation::{NoOperation, Operation},
    password, policies,
    reply::{self, Answer, ROOT},
    request::{Handled, KEY_ID, Request, SECRET_NAME},
    rotation, secrets, tags,
};
use crate::{
    access::{Access, Replays, signature::rpc},
    exchange::{self, Body, Call, Exchange, Product},
    http::{Room, SharedOutcome},
    kms::{
        model::Scope,
        service::{Context, Rights, Service},
    },
    pop::{
        Admission, ApiError, BodyRole, Format, Frame, Parameters, Unsayable, Xml, environment,
        is_object,
    },
    region::RegionId,
};

/// The version of the API.
pub const VERSION: &str = "2016-01-20";

const XML: Xml = Xml { error_root: ROOT, maps: &[], unsayable: Unsayable::AsJson };

/// What the product needs to answer. Cloning is cheap.
#[derive(Clone)]
pub struct Kms {
    /// What can be done.
    pub service: Service,
    /// Who may call, and how often.
    pub access: Arc<Access>,
    /// What every product needs.
    pub exchange: Exchange,
}

/// Answers any request to the product.
pub async fn serve(
    kms: web::Data<Kms>,
    request: HttpRequest,
    payload: web::Payload,
) -> HttpResponse {
    if let Some(outcome) = request.extensions().get::<SharedOutcome>() {
        // As in every documented sample of the product.
        outcome.borrow_mut().request_id.make_ascii_lowercase();
    }
    exchange::serve(kms.get_ref(), &kms.exchange, &request, payload).await
}

pub struct State {
    frame: Frame,
    /// Of the query; those of the body come to them.
    parameters: Parameters,
    operation: Option<Operation>,
}

pub struct Admitted {
    operation: Operation,
    parameters: Parameters,
    context: Context,
    /// Held to the end: what the handler makes of the body is as large.
    _room: Room,
}

/// By what a request says who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The header `Authorization`.
    Header,
    /// Parameters.
    Parameters,
    /// Nothing.
    None,
}

impl Product for Kms {
    type State = State;
    type Claim = ();
    type Admitted = Admitted;
    type Answer = Answer;
    type Error = Refused;

    fn begin(&self, call: &Call<'_>) -> State {
        let parameters = Parameters::from_query(call.head.query_string());
        let format = format_of(&parameters);
        call.note(|outcome| {
            outcome.service = Some("kms");
            outcome.place = Some(("region", None));
            outcome.note_object(SECRET_NAME, Value::Null);
            outcome.note_object(KEY_ID, Value::Null);
        });
        State { frame: Frame::new(call, String::new(), format, XML), parameters, operation: None }
    }

    // All else needs the body: a client may put every parameter there, those of its signature among them.
    fn admit_head(&self, call: &Call<'_>, _state: &mut State) -> Result<(), Refused> {
        match *call.head.method() {
            Method::GET | Method::POST => Ok(()),
            _ => Err(ApiError::new(Code::MethodNotSupported, &[]).into()),
        }
    }

    async fn admit(
        &self,
        call: &Call<'_>,
        state: &mut State,
        (): (),
        body: Body,
    ) -> Result<Admitted, Refused> {
        let Body { bytes, room } = body;
        // Of a GET as well: two SDKs send a form by it where nothing else is said.
        let has_object = is_object(&bytes);
        let form = if has_object { &[][..] } else { &bytes };
        let mut parameters = std::mem::take(&mut state.parameters);
        let added = add_body(call, &mut parameters, &bytes);
        state.frame.format = format_of(&parameters);
        added?;
        // An empty one says nothing: what counts then is the signature in the parameters.
        let has_header =
            call.head.headers().get_all("authorization").any(|value| !value.is_empty());
        let signed = if has_header {
            rpc::Parameters::default()
        } else {
            rpc::Parameters::read(call.head.query_string(), form)
        };
        let way = if has_header {
            Way::Header
        } else if signed.are_signed() {
            Way::Parameters
        } else {
            Way::None
        };
        if way == Way::Parameters && has_object {
            // The signature would not cover them.
            return Err(ApiError::new(Code::Unparsable, &[]).into());
        }
        let operation = find_operation(call, &parameters, way)?;
        state.operation = Some(operation);
        call.note(|outcome| {
            outcome.unknown = None;
            outcome.operation = Some(operation.name());
            outcome.action = Some(operation.action());
        });
        if operation == Operation::SetSecretPolicy && *call.head.method() != Method::POST {
            return Err(ApiError::new(Code::MethodNotSupported, &[]).into());
        }
        let admission = Admission::new(&self.access, call);
        let in_words = |error| refused(operation, error);
        let claim = admission.check_rpc_style(&signed).map_err(in_words)?;
        let replays = if self.service.cloud.is_strict { Replays::Refused } else { Replays::Taken };
        let claim = claim.with(replays).map_err(|refusal| in_words(refusal.into()))?;
        let now = self.exchange.clock.now();
        let caller = admission.admit(claim, &bytes, now).map_err(in_words)?;
        let region = find_region(call, &parameters, &self.service.cloud.regions)?;
        let account = caller.user().map_or(&self.service.cloud.account, |user| &user.account);
        call.note(|outcome| outcome.place = Some(("region", Some(region.to_string()))));
        let scope = Scope { account: account.clone(), region };
        let rights = Rights { caller, environment: environment(call) };
        let context = Context { scope, rights, now };
        Ok(Admitted { operation, parameters, context, _room: room })
    }

    async fn run(&self, call: &Call<'_>, admitted: Admitted) -> Result<Answer, Refused> {
        let Admitted { operation, parameters, context, _room } = admitted;
        let caller = context.rights.caller.clone();
        let request = Request { operation, parameters, context, service: &self.service, call };
        let is_dry_run = operation == Operation::GetSecretValue
            && request.flag("DryRun").is_ok_and(|flag| flag == Some(true));
        call.note(|outcome| outcome.is_permitted = true);
        let handled = run(request).await;
        if handled.as_ref().is_err_and(Fault::is_denial) {
            call.note(|outcome| outcome.is_permitted = false);
        }
        let in_words = |fault| {
            let error = answered(operation, &caller, fault);
            if is_dry_run { of_dry_run(error) } else { error }
        };
        Ok(handled.map_err(in_words)?)
    }

    fn code(&self, state: &State, outcome: &Result<Answer, Refused>) -> &'static str {
        match outcome {
            Ok(_) => "200",
            Err(refused) => refused.error(state.operation).entry.code,
        }
    }

    fn reply(
        &self,
        _call: &Call<'_>,
        state: State,
        outcome: Result<Answer, Refused>,
    ) -> HttpResponse {
        match outcome {
            Ok(answer) => reply::success(&state.frame, &answer),
            Err(refused) => reply::failure(&state.frame, &refused.error(state.operation)),
        }
    }
}

/// The format of the reply: XML only where it is asked for in one of these two spellings (documented).
fn format_of(parameters: &Parameters) -> Format {
    match parameters.text("Format").ok().flatten().as_deref() {
        Some("xml" | "XML") => Format::Xml,
        _ => Format::Json,
    }
}

/// Adds the parameters of the body.
fn add_body(call: &Call<'_>, parameters: &mut Parameters, bytes: &[u8]) -> Result<(), ApiError> {
    let unparsable = || ApiError::new(Code::Unparsable, &[]);
    let mut encodings = call.head.headers().get_all(CONTENT_ENCODING).map(HeaderValue::as_bytes);
    let is_none = |value: &[u8]| value.is_empty() || value.eq_ignore_ascii_case(b"identity");
    if !bytes.is_empty() && !encodings.all(is_none) {
        return Err(unparsable());
    }
    let content_type = call.header("content-type").unwrap_or_default();
    let added = parameters.add_body(bytes, content_type, BodyRole::Decodable);
    added.map_err(|_| unparsable())
}

/// The operation that a request names, of the right version. The headers count first in a request that is signed by them,
/// elsewhere only where there is no parameter, and never in one that is signed by parameters: it does not cover them.
fn find_operation(
    call: &Call<'_>,
    parameters: &Parameters,
    way: Way,
) -> Result<Operation, ApiError> {
    let named = |header: &str, parameter: &'static str| {
        let header = call.header(header).filter(|text| !text.is_empty() && way != Way::Parameters);
        if way == Way::Header
            && let Some(text) = header
        {
            return Ok(text.to_owned());
        }
        let text = parameters.text(parameter).map_err(|_| ApiError::new(Code::Unparsable, &[]))?;
        let text = text.filter(|text| !text.is_empty()).or(header.map(str::to_owned));
        text.ok_or_else(|| missing(parameter))
    };
    let action = named("x-acs-action", "Action")?;
    call.note(|outcome| outcome.note_unknown(&action));
    if named("x-acs-version", "Version")? != VERSION {
        return Err(ApiError::new(Code::VersionNotValid, &[]));
    }
    action.parse().map_err(|error| match error {
        NoOperation::Unknown => ApiError::new(Code::ActionNotFound, &[]),
        NoOperation::NotEmulated => ApiError::new(Code::Unsupported, &[]),
    })
}

/// The region of a request: by parameter, by the host's name, or the first that is served.
fn find_region(
    call: &Call<'_>,
    parameters: &Parameters,
    served: &[RegionId],
) -> Result<RegionId, ApiError> {
    let invalid = |why: &str| ApiError::new(Code::NotValid, &[&"RegionId", &why]);
    let text = parameters.text("RegionId").map_err(|_| invalid("cannot be read"))?;
    let text = text.filter(|text| !text.is_empty());
    let Some(text) = text.or_else(|| region_of_host(call, served)) else {
        return served.first().cloned().ok_or_else(|| invalid("no region is served"));
    };
    let region = RegionId::parse(&text).ok_or_else(|| invalid("is no id of a region"))?;
    if served.contains(&region) { Ok(region) } else { Err(invalid("is not served here")) }
}

/// The region in a host's name: `kms.REGION.aliyuncs.com` and `kms-vpc.REGION.aliyuncs.com`, as the service's own are. The
/// newer SDKs send no parameter for it, so that `kms.REGION.localhost` is the way to name one here. Under any other domain it
/// counts where it is served: what stands there may be something else.
fn region_of_host(call: &Call<'_>, served: &[RegionId]) -> Option<String> {
    let host = call.header("host")?.to_ascii_lowercase();
    let (name, _) = host.split_once(':').unwrap_or((&host, ""));
    let (service, rest) = name.split_once('.')?;
    let (region, domain) = rest.split_once('.')?;
    let names_region = matches!(domain, "aliyuncs.com" | "localhost")
        || served.iter().any(|known| known.as_str() == region);
    (matches!(service, "kms" | "kms-vpc") && names_region).then(|| region.to_owned())
}

async fn run(request: Request<'_>) -> Handled {
    match request.operation {
        Operation::CreateSecret => secrets::create(request).await,
        Operation::DescribeSecret => secrets::describe(request).await,
        Operation::UpdateSecret => secrets::update(request).await,
        Operation::DeleteSecret => secrets::delete(request).await,
        Operation::RestoreSecret => secrets::restore(request).await,
        Operation::PutSecretValue => secrets::put_value(request).await,
        Operation::GetSecretValue => secrets::get_value(request).await,
        Operation::ListSecretVersionIds => secrets::list_version_ids(request).await,
        Operation::UpdateSecretVersionStage => secrets::update_stage(request).await,
        Operation::RotateSecret => rotation::rotate(request).await,
        Operation::UpdateSecretRotationPolicy => rotation::update_policy(request).await,
        Operation::CreateKey => keys::create(request).await,
        Operation::DescribeKey => keys::describe(request).await,
        Operation::ListKeys => keys::list(request).await,
        Operation::UpdateKeyDescription => keys::update_description(request).await,
        Operation::EnableKey => keys::enable(request).await,
        Operation::DisableKey => keys::disable(request).await,
        Operation::ScheduleKeyDeletion => keys::schedule_deletion(request).await,
        Operation::CancelKeyDeletion => keys::cancel_deletion(request).await,
        Operation::CreateAlias => keys::create_alias(request).await,
        Operation::UpdateAlias => keys::update_alias(request).await,
        Operation::DeleteAlias => keys::delete_alias(request).await,
        Operation::ListAliases => keys::list_aliases(request).await,
        Operation::ListAliasesByKeyId => keys::list_aliases_of_key(request).await,
        Operation::GenerateDataKey => crypto::generate_data_key(request).await,
        Operation::GenerateDataKeyWithoutPlaintext => {
            crypto::generate_data_key_without_plaintext(request).await
        }
        Operation::Encrypt => crypto::encrypt(request).await,
        Operation::Decrypt => crypto::decrypt(request).await,
        Operation::ListSecrets => lists::secrets(request).await,
        Operation::BatchGetSecretValue => batch::get_values(request).await,
        Operation::GetRandomPassword => password::random(&request),
        Operation::SetSecretPolicy => policies::set(request).await,
        Operation::GetSecretPolicy => policies::get(request).await,
        Operation::TagResource => tags::tag(request).await,
        Operation::UntagResource => tags::untag(request).await,
        Operation::TagResources => tags::tag_all(request).await,
        Operation::UntagResources => tags::untag_all(request).await,
        Operation::ListTagResources => tags::list(request).await,
        Operation::ListResourceTags => tags::list_of_key(request).await,
        Operation::DescribeRegions => account::regions(&request),
        Operation::ListKmsInstances => account::instances(&request),
        Operation::OpenKmsService => account::open(&request),
        Operation::DescribeAccountKmsStatus => account::status(&request),
    }
}
