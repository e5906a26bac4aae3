//! How the servers of the world are configured: as a server is that nobody configured, with passwords
//! for all names.

use chinwag_face::irc::IrcPolicy;
use chinwag_face::line::LinePolicy;

/// What the server calls itself.
pub(crate) const SERVER: &str = "srv";

/// The longest line of line mode, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 4096;

pub(crate) fn line() -> LinePolicy {
    LinePolicy {
        server_name: SERVER.to_owned(),
        guests: true,
        open_names: false,
        registration: true,
        verification: false,
        line_bytes_max: LINE_BYTES_MAX,
    }
}

pub(crate) fn irc() -> IrcPolicy {
    IrcPolicy::new(SERVER, "net")
}
