//! Streams that are set up so that they lose data: mended where a node may, refused where not, and told
//! of by the doctor.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

use std::sync::Arc;

use chinwag_nats::doctor::{self, Weight};
use chinwag_nats::suite::{Servers, Setup};
use chinwag_nats::{Cluster, JetStreamLog, Keys, NatsError};
use chinwag_storage::memory::MemoryCopy;

fn try_open(servers: &Servers) -> Result<JetStreamLog, NatsError> {
    let cluster = Cluster::connect(servers.options("chat")).expect("the servers are good");
    cluster.open(Arc::new(MemoryCopy::new()), &Keys::new())
}

/// What the doctor says with this weight.
fn said(servers: &Servers, weight: Weight) -> String {
    let found = doctor::examine(servers.options("chat"), None).into_iter();
    found.filter(|one| one.weight == weight).map(|one| format!("{one}\n")).collect()
}

#[test]
fn attack_compression_is_switched_off_and_told_until_the_server_was_restarted() {
    let mut servers = Servers::start(&Setup { servers: 1, ..Setup::default() });
    drop(try_open(&servers).expect("the stream is made"));
    assert!(said(&servers, Weight::Good).contains("no server compresses the stream"));
    servers.compress("chat");
    let wrong = said(&servers, Weight::Wrong);
    assert!(wrong.contains("it is compressed") && wrong.contains("--compression=none"), "{wrong}");
    // A node that is started once more finds it mended, and to be restarted all the same.
    for _ in 0..2 {
        drop(try_open(&servers).expect("it is changed"));
        let wrong = said(&servers, Weight::Wrong);
        assert!(wrong.contains("restart one by one") && wrong.ends_with(": n0\n"), "{wrong}");
    }
    servers.stop(0);
    servers.begin_all();
    drop(try_open(&servers).expect("it is good"));
    assert_eq!(said(&servers, Weight::Wrong), "");
    assert!(said(&servers, Weight::Good).contains("no server compresses the stream"));
    // By hand it leaves no sign of when that was.
    servers.compress("chat");
    servers.change("chat", |config| {
        config["compression"] = "none".into();
        config["metadata"].as_object_mut().expect("a map").remove("chinwag_compressed_by");
    });
    let warned = said(&servers, Weight::Warning);
    assert!(warned.contains("was switched off by hand"), "{warned}");
    drop(try_open(&servers).expect("it is good"));
}

#[test]
fn attack_limits_that_discard_what_nodes_need_are_refused() {
    let servers = Servers::start(&Setup { servers: 1, ..Setup::default() });
    drop(try_open(&servers).expect("the stream is made"));
    for (key, value, before) in [
        ("max_msgs", serde_json::json!(5), serde_json::json!(-1)),
        ("max_bytes", 1_000_000.into(), (-1).into()),
        ("max_msgs_per_subject", 5.into(), (-1).into()),
        ("max_age", 3_600_000_000_000_u64.into(), 604_800_000_000_000_u64.into()),
    ] {
        servers.change("chat", |config| config[key] = value);
        let refused = try_open(&servers);
        assert!(matches!(&refused, Err(NatsError::Loses { .. })), "{key}: {refused:?}");
        let wrong = said(&servers, Weight::Wrong);
        assert!(wrong.contains("nats stream edit chat --max-"), "{key}: {wrong}");
        servers.change("chat", |config| config[key] = before);
        drop(try_open(&servers).expect("it is good again"));
    }
}
