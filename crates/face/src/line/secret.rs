//! Passwords as they are typed.

use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};

/// What is said to who wants a first password where it takes a verified address.
pub(super) const VERIFY_FIRST: &str = "A password needs a verified mail address here. Register \
                                       with an IRC client, under this name: /msg NickServ \
                                       REGISTER PASSWORD ADDRESS. Then come in with the password.";

pub(super) fn secret(typed: &str) -> Secret {
    Secret::new(typed.to_owned())
}

/// What is wrong with a new password, if anything is.
pub(super) fn bad_secret(typed: &str) -> Option<String> {
    match typed.len() {
        0 => Some("A password has at least 1 character.".to_owned()),
        1..=SECRET_BYTES_MAX => None,
        _ => Some(format!("A password has at most {SECRET_BYTES_MAX} bytes.")),
    }
}
