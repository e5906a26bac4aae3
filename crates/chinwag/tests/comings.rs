//! Comings and goings: everyone in a room sees the same ones in the same places between what is said,
//! and who comes and goes sees what happens between their coming and their going.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::thread;

use support::client::Client;
use support::server::{Server, Settings};

/// People who come and go, and how often each does.
const VISITORS: usize = 6;
const STAYS: usize = 40;

fn on_irc(server: &Server, name: &str, caps: &str) -> Client {
    let mut client = Client::connect(server).called(name);
    client.send(&format!("CAP REQ :{caps}"));
    client.send(&format!("NICK {name}\nUSER {name} 0 * :{name}\nCAP END"));
    client.skip_to(&format!(":chat.test 422 {name} "));
    client
}

/// What a line of IRC tells of the room, in words of its own.
fn read(line: &str) -> Option<String> {
    let line = line.trim_end();
    let line = line.strip_prefix('@').and_then(|line| line.split_once(' ')).map_or(line, |l| l.1);
    let (source, what) = line.strip_prefix(':')?.split_once(' ')?;
    let (nick, _) = source.split_once('!')?;
    match what.split_once(' ')? {
        ("JOIN", _) => Some(format!("{nick} joined tea.")),
        ("PART", _) => Some(format!("{nick} left tea.")),
        ("QUIT", _) => Some(format!("{nick} quit")),
        ("PRIVMSG", said) => Some(format!("{nick}: {}", said.strip_prefix("#tea :")?)),
        _ => None,
    }
}

/// The same of a line of line mode, where nobody's going for good is told as that.
fn read_plain(line: &str) -> Option<String> {
    let told = line.strip_prefix('<').and_then(|line| line.strip_suffix('>'));
    let told = told.filter(|told| told.ends_with("joined tea.") || told.ends_with("left tea."));
    told.or_else(|| line.strip_prefix("[tea] ")).map(str::to_owned)
}

/// What comes, up to and with a line that tells this.
fn hear(client: &mut Client, upto: &str, read: fn(&str) -> Option<String>) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|last| last != upto) {
        heard.extend(read(&client.line()));
    }
    heard
}

/// Comes, says something in every other stay, and goes, in all but the last for a while only.
fn visit(mut client: Client, name: &str) -> Vec<String> {
    let mut heard = Vec::new();
    for stay in 0..STAYS {
        client.send("JOIN #tea");
        heard.extend(hear(&mut client, &format!("{name} joined tea."), read));
        if stay % 2 == 1 {
            client.send(&format!("PRIVMSG #tea :stay {stay}"));
        }
        if stay + 1 < STAYS {
            client.send("PART #tea");
            heard.extend(hear(&mut client, &format!("{name} left tea."), read));
        }
    }
    heard.extend(hear(&mut client, &format!("{name}: stay {}", STAYS - 1), read));
    client.send("QUIT");
    heard
}

/// What of all that happened someone saw who came and went.
fn while_inside(all: &[String], name: &str) -> Vec<String> {
    let (joined, left) = (format!("{name} joined tea."), format!("{name} left tea."));
    let (last, mut inside, mut seen) = (format!("{name}: stay {}", STAYS - 1), false, Vec::new());
    for what in all {
        inside |= *what == joined;
        if inside {
            seen.push(what.clone());
        }
        if *what == last {
            return seen;
        }
        inside &= *what != left;
    }
    seen
}

#[test]
fn everyone_sees_the_same_comings_and_goings_in_the_same_places() {
    let server = Settings::new().set("limits.lines_per_second", 0).start();
    let faces = [
        "batch",
        "message-tags server-time extended-join account-tag away-notify",
        "no-implicit-names draft/metadata-2 echo-message",
    ];
    let mut watchers: Vec<Client> = Vec::new();
    for (n, caps) in faces.iter().enumerate() {
        let mut client = on_irc(&server, &format!("w{n}"), caps);
        client.send("JOIN #tea");
        hear(&mut client, &format!("w{n} joined tea."), read);
        watchers.push(client);
    }
    let mut liner = Client::login(&server, "liner");
    liner.send("/join tea");
    liner.skip_to("<You are in tea");
    // All of these are in by now.
    for watcher in &mut watchers {
        watcher.send("PING in");
        watcher.skip_to(":chat.test PONG chat.test :in");
    }

    let names: Vec<String> = (0..VISITORS).map(|n| format!("v{n}")).collect();
    let seen: Vec<Vec<String>> = thread::scope(|scope| {
        let caps = "echo-message message-tags";
        let visiting: Vec<_> = names
            .iter()
            .map(|name| {
                let client = on_irc(&server, name, caps);
                scope.spawn(move || visit(client, name))
            })
            .collect();
        visiting.into_iter().map(|thread| thread.join().expect("it came and went")).collect()
    });
    let mut last = on_irc(&server, "last", "batch");
    last.send("JOIN #tea\nPRIVMSG #tea :that is all");

    let upto = "last: that is all";
    let all = hear(&mut watchers[0], upto, read);
    let comings = all.iter().filter(|what| what.ends_with("joined tea.")).count();
    assert_eq!(comings, VISITORS * STAYS + 1);
    for watcher in &mut watchers[1..] {
        assert_eq!(hear(watcher, upto, read), all);
    }
    let told = all.iter().filter(|what| !what.ends_with("quit"));
    let plain = hear(&mut liner, upto, read_plain);
    assert!(plain.iter().eq(told), "in line mode it is the same: {plain:?}");
    for (name, seen) in names.iter().zip(&seen) {
        assert_eq!(*seen, while_inside(&all, name), "{name} saw what happened meanwhile");
    }
}

#[test]
fn a_coming_and_a_going_are_seen_though_nothing_else_happens() {
    let server = Settings::new().start();
    let mut watcher = on_irc(&server, "watcher", "batch");
    watcher.send("JOIN #tea");
    watcher.skip_to(":chat.test 366 watcher #tea");
    let mut visitor = on_irc(&server, "visitor", "batch");
    for _ in 0..3 {
        visitor.send("JOIN #tea");
        watcher.skip_to(":visitor!");
        visitor.send("PART #tea");
        assert_eq!(read(&watcher.line()), Some("visitor left tea.".to_owned()));
    }
}

#[test]
fn who_gets_a_pong_has_seen_who_came_before() {
    let server = Settings::new().set("limits.lines_per_second", 0).start();
    let mut watcher = on_irc(&server, "watcher", "batch");
    watcher.send("JOIN #tea");
    watcher.skip_to(":chat.test 366 watcher #tea");
    let mut visitor = on_irc(&server, "visitor", "batch");
    for round in 0..20 {
        let (command, told) = [("JOIN", "joined"), ("PART", "left")][round % 2];
        visitor.send(&format!("{command} #tea"));
        visitor.skip_to(":visitor!");
        watcher.send("PING now");
        assert_eq!(read(&watcher.line()), Some(format!("visitor {told} tea.")));
        watcher.skip_to(":chat.test PONG chat.test");
    }
}
