//! A client that reads history, one question after the other.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// The room in which everything was said.
pub(super) const ROOM: &str = "r0";

/// A search for a word that all messages have.
pub(super) const FREQUENT: &str = "SEARCH in=#r0;text=river";

/// A client who asks one thing after the other.
#[derive(Debug)]
pub(super) struct Reader {
    stream: BufReader<TcpStream>,
}

impl Reader {
    /// Comes in under a name that nobody has, and into the room.
    ///
    /// # Errors
    /// If the server does not let it.
    pub(super) fn join(server: SocketAddr, name: &str) -> Result<Self> {
        let stream = TcpStream::connect(server).context("the reader of history")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut reader = Self { stream: BufReader::with_capacity(256 * 1024, stream) };
        reader.say(&format!(
            "CAP REQ :batch message-tags server-time draft/chathistory draft/search\r\n\
             NICK {name}\r\nUSER {name} 0 * :{name}\r\nCAP END"
        ))?;
        reader.until(|line| line.contains(" 001 "))?;
        reader.say(&format!("JOIN #{ROOM}"))?;
        reader.until(|line| line.contains(" 366 "))?;
        Ok(reader)
    }

    fn say(&mut self, line: &str) -> Result<()> {
        Ok(self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?)
    }

    /// Reads to the line that was waited for; gives how many messages came before.
    fn until(&mut self, is_last: impl Fn(&str) -> bool) -> Result<u64> {
        self.each_until(is_last, |_| {})
    }

    fn each_until(
        &mut self,
        is_last: impl Fn(&str) -> bool,
        mut each: impl FnMut(&str),
    ) -> Result<u64> {
        let (mut line, mut messages) = (String::new(), 0);
        loop {
            line.clear();
            if self.stream.read_line(&mut line).context("an answer never came")? == 0 {
                bail!("the server ended the connection");
            }
            if line.contains(" FAIL ") || line.starts_with("FAIL ") {
                bail!("the server says: {line}");
            }
            if is_last(&line) {
                return Ok(messages);
            }
            if line.contains(" PRIVMSG ") {
                messages += 1;
                each(&line);
            }
        }
    }

    /// Asks for something that is answered in a batch; gives how many messages that were.
    ///
    /// # Errors
    /// If the server does not answer, or says that it can't.
    pub(super) fn ask(&mut self, question: &str) -> Result<u64> {
        self.say(question)?;
        self.until(|line| line.contains("BATCH -"))
    }

    /// The ids of the latest messages, in their order; at most a page of them.
    ///
    /// # Errors
    /// If the server does not tell them.
    pub(super) fn latest(&mut self) -> Result<Vec<String>> {
        self.say(&format!("CHATHISTORY LATEST #{ROOM} * 100"))?;
        let mut ids = Vec::new();
        self.each_until(
            |line| line.contains("BATCH -"),
            |line| {
                let tags = line.split(' ').next().unwrap_or_default();
                let id = tags.split([';', '@']).find_map(|tag| tag.strip_prefix("msgid="));
                ids.extend(id.map(str::to_owned));
            },
        )?;
        Ok(ids)
    }
}
