//! The commands of README.md, in order, as they stand there: each has to work in every state that
//! following the README leads to.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::process::{Command, Output, Stdio};

use support::client::Client;
use support::screen::Screen;
use support::server::{NAME, Server, Settings};
use support::transcript::folder;

/// The password that the README's script is given.
const PASSWORD: &str = "correct-horse";

/// Seconds that a script may take, whatever it is answered: far less than the time for a login.
const SCRIPT_SECONDS_MAX: &str = "5";

/// The indented blocks of the README, in order.
fn blocks() -> Vec<String> {
    let path = folder().join("../../../../README.md");
    let text = std::fs::read_to_string(path).expect("the README can be read");
    let mut blocks = vec![String::new()];
    for line in text.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(code), Some(block)) => block.push_str(&format!("{code}\n")),
            (None, Some(block)) if !block.is_empty() => blocks.push(String::new()),
            _ => {}
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The next block, which has to begin so: a command that is new in the README has to be run here too.
fn next(blocks: &mut impl Iterator<Item = String>, begins: &str) -> String {
    let block = blocks.next().expect("the README has another block");
    assert!(block.starts_with(begins), "expected {begins:?} in the README, found {block:?}");
    block
}

/// A block as it is run here: the program that was built, and the port that was free.
fn here(block: &str, server: &Server) -> String {
    let program = format!("'{}'", env!("CARGO_BIN_EXE_chinwag"));
    let port = server.address().port().to_string();
    block.replace("cargo run --release --", &program).replace("8080", &port)
}

/// Runs a block in a shell, which has to end in time.
fn run(block: &str, server: &Server) -> Output {
    let output = Command::new("timeout")
        .args([SCRIPT_SECONDS_MAX, "sh", "-c", &here(block, server)])
        .env_remove("CHINWAG_PASSWORD")
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell");
    assert_ne!(output.status.code(), Some(124), "{block} takes too long: {output:?}");
    output
}

/// Plays what the README shows of Alice's terminal, with Bob at another one.
fn plays_out(shown: &str, server: &Server) -> (Client, Client) {
    let mut alice = Client::run(server, "nc", &["localhost", "{port}"]).called("Alice");
    let mut bob = Client::run(server, "nc", &["localhost", "{port}"]).called("Bob");
    for line in shown.replace("myhost", NAME).lines() {
        match line {
            "<User Bob is online.>" => bob.send("Bob"),
            "<Message from Bob: \"thanks\">" => {
                bob.skip_to("<Message from Alice: \"for you alone\">");
                bob.send("Alice: thanks");
            }
            "<User Bob is offline.>" => {
                bob.send("exit");
                bob.skip_to("<Goodbye, Bob.>");
            }
            _ => {}
        }
        match line.strip_prefix("USERNAME: ") {
            Some(name) => {
                alice.expect("USERNAME: ");
                alice.send(name);
            }
            None if line.starts_with(['<', '[']) || line.starts_with("Welcome") => {
                alice.expect(&format!("{line}\n"));
            }
            None => alice.send(line),
        }
    }
    (alice, bob)
}

#[test]
fn each_line_works_in_the_readmes_order() {
    let mut blocks = blocks().into_iter();
    let serve = next(&mut blocks, "cargo run --release -- serve\n");
    assert_eq!(serve.lines().count(), 1);
    let server = Server::start();
    let nc = next(&mut blocks, "nc localhost 8080\n");
    assert_eq!(nc.lines().count(), 1);
    let (mut alice, bob) = plays_out(&next(&mut blocks, "Welcome to myhost.\n"), &server);
    drop(bob);

    // The IRC client meets Alice, who is still there.
    let irc = next(&mut blocks, "irssi -c localhost -p 8080\n/join #lobby\n");
    let home = tempfile::tempdir().expect("a folder for irssi");
    let (start, join) = irc.split_once('\n').expect("two lines");
    let set = format!("IRCNICK=Dora LC_ALL=C.UTF-8 HOME='{}'", home.path().display());
    let irssi = Screen::run(&format!("{set} {}", here(start, &server)));
    irssi.shows("the end of the greeting", |rows| {
        rows.iter().any(|row| row.contains("422") || row.contains("MOTD"))
    });
    irssi.types(join.trim_end());
    irssi.presses("Enter");
    alice.skip_to("<User Dora is online.>");
    irssi.shows("the room", |rows| rows.iter().any(|row| row.contains("#lobby")));
    alice.send("welcome");
    irssi.shows("what Alice says", |rows| rows.iter().any(|row| row.contains("Alice> welcome")));
    drop(irssi);

    // The client, with its line editor.
    let client = next(&mut blocks, "cargo run --release -- client 127.0.0.1 8080 Carol\n");
    let carol = Screen::run(here(&client, &server).trim_end());
    carol.shows_row("<User Carol is online.>");

    // The scripts, each twice: first its name is new, then it is known.
    let echo = next(&mut blocks, "echo 'the build is green' | cargo run");
    let export = next(&mut blocks, "export CHINWAG_PASSWORD=");
    let piped = next(&mut blocks, "printf 'smokebot");
    for (block, line) in [
        (&echo, "[lobby] buildbot: the build is green"),
        (&export, "[lobby] buildbot: the build is red"),
        (&piped, "[lobby] smokebot: the build is green"),
        // Without -N, Debian's nc ends as well, since the server closes the connection.
        (&piped.replace(" -N", ""), "[lobby] smokebot: the build is green"),
    ] {
        for _ in 0..2 {
            let output = run(block, &server);
            assert_eq!(output.status.code(), Some(0), "{block}: {output:?}");
            assert!(String::from_utf8_lossy(&output.stdout).contains(line), "{block}: {output:?}");
            alice.skip_to(line);
        }
    }

    // The rest of the README is run elsewhere: by the tests of the command line and of settings.
    next(&mut blocks, "cargo xtask test\n");
    next(&mut blocks, "chinwag serve --listen 0.0.0.0:8080 --data /var/lib/chinwag\n");
    assert_eq!(blocks.next(), None);
}

