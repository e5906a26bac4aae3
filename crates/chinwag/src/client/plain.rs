//! For pipes, scripts and screen readers: each input line is sent, each line received is printed.

use std::io::{self, BufRead, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};

use super::connection::{Heard, Incoming, Server, is_goodbye, is_prompt};
use crate::fail;

/// Joins the chat until the server says goodbye.
pub(super) fn run(server: &Server, name: Option<&str>) -> ExitCode {
    match talk(server, name) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads any more: that is an end like any other.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => fail(format!("{error:#}")),
    }
}

fn talk(server: &Server, name: Option<&str>) -> Result<()> {
    let stream = server.connect()?;
    let input_ended = Arc::new(AtomicBool::new(false));
    let writer = stream.try_clone().context("cannot use the connection")?;
    let (ended, name) = (Arc::clone(&input_ended), name.map(str::to_owned));
    let named = name.is_some();
    std::thread::Builder::new()
        .name("input".to_owned())
        .spawn(move || send_all(writer, name.as_deref(), &ended))
        .context("cannot read the input")?;
    print_all(server, &stream, named, &input_ended)
}

/// Sends the name and every input line, then says that no more comes. Where the connection fails,
/// whoever reads it is told as well.
fn send_all(mut stream: TcpStream, name: Option<&str>, ended: &AtomicBool) {
    let first = name.map(|name| format!("{name}\n"));
    if let Some(first) = first
        && stream.write_all(first.as_bytes()).is_err()
    {
        return;
    }
    let mut input = io::stdin().lock();
    let mut line = Vec::new();
    while matches!(input.read_until(b'\n', &mut line), Ok(count) if count > 0) {
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        if stream.write_all(&line).is_err() {
            return;
        }
        line.clear();
    }
    ended.store(true, Ordering::Release);
    let _ = stream.shutdown(Shutdown::Write);
}

/// Prints what comes, line by line, until the end.
fn print_all(
    server: &Server,
    stream: &TcpStream,
    named: bool,
    input_ended: &AtomicBool,
) -> Result<()> {
    let mut incoming = Incoming::new(stream);
    let mut goodbye = false;
    // What was shown of a line that is not at its end yet.
    let mut shown = String::new();
    let mut greeted = false;
    let mut out = io::stdout().lock();
    loop {
        let heard = match incoming.next() {
            Ok(heard) => heard,
            Err(error) => bail!("cut off by {server}: {error}"),
        };
        match heard {
            Heard::Line(line) => {
                goodbye |= is_goodbye(&line);
                let mut rest = line.strip_prefix(&shown).unwrap_or(&line);
                if named && !greeted && rest.starts_with("USERNAME: ") {
                    // The prompt that the name on the command line has answered.
                    rest = rest.strip_prefix("USERNAME: ").unwrap_or(rest);
                    greeted = true;
                }
                shown.clear();
                writeln!(out, "{rest}")?;
            }
            Heard::Partial(text) if is_prompt(&text) => {
                if named && !greeted && text == "USERNAME: " {
                    greeted = true;
                    incoming.take_prompt();
                    continue;
                }
                write!(out, "{}", text.strip_prefix(&shown).unwrap_or(&text))?;
                shown = text;
            }
            Heard::Partial(_) => {}
            Heard::End if goodbye || input_ended.load(Ordering::Acquire) => return Ok(()),
            Heard::End => bail!("{server} has closed the connection"),
        }
        out.flush()?;
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
