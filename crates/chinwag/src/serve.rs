//! `chinwag serve`: starts a server from the configuration, and minds the signals.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use chinwag_server::cluster::Cluster;
use chinwag_server::options::{Options, TlsUse};
use chinwag_server::server::Server;
use chinwag_sqlite::store::{self, Store};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::cluster::Progress;
use crate::config::{Config, Source};
use crate::{cloak, cluster, fail, logging, push_key};

/// Files that a server needs besides its connections.
const FILES_BESIDES: u64 = 200;

/// How long a node whose state was found to differ waits before it copies that of others again; twice as
/// long after each time, up to an hour.
const AGAIN_MIN: Duration = Duration::from_secs(60);
const AGAIN_MAX: Duration = Duration::from_secs(3600);

/// Serves until it is told to stop.
pub(crate) fn run(source: &Source) -> ExitCode {
    match serve(source) {
        Ok(()) => {
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

fn serve(source: &Source) -> Result<()> {
    let config = source.load()?;
    let cluster = config.cluster()?;
    config.options(&[])?;
    logging::start(config.log_is_json(), config.log_level());
    let room = raise_file_limit(&config);
    let mut orders = Orders::take()?;
    let told = |server: &Server| tell(server, room);
    match cluster {
        None => {
            let (log, archive) = store::open(&config.data())?;
            let server = Server::start(options(&config)?, Box::new(log), Arc::new(archive))?;
            told(&server);
            mind(server, &mut orders, source);
            Ok(())
        }
        Some(cluster) => serve_in_cluster(&config, &cluster, &mut orders, &told, source),
    }
}

fn serve_in_cluster(
    config: &Config,
    cluster: &chinwag_nats::Options,
    orders: &mut Orders,
    told: &dyn Fn(&Server),
    source: &Source,
) -> Result<()> {
    let data = config.data();
    let store = Store::take(&data)?;
    let mut progress = Progress::default();
    let opened = cluster::open(cluster.clone(), &store, &data, &mut |what| {
        progress.tell(&what);
        !orders.has_ended()
    });
    if orders.has_ended() {
        return Ok(());
    }
    let (log, archive) = opened?;
    let part = Cluster { part: cluster::part(cluster)?, whispers: Box::new(log.whispers()) };
    let giving = log.giving();
    let seeds = Arc::new(store.seeds(config.seed_bytes_per_second()));
    let options = options(config)?;
    let server = Server::start_in_cluster(options, Box::new(log), Arc::new(archive), part)?;
    giving.begin(seeds, config.seed_bytes_per_second());
    told(&server);
    mind(server, orders, source);
    Ok(())
}

/// What a server is told, with the secrets of its data folder.
fn options(config: &Config) -> Result<Options> {
    let (mut options, data) = (config.options(&[])?, config.data());
    options.policy.cloak_key = cloak::key(&data)?;
    if config.pushes() {
        let (push, told) = config.push(push_key::key(&data)?);
        options.push = Some(push);
        options.policy.irc.push = Some(told);
    }
    Ok(options)
}

/// Tells where a server listens.
fn tell(server: &Server, room: Option<u64>) {
    if let Some(room) = room {
        tracing::info!("the system's limit of open files leaves room for {room} connections");
    }
    for listening in server.listening() {
        let tls = match listening.tls {
            TlsUse::Off => "",
            TlsUse::Detect => "; tls",
            TlsUse::Required => "; tls required",
        };
        tracing::info!("listening on {} ({}{tls})", listening.address, listening.faces);
    }
}

/// What a server that runs is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Reread,
    End,
}

/// What signals order.
#[derive(Debug)]
struct Orders {
    inbox: Receiver<Order>,
    has_ended: bool,
}

impl Orders {
    /// Takes the signals from here on. The second one that ends the server does so at once.
    fn take() -> Result<Self> {
        // A file size limit is then an error that a write returns, as a full disk is.
        let mut signals =
            Signals::new([SIGINT, SIGTERM, SIGHUP, SIGXFSZ]).context("cannot take signals")?;
        let (orders, inbox) = channel();
        let mut has_ended = false;
        let work = move || {
            for signal in signals.forever() {
                let order = match signal {
                    SIGXFSZ => continue,
                    SIGHUP => Order::Reread,
                    _ if std::mem::replace(&mut has_ended, true) => std::process::exit(1),
                    _ => Order::End,
                };
                // Who does not listen any more has ended.
                let _ = orders.send(order);
            }
        };
        let builder = std::thread::Builder::new().name("signals".to_owned());
        builder.spawn(work).context("cannot wait for signals")?;
        Ok(Self { inbox, has_ended: false })
    }

    /// Whether the end was ordered; what else was is passed over, as nothing runs yet.
    fn has_ended(&mut self) -> bool {
        self.has_ended |= self.inbox.try_iter().any(|order| order == Order::End);
        self.has_ended
    }

    /// Waits for the next order.
    fn next(&mut self) -> Order {
        if self.has_ended { Order::End } else { self.inbox.recv().unwrap_or(Order::End) }
    }
}

/// Lets a server run until it is to end, and ends it.
fn mind(server: Server, orders: &mut Orders, source: &Source) {
    while orders.next() == Order::Reread {
        reload(&server, source);
    }
    tracing::info!("stopping; a second signal ends at once");
    server.stop();
}

/// A bad file changes nothing and is reported.
fn reload(server: &Server, source: &Source) {
    let before = server.policy();
    let read = source
        .load()
        .and_then(|config| Ok((config.policy(&before.cloak_key)?, config.certificate()?)));
    match read {
        Ok((mut policy, certificate)) => {
            // Who is told of a capability is not told that it is gone.
            policy.irc.push.clone_from(&before.irc.push);
            server.set_policy(policy);
            if let Some(certificate) = certificate {
                server.set_certificate(certificate);
            }
            tracing::info!(
                "the configuration is read again; listeners, data, push and log stay as they are"
            );
        }
        Err(error) => tracing::error!("the configuration is left as it was: {error}"),
    }
}

/// Each connection is a file; the system's first answer is often 1,024 of them. Gives how many
/// connections there is room for, where it is fewer than configured.
fn raise_file_limit(config: &Config) -> Option<u64> {
    let wanted = config.clients_max() as u64 + FILES_BESIDES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let to = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if current.is_some_and(|current| current < to) {
        // The superuser may raise the bound itself.
        let highest = Rlimit { current: Some(wanted), maximum: maximum.map(|m| m.max(wanted)) };
        let high = Rlimit { current: Some(to), maximum };
        if setrlimit(Resource::Nofile, highest).is_err() {
            // What it was is what there is; that is told below.
            let _ = setrlimit(Resource::Nofile, high);
        }
    }
    let now = getrlimit(Resource::Nofile).current.filter(|now| *now < wanted)?;
    Some(now.saturating_sub(FILES_BESIDES))
}
