//! Builds the running server from its settings: the only place that knows every concrete type.

mod audit;
mod database;
mod error;
mod hangup;
mod master_keys;
pub mod upkeep;

use std::{
    env, fs, io,
    net::{IpAddr, SocketAddr, TcpListener},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpServer,
    dev::{Server, ServerHandle},
    middleware::{Condition, from_fn},
    web,
};
use rustls::ServerConfig;
use tokio::signal::unix::{SignalKind, signal};

use self::{database::Database, hangup::Hangups};
pub use self::{error::StartError, master_keys::MasterKeyError};
use crate::{
    access::{Access, Authenticator, Directory, RateLimit},
    audit::AuditLog,
    clock::{Clock, SystemClock},
    exchange::Exchange,
    http::{
        BodyBudget, Metrics, Observer, TrustedProxies, WRITE_STALL, bind,
        cors::{self, Origins},
        lifecycle, settle,
        tls::{self, Certificates, TlsError},
    },
    ops::{self, Ops},
    pop::{self, TraceIds},
    sae::{
        api as sae,
        api::Sae,
        model::DockerConfigMode,
        service::{Secrets, SeedNamespace, SeedSecret, Seeds, Service},
    },
    sealing::{KeyService, Sealing},
    settings::{AnonymousChoice, Settings},
    store::Store,
    world::World,
};

/// How long a stopping server waits for the requests under way, in seconds. Docker kills after ten.
const SHUTDOWN_SECONDS: u64 = 8;

/// How many connections each worker holds open at once, those in their TLS handshake among them; further ones wait to be
/// accepted.
const CONNECTIONS_PER_WORKER: usize = 4096;

/// From the connection to the end of the head of its first request. The library sets no limit to later heads.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// From an answer to the first byte of the next request.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// For a TLS handshake. A stopping server waits for those under way, so it is less than [`SHUTDOWN_SECONDS`].
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long what a client still sends is read away when its connection is closed: a socket that is closed with unread
/// input resets the connection, which can take the answer away from a client that reads late (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(2);

/// A server that listens.
pub struct Application {
    server: Server,
    address: SocketAddr,
    is_secure: bool,
    audit: Option<AuditLog>,
}

/// The emulated cloud that a file describes.
///
/// # Errors
/// [`StartError::WorldUnreadable`] and [`StartError::WorldMistaken`].
pub fn read_world(path: &Path, mode: DockerConfigMode) -> Result<World, StartError> {
    let text = fs::read_to_string(path)
        .map_err(|source| StartError::WorldUnreadable { path: path.to_owned(), source })?;
    World::parse(&text, mode, &|name| env::var(name).ok())
        .map_err(|mistakes| StartError::WorldMistaken { path: path.to_owned(), mistakes })
}

