//! A room in the state.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::mask::matches;
use chinwag_model::message::RoomCard;
use chinwag_model::mode::{Flags, Listed, RoomFlag, RoomList};
use chinwag_model::name::Name;
use chinwag_model::rank::{Rank, Ranks};
use chinwag_model::text::Text;
use minicbor::decode::{Decoder, Error};
use minicbor::encode::{Encoder, Write};
use minicbor::{Decode, Encode};

use super::invitation::{Invitation, Invitations};
use super::person::Person;

/// A room or group.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Room {
    #[n(0)]
    pub(crate) name: Name,
    #[n(1)]
    pub(crate) group: bool,
    #[n(2)]
    pub(crate) topic: Option<Text>,
    /// Who is in it.
    #[n(3)]
    pub(crate) members: BTreeMap<PersonId, Member>,
    /// Whether anything was ever said in it: then it stays, so that its history can be read.
    #[n(4)]
    pub(crate) spoken: bool,
    /// Whether its name is not one of those that persons and rooms share.
    #[n(5)]
    #[cbor(default)]
    pub(crate) apart: bool,
    #[n(6)]
    pub(crate) topic_mark: Option<TopicMark>,
    #[n(7)]
    #[cbor(default)]
    pub(crate) mode: RoomMode,
    /// When it was made.
    #[n(8)]
    #[cbor(default)]
    pub(crate) made: Timestamp,
    /// Who was invited and did not come yet.
    #[n(9)]
    #[cbor(default)]
    pub(crate) invited: Invitations,
    /// Whose room it is, if anybody's.
    #[n(10)]
    pub(crate) founder: Option<PersonId>,
    #[n(11)]
    #[cbor(default)]
    pub(crate) metadata: BTreeMap<Box<str>, Text>,
}

/// Who set a topic, as shown then, and when.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct TopicMark {
    #[n(0)]
    pub(crate) by: Box<str>,
    #[n(1)]
    pub(crate) time: Timestamp,
}

/// What a room is like.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct RoomMode {
    #[n(0)]
    pub(crate) flags: Flags,
    #[n(1)]
    pub(crate) key: Option<Text>,
    #[n(2)]
    pub(crate) limit: Option<u32>,
    #[n(3)]
    pub(crate) bans: Vec<Listed>,
    #[n(4)]
    pub(crate) exempt: Vec<Listed>,
    #[n(5)]
    pub(crate) invited: Vec<Listed>,
}

/// Since where someone is in a room, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) since: Place,
    pub(crate) ranks: Ranks,
    /// Whether someone else put them there, as into a group.
    pub(crate) put: bool,
}

impl Member {
    pub(crate) fn plain(since: Place) -> Self {
        Self { since, ranks: Ranks::NONE, put: false }
    }

    /// Someone whom another person put into a group.
    pub(crate) fn put(since: Place) -> Self {
        Self { put: true, ..Self::plain(since) }
    }
}

impl<C> Encode<C> for Member {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let fields = if self.put { 4 } else { 3 };
        e.array(fields)?.u64(self.since.seq.0)?.u32(self.since.index)?.encode(self.ranks)?;
        if self.put {
            e.bool(true)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Member {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        // At first there was only the place.
        let fields = d.array()?.unwrap_or(0);
        let since = Place { seq: Seq(d.u64()?), index: d.u32()? };
        let ranks = if fields > 2 { d.decode()? } else { Ranks::NONE };
        let put = fields > 3 && d.bool()?;
        Ok(Self { since, ranks, put })
    }
}

impl Room {
    pub(crate) fn new(name: Name, group: bool, made: Timestamp) -> Self {
        let flags = Flags::default().with(RoomFlag::MembersOnly, true);
        let flags = if group {
            flags.with(RoomFlag::InviteOnly, true).with(RoomFlag::Secret, true)
        } else {
            flags
        };
        Self {
            name,
            group,
            topic: None,
            members: BTreeMap::new(),
            spoken: false,
            apart: false,
            topic_mark: None,
            mode: RoomMode { flags, ..RoomMode::default() },
            made,
            invited: Invitations::default(),
            founder: None,
            metadata: BTreeMap::new(),
        }
    }

    pub(crate) fn card(&self, id: RoomId) -> RoomCard {
        RoomCard { id, name: self.name.clone(), group: self.group }
    }

    pub(crate) fn has(&self, flag: RoomFlag) -> bool {
        self.mode.flags.has(flag)
    }

