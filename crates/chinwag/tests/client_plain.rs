//! `chinwag client` in plain mode: through pipes, with `--plain` and with `TERM=dumb`.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use rustix::net::{AddressFamily, SocketType, bind, getsockname, socket};
use sha2::{Digest, Sha256};
use support::client::{Client, set_password};
use support::screen::Screen;
use support::server::{Server, Settings};
use support::tls::Identity;

const CHINWAG: &str = env!("CARGO_BIN_EXE_chinwag");

/// Variables of the environment, with their values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// Runs the client with all its input at hand, to its end.
fn piped(server: SocketAddr, name: Option<&str>, input: &str) -> Output {
    let mut client = Command::new(CHINWAG)
        .arg("client")
        .args([server.ip().to_string(), server.port().to_string()])
        .args(name)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client can be run");
    let mut stdin = client.stdin.take().expect("it has an input");
    // A client that cannot connect takes no input.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    client.wait_with_output().expect("it ends")
}

/// What it printed, which must have ended so.
fn printed(output: &Output, code: i32) -> &str {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    std::str::from_utf8(&output.stdout).expect("it prints text")
}

#[test]
fn in_a_pipe_each_line_received_is_printed_and_nothing_else() {
    let server = Server::start();
    let talk = "Welcome to chat.test.\n\
        Welcome, Alice. You are new here. Type /help for help.\n\
        <User Alice is online.>\n\
        [lobby] Alice: hello\n\
        <Goodbye, Alice.>\n";
    let output = piped(server.address(), None, "Alice\nhello\nexit\n");
    assert_eq!(printed(&output, 0), talk);
    assert!(output.stderr.is_empty(), "{output:?}");
    // With the name on the command line it is the same.
    let again = talk.replace("Welcome, Alice. You are new here. Type /help for help.", "{}");
    let output = piped(server.address(), Some("Alice"), "hello\nexit\n");
    assert_eq!(printed(&output, 0), again.replace("{}", "Welcome back, Alice."));
}

#[test]
fn in_a_pipe_it_ends_with_the_last_answer_after_the_end_of_input() {
    let server = Server::start();
    let lines: String = (0..1000).map(|at| format!("line {at}\n")).collect();
    let output = piped(server.address(), Some("Alice"), &(lines + "without an end"));
    let printed: Vec<_> = printed(&output, 0).lines().collect();
    assert_eq!(printed.len(), 3 + 1001 + 1);
    for at in 0..1000 {
        assert_eq!(printed[3 + at], format!("[lobby] Alice: line {at}"));
    }
    assert_eq!(printed[1003..], ["[lobby] Alice: without an end", "<Goodbye, Alice.>"]);
}

#[test]
fn without_a_server_it_says_so_and_exits_1() {
    // A port that is taken, so that no other test gets it, but at which nobody listens.
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let bound = getsockname(&socket).expect("it is bound");
    let address = SocketAddr::try_from(bound).expect("to an address of the internet");
    let output = piped(address, Some("Alice"), "hello\n");
    assert_eq!(printed(&output, 1), "");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains(&address.to_string()), "{said}");
}

#[test]
fn cut_off_it_exits_1() {
    for stop in [Server::stop, Server::kill] {
        let mut server = Server::start();
        let mut alice = Client::run(&server, CHINWAG, &["client", "{host}", "{port}", "Alice"]);
        alice.skip_to("<User Alice is online.>");
        stop(&mut server);
        alice.expect_gone();
        assert_eq!(alice.program_ended().code(), Some(1));
    }
}

/// Runs the client with these arguments and variables, and all its input at hand, to its end.
fn run(arguments: &[&str], variables: Variables<'_>, input: &[u8]) -> Output {
    let mut client = Command::new(CHINWAG)
        .arg("client")
        .args(arguments)
        .env_remove("CHINWAG_PASSWORD")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client can be run");
    let mut stdin = client.stdin.take().expect("it has an input");
    let input = input.to_vec();
    // It may print so much that it takes no more input until that is read.
    let writing = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = client.wait_with_output().expect("it ends");
    writing.join().expect("it has taken what it wanted");
    output
}

