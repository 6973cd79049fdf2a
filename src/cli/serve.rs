//! `sae-secret serve`

use std::{process::ExitCode, sync::Arc};

use super::{complain, complain_to, descriptors, logging, stderr::Stderr};
use crate::{clock::SystemClock, server::Application, settings::Settings};

/// Serves until it is told to stop.
pub fn run(settings: &Settings) -> ExitCode {
    let log = match logging::init(settings.log_format) {
        Ok(log) => log,
        Err(error) => return complain(error),
    };
    if let Err(error) = descriptors::open_enough() {
        return end(&log, complain_to(log.clone(), error));
    }
    let outcome = actix_web::rt::System::new().block_on(async {
        let application =
            Application::build(settings, Arc::new(SystemClock), log.dropped()).await?;
        log::info!("listening on {}://{}", application.scheme(), application.address());
        application.run_until_stopped().await?;
        log::info!("stopped");
        anyhow::Ok(())
    });
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain_to(log.clone(), error),
    };
    end(&log, code)
}

fn end(log: &Stderr, code: ExitCode) -> ExitCode {
    log.flush_all();
    code
}
