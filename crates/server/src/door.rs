//! The door: accepts connections, counts them, and gives each to its shard.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::{ArcSwap, ArcSwapOption};
use chinwag_node::delivery::SessionNumber;
use chinwag_node::route::shard_of;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::certificate::Certificate;
use crate::courier::{Arrival, ShardInbox, ToShard};
use crate::listener::Listener;
use crate::options::{ListenOptions, Policy};
use crate::seat::Seats;
use crate::transport::Transport;

/// Connections beyond `clients_max` that are let in to be told that the server is full; beyond
/// these they are closed without a word.
const SURPLUS_MAX: usize = 1000;

/// Connections of one listener that are accepted before the others are looked at.
const TURN_MAX: usize = 256;

/// How long the door waits when the system has no more files for it.
const PAUSE: Duration = Duration::from_millis(100);

const WAKE: Token = Token(usize::MAX);

/// What ends the door.
#[derive(Debug)]
pub(crate) struct DoorHandle {
    stop: Arc<AtomicBool>,
    waker: Arc<Waker>,
}

impl DoorHandle {
    /// Has no more connections accepted.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        if let Err(error) = self.waker.wake() {
            tracing::error!("cannot wake the door: {error}");
        }
    }
}

/// Accepts connections on all listeners.
#[derive(Debug)]
pub(crate) struct Door {
    poll: Poll,
    listeners: Vec<(Listener, Arc<ListenOptions>)>,
    shards: Arc<[ShardInbox]>,
    policy: Arc<ArcSwap<Policy>>,
    certificate: Arc<ArcSwapOption<Certificate>>,
    seats: Seats,
    next: SessionNumber,
    stop: Arc<AtomicBool>,
}

impl Door {
    pub(crate) fn new(
        listeners: Vec<Listener>,
        shards: Arc<[ShardInbox]>,
        policy: Arc<ArcSwap<Policy>>,
        certificate: Arc<ArcSwapOption<Certificate>>,
    ) -> io::Result<(Self, DoorHandle)> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        let stop = Arc::new(AtomicBool::new(false));
        let mut listeners: Vec<_> = listeners
            .into_iter()
            .map(|listener| {
                let options = Arc::new(listener.options().clone());
                (listener, options)
            })
            .collect();
        for (at, (listener, _)) in listeners.iter_mut().enumerate() {
            poll.registry().register(listener.source(), Token(at), Interest::READABLE)?;
        }
        let handle = DoorHandle { stop: Arc::clone(&stop), waker };
        let seats = Seats::default();
        let door = Self { poll, listeners, shards, policy, certificate, seats, next: 1, stop };
        Ok((door, handle))
    }

    /// Accepts until it is told to stop.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(64);
        // The system tells of a listener once for all that came; those not emptied yet.
        let mut ready = vec![true; self.listeners.len()];
        let mut pause = None;
        while !self.stop.load(Ordering::Acquire) {
            let timeout = pause.take().or_else(|| ready.contains(&true).then_some(Duration::ZERO));
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!("cannot wait for connections: {error}");
                pause = Some(PAUSE);
                continue;
            }
            for event in &events {
                if let Some(ready) = ready.get_mut(event.token().0) {
                    *ready = true;
                }
            }
            for (at, ready) in ready.iter_mut().enumerate().filter(|(_, ready)| **ready) {
                match self.accept(at) {
                    Ok(more) => *ready = more,
                    Err(error) => {
                        tracing::error!("cannot accept a connection: {error}; trying again");
                        pause = Some(PAUSE);
                    }
                }
            }
        }
    }

    /// Accepts what came on one listener; whether there may be more.
    fn accept(&mut self, at: usize) -> io::Result<bool> {
        for _ in 0..TURN_MAX {
            let Some((listener, options)) = self.listeners.get(at) else { return Ok(false) };
            let (stream, peer) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Ok(false),
                    // It came and went.
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted => continue,
                    _ => return Err(error),
                },
            };
            let policy = self.policy.load();
            // What a proxy passes on is counted for whoever it is passed on for.
            let counted = peer.filter(|peer| !options.proxies.have(Some(*peer)));
            let Some(seat) = self.seats.take(counted, policy.limits.connections_per_ip) else {
                tracing::debug!("too many connections from {peer:?}; one is closed");
                continue;
            };
            let all = self.seats.taken();
            if all > policy.clients_max.saturating_add(SURPLUS_MAX) {
                continue;
            }
            let certificate = self.certificate.load();
            let stream = Transport::new(stream, options, certificate.as_deref(), peer);
            let number = self.next;
            self.next += 1;
            let arrival = Arrival {
                number,
                stream,
                peer,
                listener: Arc::clone(options),
                seat,
                is_surplus: all > policy.clients_max,
            };
            if let Some(shard) = self.shards.get(shard_of(number, self.shards.len())) {
                shard.send(ToShard::Connection(arrival));
            }
        }
        Ok(true)
    }
}
