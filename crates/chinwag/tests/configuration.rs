//! Where the configuration comes from, as `chinwag check` and `chinwag serve` tell it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use toml_edit::DocumentMut;

/// Runs `chinwag` in this folder: the exit code, standard output, standard error.
fn run(
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A folder with this as its `chinwag.toml`.
fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chinwag.toml"), text).unwrap();
    folder
}

/// What `chinwag check` prints in a folder where it finds nothing wrong.
fn check(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let (code, shown, error) = run(folder, &[&["check"], arguments].concat(), variables);
    assert_eq!((code, error.as_str()), (Some(0), ""), "{shown}");
    shown
}

/// The lines of a configuration without comments and blanks.
fn bare(text: &str) -> Vec<&str> {
    let bare = text.lines().map(|line| line.split("  #").next().unwrap_or_default());
    bare.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn what_is_wrong_stops_check_and_serve_with_file_and_line() {
    for (text, message) in [
        (
            "[server]\nnmae = \"x\"",
            "chinwag.toml:2: server.nmae is no setting; did you mean server.name?",
        ),
        (
            "[sevrer]\nname = \"x\"",
            "chinwag.toml:1: sevrer is no setting; chinwag.example.toml has all there are",
        ),
        (
            "# fine\n\n[server]\nclients_max = \"many\"",
            "chinwag.toml:4: server.clients_max takes a number from 1 to 10000000",
        ),
        (
            "[limits]\nline_bytes = 100",
            "chinwag.toml:2: limits.line_bytes takes a number from 512 to 16384",
        ),
        (
            "[[listen]]\naddress = \"*:8080\"",
            "chinwag.toml:2: listen.address takes an IP address with a port, as \"0.0.0.0:8080\" or \"[::]:8080\", or \"unix:PATH\"",
        ),
        (
            "[[listen]]\nfaces = [\"fax\"]",
            "chinwag.toml:2: listen.faces takes a list of one or more of \"line\", \"irc\", \"web\", \"metrics\"",
        ),
        (
            "[[operator]]\nname = \"admin\"\npassword_hash = \"secret\"",
            "chinwag.toml:3: operator.password_hash takes what `chinwag hash-password` prints",
        ),
        (
            "[[operator]]\nname = \"admin\"",
            "chinwag.toml:1: operator.password_hash is missing; set it to what `chinwag hash-password` prints, or take operator out",
        ),
        ("[log]\nformat = \"xml\"", "chinwag.toml:2: log.format takes one of \"text\", \"json\""),
        (
            "[log]\nformat = xml",
            "chinwag.toml:2: this is not TOML: string values must be quoted, expected literal string",
        ),
        (
            "[tls]\ncertificate = \"a\"\nkey = \"b\"",
            "chinwag.toml:2: a cannot be read: No such file or directory (os error 2)",
        ),
        (
            "[[listen]]\ntls = \"required\"",
            "chinwag.toml:2: listen.tls is \"required\", but there is no certificate; name one in [tls] (`chinwag make-certificate` makes one), or set it to \"off\"",
        ),
        (
            "[mail]\nhost = \"mail.test\"",
            "chinwag.toml:1: mail.from is missing; set it to a line of at most 254 bytes, all printable, or take mail out",
        ),
        (
            "[mail]\nhost = \"mail.test\"\nfrom = \"chat\"",
            "chinwag.toml:3: mail.from is \"chat\": the address has no @; give one as \"chat@example.org\"",
        ),
        (
            "[mail]\nhost = \"mail.test\"\nfrom = \"a@b.test\"\nuser = \"a\"\ntls = \"off\"",
            "chinwag.toml:4: mail.user would be sent in the clear; set mail.tls to \"starttls\" or \"always\"",
        ),
        (
            "[mail]\nhost = \"mail.test\"\nfrom = \"a@b.test\"\nuser = \"a\"\npassword_file = \"none\"",
            "chinwag.toml:5: cannot read mail.password_file none: No such file or directory (os error 2)",
        ),
    ] {
        let folder = folder_with(text);
        for command in ["check", "serve"] {
            let (code, _, error) = run(folder.path(), &[command], &[]);
            assert_eq!(
                (code, error),
                (Some(1), format!("chinwag: {message}\n")),
                "{command}: {text}"
            );
        }
    }
}

#[test]
fn a_wrong_variable_stops_it_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, value, message) in [
        ("CHINWAG_SERVER__NMAE", "x", "server.nmae is no setting; did you mean server.name?"),
        ("CHINWAG_LIMITS__LINE_BYTES", "1", "limits.line_bytes takes a number from 512 to 16384"),
    ] {
        let (code, _, error) = run(folder.path(), &["check"], &[(name, value)]);
        assert_eq!((code, error), (Some(1), format!("chinwag: {name}: {message}\n")));
    }
}

