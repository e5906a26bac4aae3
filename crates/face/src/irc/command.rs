//! The commands: each goes to its handler.

use chinwag_wire::irc::message::Message;

use super::args;
use super::chat::Chat;
use crate::output::Output;

/// What is needed before a command is handled.
struct Entry {
    /// The least number of parameters.
    params: usize,
    /// Whether it is for those, too, who did not come in yet.
    early: bool,
}

fn entry(command: &str) -> Option<Entry> {
    let early = |params| Some(Entry { params, early: true });
    let late = |params| Some(Entry { params, early: false });
    match command {
        "CAP" | "AUTHENTICATE" | "PASS" => early(1),
        "NICK" | "QUIT" | "PONG" | "ERROR" | "AWAY" | "ISUPPORT" | "PING" => early(0),
        "USER" => early(4),
        "REGISTER" => early(3),
        "VERIFY" => early(2),
        "METADATA" => early(2),
        "ADMIN" | "HELP" | "HELPOP" | "INFO" | "LINKS" | "LIST" | "LUSERS" | "MOTD" | "NAMES"
        | "REHASH" | "STATS" | "TIME" | "USERS" | "VERSION" | "INVITE" | "MONITOR" | "MARKREAD"
        | "WHOIS" | "WHOWAS" | "PRIVMSG" | "NOTICE" | "SQUIT" | "CONNECT" | "SUMMON"
        | "PERSISTENCE" | "NS" | "CS" | "NICKSERV" | "CHANSERV" => late(0),
        "ACCEPT" | "JOIN" | "PART" | "ISON" | "USERHOST" | "MODE" | "TOPIC" | "TAGMSG" | "WHO"
        | "SETNAME" | "BATCH" | "CHATHISTORY" | "SEARCH" | "WALLOPS" | "KILL" => late(1),
        "KICK" | "OPER" | "RENAME" | "REDACT" | "UNINVITE" => late(2),
        "WEBPUSH" => late(1),
        "RELAYMSG" => late(3),
        _ => None,
    }
}

impl Chat {
    /// Handles a command.
    pub(super) fn command(&mut self, message: &Message<'_>, out: &mut Output) {
        let command = message.command().to_ascii_uppercase();
        let params = message.params();
        let Some(entry) = entry(&command) else {
            if self.me.is_none() {
                return self.numeric(451, &[], "You have not registered", out);
            }
            return self.numeric(421, &[&command], "Unknown command", out);
        };
        if self.me.is_none() && !entry.early {
            return self.numeric(451, &[], "You have not registered", out);
        }
        let enough = params.len() >= entry.params
            && !(entry.params > 0 && params.first().is_some_and(|first| first.is_empty()));
        if !enough && command != "METADATA" {
            return self.too_few(&command, out);
        }
        match command.as_str() {
            "CAP" => self.cap(params, out),
            "AUTHENTICATE" => self.authenticate(params, out),
            "PASS" => self.pass(params, out),
            "NICK" => self.nick_command(params, out),
            "USER" => self.user(params, out),
            "QUIT" => {
                let reason = args::words(params.first(), self.policy.limits.kick_length);
                self.leave(reason, out);
            }
            "PING" => self.ping(params, out),
            "PONG" | "ERROR" => {}
            "AWAY" => self.away(params, out),
            "ISUPPORT" => self.isupport(true, out),
            "REGISTER" => self.register(params, out),
            "VERIFY" => self.verify(params, out),
            "METADATA" => self.metadata(params, out),
            "PRIVMSG" | "NOTICE" | "TAGMSG" => self.message_command(message, out),
            "BATCH" => self.batch(message, out),
            "JOIN" => self.join(params, out),
            "PART" => self.part(params, out),
            "TOPIC" => self.topic(params, out),
            "NAMES" => self.names(params, out),
            "LIST" => self.list(params, out),
            "INVITE" => self.invite(params, out),
            "UNINVITE" => self.uninvite(params, out),
            "KICK" => self.kick(params, out),
            "RENAME" => self.rename(params, out),
            "MODE" => self.mode(params, out),
            "WHO" => self.who(params, out),
            "WHOIS" => self.whois(params, out),
            "WHOWAS" => self.whowas(params, out),
            "USERHOST" => self.userhost(params, out),
            "ISON" => self.ison(params, out),
            "MONITOR" => self.monitor(params, out),
            "SETNAME" => self.setname(params, out),
            "ACCEPT" => self.accept(params, out),
            "CHATHISTORY" => self.chathistory(params, out),
            "MARKREAD" => self.markread(params, out),
            "SEARCH" => self.search(params, out),
            "REDACT" => self.redact(params, out),
            "RELAYMSG" => self.relaymsg(message, out),
            "PERSISTENCE" => self.persistence(params, out),
            "WEBPUSH" => self.webpush(params, out),
            "OPER" => self.oper(params, out),
            "KILL" => self.kill(params, out),
            "WALLOPS" => self.wallops(params, out),
            "REHASH" => self.rehash(out),
            "NS" | "NICKSERV" => self.tell_service("NickServ", &params.join(" "), out),
            "CS" | "CHANSERV" => self.tell_service("ChanServ", &params.join(" "), out),
            other => self.server_command(other, params, out),
        }
    }

    /// A command has fewer parameters than it needs.
    pub(super) fn too_few(&mut self, command: &str, out: &mut Output) {
        if matches!(
            command,
            "CHATHISTORY" | "REDACT" | "REGISTER" | "VERIFY" | "SEARCH" | "WEBPUSH"
        ) {
            return self.fail(command, "NEED_MORE_PARAMS", &[], "Not enough parameters", out);
        }
        self.numeric(461, &[command], "Not enough parameters", out);
    }
}