/// Asserts that it ended with this code and said this on standard error.
fn assert_ended(output: &Output, code: i32, said: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(error.contains(said) && (said.is_empty() == error.is_empty()), "{said:?}: {output:?}");
}

/// Everyone who is registered.
fn people(server: &Server) -> Vec<String> {
    let mut reader = Client::connect(server);
    reader.send("");
    reader.skip_to("<User guest-");
    let mut rows = reader.answer("get_users");
    rows.retain(|row| !row.contains("guest-"));
    rows
}

#[test]
fn attack_a_refused_name_makes_nobody_of_the_lines_behind_it() {
    let server = Server::start();
    let mut deploy = Client::login(&server, "deploy");
    let address = server.address();
    let port = address.port().to_string();
    for (name, input) in
        [(Some("deploy"), "build\nis\ngreen\n"), (None, "deploy\nbuild\nis\ngreen\n")]
    {
        let output = piped(address, name, input);
        assert_eq!(
            printed(&output, 1),
            "Welcome to chat.test.\n<User deploy is already online.>\n"
        );
        assert_ended(&output, 1, "the name was refused. Nothing was sent.");
    }
    // Lines that come one by one are no answers either.
    let mut slow = Client::run(&server, CHINWAG, &["client", "{host}", "{port}", "deploy"]);
    slow.expect("Welcome to chat.test.\n<User deploy is already online.>\n");
    slow.expect_gone();
    assert_eq!(slow.program_ended().code(), Some(1));
    for name in ["1st", "a b", "lobby", "depl0y", "CAP LS", "\u{16}\u{3}"] {
        let output = run(&["127.0.0.1", &port], &[], format!("{name}\nbuild\n").as_bytes());
        assert_ended(&output, 1, "the name was refused. Nothing was sent.");
    }
    // That is refused with the connection.
    let output = run(&["127.0.0.1", &port], &[], b"GET / HTTP/1.1\nbuild\n");
    assert_ended(&output, 1, "Nothing was sent.");
    assert_eq!(people(&server), ["o deploy"]);
    deploy.skip_to("<User guest-1 is offline.>");
    deploy.expect_silence();
}

