//! IRC clients as people have them, irssi and WeeChat, at home with line mode: over TLS, with an
//! account, and through the end of either side.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use support::client::Client;
use support::screen::Screen;
use support::server::Server;
use support::tls::Identity;
use tempfile::TempDir;

/// The password of every account here.
const PASSWORD: &str = "two lumps of sugar";

/// A program that speaks IRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Irssi,
    WeeChat,
}

use Program::{Irssi, WeeChat};

/// By what an account is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Plain,
    /// Which irssi 1.4 does not have.
    Scram,
    External,
}

impl Program {
    /// What its person is called.
    fn nick(self) -> &'static str {
        match self {
            Irssi => "irene",
            WeeChat => "wendy",
        }
    }

    /// The end of a row in which a person says something.
    fn row(self, name: &str, text: &str) -> String {
        match self {
            Irssi => format!("{name}> {text}"),
            WeeChat => format!("{name} {text}"),
        }
    }
}

/// One of the programs, with an account of its own, in a terminal.
struct Chatter {
    program: Program,
    screen: Screen,
    /// Its configuration and its own certificate.
    home: TempDir,
}

impl Chatter {
    /// Starts it for the first time.
    fn new(program: Program, proof: Proof, server: &Server, identity: &Identity) -> Self {
        let home = TempDir::with_prefix("chinwag-test-").expect("a folder for the test");
        make_own_certificate(&home.path().join("own.pem"));
        let screen = run(program, proof, home.path(), server, identity);
        Self { program, screen, home }
    }

    /// Starts it again in its old home.
    fn start_again(&mut self, proof: Proof, server: &Server, identity: &Identity) {
        self.screen = run(self.program, proof, self.home.path(), server, identity);
    }

    /// Ends the process as if its computer had lost power.
    fn kill(&self) {
        let pid = std::fs::read_to_string(self.home.path().join("pid")).expect("it was started");
        let pid = pid.trim().parse().ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, Signal::KILL).expect("it runs");
    }

    /// Types a line.
    fn says(&self, line: &str) {
        self.screen.types(line);
        self.screen.presses("Enter");
    }

    /// Waits until a row ends so.
    fn sees(&self, ending: &str) {
        let is_so = |rows: &[String]| rows.iter().any(|row| row.ends_with(ending));
        self.screen.shows(&format!("in {:?}: a row that ends {ending:?}", self.program), is_so);
    }

    /// Waits until it shows #tea.
    fn is_in_tea(&self) {
        let is_so = |rows: &[String]| match (self.program, rows) {
            // It shows the window before it is in.
            (Irssi, [.., prompt]) => {
                prompt == "[#tea]" && rows.iter().any(|row| row.contains("Irssi: #tea: Total of "))
            }
            (WeeChat, [.., bar, _]) => bar.contains(":#tea("),
            _ => false,
        };
        self.screen.shows(&format!("#tea in {:?}", self.program), is_so);
    }

    /// Waits until the last of these was said, and asserts that the others were said before, in
    /// this order, each once, and nothing else with the same words.
    fn reads(&self, said: &[(&str, &str)]) {
        let (last, _) = said.split_last().map(|(last, rest)| (*last, rest)).expect("something");
        let end = self.program.row(last.0, last.1);
        self.sees(&end);
        let rows = self.screen.rows();
        let (texts, is_said): (Vec<&str>, _) =
            (said.iter().map(|(_, text)| *text).collect(), |row: &&String| {
                said.iter().any(|(_, text)| row.ends_with(text))
            });
        let found: Vec<&String> = rows.iter().filter(is_said).collect();
        let as_wanted = found.len() == texts.len()
            && found
                .iter()
                .zip(said)
                .all(|(row, (name, text))| row.ends_with(&self.program.row(name, text)));
        assert!(as_wanted, "{:?} is to show {said:?} once:\n  {}", self.program, rows.join("\n  "));
    }
}

/// Starts a program: it is to log in over TLS, trust this certificate only, and join #tea.
fn run(
    program: Program,
    proof: Proof,
    home: &Path,
    server: &Server,
    identity: &Identity,
) -> Screen {
    let start = match program {
        Irssi => irssi(proof, home, server, identity),
        WeeChat => weechat(proof, home, server, identity),
    };
    let script = home.join("start.sh");
    let home = home.display();
    std::fs::write(&script, format!("echo $$ >'{home}/pid'\nLC_ALL=C.UTF-8 exec {start}\n"))
        .expect("a file can be written");
    Screen::run(&format!("sh '{}'", script.display()))
}

