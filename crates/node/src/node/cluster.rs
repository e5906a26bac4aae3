//! A node's part in a cluster: it begins, says that it lives, watches the others, and knows how it
//! stands with the log.
//!
//! Time is told by [`tick`](Node::tick), as the time since some moment of this process; no clock of
//! this machine is compared with that of another. What the log's time is by now is reckoned from
//! its entries.

use std::collections::BTreeSet;
use std::time::Duration;

use chinwag_core::core::Fate;
use chinwag_core::snapshot::Digest;
use chinwag_core::state::{Living, State};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Origin, Request};
use chinwag_model::node::{Incarnation, NodeName, RULES};
use chinwag_model::outcome::{NotStored, Refusal};
use chinwag_model::whisper::{Murmur, Whisper};

use super::{Node, OWN_REQUEST};
use crate::delivery::SessionNumber;
use crate::digests::Digests;
use crate::grapevine::Grapevine;
use crate::health::{Health, Pace, Standing};
use crate::log_time::LogTime;
use crate::peers::Peers;
use crate::pipeline::is_of_session;
use crate::stop::Stop;

/// Packets that may be on their way at a time, as every log takes so many.
pub const DEPTH: usize = 16;

/// After so long without a tick this process did not run, and nothing can be said of the log.
const NAP: Duration = Duration::from_secs(1);

/// As what a node takes part in a cluster.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name, which no other node has.
    pub name: NodeName,
    /// Drawn by chance as the process starts.
    pub nonce: u64,
    /// The times by which it lives.
    pub pace: Pace,
    /// After each so many entries nodes compare their states, at least 1.
    pub digest_period: u64,
}

/// A snapshot of the state, as it was made to compare nodes.
#[derive(Debug)]
pub struct Compared {
    /// The last entry that is in it.
    pub seq: Seq,
    /// The time of that entry.
    pub time: Timestamp,
    /// The state.
    pub bytes: Vec<u8>,
}

/// What a node of a cluster knows besides what each node knows.
#[derive(Debug)]
pub(super) struct Cluster {
    part: Part,
    incarnation: Incarnation,
    phase: Phase,
    now: Duration,
    /// When the last packet of this node's own came back.
    landed: Duration,
    log_time: LogTime,
    beat_due: Duration,
    /// Whether a beat is on its way: there is never more than one.
    has_beat_out: bool,
    peers: Peers,
    pub(super) is_cut_off: bool,
    /// How often it began anew.
    begun_anew: u64,
    /// What was told to be unknown, and may still be stored.
    pub(super) unsure: BTreeSet<(SessionNumber, u32)>,
    digests: Digests,
    compared: Option<Compared>,
    pub(super) grapevine: Grapevine,
}

/// Where a node stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// As the log says, a node of this name lives: it is listened for, up to some moment. What it says
    /// puts that off, as it may have been on its way when the process ended; but not beyond
    /// another moment.
    Listening { epoch: u64, seen: Seq, until: Duration, at_most: Duration },
    /// The beginning is on its way.
    Beginning,
    /// It lives.
    Living,
    /// The end is on its way.
    Leaving,
    /// It has ended.
    Over,
}

impl Cluster {
    /// Whether an intent is of a kind that every node knows.
    pub(super) fn knows(&self, state: &State, intent: &Intent) -> bool {
        self.phase != Phase::Living || intent.version() <= state.level()
    }

    /// Whether something may leave besides so many packets on their way: before it lives, only the
    /// beginning does.
    pub(super) fn may_leave(&self, on_their_way: usize) -> bool {
        match self.phase {
            Phase::Listening { .. } => false,
            Phase::Beginning => on_their_way == 0,
            Phase::Living | Phase::Leaving | Phase::Over => true,
        }
    }

