//! SASL without I/O: messages in pieces of base64, and the mechanisms PLAIN and SCRAM-SHA-256.
//!
//! Spec: RFC 4422; for the pieces <https://ircv3.net/specs/extensions/sasl-3.1>.

pub mod credential;
mod hmac;
pub mod plain;
pub mod scram;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Bytes of base64 in one piece; a shorter piece is the last of its message.
pub const PIECE_BYTES_MAX: usize = 400;

/// Bytes of base64 in one message.
pub const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// Puts a client's message together from the parameters of its `AUTHENTICATE` lines.
///
/// It holds at most [`MESSAGE_BYTES_MAX`], and nothing between messages. What it held is
/// overwritten: it may be a password.
#[derive(Default)]
pub struct Assembler {
    base64: Zeroizing<Vec<u8>>,
}

/// What a piece brought.
#[derive(Clone, PartialEq, Eq)]
pub enum Assembled {
    /// The message goes on.
    More,
    /// The message, which may be empty.
    Whole(Zeroizing<Vec<u8>>),
    /// The client gave up, with `*`. Numeric 906.
    Aborted,
}

/// Why a piece is refused; the next one begins a new message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPiece {
    /// More than [`PIECE_BYTES_MAX`] in one piece, or [`MESSAGE_BYTES_MAX`] in one message.
    /// Numeric 905.
    #[error("more than {PIECE_BYTES_MAX} bytes in a piece or {MESSAGE_BYTES_MAX} in a message")]
    TooLong,
    /// The message is no base64 (RFC 4648 section 4, with its padding). Numeric 904.
    #[error("the message is no base64")]
    NotBase64,
}

impl Assembler {
    /// Takes the parameter of one `AUTHENTICATE` line: base64; `+` for nothing, which alone is an
    /// empty message and after a piece of full length ends that; or `*`.
    ///
    /// # Errors
    /// [`BadPiece`]; what came of the message is forgotten.
    pub fn push(&mut self, piece: &str) -> Result<Assembled, BadPiece> {
        let piece = if piece == "+" { "" } else { piece };
        if piece == "*" {
            self.base64 = Zeroizing::default();
            return Ok(Assembled::Aborted);
        }
        if piece.len() > PIECE_BYTES_MAX || self.base64.len() + piece.len() > MESSAGE_BYTES_MAX {
            self.base64 = Zeroizing::default();
            return Err(BadPiece::TooLong);
        }
        if self.base64.is_empty() {
            // One allocation, so that growing leaves no copy behind.
            let bytes = if piece.len() < PIECE_BYTES_MAX { piece.len() } else { MESSAGE_BYTES_MAX };
            self.base64 = Zeroizing::new(Vec::with_capacity(bytes));
        }
        self.base64.extend_from_slice(piece.as_bytes());
        if piece.len() == PIECE_BYTES_MAX {
            return Ok(Assembled::More);
        }
        let base64 = std::mem::take(&mut self.base64);
        let message = STANDARD.decode(&*base64).map_err(|_| BadPiece::NotBase64)?;
        Ok(Assembled::Whole(Zeroizing::new(message)))
    }
}

impl std::fmt::Debug for Assembler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Assembler({} bytes)", self.base64.len())
    }
}

impl std::fmt::Debug for Assembled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::More => f.write_str("More"),
            Self::Whole(message) => write!(f, "Whole({} bytes)", message.len()),
            Self::Aborted => f.write_str("Aborted"),
        }
    }
}

/// A message as the parameters of `AUTHENTICATE` lines, each of at most [`PIECE_BYTES_MAX`]: the
/// way back of [`Assembler`]. There is at least one.
#[must_use]
pub fn pieces(message: &[u8]) -> Vec<String> {
    let base64 = STANDARD.encode(message);
    let mut pieces: Vec<String> = base64
        .as_bytes()
        .chunks(PIECE_BYTES_MAX)
        .map(|piece| piece.iter().copied().map(char::from).collect())
        .collect();
    if base64.len().is_multiple_of(PIECE_BYTES_MAX) {
        pieces.push("+".to_owned());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(message: &[u8]) -> Result<Assembled, BadPiece> {
        Ok(Assembled::Whole(Zeroizing::new(message.to_vec())))
    }

    #[test]
    fn a_message_is_one_piece_or_many() {
        let full = "YWJj".repeat(100);
        let abc = b"abc".repeat(100);
        for (given, message) in [
            (&["YWJj"][..], &b"abc"[..]),
            (&["YQ=="], b"a"),
            (&["+"], b""),
            (&[""], b""),
            (&[&*full, "+"], &abc),
            (&[&*full, "YWJj"], &[&abc[..], b"abc"].concat()),
            (&[&*full, &*full, "+"], &abc.repeat(2)),
        ] {
            let mut assembler = Assembler::default();
            let (last, before) = given.split_last().expect("not empty");
            for piece in before {
                assert_eq!(assembler.push(piece), Ok(Assembled::More));
            }
            assert_eq!(assembler.push(last), whole(message), "{given:?}");
            assert_eq!(assembler.base64.capacity(), 0, "nothing is held between messages");
        }
    }

    #[test]
    fn a_bad_piece_is_refused_and_forgotten() {
        let full = "A".repeat(PIECE_BYTES_MAX);
        let long = "A".repeat(PIECE_BYTES_MAX + 1);
        for (piece, answer) in [
            (&*long, Err(BadPiece::TooLong)),
            ("A", Err(BadPiece::NotBase64)),
            ("QQ", Err(BadPiece::NotBase64)),
            ("QR==", Err(BadPiece::NotBase64)),
            ("Q Q=", Err(BadPiece::NotBase64)),
            ("é", Err(BadPiece::NotBase64)),
            ("*", Ok(Assembled::Aborted)),
        ] {
            let mut assembler = Assembler::default();
            assert_eq!(assembler.push(&full), Ok(Assembled::More));
            assert_eq!(assembler.push(piece), answer, "{piece:?}");
            assert_eq!(assembler.push("YQ=="), whole(b"a"));
        }
    }

    #[test]
    fn a_message_has_a_bound() {
        let full = "A".repeat(PIECE_BYTES_MAX);
        let mut assembler = Assembler::default();
        for _ in 0..MESSAGE_BYTES_MAX / PIECE_BYTES_MAX {
            assert_eq!(assembler.push(&full), Ok(Assembled::More));
        }
        assert_eq!(assembler.push(&full), Err(BadPiece::TooLong));
    }

    #[test]
    fn what_may_be_a_password_is_not_printed() {
        let mut assembler = Assembler::default();
        let whole = assembler.push("YWJj").expect("base64");
        assert_eq!(format!("{assembler:?} {whole:?}"), "Assembler(0 bytes) Whole(3 bytes)");
    }

    proptest! {
        #[test]
        fn what_is_cut_into_pieces_is_put_together(
            message in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            let mut assembler = Assembler::default();
            let pieces = pieces(&message);
            for (number, piece) in (1..).zip(&pieces) {
                let read = assembler.push(piece);
                let message = if number == pieces.len() { whole(&message) } else { Ok(Assembled::More) };
                prop_assert_eq!(read, message);
            }
        }

        #[test]
        fn any_pieces_are_read_or_refused(pieces in prop::collection::vec(any::<String>(), 0..9)) {
            let mut assembler = Assembler::default();
            for piece in &pieces {
                let _ = assembler.push(piece);
            }
        }
    }
}
