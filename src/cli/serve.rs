//! `sae-secret serve`

use std::process::ExitCode;

use super::{complain, complain_to, logging};
use crate::{
    server::{Application, StartError},
    settings::Settings,
};

/// Serves until it is told to stop.
pub fn run(settings: &Settings) -> ExitCode {
    let log = match logging::init(settings.log_format) {
        Ok(log) => log,
        Err(error) => return complain(StartError::Log(error)),
    };
    let outcome = actix_web::rt::System::new().block_on(async {
        let application = Application::build(settings, log.dropped()).await?;
        log::info!("listening on {}://{}", application.scheme(), application.address());
        application.run_until_stopped().await
    });
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain_to(log.clone(), error),
    };
    log.flush_all();
    code
}
