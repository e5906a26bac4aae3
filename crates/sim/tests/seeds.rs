//! Many worlds, and those that once found something.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use chinwag_sim::run::run;

/// Seeds that once found a promise broken, and what that was. They are run every time.
const KEPT: &[(u64, &str)] = &[
    (1964, "the archive was behind: a refusal came before the echo of what was said earlier"),
    (2299, "the same, of a room that is not there"),
    (2091, "a node was cut off: what waited was refused before what was on its way was unsure"),
    (2180, "the same, by another client"),
    (1_000_172, "a refused typing notice was answered before what its sender had said earlier"),
    (1_001_071, "the same, by another client"),
];

/// How many worlds are run where nothing else is asked for: all of them, however slow the machine.
const RUNS: u64 = 60;

#[track_caller]
fn keeps_its_promises(seed: u64) {
    let report = run(seed, false);
    assert!(
        report.wrong.is_empty(),
        "seed {seed}: {}\n`cargo run --release -p chinwag-sim -- --seed {seed} --trace` tells how",
        report.wrong.join("\n")
    );
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
}

/// The same worlds each time. `CHINWAG_SIM_SEED` says from which other seed on, `CHINWAG_SIM_RUNS` how
/// many. Worlds by chance are drawn by `chinwag-sim` itself.
#[test]
fn whatever_goes_wrong_the_promises_are_kept() {
    let runs = number("CHINWAG_SIM_RUNS").unwrap_or(RUNS);
    let first = number("CHINWAG_SIM_SEED").unwrap_or(1);
    println!("CHINWAG_SIM_SEED={first}");
    for seed in (0..runs).map(|run| first.wrapping_add(run)) {
        keeps_its_promises(seed);
    }
}

#[test]
fn seeds_that_once_found_something_find_nothing_any_more() {
    for (seed, _) in KEPT {
        keeps_its_promises(*seed);
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in [1, 2, 3, 4] {
        let (one, other) = (run(seed, true), run(seed, true));
        assert!(one.trace.len() > 100);
        assert_eq!(one.trace, other.trace, "seed {seed}");
    }
}
