//! Requests to JetStream (docs.nats.io/reference/reference-protocols/nats_api_reference).

use std::time::Duration;

use async_nats::{Client, Message, RequestErrorKind, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chinwag_model::id::Seq;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::message::{Stored, parse_time};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Requests to JetStream about one stream.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    client: Client,
    stream: String,
}

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    /// Nobody is there to answer: JetStream is off, or has no leader now.
    #[error("nobody answers")]
    Nobody,
    /// Nobody answered in time.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Silent,
    /// They refuse.
    #[error("{description} ({code})")]
    Refused {
        /// JetStream's own number of the error (`err_code`).
        code: u32,
        /// What it says.
        description: String,
    },
    /// What came can't be read.
    #[error("an answer that cannot be read: {0}")]
    Odd(String),
}

/// The stream is not there.
pub(crate) const NO_STREAM: u32 = 10_059;
/// The message is not there.
pub(crate) const NO_MESSAGE: u32 = 10_037;
/// There is a stream of this name, with another configuration.
pub(crate) const NAME_TAKEN: u32 = 10_058;
/// JetStream is not for this account.
pub(crate) const NOT_FOR_ACCOUNT: u32 = 10_039;
/// JetStream is off.
pub(crate) const NOT_ENABLED: u32 = 10_076;
/// The last message is another one than was expected.
pub(crate) const WRONG_LAST: u32 = 10_071;

/// An error as it stands in answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    #[serde(default)]
    pub(crate) err_code: u32,
    #[serde(default)]
    pub(crate) description: String,
}

#[derive(Deserialize)]
struct Failed {
    error: Option<Problem>,
}

impl Api {
    pub(crate) fn new(client: Client, stream: &str) -> Self {
        Self { client, stream: stream.to_owned() }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Asks `$JS.API.WHAT.STREAM`.
    pub(crate) async fn ask<A: DeserializeOwned>(
        &self,
        what: &str,
        body: &serde_json::Value,
    ) -> Result<A, ApiError> {
        let subject = format!("$JS.API.{what}.{}", self.stream);
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let asked = tokio::time::timeout(PATIENCE, self.client.request(subject, body)).await;
        let message = match asked {
            Err(_) => return Err(ApiError::Silent),
            Ok(Err(error)) => {
                return Err(match error.kind() {
                    RequestErrorKind::TimedOut => ApiError::Silent,
                    RequestErrorKind::NoResponders => ApiError::Nobody,
                    _ => ApiError::Odd(error.to_string()),
                });
            }
            Ok(Ok(message)) => message,
        };
        read(&message)
    }

    /// Asks the stream's leader for a message; `None` if it has none there.
    pub(crate) async fn message(&self, seq: Seq) -> Result<Option<Stored>, ApiError> {
        #[derive(Deserialize)]
        struct Got {
            message: GotMessage,
        }
        #[derive(Deserialize)]
        struct GotMessage {
            subject: String,
            seq: u64,
            #[serde(default)]
            data: String,
            time: String,
        }
        let asked = self.ask::<Got>("STREAM.MSG.GET", &serde_json::json!({ "seq": seq.0 })).await;
        let message = match asked {
            Ok(got) => got.message,
            Err(ApiError::Refused { code: NO_MESSAGE, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let payload =
            STANDARD.decode(&message.data).map_err(|error| ApiError::Odd(error.to_string()))?;
        let time = parse_time(&message.time)
            .ok_or_else(|| ApiError::Odd(format!("{:?}", message.time)))?;
        Ok(Some(Stored {
            seq: Seq(message.seq),
            time,
            subject: message.subject,
            payload: payload.into(),
        }))
    }

    /// Asks any server for messages from `from` on. They come to `reply`, at most `count` of them
    /// and about `bytes` bytes, and then a message with the status 204 (NATS ADR-31).
    pub(crate) async fn messages(
        &self,
        from: Seq,
        count: u32,
        bytes: u32,
        reply: String,
    ) -> Result<(), async_nats::PublishError> {
        let subject = format!("$JS.API.DIRECT.GET.{}", self.stream);
        let body = serde_json::json!({ "seq": from.0, "batch": count, "max_bytes": bytes });
        self.client.publish_with_reply(subject, reply, body.to_string().into()).await
    }
}

/// Reads an answer.
pub(crate) fn read<A: DeserializeOwned>(message: &Message) -> Result<A, ApiError> {
    if message.status == Some(StatusCode::NO_RESPONDERS) {
        return Err(ApiError::Nobody);
    }
    let odd = |error: serde_json::Error| ApiError::Odd(error.to_string());
    let failed: Failed = serde_json::from_slice(&message.payload).map_err(odd)?;
    match failed.error {
        Some(problem) => Err(problem.into()),
        None => serde_json::from_slice(&message.payload).map_err(odd),
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Refused { code: problem.err_code, description: problem.description }
    }
}
