//! Where a client on a terminal stands with the server, by what it hears, and how it comes in
//! again.

use super::incoming::Heard;
use super::secret::Password;

/// What is asked, and how the answer is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    pub(super) text: String,
    /// Whether the answer is a secret.
    pub(super) is_hidden: bool,
    /// Whether it is asked of somebody who is not in yet.
    pub(super) at_login: bool,
}

/// What is to be done about what was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// Nothing.
    Nothing,
    /// Nothing but to send this password.
    Send(Password),
    /// These lines are to be shown.
    Show(Vec<String>),
    /// The person is to be asked, once these lines are shown.
    Ask(Vec<String>, Prompt),
    /// The name is still taken by the connection that was lost: try again later.
    Later,
}

/// What is known of the login.
#[derive(Debug, Default)]
pub(super) struct Login {
    /// What the prompt for a name is answered with on the next connection; nothing at all comes in
    /// as a guest.
    name: Option<String>,
    /// The password that was given last, for the next connection.
    password: Option<Password>,
    /// Whether the password has been sent on this connection.
    is_password_sent: bool,
    /// A password that is being set.
    chosen: Option<Password>,
    /// Whether the server's prompt for a name is answered already.
    is_offered: bool,
    /// Whether this connection is in.
    is_in: bool,
    /// Whether a connection has been in.
    was_in: bool,
    /// Whether the server said last that the name is online.
    is_taken: bool,
    said_goodbye: bool,
    /// Lines of a login that may come to nothing.
    held: Vec<String>,
}

impl Login {
    /// A client that wants to come in under this name and with this password, or be asked for them.
    pub(super) fn new(name: Option<String>, password: Option<Password>) -> Self {
        Self { name, password, ..Self::default() }
    }

    /// A connection begins; what to send at once, without a line end.
    pub(super) fn begin(&mut self) -> Option<&str> {
        self.is_in = false;
        self.is_taken = false;
        self.is_password_sent = false;
        self.held.clear();
        self.is_offered = self.name.is_some();
        self.name.as_deref()
    }

    /// Takes what the server says.
    pub(super) fn hear(&mut self, heard: Heard) -> Reaction {
        match heard {
            Heard::Line(line) => self.hear_line(line),
            Heard::Prompt(text) => self.hear_prompt(text),
        }
    }

    /// Takes what the person answers to a prompt.
    pub(super) fn answer(&mut self, prompt: &Prompt, answer: &str) {
        if is_for_name(prompt) {
            // A password is one name's.
            self.password = None;
            self.name = Some(answer.to_owned());
        } else if prompt.at_login && prompt.is_hidden {
            self.password = Some(Password::new(answer.to_owned()));
        } else if prompt.text == "NEW PASSWORD: " {
            self.chosen = Some(Password::new(answer.to_owned()));
        }
    }

    /// Takes what the person sends unasked: before a prompt for a name it is the name.
    pub(super) fn volunteer(&mut self, line: &str) {
        if !self.is_in && self.name.is_none() {
            self.name = Some(line.to_owned());
            self.is_offered = true;
        }
    }

    /// Whether a connection has been in: it is worth to connect again.
    pub(super) fn was_in(&self) -> bool {
        self.was_in
    }

    /// Whether this connection is in.
    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    /// Whether the server took leave.
    pub(super) fn said_goodbye(&self) -> bool {
        self.said_goodbye
    }

    /// The lines of a login that was broken off, which tell why.
    pub(super) fn take_held(&mut self) -> Vec<String> {
        std::mem::take(&mut self.held)
    }

    fn hear_line(&mut self, line: String) -> Reaction {
        if line.starts_with("<Goodbye, ") {
            self.said_goodbye = true;
        } else if self.is_in {
            if let Some(name) = line.strip_prefix("<You are now called ") {
                self.name = Some(name.trim_end_matches(".>").to_owned());
            } else if line == "<Password set.>" && self.chosen.is_some() {
                self.password = self.chosen.take();
            }
        } else {
            self.is_taken = line.ends_with(" is already online.>");
            self.is_in = line.starts_with("Welcome, ") || line.starts_with("Welcome back, ");
            self.was_in |= self.is_in;
        }
        self.held.push(line);
        // Until it is known whether the name can be had again, nothing is shown.
        match self.was_in && !self.is_in {
            true => Reaction::Nothing,
            false => Reaction::Show(self.take_held()),
        }
    }

    fn hear_prompt(&mut self, text: String) -> Reaction {
        let is_hidden = text.ends_with("PASSWORD: ") || text == "AGAIN: ";
        let prompt = Prompt { text, is_hidden, at_login: !self.is_in };
        if is_for_name(&prompt) {
            if std::mem::take(&mut self.is_offered) {
                return Reaction::Nothing;
            }
            if self.is_taken && self.was_in {
                self.held.clear();
                return Reaction::Later;
            }
            self.name = None;
        }
        if prompt.at_login
            && prompt.text == "PASSWORD: "
            && !std::mem::replace(&mut self.is_password_sent, true)
            && let Some(password) = self.password.clone()
        {
            return Reaction::Send(password);
        }
        Reaction::Ask(self.take_held(), prompt)
    }
}

