//! SCRAM from the client's side, and the other ways to prove an account by SASL.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::client::Client;

/// What `AUTHENTICATE` takes for a name and a password after `PLAIN`.
pub(crate) fn plain(name: &str, password: &str) -> String {
    STANDARD.encode(format!("\0{name}\0{password}"))
}

/// A client's side of RFC 5802, up to its proof; gives the signature that the server is to answer.
pub(crate) fn prove(client: &mut Client, name: &str, password: &str) -> [u8; 32] {
    let first = begin_proof(client, name);
    finish_proof(client, name, password, &first)
}

/// Its first message; gives what the server answers.
pub(crate) fn begin_proof(client: &mut Client, name: &str) -> String {
    let bare = format!("n={name},r=rOprNGfwEbeRWgbNEkqO");
    client.send(&format!("AUTHENTICATE {}\r", STANDARD.encode(format!("n,,{bare}"))));
    message(&client.line())
}

/// Its last message.
pub(crate) fn finish_proof(
    client: &mut Client,
    name: &str,
    password: &str,
    first: &str,
) -> [u8; 32] {
    let bare = format!("n={name},r=rOprNGfwEbeRWgbNEkqO");
    let mut parts = first.split(',').map(|part| part.split_at(2).1);
    let mut part = || parts.next().expect("a nonce, a salt and a count");
    let (nonce, salt, iterations) = (part(), part(), part());
    assert!(nonce.starts_with("rOprNGfwEbeRWgbNEkqO"), "{first}");
    let salt = STANDARD.decode(salt).expect("base64");
    let iterations = iterations.parse().expect("a number");
    let salted = stretch(password.as_bytes(), &salt, iterations);
    let unproved = format!("c=biws,r={nonce}");
    let said = format!("{bare},{first},{unproved}");
    let client_key = hmac(&salted, b"Client Key");
    let stored: [u8; 32] = Sha256::digest(client_key).into();
    let proof = xor(client_key, hmac(&stored, said.as_bytes()));
    let last = format!("{unproved},p={}", STANDARD.encode(proof));
    client.send(&format!("AUTHENTICATE {}\r", STANDARD.encode(last)));
    hmac(&hmac(&salted, b"Server Key"), said.as_bytes())
}

/// What an `AUTHENTICATE` of the server's says.
pub(crate) fn message(line: &str) -> String {
    let base64 = line.trim_end().strip_prefix(":chat.test AUTHENTICATE ");
    let base64 = base64.unwrap_or_else(|| panic!("not what was expected: {line}"));
    String::from_utf8(STANDARD.decode(base64).expect("base64")).expect("UTF-8")
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let padded = |pad: u8| -> Vec<u8> {
        (0..64).map(|at| key.get(at).copied().unwrap_or_default() ^ pad).collect()
    };
    let inner = Sha256::digest([padded(0x36), text.to_vec()].concat());
    Sha256::digest([padded(0x5c), inner.to_vec()].concat()).into()
}

fn stretch(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let mut last = hmac(password, &[salt, &1_u32.to_be_bytes()].concat());
    let mut all = last;
    for _ in 1..iterations {
        last = hmac(password, &last);
        all = xor(all, last);
    }
    all
}

fn xor(one: [u8; 32], other: [u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| one[at] ^ other[at])
}