    pub(crate) fn ranks(&self, person: PersonId) -> Ranks {
        self.members.get(&person).map_or(Ranks::NONE, |member| member.ranks)
    }

    pub(crate) fn is_at_least(&self, person: PersonId, rank: Rank) -> bool {
        self.ranks(person).at_least(rank)
    }

    /// Whether everyone may come in, and so may read what was said.
    pub(crate) fn is_public(&self) -> bool {
        let closed = [RoomFlag::InviteOnly, RoomFlag::Secret, RoomFlag::AccountsOnly];
        !self.group && self.mode.key.is_none() && !closed.into_iter().any(|flag| self.has(flag))
    }

    /// Makes it as it was when it was made: nobody is left who could.
    pub(crate) fn open(&mut self) {
        self.mode = Self::new(self.name.clone(), false, self.made).mode;
        self.topic = None;
        self.topic_mark = None;
        self.invited.clear();
        self.metadata.clear();
    }

    /// The invitation of someone who has not come yet, if it still holds.
    pub(crate) fn invitation(&self, who: PersonId, now: Timestamp) -> Option<Invitation> {
        self.invited.of(who, now)
    }

    /// Whether a look-alike of this room's name can be taken for it: people know it, or it is
    /// registered.
    pub(crate) fn is_renowned(&self) -> bool {
        !self.group && (!self.has(RoomFlag::Secret) || self.founder.is_some())
    }

    pub(crate) fn list(&self, list: RoomList) -> &[Listed] {
        match list {
            RoomList::Bans => &self.mode.bans,
            RoomList::Exempt => &self.mode.exempt,
            RoomList::Invited => &self.mode.invited,
        }
    }

    pub(crate) fn list_mut(&mut self, list: RoomList) -> &mut Vec<Listed> {
        match list {
            RoomList::Bans => &mut self.mode.bans,
            RoomList::Exempt => &mut self.mode.exempt,
            RoomList::Invited => &mut self.mode.invited,
        }
    }

    /// Whether someone is on a list, and is meant to be kept out by it, or let in.
    pub(crate) fn lists(&self, list: RoomList, who: &Suspect<'_>) -> bool {
        self.list(list).iter().any(|entry| who.is_meant(entry.mask.as_str()))
    }

    /// Whether someone may not come in, or speak, because of a ban.
    pub(crate) fn bans(&self, who: &Suspect<'_>) -> bool {
        self.lists(RoomList::Bans, who) && !self.lists(RoomList::Exempt, who)
    }

    /// Whether a ban that was set after this moment means someone.
    pub(crate) fn bans_since(&self, who: &Suspect<'_>, time: Timestamp) -> bool {
        let later = |entry: &Listed| entry.time > time && who.is_meant(entry.mask.as_str());
        self.mode.bans.iter().any(later) && !self.lists(RoomList::Exempt, who)
    }

    /// Whether someone may come in but not speak because of a ban that says so.
    pub(crate) fn mutes(&self, who: &Suspect<'_>) -> bool {
        let muted = |list| {
            self.list(list).iter().any(|entry: &Listed| {
                entry.mask.as_str().strip_prefix(MUTE).is_some_and(|mask| who.is_meant(mask))
            })
        };
        muted(RoomList::Bans) && !muted(RoomList::Exempt) && !self.lists(RoomList::Exempt, who)
    }
}

/// What begins a mask that only silences.
const MUTE: &str = "m:";

/// What begins a mask of accounts; the letter, and the word for it.
const ACCOUNT: [&str; 2] = ["a:", "account:"];

/// Someone who is held against masks.
pub(crate) struct Suspect<'p> {
    account: Option<&'p Name>,
    /// As shown, and as they would be without what an account shows.
    faces: [String; 2],
}

impl<'p> Suspect<'p> {
    pub(crate) fn new(person: &'p Person) -> Self {
        let (name, user) = (&person.name, &person.badge.user);
        let face = |host| format!("{name}!{user}@{host}");
        Self { account: person.account(), faces: [face(&person.badge.host), face(&person.cloak)] }
    }

    /// Whether a mask means them: by account, or as `name!user@host`.
    pub(crate) fn is_meant(&self, mask: &str) -> bool {
        if mask.starts_with(MUTE) {
            return false;
        }
        if let Some(account) = ACCOUNT.iter().find_map(|prefix| mask.strip_prefix(prefix)) {
            return self.account.is_some_and(|name| matches(account, name.shown()));
        }
        self.faces.iter().any(|face| matches(mask, face))
    }
}
