//! One world on all faces: people in line mode and on IRC talk in one room, and what everyone saw is
//! what everyone's history tells, in one order, each message once and under one id.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::thread;

use support::client::Client;
use support::server::{Server, Settings};

/// People on each face, and what each of them says.
const PEOPLE: usize = 5;
const LINES: usize = 1000;

/// All messages.
const ALL: usize = 2 * PEOPLE * LINES;

/// Messages that one page of history has.
const PAGE: usize = 1000;

fn visitor(server: &Server, name: &str) -> Client {
    let mut client = Client::connect(server).called(name);
    client.send("CAP REQ :message-tags echo-message batch draft/chathistory");
    client.send(&format!("NICK {name}\nUSER {name} 0 * :{name}\nCAP END\nJOIN #tea"));
    client.skip_to(&format!(":chat.test 366 {name} #tea"));
    client
}

fn liner(server: &Server, name: &str) -> Client {
    let mut client = Client::login(server, name);
    client.send("/join tea");
    client.skip_to("<You are in tea");
    client
}

/// A message as IRC told it: its id, and who said what.
fn read(line: &str) -> Option<(String, String)> {
    let (tags, rest) = line.strip_prefix('@')?.split_once(' ')?;
    let id = tags.split(';').find_map(|tag| tag.strip_prefix("msgid="))?;
    let (source, said) = rest.strip_prefix(':')?.split_once(" PRIVMSG #tea :")?;
    let author = source.split('!').next()?;
    Some((id.to_owned(), format!("{author}: {}", said.trim_end())))
}

/// The number of an id, by which they are in order.
fn number(id: &str) -> (u64, u32) {
    let (seq, index) = id.split_once('.').expect("an id is a place");
    (seq.parse().expect("a number"), index.parse().expect("a number"))
}

#[test]
fn what_everyone_saw_on_any_face_is_what_everyones_history_tells() {
    let settings = Settings::new()
        .set("limits.lines_per_second", 0)
        .set("limits.outbox_kib", 65_536)
        .set("limits.chathistory_messages", PAGE);
    let server = settings.start();
    let mut visitors: Vec<Client> =
        (0..PEOPLE).map(|n| visitor(&server, &format!("irc{n}"))).collect();
    let mut liners: Vec<Client> =
        (0..PEOPLE).map(|n| liner(&server, &format!("line{n}"))).collect();

    let mut heard: Vec<Vec<(String, String)>> = Vec::new();
    let mut seen: Vec<Vec<String>> = Vec::new();
    thread::scope(|scope| {
        let talk = |client: &Client, name: String, before: &'static str| {
            let mut socket = client.sender();
            scope.spawn(move || {
                use std::io::Write as _;
                for n in 0..LINES {
                    let line = format!("{before}{name} says {n}\n");
                    socket.write_all(line.as_bytes()).expect("it is sent");
                }
            });
        };
        for (n, client) in visitors.iter().enumerate() {
            talk(client, format!("irc{n}"), "PRIVMSG #tea :");
        }
        for (n, client) in liners.iter().enumerate() {
            talk(client, format!("line{n}"), "");
        }
        let hearing: Vec<_> = visitors
            .iter_mut()
            .map(|client| {
                scope.spawn(move || {
                    let mut heard = Vec::new();
                    while heard.len() < ALL {
                        heard.extend(read(&client.line()));
                    }
                    heard
                })
            })
            .collect();
        let seeing: Vec<_> = liners
            .iter_mut()
            .map(|client| {
                scope.spawn(move || {
                    let mut seen = Vec::new();
                    while seen.len() < ALL {
                        let line = client.line();
                        seen.extend(
                            line.strip_prefix("[tea] ").map(|said| said.trim_end().to_owned()),
                        );
                    }
                    seen
                })
            })
            .collect();
        heard = hearing.into_iter().map(|thread| thread.join().expect("it heard")).collect();
        seen = seeing.into_iter().map(|thread| thread.join().expect("it saw")).collect();
    });

    let first = heard[0].clone();
    let said: Vec<&String> = first.iter().map(|(_, said)| said).collect();
    assert_eq!(said.iter().collect::<BTreeSet<_>>().len(), ALL, "each message once");
    assert!(first.is_sorted_by(|one, next| number(&one.0) < number(&next.0)), "ids are in order");
    for other in &heard[1..] {
        assert!(*other == first, "on IRC all saw the same, under the same ids");
    }
    for other in &seen {
        assert!(other.iter().eq(said.iter().copied()), "in line mode all saw the same");
    }
    for (n, client) in visitors.iter_mut().enumerate() {
        let history = history(client, &first[0].0);
        assert!(history == first, "the history of irc{n} is what everyone saw");
    }
    let last: Vec<String> = first[ALL - 200..].iter().map(|(_, said)| said.clone()).collect();
    for client in &mut liners {
        let told: Vec<String> = client
            .answer("/history tea 200")
            .iter()
            .filter_map(|line| Some(line.split_once("[tea] ")?.1.trim_end().to_owned()))
            .collect();
        assert_eq!(told, last);
    }
}

/// All that an IRC client's history has from a message on, page by page.
fn history(client: &mut Client, from: &str) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    client.send(&format!("CHATHISTORY AROUND #tea msgid={from} 1"));
    loop {
        let start = client.skip_to(":chat.test BATCH +");
        let id = start.split(['+', ' ']).nth(3).expect("a batch has an id").to_owned();
        let before = all.len();
        loop {
            let line = client.line();
            if line.starts_with(&format!(":chat.test BATCH -{id}")) {
                break;
            }
            all.extend(read(&line));
        }
        if all.len() == before || all.len() >= ALL {
            return all;
        }
        let last = &all.last().expect("there is one").0;
        client.send(&format!("CHATHISTORY AFTER #tea msgid={last} {PAGE}"));
    }
}
