//! Mail on its way out, by threads of its own (SMTP, RFC 5321).

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use chinwag_model::mail::{MailAddress, NotMailed};
use crossbeam_channel::Sender;
use lettre::address::AddressError;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, SmtpTransport, Transport as _};

use super::code::{Code, Purpose};
use crate::courier::{Mailed, ToHub};
use crate::fair::FairQueue;
use crate::options::{MailOptions, MailTls, Policy};
use crate::quota::Net;

/// Mails that wait to be sent; beyond, those of the network that asks for most of them are not sent.
const QUEUE_MAX: usize = 64;

/// Threads that send.
const THREADS: usize = 2;

/// How long the mail server may take for each thing it is told.
const STEP_MAX: Duration = Duration::from_secs(10);

/// How often a mail is tried, with this much time between, and how long after it was asked for a
/// try may begin: its asker waits for it.
const TRIES_MAX: u32 = 3;
const PAUSE: Duration = Duration::from_secs(2);
const BEGIN_MAX: Duration = Duration::from_secs(30);

/// The way to the threads that send.
#[derive(Debug)]
pub(super) struct Mailer {
    outgoing: Arc<Outgoing>,
}

/// What waits to be sent: the networks that ask take turns.
#[derive(Debug)]
struct Outgoing {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug)]
struct Waiting {
    jobs: FairQueue<Net, Job>,
    closed: bool,
}