    /// Whether nothing more may follow what is on its way.
    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Leaving | Phase::Over)
    }

    /// Until when something is still wanted that leaves now.
    pub(super) fn expires(&self) -> Timestamp {
        self.log_time.at(self.now + self.part.pace.cut_off)
    }

    fn quiet(&self) -> Duration {
        self.now.saturating_sub(self.landed)
    }

    fn standing(&self) -> Standing {
        match self.phase {
            _ if self.is_cut_off => Standing::CutOff,
            Phase::Listening { .. } | Phase::Beginning => Standing::Joining,
            _ if self.quiet() >= self.part.pace.stalled => Standing::Stalled,
            _ => Standing::Well,
        }
    }
}

impl Node {
    /// A node that goes on from `core` and takes part in a cluster. The core has taken all that was in
    /// the log a moment ago. If as the log says a node of this name lives, this one first listens
    /// for it, for as long as it takes to be stalled.
    ///
    /// # Errors
    /// [`Stop`] where it can't be one of this cluster's.
    pub fn join(
        core: chinwag_core::core::Core,
        shards: usize,
        presence_notices_max: usize,
        part: Part,
        now: Duration,
    ) -> Result<Self, Stop> {
        let (id, state) = (part.name.id(), core.state());
        let name = part.name.as_str();
        if state.level() > RULES {
            return Err(Stop::TooOld { level: state.level(), knows: RULES });
        }
        if let Some(other) = state.node_name(id).filter(|other| *other != name) {
            return Err(Stop::NumberInUse { own: name.to_owned(), other: other.to_owned() });
        }
        let (until, at_most) = (now + part.pace.stalled, now + part.pace.stalled * 2);
        let phase = match state.living(id) {
            Some(Living { epoch, seen, .. }) => Phase::Listening { epoch, seen, until, at_most },
            None => Phase::Beginning,
        };
        let cluster = Cluster {
            incarnation: Incarnation::new(&part.name, part.nonce),
            phase,
            now,
            landed: now,
            log_time: LogTime::new(state.time(), now),
            beat_due: now,
            has_beat_out: false,
            peers: Peers::default(),
            is_cut_off: false,
            begun_anew: 0,
            unsure: BTreeSet::new(),
            digests: Digests::default(),
            compared: None,
            grapevine: Grapevine::default(),
            part,
        };
        let mut node = Self::bare(id, core, shards, presence_notices_max, DEPTH);
        if phase == Phase::Beginning {
            node.begin(cluster.incarnation.clone());
        }
        node.cluster = Some(Box::new(cluster));
        Ok(node)
    }

    /// Time goes on: `now` is the time since some moment of this process. To be called about ten times
    /// a second, and before packets are asked for; it does nothing where there is no cluster.
    pub fn tick(&mut self, now: Duration) {
        let Some(mut cluster) = self.cluster.take() else { return };
        let gap = now.saturating_sub(cluster.now);
        cluster.now = now;
        if gap >= NAP {
            cluster.landed = (cluster.landed + gap).min(now);
            cluster.grapevine.slept(gap);
        }
        match cluster.phase {
            Phase::Listening { until, .. } if now >= until => {
                cluster.phase = Phase::Beginning;
                self.begin(cluster.incarnation.clone());
            }
            Phase::Living => self.beat(&mut cluster),
            _ => {}
        }
        let Pace { cut_off, close, .. } = cluster.part.pace;
        if !cluster.is_cut_off && cluster.quiet() >= cut_off {
            self.cut_off(&mut cluster);
        }
        if cluster.phase == Phase::Living && cluster.quiet() >= close && self.is_alone(&cluster) {
            self.begin_again(&mut cluster);
        }
        self.cluster = Some(cluster);
    }

    /// How the node stands.
    #[must_use]
    pub fn health(&self) -> Health {
        let Some(cluster) = &self.cluster else {
            return Health { seq: self.state().seq(), ..Health::default() };
        };
        let names = self.state().all_living().map(|living| living.incarnation.name.to_string());
        let mut nodes: Vec<_> = names.collect();
        nodes.sort_unstable();
        Health {
            standing: cluster.standing(),
            quiet: cluster.quiet(),
            seq: self.state().seq(),
            nodes,
            level: self.state().level(),
        }
    }

