//! What nodes tell each other beside the log, over core NATS: at most once, and never stored.
//!
//! A node publishes under `STREAM.whisper.NODE`, where the servers let only that node publish.

use std::sync::Arc;

use async_nats::connection::State;
use async_nats::{Client, Message};
use bytes::Bytes;
use chinwag_model::whisper::Whisper;
use chinwag_storage::whispers::{WHISPER_BYTES_MAX, WhisperSink, Whispers};
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::{Duration, sleep};

use crate::options::Options;

/// Whispers that may wait for the connection; those beyond are lost.
const WAITING_MAX: usize = 1024;

/// After this it is tried again to subscribe.
const AGAIN: Duration = Duration::from_secs(1);

/// The way to the other nodes, beside the log. It works for as long as the log does that it is of.
#[derive(Debug)]
pub struct NatsWhispers {
    options: Arc<Options>,
    client: Client,
    runtime: Handle,
    out: mpsc::Sender<Bytes>,
}

impl NatsWhispers {
    pub(crate) fn new(options: Arc<Options>, client: Client, runtime: Handle) -> Self {
        let (out, waiting) = mpsc::channel(WAITING_MAX);
        runtime.spawn(send(client.clone(), options.whisper_subject(), waiting));
        Self { options, client, runtime, out }
    }
}

impl Whispers for NatsWhispers {
    fn hear(&mut self, sink: WhisperSink) {
        self.runtime.spawn(hear(self.client.clone(), Arc::clone(&self.options), sink));
    }

    fn whisper(&mut self, bytes: Vec<u8>) {
        if bytes.len() <= WHISPER_BYTES_MAX {
            // What finds no room is lost, as whispers may be.
            let _ = self.out.try_send(bytes.into());
        }
    }
}

async fn send(client: Client, subject: String, mut waiting: mpsc::Receiver<Bytes>) {
    while let Some(bytes) = waiting.recv().await {
        // Without a connection it would be sent with the next one, when nobody wants it any more.
        if client.connection_state() == State::Connected {
            let _ = client.publish(subject.clone(), bytes).await;
        }
    }
}

async fn hear(client: Client, options: Arc<Options>, mut sink: WhisperSink) {
    loop {
        if let Ok(mut heard) = client.subscribe(options.whisper_subjects()).await {
            while let Some(message) = heard.next().await {
                if is_of_its_node(&options, &message) {
                    sink(message.payload.into());
                }
            }
        }
        sleep(AGAIN).await;
    }
}

/// Whether it is another node's, and says of itself that it is that node's.
fn is_of_its_node(options: &Options, message: &Message) -> bool {
    let Some(node) = options.whispers_of(&message.subject) else { return false };
    node != options.node
        && message.payload.len() <= WHISPER_BYTES_MAX
        && Whisper::from_bytes(&message.payload)
            .is_ok_and(|whisper| whisper.node == (options.id_of)(node))
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{NodeId, Seq};
    use chinwag_model::whisper::Murmur;

    use super::*;
    use crate::options::example;

    #[test]
    fn a_node_whispers_in_its_own_name_only() {
        let of = |node| {
            let what = Murmur::Here { cut_off: false };
            Whisper { node: NodeId(node), seq: Seq(1), what }.to_bytes()
        };
        for (subject, payload, good) in [
            ("chat.whisper.b", of(0), true),
            ("chat.whisper.b", of(1), false),
            ("chat.whisper.b", b"hello".to_vec(), false),
            ("chat.whisper.b", vec![1; WHISPER_BYTES_MAX + 1], false),
            ("chat.whisper.a", of(0), false),
            ("chat.whisper.b.c", of(0), false),
            ("chat.log.b", of(0), false),
        ] {
            let message = Message {
                subject: subject.into(),
                reply: None,
                length: payload.len(),
                payload: payload.into(),
                headers: None,
                status: None,
                description: None,
            };
            assert_eq!(is_of_its_node(&example(), &message), good, "{subject}");
        }
    }
}
