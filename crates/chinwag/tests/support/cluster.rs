//! Nodes on real NATS servers, and whether everyone saw the same.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chinwag_nats::suite::{PASSWORD, Servers, USER};

use super::client::Client;
use super::server::{Server, Settings};

/// How long a cluster may take for what takes an election, or eight beats of a node that is gone.
pub(crate) const LONG: Duration = Duration::from_secs(40);

/// Messages that one page of history has.
const PAGE: usize = 1000;

/// A node of this name on these servers.
pub(crate) fn node(servers: &Servers, name: &str) -> Settings {
    let urls = servers.urls().iter().map(|url| format!("{url:?}")).collect::<Vec<_>>().join(", ");
    Settings::new()
        .set("cluster.servers", format!("[{urls}]"))
        .set("cluster.node", format!("{name:?}"))
        .set("cluster.user", format!("{USER:?}"))
        .set("cluster.password", format!("{PASSWORD:?}"))
        .set("limits.outbox_kib", 65_536)
        .set("limits.chathistory_messages", PAGE)
}

/// Checks that a client finds in the lobby's history, once, what Alice said there.
pub(crate) fn assert_in_history(client: &mut Client) {
    let lines = client.answer("/history");
    let times = lines.iter().filter(|line| line.contains("Alice: hello from a cluster")).count();
    assert_eq!(times, 1, "{lines:#?}");
}

/// Runs the doctor, which has to tell all this.
pub(crate) fn assert_told(settings: &Settings, is_well: bool, all: &[&str]) {
    let said = assert_done(settings, &["doctor"], is_well, "");
    for what in all {
        assert!(said.lines().any(|line| line.starts_with(what)), "no {what:?} in\n{said}");
    }
}

/// Runs a command of `cluster`, which succeeds or not, and says this; gives all it says.
pub(crate) fn assert_done(
    settings: &Settings,
    words: &[&str],
    succeeds: bool,
    what: &str,
) -> String {
    let mut run = settings.command_of(&[&["cluster"], words].concat());
    let done = run.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("it can be run");
    let said = String::from_utf8([done.stdout, done.stderr].concat()).expect("text");
    assert_eq!(done.status.success(), succeeds, "{said}");
    assert!(said.contains(what), "no {what:?} in {said}");
    said
}

/// Users called as the nodes, who may do what docs/cluster.md says, and no more.
pub(crate) fn guarded(names: &[&str]) -> String {
    let user = |name: &&str| {
        let publish =
            [format!("log.{name}"), format!("whisper.{name}"), "seed".into(), "seed.*".into()]
                .map(|what| format!("\"chinwag.{what}\""));
        let asked = ["STREAM.CREATE", "STREAM.INFO", "STREAM.MSG.GET", "DIRECT.GET"]
            .map(|what| format!("\"$JS.API.{what}.chinwag\""));
        format!(
            "{{ user: {name}, password: \"{PASSWORD}\", permissions: {{ publish: [{}, {}, \
             \"$SYS.REQ.SERVER.PING.JSZ\"], subscribe: [\"chinwag.live.*\", \
             \"chinwag.whisper.*\", \"chinwag.seed\", \"chinwag.seed.{name}\", \"_INBOX.>\"], \
             allow_responses: true }} }}",
            publish.join(", "),
            asked.join(", ")
        )
    };
    format!("[{}]", names.iter().map(user).collect::<Vec<_>>().join(", "))
}

/// The same, and beside them who looks after the servers and may do everything.
pub(crate) fn guarded_and_minded(names: &[&str]) -> String {
    guarded(names).replacen('[', &format!("[{{ user: {USER}, password: {PASSWORD:?} }}, "), 1)
}

/// Someone on IRC in #tea, who gets back what they say.
pub(crate) fn visitor(server: &Server, name: &str) -> Client {
    let mut client = Client::connect(server).called(name);
    client.send("CAP REQ :message-tags echo-message batch draft/chathistory");
    client.send(&format!("NICK {name}\nUSER {name} 0 * :{name}\nCAP END\nJOIN #tea"));
    client.skip_within(LONG, &format!(":chat.test 366 {name} #tea"));
    client
}

