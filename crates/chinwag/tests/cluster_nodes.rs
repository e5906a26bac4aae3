//! Three nodes on three real NATS servers: what people see of them, and of their failures.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::time::{Duration, Instant};

use chinwag_nats::suite::{Servers, Setup};
use support::client::Client;
use support::cluster::{
    LONG, assert_same, get, guarded, history, node, read, ready, visitor, wait_until_ready,
};
use support::server::Server;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn three(servers: &Servers) -> [Server; 3] {
    NAMES.map(|name| node(servers, name).set("cluster.user", format!("{name:?}")).start())
}

/// Servers on which each node may do what it has to, and no more.
fn servers() -> Servers {
    Servers::start(&Setup { users: Some(guarded(&NAMES)), ..Setup::default() })
}

#[test]
fn nobody_can_tell_who_is_on_which_node_and_who_was_on_a_dead_one_is_gone_once() {
    let servers = servers();
    let [mut a, b, c] = three(&servers);
    let mut ana = Client::nc(&a);
    ana.come_in("Ana");
    ana.send("/join tea");
    ana.skip_to("<You are in tea");
    let mut bob = visitor(&b, "bob");
    let mut cy = Client::login(&c, "Cy");
    cy.send("/join tea");
    cy.skip_to("<You are in tea");
    ana.send("/say good morning");
    for (client, line) in [(&mut ana, "[tea] Ana: good"), (&mut cy, "[tea] Ana: good")] {
        client.skip_to(line);
    }
    let first = loop {
        if let Some(said) = read(&bob.line()) {
            break said;
        }
    };
    assert_eq!(first.1, "Ana: good morning");
    bob.send("PRIVMSG #tea :tea?");
    ana.skip_to("[tea] bob: tea?");
    cy.skip_to("[tea] bob: tea?");
    cy.send("Ana: between us");
    ana.skip_to("<Message from Cy: \"between us\">");

    // What is typed goes beside the log.
    let mut eve = visitor(&a, "eve");
    let typing = Instant::now() + LONG;
    loop {
        bob.send("@+typing=active TAGMSG #tea");
        let told = eve.line_within(Duration::from_secs(1));
        if told.is_some_and(|line| line.contains("+typing=active")) {
            break;
        }
        assert!(Instant::now() < typing, "nobody hears who types");
    }

    a.kill();
    let killed = Instant::now();
    cy.skip_within(LONG, "<User Ana is offline.>");
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(15), "it took {took:?}");
    let mut ana = Client::login_again(&b, "Ana");
    ana.send("/join tea");
    ana.skip_to("<You are in tea");
    ana.send("/say back again");
    cy.skip_to("[tea] Ana: back again");
    let mut saw = Vec::new();
    let mut quits = 0;
    while saw.last().is_none_or(|(_, said): &(String, String)| said != "Ana: back again") {
        let line = bob.line();
        quits += usize::from(line.contains(":Ana!") && line.contains(" QUIT "));
        saw.extend(read(&line));
    }
    assert_eq!(quits, 1, "who was on the dead node ends once");
    saw.insert(0, first.clone());
    a.start_again();
    for node in [&a, &b, &c] {
        assert_same(&history(node, &first.0, "back again"), &saw, "bob");
    }
}

/// Someone on IRC who came in as the account "ana" by its password.
fn device(server: &Server, account: Option<&str>) -> Client {
    let mut client = Client::connect(server).called("ana");
    client.send("CAP REQ :echo-message draft/read-marker sasl");
    if let Some(plain) = account {
        client.send(&format!("AUTHENTICATE PLAIN\nAUTHENTICATE {plain}"));
        client.skip_within(LONG, ":chat.test 903");
    }
    client.send("NICK ana\nUSER ana 0 * :Ana\nCAP END");
    client.skip_within(LONG, ":chat.test 001 ana");
    client
}

