//! `sae-secret check-world FILE`

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Args;

use super::{say, warn_of_variables};
use crate::{server, settings::DockerConfigChoice};

#[derive(Debug, Args)]
pub struct Arguments {
    /// The world file
    file: PathBuf,

    /// How closely the content of kubernetes.io/dockerconfigjson secrets is checked
    #[arg(long, env = "SAE_SECRET_DOCKER_CONFIG", default_value = "strict", value_name = "MODE")]
    docker_config: DockerConfigChoice,
}

pub fn run(arguments: &Arguments) -> Result<ExitCode> {
    warn_of_variables();
    let world = server::read_world(&arguments.file, arguments.docker_config)?;
    let (regions, namespaces) = (world.cloud.regions.len(), world.namespaces.len());
    let summary = format!(
        "{}: {regions} regions, {namespaces} namespaces, {} secrets, {} keys and {} secrets of KMS, {} access keys: no mistakes",
        arguments.file.display(),
        world.secrets.len(),
        world.kms_keys.len(),
        world.kms_secrets.len(),
        world.directory.len(),
    );
    let remarks = world.remarks.into_iter().map(|remark| format!("remark: {remark}"));
    let lines: Vec<String> = remarks.chain([summary]).collect();
    Ok(say(&(lines.join("\n") + "\n")))
}