    /// How it stands with the log; well, where there is no cluster.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.cluster.as_ref().map_or(Standing::Well, |cluster| cluster.standing())
    }

    /// How often it has closed its connections and begun anew; 0 where there is no cluster.
    #[must_use]
    pub fn begun_anew(&self) -> u64 {
        self.cluster.as_ref().map_or(0, |cluster| cluster.begun_anew)
    }

    /// From now on connections that go are not told to the others one by one, as the node's end ends
    /// them all. Where there is no cluster, nothing changes.
    pub fn begin_farewell(&mut self) {
        self.has_farewell = self.cluster.is_some();
    }

    /// Ends the node's life in the log, with all that was asked before; nothing can be asked after it.
    /// Where there is no cluster, nothing is to be done.
    pub fn leave(&mut self) {
        let is_living = |cluster: &&mut Box<Cluster>| cluster.phase == Phase::Living;
        if self.cluster.as_mut().filter(is_living).is_some() {
            self.enqueue(0, OWN_REQUEST, Intent::End);
        }
        if let Some(cluster) = &mut self.cluster {
            cluster.phase = Phase::Leaving;
        }
    }

    /// The snapshot that was made last to compare nodes, once.
    pub fn take_compared(&mut self) -> Option<Compared> {
        self.cluster.as_mut()?.compared.take()
    }

    /// What is to be passed on to all other nodes, if it can be.
    pub fn take_whispers(&mut self) -> Vec<Whisper> {
        self.cluster.as_mut().map_or_else(Vec::new, |cluster| cluster.grapevine.take_out())
    }

    /// Another node was heard, or this one itself.
    pub fn hear_whisper(&mut self, whisper: Whisper) {
        let state = self.core.state();
        let Some(cluster) = &mut self.cluster else { return };
        if whisper.node == self.id || state.living(whisper.node).is_none() {
            return;
        }
        cluster.grapevine.note(whisper.node, cluster.now);
        if whisper.seq > state.seq() {
            cluster.grapevine.hold(cluster.now, whisper);
        } else {
            self.show_whisper(&whisper);
        }
    }

    fn show_whisper(&mut self, whisper: &Whisper) {
        if let Murmur::Tags { session, request, to, tags } = &whisper.what
            && session.node == whisper.node
        {
            let origin = Origin { session: *session, request: *request };
            // Who may no longer say it there has left meanwhile.
            let _ = self.show_tags(origin, to, tags);
        }
    }

    /// Whether no other node is heard, though there are some.
    fn is_alone(&self, cluster: &Cluster) -> bool {
        let silence = cluster.grapevine.last_heard().map(|at| cluster.now.saturating_sub(at));
        let has_others = self.state().all_living().any(|living| living.node != self.id);
        has_others && silence.is_none_or(|silence| silence >= cluster.part.pace.close)
    }

    fn beat(&mut self, cluster: &mut Cluster) {
        if cluster.now < cluster.beat_due {
            return;
        }
        cluster.beat_due = cluster.now + cluster.part.pace.beat;
        let here = Murmur::Here { cut_off: cluster.is_cut_off };
        let state = self.core.state();
        cluster.grapevine.tell(self.id, state.seq(), here);
        cluster.grapevine.forget(|node| state.living(node).is_some());
        if !std::mem::replace(&mut cluster.has_beat_out, true) {
            self.enqueue(0, OWN_REQUEST, Intent::Beat);
        }
    }

    /// Puts the beginning of a life in front of all that waits.
    fn begin(&mut self, incarnation: Incarnation) {
        let origin =
            Origin { session: SessionId { node: self.id, number: 0 }, request: OWN_REQUEST };
        let begin = Request { origin, intent: Intent::BeginAs(Box::new(incarnation)) };
        let epoch = self.state().epoch(self.id) + 1;
        (self.accepted, self.settled) = (self.pipeline.begin(epoch, begin), 0);
    }

    /// This life is over: its connections are closed, and another one begins.
    fn begin_again(&mut self, cluster: &mut Box<Cluster>) {
        self.pending.clear();
        self.raised.clear();
        self.pipeline.forget_sessions();
        self.routes.close_all();
        cluster.unsure.clear();
        cluster.peers = Peers::default();
        cluster.has_beat_out = false;
        cluster.phase = Phase::Beginning;
        cluster.begun_anew += 1;
        self.begin(cluster.incarnation.clone());
    }

    /// Nothing was stored for long. What waits is refused; of what is on its way nobody knows, and who
    /// said it is told so; what changes something for who asked stays open. Reading goes on.
    fn cut_off(&mut self, cluster: &mut Cluster) {
        cluster.is_cut_off = true;
        // In the order in which it was asked.
        let speakers = self.pipeline.askers().filter(|asker| asker.is_speech);
        for Origin { session, request } in speakers.map(|asker| asker.origin).collect::<Vec<_>>() {
            if cluster.unsure.insert((session.number, request)) {
                self.reply(session.number, request, Err(Refusal::Unsure));
                self.settle(session.number);
            }
        }
        for Origin { session, request } in self.pipeline.take_waiting() {
            let refusal = Refusal::NotStored(NotStored::CutOff);
            self.reply(session.number, request, Err(refusal));
            self.settle(session.number);
        }
        let waiting = self.pending.iter_mut().flat_map(|(session, pending)| {
            pending.waiting.drain(..).map(|(_, request, waiting)| (*session, request, waiting))
        });
        for (session, request, waiting) in waiting.collect::<Vec<_>>() {
            self.go_on(session, request, waiting);
        }
        let raised = self.raised.drain(..).map(|(_, session, request)| (session, request));
        self.barriers.extend(raised);
    }

    /// Takes note of what an entry that was taken means for this node's life.
    pub(super) fn follow(&mut self, entry: &Entry, fate: Fate) -> Result<(), Stop> {
        let Some(mut cluster) = self.cluster.take() else { return Ok(()) };
        let followed = self.follow_as(&mut cluster, entry, fate);
        self.cluster = Some(cluster);
        for whisper in self.take_due() {
            self.show_whisper(&whisper);
        }
        followed
    }

    fn take_due(&mut self) -> Vec<Whisper> {
        let seq = self.core.state().seq();
        let Some(cluster) = &mut self.cluster else { return Vec::new() };
        cluster.grapevine.take_due(seq, cluster.now)
    }

    fn follow_as(
        &mut self,
        cluster: &mut Box<Cluster>,
        entry: &Entry,
        fate: Fate,
    ) -> Result<(), Stop> {
        cluster.log_time.note(entry.time, cluster.now);
        let packet = &entry.packet;
        if self.pipeline.is_own(packet) {
            match fate {
                Fate::PassedOver => self.pipeline.passed_over(packet),
                Fate::Late => self.do_again(cluster, packet),
                Fate::Taken => self.count_beat(cluster, packet),
            }
            if fate != Fate::PassedOver {
                cluster.landed = cluster.now;
                cluster.is_cut_off = false;
            }
        }
        self.follow_lives(cluster, packet, fate)?;
        self.compare(cluster, packet, fate)
    }

    /// What must be done in any case, and came too late, is done with another packet.
    fn do_again(&mut self, cluster: &mut Cluster, packet: &Packet) {
        cluster.peers.say_again();
        for request in packet.requests.iter().filter(|request| !is_of_session(request)) {
            match request.intent {
                Intent::Beat => cluster.has_beat_out = false,
                Intent::Exit { .. }
                | Intent::Delivered(_)
                | Intent::LoseDevice { .. }
                | Intent::End => {
                    let Origin { session, request: number } = request.origin;
                    self.enqueue(session.number, number, request.intent.clone());
                }
                _ => {}
            }
        }
    }

    fn count_beat(&mut self, cluster: &mut Cluster, packet: &Packet) {
        if packet.requests.iter().any(|request| request.intent == Intent::Beat) {
            cluster.has_beat_out = false;
            let beats_max = cluster.part.pace.beats_max;
            for gone in cluster.peers.beat(self.id, self.core.state(), beats_max) {
                self.enqueue(0, OWN_REQUEST, gone);
            }
        }
    }

    fn follow_lives(
        &mut self,
        cluster: &mut Box<Cluster>,
        packet: &Packet,
        fate: Fate,
    ) -> Result<(), Stop> {
        let state = self.core.state();
        let name = cluster.part.name.as_str();
        let in_use = || Stop::NameInUse(name.to_owned());
        let own = self.pipeline.epoch();
        let living = state.living(self.id);
        let is_others = |(epoch, incarnation): (u64, &Incarnation)| {
            epoch >= own && incarnation.nonce != cluster.part.nonce
        };
        match cluster.phase {
            Phase::Listening { epoch, seen, at_most, .. } => match living {
                Some(living) if (living.epoch, living.seen) == (epoch, seen) => Ok(()),
                Some(living) if living.epoch != epoch || cluster.now >= at_most => Err(in_use()),
                living => {
                    let seen = living.map_or(seen, |living| living.seen);
                    let rest = living.map_or(Duration::ZERO, |_| cluster.part.pace.stalled);
                    let until = cluster.now + rest;
                    cluster.phase = Phase::Listening { epoch, seen, until, at_most };
                    Ok(())
                }
            },
            Phase::Over => Ok(()),
            _ if state.began(self.id).is_some_and(is_others) => Err(in_use()),
            Phase::Beginning if self.pipeline.is_own(packet) => match fate {
                Fate::PassedOver => self.look_why(cluster),
                _ => {
                    cluster.phase = Phase::Living;
                    cluster.beat_due = cluster.now;
                    Ok(())
                }
            },
            Phase::Beginning => Ok(()),
            Phase::Living if living.is_none() => {
                self.begin_again(cluster);
                Ok(())
            }
            Phase::Leaving if living.is_none() => {
                cluster.phase = Phase::Over;
                Ok(())
            }
            Phase::Living | Phase::Leaving => Ok(()),
        }
    }

    /// The beginning of this life does not count: why?
    fn look_why(&self, cluster: &Cluster) -> Result<(), Stop> {
        let state = self.core.state();
        let own = cluster.part.name.as_str();
        match state.node_name(self.id) {
            Some(other) if other != own => {
                Err(Stop::NumberInUse { own: own.to_owned(), other: other.to_owned() })
            }
            _ if state.level() > RULES => Err(Stop::TooOld { level: state.level(), knows: RULES }),
            _ => Ok(()),
        }
    }

    /// Compares states with the other nodes.
    fn compare(&mut self, cluster: &mut Cluster, packet: &Packet, fate: Fate) -> Result<(), Stop> {
        let (seq, time) = (self.state().seq(), self.state().time());
        if seq.0.is_multiple_of(cluster.part.digest_period) {
            let bytes = self.state().snapshot();
            let digest = Digest::of(&bytes);
            cluster.compared = Some(Compared { seq, time, bytes });
            if cluster.phase == Phase::Living {
                cluster.digests.set_own(seq, digest);
                self.enqueue(0, OWN_REQUEST, Intent::Digest { seq, digest: digest.0 });
            }
        }
        if fate != Fate::Taken {
            return Ok(());
        }
        for request in &packet.requests {
            if let Intent::Digest { seq: of, digest } = request.intent
                && of < seq
            {
                let node: NodeId = request.origin.session.node;
                cluster.digests.hear(node, of, Digest(digest));
                let living = self.core.state().all_living().map(|living| living.node);
                cluster.digests.judge(of, living)?;
            }
        }
        Ok(())
    }
}
