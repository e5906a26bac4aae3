//! The sessions of five older chat servers, whose users are to be at home here: each with the real
//! `nc`, the real client, or packets as their clients sent them.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use rustix::process::Signal;
use support::client::{Client, greeting, newcomer};
use support::server::{Server, Settings};

/// Reads the lines that tell each of `earlier` that this one has come.
fn told_of(name: &str, earlier: &mut [Client]) {
    for client in earlier {
        client.expect(&format!("<User {name} is online.>\n"));
    }
}

#[test]
fn a_fork_per_client_server_answers_each_line_of_several_nc_and_stops_on_ctrl_c() {
    let mut server = Server::start();
    let mut clients = Vec::new();
    for name in ["one", "two", "three"] {
        let mut client = Client::nc(&server).called(name);
        client.come_in(name);
        told_of(name, &mut clients);
        clients.push(client);
    }
    for line in ["first", "second"] {
        clients[0].send(line);
        for client in &mut clients {
            client.expect(&format!("[lobby] one: {line}\n"));
        }
    }
    clients[2].send("logout");
    clients[2].expect("<Goodbye, three.>\n");
    // Debian's nc stays until its own input ends as well.
    clients[2].end_of_input();
    clients[2].expect_closed();
    for client in &mut clients[..2] {
        client.expect("<User three is offline.>\n");
    }
    server.stop_with(Signal::INT);
    for client in &mut clients[..2] {
        client.expect("<The server is shutting down.>\n");
        client.end_of_input();
        client.expect_closed();
    }
}

#[test]
fn a_thread_per_client_server_shows_everyone_every_line_and_minds_broken_connections() {
    let server = Server::start();
    let mut clients = Vec::new();
    for name in ["ann", "ben", "cat"] {
        let mut client = Client::nc(&server).called(name);
        client.come_in(name);
        told_of(name, &mut clients);
        clients.push(client);
    }
    for at in 0..3 {
        clients[at].send("hello from here");
        let name = ["ann", "ben", "cat"][at];
        for client in &mut clients {
            client.expect(&format!("[lobby] {name}: hello from here\n"));
        }
    }
    clients[2].kill_program();
    for client in &mut clients[..2] {
        client.expect("<User cat is offline.>\n");
    }
    let broken = Client::login(&server, "dan");
    for client in &mut clients[..2] {
        client.expect("<User dan is online.>\n");
    }
    broken.reset();
    for client in &mut clients[..2] {
        client.expect("<User dan is offline.>\n");
    }
    let second = Settings::new().address(server.address()).start_in_vain();
    second.assert_said_in_one_line(&["in use", &server.address().to_string()]);
}

#[test]
fn a_router_lists_clients_with_sockets_and_sends_to_one_by_index() {
    let server = Server::start();
    let mut one = Client::nc(&server).called("one");
    one.come_in("one");
    let mut two = Client::nc(&server).called("two");
    two.come_in("two");
    one.expect("<User two is online.>\n");
    one.send("LIST");
    one.expect("Client 1 is one at socket {n}.\nClient 2 is two at socket {n}.\n");
    one.send("SEND");
    one.expect("Enter client index to send message to: ");
    one.send("2");
    one.expect("Enter message: ");
    one.send("over to you");
    one.expect("<To two> over to you\n");
    two.expect("<Message from one: \"over to you\">\n");
}

#[test]
fn a_user_name_chat_announces_who_comes_and_goes_and_takes_bare_names_in_packets() {
    let settings = Settings::new().listen("unterminated_ms", 30);
    let server = settings.start();
    // The old client sends the name alone, without a line end.
    let mut alice = Client::connect(&server).called("Alice");
    alice.send_bytes(b"Alice");
    alice.expect(&newcomer("Alice"));
    let chinwag = env!("CARGO_BIN_EXE_chinwag");
    let mut bob = Client::run(&server, chinwag, &["client", "{host}", "{port}", "Bob"]);
    bob.expect("Welcome to chat.test.\nWelcome, Bob. You are new here. Type /help for help.\n");
    bob.expect("<User Bob is online.>\n");
    alice.expect("<User Bob is online.>\n");
    alice.send_bytes(b"chat Bob \"Hello Bob!\"");
    alice.expect("<To Bob> Hello Bob!\n");
    bob.expect("<Message from Alice: \"Hello Bob!\">\n");
    bob.send("chat Alice \"Hello Alice!\"");
    bob.expect("<To Alice> Hello Alice!\n");
    alice.expect("<Message from Bob: \"Hello Alice!\">\n");
    bob.send("bye");
    bob.expect("<Goodbye, Bob.>\n");
    bob.expect_closed();
    assert!(bob.program_ended().success());
    alice.expect("<User Bob is offline.>\n");
    alice.send_bytes(b"bye");
    alice.expect("<Goodbye, Alice.>\n");
    alice.expect_closed();
}

#[test]
fn a_store_and_forward_chat_serves_100_users_groups_and_those_who_are_away() {
    // Its client ends no lines; in such a crowd nobody is told of comings and goings.
    let settings =
        Settings::new().listen("unterminated_ms", 30).set("limits.presence_notices_max", 0);
    let server = settings.start();
    let connect = |n| Client::connect(&server).called(&format!("user{n}"));
    let mut users: Vec<Client> = (1..=100).map(connect).collect();
    for (n, user) in (1..).zip(&mut users) {
        user.expect(&greeting());
        user.send_bytes(format!("user{n}").as_bytes());
        user.expect(&format!("Welcome, user{n}. You are new here. Type /help for help.\n"));
    }
    let mut last = users.pop().expect("there are 100");
    last.send_bytes(b"exit");
    last.expect("<Goodbye, user100.>\n");
    last.expect_closed();

    users[0].send_bytes(b"get_users");
    let listed: Vec<String> = (0..100).map(|_| users[0].line()).collect();
    assert!(listed.contains(&"o user1".to_owned()) && listed.contains(&"x user100".to_owned()));
    assert_eq!(listed.iter().filter(|line| line.starts_with("o ")).count(), 99);

    users[0].send_bytes(b"user2: hello");
    users[0].expect("<To user2> hello\n");
    users[1].expect("<Message from user1: \"hello\">\n");
    users[0].send_bytes(b"user100: see you");
    users[0].expect("<To user100> see you\n");
    users[0].expect("<User user100 is offline and will see it on the next login.>\n");
    users[0].send_bytes(b"broad: to all");
    for user in &mut users {
        user.expect("[broadcast] user1: to all\n");
    }
    let named: Vec<String> = (69..=100).map(|n| format!("user{n}")).collect();
    users[0].send_bytes(format!("mk_grp:grp1:{}", named.join(":")).as_bytes());
    users[0].expect(&format!("<Group grp1: user1, {}.>\n", named.join(", ")));
    for user in &mut users[68..99] {
        user.expect("<user1 added you to group grp1.>\n");
    }
    users[98].send_bytes(b"grp1: hello group");
    users[0].expect("[grp1] user99: hello group\n");

    // It knows old names again, and has kept what was said to them.
    let mut again = Client::connect(&server).called("user100");
    again.expect(&greeting());
    again.send_bytes(b"user100");
    again.expect("Welcome back, user100.\n<3 messages while you were away:>\n");
    again.expect("{time} <Message from user1: \"see you\">\n");
    again.expect("{time} [broadcast] user1: to all\n{time} [grp1] user99: hello group\n");
    again.expect("<End of messages.>\n");
    again.send_bytes(b"exit");
    again.expect("<Goodbye, user100.>\n");
    again.expect_closed();
}