/// What a script finds its name to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Never seen.
    New,
    /// Online, without a password.
    Online,
    /// With the password that the README gives, online or not.
    Protected,
    ProtectedAndOnline,
    /// With another password.
    Foreign,
    /// Known without a password, where names need one.
    Needing,
}

/// A server, and the name in this state there.
fn state(state: State, name: &str) -> (Server, Vec<Client>) {
    let settings = Settings::new();
    let server = match state {
        State::Needing => {
            let mut server = settings.start();
            let mut bot = Client::login(&server, name);
            bot.send("exit");
            bot.expect(&format!("<Goodbye, {name}.>\n"));
            server.stop();
            return (
                settings
                    .data_at(server.settings().data())
                    .set("accounts.open_names", false)
                    .start(),
                vec![],
            );
        }
        _ => settings.start(),
    };
    if state == State::New {
        return (server, vec![]);
    }
    let mut bot = Client::login(&server, name);
    let password = match state {
        State::Online => return (server, vec![bot]),
        State::Foreign => "something-else",
        _ => PASSWORD,
    };
    bot.send("/password");
    for prompt in ["NEW PASSWORD: ", "AGAIN: "] {
        bot.expect(prompt);
        bot.send(password);
    }
    bot.expect("<Password set.>\n");
    match state {
        State::ProtectedAndOnline => (server, vec![bot]),
        _ => {
            bot.send("exit");
            bot.expect(&format!("<Goodbye, {name}.>\n"));
            (server, vec![])
        }
    }
}

#[test]
fn attack_a_script_whose_name_is_refused_ends_at_once_and_stores_nothing() {
    let found = |begins: &str| {
        let block = blocks().into_iter().find(|block| block.starts_with(begins));
        block.expect("the README has the script")
    };
    let piped = found("printf 'smokebot");
    // Each with the column of the table below.
    let scripts = [
        (found("echo 'the build"), 0),
        (found("export CHINWAG_PASSWORD="), 1),
        (piped.clone(), 2),
        (piped.replace(" -N", ""), 2),
        // This message could be a name.
        (piped.replace("the build is green", "green"), 2),
    ];
    for (at, stored) in [
        (State::New, [true, true, true]),
        (State::Online, [false, false, false]),
        (State::Protected, [false, true, false]),
        (State::ProtectedAndOnline, [false, true, false]),
        (State::Foreign, [false, false, false]),
        // There the client sets the password that it is given.
        (State::Needing, [false, true, false]),
    ] {
        for (block, column) in &scripts {
            let is_stored = stored[*column];
            let name = if *column == 2 { "smokebot" } else { "buildbot" };
            let (server, there) = state(at, name);
            let output = run(block, &server);
            let said = String::from_utf8_lossy(&output.stdout);
            assert_eq!(
                said.contains(&format!("[lobby] {name}: ")),
                is_stored,
                "{at:?} {block}: {output:?}"
            );
            assert_eq!(
                said.contains(&format!(", {name}.")),
                is_stored,
                "{at:?} {block}: {output:?}"
            );
            // nc has no exit code of its own for this.
            let code = if is_stored || *column == 2 { 0 } else { 1 };
            assert_eq!(output.status.code(), Some(code), "{at:?} {block}: {output:?}");
            drop(there);
            // Nothing was said by anybody, and nobody was made of a message.
            let mut reader = Client::connect(&server);
            reader.send("");
            reader.skip_to("<User guest-1 is online.>");
            let history = reader.answer("/history");
            assert_eq!(history != ["<No messages.>"], is_stored, "{at:?} {block}: {history:?}");
            let mut people = reader.answer("get_users");
            people.retain(|row| !row.ends_with(name) && row != "o guest-1");
            assert!(people.is_empty(), "{at:?} {block}: {people:?}");
        }
    }
}
