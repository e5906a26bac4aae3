//! What few messages have, as one value in CBOR.

use chinwag_model::message::{Badge, Destination, Message};
use chinwag_model::rank::Rank;
use chinwag_model::tag::Tags;
use minicbor::{Decode, Encode};

/// Each left out where it is as with most messages.
#[derive(Debug, Default, PartialEq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Extra {
    /// What is shown of the author.
    #[n(0)]
    pub(super) author: Option<Badge>,
    /// What is shown of the person to whom it was said.
    #[n(1)]
    pub(super) recipient: Option<Badge>,
    #[n(2)]
    pub(super) tags: Tags,
    #[n(3)]
    pub(super) rank: Option<Rank>,
    #[n(4)]
    pub(super) joints: Option<Vec<u32>>,
}

impl Extra {
    /// What a message has of it; `None` if that is nothing.
    pub(super) fn of(message: &Message) -> Option<Self> {
        let recipient = match &message.to {
            Destination::Person(to) => shown(&to.badge),
            Destination::Room(_) | Destination::Everyone => None,
        };
        let extra = Self {
            author: shown(&message.author.badge),
            recipient,
            tags: message.tags.clone(),
            rank: message.rank,
            joints: message.joints.as_deref().map(<[u32]>::to_vec),
        };
        (extra != Self::default()).then_some(extra)
    }
}

/// A badge, unless it shows nothing.
pub(super) fn shown(badge: &Badge) -> Option<Badge> {
    (*badge != Badge::default()).then(|| badge.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_takes_no_room() {
        let bytes =
            minicbor::to_vec(Extra { rank: Some(Rank::Voice), ..Extra::default() }).unwrap();
        // A map of one.
        assert_eq!(bytes, [0xa1, 3, 0]);
        assert_eq!(minicbor::decode::<Extra>(&[0xa0]).unwrap(), Extra::default());
    }
}
