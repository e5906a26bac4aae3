//! What may register a name.

use std::net::IpAddr;
use std::time::Instant;

use chinwag_model::id::SessionId;
use chinwag_model::intent::{Intent, Origin};
use chinwag_model::outcome::Refusal;
use chinwag_node::delivery::SessionNumber;

use super::Hub;

impl Hub {
    /// Asks for something, unless it registers a name and too many came from that network.
    pub(super) fn newcomer(
        &mut self,
        session: SessionNumber,
        request: u32,
        intent: Intent,
        peer: Option<IpAddr>,
    ) {
        let id = SessionId { node: self.node.id(), number: session };
        if self.node.state().registers(Origin { session: id, request }, &intent) {
            let per_hour = self.policy.limits.new_names_per_hour;
            if let Err(wait) = self.newcomers.charge(peer, per_hour, Instant::now()) {
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
                return self.node.refuse(session, request, Refusal::TooManyNew { seconds });
            }
        }
        self.node.ask(session, request, intent);
    }
}
