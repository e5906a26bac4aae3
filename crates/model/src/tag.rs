//! Tags that clients put on what they say, for other clients.

use std::sync::Arc;

use minicbor::decode::{Decode, Decoder};
use minicbor::encode::{Encode, Encoder, Write};

/// Most bytes of keys and values that one message carries.
pub const TAGS_BYTES_MAX: usize = 4094;

/// Keys with their values, in the order given; the server passes them on and does not look into
/// them but where a rule says so. Cheap to clone; none costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Option<Arc<[Tag]>>);

/// A key with its value.
type Tag = (Box<str>, Box<str>);

impl Tags {
    /// No tags.
    pub const NONE: Self = Self(None);

    /// Takes tags; `None` where they are more than [`TAGS_BYTES_MAX`] bytes, a key is empty, or a
    /// value holds NUL.
    #[must_use]
    pub fn new(tags: Vec<(Box<str>, Box<str>)>) -> Option<Self> {
        let bytes: usize = tags.iter().map(|(key, value)| key.len() + value.len()).sum();
        let odd = |(key, value): &(Box<str>, Box<str>)| key.is_empty() || value.contains('\0');
        if bytes > TAGS_BYTES_MAX || tags.iter().any(odd) {
            return None;
        }
        Some(Self((!tags.is_empty()).then(|| tags.into())))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Each key with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|tags| tags.iter()).map(|(key, value)| (&**key, &**value))
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == key).map(|(_, value)| value)
    }
}

impl<C> Encode<C> for Tags {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.array(self.iter().count() as u64 * 2)?;
        for (key, value) in self.iter() {
            e.str(key)?.str(value)?;
        }
        Ok(())
    }

    fn is_nil(&self) -> bool {
        self.is_empty()
    }
}

impl<'b, C> Decode<'b, C> for Tags {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let items = d.array()?.unwrap_or(0);
        let mut tags = Vec::new();
        for _ in 0..items / 2 {
            tags.push((d.str()?.into(), d.str()?.into()));
        }
        Ok(Self((!tags.is_empty()).then(|| tags.into())))
    }

    fn nil() -> Option<Self> {
        Some(Self::NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_bounded_and_found_by_key() {
        let tag = |key: &str, value: &str| (Box::from(key), Box::from(value));
        let tags = Tags::new(vec![tag("+a", "1"), tag("+b", "")]).unwrap();
        assert_eq!(tags.get("+a"), Some("1"));
        assert_eq!(tags.get("+b"), Some(""));
        assert_eq!(tags.get("+c"), None);
        assert_eq!(Tags::new(vec![]), Some(Tags::NONE));
        assert_eq!(Tags::new(vec![tag("", "1")]), None);
        assert_eq!(Tags::new(vec![tag("+a", &"x".repeat(TAGS_BYTES_MAX))]), None);
        let bytes = minicbor::to_vec(&tags).unwrap();
        assert_eq!(minicbor::decode::<Tags>(&bytes).unwrap(), tags);
    }
}
