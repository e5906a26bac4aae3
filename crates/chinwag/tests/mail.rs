//! Accounts whose mail address is verified, and passwords that are reset by mail.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::client::{Client, greeting};
use support::server::{Server, Settings};
use support::sink::Sink;

const NICKSERV: &str = ":NickServ!NickServ@chat.test NOTICE";

/// A server where addresses are verified.
fn settings(port: u16) -> Settings {
    Settings::new()
        .set("accounts.register_needs_email", true)
        .set("mail.host", "\"127.0.0.1\"")
        .set("mail.port", port)
        .set("mail.tls", "\"off\"")
        .set("mail.from", "\"chat@example.org\"")
}

/// One who has come in under a nickname.
fn come_in(server: &Server, nick: &str) -> Client {
    let mut client = Client::connect(server).called(nick);
    client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
    client
}

/// Whether a password is the account's.
fn logs_in(server: &Server, account: &str, password: &str) -> bool {
    let mut client = Client::connect(server).called("who logs in");
    client.send("CAP REQ sasl\r\nNICK someone\r\nUSER u 0 * :u\r\nAUTHENTICATE PLAIN\r");
    client.skip_to(":chat.test AUTHENTICATE +");
    let proof = STANDARD.encode(format!("\0{account}\0{password}"));
    client.send(&format!("AUTHENTICATE {proof}\r"));
    let line = client.skip_to(":chat.test 90");
    line.starts_with(":chat.test 900 ")
}

/// What a line is answered with.
fn answer(client: &mut Client, line: &str, beginning: &str) -> String {
    client.send(&format!("{line}\r"));
    client.skip_to(beginning).trim_end().to_owned()
}

#[track_caller]
fn check(client: &mut Client, line: &str, expected: &str) {
    let (source, _) = expected.split_once(' ').expect("a source");
    let said = answer(client, line, &format!("{source} "));
    assert_eq!(said, expected, "to {line}");
}

const REQUIRED: &str = ":chat.test REGISTER VERIFICATION_REQUIRED ana :A code is mailed to you; give \
                        it with VERIFY within a day";

#[test]
fn an_account_is_made_by_the_code_that_was_mailed_and_not_before() {
    let sink = Sink::start();
    let server = settings(sink.port()).start();
    let mut caps = Client::connect(&server).called("who asks for capabilities");
    caps.send("CAP LS 302\r\nCAP END\r");
    let list = caps.skip_to(":chat.test CAP * LS ");
    assert!(list.contains("account-registration=before-connect,email-required"), "{list}");

    let mut ana = come_in(&server, "ana");
    let invalid = ":chat.test FAIL REGISTER INVALID_EMAIL ana :A valid e-mail address is needed; a \
                   code is mailed to it";
    check(&mut ana, "REGISTER * * sesame", invalid);
    check(&mut ana, "REGISTER * ana@localhost sesame", invalid);
    check(&mut ana, "REGISTER * ana@example.org,bo@example.org sesame", invalid);
    check(&mut ana, "REGISTER * ana@example.org>SIZE=1 sesame", invalid);
    check(&mut ana, "REGISTER * Ana.B+chat@Example.ORG sesame", REQUIRED);

    let mail = sink.mail();
    assert_eq!(mail.envelope, ["MAIL FROM:<chat@example.org>", "RCPT TO:<Ana.B+chat@example.org>"]);
    assert_eq!(mail.header("To"), ["Ana.B+chat@example.org"]);
    assert_eq!(mail.header("From"), ["chinwag <chat@example.org>"]);
    assert_eq!(mail.header("Subject"), ["Your code for chinwag"]);
    assert_eq!(mail.header("Auto-Submitted"), ["auto-generated"]);
    let code = mail.code("VERIFY", "ana");

    assert!(!logs_in(&server, "ana", "sesame"), "it is not verified");
    let mut bo = come_in(&server, "bo");
    let taken = ":chat.test 433 bo ana :Nickname is already in use";
    check(&mut bo, "NICK ana", taken);
    let wrong = ":chat.test FAIL VERIFY INVALID_CODE ana :Wrong code; it can be given 4 more times";
    check(&mut ana, "VERIFY ana 0000-0000-0000-0000", wrong);
    let nobody =
        ":chat.test FAIL VERIFY INVALID_CODE bo :No account of that name waits to be verified";
    check(&mut ana, &format!("VERIFY bo {code}"), nobody);

    let verified = ":chat.test VERIFY SUCCESS ana :Account registered";
    check(&mut ana, &format!("VERIFY ana {}", code.to_uppercase()), verified);
    ana.skip_to(":chat.test 900 ana ana!~ana@");
    let again = ":chat.test FAIL VERIFY ALREADY_AUTHENTICATED ana :You have an account already";
    check(&mut ana, &format!("VERIFY ana {code}"), again);
    let used =
        ":chat.test FAIL VERIFY INVALID_CODE ana :No account of that name waits to be verified";
    check(&mut bo, &format!("VERIFY ana {code}"), used);
    assert!(logs_in(&server, "ana", "sesame"), "it is verified");
    assert!(!logs_in(&server, "ana", "other"), "with its password alone");
    sink.expect_nothing();
}