#[test]
fn attack_a_password_is_never_taken_from_the_lines_of_a_script() {
    let server = Server::start();
    set_password(&server, "Alice", "correct-horse");
    let folder = tempfile::tempdir().expect("a folder");
    let (right, wrong) = (folder.path().join("right"), folder.path().join("wrong"));
    std::fs::write(&right, "correct-horse\n").expect("a file can be written");
    std::fs::write(&wrong, "battery-staple").expect("a file can be written");
    let file = |path: &std::path::Path| path.to_str().expect("a path in UTF-8").to_owned();
    let (right, wrong) = (file(&right), file(&wrong));
    let port = server.address().port().to_string();
    let name = ["127.0.0.1", &port, "Alice"];
    let hint = "give it in CHINWAG_PASSWORD or by --password-file. Nothing was sent.";
    let refused = "the password was refused. Nothing was sent.";
    let (given, other) =
        (("CHINWAG_PASSWORD", "correct-horse"), ("CHINWAG_PASSWORD", "battery-staple"));
    let cases: [(&[&str], Variables<'_>, i32, &str); 6] = [
        (&[], &[], 1, hint),
        (&[], &[given], 0, ""),
        (&[], &[other], 1, refused),
        (&["--password-file", &right], &[other], 0, ""),
        (&["--password-file", &wrong], &[], 1, refused),
        (&["--password-file", "/dev/null"], &[given], 1, "it holds no password"),
    ];
    for (options, variables, code, said) in cases {
        // The first line would be the right password, and is none.
        let input = b"correct-horse\nhello\n";
        let output = run(&[&name[..], options].concat(), variables, input);
        assert_ended(&output, code, said);
        let out = String::from_utf8_lossy(&output.stdout);
        assert_eq!(out.contains("[lobby] Alice: correct-horse"), code == 0, "{output:?}");
        assert!(!out.contains("PASSWORD: "), "{output:?}");
    }
    // Whoever pipes the name may pipe the password behind it, as to nc.
    let output = run(&name[..2], &[], b"Alice\ncorrect-horse\nhello\n");
    assert_ended(&output, 0, "");
    let output = run(&name[..2], &[], b"Alice\nhello\ncorrect-horse\nexit\n");
    assert_ended(&output, 1, refused);
}

#[test]
fn where_names_need_passwords_a_script_gives_the_first_one() {
    let server = Settings::new().set("accounts.open_names", false).start();
    let port = server.address().port().to_string();
    let name = ["127.0.0.1", port.as_str(), "bot"];
    let output = run(&name, &[], b"the build is green\n");
    assert_ended(&output, 1, "names need a password there");
    let output = run(&name[..2], &[], b"bot\nthe build is green\nexit\n");
    assert_ended(&output, 1, "names need a password there");
    assert!(people(&server).is_empty());
    for password in ["correct-horse", "correct-horse", "battery-staple"] {
        let output = run(&name, &[("CHINWAG_PASSWORD", password)], b"the build is green\n");
        let code = i32::from(password == "battery-staple");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[test]
fn no_end_without_a_goodbye_is_a_good_one() {
    let server = Server::start();
    let port = server.address().port().to_string();
    let here = ["127.0.0.1", port.as_str()];
    for (input, said) in [
        ("", "the input ended too early. Nothing was sent."),
        ("exit\n", "the server closed the connection. Nothing was sent."),
    ] {
        assert_ended(&run(&here, &[], input.as_bytes()), 1, said);
    }
    // Nobody reads it, or it has no place.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let client = Command::new(CHINWAG)
        .args(["client", here[0], here[1], "Alice"])
        .stdin(Stdio::null())
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("the client can be run");
    assert_ended(&client, 1, "cannot print what 127.0.0.1:");
    for (settings, said) in [
        (Settings::new().set("server.clients_max", 1), "Nothing was sent."),
        (Settings::new().set("accounts.guests", false), "the name was refused. Nothing was sent."),
        (Settings::new().listen("faces", "[\"web\"]"), "the server closed the connection"),
    ] {
        let server = settings.start();
        let _only = Client::connect(&server);
        let port = server.address().port().to_string();
        assert_ended(&run(&[here[0], &port], &[], b"\nhello\n"), 1, said);
    }
}

#[test]
fn addresses_are_taken_as_people_write_them() {
    let server = Settings::new().address("[::1]:0").start();
    let port = server.address().port().to_string();
    for words in [
        vec!["::1".to_owned(), port.clone()],
        vec!["[::1]".to_owned(), port.clone()],
        vec![format!("[::1]:{port}")],
        vec![format!("irc://[::1]:{port}")],
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).chain(["Alice"]).collect();
        let output = run(&words, &[], b"hello\n");
        assert!(printed(&output, 0).contains("[lobby] Alice: hello\n"), "{words:?}");
    }
    for words in
        [&["http://localhost"][..], &["[localhost]"], &["irc://h/#tea"], &["h", "1", "a\nb"]]
    {
        let output = run(words, &[], b"");
        assert_ended(&output, 2, "invalid value");
    }
}

#[test]
fn tls_is_spoken_where_it_is_asked_for_and_where_the_server_requires_it() {
    let identity = Identity::new();
    let detecting = identity.settings().start();
    let requiring = identity.settings().listen("tls", "\"required\"").start();
    let authority = identity.certificate();
    let authority = authority.to_str().expect("a path in UTF-8");
    let digest = Sha256::digest(identity.der());
    let pin: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let foreign = pin.chars().rev().collect::<String>();
    let ca = ["--tls-ca", authority];
    // An authority of the system's is found where the system is told to look.
    let system = [("SSL_CERT_FILE", authority)];
    for server in [&detecting, &requiring] {
        let port = server.address().port().to_string();
        let url = format!("ircs://localhost:{port}");
        let (plain, secure) = (["localhost", &port, "Alice"], [url.as_str(), "Alice"]);
        let is_required = std::ptr::eq(server, &requiring);
        let by_itself = if is_required { (1, "is not trusted") } else { (0, "") };
        let cases: [(Vec<&str>, Variables<'_>, (i32, &str)); 12] = [
            (secure.to_vec(), &system, (0, "")),
            ([&plain[..], &["--tls"]].concat(), &system, (0, "")),
            (plain.to_vec(), &system, (0, "")),
            ([&secure[..], &ca].concat(), &[], (0, "")),
            ([&plain[..], &ca].concat(), &[], (0, "")),
            ([&plain[..], &["--tls-fingerprint", &pin]].concat(), &[], (0, "")),
            (
                [&["127.0.0.2", &port, "Alice"], &["--tls-fingerprint", &pin][..]].concat(),
                &[],
                (1, "Connection refused"),
            ),
            (
                [&plain[..], &["--tls-fingerprint", &foreign]].concat(),
                &[],
                (1, "not the one of --tls-fingerprint"),
            ),
            (secure.to_vec(), &[], (1, "is not trusted")),
            (plain.to_vec(), &[], by_itself),
            (
                [&plain[..], &["--tls-ca", "/dev/null"]].concat(),
                &[],
                (1, "it holds no certificate in PEM"),
            ),
            ([&plain[..], &["--tls-fingerprint", "12"]].concat(), &[], (2, "has 64 digits")),
        ];
        for (words, variables, (code, said)) in cases {
            let output = run(&words, variables, b"hello\n");
            assert_ended(&output, code, said);
            let out = String::from_utf8_lossy(&output.stdout);
            assert_eq!(
                out.contains("[lobby] Alice: hello\n<Goodbye, Alice.>\n"),
                code == 0,
                "{words:?}"
            );
        }
    }
    // The advice of the refusal can be followed.
    let port = requiring.address().port().to_string();
    let refused = run(&["127.0.0.1", &port], &[], b"");
    let said = String::from_utf8_lossy(&refused.stderr);
    let pin = said.split("SHA-256 fingerprint ").nth(1).and_then(|rest| rest.split(' ').next());
    let output = run(
        &["127.0.0.1", &port, "Bo", "--tls-fingerprint", pin.expect("a fingerprint")],
        &[],
        b"hi\n",
    );
    assert!(printed(&output, 0).contains("[lobby] Bo: hi\n"));
    // Where there is no TLS, nothing is sent in plain.
    let server = Server::start();
    let port = server.address().port().to_string();
    let output = run(&["localhost", &port, "Alice", "--tls"], &[], b"hello\n");
    assert_ended(&output, 1, "check that the server speaks TLS at this port");
    assert!(people(&server).is_empty());
}

#[test]
fn much_is_piped_both_ways_over_tls_and_plain() {
    const LINES: usize = 3000;
    let identity = Identity::new();
    let server = identity.settings().start();
    let port = server.address().port().to_string();
    let text = "x".repeat(1000);
    let input: String = (0..LINES).map(|at| format!("{at} {text}\n")).collect();
    let authority = identity.certificate();
    let secure = ["localhost", &port, "Bo", "--tls-ca", authority.to_str().expect("UTF-8")];
    for words in [&["localhost", &port, "Al"][..], &secure] {
        let output = run(words, &[], input.as_bytes());
        let name = words[2];
        let said = printed(&output, 0);
        let echoes = said.lines().filter(|line| line.starts_with(&format!("[lobby] {name}: ")));
        for (at, line) in echoes.clone().enumerate() {
            assert!(line.starts_with(&format!("[lobby] {name}: {at} x")), "{at}: {line}");
        }
        assert_eq!(echoes.count(), LINES);
    }
}

#[test]
fn plain_on_a_terminal_says_each_line_of_a_paste_and_nothing_else() {
    let server = Server::start();
    let (host, port) = (server.address().ip(), server.address().port());
    for (at, start) in [
        format!("'{CHINWAG}' client --plain {host} {port}"),
        format!("TERM=dumb '{CHINWAG}' client {host} {port}"),
        format!("TERM= '{CHINWAG}' client {host} {port}"),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("Eve{at}");
        let screen = Screen::run(start);
        screen.shows("the prompt", |rows| rows.last().is_some_and(|row| row == "USERNAME:"));
        screen.types(&format!("{name}\r"));
        screen.shows_row(&format!("<User {name} is online.>"));
        screen.types("one\rtwo\rthree\rexit\r");
        let rows = screen.shows_row("exit code 0");
        let wanted = ["one", "two", "three"].map(|text| format!("[lobby] {name}: {text}"));
        let said: Vec<_> = rows.iter().filter(|row| row.starts_with("[lobby]")).collect();
        assert_eq!(said, wanted.iter().collect::<Vec<_>>(), "{rows:#?}");
        // What the terminal showed of the typing, what was received, and not a row more.
        let mut expected = vec!["Welcome to chat.test.".to_owned(), format!("USERNAME: {name}")];
        expected.push(format!("Welcome, {name}. You are new here. Type /help for help."));
        expected.push(format!("<User {name} is online.>"));
        expected.extend(wanted.clone());
        expected.push(format!("<Goodbye, {name}.>"));
        expected.push("exit code 0".to_owned());
        let kept: Vec<_> = rows
            .iter()
            .filter(|row| !["one", "two", "three", "exit"].contains(&row.as_str()))
            .collect();
        assert_eq!(kept, expected.iter().collect::<Vec<_>>(), "{rows:#?}");
    }
}

#[test]
fn plain_on_a_terminal_hides_passwords_and_asks_again_for_what_was_refused() {
    let server = Server::start();
    set_password(&server, "Alice", "correct-horse");
    let _deploy = Client::login(&server, "deploy");
    let (host, port) = (server.address().ip(), server.address().port());
    let screen = Screen::run(&format!("'{CHINWAG}' client --plain {host} {port}"));
    for (row, name) in
        [("Welcome to chat.test.", "deploy"), ("<User deploy is already online.>", "Alice")]
    {
        screen.shows("the prompt", |rows| {
            rows.iter().any(|shown| shown == row)
                && rows.last().is_some_and(|row| row == "USERNAME:")
        });
        screen.types(&format!("{name}\r"));
    }
    for password in ["battery-staple", "correct-horse"] {
        screen.shows("the prompt", |rows| rows.last().is_some_and(|row| row == "PASSWORD:"));
        screen.types(&format!("{password}\r"));
        let answer = match password {
            "correct-horse" => "Welcome back, Alice.",
            _ => "<Wrong password.>",
        };
        screen.shows_row(answer);
    }
    screen.types("/password\r");
    for (prompt, typed) in [
        ("OLD PASSWORD:", "correct-horse"),
        ("NEW PASSWORD:", "battery-staple"),
        ("AGAIN:", "battery-staple"),
    ] {
        screen.shows(prompt, |rows| rows.last().is_some_and(|row| row == prompt));
        screen.types(&format!("{typed}\r"));
    }
    screen.shows_row("<Password set.>");
    screen.types("seen again\r");
    let rows = screen.shows_row("[lobby] Alice: seen again");
    assert!(rows.iter().any(|row| row == "seen again"), "{rows:#?}");
    for secret in ["correct-horse", "battery-staple"] {
        assert!(rows.iter().all(|row| !row.contains(secret)), "{rows:#?}");
    }
    screen.presses("C-d");
    screen.shows_row("<Goodbye, Alice.>");
}

#[test]
fn attack_lines_typed_behind_a_refused_name_are_no_names() {
    let server = Server::start();
    let _deploy = Client::login(&server, "deploy");
    let (host, port) = (server.address().ip(), server.address().port());
    // The lines lie in the terminal before the client is there to read them, as `expect` sends them.
    for (name, typed) in [("deploy", "build\ris\rgreen\r"), ("", "deploy\rbuild\ris\rgreen\r")] {
        let screen =
            Screen::run(&format!("read go; '{CHINWAG}' client --plain {host} {port} {name}"));
        screen.types(&format!("go\r{typed}"));
        screen.shows_row("<User deploy is already online.>");
        screen.shows_row("exit code 1");
    }
    assert_eq!(people(&server), ["o deploy"]);
}

#[test]
fn a_terminal_shows_what_is_typed_again_after_a_signal() {
    let server = Server::start();
    set_password(&server, "Alice", "correct-horse");
    let (host, port) = (server.address().ip(), server.address().port());
    let screen = Screen::run(&format!(
        "trap : INT; '{CHINWAG}' client --plain {host} {port} Alice; stty -a | grep -ow -e '-*echo'"
    ));
    screen.shows("the prompt", |rows| rows.last().is_some_and(|row| row == "PASSWORD:"));
    screen.presses("C-c");
    screen.shows("that it is shown", |rows| rows.contains(&"PASSWORD: echo".to_owned()));
}
