//! What the servers have to prove before a node stands on them.
//!
//! They have to tell of themselves, a majority of them at least, and none may run so that it is known
//! to lose data ([`hazard`]).

use std::time::Duration;

use async_nats::{Client, StatusCode};
use futures_util::StreamExt;
use tokio::time::Instant;

use crate::error::NatsError;
use crate::hazard;
use crate::told::Told;

/// Where servers tell of their JetStream; the system's account has to export it to the node's
/// account.
const SUBJECT: &str = "$SYS.REQ.SERVER.PING.JSZ";

/// How long all servers together may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Servers that are heard: a cluster of NATS has far fewer.
const SERVERS_MAX: usize = 100;

/// Asks all servers, and hears them until all have told or time is up. With `streams` they tell
/// what they have of each stream.
pub(crate) async fn ask(client: &Client, streams: bool) -> Result<Vec<Told>, NatsError> {
    let asked = |error: String| NatsError::Asked(error);
    let inbox = client.new_inbox();
    let mut answers =
        client.subscribe(inbox.clone()).await.map_err(|error| asked(error.to_string()))?;
    let what = serde_json::json!({ "config": true, "accounts": streams, "streams": streams });
    client
        .publish_with_reply(SUBJECT, inbox, what.to_string().into())
        .await
        .map_err(|error| asked(error.to_string()))?;
    let until = Instant::now() + PATIENCE;
    let mut told: Vec<Told> = Vec::new();
    while told.len() < size(&told).clamp(1, SERVERS_MAX) {
        match tokio::time::timeout_at(until, answers.next()).await {
            Ok(Some(message)) if message.status == Some(StatusCode::NO_RESPONDERS) => break,
            Ok(Some(message)) => {
                let answer: Told = serde_json::from_slice(&message.payload)
                    .map_err(|error| asked(format!("{SUBJECT}: {error}")))?;
                if !told.iter().any(|other| other.server.name == answer.server.name) {
                    told.push(answer);
                }
            }
            Ok(None) | Err(_) => break,
        }
    }
    Ok(told)
}

/// How many servers there are, by what some of them tell.
pub(crate) fn size(told: &[Told]) -> usize {
    let size = |told: &Told| told.data.meta_cluster.as_ref().map_or(1, |meta| meta.cluster_size);
    told.iter().map(size).max().unwrap_or(0)
}

/// Whether those that tell are good enough, and with them a majority.
///
/// Those that are silent may be down: a node must be able to start while one server is.
pub(crate) fn check(told: &[Told]) -> Result<(), NatsError> {
    if told.is_empty() {
        return Err(NatsError::Unproven);
    }
    told.iter().try_for_each(hazard::of_server)?;
    let size = size(told);
    if told.len() * 2 <= size {
        return Err(NatsError::TooFew { answered: told.len(), size });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str, version: &str, always: bool, size: usize) -> Told {
        let text = format!(
            r#"{{"server":{{"name":"{name}","ver":"{version}"}},
                "data":{{"config":{{"sync_always":{always}}},
                         "meta_cluster":{{"cluster_size":{size}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn every_server_that_tells_has_to_be_good_and_a_majority_has_to_tell() {
        let good = |name| told(name, "2.15.1", true, 3);
        assert!(check(&[good("a"), good("b"), good("c")]).is_ok());
        assert!(check(&[good("a"), good("b")]).is_ok());
        assert!(matches!(check(&[good("a")]), Err(NatsError::TooFew { answered: 1, size: 3 })));
        assert!(matches!(check(&[]), Err(NatsError::Unproven)));
        let old = check(&[good("a"), told("b", "2.14.9", true, 3)]);
        assert!(matches!(old, Err(NatsError::Old { server, .. }) if server == "b"));
        let lazy = check(&[good("a"), good("b"), told("c", "2.15.1", false, 3)]);
        assert!(matches!(lazy, Err(NatsError::NotSynced { server }) if server == "c"));
    }
}
