//! `HELP`: subjects, and what each command's row says of it.

use chinwag_wire::irc::message::Message;

use super::{Command, all, find};
use crate::irc::chat::Chat;
use crate::irc::sign;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[
    Command {
        run: help,
        ..Command::new("HELP", "[<subject>]", "Explains a subject or a command.")
    },
    Command { run: help, ..Command::new("HELPOP", "[<subject>]", "As HELP.") },
];

/// Subjects, each with its lines.
const SUBJECTS: &[(&str, &[&str])] = &[
    (
        "*",
        &[
            "Subjects, for /HELP SUBJECT:",
            "COMMANDS  all commands; HELP COMMAND tells of one",
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
        "MESSAGES",
        &[
            "PRIVMSG #tea :TEXT   to a channel",
            "PRIVMSG @#tea :TEXT  to its operators",
            "PRIVMSG bob :TEXT    to bob; with an account, it waits for him",
            "Whatever you see here was stored before you saw it.",
        ],
    ),
];

/// Characters of a line that is made of many pieces.
const LINE_CHARS: usize = 72;

fn help(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let subject = message.params().first().copied().unwrap_or_default();
    let index = subject.is_empty() || subject.eq_ignore_ascii_case("index");
    let subject = if index { "*" } else { subject };
    let Some((shown, lines)) = lines(subject) else {
        let shown = chinwag_model::name::quoted(subject).replace([' ', ':'], "_");
        let text = "There is no help on that; HELP lists what there is";
        return chat.numeric(524, &[&shown], text, out);
    };
    for (number, line) in lines.iter().enumerate() {
        chat.numeric(if number == 0 { 704 } else { 705 }, &[shown], line, out);
    }
    chat.numeric(706, &[shown], "End of /HELP", out);
}

/// The lines on a subject, with the name to tell them under.
fn lines(subject: &str) -> Option<(&'static str, Vec<String>)> {
    if let Some(command) = find(subject) {
        let usage = [command.name, command.usage].join(" ");
        return Some((command.name, vec![usage.trim_end().to_owned(), command.about.to_owned()]));
    }
    if subject.eq_ignore_ascii_case("COMMANDS") {
        let mut names: Vec<&str> = all().map(|command| command.name).collect();
        names.sort_unstable();
        return Some(("COMMANDS", wrapped("Commands: ", " ", names)));
    }
    if subject.eq_ignore_ascii_case("MODES") {
        return Some(("MODES", modes()));
    }
    let found = SUBJECTS.iter().find(|(name, _)| name.eq_ignore_ascii_case(subject))?;
    Some((found.0, found.1.iter().map(|line| (*line).to_owned()).collect()))
}

/// What the letters of modes mean.
fn modes() -> Vec<String> {
    let pieces = |rows: Vec<(char, &str)>| -> Vec<String> {
        rows.into_iter().map(|(letter, about)| format!("{letter} {about}")).collect()
    };
    let told = |rows: fn(sign::Kind) -> bool| {
        pieces(
            sign::ROOM_MODES.iter().filter(|m| rows(m.kind)).map(|m| (m.letter, m.about)).collect(),
        )
    };
    let persons = pieces(sign::PERSON_MODES.iter().map(|m| (m.letter, m.about)).collect());
    let mut lines = wrapped(
        "Channels: ",
        ", ",
        told(|kind| matches!(kind, sign::Kind::Flag(_) | sign::Kind::Key | sign::Kind::Limit)),
    );
    lines.extend(wrapped("Lists: ", ", ", told(|kind| matches!(kind, sign::Kind::List(_)))));
    lines.push("Masks: nick!user@host, a:ACCOUNT, m:MASK (may not speak)".to_owned());
    lines.extend(wrapped("Members: ", ", ", told(|kind| matches!(kind, sign::Kind::Rank(_)))));
    lines.extend(wrapped("Persons: ", ", ", persons));
    lines
}

/// Pieces in as many lines as it takes; those behind the first are indented.
fn wrapped(
    front: &str,
    between: &str,
    pieces: impl IntoIterator<Item = impl AsRef<str>>,
) -> Vec<String> {
    let (mut lines, mut line, mut empty) = (Vec::new(), front.to_owned(), true);
    for piece in pieces {
        let piece = piece.as_ref();
        if !empty {
            line.push_str(between);
        }
        if !empty && line.chars().count() + piece.chars().count() > LINE_CHARS {
            lines.push(std::mem::replace(&mut line, "  ".to_owned()).trim_end().to_owned());
        }
        line.push_str(piece);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_told_in_lines() {
        assert_eq!(wrapped("A: ", ", ", ["b", "c"]), ["A: b, c"]);
        let long = "x".repeat(70);
        assert_eq!(wrapped("A: ", ", ", [&*long, "c"]), [format!("A: {long},"), "  c".to_owned()]);
    }

    #[test]
    fn every_line_fits() {
        for subject in all().map(|row| row.name).chain(["*", "COMMANDS", "MODES", "CHANNELS"]) {
            let (shown, lines) = lines(subject).unwrap();
            assert_eq!(shown, subject);
            for line in lines {
                assert!(!line.is_empty() && line.chars().count() <= 78, "{subject}: {line}");
            }
        }
    }
}
