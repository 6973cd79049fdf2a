//! Builds the running server from its settings: the only place that knows every concrete type.

use std::{
    fs, io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use actix_cors::Cors;
use actix_server::{Server, ServerHandle};
use actix_web::{
    App,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderValue},
    middleware::{Condition, Next, from_fn},
    web,
};

use crate::{
    api::{
        ops::{self, Ops},
        sae::{self, Sae},
    },
    clock::{Clock, SystemClock},
    domain::DockerConfigMode,
    http::{
        Metrics, Observer, SystemIdentities,
        front::{self, Limits},
        lifecycle,
    },
    service::{SeedNamespace, Seeds, Service},
    settings::Settings,
    store::{OpenError, Store},
    world::{Mistake, World},
};

/// How long a stopping server waits for the requests under way, in seconds. Docker kills after ten.
const SHUTDOWN_SECONDS: u64 = 8;

/// How many connections each worker holds open at once; further ones wait to be accepted.
const CONNECTIONS_PER_WORKER: usize = 4096;

/// How long a browser may remember what an origin may do, in seconds.
const CORS_MAX_AGE: usize = 3600;

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
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenError),
    /// The database cannot take what must be in it.
    #[error("cannot prepare the database: {0}")]
    Seed(crate::domain::Error),
    /// An origin for CORS is none.
    #[error("{0:?} is no origin: use scheme://host or scheme://host:port")]
    Origin(String),
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
        check_origins(&settings.cors_origin)?;
        let store = Store::open(&settings.database_url)?;
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
            origins: settings.cors_origin.clone(),
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

    /// Serves until SIGTERM, Ctrl-C or the handle stops it. Requests under way are finished first.
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
    origins: Vec<String>,
}

fn listen(listener: TcpListener, parts: Parts) -> io::Result<Server> {
    let builder = Server::build()
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .max_concurrent_connections(CONNECTIONS_PER_WORKER);
    let builder = front::listen(builder, listener, Limits::default(), move || {
        let Parts { sae, ops, observer, origins } = parts.clone();
        let get = |path: &str| web::resource(path).default_service(web::to(sae::serve));
        App::new()
            .app_data(web::Data::new(sae))
            .app_data(web::Data::new(ops))
            .app_data(web::Data::new(observer))
            .app_data(web::Data::new(Origins(origins.clone())))
            .service(get("/health").route(web::get().to(ops::health)))
            .service(get("/ready").route(web::get().to(ops::ready)))
            .service(get("/metrics").route(web::get().to(ops::metrics)))
            .service(get("/openapi.yaml").route(web::get().to(ops::openapi)))
            .default_service(web::to(sae::serve))
            .wrap(Condition::new(!origins.is_empty(), cors(&origins)))
            .wrap(from_fn(forget_strange_origins))
            .wrap(from_fn(lifecycle))
    })?;
    Ok(builder.run())
}

fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers(["x-acs-request-id", "x-acs-trace-id"])
        .max_age(CORS_MAX_AGE);
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// The origins whose pages may call.
struct Origins(Vec<String>);

/// Lets a call from an origin that is not named pass as one without an origin. It then gets no header that would let a
/// page read the answer, and is answered in the API's own shape.
async fn forget_strange_origins<B: MessageBody>(
    origins: web::Data<Origins>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let origin = request.headers().get(header::ORIGIN).map(HeaderValue::as_bytes);
    if origin.is_some_and(|origin| !origins.0.iter().any(|known| known.as_bytes() == origin)) {
        request.headers_mut().remove(header::ORIGIN);
        request.headers_mut().remove(header::ACCESS_CONTROL_REQUEST_METHOD);
    }
    next.call(request).await
}

/// An origin as browsers write it (RFC 6454, section 6.2): without a path, not even `/`.
fn check_origins(origins: &[String]) -> Result<(), StartError> {
    let plain = |origin: &String| {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
        host.is_some_and(|host| !host.is_empty() && host.chars().all(legal))
    };
    match origins.iter().find(|origin| !plain(origin)) {
        Some(origin) => Err(StartError::Origin(origin.clone())),
        None => Ok(()),
    }
}

fn seeds(world: &World) -> Seeds {
    let namespaces = world.namespaces.iter().map(|namespace| SeedNamespace {
        id: namespace.id.clone(),
        name: namespace.name.clone(),
        description: namespace.description.clone(),
    });
    let secrets = world.secrets.iter().map(|secret| {
        let (namespace, name) = (secret.namespace.clone(), secret.name.clone());
        (namespace, name, secret.secret_type, secret.data.clone())
    });
    Seeds { namespaces: namespaces.collect(), secrets: secrets.collect() }
}