#[test]
fn a_code_outlives_the_server_and_is_given_before_coming_in() {
    let sink = Sink::start();
    let mut server = settings(sink.port()).start();
    let mut ana = Client::connect(&server).called("ana");
    ana.send("CAP REQ sasl\r\nNICK ana\r");
    ana.skip_to(":chat.test CAP * ACK ");
    check(&mut ana, "REGISTER * ana@example.org sesame", REQUIRED);
    let code = sink.mail().code("VERIFY", "ana");
    server.kill();
    server.start_again();

    let mut ana = Client::connect(&server).called("ana again");
    ana.send("CAP REQ sasl\r\nNICK ana\r\nUSER ana 0 * :ana\r");
    ana.skip_to(":chat.test CAP * ACK ");
    let verified = ":chat.test VERIFY SUCCESS ana :Account registered";
    check(&mut ana, &format!("VERIFY ana {code}"), verified);
    ana.send("CAP END\r");
    ana.skip_to(":chat.test 001 ana ");
    assert!(logs_in(&server, "ana", "sesame"));

    // The log has neither the code nor the password.
    server.stop();
    for file in std::fs::read_dir(server.settings().data()).expect("the data folder") {
        let path = file.expect("a file").path();
        let bytes = std::fs::read(&path).expect("it can be read");
        for secret in [&code, &code.replace('-', ""), "sesame"] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {}", path.display());
        }
    }
}

#[test]
fn codes_are_guessed_and_asked_for_only_so_often() {
    let sink = Sink::start();
    let server = settings(sink.port()).start();
    let mut ana = come_in(&server, "ana");
    let said = |text: &str| format!("{NICKSERV} ana :{text}");
    let mailed = said(
        "A code is mailed to you. Say VERIFY ana CODE within a day, and the account is yours.",
    );
    check(&mut ana, "NS REGISTER sesame ana@example.org", &mailed);
    let first = sink.mail().code("VERIFY", "ana");
    for left in (1..=4).rev() {
        let wrong = said(&format!("Wrong code; it can be given {left} more times."));
        check(&mut ana, "NS VERIFY ana 0000", &wrong);
    }
    let last = said("Wrong code; register again for another one.");
    check(&mut ana, "NS VERIFY ana 0000", &last);
    let none = said("No account of that name waits to be verified.");
    check(&mut ana, &format!("NS VERIFY ana {first}"), &none);

    let other = said(
        "That name waits to be verified; for another code, give the password that it was \
         registered with.",
    );
    check(&mut ana, "NS REGISTER other ana@example.org", &other);
    check(&mut ana, "NS REGISTER sesame ana@example.org", &mailed);
    let second = sink.mail().code("VERIFY", "ana");
    let wrong = said("Wrong code; it can be given 4 more times.");
    check(&mut ana, &format!("NS VERIFY ana {first}"), &wrong);
    // Five an hour go to a mailbox, however it is written.
    for address in ["ANA@example.org", "ana+1@example.org", "ana+2@example.org"] {
        check(&mut ana, &format!("NS REGISTER sesame {address}"), &mailed);
        assert_ne!(sink.mail().code("VERIFY", "ana"), second);
    }
    let limited = answer(&mut ana, "NS REGISTER sesame ana@example.org", NICKSERV);
    assert!(limited.contains("Many codes were mailed of late; try again in "), "{limited}");
    sink.expect_nothing();
}