/// Sets irssi up by what it does as it starts, and tells the command that starts it.
fn irssi(proof: Proof, home: &Path, server: &Server, identity: &Identity) -> String {
    let (name, port) = (Irssi.nick(), server.address().port());
    let sasl = match proof {
        Proof::External => "-sasl_mechanism EXTERNAL".to_owned(),
        _ => format!("-sasl_mechanism PLAIN -sasl_username {name} -sasl_password \"{PASSWORD}\""),
    };
    let (authority, own) = (identity.certificate(), home.join("own.pem"));
    let (authority, own) = (authority.display(), own.display());
    let startup = [
        format!("/network add -nick {name} -user {name} -realname {name} -cmdspeed 10 chinwag"),
        format!("/network add {sasl} chinwag"),
        format!(
            "/server add -network chinwag -tls_verify -tls_cafile {authority} -tls_cert {own} \
             localhost {port}"
        ),
        "/channel add -auto #tea chinwag".to_owned(),
        "/set server_reconnect_time 1s".to_owned(),
        "/set window_auto_change on".to_owned(),
        "/connect chinwag".to_owned(),
    ];
    std::fs::write(home.join("startup"), startup.join("\n")).expect("a file can be written");
    format!("irssi --home='{}'", home.display())
}

/// Tells the command that starts WeeChat, which is set up by it.
fn weechat(proof: Proof, home: &Path, server: &Server, identity: &Identity) -> String {
    let (name, port) = (WeeChat.nick(), server.address().port());
    let mechanism = match proof {
        Proof::Plain => "plain",
        Proof::Scram => "scram-sha-256",
        Proof::External => "external",
    };
    let mut setup = vec![
        "/set weechat.bar.buflist.hidden on".to_owned(),
        "/set weechat.bar.nicklist.hidden on".to_owned(),
        "/set weechat.look.prefix_align none".to_owned(),
        // Lines that are typed fast are no paste, which it would ask about.
        "/set weechat.look.paste_max_lines -1".to_owned(),
        // What it shows is to come from the server, and not from its own log.
        "/set logger.file.auto_log off".to_owned(),
        format!("/set weechat.network.gnutls_ca_user {}", identity.certificate().display()),
        format!("/server add chinwag localhost/{port} -ssl -autojoin=#tea -autoreconnect_delay=1"),
        format!("/set irc.server.chinwag.nicks {name}"),
        format!("/set irc.server.chinwag.username {name}"),
        "/set irc.server.chinwag.anti_flood_prio_high 0".to_owned(),
        format!("/set irc.server.chinwag.ssl_cert {}", home.join("own.pem").display()),
        format!("/set irc.server.chinwag.sasl_mechanism {mechanism}"),
    ];
    if proof == Proof::External {
        setup.push("/unset irc.server.chinwag.sasl_username".to_owned());
        setup.push("/unset irc.server.chinwag.sasl_password".to_owned());
    } else {
        setup.push(format!("/set irc.server.chinwag.sasl_username {name}"));
        setup.push(format!("/set irc.server.chinwag.sasl_password {PASSWORD}"));
    }
    setup.push("/connect chinwag".to_owned());
    let setup: String = setup.iter().map(|line| format!(" -r '{line}'")).collect();
    format!("weechat -d '{}'{setup}", home.display())
}

/// Makes a certificate and its key in one file, as docs/irc.md says.
fn make_own_certificate(path: &PathBuf) {
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "3650", "-subj", "/CN=me", "-keyout"])
        .arg(path)
        .arg("-out")
        .arg(path)
        .output()
        .unwrap_or_else(|error| panic!("cannot run openssl, which is needed: {error}"));
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A server with TLS, accounts for both programs, and Lia at line mode in the room tea.
fn home() -> (Identity, Server, Client) {
    let identity = Identity::new();
    let server = identity.settings().start();
    for program in [Irssi, WeeChat] {
        let name = program.nick();
        let mut raw = Client::connect(&server).called(name);
        raw.send(&format!("NICK {name}\r\nUSER {name} 0 * :{name}\r"));
        raw.skip_to(":chat.test 422 ");
        raw.send(&format!("REGISTER * * :{PASSWORD}\r"));
        raw.skip_to(&format!(":chat.test REGISTER SUCCESS {name} "));
        raw.send("QUIT\r");
        raw.skip_to("ERROR ");
    }
    let mut lia = Client::nc(&server).called("Lia");
    lia.send("Lia");
    lia.skip_to("<User Lia is online.>");
    lia.send("/join tea");
    lia.skip_to("<You are in tea");
    (identity, server, lia)
}

/// Both programs, in #tea.
fn both(server: &Server, identity: &Identity) -> [Chatter; 2] {
    let chatters =
        [Irssi, WeeChat].map(|program| Chatter::new(program, Proof::Plain, server, identity));
    chatters.iter().for_each(Chatter::is_in_tea);
    chatters
}

/// Says something at line mode, and waits until it is stored.
fn say(who: &mut Client, text: &str) {
    who.send(text);
    who.skip_to(&format!("[tea] Lia: {text}"));
}