/// A mail to send.
#[derive(Debug)]
pub(super) struct Job {
    /// What is told of it, as if it were sent.
    pub(super) mailed: Mailed,
    pub(super) purpose: Purpose,
    pub(super) code: Code,
    pub(super) to: MailAddress,
    pub(super) policy: Arc<Policy>,
    pub(super) asked: Instant,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("[mail] is gone from the configuration")]
    Off,
    #[error("it waited too long for others to be sent")]
    Late,
    #[error("the address is none: {0}")]
    Address(#[from] AddressError),
    #[error("it cannot be written: {0}")]
    Message(#[from] lettre::error::Error),
    #[error("{0}")]
    Server(#[from] lettre::transport::smtp::Error),
}

impl Mailer {
    /// Starts the threads; they end when this is dropped.
    pub(super) fn start(hub: &Sender<ToHub>) -> std::io::Result<Self> {
        let waiting = Mutex::new(Waiting { jobs: FairQueue::new(QUEUE_MAX), closed: false });
        let outgoing = Arc::new(Outgoing { waiting, changed: Condvar::new() });
        let mailer = Self { outgoing };
        for n in 0..THREADS {
            let (outgoing, hub) = (Arc::clone(&mailer.outgoing), hub.clone());
            std::thread::Builder::new()
                .name(format!("mail-{n}"))
                .spawn(move || run(&outgoing, &hub))?;
        }
        Ok(mailer)
    }

    /// Has a mail sent for someone of a network. If too many wait, returns what becomes of the one
    /// that is not sent: this one, or one of a network that asks for more.
    pub(super) fn send(&self, from: Net, job: Job) -> Option<Mailed> {
        let pushed_out = self.outgoing.lock().jobs.push(from, job);
        self.outgoing.changed.notify_one();
        let job = pushed_out?;
        tracing::warn!("a mail is not sent: {QUEUE_MAX} others wait");
        Some(Mailed { result: Err(NotMailed::Unreachable), ..job.mailed })
    }
}

impl Drop for Mailer {
    fn drop(&mut self) {
        self.outgoing.lock().closed = true;
        self.outgoing.changed.notify_all();
    }
}

impl Outgoing {
    /// Waits for the next mail; `None` at the end.
    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            if let Some(job) = waiting.jobs.pop() {
                return Some(job);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(outgoing: &Outgoing, hub: &Sender<ToHub>) {
    while let Some(job) = outgoing.next() {
        let result = deliver(&job).map_err(|failure| {
            let (domain, said) = (job.to.domain(), failure.to_string());
            // What the mail server says may be anything.
            tracing::warn!("a mail to {domain} is not sent: {}", said.escape_debug());
            failure.told()
        });
        if hub.send(ToHub::Mailed(Mailed { result, ..job.mailed })).is_err() {
            return;
        }
    }
}

fn deliver(job: &Job) -> Result<(), Failure> {
    let options = job.policy.mail.as_ref().ok_or(Failure::Off)?;
    let message = compose(job, options)?;
    let transport = transport(options)?;
    let mut last = Failure::Late;
    for attempt in 0..TRIES_MAX {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        if job.asked.elapsed() > BEGIN_MAX {
            break;
        }
        match transport.send(&message) {
            Ok(_) => return Ok(()),
            Err(error) if error.is_permanent() => return Err(error.into()),
            Err(error) => last = error.into(),
        }
    }
    Err(last)
}

impl Failure {
    /// What the asker is told.
    fn told(&self) -> NotMailed {
        match self {
            Self::Off => NotMailed::Off,
            Self::Address(_) => NotMailed::Refused,
            // That the mail server does not know this one (RFC 4954, 6) is not the asker's fault.
            Self::Server(error) if error.is_permanent() => match error.status().map(u16::from) {
                Some(530 | 534 | 535 | 538) => NotMailed::Unreachable,
                _ => NotMailed::Refused,
            },
            _ => NotMailed::Unreachable,
        }
    }
}

fn transport(options: &MailOptions) -> Result<SmtpTransport, Failure> {
    let MailOptions { host, port, tls, from, login } = options;
    let parameters = || TlsParameters::new(host.clone());
    let tls = match tls {
        MailTls::Off => Tls::None,
        MailTls::StartTls => Tls::Required(parameters()?),
        MailTls::Always => Tls::Wrapper(parameters()?),
    };
    // Nothing is checked by this builder that `tls` does not say.
    let mut builder = SmtpTransport::builder_dangerous(host.as_str())
        .port(*port)
        .tls(tls)
        .timeout(Some(STEP_MAX))
        .hello_name(ClientId::Domain(from.domain().to_owned()));
    if let Some((user, password)) = login {
        let password = String::from_utf8_lossy(password.expose()).into_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

/// The mail. Nothing in its headers was chosen by a stranger but the address, which was parsed.
fn compose(job: &Job, options: &MailOptions) -> Result<Message, Failure> {
    let Job { mailed, purpose, code, to, policy, .. } = job;
    let (account, code) = (mailed.account.shown(), code.shown());
    let (network, server) = (&policy.irc.network, &policy.name);
    let (subject, text) = match purpose {
        Purpose::Verify => (
            format!("Your code for {network}"),
            format!(
                "Someone wants to have the account {account} on {network} ({server}), and gave \
                 this address.\r\n\r\nIf that was you, say there within a day:\r\n\r\n    \
                 /msg NickServ VERIFY {account} {code}\r\n\r\nIf it was not, do nothing: the \
                 account is not made without this code.\r\n"
            ),
        ),
        Purpose::Reset => (
            format!("Your code for another password on {network}"),
            format!(
                "Someone asked to set another password for the account {account} on {network} \
                 ({server}).\r\n\r\nIf that was you, say there within an hour:\r\n\r\n    \
                 /msg NickServ RESETPASS {account} {code} NEWPASSWORD\r\n\r\nIf it was not, do \
                 nothing: the password stays as it is.\r\n"
            ),
        ),
    };
    let from: Address = options.from.as_str().parse()?;
    let to: Address = to.as_str().parse()?;
    let id = message_id(options.from.domain());
    // Answers by programs are unwanted (RFC 3834).
    let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
    Ok(Message::builder()
        .from(Mailbox::new(Some(network.clone()), from))
        .to(Mailbox::new(None, to))
        .date(SystemTime::now())
        .message_id(Some(id))
        .subject(subject)
        .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
        .header(ContentType::TEXT_PLAIN)
        .body(text)?)
}

/// Something that no other mail has; without random numbers there would be no code either.
fn message_id(domain: &str) -> String {
    let id = Code::new().map_or_else(String::new, |code| code.shown());
    format!("<{id}@{domain}>")
}
