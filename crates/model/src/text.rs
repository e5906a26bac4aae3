//! What people say.

use std::sync::Arc;

use minicbor::decode::{Decode, Decoder};
use minicbor::encode::{Encode, Encoder, Write};

/// The longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A text that can be stored and shown: 1 to [`TEXT_BYTES_MAX`] bytes of UTF-8 without NUL or CR;
/// [`empty`](Self::empty) only where nothing is said.
///
/// A line feed parts the lines of a text with several. Other control characters stay, as some
/// faces give them a meaning; a face to which they are dangerous takes them out. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(Arc<str>);

/// Why a text can't be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// There is nothing in it.
    #[error("the text is empty")]
    Empty,
    /// More than [`TEXT_BYTES_MAX`] bytes.
    #[error("the text is longer than {TEXT_BYTES_MAX} bytes")]
    Long,
    /// A NUL or CR at this byte.
    #[error("the text holds a control character at byte {0}")]
    Control(usize),
}

impl Text {
    /// Reads what a stranger typed.
    ///
    /// # Errors
    /// [`BadText`], by the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadText> {
        if text.is_empty() {
            return Err(BadText::Empty);
        }
        if text.len() > TEXT_BYTES_MAX {
            return Err(BadText::Long);
        }
        if let Some(at) = text.bytes().position(|b| b == 0 || b == b'\r') {
            return Err(BadText::Control(at));
        }
        Ok(Self(text.into()))
    }

    /// What a message has that says nothing.
    #[must_use]
    pub fn empty() -> Self {
        Self("".into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> Encode<C> for Text {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for Text {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self(d.str()?.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_or_refused() {
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        for (text, reason) in [
            ("", BadText::Empty),
            (long.as_str(), BadText::Long),
            ("a\0", BadText::Control(1)),
            ("ab\rc", BadText::Control(2)),
        ] {
            assert_eq!(Text::parse(text), Err(reason));
        }
        assert_eq!(Text::parse("two\nlines").map(|t| t.to_string()), Ok("two\nlines".to_owned()));
    }
}