#[test]
fn irssi_and_weechat_talk_with_each_other_and_with_line_mode() {
    let (identity, server, mut lia) = home();
    let irssi = Chatter::new(Irssi, Proof::Plain, &server, &identity);
    irssi.is_in_tea();
    let weechat = Chatter::new(WeeChat, Proof::Scram, &server, &identity);
    weechat.is_in_tea();
    irssi.sees("-!- wendy [~wendy@user/wendy] has joined #tea");
    weechat.sees("Channel #tea: 3 nicks (1 op, 0 halfops, 0 voices, 2 normals)");

    irssi.says("hello from irssi");
    lia.skip_to("[tea] irene: hello from irssi");
    weechat.says("hello from WeeChat: żółw 🐢");
    lia.skip_to("[tea] wendy: hello from WeeChat: żółw 🐢");
    say(&mut lia, "hello from nc");
    for chatter in [&irssi, &weechat] {
        chatter.reads(&[
            ("irene", "hello from irssi"),
            ("wendy", "hello from WeeChat: żółw 🐢"),
            ("Lia", "hello from nc"),
        ]);
    }

    irssi.says("/me waves");
    lia.skip_to("[tea] * irene waves");
    weechat.sees(" * irene waves");
    weechat.says("/topic biscuits");
    irssi.says("/msg Lia psst");
    lia.skip_to("<Message from irene: \"psst\">");
    lia.send("irene: what is it?");
    irssi.says("/query Lia");
    irssi.reads(&[("Lia", "what is it?")]);
}

#[test]
fn a_certificate_logs_irssi_and_weechat_in() {
    let (identity, server, mut lia) = home();
    let chatters = both(&server, &identity);
    for mut chatter in chatters {
        let nick = chatter.program.nick();
        chatter.says("/msg NickServ CERT ADD");
        chatter.says(match chatter.program {
            Irssi => "/query NickServ",
            WeeChat => "/buffer irc.server.chinwag",
        });
        let is_added = |rows: &[String]| rows.iter().any(|row| row.contains("logs you in"));
        chatter.screen.shows("that the certificate logs in", is_added);
        chatter.says("/quit");
        chatter.screen.shows_row("exit code 0");
        lia.skip_to(&format!("<User {nick} is offline.>"));
        // Nobody has that nickname but by its account.
        chatter.start_again(Proof::External, &server, &identity);
        lia.skip_to(&format!("<User {nick} is online.>"));
        chatter.is_in_tea();
    }
}

#[test]
fn irssi_and_weechat_are_told_what_was_said_before_and_what_they_missed() {
    let (identity, server, mut lia) = home();
    say(&mut lia, "before you came");
    let mut chatters = both(&server, &identity);
    say(&mut lia, "there you are");
    for chatter in &chatters {
        chatter.reads(&[("Lia", "before you came"), ("Lia", "there you are")]);
    }
    for chatter in &chatters {
        let nick = chatter.program.nick();
        chatter.kill();
        chatter.sees("exit code 137");
        lia.skip_to(&format!("<User {nick} is offline.>"));
        lia.send(&format!("{nick}: read this later"));
        lia.skip_to(&format!("<User {nick} is offline and will see it on the next login.>"));
    }
    for text in ["you miss this", "and this", "and that"] {
        say(&mut lia, text);
    }
    for chatter in &mut chatters {
        chatter.start_again(Proof::Plain, &server, &identity);
        lia.skip_to(&format!("<User {} is online.>", chatter.program.nick()));
    }
    say(&mut lia, "welcome back");
    for chatter in &chatters {
        chatter.says(match chatter.program {
            Irssi => "/window goto #tea",
            WeeChat => "/buffer #tea",
        });
        chatter.is_in_tea();
        chatter.reads(&[
            ("Lia", "you miss this"),
            ("Lia", "and this"),
            ("Lia", "and that"),
            ("Lia", "welcome back"),
        ]);
        chatter.says("/query Lia");
        chatter.reads(&[("Lia", "read this later")]);
    }
}

#[test]
fn irssi_and_weechat_come_back_by_themselves_and_see_everything_once() {
    let (identity, mut server, mut lia) = home();
    let chatters = both(&server, &identity);
    say(&mut lia, "all is well");
    for (end, missed, after) in [
        (Server::stop as fn(&mut Server), "after the stop", "here again"),
        (Server::kill, "after the crash", "and here again"),
    ] {
        for chatter in &chatters {
            chatter.sees("all is well");
        }
        drop(lia);
        end(&mut server);
        server.start_again_in_place();
        lia = Client::nc(&server).called("Lia");
        lia.send("Lia");
        lia.skip_to("<User Lia is online.>");
        lia.send("/join tea");
        lia.skip_to("<You are in tea");
        // The programs wait for a second or two before they try again.
        say(&mut lia, missed);
        for _ in &chatters {
            lia.skip_to("<User ");
        }
        say(&mut lia, after);
        for chatter in &chatters {
            chatter.reads(&[("Lia", missed), ("Lia", after)]);
        }
    }
    for chatter in &chatters {
        chatter.reads(&[
            ("Lia", "all is well"),
            ("Lia", "after the stop"),
            ("Lia", "here again"),
            ("Lia", "after the crash"),
            ("Lia", "and here again"),
        ]);
    }
}
