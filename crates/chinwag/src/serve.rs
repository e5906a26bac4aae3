//! `chinwag serve`: starts a server from the configuration, and minds the signals.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chinwag_server::options::TlsUse;
use chinwag_server::server::Server;
use chinwag_sqlite::store;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::config::{Config, Source};
use crate::{cloak, fail, logging, push_key};

/// Files that a server needs besides its connections.
const FILES_BESIDES: u64 = 200;

/// Serves until it is told to stop.
pub(crate) fn run(source: &Source) -> ExitCode {
    match start(source) {
        Ok((server, signals)) => mind(server, signals, source),
        Err(error) => fail(error),
    }
}

fn start(source: &Source) -> Result<(Server, Signals)> {
    let config = source.load()?;
    if let Some(what) = config.unsupported() {
        bail!(what);
    }
    let mut options = config.options(&[])?;
    logging::start(config.log_is_json(), config.log_level());
    let room = raise_file_limit(&config);
    // A file size limit is then an error that a write returns, as a full disk is.
    let signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP, SIGXFSZ]).context("cannot take signals")?;
    let (log, archive) = store::open(&config.data())?;
    options.policy.cloak_key = cloak::key(&config.data())?;
    if config.pushes() {
        let (push, told) = config.push(push_key::key(&config.data())?);
        options.push = Some(push);
        options.policy.irc.push = Some(told);
    }
    let server = Server::start(options, Box::new(log), Arc::new(archive))?;
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
    Ok((server, signals))
}

fn mind(server: Server, mut signals: Signals, source: &Source) -> ExitCode {
    for signal in signals.forever() {
        match signal {
            SIGHUP => reload(&server, source),
            SIGXFSZ => {}
            _ => break,
        }
    }
    tracing::info!("stopping; a second signal ends at once");
    let waiting = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        if signals.forever().any(|signal| signal == SIGINT || signal == SIGTERM) {
            std::process::exit(1);
        }
    });
    if let Err(error) = waiting {
        tracing::error!("cannot wait for a second signal: {error}");
    }
    server.stop();
    tracing::info!("stopped");
    ExitCode::SUCCESS
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
