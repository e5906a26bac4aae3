//! What strangers leave behind: names are bounded by network and hour, and expire.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::client::{Client, greeting, newcomer};
use support::server::{Server, Settings};

/// As many as the default allows.
const PER_HOUR: usize = 200;

/// A server that is told by a proxy on this machine who comes.
fn behind_a_proxy() -> Settings {
    Settings::new().listen("proxy_from", "[\"127.0.0.0/8\"]")
}

/// A connection from an address.
fn from(server: &Server, address: &str) -> Client {
    let mut client = Client::connect(server).called(address);
    let family = if address.contains(':') { "TCP6" } else { "TCP4" };
    let own = if address.contains(':') { "::1" } else { "127.0.0.1" };
    client.send_bytes(format!("PROXY {family} {address} {own} 1 2\r\n").as_bytes());
    client
}

/// Letters, so that no two names look alike.
fn name(n: usize) -> String {
    let letter = |n: usize| char::from(b"abcdefghkmpqrstx"[n % 16]);
    format!("n{}{}{}", letter(n), letter(n / 16), letter(n / 256))
}

/// What Debian's `faketime` sets, which itself would stand between the test and the server.
const LATER: [&str; 4] = [
    "env",
    "LD_PRELOAD=/usr/$LIB/faketime/libfaketime.so.1",
    "FAKETIME_DONT_FAKE_MONOTONIC=1",
    "FAKETIME=+31d",
];

const TOO_MANY: &str = "<Too many new names came from your network. Come in under a name that \
                        exists, or try again in {n} min.>\nUSERNAME: ";

#[test]
fn attack_one_network_makes_no_more_names_in_an_hour_than_a_school_needs() {
    let server = behind_a_proxy().set("limits.presence_notices_max", 0).start();
    for n in 0..PER_HOUR {
        let mut client = from(&server, "192.0.2.1");
        client.send(&format!("{}\nexit", name(n)));
        client.expect(&format!("{}Welcome, {}. You are new", greeting(), name(n)));
    }
    // One connection may try as often as it likes.
    let mut client = from(&server, "192.0.2.1");
    client.expect(&greeting());
    for n in PER_HOUR..PER_HOUR + 300 {
        client.send(&name(n));
        client.expect(TOO_MANY);
    }
    // Known names and guests come in, and a guest takes no name.
    client.send(&name(1));
    client.expect(&format!("Welcome back, {}.\n", name(1)));
    let mut guest = from(&server, "192.0.2.1");
    guest.send("\n/nick visitor");
    guest.skip_to("USERNAME: Welcome, guest-1.");
    guest.expect(
        "<Too many new names came from your network. Come in under a name that exists, or try \
         again in {n} min.>\n",
    );
    // Nor is there an account to be had on IRC, before coming in and after it, by command and service.
    let mut irc = from(&server, "192.0.2.1");
    irc.send("CAP REQ draft/account-registration\r\nNICK visitor\r");
    irc.send("REGISTER * * sesame\r\nUSER v 0 * :v\r\nCAP END\r\nREGISTER * * sesame\r\nNS REGISTER sesame\r");
    for _ in 0..2 {
        let said = irc.skip_to(":chat.test FAIL REGISTER TEMPORARILY_UNAVAILABLE visitor :");
        assert!(said.contains("Too many new names came from your network; try again in"), "{said}");
    }
    let said = irc.skip_to(":NickServ!NickServ@chat.test NOTICE visitor :Too many new names");
    assert!(said.contains("try again in"), "{said}");
    // Others are not touched by it: another network, and this machine.
    for address in ["192.0.2.2", "2001:db8::1"] {
        let mut other = from(&server, address);
        let name = format!("other{}", address.len());
        other.send(&name);
        other.expect(&format!("{}Welcome, {name}.", greeting()));
    }
    let mut local = Client::connect(&server).called("local");
    local.send("local");
    local.expect(&format!("{}Welcome, local.", greeting()));
}

#[test]
fn the_bound_is_the_operators_and_counts_what_is_granted_alone() {
    let server = behind_a_proxy().set("limits.new_names_per_hour", 2).start();
    let mut alice = from(&server, "192.0.2.1");
    alice.send("Alice");
    alice.expect(&newcomer("Alice"));
    // What is refused anyway does not count, nor does a change of name, nor a password.
    let mut bob = from(&server, "192.0.2.1");
    bob.expect(&greeting());
    for (name, said) in [
        ("A1ice", "<\"A1ice\" is not a name: it looks like Alice.>\nUSERNAME: "),
        ("lobby", "<\"lobby\" is not a name: it is a word of this server.>\nUSERNAME: "),
        ("Alice", "<User Alice is already online.>\nUSERNAME: "),
        ("bob", "Welcome, bob. You are new here. Type /help for help.\n"),
    ] {
        bob.send(name);
        bob.expect(said);
    }
    alice.send("/nick Alicia\n/password\nsesame\nsesame");
    alice.skip_to("<You are now called Alicia.>");
    alice.expect("NEW PASSWORD: AGAIN: <Password set.>\n");
    let mut carol = from(&server, "192.0.2.1");
    carol.send("carol");
    carol.expect(&(greeting() + TOO_MANY));
    let unbound = behind_a_proxy().set("limits.new_names_per_hour", 0).start();
    for n in 0..10 {
        let mut client = from(&unbound, "192.0.2.1");
        client.send(&name(n));
        client.expect(&format!("{}Welcome, {}.", greeting(), name(n)));
    }
}

#[test]
fn a_name_that_said_nothing_for_thirty_days_can_be_taken_anew() {
    let settings = Settings::new();
    let mut server = settings.start();
    for (name, says) in [("alice", "exit"), ("bob", "hello\nexit")] {
        let mut client = Client::connect(&server).called(name);
        client.send(&format!("{name}\n{says}"));
        client.skip_to(&format!("<Goodbye, {name}.>"));
    }
    let mut carol = Client::connect(&server).called("carol");
    carol.send("carol\nexit");
    carol.skip_to("<Goodbye, carol.>");
    let mut dora = Client::connect(&server).called("dora");
    dora.send("dora\ncarol: until later\nexit");
    dora.skip_to("<Goodbye, dora.>");
    server.stop();
    let later = settings.through(&LATER);
    let server = later.start();
    let mut guest = Client::connect(&server).called("a guest");
    guest.send("\nget_users");
    guest.skip_to("<User guest-1 is online.>");
    guest.expect("x bob\nx carol\nx dora\no guest-1\n");
    guest.expect_silence();
    let mut alice = Client::connect(&server).called("alice");
    alice.send("alice");
    alice.expect(&newcomer("alice"));
    let mut carol = Client::connect(&server).called("carol");
    carol.send("carol");
    carol.skip_to("<1 messages while you were away:>");
}