#[test]
fn what_cannot_be_mailed_is_said_and_nothing_is_held() {
    let sink = Sink::start();
    let server = settings(sink.port()).start();
    let mut ana = come_in(&server, "ana");
    let refused = ":chat.test FAIL REGISTER UNACCEPTABLE_EMAIL ana :Mail to that address is \
                   refused; nothing was changed";
    check(&mut ana, "REGISTER * refused@example.org sesame", refused);
    let log = server.log().lines().join("\n");
    assert!(log.contains("a mail to example.org is not sent: permanent error (550)"), "{log}");
    // What is refused for now is tried again, and another password shows that nothing was held.
    check(&mut ana, "REGISTER * later@example.org other", REQUIRED);
    let code = sink.mail().code("VERIFY", "ana");
    check(
        &mut ana,
        &format!("VERIFY ana {code}"),
        ":chat.test VERIFY SUCCESS ana :Account registered",
    );

    let server = settings(1).start();
    let mut bo = come_in(&server, "bo");
    let unreachable = ":chat.test FAIL REGISTER TEMPORARILY_UNAVAILABLE bo :No mail can be sent \
                       now, so nothing was changed; try again later";
    check(&mut bo, "REGISTER * bo@example.org sesame", unreachable);
    let mut cy = come_in(&server, "cy");
    answer(&mut bo, "NICK dora", ":bo!");
    let renamed = answer(&mut cy, "NICK bo", ":cy!");
    assert!(renamed.ends_with(" NICK bo"), "{renamed}");
}

#[test]
fn a_lost_password_is_reset_by_mail() {
    let sink = Sink::start();
    let server = settings(sink.port()).start();
    let mut ana = come_in(&server, "ana");
    check(&mut ana, "REGISTER * ana@example.org sesame", REQUIRED);
    let verify = sink.mail().code("VERIFY", "ana");
    check(
        &mut ana,
        &format!("VERIFY ana {verify}"),
        ":chat.test VERIFY SUCCESS ana :Account registered",
    );

    let mut bo = come_in(&server, "bo");
    let said = |text: &str| format!("{NICKSERV} bo :{text}");
    let asked = said(
        "If that account has a verified address, a code is mailed to it. Say RESETPASS ACCOUNT CODE \
         PASSWORD within an hour.",
    );
    check(&mut bo, "NS RESETPASS nobody", &asked);
    check(&mut bo, "NS RESETPASS ana", &asked);
    let mail = sink.mail();
    assert_eq!(mail.header("To"), ["ana@example.org"]);
    let code = mail.code("RESETPASS", "ana");
    let wrong = said("Wrong code; it can be given 4 more times.");
    check(&mut bo, &format!("NS RESETPASS ana {verify} other"), &wrong);
    let changed = said("The password is changed; IDENTIFY with it.");
    check(&mut bo, &format!("NS RESETPASS ana {code} other"), &changed);
    let used = said("No code holds for that account. Have one mailed with RESETPASS ACCOUNT.");
    check(&mut bo, &format!("NS RESETPASS ana {code} third"), &used);
    assert!(logs_in(&server, "ana", "other"));
    assert!(!logs_in(&server, "ana", "sesame"));
    sink.expect_nothing();
}

#[test]
fn line_mode_says_where_an_address_is_verified() {
    let sink = Sink::start();
    let server = settings(sink.port()).start();
    let mut ana = Client::login(&server, "ana");
    let says = "<A password needs a verified mail address here. Register with an IRC client, under \
                this name: /msg NickServ REGISTER PASSWORD ADDRESS. Then come in with the \
                password.>\n";
    ana.send("/password");
    ana.expect(says);
    ana.send("/quit");
    // The end of the connection comes after the exit is stored.
    ana.expect_gone();

    // The name without a password is the IRC client's as well, and becomes the account.
    let mut irc = come_in(&server, "ana");
    check(&mut irc, "REGISTER * ana@example.org sesame", REQUIRED);
    let code = sink.mail().code("VERIFY", "ana");
    check(
        &mut irc,
        &format!("VERIFY ana {code}"),
        ":chat.test VERIFY SUCCESS ana :Account registered",
    );
    assert!(logs_in(&server, "ana", "sesame"));

    let server = settings(sink.port()).set("accounts.open_names", false).start();
    let mut bo = Client::connect(&server).called("bo");
    bo.send("bo");
    bo.expect(&format!("{}{says}", greeting()));
}
