//! What lies on the disk: for nobody else to read, and no longer than it may.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::client::{Client, greeting};
use support::server::Settings;

/// Within this time of being taken back, a text has to be gone.
const MINUTE: Duration = Duration::from_secs(60);

/// All files in a folder and below.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be read").flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The files that hold one of these texts.
fn holding(folder: &Path, texts: &[String]) -> Vec<PathBuf> {
    let mut found = files(folder);
    found.retain(|path| {
        // A write-ahead log may be gone by now.
        let bytes = fs::read(path).unwrap_or_default();
        texts.iter().any(|text| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
    });
    found
}

fn wait_until_gone(folder: &Path, texts: &[String]) -> Duration {
    let began = Instant::now();
    loop {
        let found = holding(folder, texts);
        if found.is_empty() {
            return began.elapsed();
        }
        assert!(began.elapsed() < MINUTE, "it is still in {found:?}");
        std::thread::yield_now();
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("modes can be set");
}

#[test]
fn attack_other_users_of_the_machine_can_read_no_file() {
    let umask = ["sh", "-c", "umask 022; exec \"$@\"", "sh"];
    let settings = Settings::new().through(&umask);
    fs::create_dir(settings.data()).expect("a folder can be made");
    set_mode(settings.data(), 0o755);
    let mut server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    alice.send("hello");
    alice.expect("[lobby] Alice: hello\n");
    // A search has the index made.
    alice.send("/search hello");
    alice.expect("{time} lobby [lobby] Alice: hello\n");
    let open = |folder: &Path| {
        let found: Vec<_> = files(folder).into_iter().map(|path| (mode(&path), path)).collect();
        assert!(found.len() >= 9, "{found:?}");
        found.into_iter().filter(|(mode, _)| *mode != 0o600).collect::<Vec<_>>()
    };
    assert_eq!(open(settings.data()), []);
    assert!(!server.log().lines().iter().any(|line| line.contains("open to other users")));
    server.kill();
    // What an earlier version left, or a copy made as the superuser.
    files(settings.data()).iter().for_each(|path| set_mode(path, 0o664));
    server.start_again();
    assert_eq!(open(settings.data()), []);
    let said: Vec<_> = server.log().lines();
    let said: Vec<_> = said.iter().filter(|line| line.contains("open to other users")).collect();
    assert_eq!(said.len(), 1, "{said:?}");
}

#[test]
fn a_new_data_folder_is_for_its_owner_alone() {
    let settings = Settings::new().through(&["sh", "-c", "umask 022; exec \"$@\"", "sh"]);
    let _server = settings.start();
    assert_eq!(mode(settings.data()), 0o700);
}

/// Redacts its last message in the lobby, which is `text`.
fn say_and_redact(client: &mut Client, nick: &str, text: &str) {
    client.send("PING before\r");
    client.skip_to(":chat.test PONG");
    client.send(&format!("PRIVMSG #lobby :{text}\r"));
    let line = client.skip_to("@msgid=");
    assert!(line.contains(text), "{line}");
    let id = line.split(['=', ' ', ';']).nth(1).expect("it has an id").to_owned();
    client.send(&format!("SEARCH text={}\r\nPING x\r", text.split(' ').next().unwrap_or("")));
    client.skip_to(":chat.test PONG");
    client.send(&format!("REDACT #lobby {id}\r"));
    client.skip_to(&format!(":{nick}!"));
}

fn irc(server: &support::server::Server, nick: &str) -> Client {
    let mut client = Client::connect(server).called(nick);
    client.send("CAP REQ :draft/message-redaction draft/search message-tags echo-message batch\r");
    client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
    client.send("JOIN #lobby\r");
    client.skip_to(&format!(":chat.test 366 {nick} #lobby "));
    client
}

/// The first characters of a word may be shared with the one before it in the index.
fn traces(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| word.chars().skip(4).collect()).collect()
}

#[test]
fn attack_a_text_that_was_taken_back_is_in_no_file() {
    let settings = Settings::new();
    let mut server = settings.start();
    let mut bo = irc(&server, "bo");
    for n in 0..200 {
        bo.send(&format!("PRIVMSG #lobby :biscuits {n} {}\r", "and tea ".repeat(n % 40)));
    }
    say_and_redact(&mut bo, "bo", "xylophonique zanzibarisch");
    let traces = traces(&["xylophonique", "zanzibarisch"]);
    let took = wait_until_gone(settings.data(), &traces);
    assert!(took < MINUTE / 2, "{took:?}");
    // What was said after it, and before, is there.
    bo.send("PRIVMSG #lobby :the last\r\nCHATHISTORY LATEST #lobby * 3\r");
    bo.skip_to("@msgid=");
    // One that is taken back right before a clean stop is gone with it.
    say_and_redact(&mut bo, "bo", "quizzicaloid wombatesque");
    server.stop();
    let traces = [&traces[..], &self::traces(&["quizzicaloid", "wombatesque"])].concat();
    assert_eq!(holding(settings.data(), &traces), <[PathBuf; 0]>::default());
    // One that is taken back right before the server is killed is gone soon after the next start.
    server.start_again();
    let mut bo = irc(&server, "bo");
    say_and_redact(&mut bo, "bo", "jabberwockily vorpalesque");
    server.kill();
    server.start_again();
    wait_until_gone(settings.data(), &self::traces(&["jabberwockily", "vorpalesque"]));
}

/// Salts and hashes, as they lie in the files.
fn hashes(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder) {
        let bytes = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        for hash in text.split("$argon2id$").skip(1) {
            let salt = hash.split('$').nth(2).unwrap_or_default();
            found.push(salt.to_owned());
        }
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn adv_synapse_7_an_old_passwords_hash_is_in_no_file_nor_any_password() {
    let settings = Settings::new();
    let mut server = settings.start();
    let mut alice = Client::login(&server, "Alice");
    alice.send("/password\nsesame-one\nsesame-one");
    alice.expect("NEW PASSWORD: AGAIN: <Password set.>\n");
    let first = hashes(settings.data());
    assert_eq!(first.len(), 1, "{first:?}");
    alice.send("/password\nsesame-one\nsesame-two\nsesame-two");
    alice.expect("OLD PASSWORD: NEW PASSWORD: AGAIN: <Password set.>\n");
    wait_until_gone(settings.data(), &first);
    assert_eq!(hashes(settings.data()).len(), 1);
    server.stop();
    let second = hashes(settings.data());
    assert!(second.len() == 1 && second != first, "{second:?}");
    let passwords = ["sesame-one", "sesame-two"].map(str::to_owned);
    assert_eq!(holding(settings.data(), &passwords), <[PathBuf; 0]>::default());
    let log = server.log().lines().join("\n");
    assert!(!log.contains("sesame") && !log.contains("argon2id"), "{log}");
    // The new one is what counts.
    server.start_again();
    let mut alice = Client::connect(&server).called("Alice");
    alice.send("Alice\nsesame-two");
    alice.expect(&format!("{}PASSWORD: Welcome back, Alice.\n", greeting()));
}