/// Whether a node is ready, and what it says about that.
pub(crate) fn ready(server: &Server) -> (bool, String) {
    let said = get(server, "/readyz");
    (said.starts_with("HTTP/1.1 200"), said)
}

/// What a node answers to a browser.
pub(crate) fn get(server: &Server, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address())
        .unwrap_or_else(|error| panic!("it does not listen: {error}; {}", server.log().tail()));
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("it is sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("an answer");
    said
}

/// Waits until a node stores what is sent.
pub(crate) fn wait_until_ready(server: &Server) {
    wait_until(server, "HTTP/1.1 200");
}

/// Waits until a node says that of whether it is ready.
pub(crate) fn wait_until(server: &Server, what: &str) {
    let deadline = Instant::now() + LONG;
    loop {
        let (_, said) = ready(server);
        if said.contains(what) {
            return;
        }
        assert!(Instant::now() < deadline, "{said}; {}", server.log().tail());
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// A message as IRC told it: its id, and who said what.
pub(crate) fn read(line: &str) -> Option<(String, String)> {
    let (tags, rest) = line.strip_prefix('@')?.split_once(' ')?;
    let id = tags.split(';').find_map(|tag| tag.strip_prefix("msgid="))?;
    let (source, said) = rest.strip_prefix(':')?.split_once(" PRIVMSG #tea :")?;
    let author = source.split('!').next()?;
    Some((id.to_owned(), format!("{author}: {}", said.trim_end())))
}

/// What a node's history of #tea has from a message on, up to one that ends with `last`.
pub(crate) fn history(server: &Server, from: &str, last: &str) -> Vec<(String, String)> {
    static ASKED: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let asked = ASKED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let mut client = visitor(server, &format!("reader{asked}"));
    let deadline = Instant::now() + LONG;
    let mut all: Vec<(String, String)> = Vec::new();
    client.send(&format!("CHATHISTORY AROUND #tea msgid={from} 1"));
    loop {
        let start = client.skip_to(":chat.test BATCH +");
        let id = start.split(['+', ' ']).nth(3).expect("a batch has an id").to_owned();
        loop {
            let line = client.line();
            if line.starts_with(&format!(":chat.test BATCH -{id}")) {
                break;
            }
            all.extend(read(&line));
        }
        // Who was slow may have said something after it.
        if let Some(end) = all.iter().position(|(_, said)| said.ends_with(last)) {
            all.truncate(end + 1);
            return all;
        }
        let Some((id, said)) = all.last() else { panic!("there is no {from} in the history") };
        assert!(Instant::now() < deadline, "the history has no {last:?}, and ends with {said:?}");
        client.send(&format!("CHATHISTORY AFTER #tea msgid={id} {PAGE}"));
    }
}

/// Checks that a history is in order, and has nothing twice.
pub(crate) fn assert_history(history: &[(String, String)]) {
    let number = |id: &str| -> (u64, u32) {
        let (seq, index) = id.split_once('.').expect("an id is a place");
        (seq.parse().expect("a number"), index.parse().expect("a number"))
    };
    let in_order = history.is_sorted_by(|one, next| number(&one.0) < number(&next.0));
    assert!(in_order, "the history's ids are in order");
    let said: BTreeSet<_> = history.iter().map(|(_, said)| said).collect();
    assert_eq!(said.len(), history.len(), "the history has each message once");
}

/// Checks that a history is in order, has nothing twice, and that this is what someone saw of it:
/// each message from the first one on that they saw, up to the last one.
pub(crate) fn assert_same(history: &[(String, String)], saw: &[(String, String)], who: &str) {
    assert_history(history);
    let Some(first) = saw.first() else { panic!("{who} saw nothing") };
    let begin = history.iter().position(|told| told == first);
    let Some(begin) = begin else { panic!("{who} saw {first:?}, which is not in the history") };
    for (n, saw) in saw.iter().enumerate() {
        let told = history.get(begin + n);
        assert_eq!(told, Some(saw), "the history, and what {who} saw, after {n} messages");
    }
}
