//! A person in the state.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chinwag_model::id::{PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::Visitor;
use chinwag_model::message::{Badge, Card};
use chinwag_model::mode::{Flags, PersonFlag};
use chinwag_model::name::Name;
use chinwag_model::proof::{Fingerprint, Proof};
use chinwag_model::push::{Device, Endpoint};
use chinwag_model::secret::Verifier;
use chinwag_model::text::Text;
use minicbor::{Decode, Encode};

use super::{Few, Past, Rare};

/// Someone who was here once, or a guest who is.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Person {
    /// What they are shown under.
    #[n(0)]
    pub(crate) name: Name,
    /// `None` for who is registered; 0 for a guest under a name of their own, else the guest's number.
    #[n(1)]
    pub(crate) guest: Option<u32>,
    #[n(2)]
    pub(crate) password: Option<Box<Password>>,
    #[n(3)]
    pub(crate) away: Option<Text>,
    #[n(4)]
    pub(crate) ignores: Rare<BTreeSet<PersonId>>,
    /// What they are registered under, where they are shown under another name.
    #[n(5)]
    pub(crate) registered: Option<Name>,
    /// What is shown of them beside the name, shared with all that tells of them. Stored without the
    /// account, which is the person's.
    #[n(6)]
    #[cbor(default, with = "without_account")]
    pub(crate) badge: Arc<Badge>,
    #[n(7)]
    #[cbor(default)]
    pub(crate) real_name: Box<str>,
    #[n(8)]
    #[cbor(default)]
    pub(crate) flags: Flags,
    /// Since when they are there.
    #[n(9)]
    #[cbor(default)]
    pub(crate) since: Timestamp,
    /// When they last said something.
    #[n(10)]
    #[cbor(default)]
    pub(crate) spoke: Timestamp,
    /// Up to when they have read what, by the conversation's name.
    #[n(11)]
    #[cbor(default)]
    pub(crate) read: Rare<BTreeMap<Box<str>, Timestamp>>,
    #[n(12)]
    #[cbor(default)]
    pub(crate) metadata: Rare<BTreeMap<Box<str>, Text>>,
    /// SHA-256 of the certificates that prove the account.
    #[n(13)]
    #[cbor(default)]
    pub(crate) certificates: Rare<BTreeSet<Fingerprint>>,
    /// From whom they take messages although they take none from those without an account.
    #[n(14)]
    #[cbor(default)]
    pub(crate) accepts: Rare<BTreeSet<PersonId>>,
    /// Whether they stay in the rooms without a connection, as they said.
    #[n(15)]
    pub(crate) stays: Option<bool>,
    /// The same, as the server has it for who says nothing.
    #[n(16)]
    #[cbor(default)]
    pub(crate) stays_else: bool,
    /// Where from, by the server's word, whatever is shown.
    #[n(17)]
    #[cbor(default)]
    pub(crate) cloak: Box<str>,
    /// Devices that are told of what is said to them, by endpoint. `None` where there are none, so
    /// that nothing of it is in what is stored of most people.
    #[n(18)]
    pub(crate) devices: Option<BTreeMap<Endpoint, KnownDevice>>,
    /// Where their last session ended, since which they have only stayed in the rooms.
    #[n(19)]
    pub(crate) rested: Option<Place>,
    /// A certificate that is to prove the account once a connection that has it confirms it.
    #[n(20)]
    pub(crate) proposed: Option<Box<Proposal>>,
    /// Found again from the sessions.
    #[cbor(skip)]
    pub(crate) sessions: Few<SessionId>,
    /// Found again from the rooms' members.
    #[cbor(skip)]
    pub(crate) rooms: Few<RoomId>,
}

/// How long a certificate stays proposed, in milliseconds: ten minutes.
pub const PROPOSED_MS: i64 = 10 * 60 * 1000;

/// A certificate that its account's owner has proposed, and that nobody has confirmed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Proposal {
    #[n(0)]
    pub(crate) fingerprint: Fingerprint,
    /// From then on it can't be confirmed any more.
    #[n(1)]
    pub(crate) until: Timestamp,
}

/// A device that is told of what is said to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct KnownDevice {
    #[n(0)]
    pub(crate) device: Device,
    /// When it was last asked for.
    #[n(1)]
    pub(crate) asked: Timestamp,
    /// By which session,
    #[n(2)]
    pub(crate) session: SessionId,
    /// in which of its node's epochs, as numbers of sessions come again.
    #[n(3)]
    pub(crate) epoch: u64,
}

/// What is kept of a password.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Password {
    #[n(0)]
    pub(crate) verifier: Verifier,
    /// The entry that set it. No two passwords that anybody can be checked against share it: within
    /// one entry only the last one set for a person is ever seen from outside.
    #[n(1)]
    pub(crate) version: Seq,
}

impl Password {
    /// A password that is set by this entry.
    pub(crate) fn new(verifier: Verifier, version: Seq) -> Box<Self> {
        Box::new(Self { verifier, version })
    }
}