fn is_for_name(prompt: &Prompt) -> bool {
    prompt.at_login && prompt.text == "USERNAME: "
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a person at a terminal sees, and what is sent, of connections that go so: `<` what the
    /// server sends, a prompt if it ends with `: `; `>` what the person answers the last prompt
    /// with; `=` a new connection.
    fn play(name: Option<&str>, script: &str) -> String {
        play_with(name, None, script)
    }

    fn play_with(name: Option<&str>, password: Option<&str>, script: &str) -> String {
        let password = password.map(|text| Password::new(text.to_owned()));
        let mut login = Login::new(name.map(str::to_owned), password);
        let mut asked = None;
        let mut seen = Vec::new();
        for step in script.lines().map(|line| line.trim_start()) {
            let (sign, text) = step.split_at(1);
            match sign {
                "=" => seen.extend(login.begin().map(|name| format!("sent {name}"))),
                ">" => login.answer(asked.as_ref().unwrap(), text),
                _ => {
                    let heard = match text.ends_with(": ") {
                        true => Heard::Prompt(text.to_owned()),
                        false => Heard::Line(text.to_owned()),
                    };
                    match login.hear(heard) {
                        Reaction::Nothing => {}
                        Reaction::Send(password) => seen.push(format!("sent {}", *password)),
                        Reaction::Show(lines) => seen.extend(lines),
                        Reaction::Later => {
                            seen.push("later".to_owned());
                            seen.append(&mut login.take_held());
                        }
                        Reaction::Ask(lines, prompt) => {
                            seen.extend(lines);
                            let how = if prompt.is_hidden { "hidden" } else { "shown" };
                            seen.push(format!("{}{how}", prompt.text));
                            asked = Some(prompt);
                        }
                    }
                }
            }
        }
        seen.join("|")
    }

    #[test]
    fn a_name_given_is_not_asked_for() {
        assert_eq!(
            play(Some("ana"), "=\n<Hi.\n<USERNAME: \n<Welcome, ana. Hi.\n<<User ana is online.>"),
            "sent ana|Hi.|Welcome, ana. Hi.|<User ana is online.>"
        );
    }

    #[test]
    fn a_name_that_is_refused_is_asked_for() {
        assert_eq!(
            play(
                Some("ana"),
                "=\n<USERNAME: \n<<User ana is already online.>\n<USERNAME: \n>bo\n<Welcome, bo.\n=",
            ),
            "sent ana|<User ana is already online.>|USERNAME: shown|Welcome, bo.|sent bo"
        );
    }

    #[test]
    fn who_was_in_comes_in_again_under_the_last_name() {
        for (script, seen) in [
            (
                "=\n<USERNAME: \n>\n<Welcome, guest-1. Hi.\n=",
                "USERNAME: shown|Welcome, guest-1. Hi.|sent ",
            ),
            (
                "=\n<USERNAME: \n>ana\n<Welcome back, ana.\n<<You are now called Ana2.>\n=",
                "USERNAME: shown|Welcome back, ana.|<You are now called Ana2.>|sent Ana2",
            ),
        ] {
            assert_eq!(play(None, script), seen);
        }
    }

    #[test]
    fn the_own_dead_connection_is_waited_for_without_a_word() {
        assert_eq!(
            play(
                Some("ana"),
                "=\n<USERNAME: \n<Welcome back, ana.
                 =\n<Hi.\n<USERNAME: \n<<User ana is already online.>\n<USERNAME: 
                 =\n<Hi.\n<USERNAME: \n<Welcome back, ana.\n<[lobby] bo: hi",
            ),
            "sent ana|Welcome back, ana.|sent ana|later|sent ana|Hi.|Welcome back, ana.|[lobby] bo: hi"
        );
    }

    #[test]
    fn passwords_are_hidden_and_asked_again() {
        assert_eq!(
            play(
                Some("ana"),
                "=\n<USERNAME: \n<PASSWORD: \n>secret\n<Welcome back, ana.\n<NEW PASSWORD: \n<AGAIN: 
                 =\n<Hi.\n<USERNAME: \n<PASSWORD: ",
            ),
            "sent ana|PASSWORD: hidden|Welcome back, ana.|NEW PASSWORD: hidden|AGAIN: hidden\
             |sent ana|sent secret"
        );
    }

    #[test]
    fn a_password_is_asked_for_once() {
        for (script, seen) in [
            // It was changed meanwhile.
            ("=\n<USERNAME: \n<PASSWORD: \n<<Wrong password.>\n<PASSWORD: \n>new\n<Welcome back, ana.
              =\n<USERNAME: \n<PASSWORD: ",
             "sent ana|sent old|<Wrong password.>|PASSWORD: hidden|Welcome back, ana.|sent ana|sent new"),
            // It is changed here.
            ("<PASSWORD: \n<Welcome back, ana.\n<NEW PASSWORD: \n>new\n<AGAIN: \n>new\n<<Password set.>
              =\n<USERNAME: \n<PASSWORD: ",
             "sent old|Welcome back, ana.|NEW PASSWORD: hidden|AGAIN: hidden|<Password set.>|sent ana|sent new"),
            // It is another name's.
            ("=\n<USERNAME: \n<<User ana is already online.>\n<USERNAME: \n>bo\n<PASSWORD: ",
             "sent ana|<User ana is already online.>|USERNAME: shown|PASSWORD: hidden"),
        ] {
            assert_eq!(play_with(Some("ana"), Some("old"), script), seen);
        }
    }
}
