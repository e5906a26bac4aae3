//! Lines of a conversation.

use std::sync::Arc;

use chinwag_model::id::{Place, Timestamp};
use chinwag_model::message::Conversation;
use chinwag_model::query::{Line, Point, Range};

use super::{Kept, is_said};

impl Kept {
    /// All lines of a conversation between two places, which are among them, by place.
    pub(super) fn lines(
        &self,
        conversation: Conversation,
        since: Place,
        end: Place,
        happenings: bool,
    ) -> Vec<Line> {
        let messages = self.messages.values().filter(|message| {
            message.conversation() == conversation && (happenings || is_said(message))
        });
        let happened = self
            .happenings
            .iter()
            .filter(|happening| happenings && happening.conversation == conversation);
        let mut lines: Vec<_> = messages
            .map(|message| Line::Message(Arc::clone(message)))
            .chain(happened.map(|happening| Line::Happening(Arc::clone(happening))))
            .filter(|line| (since..=end).contains(&stand(line).0))
            .collect();
        // Stable: at the same place messages stay before happenings, and those as they came.
        lines.sort_by_key(|line| stand(line).0);
        lines
    }
}

/// Cuts a range out of the lines of a conversation.
pub(super) fn cut(lines: Vec<Line>, range: Range, limit: usize) -> Vec<Line> {
    match range {
        Range::Latest(None) => last(lines, limit),
        Range::Latest(Some(point)) => last(only(lines, |line| is_after(line, point)), limit),
        Range::Before(point) => last(only(lines, |line| is_before(line, point)), limit),
        Range::After(point) => first(only(lines, |line| is_after(line, point)), limit),
        Range::Around(point) => {
            let (before, rest) = lines.into_iter().partition(|line| is_before(line, point));
            let mut around = last(before, limit / 2);
            around.extend(first(rest, limit - around.len()));
            around
        }
        Range::Between(one, other) => {
            let between =
                |from, to| only(lines.clone(), |line| is_after(line, from) && is_before(line, to));
            // Nothing is both after the later point and before the earlier one.
            let forward = between(one, other);
            if forward.is_empty() {
                last(between(other, one), limit)
            } else {
                first(forward, limit)
            }
        }
    }
}

fn stand(line: &Line) -> (Place, Timestamp) {
    match line {
        Line::Message(message) => (message.place, message.time),
        Line::Happening(happening) => (happening.place, happening.time),
    }
}

fn is_after(line: &Line, point: Point) -> bool {
    match point {
        Point::Place(place) => stand(line).0 > place,
        Point::Time(time) => stand(line).1 > time,
    }
}

fn is_before(line: &Line, point: Point) -> bool {
    match point {
        Point::Place(place) => stand(line).0 < place,
        Point::Time(time) => stand(line).1 < time,
    }
}

fn only(lines: Vec<Line>, wanted: impl Fn(&Line) -> bool) -> Vec<Line> {
    lines.into_iter().filter(wanted).collect()
}

fn first(mut lines: Vec<Line>, limit: usize) -> Vec<Line> {
    lines.truncate(limit);
    lines
}

fn last(mut lines: Vec<Line>, limit: usize) -> Vec<Line> {
    lines.split_off(lines.len().saturating_sub(limit))
}
