//! How a process starts: from a snapshot, with what stands in the log after it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use chinwag_core::core::Core;
use chinwag_core::state::State;
use chinwag_face::output::Output;
use chinwag_model::effect::Effect;
use chinwag_model::entry::Entry;
use chinwag_model::id::NodeId;
use chinwag_node::node::{Node, Part};

use super::{Bounds, Process};
use crate::agenda::Micros;
use crate::disk::Disk;
use crate::policy;
use crate::shelf::Shelf;
use crate::uplink::Uplink;

/// Members of the largest room that is told of comings and goings.
const PRESENCE_NOTICES_MAX: usize = 100;

impl Process {
    /// Starts from what lies on a disk. `beyond` is what the shared log has after it, and `part` as
    /// what the node takes part there.
    ///
    /// # Errors
    /// In words, why it can't start.
    pub(crate) fn start(
        disk: &mut Disk,
        shelf: &mut Shelf,
        shared: Option<(&[Entry], Part)>,
        bounds: Bounds,
        now: Micros,
    ) -> Result<Self, String> {
        let (state, first) = match &disk.snapshot {
            Some(snapshot) => {
                let state = State::restore(&snapshot.bytes).map_err(|bad| bad.to_string())?;
                (state, snapshot.seq)
            }
            None => (State::new(), chinwag_model::id::Seq(0)),
        };
        let mut core = Core::new(state);
        let (beyond, part) = shared.map_or((&[][..], None), |(beyond, part)| (beyond, Some(part)));
        for entry in beyond {
            disk.copy(entry);
        }
        let mut effects = Vec::new();
        for entry in &disk.entries {
            core.apply(entry, &mut effects).map_err(|gap| gap.to_string())?;
            let records = effects.drain(..).filter_map(|effect| match effect {
                Effect::Keep(record) => Some(record),
                _ => None,
            });
            shelf.keep(entry.seq, records.collect());
        }
        shelf.write(usize::MAX);
        if shelf.kept() < first || shelf.kept() > disk.last() {
            return Err(format!(
                "the archive ends at {}, the log begins at {} and ends at {}",
                shelf.kept().0,
                first.0,
                disk.last().0
            ));
        }
        let (node, uplink) = match part {
            None => (Node::new(NodeId(0), core, 1, PRESENCE_NOTICES_MAX), None),
            Some(part) => {
                let uplink = Uplink::new(part.name.id(), disk.last(), now);
                let node = Node::join(core, 1, PRESENCE_NOTICES_MAX, part, Duration::ZERO);
                (node.map_err(|stop| stop.to_string())?, Some(uplink))
            }
        };
        let mut process = Self {
            node,
            serves: false,
            inbox: VecDeque::new(),
            wishes: Vec::new(),
            connections: BTreeMap::new(),
            uplink,
            digests: Vec::new(),
            started: now,
            now,
            number_last: 0,
            answers: channel(),
            sweeps: Vec::new(),
            hold_until: 0,
            marks_due: None,
            entries: 0,
            is_saving: false,
            stopping: None,
            output: Output::default(),
            line_policy: Arc::new(policy::line()),
            irc_policy: Arc::new(policy::irc()),
            bounds,
        };
        process.note_digest();
        Ok(process)
    }
}
