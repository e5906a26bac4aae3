//! What is shown of where someone comes from: enough to know them again, and to ban them, and nothing
//! that tells their address.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::seat::network;

/// Bytes of a digest that are shown.
const SHOWN_BYTES: usize = 8;

/// The cloak of an address: the same for all of a customer's addresses, for as long as the key is.
pub(crate) fn cloak(key: &[u8], address: Option<IpAddr>) -> String {
    let Some(address) = address else { return "local.cloak".to_owned() };
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(network(address).to_string().as_bytes());
    hash.update(key);
    let digest = hash.finalize();
    let hex: String = digest.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}.cloak")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cloak_is_the_same_for_a_network_and_another_with_another_key() {
        let of = |key: &str, address: &str| cloak(key.as_bytes(), address.parse().ok());
        assert_eq!(of("k", "2001:db8::1"), of("k", "2001:db8::2"));
        assert_ne!(of("k", "192.0.2.1"), of("k", "192.0.2.2"));
        assert_ne!(of("k", "192.0.2.1"), of("l", "192.0.2.1"));
        // An address of IPv4 that is written as IPv6 is one of its own, not of a network of all of them.
        assert_eq!(of("k", "192.0.2.1"), of("k", "::ffff:192.0.2.1"));
        assert_ne!(of("k", "::ffff:192.0.2.2"), of("k", "::ffff:192.0.2.1"));
        assert_eq!(of("k", "192.0.2.1").len(), 2 * SHOWN_BYTES + ".cloak".len());
    }
}
