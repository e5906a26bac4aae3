//! Telling devices of what is said to their owners while they sleep: Web Push.
//!
//! What is told here is told elsewhere too, and may be lost: when the server stops, when a push
//! service fails for long, and beyond the bounds of what waits.
//!
//! Spec: RFC 8030, RFC 8291, RFC 8292.

mod address;
mod encrypt;
mod post;
mod queue;

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use chinwag_face::irc::pushed_line;
use chinwag_model::effect::{Event, Push};
use crossbeam_channel::Sender;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};

use crate::courier::ToHub;
use crate::options::PushOptions;
use post::{Letter, NotPosted, post};
use queue::Queue;

/// Threads that post. Each waits for one push service at a time.
const THREADS: usize = 16;

/// The way to the threads that tell devices.
#[derive(Debug)]
pub(crate) struct Office {
    queue: Arc<Queue>,
}

/// What a thread posts with.
struct Clerk {
    queue: Arc<Queue>,
    options: PushOptions,
    server_name: String,
    tls: OnceLock<Arc<ClientConfig>>,
    hub: Sender<ToHub>,
}

/// What became of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The push service has it, or will never take it.
    Done,
    /// The push service knows the device no longer.
    Gone,
    /// It is to be tried again.
    Later,
}

/// Whether the push service has said anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Came,
    None,
}

impl Office {
    /// Starts the threads; they end when this is gone.
    pub(crate) fn start(
        options: PushOptions,
        server_name: String,
        hub: Sender<ToHub>,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let (clerk_queue, tls) = (Arc::clone(&queue), OnceLock::new());
        let clerk = Arc::new(Clerk { queue: clerk_queue, options, server_name, tls, hub });
        let office = Self { queue };
        for n in 0..THREADS {
            let clerk = Arc::clone(&clerk);
            std::thread::Builder::new().name(format!("push-{n}")).spawn(move || clerk.run())?;
        }
        Ok(office)
    }

    /// Has a device told, if there is room for it.
    pub(crate) fn send(&self, push: Push) {
        if !self.queue.put(push) {
            tracing::debug!("a push is left out, as too many wait");
        }
    }
}

impl Drop for Office {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Clerk {
    fn run(&self) {
        while let Some(job) = self.queue.take() {
            let host = job.push.device.endpoint.authority().to_owned();
            let began = Instant::now();
            let (fate, answer) = self.tell(&job.push);
            // A push service is quick if it answers soon, whatever it says.
            let took = (answer == Answer::Came).then(|| began.elapsed());
            match fate {
                Fate::Done => self.queue.finish(&job, took),
                Fate::Gone => {
                    self.queue.finish(&job, took);
                    tracing::debug!("{host} knows a device no longer");
                    let (person, endpoint) = (job.push.person, job.push.device.endpoint);
                    // A hub that is gone has ended the server.
                    let _ = self.hub.send(ToHub::DeviceLost { person, endpoint });
                }
                Fate::Later => {
                    if !self.queue.fail(job, took) {
                        tracing::debug!("a push to {host} is given up");
                    }
                }
            }
        }
    }

    fn tell(&self, push: &Push) -> (Fate, Answer) {
        let Some(line) = pushed_line(push, &self.server_name) else {
            return (Fate::Done, Answer::None);
        };
        let endpoint = &push.device.endpoint;
        // Nothing will ever reach a device whose key is none.
        let Ok(body) = encrypt::encrypt(&line, &push.device.keys) else {
            return (Fate::Gone, Answer::None);
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let PushOptions { vapid, contact, private_addresses } = &self.options;
        let Ok(authorization) = vapid.authorization(&endpoint.origin(), contact, now) else {
            tracing::error!("a push cannot be signed");
            return (Fate::Done, Answer::None);
        };
        let urgent = !matches!(push.event, Event::Read { .. });
        let letter = Letter { endpoint, authorization: &authorization, urgent, body: &body };
        let Some(tls) = self.tls() else { return (Fate::Done, Answer::None) };
        match post(&letter, tls, *private_addresses) {
            Ok(status) => {
                let fate = fate(status);
                if fate != Fate::Done || !(200..300).contains(&status) {
                    tracing::debug!("{} answers a push with {status}", endpoint.authority());
                }
                (fate, Answer::Came)
            }
            Err(error) => {
                tracing::debug!("no push to {}: {error}", endpoint.authority());
                let fate = match error {
                    NotPosted::Private | NotPosted::Name => Fate::Gone,
                    NotPosted::Tls(_) | NotPosted::Io(_) => Fate::Later,
                };
                (fate, Answer::None)
            }
        }
    }

    /// What push services are spoken to with: it trusts whom the system trusts. It is made for the
    /// first push, as most servers never have any.
    fn tls(&self) -> Option<&Arc<ClientConfig>> {
        if self.tls.get().is_none() {
            let mut roots = RootCertStore::empty();
            let found = rustls_native_certs::load_native_certs();
            let (taken, _) = roots.add_parsable_certificates(found.certs);
            if taken == 0 {
                tracing::warn!(
                    "the system trusts no certificate authority (install ca-certificates), so that \
                     devices cannot be told of what is said"
                );
            }
            match trusting(roots) {
                // Another thread may have been faster.
                Ok(tls) => drop(self.tls.set(tls)),
                Err(error) => tracing::error!("no TLS for pushes: {error}"),
            }
        }
        self.tls.get()
    }
}

fn trusting(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// What follows of an answer (RFC 8030, sections 5 and 7.3). Where it points elsewhere, nobody goes.
fn fate(status: u16) -> Fate {
    match status {
        404 | 410 => Fate::Gone,
        429 | 500..=599 => Fate::Later,
        _ => Fate::Done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_push_service_answers_is_heeded() {
        for (status, expected) in [
            (201, Fate::Done),
            (302, Fate::Done),
            (403, Fate::Done),
            (404, Fate::Gone),
            (410, Fate::Gone),
            (413, Fate::Done),
            (429, Fate::Later),
            (500, Fate::Later),
            (503, Fate::Later),
        ] {
            assert_eq!(fate(status), expected, "{status}");
        }
    }
}
