//! The keys of a Web Push subscription, as `WEBPUSH REGISTER` has them.
//!
//! Spec: <https://github.com/ircv3/ircv3-specifications/pull/471>; RFC 4648, section 5.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::message::unescape;

/// Reads `p256dh=…;auth=…`, in any order and among others: the public key, and the secret. `None`
/// where one is missing or is no base64; some clients fill it up with `=`.
#[must_use]
pub fn read_keys(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let value = |wanted: &str| {
        let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == wanted)?;
        URL_SAFE_NO_PAD.decode(unescape(value).trim_end_matches('=')).ok()
    };
    Some((value("p256dh")?, value("auth")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_by_their_names() {
        for (text, keys) in [
            ("p256dh=AQID;auth=-_8", Some((vec![1, 2, 3], vec![251, 255]))),
            ("auth=-_8=;x=1;y;p256dh=AQID", Some((vec![1, 2, 3], vec![251, 255]))),
            ("p256dh=AQID", None),
            ("p256dh=AQID;auth=+/8", None),
            ("p256dh=AQID;auth", None),
            ("", None),
        ] {
            assert_eq!(read_keys(text), keys, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            let _ = read_keys(&text);
        }
    }
}
