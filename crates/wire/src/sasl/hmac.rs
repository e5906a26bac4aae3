//! HMAC and PBKDF2 over SHA-256, and comparing without telling how far it went.
//!
//! Spec: RFC 2104, RFC 8018 section 5.2.

use sha2::{Digest as _, Sha256};

/// Bytes of what SHA-256 gives.
pub(super) const HASH_BYTES: usize = 32;

/// What SHA-256 gives, or a key of its length.
pub(super) type Hash = [u8; HASH_BYTES];

/// Bytes that SHA-256 takes in at a stroke.
const BLOCK_BYTES: usize = 64;

/// A key, already hashed into both ends.
#[derive(Clone)]
pub(super) struct Hmac {
    inner: Sha256,
    outer: Sha256,
}

impl Hmac {
    pub(super) fn new(key: &[u8]) -> Self {
        let long = if key.len() > BLOCK_BYTES { hash(key) } else { Hash::default() };
        let key = if key.len() > BLOCK_BYTES { &long } else { key };
        let padded = |pad: u8| {
            let mut block = [pad; BLOCK_BYTES];
            for (place, byte) in block.iter_mut().zip(key) {
                *place ^= byte;
            }
            Sha256::new_with_prefix(block)
        };
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// The code of these bytes, one after the other.
    pub(super) fn code(&self, parts: &[&[u8]]) -> Hash {
        let mut inner = self.inner.clone();
        for part in parts {
            inner.update(part);
        }
        self.outer.clone().chain_update(inner.finalize()).finalize().into()
    }
}

/// The first block of PBKDF2, which is all that a key of [`HASH_BYTES`] needs.
pub(super) fn stretch(password: &[u8], salt: &[u8], iterations: u32) -> Hash {
    let hmac = Hmac::new(password);
    let mut last = hmac.code(&[salt, &1u32.to_be_bytes()]);
    let mut key = last;
    for _ in 1..iterations {
        last = hmac.code(&[&last]);
        key = xor(key, last);
    }
    key
}

pub(super) fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

pub(super) fn xor(mut one: Hash, other: Hash) -> Hash {
    for (byte, other) in one.iter_mut().zip(other) {
        *byte ^= other;
    }
    one
}

/// Compares in a time that says nothing about where they differ.
pub(super) fn are_equal(one: Hash, other: Hash) -> bool {
    let difference =
        xor(one, other).into_iter().fold(0, |all, byte| std::hint::black_box(all | byte));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, cases 1, 2 and 6.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (key, text, code) in [
            (
                vec![0x0b; 20],
                "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe".to_vec(),
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                vec![0xaa; 131],
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&Hmac::new(&key).code(&[text.as_bytes()])), code);
        }
    }

    /// RFC 7914 section 11, the first block of each.
    #[test]
    fn keys_are_those_of_the_standard() {
        for (password, salt, iterations, key) in [
            (
                "passwd",
                "salt",
                1,
                "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
            ),
            (
                "Password",
                "NaCl",
                80_000,
                "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
            ),
        ] {
            assert_eq!(hex(&stretch(password.as_bytes(), salt.as_bytes(), iterations)), key);
        }
    }

    #[test]
    fn what_differs_in_one_bit_is_not_equal() {
        let one = hash(b"");
        assert!(are_equal(one, one));
        for bit in 0..8 * HASH_BYTES {
            let mut other = one;
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(!are_equal(one, other));
        }
    }
}
