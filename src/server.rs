//! Builds the running server from its settings: the only place that knows every concrete type.

mod audit;
mod database;
mod hangup;
mod master_keys;
mod rights;
pub(crate) mod upkeep;

use std::{
    fs::File,
    io::{self, Read},
    net::{SocketAddr, TcpListener, ToSocketAddrs},
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
use anyhow::{Result, anyhow, bail};
use prometheus_client::metrics::counter::Counter;
use rustix::io::Errno;
use rustls::ServerConfig;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::{database::Database, hangup::Hangups};
use crate::{
    access::{Access, Authenticator, Directory, RateLimit},
    audit::AuditLog,
    clock::{Clock, Timestamp},
    exchange::Exchange,
    http::{
        self, BodyBudget, Metrics, Observer, TrustedProxies, WRITE_STALL,
        browser::{self, Hosts, Sites},
        cors::{self, Origins},
        lifecycle, settle,
        tls::{self, Certificates},
    },
    kms::{self, api::Kms},
    ops::{self, Ops},
    pop::{self, TraceIds},
    sae::{
        self,
        api::Sae,
        model::DockerConfigMode,
        service::{Secrets, Service},
    },
    sealing::{Holder, KeyService, Sealing},
    settings::{AnonymousChoice, DockerConfigChoice, ListenAddress, Settings, variable},
    store::Store,
    world::{FILE_MAX, World},
};

/// How long a stopping server waits for the requests under way whose clients are still there, in seconds. Docker kills after
/// ten. A request can take longer, where it waits for its database or its body: then it is dropped without an answer, and what
/// it asked for is not done, unless it is being committed.
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
    /// The address that it listens on.
    pub address: SocketAddr,
    /// The scheme of the URLs that lead to it: `https` or `http`.
    pub scheme: &'static str,
    server: Server,
    audit: Option<AuditLog>,
    kms: kms::service::Service,
    clock: Arc<dyn Clock>,
}

/// The emulated cloud that a file describes.
pub(crate) fn read_world(path: &Path, docker_config: DockerConfigChoice) -> Result<World> {
    let file = path.display();
    let text = read_world_text(path)
        .map_err(|error| anyhow!("cannot read the world file {file}: {error}"))?;
    World::parse(&text, mode(docker_config), &|name| variable(name)?.into_string().ok()).map_err(
        |mistakes| {
            let listed = mistakes.iter().map(|mistake| format!("\n  {file}:{mistake}"));
            anyhow!("the world file {file} has mistakes:{}", listed.collect::<String>())
        },
    )
}

fn mode(choice: DockerConfigChoice) -> DockerConfigMode {
    match choice {
        DockerConfigChoice::Strict => DockerConfigMode::Strict,
        DockerConfigChoice::Lenient => DockerConfigMode::Lenient,
    }
}

fn read_world_text(path: &Path) -> Result<String> {
    let file = File::open(path).map_err(|error| rights::explained(path, error))?;
    let mut bytes = vec![];
    if file.take(FILE_MAX + 1).read_to_end(&mut bytes)? as u64 > FILE_MAX {
        bail!("it is larger than {} MiB", FILE_MAX / 1024 / 1024);
    }
    match bytes.as_slice() {
        // Some editors and shells begin a file with a mark that cannot be seen.
        [0xEF, 0xBB, 0xBF, ..] => {
            bail!("it begins with a byte order mark (BOM): save it as UTF-8 without one")
        }
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] => {
            bail!("it is UTF-16, by the byte order mark (BOM) at its start: save it as UTF-8")
        }
        _ => String::from_utf8(bytes).map_err(|_| anyhow!("it is not UTF-8")),
    }
}

