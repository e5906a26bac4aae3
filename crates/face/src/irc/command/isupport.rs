//! What the server supports, as `RPL_ISUPPORT` tells it.
//!
//! Spec: <https://modern.ircdocs.horse/#rplisupport-005>,
//! <https://ircv3.net/specs/extensions/extended-isupport>.

use chinwag_model::intent::ROOMS_PER_PERSON_MAX;
use chinwag_model::mode::{Flags, PersonFlag, RoomList};
use chinwag_wire::irc::message::Message;

use super::{
    Command, REAL_NAME_BYTES_MAX, TARGETS_MAX, USER_BYTES_MAX, chathistory, list, message, mode,
};
use crate::irc::args::CHANNEL_SIGN;
use crate::irc::caps::Cap;
use crate::irc::chat::Chat;
use crate::irc::sign::{self, Kind, RANKS, ROOM_MODES};
use crate::irc::split;
use crate::output::Output;

/// Tokens on one line.
const TOKENS_MAX: usize = 13;

/// Bytes of tokens on one line, unless a single one is longer.
const TOKEN_BYTES_MAX: usize = 380;

/// The longest host that others see, in bytes.
const HOST_BYTES_MAX: usize = 64;

pub(super) const COMMANDS: &[Command] = &[Command {
    early: true,
    run: isupport,
    ..Command::new("ISUPPORT", "", "Lists what the server supports.")
}];

/// All tokens, with their values: each of the table or bound that it tells of.
fn tokens(chat: &Chat) -> Vec<String> {
    let limits = &chat.policy.limits;
    let targets = message::TARGETS_MAX;
    let several = TARGETS_MAX;
    let modes = |of: fn(Kind) -> bool| {
        let modes = ROOM_MODES.iter().filter(|mode| of(mode.kind));
        sign::letters(modes.map(|mode| mode.letter))
    };
    let lists = modes(|kind| matches!(kind, Kind::List(_)));
    let key = modes(|kind| matches!(kind, Kind::Key));
    let limit = modes(|kind| matches!(kind, Kind::Limit));
    let flags = modes(|kind| matches!(kind, Kind::Flag(_)));
    let ranks: String = RANKS.iter().map(|(rank, _)| sign::rank_letter(*rank)).collect();
    let signs: String = RANKS.iter().map(|(_, sign)| sign).collect();
    let exempt = sign::list_letter(RoomList::Exempt);
    let invited = sign::list_letter(RoomList::Invited);
    let bot = sign::person_letters(Flags::default().with(PersonFlag::Bot, true));
    let mut tokens = vec![
        format!("ACCOUNTEXTBAN={}", mode::account_masks()),
        format!("AWAYLEN={}", limits.away_length),
        format!("BOT={bot}"),
        "CASEMAPPING=ascii".to_owned(),
        format!("CHANLIMIT={CHANNEL_SIGN}:{ROOMS_PER_PERSON_MAX}"),
        format!("CHANMODES={lists},{key},{limit},{flags}"),
        format!("CHANNELLEN={}", limits.channel_length),
        format!("CHANTYPES={CHANNEL_SIGN}"),
        format!("CHATHISTORY={}", limits.chathistory_messages),
        format!("ELIST={}", list::CONDITIONS),
        format!("EXCEPTS={exempt}"),
        format!("EXTBAN=,{}", mode::mask_letters()),
        format!("HOSTLEN={HOST_BYTES_MAX}"),
        format!("INVEX={invited}"),
        format!("KEYLEN={}", mode::KEY_BYTES_MAX),
        format!("KICKLEN={}", limits.kick_length),
        format!("LINELEN={}", split::LINE_BYTES_MAX),
        format!("MAXLIST={lists}:{}", limits.list_mode_entries),
        format!("MAXTARGETS={targets}"),
        format!("MODES={}", mode::CHANGES_MAX),
        format!("MONITOR={}", limits.monitor_entries),
        format!("MSGREFTYPES={}", chathistory::POINTS),
        format!("NAMELEN={REAL_NAME_BYTES_MAX}"),
        format!("NETWORK={}", token(&chat.policy.network)),
        format!("NICKLEN={}", limits.nick_length),
        format!("PREFIX=({ranks}){signs}"),
        "SAFELIST".to_owned(),
        "SAFERATE".to_owned(),
        format!("STATUSMSG={signs}"),
        format!(
            "TARGMAX=NAMES:{several},LIST:,KICK:{several},JOIN:{several},PART:{several},\
             WHOIS:{several},WHOWAS:{several},PRIVMSG:{targets},NOTICE:{targets},\
             TAGMSG:{targets},MONITOR:"
        ),
        format!("TOPICLEN={}", limits.topic_length),
        format!("USERLEN={USER_BYTES_MAX}"),
        "UTF8ONLY".to_owned(),
    ];
    tokens.extend(chat.policy.push.as_ref().map(|push| format!("VAPID={}", push.key)));
    tokens.push("WHOX".to_owned());
    if let Some(icon) = &chat.policy.icon {
        tokens.push(format!("draft/ICON={}", token(icon)));
    }
    tokens
}

fn isupport(chat: &mut Chat, _: &Message<'_>, out: &mut Output) {
    if chat.me.is_none() && !chat.has(Cap::ExtendedIsupport) {
        return chat.numeric(451, &[], "You have not registered", out);
    }
    tell(chat, out);
}

/// Tells all tokens, in a batch where the client reads that.
pub(super) fn tell(chat: &mut Chat, out: &mut Output) {
    let batch = if chat.has(Cap::ExtendedIsupport) {
        chat.open_batch("draft/isupport", &[], out)
    } else {
        None
    };
    let tokens = tokens(chat);
    let mut rest = tokens.iter().map(String::as_str).peekable();
    while rest.peek().is_some() {
        let (mut words, mut bytes) = (Vec::new(), 0);
        while let Some(word) = rest.next_if(|word| {
            let fits = words.len() < TOKENS_MAX && bytes + word.len() < TOKEN_BYTES_MAX;
            words.is_empty() || fits
        }) {
            bytes += word.len() + 1;
            words.push(word);
        }
        let text = "are supported by this server";
        chat.numeric_in(batch.as_deref(), 5, &words, Some(text), out);
    }
    chat.close_batch(batch, out);
}

/// A value with what no value holds escaped.
fn token(value: &str) -> String {
    value.replace('\\', "\\x5C").replace(' ', "\\x20").replace('=', "\\x3D")
}
