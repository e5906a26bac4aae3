#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]
//! The fuzzer's entries, played over its corpus without the fuzzer.

use std::path::Path;

#[path = "../../../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "it is the library of the fuzzer's package")]
mod entry;

type Target = (&'static str, fn(&[u8]));

/// Every target of the fuzzer.
const TARGETS: &[Target] = &[
    ("irc_framing", entry::irc_framing),
    ("irc_message", entry::irc_message),
    ("line_framing", entry::line_framing),
    ("sasl", entry::sasl),
    ("websocket", entry::websocket),
];

fn names(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().expect("the folder is there");
    let name = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.expect("the folder can be read").file_name().to_string_lossy().into_owned()
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn every_case_of_the_corpus_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, entry) in TARGETS {
        let folder = corpus.join(target);
        let cases = names(&folder);
        assert!(!cases.is_empty(), "{target} has cases");
        for case in cases {
            println!("{target}/{case}");
            entry(&std::fs::read(folder.join(case)).expect("a case can be read"));
        }
    }
}

#[test]
fn every_target_of_the_fuzzer_is_replayed() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let targets: Vec<_> = TARGETS.iter().map(|(target, _)| (*target).to_owned()).collect();
    assert_eq!(names(&fuzz.join("corpus")), targets);
    let files = targets.iter().map(|target| format!("{target}.rs")).collect::<Vec<_>>();
    assert_eq!(names(&fuzz.join("fuzz_targets")), files);
}
