//! What the server supports, as `RPL_ISUPPORT` tells it.
//!
//! Spec: <https://modern.ircdocs.horse/#rplisupport-005>,
//! <https://ircv3.net/specs/extensions/extended-isupport>.

use super::caps::Cap;
use super::channel;
use super::chat::Chat;
use super::mode::KEY_BYTES_MAX;
use super::registration::REAL_NAME_BYTES_MAX;
use super::speech;
use crate::output::Output;

/// Tokens on one line.
const TOKENS_MAX: usize = 13;

/// Bytes of tokens on one line, unless a single one is longer.
const TOKEN_BYTES_MAX: usize = 380;

impl Chat {
    /// All tokens, with their values.
    pub(super) fn tokens(&self) -> Vec<String> {
        let limits = &self.policy.limits;
        let targets = speech::TARGETS_MAX;
        let several = channel::TARGETS_MAX;
        let mut tokens = vec![
            "ACCOUNTEXTBAN=a,account".to_owned(),
            format!("AWAYLEN={}", limits.away_length),
            "BOT=B".to_owned(),
            "CASEMAPPING=ascii".to_owned(),
            "CHANLIMIT=#:500".to_owned(),
            "CHANMODES=Ibe,k,l,CMRimnst".to_owned(),
            format!("CHANNELLEN={}", limits.channel_length),
            "CHANTYPES=#".to_owned(),
            format!("CHATHISTORY={}", limits.chathistory_messages),
            "ELIST=CMNTU".to_owned(),
            "EXCEPTS=e".to_owned(),
            "EXTBAN=,am".to_owned(),
            format!("HOSTLEN={}", 64),
            "INVEX=I".to_owned(),
            format!("KEYLEN={KEY_BYTES_MAX}"),
            format!("KICKLEN={}", limits.kick_length),
            "LINELEN=512".to_owned(),
            format!("MAXLIST=Ibe:{}", limits.list_mode_entries),
            format!("MAXTARGETS={targets}"),
            "MODES=20".to_owned(),
            format!("MONITOR={}", limits.monitor_entries),
            "MSGREFTYPES=msgid,timestamp".to_owned(),
            format!("NAMELEN={REAL_NAME_BYTES_MAX}"),
            format!("NETWORK={}", token(&self.policy.network)),
            format!("NICKLEN={}", limits.nick_length),
            "PREFIX=(qaohv)~&@%+".to_owned(),
            "SAFELIST".to_owned(),
            "SAFERATE".to_owned(),
            "STATUSMSG=~&@%+".to_owned(),
            format!(
                "TARGMAX=NAMES:{several},LIST:,KICK:{several},JOIN:{several},PART:{several},\
                 WHOIS:{several},WHOWAS:{several},PRIVMSG:{targets},NOTICE:{targets},\
                 TAGMSG:{targets},MONITOR:"
            ),
            format!("TOPICLEN={}", limits.topic_length),
            "USERLEN=17".to_owned(),
            "UTF8ONLY".to_owned(),
        ];
        tokens.extend(self.policy.push.as_ref().map(|push| format!("VAPID={}", push.key)));
        tokens.push("WHOX".to_owned());
        if let Some(icon) = &self.policy.icon {
            tokens.push(format!("draft/ICON={}", token(icon)));
        }
        tokens
    }

    /// Tells them, in a batch where the client asked.
    pub(super) fn isupport(&mut self, asked: bool, out: &mut Output) {
        if asked && self.me.is_none() && !self.has(Cap::ExtendedIsupport) {
            return self.numeric(451, &[], "You have not registered", out);
        }
        let batch = if self.has(Cap::ExtendedIsupport) {
            self.open_batch("draft/isupport", &[], out)
        } else {
            None
        };
        let tokens = self.tokens();
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
            let line = self.numeric_line(5, &words, Some("are supported by this server"));
            self.push_in(batch.as_deref(), line, out);
        }
        self.close_batch(batch, out);
    }
}

/// A value with what no value holds escaped.
fn token(value: &str) -> String {
    value.replace('\\', "\\x5C").replace(' ', "\\x20").replace('=', "\\x3D")
}