#[test]
fn an_account_its_marks_and_what_is_known_of_it_are_on_every_node() {
    let servers = servers();
    let [a, b, c] = three(&servers);
    let mut bob = visitor(&b, "bob");
    bob.send("MONITOR + ana");
    bob.skip_to(":chat.test 731 bob :ana");
    let mut one = device(&a, None);
    bob.skip_within(LONG, ":chat.test 730 bob :ana!~ana@");
    one.send("NS REGISTER sesame");
    one.skip_to(":chat.test 900 ana");
    let mut dan = visitor(&c, "dan");
    one.send("JOIN #tea");
    // Whoever is told that has been told of the account, too.
    while !dan.line().contains(":ana!~ana@user/ana JOIN #tea") {}

    // The same account on another node at once: each sees what the other one says and has read.
    let mut other = device(&c, Some("AGFuYQBzZXNhbWU="));
    other.skip_to(":chat.test 366 ana #tea");
    one.send("PRIVMSG #tea :a word from here");
    other.skip_to(":ana!~ana@user/ana PRIVMSG #tea :a word from here");
    one.send("MARKREAD #tea timestamp=2026-01-02T03:04:05.678Z");
    other.skip_to(":chat.test MARKREAD #tea timestamp=2026-01-02T03:04:05.678Z");
    while !bob.line().contains("PRIVMSG #tea :a word from here") {}
    bob.send("WHOIS ana");
    bob.skip_to(":chat.test 330 bob ana ana");

    // In line mode: found there, and said to who has no connection anywhere.
    let mut cy = Client::login(&b, "Cy");
    cy.send("/join tea");
    cy.skip_to("<You are in tea");
    cy.send("/search word");
    assert!(cy.skip_to("20").ends_with("tea [tea] ana: a word from here"));
    for device in [&mut one, &mut other] {
        device.send("QUIT");
        device.skip_to("ERROR :");
    }
    cy.send("ana: for later");
    cy.skip_to("<To ana> for later");
    let mut back = device(&c, Some("AGFuYQBzZXNhbWU="));
    while !back.line().trim_end().ends_with(" PRIVMSG ana :for later") {}
    back.send("MARKREAD #tea");
    back.skip_to(":chat.test MARKREAD #tea timestamp=2026-01-02T03:04:05.678Z");
}

#[test]
fn without_a_quorum_writing_is_refused_aloud_and_all_goes_on_by_itself() {
    let mut servers = servers();
    let [a, b, _c] = three(&servers);
    let mut ana = Client::login(&a, "Ana");
    let mut bob = visitor(&b, "bob");
    let mut dan = visitor(&b, "dan");
    ana.send("before");
    ana.skip_to("[lobby] Ana: before");
    assert!(ready(&a).0);
    servers.kill(0);
    servers.kill(1);
    ana.send("into the void");
    bob.send("PRIVMSG #tea :into the void");
    // While it may be an election, it is held.
    let held = Instant::now();
    ana.skip_within(LONG, "<Not known yet whether that is stored");
    assert!(held.elapsed() > Duration::from_secs(5), "after {:?}", held.elapsed());
    bob.skip_within(LONG, ":chat.test FAIL PRIVMSG");
    ana.send("not any more");
    ana.skip_to("<Not stored, so not sent: this server is cut off from the others.>");
    dan.send("PRIVMSG #tea :nor here");
    dan.skip_to(":chat.test FAIL PRIVMSG");
    let past = ana.answer("/history");
    assert!(past.iter().any(|line| line.contains("Ana: before")), "{past:#?}");
    let (is_ready, said) = ready(&a);
    assert!(!is_ready && said.contains("cut off"), "{said}");

    assert_counted(&a, &["standing 2", "nodes 3"]);

    servers.begin(0);
    servers.begin(1);
    wait_until_ready(&a);
    wait_until_ready(&b);
    assert_counted(&a, &["standing 0", "nodes 3", "begun_anew_total 0"]);
    ana.send("after");
    ana.skip_to("[lobby] Ana: after");
    let past = ana.answer("/history");
    let times = |what: &str| past.iter().filter(|line| line.contains(what)).count();
    assert_eq!((times("before"), times("not any more"), times("after")), (1, 0, 1), "{past:#?}");
    assert!(times("into the void") <= 1, "{past:#?}");
    // Nobody was sent away.
    dan.send("PRIVMSG #tea :good again");
    bob.skip_to("@");
    assert!(!b.log().lines().iter().any(|line| line.contains("begins anew")), "{:?}", b.log());
}

/// Checks what a monitor reads of the cluster.
fn assert_counted(server: &Server, all: &[&str]) {
    let told = get(server, "/metrics");
    for what in all {
        let line = format!("chinwag_cluster_{what}");
        assert!(told.lines().any(|told| told == line), "no {line:?} in\n{told}");
    }
}
