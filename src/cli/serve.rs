//! `sae-secret serve`

use std::{process::ExitCode, sync::Arc};

use anyhow::Result;

use super::{complain_to, logging, open_enough_files};
use crate::{clock::SystemClock, server::Application, settings::Settings};

pub fn run(settings: &Settings) -> Result<ExitCode> {
    let log = logging::init(settings.log_format)?;
    let serve = async {
        let application =
            Application::build(settings, Arc::new(SystemClock), log.dropped.clone()).await?;
        log::info!("listening on {}://{}", application.scheme, application.address);
        application.run_until_stopped().await?;
        log::info!("stopped");
        Ok(())
    };
    let served = open_enough_files().and_then(|()| actix_web::rt::System::new().block_on(serve));
    let code = match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain_to(log.clone(), error),
    };
    log.flush_all();
    Ok(code)
}