impl Application {
    /// Opens the database, puts into it what the world asks for, and listens. Must be called on an actix runtime.
    /// `/metrics` shows the counter of log lines that were dropped.
    pub async fn build(
        settings: &Settings,
        clock: Arc<dyn Clock>,
        log_lines_dropped: Counter,
    ) -> Result<Self> {
        // Before the port is open: from then on SIGHUP may come.
        let hangups = Hangups::listen();
        let metrics = Metrics::new(log_lines_dropped);
        let world = world(settings)?;
        let (sites, proxies) = sites(settings)?;
        let certificates = certificates(settings)?;
        let database = Database::find(&settings.database)?;
        for remark in &world.remarks {
            log::warn!("the world: {remark}");
        }
        // Before the database is touched: another server may be at work on both.
        let unbound = |error| {
            anyhow!("--listen (SAE_SECRET_LISTEN): cannot listen on {}: {error}", settings.listen)
        };
        let (listener, address) = bind(&settings.listen).map_err(unbound)?;
        let audit = audit::open(settings, &database.url)?;
        let (store, sealing) = database.open(address.ip().is_loopback())?;
        let keys = keys(&store, &sealing);
        prepare(&keys, clock.now()).await?;
        let cloud = kms::model::Cloud { is_strict: settings.kms_strict, ..world.kms };
        let kms = kms::service::Service::new(store.clone(), Arc::clone(&sealing), cloud);
        let service = Service::new(store.clone(), Arc::clone(&sealing), world.cloud);
        let of_kms = kms.seed(world.kms_keys, world.kms_secrets, clock.now());
        let of_sae = service.seed(world.namespaces, world.secrets, clock.now());
        seed(of_sae, of_kms).await?;
        let access = Arc::new(access(settings, world.directory, address));
        let observer = Observer { id_header: pop::REQUEST_ID, metrics };
        let exchange = Exchange {
            clock: Arc::clone(&clock),
            proxies,
            audit: audit.clone(),
            bodies: BodyBudget::default(),
            sites: sites.clone(),
        };
        let parts = Parts {
            kms: Kms { service: kms.clone(), access: access.clone(), exchange: exchange.clone() },
            sae: Sae {
                service: service.clone(),
                access,
                exchange,
                trace_ids: TraceIds::new(address.ip()),
            },
            ops: Ops {
                store,
                keys,
                service,
                kms: kms.clone(),
                metrics: observer.metrics.clone(),
                audit: audit.clone(),
            },
            observer,
            sites,
            has_noop: settings.noop_endpoint,
        };
        let scheme = if certificates.is_some() { "https" } else { "http" };
        let tls = certificates.clone().map(tls::server_config).transpose()?;
        let server = listen(listener, tls, parts).map_err(unbound)?;
        let tasks = [audit.clone().map(reopen), certificates.map(reload), database.reread(sealing)];
        hangups.then(tasks.into_iter().flatten().collect());
        Ok(Self { address, scheme, server, audit, kms, clock })
    }

    /// A handle that stops the server.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until SIGTERM, Ctrl-C or the handle stops it. Requests under way have 8 seconds to be finished.
    pub async fn run_until_stopped(self) -> Result<()> {
        let worker = actix_web::rt::spawn(self.kms.work(self.clock));
        let ended = self.server.await;
        worker.abort();
        if let Some(audit) = self.audit {
            audit.flush().await;
        }
        ended.map_err(|error| anyhow!("the server failed: {error}"))
    }
}

/// What every worker's application is made of.
#[derive(Clone)]
struct Parts {
    kms: Kms,
    sae: Sae,
    ops: Ops,
    observer: Observer,
    sites: Sites,
    has_noop: bool,
}

fn world(settings: &Settings) -> Result<World> {
    if let Some(path) = &settings.world {
        return read_world(path, settings.docker_config)
            .map_err(|error| anyhow!("--world (SAE_SECRET_WORLD): {error}"));
    }
    let mut world = World::default();
    world.cloud.docker_config = mode(settings.docker_config);
    Ok(world)
}

/// Takes the port, which may be any that is free. Of the addresses of a name it is the first that this machine has, IPv4
/// before IPv6: that is where clients look for localhost first.
fn bind(listen: &ListenAddress) -> io::Result<(TcpListener, SocketAddr)> {
    let found = (listen.host.as_str(), listen.port).to_socket_addrs()?;
    let mut addresses: Vec<SocketAddr> = found.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    let mut last = io::Error::other("the name has no address");
    for address in addresses {
        match http::bind(address, WRITE_STALL) {
            Err(error) => last = error,
            bound => return bound,
        }
        let is_elsewhere = [Errno::ADDRNOTAVAIL, Errno::AFNOSUPPORT].map(Errno::raw_os_error);
        if !last.raw_os_error().is_some_and(|code| is_elsewhere.contains(&code)) {
            break;
        }
    }
    Err(last)
}

/// Where requests may come from, by the settings.
fn sites(settings: &Settings) -> Result<(Sites, TrustedProxies)> {
    let of = |flag: &'static str| move |error: String| anyhow!("{flag}: {error}");
    let sites = Sites {
        origins: Origins::parse(&settings.cors_origin)
            .map_err(of("--cors-origin (SAE_SECRET_CORS_ORIGIN)"))?,
        hosts: Hosts::parse(&settings.allowed_host)
            .map_err(of("--allowed-host (SAE_SECRET_ALLOWED_HOST)"))?,
    };
    let proxies = TrustedProxies::parse(&settings.trusted_proxy)
        .map_err(of("--trusted-proxy (SAE_SECRET_TRUSTED_PROXY)"))?;
    Ok((sites, proxies))
}

