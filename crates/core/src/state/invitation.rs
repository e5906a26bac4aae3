//! Invitations: who may come into a room once, whatever keeps others out.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Timestamp};
use minicbor::data::Type;
use minicbor::decode::{Decode, Decoder, Error};
use minicbor::encode::{Encode, Encoder, Write};

/// How long an invitation holds, in milliseconds: a day.
pub const INVITATION_MS: i64 = 24 * 60 * 60 * 1000;

/// Most invitations to one room that are not used yet; beyond, the oldest one ends.
pub(crate) const INVITATIONS_MAX: usize = 500;

/// An invitation to a room, by someone who could lift what keeps others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invitation {
    pub(crate) by: PersonId,
    pub(crate) time: Timestamp,
}

impl Invitation {
    fn is_over(self, now: Timestamp) -> bool {
        now.0.saturating_sub(self.time.0) >= INVITATION_MS
    }
}

/// The invitations to one room, by who is invited.
#[derive(Clone, Debug, Default)]
pub(crate) struct Invitations(BTreeMap<PersonId, Invitation>);

impl Invitations {
    /// The invitation of this person, if it still holds.
    pub(crate) fn of(&self, who: PersonId, now: Timestamp) -> Option<Invitation> {
        self.0.get(&who).copied().filter(|invitation| !invitation.is_over(now))
    }

    /// Everyone with an invitation, whether it still holds or not.
    pub(crate) fn people(&self) -> impl Iterator<Item = PersonId> {
        self.0.keys().copied()
    }

    pub(crate) fn insert(&mut self, who: PersonId, by: PersonId, now: Timestamp) {
        self.0.retain(|_, invitation| !invitation.is_over(now));
        self.0.insert(who, Invitation { by, time: now });
        if self.0.len() > INVITATIONS_MAX {
            let oldest = self.0.iter().min_by_key(|(who, invitation)| (invitation.time, **who));
            if let Some(oldest) = oldest.map(|(who, _)| *who) {
                self.0.remove(&oldest);
            }
        }
    }

    pub(crate) fn remove(&mut self, who: PersonId) {
        self.0.remove(&who);
    }

    /// Ends the invitations that this person gave.
    pub(crate) fn remove_by(&mut self, by: PersonId) {
        self.0.retain(|_, invitation| invitation.by != by);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// An array of one array for each. Without any it is what it was when there were only persons in it.
impl<C> Encode<C> for Invitations {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(self.0.len() as u64)?;
        for (who, Invitation { by, time }) in &self.0 {
            e.array(3)?.encode(who)?.encode(by)?.encode(time)?;
        }
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Invitations {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, Error> {
        let mut invitations = Self::default();
        for _ in 0..d.array()?.unwrap_or(0) {
            // At first it was not known who had invited someone, and when.
            if d.datatype()? != Type::Array {
                d.skip()?;
                continue;
            }
            let (who, by, time) = d.decode()?;
            invitations.0.insert(who, Invitation { by, time });
        }
        Ok(invitations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_ends_by_time_and_beyond_the_bound_the_oldest_one_does() {
        let (now, mut invitations) = (Timestamp(1_000), Invitations::default());
        for who in 0..=INVITATIONS_MAX as u64 {
            invitations.insert(PersonId(who), PersonId(7), Timestamp(now.0 + who as i64));
        }
        assert_eq!(invitations.of(PersonId(0), now), None);
        assert_eq!(invitations.people().count(), INVITATIONS_MAX);
        let last = Timestamp(now.0 + 1 + INVITATION_MS);
        assert!(invitations.of(PersonId(1), Timestamp(last.0 - 1)).is_some());
        assert_eq!(invitations.of(PersonId(1), last), None);
        let bytes = minicbor::to_vec(&invitations).unwrap();
        let again: Invitations = minicbor::decode(&bytes).unwrap();
        assert_eq!(again.0, invitations.0);
        let old: Invitations = minicbor::decode(&minicbor::to_vec([1u64, 2]).unwrap()).unwrap();
        assert!(old.0.is_empty());
    }
}
