//! Runs many worlds, or one of them with all that happens in it.

use std::process::ExitCode;
use std::time::Instant;

use chinwag_sim::run::run;
use clap::Parser;

/// Runs chinwag in worlds of virtual time in which things go wrong, and holds its promises against
/// what happens there.
#[derive(Debug, Parser)]
struct Args {
    /// How many worlds
    #[arg(long, default_value_t = 1000)]
    runs: u64,
    /// The seed of the first one; drawn by chance where none is given
    #[arg(long)]
    seed: Option<u64>,
    /// Tell all that happens, of one world
    #[arg(long, requires = "seed")]
    trace: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let first = args.seed.unwrap_or_else(|| getrandom::u64().unwrap_or(0) >> 16);
    let runs = if args.trace { 1 } else { args.runs };
    println!("{runs} runs from seed {first}");
    let (began, mut broken) = (Instant::now(), 0);
    let (mut messages, mut told) = (0, 0);
    for seed in (first..).take(usize::try_from(runs).unwrap_or(usize::MAX)) {
        let report = run(seed, args.trace);
        report.trace.iter().for_each(|line| println!("{line}"));
        (messages, told) = (messages + report.messages, told + report.told);
        if !report.wrong.is_empty() {
            broken += 1;
            println!("seed {seed}:");
            report.wrong.iter().take(10).for_each(|wrong| println!("  {wrong}"));
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!(
        "{runs} runs in {took:.1} s ({:.0} a minute): {messages} messages stored, {told} told; \
         {broken} broke a promise",
        runs as f64 * 60.0 / took.max(0.001)
    );
    if broken > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
