//! Log lines, on standard error. What strangers sent is in some of them, so nothing that a
//! terminal obeys gets through, and nothing can look like a second line.

use std::fmt;
use std::io::{IsTerminal, Write};

use chinwag_wire::line::clean::clean;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Begins to log.
pub(crate) fn start(json: bool, level: &str) {
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_max_level(level);
    // What this library tells of its connections is told by chinwag in its own words.
    let library = if level >= LevelFilter::DEBUG { level } else { LevelFilter::OFF };
    let filter = Targets::new().with_default(level).with_target("async_nats", library);
    let started = if json {
        log.json().map_event_format(Json).finish().with(filter).try_init()
    } else {
        log.event_format(Plain).finish().with(filter).try_init()
    };
    if let Err(error) = started {
        say(format_args!("chinwag: cannot log: {error}"));
    }
}

/// Has a bug in this program said in one line, in place of a backtrace.
pub(crate) fn say_bugs_plainly() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        say(format_args!("chinwag: this is a bug, please report it: {message} ({place})"));
    }));
}

/// Says a line on standard error, if anyone listens.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    let line = printable(&line.to_string(), |c| c.escape_default().to_string());
    // There is nobody left to be told.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// `2026-11-21T14:03:05Z INFO what happened`.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let second = time.split('.').next().unwrap_or_default();
        let mut fields = String::new();
        context.format_fields(Writer::new(&mut fields), event)?;
        let fields = printable(&fields, |c| c.escape_default().to_string());
        writeln!(writer, "{second}Z {} {fields}", event.metadata().level())
    }
}

/// A JSON object a line, in which everything that is not printable is escaped.
struct Json<F>(F);

impl<S, N, F> FormatEvent<S, N> for Json<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        // Such characters stand within strings only; RFC 8259 section 7 has their escapes.
        let escape = |c: char| {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            units.map(|unit| format!("\\u{unit:04x}")).collect()
        };
        writeln!(writer, "{}", printable(line.trim_end_matches('\n'), escape))
    }
}

/// The text with an escape in place of each character that a terminal obeys or is misled by.
fn printable(text: &str, escape: impl Fn(char) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\t' || clean(c.encode_utf8(&mut [0; 4])).is_empty() {
            out.push_str(&escape(c));
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// What a stranger calls themselves: C0 and C1 controls, a line of its own, an override.
    const NASTY: &str = "a\x1b[31m\u{9b}2J\x07\x7f\u{202e}\r\n2026 INFO forged";

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Sink {
        type Writer = Self;

        fn make_writer(&'a self) -> Self {
            self.clone()
        }
    }

    fn logged(json: bool, log: impl FnOnce()) -> String {
        let sink = Sink::default();
        let to = tracing_subscriber::fmt().with_writer(sink.clone()).with_ansi(true);
        if json {
            let to = to.json().map_event_format(Json).finish();
            tracing::subscriber::with_default(to, log);
        } else {
            let to = to.event_format(Plain).finish();
            tracing::subscriber::with_default(to, log);
        }
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_the_time_the_level_and_the_message_as_it_is() {
        let line = logged(false, || tracing::info!("listening on [::1]:1 (line, \"irc\")"));
        let (time, rest) = line.split_at(20);
        assert_eq!(rest, " INFO listening on [::1]:1 (line, \"irc\")\n");
        assert!(time.starts_with("20") && time.ends_with('Z') && !time.contains('.'), "{time}");
    }

    #[test]
    fn nothing_that_a_terminal_obeys_is_logged() {
        for json in [false, true] {
            let line = logged(json, || {
                tracing::warn!(name = NASTY, shown = %NASTY, debug = ?NASTY, "{NASTY} came");
            });
            let (line, rest) = line.split_once('\n').unwrap();
            assert_eq!(rest, "", "one line");
            assert_eq!(clean(line), line);
            assert_eq!(line.matches("forged").count(), 4, "{line}");
        }
    }

    #[test]
    fn json_lines_are_escaped_as_json_is() {
        let line = logged(true, || tracing::info!("\x1b\u{9b}\u{202e} \"ü\""));
        assert!(line.contains(r#""message":"\u001b\u009b\u202e \"ü\"""#), "{line}");
    }
}
