//! What a client is told when it has come in.

use chinwag_model::outcome::Entered;

use super::{arrival, isupport, login, metadata, server};
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::sign;
use crate::output::Output;

/// The session has come in.
pub(super) fn entered(chat: &mut Chat, entered: &Entered, out: &mut Output) {
    let intro = chat.intro.take();
    login::become_person(chat, entered);
    let nick = chat.nick().to_owned();
    let network = chat.policy.network.clone();
    let text = format!("Welcome to the {network} IRC network, {nick}");
    chat.numeric(1, &[], &text, out);
    let (server, version) = (chat.policy.server_name.clone(), chat.policy.version.clone());
    chat.numeric(2, &[], &format!("Your host is {server}, running version {version}"), out);
    let started = chinwag_wire::irc::time::timestamp(chat.policy.started.0);
    chat.numeric(3, &[], &format!("This server was started {started}"), out);
    let persons = sign::letters(sign::PERSON_MODES.iter().map(|mode| mode.letter));
    let rooms = sign::letters(sign::ROOM_MODES.iter().map(|mode| mode.letter));
    let with_param = sign::ROOM_MODES.iter().filter(|mode| mode.kind.takes_param(true));
    let with_param = sign::letters(with_param.map(|mode| mode.letter));
    chat.numeric_bare(4, &[&server, &version, &persons, &rooms, &with_param], out);
    isupport::tell(chat, out);
    server::ask_census(chat);
    let Some(intro) = intro else { return };
    for (key, value) in intro.metadata {
        metadata::set_own_quietly(chat, key, Some(value));
    }
    if let Some(me) = &mut chat.me {
        me.keys = intro.keys;
    }
    if chat.has(Cap::Metadata) {
        metadata::ask_own(chat);
    }
    // The message of the day stands behind the numbers of those who are there.
    chat.then(Welcomed);
    arrival::catch_up(chat, entered, out);
}

/// The numbers were told: what follows of the welcome.
#[derive(Debug)]
struct Welcomed;

impl Next for Welcomed {
    fn told(self: Box<Self>, _: Told<'_>, chat: &mut Chat, out: &mut Output) {
        server::tell_motd(chat, out);
        let Some(me) = &chat.me else { return };
        let letters = sign::person_letters(me.flags);
        if !letters.is_empty() {
            let (line, server, nick) = chat.line(None, out);
            let line = line.source(server).command("MODE").param(nick);
            line.param(&format!("+{letters}")).end();
        }
    }
}
