//! `sae-secret serve`

use std::process::ExitCode;

use super::{complain, logging};
use crate::{server::Application, settings::Settings};

/// Serves until it is told to stop.
pub fn run(settings: &Settings) -> ExitCode {
    logging::init(settings.log_format);
    let outcome = actix_web::rt::System::new().block_on(async {
        let application = Application::build(settings).await?;
        log::info!("listening on {}://{}", application.scheme(), application.address());
        application.run_until_stopped().await
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(error),
    }
}
