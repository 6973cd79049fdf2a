//! Another product fits into the house: one of another style, with errors of its own, is served through `exchange` as it is.
use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpResponse, http::StatusCode, middleware::from_fn, test, web};
use sae_secret::{
    audit::{AuditLog, Destination},
    clock::SystemClock,
    exchange::{self, Body, Call, Exchange, Failure, Product},
    http::{BodyBudget, Metrics, Observer, TrustedProxies, browser::Sites, lifecycle},
    pop::{BodyRole, Parameters, REQUEST_ID},
};
use serde_json::json;

/// A product whose only operation is named in the body and answers what it was told.
#[derive(Clone)]
struct Echo(Exchange);

#[derive(Debug)]
enum EchoError {
    UnknownAction(String),
    Failed,
}

impl From<Failure> for EchoError {
    fn from(_failure: Failure) -> Self {
        Self::Failed
    }
}

impl Product for Echo {
    type State = ();
    type Claim = ();
    type Admitted = String;
    type Answer = String;
    type Error = EchoError;

    fn begin(&self, _call: &Call<'_>) {}

    fn admit_head(&self, _call: &Call<'_>, _state: &mut ()) -> Result<(), EchoError> {
        Ok(())
    }

    async fn admit(
        &self,
        call: &Call<'_>,
        _state: &mut (),
        _claim: (),
        body: Body,
    ) -> Result<String, EchoError> {
        let mut parameters = Parameters::from_query(call.head.query_string());
        let content_type = call.header("content-type").unwrap_or_default();
        parameters.add_body(&body.bytes, content_type, BodyRole::Ignorable).unwrap();
        let text = |name| parameters.text(name).ok().flatten().unwrap_or_default();
        match text("Action").as_str() {
            "Echo" => {
                call.note(|outcome| {
                    (outcome.operation, outcome.action) = (Some("Echo"), Some("echo:Echo"));
                    outcome.is_permitted = true;
                });
                Ok(text("Text"))
            }
            unknown => Err(EchoError::UnknownAction(unknown.to_owned())),
        }
    }

    async fn run(&self, _call: &Call<'_>, text: String) -> Result<String, EchoError> {
        Ok(text)
    }

    fn code(&self, _state: &(), outcome: &Result<String, EchoError>) -> &'static str {
        match outcome {
            Ok(_) => "200",
            Err(EchoError::UnknownAction(_)) => "UnknownAction",
            Err(EchoError::Failed) => "Failed",
        }
    }

    fn reply(
        &self,
        call: &Call<'_>,
        _state: (),
        outcome: Result<String, EchoError>,
    ) -> HttpResponse {
        match outcome {
            Ok(text) => HttpResponse::Ok().json(json!({"said": text, "id": call.request_id})),
            Err(EchoError::UnknownAction(action)) => HttpResponse::NotFound().body(action),
            Err(EchoError::Failed) => HttpResponse::ServiceUnavailable().finish(),
        }
    }
}

async fn serve(echo: web::Data<Echo>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    exchange::serve(echo.get_ref(), &echo.0, &request, payload).await
}

#[actix_web::test]
async fn a_product_of_another_style_is_served() {
    let folder = std::env::temp_dir().join(format!("sae-secret-product-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("audit.log");
    let audit = AuditLog::open(Destination::File(file.clone()), false).unwrap();
    let echo = Echo(Exchange {
        clock: Arc::new(SystemClock),
        proxies: TrustedProxies::default(),
        audit: Some(audit),
        bodies: BodyBudget::default(),
        sites: Sites::default(),
    });
    let observer = Observer { id_header: REQUEST_ID, metrics: Metrics::new(Default::default()) };
    let app = App::new()
        .app_data(web::Data::new(echo))
        .app_data(web::Data::new(observer))
        .default_service(web::to(serve))
        .wrap(from_fn(lifecycle));
    let app = test::init_service(app).await;
    let post = |body: &'static str| {
        test::TestRequest::post()
            .uri("/")
            .insert_header(("content-type", "application/x-www-form-urlencoded"))
            .set_payload(body)
            .to_request()
    };

    let reply = test::call_service(&app, post("Action=Echo&Text=a+b%2Bc")).await;
    let id = reply.headers().get(REQUEST_ID).unwrap().to_str().unwrap().to_owned();
    let body: serde_json::Value = test::read_body_json(reply).await;
    assert_eq!(body, json!({"said": "a b+c", "id": id}));

    let reply = test::call_service(&app, post("Action=Nothing")).await;
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);

    let huge = test::TestRequest::post().uri("/").set_payload(vec![b' '; 5 * 1024 * 1024]);
    let reply = test::call_service(&app, huge.to_request()).await;
    assert_eq!(reply.status(), StatusCode::SERVICE_UNAVAILABLE);

    let lines = std::fs::read_to_string(&file).unwrap();
    let actions: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(actions.len(), 1, "what is no operation has no line: {lines}");
    assert_eq!(actions[0]["action"], "echo:Echo");
    assert_eq!(actions[0]["request_id"], id.as_str());
    std::fs::remove_dir_all(&folder).unwrap();
}