/// Authentication and rate limit as the settings want them; warns of settings that are probably not meant.
fn access(settings: &Settings, directory: Directory, address: SocketAddr) -> Access {
    // Unless the settings say it, only where nobody but this machine can send any.
    let allows_anonymous = match settings.anonymous {
        Some(choice) => choice == AnonymousChoice::Allow,
        None => address.ip().is_loopback(),
    };
    if allows_anonymous && !address.ip().is_loopback() {
        log::warn!(
            "{address} is not a loopback address, and requests without a signature are allowed: every machine \
             that reaches it can read every secret"
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

/// The certificate of the settings; nothing if the server is not to speak TLS.
fn certificates(settings: &Settings) -> Result<Option<Arc<Certificates>>> {
    let missing = match (&settings.tls_cert, &settings.tls_key) {
        (None, None) => return Ok(None),
        (Some(chain), Some(key)) => match Certificates::load(chain, key) {
            Ok(certificates) => return Ok(Some(Arc::new(certificates))),
            Err(error) => {
                let denied = [chain, key].into_iter().find_map(|path| {
                    let reason = rights::unreadable(path)?;
                    Some(format!("cannot read {}: {reason}", path.display()))
                });
                let reason = denied.unwrap_or(error);
                bail!(
                    "--tls-cert and --tls-key (SAE_SECRET_TLS_CERT, SAE_SECRET_TLS_KEY): {reason}"
                );
            }
        },
        (Some(_), None) => "--tls-key",
        (None, Some(_)) => "--tls-cert",
    };
    bail!(
        "--tls-cert and --tls-key belong together: {missing} is missing (SAE_SECRET_TLS_CERT, SAE_SECRET_TLS_KEY)"
    )
}

fn reopen(audit: AuditLog) -> hangup::Task {
    ("audit-reopen", Box::new(move || audit.reopen()))
}

fn reload(certificates: Arc<Certificates>) -> hangup::Task {
    let reload = move || {
        let file = certificates.chain.display();
        match certificates.reload() {
            Ok(()) => log::info!("the certificate in {file} has been read again"),
            Err(error) => log::error!("the certificate stays unchanged: {error}"),
        }
    };
    ("tls-reload", Box::new(reload))
}

fn listen(listener: TcpListener, tls: Option<ServerConfig>, parts: Parts) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        let Parts { kms, sae, ops, observer, sites, has_noop } = parts.clone();
        App::new()
            .app_data(web::Data::new(kms))
            .app_data(web::Data::new(sae))
            .app_data(web::Data::new(ops))
            .app_data(web::Data::new(observer))
            .app_data(web::Data::new(sites.clone()))
            .configure(|config| ops::routes(config, has_noop))
            // The APIs of RPC style have one path, and those of REST style never that one.
            .service(web::resource("/").to(kms::api::serve))
            .default_service(web::to(sae::api::serve))
            .wrap(Condition::new(
                !sites.origins.is_empty(),
                cors::headers(&sites.origins, &pop::EXPOSED_HEADERS),
            ))
            .wrap(from_fn(browser::forget_preflight))
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

/// Comes when the server is to stop: SIGTERM, as containers and service managers send it, or Ctrl-C. Both are caught from the
/// call on, so that a signal that comes as soon as the server says that it listens does not kill it.
fn stop_signal() -> impl Future<Output = ()> {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let received = async |signals: io::Result<Signal>| match signals {
        Ok(mut signals) => drop(signals.recv().await),
        Err(error) => {
            log::error!("a signal cannot be received: {error}");
            std::future::pending::<()>().await;
        }
    };
    async move {
        tokio::select! {
            () = received(terminate) => {}
            () = received(interrupt) => {}
        }
        log::info!("stopping: requests under way have {SHUTDOWN_SECONDS} s to be finished");
    }
}

/// Puts into the database what the world asks for of each product.
async fn seed(
    of_sae: impl Future<Output = sae::model::Result<()>>,
    of_kms: impl Future<Output = kms::model::Result<()>>,
) -> Result<()> {
    let seeded = async {
        of_sae.await?;
        Ok::<_, anyhow::Error>(of_kms.await?)
    };
    seeded.await.map_err(|error| anyhow!("cannot prepare the database: {error}"))
}

/// Makes the keys of a database ready, making the first one where there is none.
async fn prepare(keys: &KeyService, now: Timestamp) -> Result<()> {
    let prepared = keys.prepare(now).await;
    prepared.map_err(|error| anyhow!("cannot prepare the keys of the database: {error}"))
}

/// The keys of a database, with everything that the products seal by them.
fn keys(store: &Store, sealing: &Arc<Sealing>) -> KeyService {
    let (versions, material) =
        (Arc::new(kms::service::SecretVersions), Arc::new(kms::service::KeyVersions));
    let holders: Vec<Arc<dyn Holder>> = vec![Arc::new(Secrets), versions, material];
    KeyService::new(store.clone(), Arc::clone(sealing), holders)
}
