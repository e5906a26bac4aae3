//! The whole state as bytes: to start from, and to compare nodes by.

use std::collections::{BTreeMap, VecDeque};

use chinwag_model::id::{NodeId, PersonId, RoomId, Seq, SessionId, Timestamp};
use minicbor::{Decoder, Encoder};
use sha2::{Digest as _, Sha256};

use crate::state::{FormerNames, Life, Mail, Paces, Person, Room, Session, Silent, State};

/// The first byte of every snapshot; another one means another layout.
pub const SNAPSHOT_FORMAT: u8 = 1;

/// Fields of every snapshot; a later version may have more behind them.
const FIELDS: u64 = 9;

/// Behind them stands a map of what not every state has, if this one has any of it: by these numbers,
/// each of which has one meaning for ever.
const MAIL: u64 = 60;
const SILENT: u64 = 70;
const CLUSTER: u64 = 80;
const PACES: u64 = 90;
const FORMER_NAMES: u64 = 91;

/// What two nodes that took the same entries have in common: SHA-256 of the snapshot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Digest(pub [u8; 32]);

/// Why bytes are no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum BadSnapshot {
    /// Nothing, or a format byte of a later version.
    #[error("a snapshot of format {0:?}, which this version does not read")]
    Format(Option<u8>),
    /// Not what was once written.
    #[error("a damaged snapshot: {0}")]
    Damaged(#[from] minicbor::decode::Error),
}

impl State {
    /// The state as bytes; equal states give equal bytes.
    #[must_use]
    pub fn snapshot(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(vec![SNAPSHOT_FORMAT]);
        let written = self.write(&mut encoder);
        debug_assert!(written.is_ok(), "writing to memory can't fail");
        encoder.into_writer()
    }

    fn write(
        &self,
        e: &mut Encoder<Vec<u8>>,
    ) -> Result<(), minicbor::encode::Error<core::convert::Infallible>> {
        let (has_mail, is_cluster) = (!self.mail.is_empty(), self.level > 0);
        let (has_paces, has_former) = (!self.paces.is_empty(), !self.former_names.is_empty());
        let has_silent = !self.silent.is_empty();
        let more = [has_mail, has_silent, is_cluster, has_paces, has_former];
        let more = more.map(u64::from).iter().sum::<u64>();
        e.array(FIELDS + more.min(1))?
            .encode(self.seq)?
            .encode(self.time)?
            .encode(&self.lives)?
            .encode(&self.persons)?
            .encode(&self.rooms)?
            .encode(&self.sessions)?
            .encode(self.person_next)?
            .encode(self.room_next)?
            .encode(&self.former)?;
        if more > 0 {
            e.map(more)?;
        }
        if has_mail {
            e.u64(MAIL)?.encode(&self.mail)?;
        }
        if has_silent {
            e.u64(SILENT)?.encode(&self.silent)?;
        }
        if is_cluster {
            e.u64(CLUSTER)?.array(2)?.encode(self.level)?.bytes(&self.chain)?;
        }
        if has_paces {
            e.u64(PACES)?.encode(&self.paces)?;
        }
        if has_former {
            e.u64(FORMER_NAMES)?.encode(&self.former_names)?;
        }
        Ok(())
    }

    /// Reads what [`snapshot`](Self::snapshot) wrote, in this version or an earlier one.
    ///
    /// # Errors
    /// [`BadSnapshot`] where it is not that.
    pub fn restore(bytes: &[u8]) -> Result<Self, BadSnapshot> {
        let rest = match bytes.split_first() {
            Some((&SNAPSHOT_FORMAT, rest)) => rest,
            other => return Err(BadSnapshot::Format(other.map(|(first, _)| *first))),
        };
        let mut d = Decoder::new(rest);
        let fields = d.array()?.unwrap_or(FIELDS);
        let seq: Seq = d.decode()?;
        let time: Timestamp = d.decode()?;
        let lives: BTreeMap<NodeId, Life> = d.decode()?;
        let persons: BTreeMap<PersonId, Person> = d.decode()?;
        let rooms: BTreeMap<RoomId, Room> = d.decode()?;
        let sessions: BTreeMap<SessionId, Session> = d.decode()?;
        let person_next: PersonId = d.decode()?;
        let room_next: RoomId = d.decode()?;
        let former = if fields > 8 { d.decode()? } else { VecDeque::new() };
        let (mut level, mut chain) = (0, [0; 32]);
        let (mut mail, mut silent) = (Mail::default(), Silent::default());
        let (mut paces, mut former_names) = (Paces::default(), FormerNames::default());
        if fields > FIELDS {
            for _ in 0..d.map()?.unwrap_or(0) {
                match d.u64()? {
                    MAIL => mail = d.decode()?,
                    PACES => paces = d.decode()?,
                    FORMER_NAMES => former_names = d.decode()?,
                    SILENT => silent = d.decode()?,
                    CLUSTER => {
                        let stored: (u32, minicbor::bytes::ByteArray<32>) = d.decode()?;
                        (level, chain) = (stored.0, stored.1.into());
                    }
                    _ => d.skip()?,
                }
            }
        }

        // A new state has the lobby; the stored one takes its place.
        let mut state = Self { seq, time, lives, person_next, room_next, former, ..Self::new() };
        (state.mail, state.silent) = (mail, silent);
        (state.level, state.chain) = (level, chain);
        (state.paces, state.former_names) = (paces, former_names);
        for (id, mut person) in persons {
            person.show_account();
            state.insert_person(id, person);
        }
        for (id, room) in rooms {
            state.insert_room(id, room);
        }
        for (id, session) in sessions {
            state.insert_session(id, session);
        }
        Ok(state)
    }