impl Application {
    /// Opens the database, puts into it what the world asks for, and listens. Must be called on an actix runtime.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build(settings: &Settings) -> Result<Self, StartError> {
        Self::build_with(settings, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn build_with(
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        // Before the port can be reached: whoever waits for it may send one at once.
        let hangups = Hangups::hear();
        let mode = settings.docker_config.into();
        let mut world = match &settings.world {
            Some(path) => read_world(path, mode)?,
            None => World::default(),
        };
        world.cloud.docker_config = mode;
        let origins = Origins::parse(&settings.cors_origin)?;
        let certificates = certificates(settings)?;
        let proxies = TrustedProxies::parse(&settings.trusted_proxy)?;
        let database = Database::find(&settings.database)?;
        for remark in world.remarks() {
            log::warn!("the world: {remark}");
        }
        // Before the database is touched: another server may be at work on both.
        let unheard = |source| StartError::Listen { address: settings.listen, source };
        let (listener, address) = bind(settings.listen, WRITE_STALL).map_err(unheard)?;
        let audit = audit::open(settings, database.url())?;
        let seeds = seeds(&world);
        let directory = std::mem::take(&mut world.directory);
        let (store, sealing) = database.open(address.ip().is_loopback())?;
        let keys = keys(&store, &sealing);
        keys.prepare(clock.now()).await?;
        let service = Service::new(store.clone(), Arc::clone(&sealing), world.cloud);
        service.seed(&seeds, clock.now()).await.map_err(StartError::Seed)?;

        let access = access(settings, directory, address);
        let observer = Observer { id_header: pop::REQUEST_ID, metrics: Metrics::default() };
        let exchange =
            Exchange { clock, proxies, audit: audit.clone(), bodies: BodyBudget::default() };
        let parts = Parts {
            sae: Sae {
                service: service.clone(),
                access: Arc::new(access),
                exchange,
                trace_ids: TraceIds::new(address.ip()),
            },
            ops: Ops {
                store,
                keys,
                service,
                metrics: observer.metrics.clone(),
                audit: audit.clone(),
            },
            observer,
            origins,
            has_noop: settings.noop_endpoint,
        };
        let is_secure = certificates.is_some();
        let tls = certificates.clone().map(tls::server_config).transpose()?;
        let server = listen(listener, tls, parts).map_err(unheard)?;
        let tasks = [audit.clone().map(reopen), certificates.map(reload), database.reread(sealing)];
        hangups.then(tasks.into_iter().flatten().collect());
        Ok(Self { server, address, is_secure, audit })
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The scheme of the URLs that lead to the server: `https` or `http`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.is_secure { "https" } else { "http" }
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
        let ended = self.server.await;
        if let Some(audit) = self.audit {
            audit.flush().await;
        }
        ended.map_err(StartError::Run)
    }
}

/// What every worker's application is made of.
#[derive(Clone)]
struct Parts {
    sae: Sae,
    ops: Ops,
    observer: Observer,
    origins: Origins,
    has_noop: bool,
}

/// The gate that every request passes, as the settings want it. Says what is strange about them.
fn access(settings: &Settings, directory: Directory, address: SocketAddr) -> Access {
    let allows_anonymous = allows_anonymous(settings, address.ip());
    if allows_anonymous && !address.ip().is_loopback() {
        log::warn!(
            "{address} is not a loopback address, and requests without a signature are allowed: whoever reaches it can \
             read every secret"
        );
    }
    if allows_anonymous && settings.anonymous.is_none() && !settings.trusted_proxy.is_empty() {
        log::warn!(
            "requests without a signature are allowed, also those that a trusted proxy forwards: --anonymous deny \
             refuses them, --anonymous allow says that they are meant"
        );
    }
    if !allows_anonymous && directory.is_empty() {
        log::warn!(
            "no access key is known and every request needs one: name some in the world file"
        );
    }
    Access {
        authenticator: Authenticator::new(directory, allows_anonymous),
        rate_limit: settings.rate_limit.map(|rate| {
            let begun = Instant::now();
            RateLimit::new(rate, Arc::new(move || begun.elapsed()))
        }),
    }
}

/// Whether unsigned requests are let through: as the user said, else where nobody but this machine can send any.
fn allows_anonymous(settings: &Settings, address: IpAddr) -> bool {
    match settings.anonymous {
        Some(choice) => choice == AnonymousChoice::Allow,
        None => address.is_loopback(),
    }
}

/// What the settings say of the certificate; nothing if the server is not to speak TLS.
fn certificates(settings: &Settings) -> Result<Option<Arc<Certificates>>, TlsError> {
    match (&settings.tls_cert, &settings.tls_key) {
        (Some(chain), Some(key)) => Certificates::load(chain, key).map(Arc::new).map(Some),
        (None, None) => Ok(None),
        (Some(_), None) => Err(TlsError::Half { missing: "--tls-key" }),
        (None, Some(_)) => Err(TlsError::Half { missing: "--tls-cert" }),
    }
}

fn reopen(audit: AuditLog) -> hangup::Task {
    ("audit-reopen", Box::new(move || audit.reopen()))
}

fn reload(certificates: Arc<Certificates>) -> hangup::Task {
    let reload = move || {
        let file = certificates.chain_file().display();
        match certificates.reload() {
            Ok(()) => log::info!("the certificate in {file} has been read again"),
            Err(error) => log::error!("the certificate stays the one that it was: {error}"),
        }
    };
    ("tls-reload", Box::new(reload))
}

fn listen(listener: TcpListener, tls: Option<ServerConfig>, parts: Parts) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        let Parts { sae, ops, observer, origins, has_noop } = parts.clone();
        App::new()
            .app_data(web::Data::new(sae))
            .app_data(web::Data::new(ops))
            .app_data(web::Data::new(observer))
            .app_data(web::Data::new(origins.clone()))
            .configure(ops::routes)
            .configure(|config| {
                if has_noop {
                    ops::noop::route(config);
                }
            })
            .default_service(web::to(sae::serve))
            .wrap(Condition::new(
                !origins.is_empty(),
                cors::headers(&origins, &pop::EXPOSED_HEADERS),
            ))
            .wrap(from_fn(cors::forget_unnamed))
            .wrap(from_fn(lifecycle))
            .wrap(from_fn(settle))
    })
    .shutdown_signal(stop_signal())
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .max_connections(CONNECTIONS_PER_WORKER)
    .max_connection_rate(CONNECTIONS_PER_WORKER)
    .client_request_timeout(FIRST_HEAD_TIMEOUT)
    .client_disconnect_timeout(LINGER)
    .keep_alive(KEEP_ALIVE)
    .tls_handshake_timeout(HANDSHAKE_TIMEOUT)
    // Answers are written whole: waiting to fill a segment would only delay them.
    .tcp_nodelay(true);
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
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

/// The keys of a database, with everything that the products seal by them.
fn keys(store: &Store, sealing: &Arc<Sealing>) -> KeyService {
    KeyService::new(store.clone(), Arc::clone(sealing), vec![Box::new(Secrets)])
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
