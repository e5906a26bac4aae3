//! What is typed behind `chinwag`, and what comes of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends there")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What a user sees of a run: the exit code, standard output, standard error.
type Seen = (Option<i32>, String, String);

/// Runs `chinwag` in an empty folder, with this on standard input.
fn run(arguments: &[&str], input: &str) -> Seen {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .args(arguments)
        .current_dir(folder.path())
        // Where a backtrace could be had, none may be shown all the same.
        .env("RUST_BACKTRACE", "full")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses at once may be gone before it has read anything.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    seen(&child.wait_with_output().unwrap())
}

fn seen(output: &Output) -> Seen {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_version_is_told() {
    let version = format!("chinwag {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"], ""), (Some(0), version, String::new()));
}

#[test]
fn every_command_explains_itself() {
    for (arguments, told) in [
        (&["--help"][..], &["serve", "client", "check", "hash-password", "nc localhost 8080"][..]),
        (&["serve", "--help"], &["--config", "--listen", "--data", "SIGHUP", "Examples:"]),
        (&["client", "--help"], &["[HOST]", "[PORT]", "[NAME]", "127.0.0.1", "8080", "Examples:"]),
        (&["client", "--help"], &["--plain", "--tls", "--tls-fingerprint", "CHINWAG_PASSWORD"]),
        (&["check", "--help"], &["--config", "Examples:"]),
        (&["hash-password", "--help"], &["Examples:"]),
    ] {
        let (code, out, error) = run(arguments, "");
        assert_eq!((code, error.as_str()), (Some(0), ""), "{arguments:?}");
        for word in told {
            assert!(out.contains(word), "{arguments:?} tells {word}: {out}");
        }
    }
}

#[test]
fn what_cannot_be_understood_is_a_usage_error() {
    for (arguments, said) in [
        (&[][..], "Usage: chinwag"),
        (&["sevre"], "unrecognized subcommand 'sevre'"),
        (&["serve", "--port", "1"], "unexpected argument '--port'"),
        (&["serve", "--listen"], "a value is required for '--listen <ADDRESS>'"),
        (&["client", "localhost", "0"], "invalid value '0' for '[PORT]'"),
        (&["client", "localhost", "70000"], "invalid value '70000' for '[PORT]'"),
        (&["client", "localhost", "1", "Alice", "Bob"], "unexpected argument 'Bob'"),
    ] {
        let (code, out, error) = run(arguments, "");
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(error.contains(said), "{arguments:?} says {said}: {error}");
    }
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let address = "listen.address takes an IP address with a port, as \"0.0.0.0:8080\" or \"[::]:8080\", or \"unix:PATH\"";
    for (arguments, input, said) in [
        (&["serve", "--listen", "nowhere"][..], "", format!("--listen: {address}")),
        (
            &["serve", "--data", "\t"],
            "",
            "--data: server.data takes a path of 1 to 4096 bytes, all printable".to_owned(),
        ),
        (
            &["serve", "--config", "none.toml"],
            "",
            "none.toml:1: the file cannot be read: No such file or directory (os error 2)"
                .to_owned(),
        ),
        (
            &["check", "--config", "none.toml"],
            "",
            "none.toml:1: the file cannot be read: No such file or directory (os error 2)"
                .to_owned(),
        ),
        (
            &["check", "--config", "a\nb\x1b[2J"],
            "",
            "a\\nb\\u{1b}[2J:1: the file cannot be read: No such file or directory (os error 2)"
                .to_owned(),
        ),
        (
            &["check", "--config", "."],
            "",
            ".:1: the file cannot be read: Is a directory (os error 21)".to_owned(),
        ),
        (&["hash-password"], "", "no password was given, so nothing was hashed".to_owned()),
        (&["hash-password"], "\n\n", "no password was given, so nothing was hashed".to_owned()),
        (
            &["hash-password"],
            "one\nother\n",
            "the two passwords differ, so nothing was hashed; type the same twice".to_owned(),
        ),
        (
            &["hash-password"],
            "once\n",
            "the two passwords differ, so nothing was hashed; type the same twice".to_owned(),
        ),
    ] {
        let line = format!("chinwag: {said}\n");
        assert_eq!(
            run(arguments, input),
            (Some(1), String::new(), line),
            "{arguments:?} {input:?}"
        );
    }
}

#[test]
fn a_hashed_password_is_one_that_the_configuration_takes() {
    let (code, hash, error) = run(&["hash-password"], "correct horse\r\ncorrect horse\n");
    assert_eq!((code, error.as_str()), (Some(0), ""));
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let hash = hash.strip_suffix('\n').unwrap();
    assert!(!hash.contains('\n'));
    let folder = tempfile::tempdir().unwrap();
    let operator = format!("[[operator]]\nname = \"admin\"\npassword_hash = \"{hash}\"\n");
    std::fs::write(folder.path().join("chinwag.toml"), operator).unwrap();
    let check = Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .arg("check")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let (code, shown, _) = seen(&check);
    assert_eq!(code, Some(0));
    assert!(!shown.contains("$argon2id$"), "{shown}");

    use argon2::{Argon2, PasswordVerifier, password_hash::phc::PasswordHash};
    let hash = PasswordHash::new(hash).unwrap();
    assert!(Argon2::default().verify_password(b"correct horse", &hash).is_ok());
    assert!(Argon2::default().verify_password(b"wrong horse", &hash).is_err());
}