    /// A short proof of what the state is: equal on all nodes that took the same entries.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.snapshot())
    }
}

impl Digest {
    /// The digest of the state of which these bytes are a snapshot.
    #[must_use]
    pub fn of(snapshot: &[u8]) -> Self {
        Self(Sha256::digest(snapshot).into())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use chinwag_model::intent::{Intent, Owner};
    use chinwag_model::text::Text;

    use super::*;
    use crate::stage::{Stage, name};

    /// A state with something in every field.
    fn full() -> Stage {
        let mut stage = Stage::new();
        stage.play(
            "ana: enter with v
             bo@2: enter
             cy: enter
             guest: enter guest
             ana: join tea
             guest: join tea
             bo: group grp cy
             ana: topic tea biscuits
             ana: in tea hello
             ana: ignore bo
             ana: away lunch
              ana: device phone
              cy: exit
              dora: hold c1
              ed: hold c2
              ed: verify c2
              bo: forget ed",
        );
        stage
    }

    /// Bytes that one account takes of every snapshot at most, but for its places in rooms.
    const ACCOUNT_BYTES_MAX: usize = 80 * 1024;

    #[test]
    fn adv_synapse_12_an_account_takes_no_more_of_a_snapshot_than_a_bound() {
        let mut stage = Stage::new();
        // Those that are ignored and accepted, in letters, so that no two look alike.
        let letter = |n: usize| char::from(b"abcdefghkmpqrstx"[n % 16]);
        let others: Vec<_> =
            (0..300).map(|n| format!("n{}{}", letter(n), letter(n / 16))).collect();
        let others = &others[..256];
        others.iter().for_each(|other| drop(stage.play(&format!("{other}: enter with v"))));
        stage.play("ana: enter with v");
        let before = stage.state().snapshot().len();
        let ana = stage.state().person_called(&name("ana")).unwrap().1.sessions()[0];
        let text = |bytes| Text::parse(&"x".repeat(bytes)).unwrap();
        let mut asks = Vec::new();
        for n in 0..1500_u16 {
            let key = Some(format!("{n:0120}").into());
            let (of, value) = (Owner::Person(name("ana")), Some(text(400)));
            asks.push(Intent::SetMetadata { of, key, value, keys_max: 1000 });
            let target = format!("{n:0512}").into();
            asks.push(Intent::Read { target, upto: Timestamp(i64::MAX - i64::from(n)) });
            let mut fingerprint = [7; 32];
            fingerprint[..2].copy_from_slice(&n.to_be_bytes());
            asks.push(Intent::Certify { fingerprint, on: true, shown: true });
        }
        for other in others {
            asks.push(Intent::Ignore { who: name(other), on: true });
            asks.push(Intent::Accept { who: name(other), on: true });
        }
        for n in 0..20 {
            let device = crate::stage::device(&format!("{n:0300}"));
            asks.push(Intent::AddDevice { device, devices_max: 8 });
        }
        asks.push(Intent::SetAway(Some(text(4096))));
        let granted = asks.into_iter().filter(|ask| stage.want(ana, ask.clone()).is_ok()).count();
        let share = stage.state().snapshot().len() - before;
        assert!((ACCOUNT_BYTES_MAX / 2..ACCOUNT_BYTES_MAX).contains(&share), "{share}, {granted}");
    }

    #[test]
    fn a_number_of_a_later_version_is_passed_over() {
        let mut bytes = State::new().snapshot();
        assert_eq!(bytes[1], 0x89, "CBOR's head of an array of nine");
        bytes[1] = 0x8a;
        bytes.extend([0xa1, 0x18, 0x63, 0x00]);
        assert_eq!(State::restore(&bytes).unwrap().digest(), State::new().digest());
    }

    #[test]
    fn a_restored_state_is_the_same_with_all_that_is_found_again() {
        let mut cluster = full();
        cluster.play("node1: begin as a\nnode3: begin as c\nnode3: end");
        for state in [&State::new(), full().state(), cluster.state()] {
            let restored = State::restore(&state.snapshot()).unwrap();
            assert_eq!(format!("{restored:?}"), format!("{state:?}"));
            assert_eq!(restored.digest(), state.digest());
        }
    }

    #[test]
    fn a_digest_tells_states_apart() {
        let mut stage = full();
        let before = stage.state().digest();
        stage.play("ana: back");
        assert_ne!(stage.state().digest(), before);
        assert_eq!(format!("{before:?}").len(), 64);
    }

    #[test]
    fn what_a_later_version_adds_behind_is_passed_over() {
        let mut bytes = full().state().snapshot();
        assert_eq!(bytes[1], 0x8a, "CBOR's head of an array of ten");
        bytes[1] = 0x8b;
        bytes.push(0x00);
        assert_eq!(State::restore(&bytes).unwrap().digest(), full().state().digest());
    }

    #[test]
    fn another_format_is_refused() {
        for (bytes, format) in [(&[][..], None), (&[2, 0x89][..], Some(2))] {
            match State::restore(bytes) {
                Err(BadSnapshot::Format(found)) => assert_eq!(found, format),
                other => panic!("{bytes:?} gave {other:?}"),
            }
        }
    }

    #[test]
    fn a_snapshot_cut_short_is_refused() {
        let bytes = full().state().snapshot();
        for end in 1..bytes.len() {
            assert!(State::restore(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(mut bytes: Vec<u8>, at: prop::sample::Index, by in 1u8..) {
            bytes.insert(0, SNAPSHOT_FORMAT);
            drop(State::restore(&bytes));
            let mut damaged = full().state().snapshot();
            let at = at.index(damaged.len());
            damaged[at] ^= by;
            drop(State::restore(&damaged));
        }
    }
}
