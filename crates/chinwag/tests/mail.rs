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

/// The same from an address behind a proxy.
fn come_from(server: &Server, address: &str, nick: &str) -> Client {
    let mut client = Client::connect_from(server, address).called(nick);
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
    let changed = said(
        "The password is changed; IDENTIFY with it. All connections that were logged in are ended, and \
         certificates and devices are removed.",
    );
    check(&mut bo, &format!("NS RESETPASS ana {code} other"), &changed);
    // A code that was used is told as any wrong one, and so is one for an account that has none.
    for (line, left) in
        [(format!("NS RESETPASS ana {code} third"), 3), ("NS RESETPASS nobody x y".to_owned(), 4)]
    {
        check(&mut bo, &line, &said(&format!("Wrong code; it can be given {left} more times.")));
    }
    ana.skip_to("ERROR :Closing link: (The password of ana was changed; log in again)");
    assert!(logs_in(&server, "ana", "other"));
    assert!(!logs_in(&server, "ana", "sesame"));
    sink.expect_nothing();
}

#[test]
fn adv_ergo_1_a_name_that_waits_to_be_verified_is_logged_in_to_by_no_door() {
    let sink = Sink::start();
    let server = settings(sink.port()).set("limits.failed_logins_per_minute", 0).start();
    let mut ana = come_in(&server, "ana");
    check(&mut ana, "REGISTER * ana@example.org sesame", REQUIRED);
    sink.mail();
    for password in ["sesame", "", "ana", "ana@example.org"] {
        assert!(!logs_in(&server, "ana", password), "by PLAIN, with {password:?}");
    }
    let mut bo = come_in(&server, "bo");
    let wrong = format!("{NICKSERV} bo :Wrong account or password.");
    check(&mut bo, "NS IDENTIFY ana sesame", &wrong);
    check(&mut bo, "NS GHOST ana sesame", &wrong);
    check(&mut bo, "NS GHOST ana", &format!("{NICKSERV} bo :That is not yours."));
    let mut scram = Client::connect(&server).called("by SCRAM");
    scram.send("CAP REQ sasl\r\nNICK cy\r\nUSER u 0 * :u\r\nAUTHENTICATE SCRAM-SHA-256\r");
    scram.skip_to(":chat.test AUTHENTICATE +");
    support::scram::prove(&mut scram, "ana", "sesame");
    scram.skip_to(":chat.test 904 cy ");
    // Line mode takes it for a guest's name, which is not to be had.
    let mut line = Client::connect(&server).called("in line mode");
    line.expect(&greeting());
    line.send("ana");
    line.expect("<\"ana\" is taken.>\nUSERNAME: ");
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

/// What NickServ says to a line.
fn nickserv(client: &mut Client, line: &str) -> String {
    let answer = answer(client, &format!("NS {line}"), NICKSERV);
    answer.split_once(" :").map(|(_, text)| text.to_owned()).expect("a text")
}

/// Makes an account with a verified address, from an address behind a proxy.
fn verified(server: &Server, sink: &Sink, from: &str, nick: &str) -> Client {
    let mut client = come_from(server, from, nick);
    client.send(&format!("REGISTER * {nick}@example.org sesame\r"));
    client.skip_to(":chat.test REGISTER VERIFICATION_REQUIRED ");
    let code = sink.mail().code("VERIFY", nick);
    client.send(&format!("VERIFY {nick} {code}\r"));
    client.skip_to(&format!(":chat.test VERIFY SUCCESS {nick} "));
    client
}

const ASKED: &str = "If that account has a verified address, a code is mailed to it. Say RESETPASS \
                     ACCOUNT CODE PASSWORD within an hour.";

#[test]
fn attack_strangers_who_ask_for_codes_keep_the_owner_from_none() {
    let sink = Sink::start();
    let server = settings(sink.port()).behind_proxy().start();
    drop(verified(&server, &sink, "192.0.2.1", "ana"));
    // The owner asks first, then strangers of many networks; the owner's code goes on holding.
    let mut owner = come_from(&server, "192.0.2.1", "owner");
    assert_eq!(nickserv(&mut owner, "RESETPASS ana"), ASKED);
    let first = sink.mail().code("RESETPASS", "ana");
    let ask = |n: u32| {
        let mut stranger = come_from(&server, &format!("198.51.100.{n}"), &format!("s{n}"));
        assert_eq!(nickserv(&mut stranger, "RESETPASS ana"), ASKED);
        stranger
    };
    let mut strangers: Vec<_> = (0..20).map(ask).collect();
    let codes: Vec<_> = (0..4).map(|_| sink.mail().code("RESETPASS", "ana")).collect();
    sink.expect_nothing();
    // They give wrong codes as well.
    for stranger in &mut strangers {
        for left in (0..5).rev() {
            let told = nickserv(stranger, "RESETPASS ana 0000-0000-0000-0000 mine");
            let words = match left {
                0 => "Wrong code. Have another one mailed.".to_owned(),
                left => format!("Wrong code; it can be given {left} more times."),
            };
            assert_eq!(told, words);
        }
        let told = nickserv(stranger, "RESETPASS ana 0000-0000-0000-0000 mine");
        assert!(told.starts_with("No code holds for that account."), "{told}");
    }
    // The owner who asks after them has theirs in the mailbox.
    assert_eq!(nickserv(&mut owner, "RESETPASS ana"), ASKED);
    let changed = "The password is changed; IDENTIFY with it. All connections that were logged in are ended, and \
         certificates and devices are removed.";
    assert_eq!(nickserv(&mut owner, &format!("RESETPASS ana {first} other")), changed);
    let told = nickserv(&mut owner, &format!("RESETPASS ana {} third", codes[0]));
    assert!(told.starts_with("Wrong code"), "one password a request: {told}");
    sink.expect_nothing();
}

#[test]
fn attack_wrong_codes_of_strangers_end_no_code_of_an_address() {
    let sink = Sink::start();
    let server = settings(sink.port()).behind_proxy().start();
    let mut ana = come_from(&server, "192.0.2.1", "ana");
    check(&mut ana, "REGISTER * ana@example.org sesame", REQUIRED);
    let code = sink.mail().code("VERIFY", "ana");
    for n in 0..12 {
        let mut stranger = come_from(&server, "198.51.100.1", &format!("s{n}"));
        for _ in 0..6 {
            nickserv(&mut stranger, "VERIFY ana 0000-0000-0000-0000");
        }
    }
    // The network of the strangers is not listened to any more; the owner's is.
    let mut stranger = come_from(&server, "198.51.100.1", "last");
    let told = nickserv(&mut stranger, "VERIFY ana 0000-0000-0000-0000");
    assert!(
        told.starts_with("Too many wrong codes came from your network; try again in "),
        "{told}"
    );
    let verified = ":chat.test VERIFY SUCCESS ana :Account registered";
    check(&mut ana, &format!("VERIFY ana {code}"), verified);
}

#[test]
fn attack_strangers_cannot_use_up_a_mailbox() {
    let sink = Sink::start();
    let server = settings(sink.port()).set("limits.mails_per_minute", 0).behind_proxy().start();
    let register = |from: &str, nick: &str, mailbox: &str| {
        let mut client = Client::connect_from(&server, from).called(nick);
        client.send(&format!("NICK {nick}\r\nREGISTER * {mailbox} sesame\r"));
        client.skip_to(":chat.test ").trim_end().to_owned()
    };
    for n in 0..8 {
        let answer = register("198.51.100.1", &format!("a{n}"), &format!("ana+{n}@example.org"));
        assert_eq!(answer.contains("VERIFICATION_REQUIRED"), n < 5, "{answer}");
    }
    let answer = register("192.0.2.1", "ana", "ana@example.org");
    assert!(answer.contains("VERIFICATION_REQUIRED"), "{answer}");
    assert_eq!(sink.count(), 6);
}

#[test]
fn attack_the_server_mails_only_so_much() {
    let sink = Sink::start();
    let server = settings(sink.port()).set("limits.mails_per_minute", 6).behind_proxy().start();
    drop(verified(&server, &sink, "192.0.2.1", "ana"));
    let mut mailed = 0;
    for n in 0..12 {
        let mut client = Client::connect_from(&server, &format!("198.51.100.{n}")).called("x");
        client.send(&format!("NICK x{n}\r\nREGISTER * x{n}@example.org sesame\r"));
        let answer = client.skip_to(":chat.test ");
        mailed += usize::from(answer.contains("VERIFICATION_REQUIRED"));
        if !answer.contains("VERIFICATION_REQUIRED") {
            assert!(answer.contains("Many codes were mailed of late; try again in "), "{answer}");
        }
    }
    assert_eq!(mailed, 2, "with the one before, half of them");
    let mut owner = come_from(&server, "192.0.2.1", "owner");
    assert_eq!(nickserv(&mut owner, "RESETPASS ana"), ASKED);
    let codes = [sink.mail(), sink.mail(), sink.mail()];
    assert!(codes.iter().any(|mail| mail.header("Subject")[0].contains("another password")));
}

#[test]
fn attack_one_network_holds_only_so_many_names() {
    let sink = Sink::start();
    let server = settings(sink.port())
        .set("limits.registrations_per_minute", 0)
        .set("limits.mails_per_minute", 0)
        .behind_proxy()
        .start();
    let register = |from: &str, nick: &str| {
        let mut client = Client::connect_from(&server, from).called(nick);
        client.send(&format!("NICK {nick}\r\nREGISTER * {nick}@example.org sesame\r"));
        (client.skip_to(":chat.test ").trim_end().to_owned(), client)
    };
    let mut last = None;
    for n in 0..50 {
        let (answer, client) = register("198.51.100.1", &format!("x{n}"));
        assert!(answer.contains("VERIFICATION_REQUIRED"), "{answer}");
        last = Some((client, sink.mail().code("VERIFY", &format!("x{n}"))));
    }
    let (answer, _) = register("198.51.100.1", "y");
    let told = ":chat.test FAIL REGISTER TEMPORARILY_UNAVAILABLE y :Too many wait to be verified; \
                try later";
    assert_eq!(answer, told);
    let (answer, _) = register("192.0.2.1", "ana");
    assert!(answer.contains("VERIFICATION_REQUIRED"), "{answer}");
    // A name that is verified makes room, once it does not count as being on its way any more.
    let (mut client, code) = last.expect("a client");
    client.send(&format!("VERIFY x49 {code}\r"));
    client.skip_to(":chat.test VERIFY SUCCESS x49 ");
}

#[test]
fn adv_zulip_6_nobody_learns_which_accounts_have_an_address() {
    let sink = Sink::start();
    let server = settings(sink.port()).behind_proxy().start();
    drop(verified(&server, &sink, "192.0.2.1", "ana"));
    let mut line = Client::login(&server, "cy");
    for text in ["/password", "sesame", "sesame"] {
        line.send(text);
    }
    // While the mail server keeps everyone waiting, everyone is answered all the same.
    sink.shut(true);
    let mut stranger = come_from(&server, "198.51.100.1", "stranger");
    let mut times = std::collections::BTreeMap::<_, Vec<_>>::new();
    for _ in 0..5 {
        for account in ["ana", "nobody"] {
            let began = std::time::Instant::now();
            assert_eq!(nickserv(&mut stranger, &format!("RESETPASS {account}")), ASKED);
            times.entry(account).or_default().push(began.elapsed());
        }
    }
    println!("{times:?}");
    let median = |account| {
        let mut times = times[account].clone();
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (one, other) = (median("ana"), median("nobody"));
    let slack = std::time::Duration::from_millis(20);
    assert!(one < 2 * other + slack && other < 2 * one + slack, "{one:?} {other:?}");
    // Wrong codes are told alike, too.
    for account in ["ana", "nobody"] {
        let told = nickserv(&mut stranger, &format!("RESETPASS {account} 0000 mine"));
        assert_eq!(told, "Wrong code; it can be given 4 more times.");
    }
    sink.shut(false);
    for _ in 0..5 {
        sink.mail().code("RESETPASS", "ana");
    }
    // Neither does an address tell who has it.
    for (nick, address) in [("da", "ana@example.org"), ("eve", "nobody@example.org")] {
        let mut client = come_from(&server, "198.51.100.2", nick);
        client.send(&format!("REGISTER * {address} sesame\r"));
        let answer = client.skip_to(":chat.test REGISTER ");
        assert!(answer.contains(&format!("VERIFICATION_REQUIRED {nick} :A code")), "{answer}");
        sink.mail();
    }
}

#[test]
fn that_a_code_cannot_be_mailed_to_an_account_is_told_to_the_operator_alone() {
    let sink = Sink::start();
    let settings = settings(sink.port()).behind_proxy();
    let mut server = settings.start();
    drop(verified(&server, &sink, "192.0.2.1", "ana"));
    server.stop();
    let server = settings.set("mail.port", 1).start();
    let mut stranger = come_from(&server, "198.51.100.1", "stranger");
    for _ in 0..6 {
        assert_eq!(nickserv(&mut stranger, "RESETPASS ana"), ASKED);
    }
    stranger.send("PING end\r");
    stranger.expect(":chat.test PONG chat.test :end\r\n");
    let deadline = std::time::Instant::now() + support::PATIENCE;
    let words = "a mail to example.org is not sent: ";
    while !server.log().lines().iter().any(|line| line.contains(words)) {
        assert!(std::time::Instant::now() < deadline, "nothing is logged");
        std::thread::yield_now();
    }
}

#[test]
fn adv_insp_1_an_asker_who_leaves_while_a_mail_is_sent_is_missed_by_nobody() {
    let sink = Sink::start();
    let server = settings(sink.port()).behind_proxy().start();
    sink.shut(true);
    for (n, nick) in ["ana", "refused", "bo"].into_iter().enumerate() {
        let mut client = Client::connect_from(&server, &format!("192.0.2.{n}"));
        client.send(&format!("NICK {nick}\r\nREGISTER * {nick}@example.org sesame\r"));
        let mut other = come_from(&server, "192.0.2.9", &format!("other{n}"));
        let deadline = std::time::Instant::now() + support::PATIENCE;
        while nickserv(&mut other, &format!("VERIFY {nick} 0000")).starts_with("No account") {
            assert!(std::time::Instant::now() < deadline, "the name is never held");
        }
        client.reset();
        other.send("QUIT\r");
        other.expect_gone();
    }
    sink.shut(false);
    let mails = [sink.mail(), sink.mail()];
    for (nick, mail) in ["ana", "bo"].iter().map(|nick| {
        let to = format!("{nick}@example.org");
        (nick, mails.iter().find(|mail| mail.header("To") == [to.as_str()]).expect("a mail"))
    }) {
        let code = mail.code("VERIFY", nick);
        let mut again = Client::connect_from(&server, "192.0.2.7").called(nick);
        again.send(&format!("NICK {nick}\r\nVERIFY {nick} {code}\r"));
        again.skip_to(&format!(":chat.test VERIFY SUCCESS {nick} "));
    }
    // What could not be mailed is nobody's.
    let deadline = std::time::Instant::now() + support::PATIENCE;
    loop {
        let mut client = Client::connect_from(&server, "192.0.2.8");
        client.send("NICK refused\r\nUSER x 0 * :x\r");
        if client.skip_to(":chat.test ").contains(" 001 refused ") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the name stays held");
    }
}