impl Person {
    pub(crate) fn new(name: Name, guest: Option<u32>, password: Option<Box<Password>>) -> Self {
        let account = password.as_ref().map(|_| name.clone());
        Self {
            name,
            guest,
            password,
            away: None,
            ignores: Rare::default(),
            registered: None,
            badge: Arc::new(Badge { account, ..Badge::default() }),
            real_name: Box::default(),
            flags: Flags::default(),
            since: Timestamp(0),
            spoke: Timestamp(0),
            read: Rare::default(),
            metadata: Rare::default(),
            certificates: Rare::default(),
            accepts: Rare::default(),
            stays: None,
            stays_else: false,
            cloak: Box::default(),
            devices: None,
            rested: None,
            proposed: None,
            sessions: Few::default(),
            rooms: Few::default(),
        }
    }

    /// Takes note that they say something: later than they came, so that it shows that they did.
    pub(crate) fn speak(&mut self, time: Timestamp) {
        self.spoke = time.max(Timestamp(self.since.0.saturating_add(1)));
    }

    /// Whether they said something since they are there.
    pub(crate) fn has_spoken(&self) -> bool {
        self.spoke > self.since
    }

    pub(crate) fn is_online(&self) -> bool {
        !self.sessions.is_empty()
    }

    /// Whether others find them in rooms: with a connection, or staying without one. Groups do not
    /// count, as their members stay in them in any case.
    pub(crate) fn is_there(&self) -> bool {
        self.is_online() || (self.stays_offline() && self.since > Timestamp(0))
    }

    /// Whether they stay in the rooms without a connection.
    pub(crate) fn stays_offline(&self) -> bool {
        self.password.is_some() && self.stays.unwrap_or(self.stays_else)
    }

    /// What they are registered under, or only shown under as a guest.
    pub(crate) fn registered_name(&self) -> &Name {
        self.registered.as_ref().unwrap_or(&self.name)
    }

    /// The account, if they have one: a registered name with a password.
    pub(crate) fn account(&self) -> Option<&Name> {
        self.password.as_ref().map(|_| self.registered_name())
    }

    /// What their password proves to whoever gives it now.
    pub(crate) fn proof(&self, id: PersonId) -> Option<Proof> {
        self.password.as_ref().map(|password| Proof::of(id, password.version))
    }

    /// Whether a proof is of this person, under the password they have now, and by a certificate that
    /// proves their account still, where it is by one.
    pub(crate) fn is_proved_by(&self, id: PersonId, proof: &Proof) -> bool {
        let Proof { person, version, certificate } = *proof;
        self.proof(id) == Some(Proof::of(person, version))
            && certificate.is_none_or(|print| self.certificates.contains(&print))
    }

    pub(crate) fn card(&self, id: PersonId) -> Card {
        Card { id, name: self.name.clone(), badge: self.badge.clone() }
    }

    /// Takes what a client told of itself as it came in.
    pub(crate) fn dress(&mut self, visitor: &Visitor) {
        Arc::make_mut(&mut self.badge).user = visitor.user.clone();
        self.cloak = visitor.host.clone();
        self.real_name = visitor.real_name.clone();
        self.flags = visitor.flags;
        self.away = visitor.away.clone();
        self.show_badge();
    }

    /// To be called where they are read from what was stored.
    pub(crate) fn show_account(&mut self) {
        Arc::make_mut(&mut self.badge).account = self.account().cloned();
    }

    /// To be called where something that a card shows has changed.
    pub(crate) fn show_badge(&mut self) {
        let account = self.account().cloned();
        let badge = Arc::make_mut(&mut self.badge);
        badge.bot = self.flags.has(PersonFlag::Bot);
        // An account is shown in place of where its owner comes from, which is nobody's affair.
        badge.host = match &account {
            Some(account) => format!("user/{account}").into(),
            None => self.cloak.clone(),
        };
        badge.account = account;
    }

    pub(crate) fn past(&self, id: PersonId, time: Timestamp) -> Past {
        Past {
            id,
            name: self.name.clone(),
            badge: (*self.badge).clone(),
            real_name: self.real_name.clone(),
            time,
        }
    }

    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        self.sessions.iter().copied().collect()
    }
}

/// A badge as it is stored.
mod without_account {
    use std::sync::Arc;

    use chinwag_model::message::Badge;
    use minicbor::decode::{self, Decode as _, Decoder};
    use minicbor::encode::{self, Encode as _, Encoder, Write};

    pub(super) fn encode<C, W: Write>(
        badge: &Badge,
        e: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        Badge { account: None, ..badge.clone() }.encode(e, context)
    }

    pub(super) fn decode<C>(
        d: &mut Decoder<'_>,
        context: &mut C,
    ) -> Result<Arc<Badge>, decode::Error> {
        Badge::decode(d, context).map(Arc::new)
    }
}
