//! Encrypting what a device is told, so that the push service between cannot read it.
//!
//! Spec: RFC 8291, and RFC 8188 for the coding `aes128gcm`.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use chinwag_model::push::Keys;

/// Bytes of the salt of a message.
const SALT_BYTES: usize = 16;

/// The size of a record, which every push service takes (RFC 8291, section 4). There is but one.
const RECORD_BYTES: u32 = 4096;

/// What ends the text in the last record.
const LAST: u8 = 2;

/// Encrypts a text of at most some 3900 bytes for a device.
///
/// # Errors
/// Where the device's public key is no point of the curve.
pub(super) fn encrypt(text: &[u8], keys: &Keys) -> Result<Vec<u8>, Unspecified> {
    let own = PrivateKey::generate(&ECDH_P256)?;
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|_| Unspecified)?;
    seal(text, keys, &own, salt)
}

fn seal(
    text: &[u8],
    keys: &Keys,
    own: &PrivateKey,
    salt: [u8; SALT_BYTES],
) -> Result<Vec<u8>, Unspecified> {
    let public = own.compute_public_key()?;
    let theirs = UnparsedPublicKey::new(&ECDH_P256, keys.public());
    let shared = agree(own, theirs, Unspecified, |shared| {
        derive(keys.secret(), shared, &[b"WebPush: info\0", keys.public(), public.as_ref()])
    });
    let shared: [u8; 32] = shared?;
    let key: [u8; 16] = derive(&salt, &shared, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = derive(&salt, &shared, &[b"Content-Encoding: nonce\0"])?;

    let mut record = Vec::with_capacity(text.len() + 1 + AES_128_GCM.tag_len());
    record.extend_from_slice(text);
    record.push(LAST);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)?;

    let mut body = Vec::with_capacity(salt.len() + 5 + public.as_ref().len() + record.len());
    body.extend_from_slice(&salt);
    body.extend_from_slice(&RECORD_BYTES.to_be_bytes());
    body.push(u8::try_from(public.as_ref().len()).map_err(|_| Unspecified)?);
    body.extend_from_slice(public.as_ref());
    body.append(&mut record);
    Ok(body)
}

/// HKDF with SHA-256 (RFC 5869), for at most 32 bytes.
fn derive<const N: usize>(salt: &[u8], key: &[u8], info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut derived = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(key).expand(info, Length(N))?.fill(&mut derived)?;
    Ok(derived)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use chinwag_model::push::PUBLIC_KEY_BYTES;

    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    /// RFC 8291, section 5 and appendix A.
    #[test]
    fn the_example_of_the_specification_comes_out() {
        let public = bytes(
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        );
        let keys = Keys::new(&public, &bytes("BTBZMqHH6r4Tts7J_aSIgg")).unwrap();
        let own = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
        let own = PrivateKey::from_private_key(&ECDH_P256, &own).unwrap();
        let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap();
        let body = seal(b"When I grow up, I want to be a watermelon", &keys, &own, salt).unwrap();
        assert_eq!(
            URL_SAFE_NO_PAD.encode(body),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml\
             mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT\
             pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
        );
    }

    #[test]
    fn no_message_is_encrypted_like_another() {
        let public = PrivateKey::generate(&ECDH_P256).unwrap().compute_public_key().unwrap();
        let keys = Keys::new(public.as_ref(), &[1; 16]).unwrap();
        assert_ne!(encrypt(b"hello", &keys).unwrap(), encrypt(b"hello", &keys).unwrap());
    }

    #[test]
    fn a_key_that_is_no_point_of_the_curve_is_refused() {
        let mut public = [7; PUBLIC_KEY_BYTES];
        public[0] = 4;
        let keys = Keys::new(&public, &[1; 16]).unwrap();
        assert!(encrypt(b"hello", &keys).is_err());
    }
}
