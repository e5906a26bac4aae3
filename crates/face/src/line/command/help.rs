//! `/help`: the list of commands, of what their rows say.

use super::{Action, Command, Form, Section, all};
use crate::line::render::line;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: |_, _, _| Ok(Action::Write(write)),
    ..Command::new(Form::Slash("help"), "/help")
}];

/// The parts of the list, with their headings.
const SECTIONS: &[(Section, &str)] = &[
    (Section::Talk, "Talk"),
    (Section::Rooms, "Rooms and groups"),
    (Section::People, "People"),
    (Section::Past, "What was said"),
    (Section::You, "You"),
];

/// Columns in which it is said how a command is typed.
const USAGE_COLUMNS: usize = 28;

fn write(out: &mut Vec<u8>) {
    for (section, heading) in SECTIONS {
        line(out, heading);
        for command in all() {
            let Some((_, about)) = command.help.filter(|(within, _)| within == section) else {
                continue;
            };
            let usage = [command.usage, command.with].concat();
            line(out, format!("  {usage:USAGE_COLUMNS$}{about}").trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help() -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn the_help_fits_a_terminal_and_names_every_command_but_itself() {
        let help = help();
        assert!(help.lines().all(|line| line.chars().count() <= 78));
        for command in all().filter(|command| command.form != Form::Slash("help")) {
            assert!(help.contains(command.usage), "{}", command.usage);
        }
    }

    #[test]
    fn the_help_is_as_people_know_it() {
        assert_eq!(help(), HELP);
    }

    const HELP: &str = "\
Talk
  TEXT                        to everyone in the current room
  NAME: TEXT                  to one person, or to a group or room you are in
  chat NAME \"TEXT\"            to one person
  /msg NAME TEXT              as NAME: TEXT
  broad: TEXT                 to everyone, online or offline
  /say TEXT                   TEXT to the room, whatever it looks like
  /me TEXT                    an action: * Alice waves
Rooms and groups
  /join ROOM                  go into a room, or make it
  /leave [ROOM]               go out of a room or group
  /room ROOM                  talk in another room you are in
  /rooms, /who [ROOM]         the rooms there are; who is in one
  /topic [TEXT]               show or set the room's topic
  mk_grp:GROUP:NAME:NAME      make a group of up to 32 people and you
  /groups                     your groups
  /invite NAME [ROOM]         tell someone of a room; add them to a group
  /uninvite NAME [ROOM]       take the invitation back
People
  get_users                   everyone: o is online, x is offline
  LIST                        the connected clients, by index
  SEND                        send to a client by its index
  /away [TEXT]                be away; without TEXT be back
  /ignore NAME, /unignore NAME
What was said
  /history [ROOM or NAME] [N] the last messages, 20 or N
  /search WORDS               messages that hold all the words
You
  /nick NAME                  take another name
  /password                   set or change your password
  exit                        leave; also bye, logout, /quit
";
}
