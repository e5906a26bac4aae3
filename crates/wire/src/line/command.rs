//! What can be typed.

/// Most characters of a name that begins a line, as in `Bob: hello`.
const NAME_CHARS_MAX: usize = 32;

const BLANKS: [char; 2] = [' ', '\t'];

const CHAT_USAGE: &str = "chat NAME \"TEXT\"";

/// Most names of a group's members that are kept; more are counted.
pub const MEMBERS_KEPT_MAX: usize = 1024;

/// A line, read. It borrows from the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// Nothing, or nothing but blanks.
    Empty,
    /// To everyone in the current room.
    Text(&'a str),
    /// `NAME: text`, and `/msg NAME text`.
    To {
        /// A person's or group's name.
        name: &'a str,
        /// What to say.
        text: &'a str,
    },
    /// `chat NAME "text"`; the quotes may be left out, and are taken off.
    Chat {
        /// A person's name.
        name: &'a str,
        /// What to say.
        text: &'a str,
    },
    /// `broad: text`.
    Broadcast(&'a str),
    /// `mk_grp:GROUP:NAME:NAME`.
    MakeGroup {
        /// The group's name.
        name: &'a str,
        /// The first names given, at most [`MEMBERS_KEPT_MAX`], as typed: one may come twice.
        members: Vec<&'a str>,
        /// How many names were given.
        named: usize,
    },
    /// `get_users`.
    GetUsers,
    /// `LIST`.
    List,
    /// `SEND`.
    Send,
    /// `exit`, `bye`, `logout`, `/quit`.
    Exit,
    /// `/help`.
    Help,
    /// `/say text`.
    Say(&'a str),
    /// `/me text`.
    Me(&'a str),
    /// `/join room`.
    Join(&'a str),
    /// `/leave [room]`.
    Leave(Option<&'a str>),
    /// `/room room`.
    Room(&'a str),
    /// `/rooms`.
    Rooms,
    /// `/groups`.
    Groups,
    /// `/who [room]`.
    Who(Option<&'a str>),
    /// `/topic [text]`.
    Topic(Option<&'a str>),
    /// `/history [room or name] [count]`.
    History {
        /// Of what; the current room otherwise.
        of: Option<&'a str>,
        /// How many messages.
        count: Option<u32>,
    },
    /// `/search words`.
    Search(&'a str),
    /// `/password`.
    Password,
    /// `/nick name`.
    Nick(&'a str),
    /// `/away [text]`.
    Away(Option<&'a str>),
    /// `/ignore name`.
    Ignore(&'a str),
    /// `/unignore name`.
    Unignore(&'a str),
    /// `/invite name [room]`.
    Invite {
        /// A person's name.
        name: &'a str,
        /// To where; the current room otherwise.
        room: Option<&'a str>,
    },
    /// `/uninvite name [room]`.
    Uninvite {
        /// A person's name.
        name: &'a str,
        /// To where; the current room otherwise.
        room: Option<&'a str>,
    },
    /// A command that lacks something; how it is used.
    Usage(&'static str),
    /// Another word after a slash.
    Unknown(&'a str),
}

impl<'a> Command<'a> {
    /// Reads a line. Any line is some command.
    ///
    /// Exact words are commands only as written and alone on the line; blanks after them are not
    /// minded. Words after a slash are commands in capitals too.
    #[must_use]
    pub fn parse(line: &'a str) -> Self {
        match line.trim_end_matches(BLANKS) {
            "" => return Self::Empty,
            "get_users" => return Self::GetUsers,
            "LIST" => return Self::List,
            "SEND" => return Self::Send,
            "exit" | "bye" | "logout" => return Self::Exit,
            "chat" => return Self::Usage(CHAT_USAGE),
            _ => {}
        }
        if let Some(rest) = line.strip_prefix('/') {
            return slash(rest);
        }
        if let Some(rest) = line.strip_prefix("mk_grp:") {
            return make_group(rest);
        }
        if let Some(rest) = line.strip_prefix("chat").filter(|rest| rest.starts_with(BLANKS)) {
            return match named(rest).map(|(name, text)| (name, unquoted(text))) {
                None | Some((_, "")) => Self::Usage(CHAT_USAGE),
                Some((name, text)) => Self::Chat { name, text },
            };
        }
        match line.split_once(':') {
            Some((name, text)) if text.starts_with(BLANKS) && is_addressee(name) => {
                match text.trim_matches(BLANKS) {
                    "" if name == "broad" => Self::Usage("broad: TEXT"),
                    "" => Self::Usage("NAME: TEXT"),
                    text if name == "broad" => Self::Broadcast(text),
                    text => Self::To { name, text },
                }
            }
            _ => Self::Text(line),
        }
    }
}

/// Whether a word before a colon is meant for a name: it looks like one.
fn is_addressee(word: &str) -> bool {
    let sign = |c: char| matches!(c, '_' | '[' | ']' | '\\' | '^' | '{' | '}' | '|' | '`');
    let first = |c: char| sign(c) || c.is_alphanumeric() && !c.is_ascii_digit();
    // Marks, without which some scripts can't be written, are neither letters nor digits.
    let mark = |c: char| !c.is_ascii() && !c.is_control() && !c.is_whitespace();
    let inner = |c: char| sign(c) || c == '-' || c.is_alphanumeric() || mark(c);
    word.starts_with(first) && word.chars().all(inner) && word.chars().count() <= NAME_CHARS_MAX
}

/// The first word, and what follows it without the blanks between and at the end.
fn split_word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_matches(BLANKS);
    let (word, rest) = text.split_once(BLANKS).unwrap_or((text, ""));
    (!word.is_empty()).then(|| (word, rest.trim_start_matches(BLANKS)))
}

/// A name, and a text that is not empty.
fn named(text: &str) -> Option<(&str, &str)> {
    split_word(text).filter(|(_, text)| !text.is_empty())
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

fn make_group(rest: &str) -> Command<'_> {
    let mut names = rest.split(':').map(|name| name.trim_matches(BLANKS));
    let name = names.next().unwrap_or_default();
    let named = names.clone().filter(|name| !name.is_empty()).count();
    let members: Vec<_> = names.filter(|name| !name.is_empty()).take(MEMBERS_KEPT_MAX).collect();
    if name.is_empty() || members.is_empty() {
        return Command::Usage("mk_grp:GROUP:NAME:NAME");
    }
    Command::MakeGroup { name, members, named }
}

fn slash(line: &str) -> Command<'_> {
    let (word, rest) = match line.split_once(BLANKS) {
        Some((word, rest)) => (word, rest.trim_matches(BLANKS)),
        None => (line, ""),
    };
    let some = (!rest.is_empty()).then_some(rest);
    let needs = |make: fn(&str) -> Command<'_>, usage| some.map_or(Command::Usage(usage), make);
    match word.to_ascii_lowercase().as_str() {
        "help" => Command::Help,
        "quit" => Command::Exit,
        "rooms" => Command::Rooms,
        "groups" => Command::Groups,
        "password" => Command::Password,
        "msg" => match named(rest) {
            Some((name, text)) => Command::To { name, text },
            None => Command::Usage("/msg NAME TEXT"),
        },
        "leave" => Command::Leave(some.map(room_name)),
        "who" => Command::Who(some.map(room_name)),
        "topic" => Command::Topic(some),
        "away" => Command::Away(some),
        "history" => history(rest),
        "say" => needs(|text| Command::Say(text), "/say TEXT"),
        "me" => needs(|text| Command::Me(text), "/me TEXT"),
        "search" => needs(|words| Command::Search(words), "/search WORDS"),
        "join" => needs(|room| Command::Join(room_name(room)), "/join ROOM"),
        "room" => needs(|room| Command::Room(room_name(room)), "/room ROOM"),
        "nick" => needs(|name| Command::Nick(name), "/nick NAME"),
        "ignore" => needs(|name| Command::Ignore(name), "/ignore NAME"),
        "unignore" => needs(|name| Command::Unignore(name), "/unignore NAME"),
        "invite" => match split_word(rest) {
            Some((name, "")) => Command::Invite { name, room: None },
            Some((name, room)) => Command::Invite { name, room: Some(room_name(room)) },
            None => Command::Usage("/invite NAME [ROOM]"),
        },
        "uninvite" => match split_word(rest) {
            Some((name, "")) => Command::Uninvite { name, room: None },
            Some((name, room)) => Command::Uninvite { name, room: Some(room_name(room)) },
            None => Command::Usage("/uninvite NAME [ROOM]"),
        },
        _ => Command::Unknown(word),
    }
}

/// A room's name, which people used to IRC write with a `#`.
fn room_name(typed: &str) -> &str {
    typed.strip_prefix('#').unwrap_or(typed)
}

fn history(rest: &str) -> Command<'_> {
    let usage = Command::Usage("/history [ROOM or NAME] [N]");
    let count = |text: &str| match text.parse::<u32>() {
        Ok(count) => Some(count),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => Some(u32::MAX),
        Err(_) => None,
    };
    match split_word(rest) {
        None => Command::History { of: None, count: None },
        Some((of, "")) => match count(of) {
            Some(count) => Command::History { of: None, count: Some(count) },
            None => Command::History { of: Some(room_name(of)), count: None },
        },
        Some((of, number)) => match count(number) {
            Some(count) => Command::History { of: Some(room_name(of)), count: Some(count) },
            None => usage,
        },
    }
}

#[cfg(test)]
mod tests {
    use Command::*;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_is_the_command_that_the_contract_says() {
        let group = |members: &[&'static str]| MakeGroup {
            name: "grp1",
            members: members.to_vec(),
            named: members.len(),
        };
        let cases = [
            ("", Empty),
            (" \t", Empty),
            ("hello", Text("hello")),
            ("  hello ", Text("  hello ")),
            ("https://example.org", Text("https://example.org")),
            ("12:30", Text("12:30")),
            ("12: 30", Text("12: 30")),
            ("that is: all", Text("that is: all")),
            ("Bob: hello", To { name: "Bob", text: "hello" }),
            ("Bob:hello", Text("Bob:hello")),
            ("Bob: ", Usage("NAME: TEXT")),
            ("Bob:", Text("Bob:")),
            (" Bob: hello", Text(" Bob: hello")),
            ("a:b: hello", Text("a:b: hello")),
            ("“Bob”: hello", Text("“Bob”: hello")),
            ("-bob: hello", Text("-bob: hello")),
            ("`b-1^: hello ", To { name: "`b-1^", text: "hello" }),
            ("नमस्ते: hello", To { name: "नमस्ते", text: "hello" }),
            ("note: milk", To { name: "note", text: "milk" }),
            ("李雷: 你好", To { name: "李雷", text: "你好" }),
            ("broad: hello", Broadcast("hello")),
            ("broad:", Text("broad:")),
            ("broad: ", Usage("broad: TEXT")),
            ("chat Bob \"hello\"", Chat { name: "Bob", text: "hello" }),
            ("chat Bob \"say \"hi\"\" ", Chat { name: "Bob", text: "say \"hi\"" }),
            ("chat Bob \"\"", Usage("chat NAME \"TEXT\"")),
            ("chat Bob \"", Chat { name: "Bob", text: "\"" }),
            (" chat Bob hello", Text(" chat Bob hello")),
            ("chat Bob hello you", Chat { name: "Bob", text: "hello you" }),
            ("chat Bob", Usage("chat NAME \"TEXT\"")),
            ("chat", Usage("chat NAME \"TEXT\"")),
            ("chatty", Text("chatty")),
            ("mk_grp:grp1:Bob:Carol", group(&["Bob", "Carol"])),
            ("mk_grp: grp1 : Bob", group(&["Bob"])),
            ("mk_grp:grp1", Usage("mk_grp:GROUP:NAME:NAME")),
            ("get_users", GetUsers),
            ("get_users please", Text("get_users please")),
            ("LIST", List),
            ("list", Text("list")),
            ("SEND", Send),
            ("exit", Exit),
            ("exit \t", Exit),
            (" exit", Text(" exit")),
            ("bye", Exit),
            ("logout", Exit),
            ("Exit", Text("Exit")),
            ("bye all", Text("bye all")),
            ("/quit", Exit),
            ("/say bye", Say("bye")),
            ("/me waves", Me("waves")),
            ("/msg Bob \"hi\"", To { name: "Bob", text: "\"hi\"" }),
            ("/msg grp1  hello you", To { name: "grp1", text: "hello you" }),
            ("/msg Bob ", Usage("/msg NAME TEXT")),
            ("/join #tea", Join("tea")),
            ("/JOIN tea ", Join("tea")),
            ("/join", Usage("/join ROOM")),
            ("/leave", Leave(None)),
            ("/leave tea", Leave(Some("tea"))),
            ("/room #tea", Room("tea")),
            ("/rooms", Rooms),
            ("/groups", Groups),
            ("/who", Who(None)),
            ("/who #tea", Who(Some("tea"))),
            ("/help", Help),
            ("/password", Password),
            ("/search two words ", Search("two words")),
            ("/search", Usage("/search WORDS")),
            ("/nick Ally", Nick("Ally")),
            ("/away", Away(None)),
            ("/away at lunch", Away(Some("at lunch"))),
            ("/ignore Bob", Ignore("Bob")),
            ("/unignore Bob", Unignore("Bob")),
            ("/say", Usage("/say TEXT")),
            ("/topic", Topic(None)),
            ("/topic a b", Topic(Some("a b"))),
            ("/history", History { of: None, count: None }),
            ("/history 5", History { of: None, count: Some(5) }),
            ("/history #tea", History { of: Some("tea"), count: None }),
            ("/history tea 5", History { of: Some("tea"), count: Some(5) }),
            ("/history 99999999999", History { of: None, count: Some(u32::MAX) }),
            ("/history a b", Usage("/history [ROOM or NAME] [N]")),
            ("/invite", Usage("/invite NAME [ROOM]")),
            ("/invite Bob", Invite { name: "Bob", room: None }),
            ("/invite Bob tea", Invite { name: "Bob", room: Some("tea") }),
            ("/foo", Unknown("foo")),
            ("/foo bar", Unknown("foo")),
            ("/", Unknown("")),
        ];
        for (line, command) in cases {
            assert_eq!(Command::parse(line), command, "{line:?}");
        }
    }

    #[test]
    fn members_beyond_those_kept_are_counted() {
        let line = format!("mk_grp:g{}", ":x".repeat(2000));
        let MakeGroup { members, named, .. } = Command::parse(&line) else { panic!("no group") };
        assert_eq!((members.len(), named), (MEMBERS_KEPT_MAX, 2000));
    }

    proptest! {
        #[test]
        fn any_line_is_a_command(line in any::<String>()) {
            let _ = Command::parse(&line);
            let _ = Command::parse(&format!("/{line}"));
            let _ = Command::parse(&format!("mk_grp:{line}"));
        }
    }
}
