//! The connection to the servers, and the thread that minds it.

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;
use tokio::time::{Duration, Instant, sleep};

use crate::api::Api;
use crate::error::NatsError;
use crate::options::{Login, Options};
use crate::proof;
use crate::stream::MESSAGE_BYTES_MAX;
use crate::told::Told;

/// How long to wait for the servers: machines that start together do so at their own pace.
const START: Duration = Duration::from_secs(15);

/// How long a server may take to take a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// What did not succeed is tried again after this.
const AGAIN: Duration = Duration::from_millis(200);

/// A server that is silent for two of these is gone.
const PING: Duration = Duration::from_secs(1);

/// Messages that may wait for one who subscribes; those beyond are fetched later.
const WAITING_MAX: usize = 1024;

/// Room for the headers of a message, in bytes.
const HEADER_BYTES: usize = 4096;

/// Requests that a node needs once in its life at most, so that its user usually has no permission for them.
const RARE: [&str; 2] = ["$JS.API.STREAM.UPDATE", "$JS.API.STREAM.DELETE"];

/// Servers that have proved how they run.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) options: Arc<Options>,
    pub(crate) api: Api,
    pub(crate) runtime: Runtime,
    /// Answers of the servers at the start.
    pub(crate) told: Vec<Told>,
}

impl Cluster {
    /// Connects, and has the servers prove that they lose nothing.
    ///
    /// Waits 15 s at most for servers that are starting.
    ///
    /// # Errors
    /// [`NatsError`]: what is wrong and what to do.
    pub fn connect(options: Options) -> Result<Self, NatsError> {
        let runtime = Runtime::start()?;
        let options = Arc::new(options);
        let until = Instant::now() + START;
        let (client, told) = runtime.block_on(async {
            let client = open(&options, until).await?;
            let told = prove(&client, &options, until).await?;
            Ok::<_, NatsError>((client, told))
        })?;
        let api = Api::new(client, &options.stream);
        Ok(Self { options, api, runtime, told })
    }
}

/// A thread on which everything here runs; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Runtime {
    handle: Handle,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Runtime {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        let thread = std::thread::Builder::new().name("cluster".to_owned()).spawn(move || {
            // An error is the sender dropped, which is the end as well.
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, end: Some(end), thread: Some(thread) })
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.handle.block_on(work)
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Connects, within this time.
pub(crate) async fn open(options: &Options, until: Instant) -> Result<Client, NatsError> {
    let client = loop {
        match connect(options).await {
            Err(NatsError::Unreachable { .. }) if Instant::now() < until => {
                sleep(AGAIN).await;
            }
            connected => break connected?,
        }
    };
    let found = client.max_payload();
    let wanted = MESSAGE_BYTES_MAX + HEADER_BYTES;
    if found < wanted {
        return Err(NatsError::Payload { found, wanted });
    }
    Ok(client)
}

/// Has the servers prove how they run, once enough of them have started within this time. Returns their
/// answers.
async fn prove(client: &Client, options: &Options, until: Instant) -> Result<Vec<Told>, NatsError> {
    let told = loop {
        let told = proof::ask(client, false).await?;
        match proof::check(&told) {
            Err(NatsError::TooFew { .. }) if Instant::now() < until => sleep(AGAIN).await,
            Err(error) => return Err(error),
            Ok(()) => break told,
        }
    };
    let (size, replicas) = (proof::size(&told), options.replicas);
    if size < replicas {
        return Err(NatsError::FewerThanReplicas { size, replicas });
    }
    Ok(told)
}

async fn connect(options: &Options) -> Result<Client, NatsError> {
    let servers = || options.servers.join(", ");
    let mut addresses = Vec::new();
    for server in &options.servers {
        let address: ServerAddr = server.parse().map_err(|error: io::Error| {
            NatsError::Unreachable { servers: server.clone(), reason: error.to_string() }
        })?;
        addresses.push(address);
    }
    let connected = prepare(options)?.connect(addresses).await;
    connected.map_err(|error| {
        let reason = error.to_string();
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation => {
                NatsError::Credentials { servers: servers() }
            }
            ConnectErrorKind::Authentication => match &options.login {
                Login::Seed(path) | Login::Credentials(path) => file(path, &reason),
                _ => NatsError::Credentials { servers: servers() },
            },
            ConnectErrorKind::Tls => NatsError::Tls { servers: servers(), reason },
            _ if is_tls(&error) => NatsError::Tls { servers: servers(), reason },
            _ => NatsError::Unreachable { servers: servers(), reason },
        }
    })
}

/// Whether the two did not agree on TLS: what rustls says comes as data that is not valid.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let kind = error.downcast_ref().map(io::Error::kind);
        if kind == Some(io::ErrorKind::InvalidData) {
            return true;
        }
        next = error.source();
    }
    false
}

fn prepare(options: &Options) -> Result<ConnectOptions, NatsError> {
    let mut connect = ConnectOptions::new()
        .name(format!("chinwag {}", options.node))
        .connection_timeout(CONNECT)
        .ping_interval(PING)
        .subscription_capacity(WAITING_MAX)
        .max_reconnects(None)
        .reconnect_delay_callback(|tries| Duration::from_millis(if tries <= 1 { 0 } else { 100 }))
        .event_callback(|event| async move { tell(&event) });
    connect = match &options.login {
        Login::Nothing => connect,
        Login::Password { user, password } => {
            connect.user_and_password(user.clone(), password.clone())
        }
        Login::Token(token) => connect.token(token.clone()),
        Login::Seed(path) => connect.nkey(read(path)?.trim().to_owned()),
        Login::Credentials(path) => {
            connect.credentials(&read(path)?).map_err(|error| file(path, &error.to_string()))?
        }
    };
    let tls = &options.tls;
    if let Some(ca) = &tls.ca {
        read(ca)?;
        connect = connect.add_root_certificates(ca.clone());
    }
    if let Some((certificate, key)) = &tls.certificate {
        read(certificate)?;
        read(key)?;
        connect = connect.add_client_certificate(certificate.clone(), key.clone());
    }
    Ok(connect.require_tls(tls.ca.is_some() || tls.certificate.is_some()))
}

fn read(path: &Path) -> Result<String, NatsError> {
    std::fs::read_to_string(path).map_err(|error| file(path, &error.to_string()))
}

fn file(path: &Path, reason: &str) -> NatsError {
    NatsError::File { path: path.display().to_string(), reason: reason.to_owned() }
}

fn tell(event: &Event) {
    match event {
        Event::Disconnected => tracing::warn!("the connection to the NATS server is lost"),
        // The request that was refused is reported with what to do.
        Event::ServerError(error) if RARE.iter().any(|what| error.to_string().contains(what)) => {
            tracing::debug!("NATS: {event}");
        }
        Event::ServerError(_) | Event::ClientError(_) => tracing::warn!("NATS: {event}"),
        _ => tracing::debug!("NATS: {event}"),
    }
}
