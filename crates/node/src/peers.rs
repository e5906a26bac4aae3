//! Which of the other nodes say nothing, counted in this node's own beats.

use std::collections::BTreeMap;

use chinwag_core::state::{Living, State};
use chinwag_model::id::{NodeId, Seq};
use chinwag_model::intent::Intent;

/// What is known of the other nodes.
#[derive(Debug, Default)]
pub(crate) struct Peers {
    quiet: BTreeMap<NodeId, Quiet>,
}

/// How long nothing came from a node.
#[derive(Debug)]
struct Quiet {
    epoch: u64,
    /// The last entry that came from it.
    seen: Seq,
    /// How many own beats came back since.
    beats: u32,
    /// Whether it is said already that the node is gone.
    is_said: bool,
}

impl Peers {
    /// A beat of this node's own has come back. Gives what to say: that others are gone of whom nothing
    /// came since so many beats.
    pub(crate) fn beat(&mut self, own: NodeId, state: &State, beats_max: u32) -> Vec<Intent> {
        self.quiet.retain(|node, _| state.living(*node).is_some());
        let mut gone = Vec::new();
        for Living { node, epoch, seen, .. } in state.all_living().filter(|l| l.node != own) {
            let quiet = self.quiet.entry(node).or_insert_with(|| Quiet::since(epoch, seen));
            if (quiet.epoch, quiet.seen) != (epoch, seen) {
                *quiet = Quiet::since(epoch, seen);
                continue;
            }
            quiet.beats += 1;
            if quiet.beats >= beats_max && !quiet.is_said {
                quiet.is_said = true;
                gone.push(Intent::Gone { node, epoch, last: seen });
            }
        }
        gone
    }

    /// What was said of them may be lost: it is said again where it still holds.
    pub(crate) fn say_again(&mut self) {
        self.quiet.values_mut().for_each(|quiet| quiet.is_said = false);
    }
}

impl Quiet {
    fn since(epoch: u64, seen: Seq) -> Self {
        Self { epoch, seen, beats: 0, is_said: false }
    }
}
