//! `chinwag serve`: starts a server from the configuration, and minds the signals.

use std::iter::successors;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use chinwag_server::anteroom::Anteroom;
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
    warn(&config);
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

/// Serves as a node. Where its state is found to differ from that of most others, it ends its server,
/// copies the past from another node, and serves again.
fn serve_in_cluster(
    config: &Config,
    cluster: &chinwag_nats::Options,
    orders: &mut Orders,
    told: &dyn Fn(&Server),
    source: &Source,
) -> Result<()> {
    let store = Store::take(&config.data())?;
    let mut pauses = [Duration::ZERO]
        .into_iter()
        .chain(successors(Some(AGAIN_MIN), |pause| Some(AGAIN_MAX.min(*pause * 2))));
    while let Some(server) = join(config, cluster, &store, orders)? {
        told(&server);
        if mind(server, orders, source) == Order::End {
            break;
        }
        store.want_seed()?;
        tracing::warn!("what is in this node's data folder is given up for what another node has");
        let pause = pauses.next().unwrap_or(AGAIN_MAX);
        if !pause.is_zero() {
            let minutes = pause.as_secs() / 60;
            let why = format!("waiting for {minutes} min before it copies the past once more");
            let _anteroom = anteroom(config, &why)?;
            tracing::warn!("its state differed again; {why}");
            if orders.end_within(pause) {
                break;
            }
        }
    }
    Ok(())
}

/// Starts a node, which first copies the past from another one if it has to; `None` if it is to end.
fn join(
    config: &Config,
    cluster: &chinwag_nats::Options,
    store: &Store,
    orders: &mut Orders,
) -> Result<Option<Server>> {
    let (mut progress, mut open) = (Progress::default(), None);
    let mut trouble = None;
    let opened = cluster::open(cluster.clone(), store, &config.data(), &mut |what| {
        let why = progress.tell(&what);
        match &open {
            Some(anteroom) => Anteroom::say(anteroom, &why),
            None => match anteroom(config, &why) {
                Ok(opened) => open = Some(opened),
                Err(error) => trouble = Some(error),
            },
        }
        trouble.is_none() && !orders.has_ended()
    });
    drop(open);
    if let Some(error) = trouble {
        return Err(error);
    }
    if orders.has_ended() {
        return Ok(None);
    }
    let (log, archive) = opened?;
    let differs = orders.differs();
    let part = Cluster {
        part: cluster::part(cluster)?,
        whispers: Box::new(log.whispers()),
        addresses: config.addresses(),
        differs: Some(Box::new(differs)),
    };
    let giving = log.giving();
    let rate = config.seed_bytes_per_second();
    let options = options(config)?;
    let server = Server::start_in_cluster(options, Box::new(log), Arc::new(archive), part)?;
    giving.begin(Arc::new(store.seeds(rate)), rate);
    Ok(Some(server))
}

/// Has whoever comes told why nobody can come in yet.
fn anteroom(config: &Config, why: &str) -> Result<Anteroom> {
    let anteroom = Anteroom::open(options(config)?, why)?;
    for address in anteroom.addresses() {
        tracing::info!("nobody can come in at {address} yet; /readyz tells why");
    }
    Ok(anteroom)
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
    /// The state was found to differ from that of most other nodes.
    Differs,
}

/// What signals order, and the server itself.
#[derive(Debug)]
struct Orders {
    inbox: Receiver<Order>,
    own: Sender<Order>,
    has_ended: bool,
}

impl Orders {
    /// Takes the signals from here on. The second one that ends the server does so at once.
    fn take() -> Result<Self> {
        // A file size limit is then an error that a write returns, as a full disk is.
        let mut signals =
            Signals::new([SIGINT, SIGTERM, SIGHUP, SIGXFSZ]).context("cannot take signals")?;
        let (own, inbox) = channel();
        let orders = own.clone();
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
        Ok(Self { inbox, own, has_ended: false })
    }

    /// Whether the end was ordered; what else was is passed over, as nothing runs yet.
    fn has_ended(&mut self) -> bool {
        self.has_ended |= self.inbox.try_iter().any(|order| order == Order::End);
        self.has_ended
    }

    /// Whether the end is ordered within this time; what else is, is passed over.
    fn end_within(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.has_ended {
            match self.inbox.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(order) => self.has_ended = order == Order::End,
                Err(_) => break,
            }
        }
        self.has_ended
    }

    /// Waits for the next order.
    fn next(&mut self) -> Order {
        if self.has_ended { Order::End } else { self.inbox.recv().unwrap_or(Order::End) }
    }

    /// What a server calls whose state differs.
    fn differs(&self) -> impl Fn() + Send + use<> {
        let own = self.own.clone();
        move || {
            let _ = own.send(Order::Differs);
        }
    }
}

/// Lets a server run until it is to end, and ends it. Gives why.
fn mind(server: Server, orders: &mut Orders, source: &Source) -> Order {
    let order = loop {
        match orders.next() {
            Order::Reread => reload(&server, source),
            order => break order,
        }
    };
    if order == Order::End {
        tracing::info!("stopping; a second signal ends at once");
    }
    server.stop();
    order
}

/// A bad file changes nothing and is reported.
fn reload(server: &Server, source: &Source) {
    let before = server.policy();
    let read = source.load().and_then(|config| {
        let policy = config.policy(&before.cloak_key)?;
        let certificate = config.certificate()?;
        Ok((config, policy, certificate))
    });
    match read {
        Ok((config, mut policy, certificate)) => {
            warn(&config);
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

/// Says what the operator may not have meant.
fn warn(config: &Config) {
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
}

/// Each connection is a file; the system's first answer is often 1,024 of them. Gives how many
/// connections there is room for, where it is fewer than configured.
fn raise_file_limit(config: &Config) -> Option<u64> {
    let wanted = config.clients_max() as u64 + FILES_BESIDES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let to = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if current.is_some_and(|current| current < wanted) {
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
