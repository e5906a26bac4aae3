//! Codes: 80 random bits, to be typed or pasted.

use chinwag_model::name::Name;
use chinwag_model::secret::{CodeHash, Secret};
use sha2::{Digest as _, Sha256};

/// Five bits a letter, none of which looks like another one (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters of a code, and how many of them stand together.
const LETTERS_COUNT: usize = 16;
const GROUP: usize = 4;

/// What a code is for: one for something else is a wrong one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    Verify,
    Reset,
}

/// A code, as it is compared: without what stands between its groups.
#[derive(Debug)]
pub(super) struct Code(Secret);

impl Code {
    /// A new one; `None` if the system gives no random numbers, which is logged.
    pub(super) fn new() -> Option<Self> {
        let mut bytes = [0; LETTERS_COUNT];
        if let Err(error) = getrandom::fill(&mut bytes) {
            tracing::error!("the system gives no random numbers: {error}");
            return None;
        }
        let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
        Some(Self(Secret::new(bytes.iter().map(letter).collect())))
    }

    /// One that a stranger typed, in large or small letters, with or without its strokes.
    pub(super) fn typed(text: &Secret) -> Self {
        let letters = text.expose().iter().filter(|byte| byte.is_ascii_alphanumeric());
        let letter = |byte: &u8| match byte.to_ascii_lowercase() {
            b'o' => '0',
            b'i' | b'l' => '1',
            byte => char::from(byte),
        };
        Self(Secret::new(letters.map(letter).collect()))
    }

    /// What is kept of it.
    pub(super) fn hash(&self, purpose: Purpose, account: &Name) -> CodeHash {
        let purpose: &[u8] = match purpose {
            Purpose::Verify => b"verify",
            Purpose::Reset => b"reset",
        };
        let mut hash = Sha256::new();
        for part in [purpose, account.folded().as_bytes(), self.0.expose()] {
            hash.update(part);
            // In none of them is a zero.
            hash.update([0]);
        }
        CodeHash::new(hash.finalize().into())
    }

    /// As it is mailed: `7g2k-…`.
    pub(super) fn shown(&self) -> String {
        let groups = self.0.expose().chunks(GROUP).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(typed: &str, purpose: Purpose, account: &str) -> CodeHash {
        let name = Name::parse(account).unwrap();
        Code::typed(&Secret::new(typed.to_owned())).hash(purpose, &name)
    }

    #[test]
    fn a_code_is_right_however_it_is_typed() {
        let code = Code::new().unwrap();
        let shown = code.shown();
        assert_eq!(shown.len(), 19);
        let right = code.hash(Purpose::Verify, &Name::parse("ana").unwrap());
        for typed in [
            shown.clone(),
            shown.to_uppercase(),
            shown.replace('-', ""),
            format!(" {}\r", shown.replace('-', " ")),
            shown.replace('0', "O").replace('1', "l"),
        ] {
            assert!(hash(&typed, Purpose::Verify, "Ana") == right, "{typed}");
        }
    }

    #[test]
    fn a_code_is_for_one_purpose_and_one_account() {
        let shown = Code::new().unwrap().shown();
        let right = hash(&shown, Purpose::Verify, "ana");
        assert!(hash(&shown, Purpose::Reset, "ana") != right);
        assert!(hash(&shown, Purpose::Verify, "bo") != right);
        assert!(hash("", Purpose::Verify, "ana") != right);
        assert!(Code::new().unwrap().shown() != shown);
    }
}
