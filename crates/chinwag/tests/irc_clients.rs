//! IRC clients as people have them, irssi and WeeChat, at home with line mode: over TLS, with an
//! account, through a crash of the server.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use support::client::{Client, greeting, newcomer};
use support::screen::Screen;
use support::server::Server;
use support::tls::Identity;
use tempfile::TempDir;

/// The password of every account here.
const PASSWORD: &str = "two lumps of sugar";

/// A program that speaks IRC, and how it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Irssi,
    WeeChat,
}

use Program::{Irssi, WeeChat};

/// One of them with an account of its own, in a terminal.
struct Chatter {
    program: Program,
    screen: Screen,
    /// Its configuration.
    _home: TempDir,
}

impl Chatter {
    /// Starts it: it is to log in with SASL over TLS, trust this certificate only, and join #tea.
    fn start(program: Program, server: &Server, identity: &Identity) -> Self {
        let home = TempDir::with_prefix("chinwag-test-").expect("a folder for the test");
        let folder = home.path().to_str().expect("a path in UTF-8");
        let authority = identity.certificate();
        let authority = authority.to_str().expect("a path in UTF-8");
        let (host, port) = (server.address().ip(), server.address().port());
        let name = program.nick();
        let command = match program {
            Irssi => {
                let config = format!(
                    r##"servers = ( {{
  address = "{host}"; port = "{port}"; chatnet = "net"; autoconnect = "yes";
  use_tls = "yes"; tls_verify = "yes"; tls_cafile = "{authority}";
}} );
chatnets = {{ net = {{
  type = "IRC"; nick = "{name}";
  sasl_mechanism = "PLAIN"; sasl_username = "{name}"; sasl_password = "{PASSWORD}";
}}; }};
channels = ( {{ name = "#tea"; chatnet = "net"; autojoin = "yes"; }} );
settings = {{ core = {{ real_name = "{name}"; user_name = "{name}"; server_reconnect_time = "1s"; }}; }};
"##
                );
                std::fs::write(home.path().join("config"), config).expect("a file can be written");
                format!("irssi --home={folder}")
            }
            WeeChat => {
                let setup = [
                    "/set weechat.bar.buflist.hidden on".to_owned(),
                    "/set weechat.bar.nicklist.hidden on".to_owned(),
                    "/set weechat.look.prefix_align none".to_owned(),
                    format!("/set weechat.network.gnutls_ca_user {authority}"),
                    format!("/server add net {host}/{port} -ssl -autojoin=#tea -autoreconnect_delay=1"),
                    format!("/set irc.server.net.nicks {name}"),
                    "/set irc.server.net.sasl_mechanism plain".to_owned(),
                    format!("/set irc.server.net.sasl_username {name}"),
                    format!("/set irc.server.net.sasl_password {PASSWORD}"),
                    "/connect net".to_owned(),
                ];
                let setup: String = setup.iter().map(|line| format!(" -r '{line}'")).collect();
                format!("weechat -d {folder}{setup}")
            }
        };
        let screen = Screen::run(&format!("env LC_ALL=C.UTF-8 {command}"));
        Self { program, screen, _home: home }
    }

    /// Types a line.
    fn says(&self, line: &str) {
        self.screen.types(line);
        self.screen.presses("Enter");
    }

    /// Waits until a row ends so.
    fn sees(&self, ending: &str) {
        let is_so = |rows: &[String]| rows.iter().any(|row| row.ends_with(ending));
        self.screen.shows(&format!("{:?}: a row that ends {ending:?}", self.program), is_so);
    }

    /// Waits until this was said by someone, as the row tells it.
    fn hears(&self, name: &str, text: &str) {
        self.sees(&match self.program {
            Irssi => format!("{name}> {text}"),
            WeeChat => format!("{name} | {text}"),
        });
    }

    /// Looks at a channel, or at what was said with a person.
    fn looks_at(&self, target: &str) {
        let command = match (self.program, target.starts_with('#')) {
            (Irssi, true) => "window goto",
            (WeeChat, true) => "buffer",
            (_, false) => "query",
        };
        self.says(&format!("/{command} {target}"));
    }
}

impl Program {
    /// What its person is called.
    fn nick(self) -> &'static str {
        match self {
            Irssi => "irene",
            WeeChat => "wendy",
        }
    }
}

/// A server with TLS, and accounts for both programs.
fn server() -> (Identity, Server) {
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
        raw.expect_closed();
    }
    (identity, server)
}

/// Someone at line mode, in the same room.
fn lia(server: &Server) -> Client {
    let mut lia = Client::connect(server).called("Lia");
    lia.send("Lia");
    lia.skip_to("<User Lia is online.>");
    lia.send("/join tea");
    lia.skip_to("<You are in tea: ");
    lia
}

#[test]
fn irssi_and_weechat_talk_with_each_other_and_with_line_mode() {
    let (identity, server) = server();
    let mut lia = lia(&server);
    let chatters = [Irssi, WeeChat].map(|program| {
        let chatter = Chatter::start(program, &server, &identity);
        lia.skip_to(&format!("<{} ", program.nick()));
        chatter.looks_at("#tea");
        chatter
    });
    for speaker in &chatters {
        let (name, text) = (speaker.program.nick(), format!("hello from {:?}", speaker.program));
        speaker.says(&text);
        lia.skip_to(&format!("[tea] {name}: {text}"));
        for chatter in &chatters {
            chatter.hears(name, &text);
        }
    }
    lia.send("hello from nc");
    lia.expect("[tea] Lia: hello from nc\n");
    for chatter in &chatters {
        chatter.hears("Lia", "hello from nc");
    }
}