#[test]
fn check_tells_where_each_value_comes_from() {
    let folder = folder_with(
        "[server]\nname = \"file\"\nnetwork = \"file\"\n\n[[listen]]\n[[listen]]\naddress = \"0.0.0.0:1\"\n",
    );
    let variables =
        [("CHINWAG_SERVER__NAME", "variable"), ("CHINWAG_LISTEN__0__UNTERMINATED_MS", "200")];
    let shown = check(folder.path(), &[], &variables);
    for line in [
        "name = \"variable\"  # CHINWAG_SERVER__NAME",
        "network = \"file\"  # chinwag.toml:3",
        "data = \"chinwag-data\"  # default",
        "[[listen]]",
        "address = \"127.0.0.1:8080\"  # default",
        "unterminated_ms = 200  # CHINWAG_LISTEN__0__UNTERMINATED_MS",
        "address = \"0.0.0.0:1\"  # chinwag.toml:7",
        "faces = [\"line\", \"irc\", \"web\"]  # default",
        "[accounts.password]",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
}

#[test]
fn what_check_prints_is_the_same_configuration() {
    let folder = folder_with(
        "[server]\nmotd = \"Be kind.\\nAnd \\\"brief\\\"  # not a comment.\"\n[[listen]]\naddress = \"unix:a b.sock\"\n",
    );
    let shown = check(folder.path(), &[], &[]);
    let other = folder_with(&shown);
    let values = |text: &str| {
        let mut values = BTreeMap::new();
        for (table, item) in text.parse::<DocumentMut>().unwrap().iter() {
            let tables: Vec<_> = match item.as_array_of_tables() {
                Some(rows) => rows.iter().collect(),
                None => item.as_table().into_iter().collect(),
            };
            for (row, table_of) in tables.into_iter().enumerate() {
                for (name, value) in table_of.iter().filter_map(|(n, i)| Some((n, i.as_value()?))) {
                    let value = value.clone().decorated("", "").to_string();
                    values.insert(format!("{table}.{row}.{name}"), value);
                }
            }
        }
        values
    };
    let again = check(other.path(), &[], &[]);
    assert_eq!(values(&again), values(&shown));
    assert!(values(&shown).len() > 40, "{shown}");
    assert!(again.contains("# chinwag.toml:"));
}

#[test]
fn secrets_are_not_shown() {
    let folder = folder_with("[server]\npassword = \"hunter2\"\n");
    let shown = check(folder.path(), &[], &[]);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("# password is set and not shown  # chinwag.toml:2\n"), "{shown}");
}

#[test]
fn a_password_of_the_server_that_line_mode_does_not_ask_for_is_warned_of() {
    let warning = |listen: &str| {
        let folder = folder_with(&format!("[server]\npassword = \"hunter2\"\n{listen}"));
        let shown = check(folder.path(), &[], &[]);
        let warnings = shown.lines().filter(|line| line.starts_with("# warning: "));
        warnings.map(str::to_owned).collect::<Vec<_>>()
    };
    let [default] = &warning("")[..] else { panic!("not one warning") };
    for word in ["chinwag.toml:2: server.password", "line mode on 127.0.0.1:8080", "faces = ["] {
        assert!(default.contains(word), "{word}: {default}");
    }
    assert_eq!(warning("[[listen]]\nfaces = [\"irc\", \"web\"]\n"), [""; 0]);
    let two = "[[listen]]\nfaces = [\"irc\"]\n[[listen]]\naddress = \"0.0.0.0:1\"\n";
    assert_eq!(warning(two).len(), 1);
    let folder = tempfile::tempdir().unwrap();
    assert!(!check(folder.path(), &[], &[]).contains("warning"));
}

#[test]
fn another_file_is_read_when_it_is_named() {
    let folder = folder_with("[server]\nname = \"here\"\n");
    std::fs::write(folder.path().join("other.toml"), "[server]\nname = \"there\"\n").unwrap();
    let shown = check(folder.path(), &["--config", "other.toml"], &[]);
    assert!(shown.contains("name = \"there\"  # other.toml:2\n"), "{shown}");
}

#[test]
fn the_example_is_the_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../chinwag.example.toml");
    let shown = check(folder.path(), &["--config", example], &[]);
    assert_eq!(bare(&shown), bare(&check(folder.path(), &[], &[])));
    let left_to_default: Vec<_> =
        shown.lines().filter(|line| line.ends_with("# default")).collect();
    assert_eq!(left_to_default.len(), 1, "all but the host's name is set: {left_to_default:?}");
}

#[test]
fn every_example_in_the_example_is_taken() {
    let example = include_str!("../../../chinwag.example.toml");
    let uncommented: Vec<_> = example
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
        .collect();
    let folder = folder_with(&uncommented.join("\n"));
    let (_, shown, _) = run(folder.path(), &["check"], &[]);
    for heading in ["[tls]", "[[operator]]", "[cluster]"] {
        assert!(shown.lines().any(|line| line == heading), "{heading}: {shown}");
    }
    assert!(!shown.contains("# default"), "{shown}");
}
