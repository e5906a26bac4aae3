//! A client that knows each byte that it is to receive.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

use super::pattern::{Fit, Pattern};
use super::server::{Log, NAME, Server};
use super::tls::{Identity, TlsStream};
use super::{PATIENCE, shown};

/// Raw line mode, by a socket of its own or through a program such as `nc`.
#[derive(Debug)]
pub(crate) struct Client {
    name: String,
    wire: Wire,
    /// What came and was not expected yet.
    unread: Vec<u8>,
    program: Option<Child>,
    fences: u32,
    log: Log,
}

#[derive(Debug)]
enum Wire {
    Tcp(TcpStream),
    Tls(Box<TlsStream>),
    /// To a program's standard input and from its standard output.
    Program(UnixStream),
}

impl Client {
    /// Connects, and says nothing.
    pub(crate) fn connect(server: &Server) -> Self {
        Self::connect_to(server.address(), server.log())
    }

    fn connect_to(address: SocketAddr, log: &Log) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .unwrap_or_else(|error| panic!("cannot connect: {error}; {}", log.tail()));
        stream.set_nodelay(true).expect("packets go out as they are written");
        Self::over(Wire::Tcp(stream), None, log)
    }

    /// Connects over TLS to a server with this certificate, and says nothing.
    pub(crate) fn connect_tls(server: &Server, identity: &Identity) -> Self {
        let mut client = Self::connect(server);
        client.begin_tls(identity);
        client
    }

    /// Connects from this address, as a proxy says that the server trusts, and says nothing.
    pub(crate) fn connect_from(server: &Server, address: &str) -> Self {
        let mut client = Self::connect(server).called(address);
        let family = if address.contains(':') { "TCP6" } else { "TCP4" };
        let own = if address.contains(':') { "::1" } else { "127.0.0.1" };
        client.send_bytes(format!("PROXY {family} {address} {own} 1 2\r\n").as_bytes());
        client
    }

    /// Goes on over TLS, with a server that has this certificate.
    pub(crate) fn begin_tls(&mut self, identity: &Identity) {
        let Wire::Tcp(stream) = &self.wire else { panic!("only a socket can go on over TLS") };
        let stream = stream.try_clone().expect("a socket can be shared");
        match TlsStream::begin(stream, identity) {
            Ok(stream) => self.wire = Wire::Tls(Box::new(stream)),
            Err(error) => self.fail(&format!("no handshake: {error}")),
        }
    }

    /// Talks through a program that is to be told the server's host and port.
    pub(crate) fn run(server: &Server, program: &str, arguments: &[&str]) -> Self {
        let address = server.address();
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let input = OwnedFd::from(theirs.try_clone().expect("a socket can be shared"));
        // `{host}` and `{port}` among the arguments are filled in.
        let arguments = arguments.iter().map(|argument| match *argument {
            "{host}" => address.ip().to_string(),
            "{port}" => address.port().to_string(),
            other => other.to_owned(),
        });
        let child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {program}: {error}"));
        Self::over(Wire::Program(ours), Some(child), server.log())
    }

    /// Talks through `nc`.
    pub(crate) fn nc(server: &Server) -> Self {
        Self::run(server, "nc", &["-N", "{host}", "{port}"])
    }

    fn over(wire: Wire, program: Option<Child>, log: &Log) -> Self {
        let name = "the client".to_owned();
        Self { name, wire, unread: Vec::new(), program, fences: 0, log: log.clone() }
    }

    /// What a failure is to call it.
    pub(crate) fn called(mut self, name: &str) -> Self {
        self.rename(name);
        self
    }

    /// What a failure is to call it from now on.
    pub(crate) fn rename(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// Comes in under a name never seen, and reads what that is answered with.
    pub(crate) fn login(server: &Server, name: &str) -> Self {
        let mut client = Self::connect(server).called(name);
        client.come_in(name);
        client
    }

    /// Gives a name never seen, and reads what that is answered with.
    pub(crate) fn come_in(&mut self, name: &str) {
        self.send(name);
        self.expect(&newcomer(name));
    }

    /// Comes in under a name seen before for which nothing waits.
    pub(crate) fn login_again(server: &Server, name: &str) -> Self {
        let mut client = Self::connect(server).called(name);
        client.send(name);
        client.expect(&format!("{}Welcome back, {name}.\n<User {name} is online.>\n", greeting()));
        client
    }

    /// Sends a line.
    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\n").as_bytes());
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        if let Err(error) = self.wire.write_all(bytes) {
            self.fail(&format!("cannot send {}: {error}", shown(bytes)));
        }
    }

    /// Expects exactly this next, where `{time}` and `{n}` stand for a time and a number.
    pub(crate) fn expect(&mut self, text: &str) {
        self.expect_pattern(&Pattern::new(text));
    }

    /// Expects exactly these bytes next.
    pub(crate) fn expect_bytes(&mut self, bytes: &[u8]) {
        self.expect_pattern(&Pattern::exact(bytes));
    }

    fn expect_pattern(&mut self, pattern: &Pattern) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match pattern.fit(&self.unread) {
                Fit::Whole(count) => {
                    self.unread.drain(..count);
                    return;
                }
                Fit::No => self.fail(&format!("expected {pattern}")),
                Fit::Begun => {}
            }
            if let Err(why) = self.more(deadline) {
                self.fail(&format!("expected {pattern}, but {why}"));
            }
        }
    }

    /// The next line, without its end.
    pub(crate) fn line(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        match self.line_before(deadline) {
            Ok(line) => line,
            Err(why) => self.fail(&format!("expected a line, but {why}")),
        }
    }

    /// The next line, or `None` at the end of what the server sent.
    pub(crate) fn line_or_end(&mut self) -> Option<String> {
        let deadline = Instant::now() + PATIENCE;
        match self.line_before(deadline) {
            Ok(line) => Some(line),
            Err(End::Closed) if self.unread.is_empty() => None,
            Err(why) => self.fail(&format!("expected a line or the end, but {why}")),
        }
    }

    /// The next line that comes within this time; `None` where none does, or the connection ends.
    pub(crate) fn line_within(&mut self, patience: std::time::Duration) -> Option<String> {
        self.line_before(Instant::now() + patience).ok()
    }

    fn line_before(&mut self, deadline: Instant) -> Result<String, End> {
        loop {
            if let Some(at) = self.unread.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=at).collect();
                return match std::str::from_utf8(&line[..at]) {
                    Ok(line) => Ok(line.to_owned()),
                    Err(_) => self.fail(&format!("not UTF-8: {}", shown(&line))),
                };
            }
            self.more(deadline)?;
        }
    }

    /// Passes over lines until one begins so, and gives that one.
    pub(crate) fn skip_to(&mut self, beginning: &str) -> String {
        self.skip_within(PATIENCE, beginning)
    }

    /// The same, for what may take so long.
    pub(crate) fn skip_within(&mut self, patience: std::time::Duration, beginning: &str) -> String {
        let deadline = Instant::now() + patience;
        let mut passed = Vec::new();
        loop {
            match self.line_before(deadline) {
                Ok(line) if line.starts_with(beginning) => return line,
                Ok(line) => passed.push(line),
                Err(why) => {
                    let passed = passed.join("\n  ");
                    self.fail(&format!("no line begins {beginning:?}, {why}, after\n  {passed}"));
                }
            }
        }
    }

    /// Sends a line, and gives what comes up to its last answer; for someone who has come in.
    pub(crate) fn answer(&mut self, line: &str) -> Vec<String> {
        self.send(line);
        self.lines_up_to_now()
    }

    /// What came so far, by asking what has a known answer; for someone who has come in, or is on
    /// the way.
    pub(crate) fn lines_up_to_now(&mut self) -> Vec<String> {
        self.send("/that-is-all");
        let mut lines = Vec::new();
        loop {
            match self.line() {
                line if line == "</that-is-all is not a command. Type /help.>" => return lines,
                line => lines.push(line),
            }
        }
    }

    /// Gives each line that comes, until the connection ends in whatever way.
    pub(crate) fn each_line(&mut self, mut take: impl FnMut(String)) {
        loop {
            match self.line_before(Instant::now() + PATIENCE) {
                Ok(line) => take(line),
                Err(End::Late) => self.fail("nothing more comes"),
                Err(End::Closed | End::Broken(_)) => return,
            }
        }
    }

    /// Asserts that nothing else came so far, by asking what has a known answer: for someone who
    /// has come in, and has no prompt open.
    pub(crate) fn expect_silence(&mut self) {
        self.fences += 1;
        let fence = format!("fence-{}", self.fences);
        self.send(&format!("{fence}: ?"));
        self.expect(&format!(
            "<No user or group is called \"{fence}\". Nothing was sent; to say it to the room, use /say.>\n"
        ));
    }

    /// The same for someone who is asked for a name.
    pub(crate) fn expect_silence_at_the_door(&mut self) {
        self.send("a!b");
        self.expect("<\"a!b\" is not a name: it holds \"!\".>\nUSERNAME: ");
    }

    /// Expects that the server closes, having sent nothing more.
    pub(crate) fn expect_closed(&mut self) {
        match self.rest() {
            (rest, true) if rest.is_empty() => {}
            (rest, true) => self.fail(&format!("before the end came {}", shown(&rest))),
            (rest, false) => self.fail(&format!("reset, after {}", shown(&rest))),
        }
    }

    /// Expects that the connection ends in whatever way, and gives what came before.
    pub(crate) fn expect_gone(&mut self) -> Vec<u8> {
        self.rest().0
    }

    /// What comes up to the end, and whether that was a proper one.
    fn rest(&mut self) -> (Vec<u8>, bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.more(deadline) {
                Ok(()) => {}
                Err(End::Late) => self.fail("expected the end, but it does not come"),
                Err(End::Closed) => return (std::mem::take(&mut self.unread), true),
                Err(End::Broken(_)) => return (std::mem::take(&mut self.unread), false),
            }
        }
    }

    /// Ends what this client sends; it still receives.
    pub(crate) fn end_of_input(&mut self) {
        self.wire.end_of_input().expect("the connection is there");
    }

    /// Breaks the connection off (RST).
    pub(crate) fn reset(self) {
        if let Wire::Tcp(stream) = &self.wire {
            rustix::net::sockopt::set_socket_linger(stream, Some(std::time::Duration::ZERO))
                .expect("a socket can be reset");
        }
    }

    /// Kills the program that it talks through.
    pub(crate) fn kill_program(&mut self) {
        let program = self.program.as_mut().expect("it talks through a program");
        program.kill().expect("the program can be killed");
        program.wait().expect("the program can be waited for");
    }

    /// Waits until the program has ended, after the end of what it wrote.
    pub(crate) fn program_ended(&mut self) -> ExitStatus {
        self.program.as_mut().expect("it talks through a program").wait().expect("it ends")
    }

    /// Takes as little as the system allows before the sender has to wait.
    pub(crate) fn receive_little(&self) {
        self.receive_at_most(4096);
    }

    /// Takes about so many bytes before the sender has to wait.
    pub(crate) fn receive_at_most(&self, bytes: usize) {
        if let Wire::Tcp(stream) = &self.wire {
            rustix::net::sockopt::set_socket_recv_buffer_size(stream, bytes)
                .expect("a buffer has a size");
        }
    }

    /// A second handle for another thread to send by.
    pub(crate) fn sender(&self) -> TcpStream {
        match &self.wire {
            Wire::Tcp(stream) => stream.try_clone().expect("a socket can be shared"),
            Wire::Tls(_) | Wire::Program(_) => panic!("only a socket of its own can be shared"),
        }
    }

    /// Ends the test, with what this client and the server know.
    pub(crate) fn fail(&self, what: &str) -> ! {
        panic!("{}: {what}\nunread: {}\n{}", self.name, shown(&self.unread), self.log.tail());
    }

    /// Reads more.
    fn more(&mut self, deadline: Instant) -> Result<(), End> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(End::Late);
        }
        self.wire.set_patience(left).map_err(End::Broken)?;
        let mut bytes = [0; 16 * 1024];
        match self.wire.read(&mut bytes) {
            Ok(0) => Err(End::Closed),
            Ok(count) => {
                self.unread.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Err(End::Late),
                io::ErrorKind::Interrupted => Ok(()),
                _ => Err(End::Broken(error)),
            },
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(program) = &mut self.program {
            // It may well have ended.
            let _ = program.kill();
            let _ = program.wait();
        }
    }
}

