//! Builds the running server from its settings: the only place that knows every concrete type.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_server::{Server, ServerHandle};
use actix_web::{
    App,
    middleware::{Condition, from_fn},
    web,
};

use tokio::signal::unix::{SignalKind, signal};

use crate::{
    api::{
        ops::{self, Ops},
        sae::{self, Sae},
    },
    clock::{Clock, SystemClock},
    domain::DockerConfigMode,
    http::{
        Metrics, Observer, READ_TIMEOUT, SystemIdentities,
        cors::{self, OriginError, Origins},
        front::{self, Limits},
        lifecycle,
    },
    service::{SeedNamespace, SeedSecret, Seeds, Service},
    settings::Settings,
    store::{DatabaseUrlError, OpenError, Store},
    world::{Mistake, World},
};

/// How long a stopping server waits for the requests under way, in seconds. Docker kills after ten.
const SHUTDOWN_SECONDS: u64 = 8;

/// How many connections each worker holds open at once; further ones wait to be accepted.
const CONNECTIONS_PER_WORKER: usize = 4096;

/// A server that listens.
pub struct Application {
    server: Server,
    address: SocketAddr,
}

/// The server could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The world file cannot be read.
    #[error("cannot read the world file {}: {source}", path.display())]
    WorldUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The world file has mistakes.
    #[error("the world file {} has mistakes:{}", path.display(), listed(path, mistakes))]
    WorldMistaken {
        /// The file.
        path: PathBuf,
        /// Every mistake in it.
        mistakes: Vec<Mistake>,
    },
    /// The database's address is none.
    #[error(transparent)]
    DatabaseUrl(#[from] DatabaseUrlError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The database cannot take what must be in it.
    #[error("cannot prepare the database: {0}")]
    Seed(crate::domain::Error),
    /// An origin for CORS is none.
    #[error(transparent)]
    Origin(#[from] OriginError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The server failed while it ran.
    #[error("the server failed: {0}")]
    Run(io::Error),
}

fn listed(path: &Path, mistakes: &[Mistake]) -> String {
    mistakes
        .iter()
        .fold(String::new(), |text, mistake| format!("{text}\n  {}:{mistake}", path.display()))
}

/// The emulated cloud that a file describes.
///
/// # Errors
/// [`StartError::WorldUnreadable`] and [`StartError::WorldMistaken`].
pub fn read_world(path: &Path, mode: DockerConfigMode) -> Result<World, StartError> {
    let text = fs::read_to_string(path)
        .map_err(|source| StartError::WorldUnreadable { path: path.to_owned(), source })?;
    World::parse(&text, mode)
        .map_err(|mistakes| StartError::WorldMistaken { path: path.to_owned(), mistakes })
}

impl Application {
    /// Opens the database, puts into it what the world asks for, and listens. Must be called on an actix runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build(settings: &Settings) -> Result<Self, StartError> {
        let mode = settings.docker_config.into();
        let mut world = match &settings.world {
            Some(path) => read_world(path, mode)?,
            None => World::default(),
        };
        world.cloud.docker_config = mode;
        let origins = Origins::parse(&settings.cors_origin)?;
        for remark in world.remarks() {
            log::warn!("the world: {remark}");
        }
        let store = Store::open(&settings.database_url.parse()?)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let seeds = seeds(&world);
        let service = Service::new(store, world.cloud);
        service.seed(&seeds, clock.now()).await.map_err(StartError::Seed)?;

        let unheard = |source| StartError::Listen { address: settings.listen, source };
        let listener = TcpListener::bind(settings.listen).map_err(unheard)?;
        let address = listener.local_addr().map_err(unheard)?;
        if !address.ip().is_loopback() {
            log::warn!(
                "{address} is not a loopback address: whoever reaches it can read every secret"
            );
        }
        let observer = Observer {
            clock: Arc::clone(&clock),
            identities: Arc::new(SystemIdentities::new(address.ip())),
            metrics: Metrics::default(),
        };
        let parts = Parts {
            sae: Sae::new(service.clone(), clock),
            ops: Ops { service, metrics: observer.metrics.clone() },
            observer,
            origins,
        };
        let server = listen(listener, parts).map_err(unheard)?;
        Ok(Self { server, address })
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A handle that stops the server.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until SIGTERM, Ctrl-C or the handle stops it. Requests under way have 8 seconds to be
    /// finished.
    ///
    /// # Errors
    /// [`StartError::Run`].
    pub async fn run_until_stopped(self) -> Result<(), StartError> {
        self.server.await.map_err(StartError::Run)
    }
}

/// What every worker's application is made of.
#[derive(Clone)]
struct Parts {
    sae: Sae,
    ops: Ops,
    observer: Observer,
    origins: Origins,
}

fn listen(listener: TcpListener, parts: Parts) -> io::Result<Server> {
    // A body that stops arriving is the application's to answer, so it must run out of patience first.
    let limits = Limits { body_stall: READ_TIMEOUT * 2, ..Limits::default() };
    let builder = Server::build()
        .shutdown_signal(stop_signal())
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .max_concurrent_connections(CONNECTIONS_PER_WORKER);
    let builder = front::listen(builder, listener, limits, move || {
        let Parts { sae, ops, observer, origins } = parts.clone();
        App::new()
            .app_data(web::Data::new(sae))
            .app_data(web::Data::new(ops))
            .app_data(web::Data::new(observer))
            .app_data(web::Data::new(origins.clone()))
            .configure(ops::routes)
            .default_service(web::to(sae::serve))
            .wrap(Condition::new(!origins.is_empty(), cors::headers(&origins)))
            .wrap(from_fn(cors::forget_unnamed))
            .wrap(from_fn(lifecycle))
    })?;
    Ok(builder.run())
}

/// Comes when the server is to stop: SIGTERM, as containers and service managers send it, or Ctrl-C.
async fn stop_signal() {
    let heard = async |kind: SignalKind| match signal(kind) {
        Ok(mut signals) => drop(signals.recv().await),
        Err(error) => {
            log::error!("a signal cannot be heard: {error}");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = heard(SignalKind::terminate()) => {}
        () = heard(SignalKind::interrupt()) => {}
    }
    log::info!("stopping: requests under way have {SHUTDOWN_SECONDS} s to be finished");
}

fn seeds(world: &World) -> Seeds {
    let namespaces = world.namespaces.iter().map(|namespace| SeedNamespace {
        id: namespace.id.clone(),
        name: namespace.name.clone(),
        description: namespace.description.clone(),
    });
    let secrets = world.secrets.iter().map(|secret| SeedSecret {
        namespace: secret.namespace.clone(),
        name: secret.name.clone(),
        secret_type: secret.secret_type,
        data: secret.data.clone(),
    });
    Seeds { namespaces: namespaces.collect(), secrets: secrets.collect() }
}
