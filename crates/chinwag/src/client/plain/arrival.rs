//! Logging in: what each prompt is answered with, and when the input may be sent.

use super::super::incoming::Heard;
use super::super::secret::Password;

/// What to do about something that was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Nothing,
    /// Send this line, a name or a password.
    Send(Password),
    /// Have the next line of input answer.
    Ask,
    /// Send all input: the login is done.
    Open,
    /// Send nothing more, for this reason.
    Refuse(&'static str),
}

/// A login. A line of input answers a prompt only if it was meant to: a script's lines are messages,
/// and so are those typed behind a name that was given on the command line.
#[derive(Debug)]
pub(super) struct Arrival {
    name: Option<String>,
    password: Option<Password>,
    /// Whether the input is a terminal: a person may be asked again.
    is_typed: bool,
    is_name_asked: bool,
    is_password_asked: bool,
    is_in: bool,
}

impl Arrival {
    /// A login with this name, or the first line of the input, and perhaps this password.
    pub(super) fn new(name: Option<String>, password: Option<Password>, is_typed: bool) -> Self {
        let (is_name_asked, is_password_asked) = (false, false);
        Self { name, password, is_typed, is_name_asked, is_password_asked, is_in: false }
    }

    /// Whether the login is done.
    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    /// Takes what the server says; `is_ahead` tells whether more lines have been typed already. Those
    /// were not meant for a prompt that comes again.
    pub(super) fn hear(&mut self, heard: &Heard, is_ahead: bool) -> Step {
        match heard {
            _ if self.is_in => Step::Nothing,
            Heard::Line(line) => {
                self.is_in = line.starts_with("Welcome, ") || line.starts_with("Welcome back, ");
                if self.is_in { Step::Open } else { Step::Nothing }
            }
            Heard::Prompt(prompt) => match prompt.as_str() {
                "USERNAME: " => self.give_name(is_ahead),
                "PASSWORD: " => self.give_password(is_ahead),
                "NEW PASSWORD: " => self.give_first_password(is_ahead),
                _ if self.is_typed => Step::Ask,
                _ => Step::Refuse("the server asks for more than a name and a password"),
            },
        }
    }

    fn give_name(&mut self, is_ahead: bool) -> Step {
        let is_first = !std::mem::replace(&mut self.is_name_asked, true);
        self.is_password_asked = false;
        match &self.name {
            Some(name) if is_first => Step::Send(Password::new(name.clone())),
            None if is_first => Step::Ask,
            None if self.is_typed && !is_ahead => Step::Ask,
            _ => Step::Refuse("the name was refused"),
        }
    }

    fn give_password(&mut self, is_ahead: bool) -> Step {
        let is_first = !std::mem::replace(&mut self.is_password_asked, true);
        match self.password.take() {
            Some(password) => Step::Send(password),
            None if self.is_typed && (is_first || !is_ahead) => Step::Ask,
            None if !is_first => Step::Refuse("the password was refused"),
            // A script that pipes the name may pipe the password after it, as to `nc`.
            None if self.name.is_none() => Step::Ask,
            None => Step::Refuse(
                "the name has a password; give it in CHINWAG_PASSWORD or by --password-file",
            ),
        }
    }

    fn give_first_password(&mut self, is_ahead: bool) -> Step {
        let is_first = !std::mem::replace(&mut self.is_password_asked, true);
        match self.password.take() {
            Some(password) => Step::Send(password),
            None if self.is_typed && !is_ahead => Step::Ask,
            None if !is_first => Step::Refuse("the password was refused"),
            None => Step::Refuse(
                "names need a password there; give the first one in CHINWAG_PASSWORD or by \
                 --password-file",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done, step by step, about what the server says.
    /// A prompt with `+` behind it comes while more lines are there.
    fn play(name: Option<&str>, password: Option<&str>, is_typed: bool, said: &[&str]) -> String {
        let name = name.map(str::to_owned);
        let password = password.map(|text| Password::new(text.to_owned()));
        let mut arrival = Arrival::new(name, password, is_typed);
        let mut steps = Vec::new();
        for said in said {
            let (said, is_ahead) = match said.strip_suffix('+') {
                Some(said) => (said, true),
                None => (*said, false),
            };
            let heard = match said.ends_with(": ") {
                true => Heard::Prompt(said.to_owned()),
                false => Heard::Line(said.to_owned()),
            };
            steps.push(match arrival.hear(&heard, is_ahead) {
                Step::Nothing => "-".to_owned(),
                Step::Send(text) => text.to_string(),
                Step::Ask => "ask".to_owned(),
                Step::Open => "open".to_owned(),
                Step::Refuse(_) => "refuse".to_owned(),
            });
        }
        steps.join(" ")
    }

    const NAME: &str = "USERNAME: ";
    const PASSWORD: &str = "PASSWORD: ";
    const NEW: &str = "NEW PASSWORD: ";
    const TAKEN: &str = "<User Al is already online.>";
    const WRONG: &str = "<Wrong password.>";
    const IN: &str = "Welcome back, Al.";

    #[test]
    fn attack_a_line_of_a_script_never_answers_a_prompt_it_was_not_meant_for() {
        for (name, password, said, done) in [
            (Some("Al"), None, &["Hi.", NAME, IN, NAME][..], "- Al open -"),
            (Some("Al"), None, &[NAME, TAKEN, NAME], "Al - refuse"),
            (Some("Al"), None, &[NAME, PASSWORD], "Al refuse"),
            (Some("Al"), Some("x"), &[NAME, PASSWORD, IN], "Al x open"),
            (Some("Al"), Some("x"), &[NAME, PASSWORD, WRONG, PASSWORD], "Al x - refuse"),
            (Some("Al"), None, &[NAME, NEW], "Al refuse"),
            (Some("Al"), Some("x"), &[NAME, NEW, IN], "Al x open"),
            (Some("Al"), Some(""), &[NAME, NEW, "<…>", NEW], "Al  - refuse"),
            (None, None, &[NAME, TAKEN, NAME], "ask - refuse"),
            (None, None, &[NAME, PASSWORD, IN], "ask ask open"),
            (None, None, &[NAME, PASSWORD, WRONG, PASSWORD], "ask ask - refuse"),
            (None, None, &[NAME, NEW], "ask refuse"),
            (Some("Al"), None, &[NAME, "CODE: "], "Al refuse"),
        ] {
            assert_eq!(play(name, password, false, said), done, "{said:?}");
        }
    }

    #[test]
    fn a_person_is_asked_again_unless_more_is_typed_already() {
        for (name, password, said, done) in [
            (Some("Al"), None, &[NAME, TAKEN, NAME][..], "Al - refuse"),
            (None, None, &[NAME, TAKEN, NAME, IN], "ask - ask open"),
            (None, None, &["USERNAME: +", TAKEN, "USERNAME: +"], "ask - refuse"),
            (None, None, &[NAME, "PASSWORD: +", IN], "ask ask open"),
            (None, None, &[NAME, PASSWORD, WRONG, "PASSWORD: +"], "ask ask - refuse"),
            (None, None, &[NAME, "NEW PASSWORD: +"], "ask refuse"),
            (None, None, &[NAME, PASSWORD, WRONG, PASSWORD, IN], "ask ask - ask open"),
            (Some("Al"), Some("x"), &[NAME, PASSWORD, WRONG, PASSWORD], "Al x - ask"),
            (None, None, &[NAME, NEW, "CODE: ", IN], "ask ask ask open"),
        ] {
            assert_eq!(play(name, password, true, said), done, "{said:?}");
        }
    }
}