/// Why nothing more came.
#[derive(Debug)]
enum End {
    Late,
    Closed,
    Broken(io::Error),
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Late => f.write_str("nothing more came in time"),
            Self::Closed => f.write_str("the connection was closed"),
            Self::Broken(error) => write!(f, "the connection broke: {error}"),
        }
    }
}

impl Wire {
    fn set_patience(&self, patience: std::time::Duration) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(Some(patience)),
            Self::Tls(stream) => stream.set_patience(patience),
            Self::Program(stream) => stream.set_read_timeout(Some(patience)),
        }
    }

    fn end_of_input(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Tls(stream) => stream.end_of_input(),
            Self::Program(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(bytes),
            Self::Tls(stream) => stream.read(bytes),
            Self::Program(stream) => stream.read(bytes),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Tls(stream) => stream.write_all(bytes),
            Self::Program(stream) => stream.write_all(bytes),
        }
    }
}

/// What everyone is greeted with.
pub(crate) fn greeting() -> String {
    format!("Welcome to {NAME}.\nUSERNAME: ")
}

/// What someone receives who gives a name never seen.
pub(crate) fn newcomer(name: &str) -> String {
    format!(
        "{}Welcome, {name}. You are new here. Type /help for help.\n<User {name} is online.>\n",
        greeting()
    )
}
