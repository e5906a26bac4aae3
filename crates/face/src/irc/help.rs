//! What `HELP` tells.

/// Subjects, each with its lines.
const SUBJECTS: &[(&str, &[&str])] = &[
    (
        "*",
        &[
            "Subjects, for /HELP SUBJECT:",
            "CHANNELS  joining, topics, modes, kicking and banning",
            "ACCOUNTS  a name of your own, that waits for you",
            "HISTORY   what was said before, and searching in it",
            "MODES     the letters of channels and of persons",
            "MESSAGES  to channels, to persons, of several lines",
        ],
    ),
    (
        "CHANNELS",
        &[
            "JOIN #tea           into a channel; it is made if there is none",
            "PART #tea           out of it",
            "TOPIC #tea :TEXT    sets its topic",
            "INVITE bob #tea     lets bob in once, whatever its modes, if you lead it",
            "UNINVITE bob #tea   takes that back",
            "KICK #tea bob :WHY  puts bob out",
            "MODE #tea +b bob    keeps bob out; see HELP MODES",
            "CS REGISTER #tea    makes it yours for as long as you have your account",
        ],
    ),
    (
        "ACCOUNTS",
        &[
            "NS REGISTER PASSWORD  makes your nickname an account",
            "NS IDENTIFY PASSWORD  logs you in",
            "Most clients log in by themselves: look for SASL in their settings.",
            "With an account you stay in your channels when your client is gone,",
            "several of your clients are one person, and messages wait for you.",
        ],
    ),
    (
        "HISTORY",
        &[
            "Clients with CHATHISTORY ask for it by themselves; others are told the",
            "last lines as they join. SEARCH text=WORDS;in=#tea looks for words.",
        ],
    ),
    (
        "MODES",
        &[
            "Channels: i invited only, k KEY, l LIMIT, m moderated, n members speak,",
            "  s secret, t locked topic, C no CTCP, R accounts only, M accounts speak",
            "Lists: b banned, e exempt, I invited. Masks: nick!user@host, a:ACCOUNT,",
            "  m:MASK (may not speak)",
            "Members: q founder, a admin, o operator, h half-operator, v voice",
            "Persons: i invisible, w wallops, B bot, R messages from accounts only,",
            "  T no CTCP, o operator of the server",
        ],
    ),
    (
        "MESSAGES",
        &[
            "PRIVMSG #tea :TEXT   to a channel",
            "PRIVMSG @#tea :TEXT  to its operators",
            "PRIVMSG bob :TEXT    to bob; with an account, it waits for him",
            "Whatever you see here was stored before you saw it.",
        ],
    ),
];

/// Commands, each with how it is used and what it does.
const COMMANDS: &[(&str, &[&str])] = &[
    ("ACCEPT", &["ACCEPT <nick>[,-<nick>]", "Takes messages from them although you are +R."]),
    ("AWAY", &["AWAY [:<text>]", "Tells others that you are away, or back."]),
    ("CHATHISTORY", &["CHATHISTORY LATEST <target> * <count>", "Tells what was said before."]),
    ("INVITE", &["INVITE <nick> <channel>", "Lets someone in once, or tells them of it."]),
    ("JOIN", &["JOIN <channel>[,<channel>] [<key>[,<key>]]", "Into channels."]),
    ("KICK", &["KICK <channel> <nick>[,<nick>] [:<reason>]", "Puts someone out."]),
    ("LIST", &["LIST [>count|<count|C<min|T<min|mask]", "Tells which channels there are."]),
    ("MODE", &["MODE <target> [<letters> [<parameter>...]]", "See HELP MODES."]),
    ("MONITOR", &["MONITOR +|-|C|L|S [<nick>[,<nick>]]", "Tells when names are there."]),
    ("NAMES", &["NAMES <channel>[,<channel>]", "Tells who is in channels."]),
    ("NICK", &["NICK <nick>", "Shows you under another name."]),
    ("NOTICE", &["NOTICE <target> :<text>", "As PRIVMSG, but nothing answers by itself."]),
    ("OPER", &["OPER <name> <password>", "Makes you an operator of the server."]),
    ("PART", &["PART <channel>[,<channel>] [:<reason>]", "Out of channels."]),
    ("PRIVMSG", &["PRIVMSG <target>[,<target>] :<text>", "Says something; see HELP MESSAGES."]),
    ("QUIT", &["QUIT [:<reason>]", "Ends your connection."]),
    ("REDACT", &["REDACT <target> <msgid> [:<reason>]", "Takes a message back."]),
    ("REGISTER", &["REGISTER * <email or *> <password>", "Makes your nickname an account."]),
    ("SEARCH", &["SEARCH text=<words>[;in=<target>]", "Looks for words; see HELP HISTORY."]),
    ("SETNAME", &["SETNAME :<name>", "Changes your real name."]),
    ("TOPIC", &["TOPIC <channel> [:<text>]", "Tells or sets a topic."]),
    ("UNINVITE", &["UNINVITE <nick> <channel>", "Takes an invitation back."]),
    ("WHO", &["WHO <mask> [o][%<fields>]", "Tells who fits a mask."]),
    ("WHOIS", &["WHOIS <nick>", "Tells of someone closely."]),
    ("WHOWAS", &["WHOWAS <nick> [<count>]", "Tells who had a name."]),
];

/// The lines on a subject, with the name to tell them under.
pub(super) fn find(subject: &str) -> Option<(&'static str, &'static [&'static str])> {
    let wanted =
        if subject.is_empty() || subject.eq_ignore_ascii_case("index") { "*" } else { subject };
    let found = SUBJECTS.iter().chain(COMMANDS).find(|(name, _)| name.eq_ignore_ascii_case(wanted));
    found.map(|(name, lines)| (*name, *lines))
}
