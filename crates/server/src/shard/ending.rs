//! All connections of a shard end.

use chinwag_face::face::Face;
use chinwag_face::output::Output;

use super::speech::Speech;
use super::{LINGER, Shard};

impl Shard {
    /// The server ends; this is where its people can go.
    pub(super) fn say_goodbye(&mut self, hint: Option<&str>) {
        self.farewell = Some(self.now + LINGER);
        self.finish_all(|face, out| face.shutting_down(hint, out));
    }

    /// The node has lost the others of its cluster, and with them all who are in by it.
    pub(super) fn close_all(&mut self) {
        self.finish_all(|face, out| face.cluster_lost(out));
        for (_, connection) in &mut self.connections {
            connection.speech = Speech::None;
        }
    }

    fn finish_all(&mut self, tell: impl Fn(&mut dyn Face, &mut Output)) {
        let keys: Vec<usize> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if let Some(face) = connection.speech.face() {
                tell(face, &mut self.output);
                self.send_output(key);
            }
            self.finish(key);
        }
    }
}
