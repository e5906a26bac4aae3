//! A small benchmark of the programs as they were built for tests: whoever breaks the order, loses a
//! line or delivers one twice is noticed by it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::path::Path;
use std::process::Command;

/// chinwag's program beside the benchmarks'; built if this package is tested alone.
fn ensure_chinwag(bench: &Path) {
    if !bench.with_file_name("chinwag").is_file() {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--package", "chinwag", "--bin", "chinwag"])
            .status()
            .expect("cargo runs");
        assert!(status.success(), "chinwag can't be built");
    }
}

fn run(cases: &[&str]) -> (String, String) {
    let bench = Path::new(env!("CARGO_BIN_EXE_chinwag-bench"));
    ensure_chinwag(bench);
    let folder = tempfile::tempdir().expect("a folder");
    let json = folder.path().join("figures/bench.json");
    let output = Command::new(bench)
        .args(["run", "--quick", "--own", "--rounds", "1"])
        .args(cases.iter().flat_map(|case| ["--case", case]))
        .arg("--folder")
        .arg(folder.path())
        .arg("--json")
        .arg(&json)
        .output()
        .expect("the benchmarks run");
    let (said, wrong) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{wrong}");
    let json = std::fs::read_to_string(json).expect("figures were written");
    (String::from_utf8_lossy(said).into_owned(), json)
}

#[test]
fn all_receive_everything_once_and_in_one_order_on_each_face() {
    let (table, json) = run(&["fan-out", "faces"]);
    for subject in ["raw loop", "chinwag, IRC", "chinwag, IRC over TLS", "chinwag, line mode"] {
        assert!(table.contains(subject), "{table}");
        assert!(json.contains(&format!("\"server\": \"{subject}\"")), "{json}");
    }
    assert!(!table.contains("failed: "), "{table}");
}

fn check_fault(fault: &str, said: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_chinwag-bench"))
        .args(["run", "--quick", "--own", "--rounds", "1", "--case", "fan-out"])
        .args(["--folder", ".", "--json", "bench.json", "--fault", fault])
        .current_dir(folder.path())
        .output()
        .expect("the benchmarks run");
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && wrong.contains(said), "{wrong}");
}

#[test]
fn a_lost_line_fails_the_benchmark() {
    check_fault("lose", "1 of ");
}

#[test]
fn a_line_that_comes_twice_fails_the_benchmark() {
    check_fault("repeat", "came instead of");
}

#[test]
fn lines_that_change_places_fail_the_benchmark() {
    check_fault("swap", "came instead of");
}
