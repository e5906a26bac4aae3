//! The list of commands.

/// What `/help` shows, within 78 columns.
pub(super) const HELP: &str = "\
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

#[cfg(test)]
mod tests {
    use super::HELP;

    #[test]
    fn the_help_fits_a_terminal() {
        assert!(HELP.lines().all(|line| line.chars().count() <= 78));
    }
}
